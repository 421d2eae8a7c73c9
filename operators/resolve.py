"""Operator ``resolve``: decide on samples, or on labels of a run on objects, as one decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.audit.audits import open_audit
from ..plugin.audit.judging import basis_of
from ..plugin.decisions.new_classes import check_class
from ..plugin.decisions.resolution import Resolution
from ..plugin.decisions.resolve import resolve
from ..plugin.errors import InputError
from ..plugin.runs.opening import open_any_run
from ..plugin.store.label_field import is_on_sets
from ..plugin.store.raw_documents import labels_of as labels_in
from ..plugin.store.runs import Run
from .checked import CheckedOperator
from .forms import choose_one, form, missing, opened_run, suggest
from .resolve_objects import (
    chosen_labels,
    decide_on_labels,
    labels_inputs,
    labels_of,
    new_class_input,
    noun_of,
)
from .run_choice import answer, any_run, any_run_of, counted

ACTIONS = {
    "relabel": ("Relabel", "Give the samples another label. All else that the label holds stays"),
    "confirm": ("Confirm", "The label is right: the samples leave the lists of suspects"),
    "remove": ("Remove", "Take the samples out of the dataset. Media files stay; undo brings back"),
    "tag": ("Tag", "Tag the samples, for example those that nobody can decide"),
}
MOST_CLASSES = 1_000


class Resolve(CheckedOperator):
    """Decide on samples or on labels; written to the journal first, and undoable."""

    FORM: ClassVar[dict[str, Any]] = {"label_ids": Sequence[str]}

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
        """The form: what to do with the selected samples, or labels."""
        inputs = types.Object()
        run = opened_run(ctx, inputs, lambda dataset, key: open_any_run(dataset, key)[0])
        if run is not None and is_on_sets(run):
            labels_inputs(ctx, run, inputs)
            return form(inputs, "Resolve labels")
        if run is not None:
            _samples_input(ctx, inputs)
            choose_one(inputs, "action", ACTIONS, "confirm", label="What to do")
            _value_inputs(ctx, run, inputs)
            text = "Kept in the audit trail with the decision"
            inputs.str("note", label="Note", description=text)
        return form(inputs, "Resolve samples")

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Make the decision on what the form names, by default on what is selected in the App."""
        params = ctx.params
        action = params.get("action")
        run, on_objects = any_run(ctx)
        if on_objects:
            chosen = chosen_labels(ctx, run)
            filled = {k: v for k, v in params.items() if v != "" and k != "sample_ids"}
            made = decide_on_labels(run, action, chosen, filled, ctx.user_id, asked=False)
            answer(ctx, summary(made, noun_of(run)), conflicts=made.conflict_count)
            return made.to_dict()
        if action == "relabel":
            new = params.get("new_class") is True
            check_class(run, params.get("label"), classes_of(run), new_class=new)
        made = resolve(
            run,
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
        outputs.int("applied", label="Resolved")
        outputs.int("conflict_count", label="Left alone, for they changed meanwhile")
        return types.Property(outputs, view=types.View(label="Resolved"))

    def __call__(
        self,
        sample_collection: Any,
        action: str,
        sample_ids: Sequence[str] | None = None,
        run_key: str = "deconfuse",
        label: str | None = None,
        tag: str | None = None,
        expected_label: str | Mapping[str, str | None] | None = None,
        note: str | None = None,
        author: str | None = None,
        audit: str | None = None,
        label_ids: Sequence[str] | None = None,
        box: Sequence[float] | None = None,
        expected_box: Sequence[float] | Mapping[str, Sequence[float] | None] | None = None,
        new_class: bool = False,
    ) -> dict[str, Any]:
        """Make one decision from a script.

        Args:
            sample_collection: the dataset, or a view of it
            action: ``relabel``, ``confirm``, ``remove`` or ``tag``; on objects also ``add`` and
                ``move``
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
            label_ids: of a run on objects, the labels and missing objects, in place of
                ``sample_ids``, by default those of a view of patches; ``expected_label`` is by
                label id then
            box: for ``move`` and ``add``: x, y, width and height relative to the image, by default
                what the detectors see
            expected_box: the box that you saw, one for all or by label id
            new_class: make a class of ``label`` although it looks like one that is there

        Returns:
            ``decision`` (its id), ``applied``, ``conflict_count``, ``conflicts`` and what was asked

        Raises:
            InputError: on bad input, with nothing changed
        """
        run, on_objects = any_run_of(sample_collection, run_key)
        if on_objects:
            given = {"label": label, "tag": tag, "box": box, "note": note, "sample_ids": sample_ids}
            given |= {"expected_label": expected_label, "expected_box": expected_box}
            given |= {"audit": audit, "new_class": new_class}
            if label_ids is None and sample_ids is None:
                label_ids = labels_of(run, sample_collection)
            return decide_on_labels(run, action, label_ids, given, author).to_dict()
        for name, value in (
            ("label_ids", label_ids),
            ("box", box),
            ("expected_box", expected_box),
        ):
            if value is not None:
                raise InputError(f"{name} is for runs on objects; run '{run_key}' is on samples")
        if action == "relabel":
            check_class(run, label, classes_of(run), new_class=new_class)
        made = resolve(
            run,
            action,
            sample_ids or [],
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


def classes_of(run: Run) -> Sequence[str]:
    """The classes that a run on whole samples knows."""
    iterations = run.iterations()
    return iterations[-1].classes if iterations else labels_in(run.dataset, run.label_field)


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
        new_class_input(ctx, inputs, classes_of(run))
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


def summary(made: Resolution, noun: str = "sample") -> str:
    """One sentence on what a decision did.

    Args:
        made: what became of it
        noun: what it was made on
    """
    verbs = {
        "relabel": f"relabeled as '{made.label}'",
        "confirm": "confirmed",
        "remove": "removed",
        "tag": f"tagged '{made.tag}'",
        "undo": "put back",
        "add": "added",
        "move": "moved",
    }
    text = f"{counted(made.applied, noun)} {verbs[made.action]}"
    if made.conflict_count:
        left = counted(made.conflict_count, noun)
        text += f"; {left} left alone, changed meanwhile by somebody else"
    if made.left_out:
        names = ", ".join(f"'{name}'" for name in sorted(made.left_out))
        text += f"; without {names}, which the dataset no longer declares"
    return text
