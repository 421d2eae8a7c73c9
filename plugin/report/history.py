"""The iterations of a run side by side: what each agreed with, and what changed between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId

from ..documents import value_at
from ..errors import InputError
from ..store.iterations import Iteration
from ..store.runs import Run
from ..store.samples import samples_of
from .change import Said, change
from .renamed_classes import classes_now

TRUSTED = ("confirmed", "relabeled")


def compare_iterations(run: Run, clean_tag: str | None = None) -> list[dict[str, Any]]:
    """Compare all iterations of a run.

    Args:
        run: the run
        clean_tag: samples with this tag have labels that are known to be right

    Returns:
        one dictionary an iteration, first to last: ``iteration``, ``source``, ``created_at``,
        ``samples``, ``agreement``, ``suspects``; ``trusted`` and ``clean`` with ``samples`` and
        ``accuracy`` on the labels as they are now (None where there is none): those that a person
        confirmed or gave, and those of the clean tag; ``change`` against the iteration before
        (see ``reporting.change.Change``; None for the first)

    Raises:
        InputError: if no sample has the tag
    """
    trusted = _labels(run, {run.field("decision"): {"$in": list(TRUSTED)}})
    clean = None if clean_tag is None else _labels(run, {"tags": clean_tag})
    if clean_tag is not None and not clean:
        raise InputError(f"clean_tag: no sample of '{run.dataset.name}' has the tag '{clean_tag}'")
    compared: list[dict[str, Any]] = []
    before: Iteration | None = None
    for iteration in run.iterations():
        compared.append(
            {
                "iteration": iteration.number,
                "source": iteration.settings.get("source", ""),
                "created_at": iteration.created_at.isoformat(),
                "samples": iteration.samples,
                "agreement": iteration.counts.get("accuracy"),
                "suspects": iteration.counts.get("misclassified"),
                "trusted": _accuracy(run, iteration, trusted),
                "clean": None if clean is None else _accuracy(run, iteration, clean),
                "change": None if before is None else asdict(_change(before, iteration)),
            }
        )
        before = iteration
    return compared


def _labels(run: Run, query: dict[str, Any]) -> dict[str, str]:
    collection = samples_of(run.dataset)
    path = f"{run.label_field}.label"
    found = collection.find(query, {path: 1})
    labels = {str(document["_id"]): value_at(document, path) for document in found}
    return {i: label for i, label in labels.items() if isinstance(label, str)}


def _accuracy(run: Run, iteration: Iteration, labels: dict[str, str]) -> dict[str, Any] | None:
    ids = [i for i in labels if ObjectId.is_valid(i)]
    rows = iteration.rows_of(ids)
    held = rows >= 0
    if not held.any():
        return None
    names: Sequence[str] = iteration.classes
    if not set(labels.values()) <= set(names):
        names = classes_now(run, iteration)
    place = {name: at for at, name in enumerate(dict.fromkeys(names))}
    wanted = np.array([place.get(labels[i], -1) for i in ids])[held]
    said = np.array([place[name] for name in names])[iteration.column("prediction")[rows[held]]]
    return {"samples": int(held.sum()), "accuracy": float((said == wanted).mean())}


def _change(before: Iteration, after: Iteration) -> Any:
    old_ids, new_ids = before.column("id_sorted"), after.column("id_sorted")
    _, old_at, new_at = np.intersect1d(old_ids, new_ids, assume_unique=True, return_indices=True)
    return change(_said(before, old_at), _said(after, new_at))


def _said(iteration: Iteration, places: npt.NDArray[np.int64]) -> Said:
    rows = iteration.column("id_row")[places]
    label, prediction = iteration.column("label")[rows], iteration.column("prediction")[rows]
    return Said(label, prediction, iteration.classes, iteration.set_apart)
