"""What workers do of a comparison: look at files, decode images, describe them, judge pairs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..images.comparable import ComparableImages, look_at
from ..images.image_tasks import LOOK, Problems
from ..progress import Report
from ..torch_threads import torch_threads
from ..workers.part import Answer, Given
from .judging import judge_pairs
from .structure_features import StructureBasis, structure_features


def look(given: Given, report: Report) -> Answer:
    """Read the headers and contents of the files at ``paths``.

    Returns:
        ``looks``, uint8 (n, bytes of a record of `LOOK`), and the ``problems`` of those that cannot
        be read, by their place
    """
    looks = look_at(list(given.arguments["paths"]), report)
    raw = np.frombuffer(looks.records.tobytes(), np.uint8).reshape(-1, LOOK.itemsize)
    return Answer({"looks": raw}, {"problems": _told(looks.problems)})


def decode(given: Given, report: Report) -> Answer:
    """Decode images as they are compared.

    Given ``paths``, ``size`` (height, width), ``colour`` and ``windows``.

    Returns:
        ``pixels``, uint8 (n, height, width[, 3]), and ``problems`` as ``look`` has them
    """
    told = given.arguments
    with ComparableImages(
        list(told["paths"]),
        tuple(told["size"]),
        colour=told["colour"],
        first_new=0,
        report=report,
        windows=told["windows"],
    ) as images:
        return Answer({"pixels": np.array(images[:])}, {"problems": _told(images.problems)})


def describe(given: Given, report: Report) -> Answer:
    """The structure features of some images.

    Given the pieces of ``pixels`` that hold them, their ``rows`` in these (bytes of int64), the
    basis's ``mean`` and ``axes``, the ``device`` and torch's ``threads``.

    Returns:
        ``structure``, float32 (n, d)
    """
    told = given.arguments
    pixels = np.concatenate(list(given.pieces("pixels")))[_numbers(told["rows"])]
    basis = StructureBasis(given.take("mean"), given.take("axes"))
    with torch_threads(told["threads"]):
        found = structure_features(pixels, basis, device=told["device"], report=report)
    return Answer({"structure": found})


def judge(given: Given, report: Report) -> Answer:
    """Which pairs have at least some SES.

    Given ``pairs`` (bytes of int64, two numbers a pair), ``floor``, ``likely``, ``device``, the
    ``shape`` of all images, the pieces of their ``pixels`` and a digest that names these together.

    Returns:
        ``kept``, int64 (k,), places of pairs, and their ``ses``, float64 (k,)
    """
    told = given.arguments
    shape = tuple(told["shape"])

    def make() -> ComparableImages:
        def fill(out: npt.NDArray[np.uint8], report: Report) -> Problems:
            done = 0
            for piece in given.pieces("pixels"):
                out[done : done + len(piece)] = piece
                done += len(piece)
                report(0.0, f"Took {done:,} of {len(out):,} decoded images")
            return {}

        paths = [""] * shape[0]  # nothing is decoded any more
        colour = len(shape) == 4
        return ComparableImages(
            paths, shape[1:3], colour=colour, first_new=0, report=report, fill=fill
        )

    images = given.held("compared", told["pixels"], make)
    pairs = _numbers(told["pairs"]).reshape(-1, 2)
    kept, ses = judge_pairs(
        images[:], pairs, told["floor"], likely=told["likely"], device=told["device"]
    )
    return Answer({"kept": kept, "ses": ses})


def _numbers(given: bytes) -> npt.NDArray[np.int64]:
    return np.frombuffer(given, "<i8").astype(np.int64)


def _told(problems: Problems) -> dict[str, str]:
    return {str(place): why for place, why in problems.items()}
