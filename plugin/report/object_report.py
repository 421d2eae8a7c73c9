"""The report of a run on objects or tags, as the facts that its page says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from bson import ObjectId

from ..audit.object_audits import Left, OpenedObjectAudit, open_object_audit
from ..audit.target import read_object_target
from ..decisions.journal import applied_headers, entries, was_lost
from ..errors import InputError
from ..images.crops import Crop
from ..images.dataset_windows import image_windows
from ..images.decoded_crop import Box
from ..images.deep import Windows
from ..objects.iteration import ObjectIteration, object_iteration
from ..objects.state import ItemsState, items_state
from ..percent import percent
from ..store.iterations import unpack_ids
from ..store.runs import Run
from ..store.samples import samples_of
from .crop_gallery import crop_pictures
from .curve import effort_curve
from .effort import effort, taken_back
from .gallery import pictures
from .object_fixes import ADDED, MOVED, RELABELLED, REMOVED, ItemFix, ItemStep, net_item_fixes
from .page import MOST_PAIRS, Facts, Pair, Picture

OPEN_CELLS = 8
PICTURES_A_ROW = 6
NOTHING = "nothing there"
WORDS = {
    "relabeled": "relabelled",
    "confirmed": "confirmed, or nothing to label",
    "removed": "removed",
    "added": "added",
    "moved": "moved",
    "tagged": "tagged, not decided",
}


def object_facts(run: Run, written: str) -> Facts:
    """What the page says of a run on objects or tags.

    Args:
        run: the run
        written: when the page is made

    Raises:
        InputError: if the run has no iteration yet
    """
    iteration = object_iteration(run)
    state = items_state(run, iteration.document)
    headers, tags = applied_headers(run), not iteration.has_boxes
    thing = "tag" if tags else "object"
    fixes = net_item_fixes(_steps(run, headers))
    made = effort(headers)
    counts = state.counts()
    by_kind = [(WORDS[kind], n) for kind, n in counts["by_kind"].items() if n]
    fixed = {
        how: sum(len(fix.items) for fix in fixes if fix.how == how)
        for how in (RELABELLED, MOVED, ADDED, REMOVED)
    }
    shown = _Shown(run, iteration, tags=tags)
    estimate, basis, target = (None, "", "") if tags else _estimate(run)
    labels = int((iteration.column("label") != iteration.nothing).sum())
    return Facts(
        dataset=run.dataset.name,
        run=run.key,
        label_field=run.label_field,
        written=written,
        samples=labels,
        classes=len(iteration.classes),
        judged=sum(counts["by_kind"].values()),
        relabelled=fixed[RELABELLED],
        removed=fixed[REMOVED],
        suspects=counts["to_review"],
        estimate=estimate,
        estimate_basis=basis,
        target=target,
        fixes=shown.fixes(fixes),
        open_cells=shown.open_cells(state),
        decisions=by_kind,
        authors=sorted(made.authors.items(), key=lambda item: (-item[1], item[0])),
        effort=effort_curve(made.looked, made.fixed, thing),
        notes=_notes(iteration),
        thing=thing,
        images=len(iteration.images),
        added=fixed[ADDED],
        moved=fixed[MOVED],
        taken_back=taken_back(headers),
    )


def _steps(run: Run, headers: Sequence[dict[str, Any]]) -> Iterator[ItemStep]:
    by_id = {header["_id"]: header for header in headers}
    kept = ("decision", "item_id", "sample_id", "kind_after", "lost")
    of_label = ("label_before", "label_after", "box_before", "box_after")
    found = entries().find(run.owner, dict.fromkeys((*kept, *of_label), 1)).sort("seq", 1)
    for entry in found.batch_size(20_000):
        header = by_id.get(entry["decision"])
        if header is not None and not was_lost(entry, header):
            yield ItemStep(
                str(entry["item_id"]),
                str(entry["sample_id"]),
                entry["label_before"],
                entry["label_after"],
                entry["box_before"],
                entry["box_after"],
                entry["kind_after"],
            )


class _Shown:
    """Rows of tables, each with pictures of its first items."""

    def __init__(self, run: Run, iteration: ObjectIteration, *, tags: bool):
        self.run, self.iteration, self.tags = run, iteration, tags
        self.windows: Windows = image_windows(run.dataset, iteration)

    def fixes(self, fixes: Sequence[ItemFix]) -> list[Pair]:
        """What was fixed."""
        wanted = {
            first.item: _Looked(
                first.sample, last.box_after or first.box_before, others=_others(fix, first)
            )
            for fix in fixes[:MOST_PAIRS]
            for first, last in fix.items[:PICTURES_A_ROW]
        }
        found = self._pictures(wanted)
        return [
            Pair(
                fix.before,
                fix.after,
                len(fix.items),
                removed=fix.how == REMOVED,
                pictures=[
                    found[first.item]
                    for first, _ in fix.items[:PICTURES_A_ROW]
                    if at < MOST_PAIRS and first.item in found
                ],
                said="in another outline" if fix.how == MOVED else "",
            )
            for at, fix in enumerate(fixes)
        ]

    def open_cells(self, state: ItemsState) -> list[Pair]:
        """The largest cells of open suspects, each with its most suspicious items first."""
        iteration, cells = self.iteration, self.iteration.cells
        rows = np.flatnonzero(state.suspects)
        cell = np.searchsorted(cells.start, rows, side="right") - 1
        count = np.bincount(cell, minlength=len(cells))
        largest = [at for at in np.argsort(-count, kind="stable").tolist() if count[at]]
        chosen = {at: rows[cell == at][:PICTURES_A_ROW] for at in largest[:OPEN_CELLS]}
        ids, samples = iteration.column("item_id"), iteration.column("sample_id")
        wanted: dict[str, _Looked] = {}
        for picked in chosen.values():
            for row in picked.tolist():
                item, sample = unpack_ids(np.array([ids[row], samples[row]]))
                wanted[item] = _Looked(sample, *self._boxes(row))
        found = self._pictures(wanted)
        pairs = []
        for at, picked in chosen.items():
            label, seen = int(cells.label[at]), int(cells.prediction[at])
            names = unpack_ids(ids[picked])
            same = "in another outline" if label == seen != iteration.nothing else ""
            none = NOTHING if seen == iteration.nothing else ""
            pairs.append(
                Pair(
                    _class(iteration, label),
                    _class(iteration, seen),
                    int(count[at]),
                    pictures=[found[item] for item in names if item in found],
                    said=same or none,
                )
            )
        return pairs

    def _boxes(self, row: int) -> tuple[Any, Any]:
        """The label's box of a row, and what is seen there; of tags neither."""
        if self.tags:
            return None, None
        missing = int(self.iteration.column("label", row, row + 1)[0]) == self.iteration.nothing
        own = None if missing else self.iteration.column("box", row, row + 1)[0]
        seen = self.iteration.column("seen_box", row, row + 1)[0]
        return own, None if np.isnan(seen).any() else seen

    def _pictures(self, wanted: Mapping[str, _Looked]) -> dict[str, Picture]:
        """Pictures by item; none of those without a file, or without a box to be seen."""
        path_of = _paths(self.run, [one.sample for one in wanted.values()])
        there = {item: one for item, one in wanted.items() if one.sample in path_of}
        if self.tags:
            files = {item: path_of[one.sample] for item, one in there.items()}
            found = pictures(list(files.values()), self.windows)
            return {item: found[file] for item, file in files.items() if file in found}
        crops = {
            item: Crop(
                path_of[one.sample], _box(one.own), _box(one.seen), tuple(map(_sure, one.others))
            )
            for item, one in there.items()
            if one.own is not None or one.seen is not None
        }
        return crop_pictures(crops, self.windows)


