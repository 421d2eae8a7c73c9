"""Operator ``resolve``: relabel, confirm, remove or tag samples, as one decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.audit.audits import basis_of, open_audit
from ..plugin.decisions.resolution import Resolution
from ..plugin.decisions.resolve import resolve
from ..plugin.store.runs import Run
from .checked import CheckedOperator
from .forms import choose_one, form, missing, opened_run, suggest
from .run_choice import answer, counted, open_run, run_of

ACTIONS = {
    "relabel": ("Relabel", "Give the samples another label. All else that the label holds stays"),
    "confirm": ("Confirm", "The label is right: the samples leave the lists of suspects"),
    "remove": ("Remove", "Take the samples out of the dataset. Media files stay; undo brings back"),
    "tag": ("Tag", "Tag the samples, for example those that nobody can decide"),
}
MOST_CLASSES = 1_000


class Resolve(CheckedOperator):
    """Relabel, confirm, remove or tag samples; written to the journal first, and undoable."""

    @property
    def config(self) -> foo.OperatorConfig:
        """Name and label."""
        return foo.OperatorConfig(
            name="resolve",
            label="Label errors: resolve samples",
            description="Relabel, confirm, remove or tag samples. Every decision can be undone",
            dynamic=True,
        )

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form: what to do with the selected samples."""
        inputs = types.Object()
        run = opened_run(ctx, inputs)
        if run is not None:
            _samples_input(ctx, inputs)
            choose_one(inputs, "action", ACTIONS, "confirm", label="What to do")
            _value_inputs(ctx, run, inputs)
            text = "Kept in the audit trail with the decision"
            inputs.str("note", label="Note", description=text)
        return form(inputs, "Resolve samples")

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Make the decision on the samples of the form, by default those selected in the grid."""
        params = ctx.params
        action = params.get("action")
        made = resolve(
            open_run(ctx),
            action,
            params.get("sample_ids") or list(ctx.selected or []),
            label=params.get("label") if action == "relabel" else None,
            tag=params.get("tag") if action == "tag" else None,
            expected_label=params.get("expected_label"),
            note=params.get("note") or None,
            author=params.get("author") or ctx.user_id,
        )
        answer(ctx, summary(made), conflicts=made.conflict_count)
        return made.to_dict()

    def resolve_output(self, ctx: Any) -> Any:
        """What was done."""
        outputs = types.Object()
        outputs.str("decision", label="Decision", description="Give this id to undo")
        outputs.int("applied", label="Samples resolved")
        outputs.int("conflict_count", label="Samples left alone, for they changed meanwhile")
        return types.Property(outputs, view=types.View(label="Resolved"))

    def __call__(
        self,
        sample_collection: Any,
        action: str,
        sample_ids: Sequence[str],
        run_key: str = "deconfuse",
        label: str | None = None,
        tag: str | None = None,
        expected_label: str | Mapping[str, str | None] | None = None,
        note: str | None = None,
        author: str | None = None,
        audit: str | None = None,
    ) -> dict[str, Any]:
        """Make one decision from a script.

        Args:
            sample_collection: the dataset, or a view of it
            action: ``relabel``, ``confirm``, ``remove`` or ``tag``
            sample_ids: the samples
            run_key: the run
            label: the new label, for ``relabel``
            tag: the tag, for ``tag``
            expected_label: the label that you saw, one for all or by sample id; samples that have
                another one by now are left alone
            note: a remark for the audit trail
            author: who decided, by default the user of this process
            audit: the audit that this is a verdict of, noted with the decision; samples of an
                audit that are resolved without it count as judged too

        Returns:
            ``decision`` (its id), ``applied``, ``conflict_count``, ``conflicts`` and what was asked

        Raises:
            InputError: on bad input, with nothing changed
        """
        run = run_of(sample_collection, run_key)
        made = resolve(
            run,
            action,
            sample_ids,
            label=label,
            tag=tag,
            expected_label=expected_label,
            note=note,
            author=author,
            basis=_basis(run, audit),
        )
        return made.to_dict()


def _basis(run: Any, audit: str | None) -> dict[str, Any] | None:
    """What is noted with a verdict of an audit. InputError if the run has no such audit."""
    opened = open_audit(run, audit) if audit is not None else None
    return None if opened is None else basis_of(opened)


def _samples_input(ctx: Any, inputs: types.Object) -> None:
    chosen = list(ctx.params.get("sample_ids") or ctx.selected or [])
    inputs.list(
        "sample_ids",
        types.String(),
        default=chosen,
        label="Samples",
        description="Those that are selected in the grid",
        view=types.HiddenView(label="Samples", description="Those that are selected in the grid"),
    )
    if chosen:
        note = types.Notice(label=f"{counted(len(chosen))} chosen")
        inputs.view("chosen", note)
    else:
        missing(inputs, "No sample is selected. Select some in the grid first.", types.Warning)


def _value_inputs(ctx: Any, run: Run, inputs: types.Object) -> None:
    action = ctx.params.get("action")
    if action == "relabel":
        suggest(
            inputs,
            "label",
            run.iteration().classes[:MOST_CLASSES],
            label="New label",
            description="A class of the run, or a new one",
        )
        if not ctx.params.get("label"):
            missing(inputs, "Choose the new label, or type one.")
        inputs.str(
            "expected_label",
            label="Only where the label is still",
            description="Samples with another label by now are left alone and reported",
        )
    elif action == "tag":
        tags = ctx.dataset.distinct("tags")
        suggest(inputs, "tag", tags, label="Tag", description="Added to the samples' tags")
        if not ctx.params.get("tag"):
            missing(inputs, "Choose the tag, or type a new one.")


def summary(made: Resolution) -> str:
    """One sentence on what a decision did.

    Args:
        made: what became of it
    """
    verbs = {
        "relabel": f"relabeled as '{made.label}'",
        "confirm": "confirmed",
        "remove": "removed",
        "tag": f"tagged '{made.tag}'",
        "undo": "put back",
    }
    text = f"{counted(made.applied)} {verbs[made.action]}"
    if made.conflict_count:
        text += f"; {counted(made.conflict_count)} left alone, changed meanwhile by somebody else"
    if made.left_out:
        names = ", ".join(f"'{name}'" for name in sorted(made.left_out))
        text += f"; without {names}, which the dataset no longer declares"
    return text
