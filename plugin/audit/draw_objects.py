"""Draw an audit of a run on objects: of its open items, and of whole images."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray
from ..errors import InputError
from ..objects.iteration import ObjectIteration, object_iteration
from ..objects.state import items_state
from ..store.runs import Run
from . import sampling
from .audits import LARGEST
from .object_audits import OpenedObjectAudit, open_object_audit
from .object_store import parts_of_images
from .store import insert_audit

UNSEEN = 0.005
"""Every image may lack an object: below this share the detectors' objects are no candidates."""


def lacking(iteration: ObjectIteration, open_rows: BoolArray) -> npt.NDArray[np.float64]:
    """Log-odds that each image lacks an object, by its open candidates: float64 (m,)."""
    images, sample = iteration.column("image_id"), iteration.column("sample_id")
    rows = np.flatnonzero((iteration.column("label") == iteration.nothing) & open_rows)
    order = np.argsort(images, kind="stable")
    at = order[np.searchsorted(images[order], sample[rows])]
    nothing = np.clip(iteration.column("p_label")[rows].astype(np.float64), 1e-6, 1.0)
    none = np.bincount(at, -np.log(nothing), len(images)) + UNSEEN
    return np.log(np.expm1(np.minimum(none, 60.0)))


def draw_object_audit(
    run: Run, size: int, images: int, *, seed: int | None = None, author: str | None = None
) -> OpenedObjectAudit:
    """Draw an audit of the items that are open in the run's last iteration, and of its images.

    Args:
        run: a run on objects
        size: labels and candidates to judge
        images: images to look at whole; 0 for none
        seed: of the random numbers
        author: who draws

    Raises:
        InputError: if a size is out of range, nothing is open, or another audit waits for verdicts
    """
    for name, value, least in (("audit_size", size, 1), ("audit_images", images, 0)):
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not least <= value <= LARGEST:
            raise InputError(
                f"{name} must be a whole number from {least} to {LARGEST:,}, got {value!r}"
            )
    last = open_object_audit(run)
    if last is not None and last.status == "open":
        raise InputError(
            f"Audit {last.record.number} of run '{run.key}' still waits for {len(last.waiting)} "
            "verdicts. Give them, or close it, before you draw another one."
        )
    iteration = object_iteration(run)
    state = items_state(run, iteration.document)
    open_rows = np.asarray(state.kind == 0)
    rows = np.flatnonzero(open_rows)
    if not len(rows):
        raise InputError(f"Run '{run.key}' has no open object to draw an audit from")
    seed = secrets.randbits(63) if seed is None else seed
    drawn = sampling.draw(iteration.column("suspicion")[rows], size, seed)
    row = rows[drawn.at]
    image_id, looks = iteration.column("image_id"), None
    if images and len(image_id):
        looks = sampling.draw(lacking(iteration, open_rows), images, seed + 1)
        image_id = image_id[looks.at]
    header: dict[str, Any] = {
        "on": "objects",
        "number": 1 if last is None else last.record.number + 1,
        "iteration": iteration.number,
        "revision": state.revision,
        "seed": seed,
        "drawn_by": author or "",
        "item_id": iteration.column("item_id")[row].tobytes(),
        **parts_of_images(image_id, looks),
    }
    sample_id = iteration.column("sample_id")[row]
    record = {"row": row, "sample_id": sample_id, "open_rows": open_rows}
    opened = open_object_audit(run, str(insert_audit(run, header, drawn, record)))
    assert opened is not None
    return opened
