"""Operator ``undo``: take a decision back exactly; undoing an undo does it again."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.decisions.journal import OBJECTS, headers
from ..plugin.decisions.resolution import utc_text
from ..plugin.decisions.undo import undo
from ..plugin.runs.opening import open_any_run
from .checked import CheckedOperator
from .forms import form, missing, opened_run
from .resolve import summary
from .resolve_objects import noun_of
from .run_choice import answer, any_run, any_run_of, counted

DECISIONS_SHOWN = 50


class Undo(CheckedOperator):
    """Take back the last decision of a run, or a named one."""

    @property
    def config(self) -> foo.OperatorConfig:
        """Name and label."""
        return foo.OperatorConfig(
            name="undo",
            label="Label errors: undo a decision",
            description="Put the samples of a decision back to exactly what they were",
            dynamic=True,
        )

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form: which decision to take back."""
        inputs = types.Object()
        run = opened_run(ctx, inputs, lambda dataset, key: open_any_run(dataset, key)[0])
        found = [] if run is None else _latest(run)
        if found:
            choices = types.DropdownView()
            for header in found:
                choices.add_choice(str(header["_id"]), label=_described(header))
            inputs.enum(
                "decision",
                choices.values(),
                label="Decision",
                description="Empty: the last one that stands. Undo an undo to do it again",
                view=choices,
            )
        elif run is not None:
            missing(inputs, "Nothing was decided yet.")
        return form(inputs, "Undo a decision")

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Take the decision back."""
        params = ctx.params
        author = params.get("author") or ctx.user_id
        run, _ = any_run(ctx)
        made = undo(run, params.get("decision") or None, author=author)
        answer(ctx, summary(made, noun_of(run)), conflicts=made.conflict_count)
        return made.to_dict()

    def resolve_output(self, ctx: Any) -> Any:
        """What was done."""
        outputs = types.Object()
        outputs.str("undoes", label="Decision taken back")
        outputs.int("applied", label="Put back")
        outputs.int("conflict_count", label="Left alone, for they changed meanwhile")
        return types.Property(outputs, view=types.View(label="Undone"))

    def __call__(
        self,
        sample_collection: Any,
        run_key: str = "deconfuse",
        decision: str | None = None,
        author: str | None = None,
    ) -> dict[str, Any]:
        """Take a decision back from a script.

        Args:
            sample_collection: the dataset, or a view of it
            run_key: the run
            decision: its id, by default that of the last decision that stands
            author: who takes it back; without ``decision`` it is this author's last one

        Returns:
            ``decision`` (the undo's own id), ``undoes``, ``applied``, ``conflict_count`` and
            ``conflicts``

        Raises:
            InputError: if it was already undone, or a later decision stands on its samples
        """
        run, _ = any_run_of(sample_collection, run_key)
        return undo(run, decision, author=author).to_dict()


def _latest(run: Any) -> list[dict[str, Any]]:
    found = headers().find({**run.owner, "state": "applied"})
    return list(found.sort("seq", -1).limit(DECISIONS_SHOWN))


def _described(header: dict[str, Any]) -> str:
    when = utc_text(header["created_at"])[:16].replace("T", " ")
    value = header["label"] if header["label"] is not None else header["tag"]
    what = header["action"] if value is None else f"{header['action']} '{value}'"
    noun = "object" if header.get("on") == OBJECTS else "sample"
    return f"{when} UTC, {header['author']}: {what}, {counted(header['applied'], noun)}"
