"""Decisions on labels of one object: keep one of them, or keep all on purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId

from ..decisions.changes import KEEP_ALL
from ..decisions.commit import commit, header_of
from ..decisions.draft import Draft
from ..decisions.object_changes import by_id, conflict_between, labels_in
from ..decisions.resolution import Resolution
from ..errors import InputError
from ..store.runs import Run
from ..store.samples import samples_of
from .plan import plan_objects
from .request import ObjectRequest

DOUBLE_ACTIONS = ("keep_one", KEEP_ALL)


def resolve_doubles(
    run: Run,
    action: str,
    sample_id: str,
    label_ids: Sequence[str],
    expected_label: Mapping[str, str | None],
    expected_box: Mapping[str, Sequence[float] | None],
    *,
    keep: str | None = None,
    author: str | None = None,
    iteration: int | None = None,
) -> Resolution:
    """Decide on labels that lie on one object, as one decision in the journal.

    ``keep_one`` removes all others. ``keep_all`` changes no label and leaves each as open as it
    was; these labels are never shown as a group again.

    Args:
        run: a run on objects
        action: one of ``DOUBLE_ACTIONS``
        sample_id: the image that they are on
        label_ids: the labels of the group that the author saw
        expected_label: the class that each of them showed; others are left alone
        expected_box: the box that each of them showed
        keep: for ``keep_one``: the label to keep
        author: who decided
        iteration: the iteration that the author looked at

    Raises:
        InputError: on bad input, or if the label to keep is gone or is another one by now; nothing
            is changed
    """
    if action not in DOUBLE_ACTIONS:
        raise InputError(
            f"action must be one of {', '.join(DOUBLE_ACTIONS)} for labels of one object, got "
            f"{action!r}"
        )
    if (keep is not None) != (action == "keep_one"):
        needs = "needs a" if action == "keep_one" else "takes no"
        raise InputError(f"action '{action}' {needs} keep, got {keep!r}")
    ids = list(dict.fromkeys(label_ids))
    if len(ids) < 2:
        raise InputError(f"action '{action}' needs at least 2 labels, got {len(ids)}")
    if keep is not None and keep not in ids:
        raise InputError(f"keep must be one of the group's labels, got {keep!r}")
    changed = [i for i in ids if i != keep]
    journalled = KEEP_ALL if keep is None else "remove"
    seen = {i: expected_label[i] for i in changed}, {i: expected_box[i] for i in changed}
    request = ObjectRequest.checked(journalled, changed, None, None, None, *seen)
    about: dict[str, Any] = {"label": None, "tag": None, "box": None, "basis": None}

    def plan(draft: Draft) -> None:
        if keep is not None:
            _check_kept(draft.run, sample_id, keep, expected_label[keep], expected_box[keep])
        plan_objects(draft, request)

    return commit(run, header_of(run, journalled, author, None, iteration) | about, plan)


def _check_kept(run: Run, sample_id: str, keep: str, label: str | None, box: Any) -> None:
    """Raise InputError unless the label to keep is there as the author saw it."""
    field = run.label_field
    document = samples_of(run.dataset).find_one({"_id": ObjectId(sample_id)}, {field: 1})
    found = by_id(labels_in(document, field)).get(ObjectId(keep))
    if found is None:
        raise InputError(f"The label to keep, {keep}, is no longer there. Nothing was removed.")
    why = conflict_between(label, list(box or []), found)
    if why is not None:
        said = "another class" if why == "relabeled" else "another outline"
        raise InputError(f"The label to keep, {keep}, has {said} by now. Nothing was removed.")
