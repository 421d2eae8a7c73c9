"""Decisions on a group of near-duplicates: keep one, keep all, relabel alike, remove."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bson import ObjectId

from ..decisions.changes import KEEP_ALL, label_of
from ..decisions.commit import commit, header_of
from ..decisions.draft import Draft
from ..decisions.plan import plan_resolve
from ..decisions.request import Request
from ..decisions.resolution import Resolution
from ..errors import InputError
from ..store.runs import Run
from ..store.samples import samples_of
from .fields import read_members

GROUP_ACTIONS = ("keep_one", "keep_all", "relabel_alike", "remove")


def resolve_group(
    run: Run,
    action: str,
    sample_ids: Sequence[str],
    expected_label: Mapping[str, str | None],
    *,
    keep: str | None = None,
    label: str | None = None,
    note: str | None = None,
    author: str | None = None,
    iteration: int | None = None,
) -> Resolution:
    """Decide on samples that are near-duplicates of each other, as one decision in the journal.

    ``keep_one`` and ``remove`` are removals. ``keep_all`` changes no sample and leaves each as open
    as it was; the group is dismissed. ``relabel_alike`` relabels all; the group is dismissed unless
    it crosses splits, for a leak remains one whatever its labels are.

    Args:
        run: the run
        action: one of ``GROUP_ACTIONS``
        sample_ids: the samples of the group that the author saw
        expected_label: the label that each of them showed; samples with another are left alone
        keep: for ``keep_one``: the sample to keep
        label: for ``relabel_alike``: the label that all of them get
        note: a remark for the audit trail
        author: who decided
        iteration: the iteration that the author looked at

    Raises:
        InputError: on bad input, or if the sample to keep is gone or has another label by now;
            nothing is changed
    """
    if action not in GROUP_ACTIONS:
        raise InputError(f"action must be one of {', '.join(GROUP_ACTIONS)}, got {action!r}")
    for name, value, owner in (("keep", keep, "keep_one"), ("label", label, "relabel_alike")):
        if (value is not None) != (action == owner):
            needs = "needs a" if action == owner else "takes no"
            raise InputError(f"action '{action}' {needs} {name}, got {value!r}")
    ids = list(dict.fromkeys(sample_ids))
    if action != "remove" and len(ids) < 2:
        raise InputError(f"action '{action}' needs at least 2 samples, got {len(ids)}")
    if keep is not None and keep not in ids:
        raise InputError(f"keep must be one of the group's samples, got {keep!r}")
    journalled, plan = _planned(action, ids, expected_label, keep, label)
    header = header_of(run, journalled, author, note, iteration)
    if action == "relabel_alike" and not _is_leak(run, ids):
        header["settles"] = True
    return commit(run, header | {"label": label}, plan)


def _planned(
    action: str,
    ids: list[str],
    expected: Mapping[str, str | None],
    keep: str | None,
    label: str | None,
) -> tuple[str, Callable[[Draft], None]]:
    """The action in the journal's words, and how it is written down."""
    if action == "keep_all":
        kept = Request.checked(KEEP_ALL, ids, None, None, expected)
        return KEEP_ALL, lambda draft: plan_resolve(draft, kept)
    if action == "relabel_alike":
        alike = Request.checked("relabel", ids, label, None, expected)
        return "relabel", lambda draft: plan_resolve(draft, alike)
    others = [i for i in ids if i != keep]
    gone = Request.checked("remove", others, None, None, {i: expected[i] for i in others})

    def plan(draft: Draft) -> None:
        if keep is not None:
            _check_kept(draft.run, keep, expected[keep])
        plan_resolve(draft, gone)

    return "remove", plan


def _check_kept(run: Run, keep: str, expected: str | None) -> None:
    """Raise InputError unless the sample to keep is there as the author saw it."""
    document = samples_of(run.dataset).find_one({"_id": ObjectId(keep)}, {run.label_field: 1})
    if document is None:
        raise InputError(f"The sample to keep, {keep}, is no longer there. Nothing was removed.")
    found = label_of(document, run.label_field)
    if found != expected:
        raise InputError(
            f"The sample to keep, {keep}, was labelled {expected!r} and is {found!r} by now. "
            "Nothing was removed."
        )


def _is_leak(run: Run, ids: Sequence[str]) -> bool:
    splits = {member.split for member in read_members(run, ids).values()}
    return len(splits - {None}) > 1
