"""Operator ``resolve`` on objects and tags: which are meant, and what can be done to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fiftyone.operators import types

from ..plugin.audit.judging import basis_of
from ..plugin.audit.object_audits import open_object_audit
from ..plugin.decisions.new_classes import check_class, looks_like
from ..plugin.decisions.resolution import Resolution
from ..plugin.errors import InputError
from ..plugin.objects.items import known_items
from ..plugin.objects.resolve import resolve
from ..plugin.scoring.lookalikes import visible
from ..plugin.store.label_field import is_on_objects, is_on_tags
from ..plugin.store.label_sets import list_of
from ..plugin.store.runs import Run
from .forms import choose_one, missing, suggest, switch
from .run_choice import counted

ACTIONS = {
    "relabel": ("Relabel", "Give the labels another class. All else that they hold stays"),
    "confirm": (
        "Confirm",
        "The labels are right. Of missing objects: nothing is there",
    ),
    "remove": ("Remove", "Take the labels off their images. The images stay; undo brings back"),
    "add": ("Add", "Give missing objects the labels that the detectors propose"),
    "move": ("Move", "Move the boxes to what the detectors see"),
    "tag": ("Tag", "Tag the labels, for example those that nobody can decide"),
}
MOST_CLASSES = 1_000


TAG_ACTIONS = {
    "relabel": ("Relabel", "Give the images another tag in place of these"),
    "confirm": ("Confirm", "The tags are right. Of missing tags: the images should not have them"),
    "remove": ("Remove", "Take the tags off their images; undo brings back"),
    "add": ("Add", "Give the images the tags that they lack"),
    "tag": ("Tag", "Tag the labels, for example those that nobody can decide"),
}


def _actions(run: Run) -> dict[str, tuple[str, str]]:
    return TAG_ACTIONS if is_on_tags(run) else ACTIONS


def noun_of(run: Run) -> str:
    """What the decisions of a run are made on."""
    return "object" if is_on_objects(run) else "tag" if is_on_tags(run) else "sample"


def chosen_labels(ctx: Any, run: Run) -> list[str]:
    """The labels that a form names, by default those of the run that are selected in the App.

    In FiftyOne's patches view a selected patch is a label.
    """
    given = ctx.params.get("label_ids")
    if given:
        return list(given)
    fields = (run.label_field, run.field("missing"))
    selected = ctx.selected_labels or []
    found = [one["label_id"] for one in selected if one.get("field") in fields]
    if not found and ctx.selected and getattr(ctx.view, "_is_patches", False):
        found = list(ctx.selected)
    return found


def labels_of(run: Run, samples: Any) -> list[str]:
    """The labels, or missing objects, of a view that shows patches of a run's.

    Raises:
        InputError: where something else was given, which does not say which labels are meant
    """
    fields = (run.label_field, run.field("missing"))
    if getattr(samples, "_is_patches", False):
        if any(field in samples.get_field_schema() for field in fields):
            return list(dict.fromkeys(samples.values("id")))
        shown = "the view's patches are of another field"
    else:
        shown = "the samples that were passed do not say which of their labels are meant"
    patches = "" if is_on_tags(run) else f", or pass a view of patches, to_patches('{fields[0]}')"
    raise InputError(
        f"label_ids: {shown}. Give the ids of labels of '{fields[0]}' or '{fields[1]}'{patches}. "
        "Nothing was changed."
    )


def decide_on_labels(
    run: Run,
    action: str,
    label_ids: Sequence[str] | None,
    given: Mapping[str, Any],
    author: str | None,
    *,
    asked: bool = True,
) -> Resolution:
    """Make a decision on labels.

    Args:
        run: a run on objects
        action: what to do
        label_ids: the labels
        given: the other parameters of the operator
        author: who decides, where ``given`` does not say
        asked: whether a value that the action does not take was meant, or is left over in a form

    Raises:
        InputError: on bad input, with nothing changed
    """
    if given.get("sample_ids") is not None and label_ids is None:
        raise InputError(
            f"sample_ids: run '{run.key}' is on {noun_of(run)}s: '{run.label_field}' holds "
            f"{list_of(run).title()}. Give label_ids. Nothing was changed."
        )
    items = known_items(run)
    if action in ("relabel", "add") and items is not None:
        check_class(
            run, given.get("label"), items.classes, new_class=given.get("new_class") is True
        )
    basis = _basis(run, given.get("audit"))
    return resolve(
        run,
        action,
        label_ids or [],
        label=given.get("label") if action in ("relabel", "add") or asked else None,
        tag=given.get("tag") if action == "tag" or asked else None,
        box=given.get("box"),
        expected_label=given.get("expected_label"),
        expected_box=given.get("expected_box"),
        note=given.get("note") or None,
        author=given.get("author") or author,
        basis=basis,
    )


def _basis(run: Run, audit: str | None) -> dict[str, Any] | None:
    """What is noted with a verdict of an audit. InputError if the run has no such audit."""
    if audit is None:
        return None
    if not is_on_objects(run):
        raise InputError(f"audit: there are no audits of {noun_of(run)}s yet")
    opened = open_object_audit(run, audit)
    return None if opened is None else basis_of(opened)


def labels_inputs(ctx: Any, run: Run, inputs: types.Object) -> None:
    """The form: what to do with the selected labels."""
    chosen = chosen_labels(ctx, run)
    told = "Those that are selected in the App"
    view = types.HiddenView(label="Labels", description=told)
    inputs.list(
        "label_ids", types.String(), default=chosen, label="Labels", description=told, view=view
    )
    if chosen:
        inputs.view("chosen", types.Notice(label=f"{counted(len(chosen), 'label')} chosen"))
    else:
        text = (
            f"No label of '{run.label_field}' or '{run.field('missing')}' is selected. Open an "
            "image and select some, or select patches."
        )
        missing(inputs, text, types.Warning)
    choose_one(inputs, "action", _actions(run), "confirm", label="What to do")
    _value_inputs(ctx, run, inputs)
    inputs.str("note", label="Note", description="Kept in the audit trail with the decision")


def new_class_input(ctx: Any, inputs: types.Object, classes: Sequence[str]) -> None:
    """Ask whether a name that looks like a class is meant to be another one."""
    label = ctx.params.get("label")
    near = looks_like(label, classes) if isinstance(label, str) and label else None
    if near is not None:
        switch(
            inputs,
            "new_class",
            "Make a class of its own",
            f"{visible(label)} looks like the class {visible(near)}, and is another one",
        )


def _value_inputs(ctx: Any, run: Run, inputs: types.Object) -> None:
    action, items = ctx.params.get("action"), known_items(run)
    if action in ("relabel", "add"):
        more = "" if action == "relabel" else ". Empty: the class that the detectors see"
        suggest(
            inputs,
            "label",
            items.classes[:MOST_CLASSES] if items else (),
            label="Class",
            description=f"A class of the run, or a new one{more}",
        )
        if action == "relabel" and not ctx.params.get("label"):
            missing(inputs, "Choose the class, or type one.")
        new_class_input(ctx, inputs, items.classes if items else ())
    elif action == "tag":
        tags = ctx.dataset.distinct(f"{run.label_field}.{list_of(run)}.tags")
        suggest(inputs, "tag", tags, label="Tag", description="Added to the labels' tags")
        if not ctx.params.get("tag"):
            missing(inputs, "Choose the tag, or type a new one.")