class _Looked(NamedTuple):
    """What is to be seen of an item: its label's box, what is predicted, and other outlines."""

    sample: str
    own: Any
    seen: Any = None
    others: tuple[Any, ...] = ()


def _sure(box: Any) -> Box:
    left, top, width, height = (float(v) for v in box)
    return left, top, width, height


def _box(box: Any) -> Box | None:
    return None if box is None else _sure(box)


def _others(fix: ItemFix, first: ItemStep) -> tuple[Any, ...]:
    """What is drawn beside: of what was moved the outline that it had."""
    return (first.box_before,) if fix.how == MOVED else ()


def _class(iteration: ObjectIteration, index: int) -> str | None:
    return iteration.classes[index] if index < len(iteration.classes) else None


def _paths(run: Run, ids: Sequence[str]) -> dict[str, str]:
    """The files of those samples that are there."""
    wanted = {"$in": [ObjectId(i) for i in dict.fromkeys(ids)]}
    there = samples_of(run.dataset).find({"_id": wanted}, {"filepath": 1})
    paths = {str(document["_id"]): document.get("filepath") for document in there}
    return {i: path for i, path in paths.items() if isinstance(path, str) and path}


def _estimate(run: Run) -> tuple[tuple[str, str] | None, str, str]:
    """Wrong labels left with their interval, and sentences on where that is from."""
    try:
        opened = open_object_audit(run)
    except InputError:  # an audit of an iteration that is gone
        opened = None
    labels = None if opened is None else opened.of_labels()
    if opened is None or labels is None:
        return None, "", ""
    judged = int(opened.reading.used.sum())
    sentences = [
        f"About {_said(labels)} wrong, spurious or badly placed labels are left, with 95 % "
        f"confidence, from {judged:,} outlines that were drawn at random and judged blind."
    ]
    sentences += _missing(opened)
    target = read_object_target(run)
    sure = (
        f"The target is to find at least {percent(target.share)} of the errors among labels and "
        f"proposed objects. With {percent(target.confidence)} confidence, at least "
        f"{percent(target.distance.sure)} are found by now."
    )
    about, low, high = labels.left.whole
    return (f"{about:,}", f"{low:,} to {high:,}"), " ".join(sentences), sure


def _missing(opened: OpenedObjectAudit) -> list[str]:
    proposed, others = opened.of_candidates(), opened.without_candidate()
    found = []
    if proposed is not None:
        found.append(f"Of objects that detectors proposed, about {_said(proposed)} lack a label.")
    if others is not None:
        looked = int(opened.looked.sum())
        found.append(
            f"Of objects that no detector proposed, about {_said(others)}: that is from "
            f"{looked:,} images that were looked at whole."
        )
    return found


def _said(found: Left) -> str:
    point, low, high = found.left.whole
    return f"{point:,} ({low:,} to {high:,})"


def _notes(iteration: ObjectIteration) -> list[str]:
    document = iteration.document
    left_out = [f"{count:,} left out: {reason}." for reason, count in document.get("left_out", [])]
    reasons = document["skipped"].get("reasons")  # of tags they are pairs
    pairs = reasons if isinstance(reasons, list) else document["skipped"].items()
    skipped = [f"{n:,} images were skipped: {why}." for why, n in pairs]
    read = [f"Predictions in {text}." for text in document.get("assumed", [])]
    chosen = document.get("chosen")
    return [*([chosen] if chosen else []), *read, *skipped, *left_out]
