"""One comparison of a run's images: what is known is kept, and new images are compared with all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..abandonable import abandonable
from ..errors import InputError
from ..images.comparable import ComparableImages, look_at
from ..images.dataset_windows import image_windows
from ..images.whole_pixels import exact_digests
from ..images.working_size import working_size
from ..progress import Report, part_of
from ..skipped import Skipped
from ..splits import SplitRule
from ..store.iterations import Iteration, pack_ids, unpack_ids
from ..store.raw_documents import read_documents
from ..store.runs import Run
from ..vectors.stored_vectors import read_vectors
from .known import (
    DECODED,
    Columns,
    Known,
    as_found,
    file_signs,
    has_dense,
    of_first_copies,
    signals_of,
    still_known,
)
from .options import DuplicateOptions
from .pairs import first_copies, pairs_in_scope
from .store import NOT_IN_ITERATION, KeptDuplicates

if TYPE_CHECKING:  # torch takes seconds, and the App imports this file
    from .spread_comparison import SpreadComparison

STAGES = {"look": (0.0, 0.1), "decode": (0.1, 0.35), "features": (0.35, 0.48)}
STAGES |= {"copies": (0.48, 0.5), "pairs": (0.5, 1.0)}
"""Where each stage begins and ends."""
LOOKED_HERE = 2_000
"""So many new files are looked at before any worker is called: those that cannot be read are new
each time, and there may be nothing else to do."""


class Compared(NamedTuple):
    """What a comparison found, as ``store.py`` keeps it."""

    columns: Columns
    header: dict[str, Any]


@dataclass(frozen=True)
class _Images:
    """The images of a comparison, known ones first."""

    ids: list[str]
    paths: list[str]
    signs: npt.NDArray[np.uint64]

    def taken(self, order: npt.NDArray[np.int64]) -> _Images:
        ids, paths = ([names[i] for i in order.tolist()] for names in (self.ids, self.paths))
        return _Images(ids, paths, self.signs[order])


def present(run: Run, iteration: Iteration, skipped: Skipped) -> tuple[list[str], list[str]]:
    """The iteration's samples that are in the dataset, in the order of its rows, and their files.

    Samples of the dataset that the iteration does not hold are noted in ``skipped``.
    """
    paths: dict[int, str] = {}
    for documents in read_documents(run.dataset, ["filepath"]):
        rows = iteration.rows_of([str(document["_id"]) for document in documents])
        for row, document in zip(rows.tolist(), documents, strict=True):
            if row >= 0:
                paths[row] = document["filepath"]
            else:
                skipped.add(document["_id"], document["filepath"], NOT_IN_ITERATION)
    rows = np.array(sorted(paths), np.int64)
    return unpack_ids(iteration.column("sample_id")[rows]), [paths[row] for row in rows.tolist()]


class Comparison:
    """Compares the images of an iteration.

    Args:
        run: the run
        iteration: its last iteration, for predictions and features
        options: what to look for
        report: told of progress
        skipped: takes note of images that cannot be read
        workers: calls the workers that take parts of it, where any image is new; what it answers
            is None for this process alone
    """

    def __init__(
        self,
        run: Run,
        iteration: Iteration,
        options: DuplicateOptions,
        report: Report,
        skipped: Skipped,
        workers: Callable[[], SpreadComparison | None] = lambda: None,
    ):
        self._run, self._iteration, self._options = run, iteration, options
        self._report, self._skipped, self._workers = report, skipped, workers
        self._elsewhere: SpreadComparison | None = None

    def compared(self, kept: KeptDuplicates | None, ids: list[str], paths: list[str]) -> Compared:
        """What there is to be kept.

        Args:
            kept: an earlier comparison that is to be continued, if there is one
            ids: the samples to compare
            paths: their files

        Raises:
            InputError: if not one image can be read
        """
        looking = part_of(self._report, 0.0, 0.0)
        # Before anything is read: what is exchanged from now on is noticed the next time.
        signs = abandonable(lambda _: file_signs(paths), looking, "Looking for exchanged files")
        known, at = (None, np.zeros(0, np.int64))
        if kept is not None and kept.document.get("decoded") == DECODED:
            known, at = still_known(kept, ids, paths, signs, looking)
        new = np.setdiff1d(np.arange(len(ids)), at)
        if len(new) > len(at):  # what was fitted to a few would serve the many badly
            known, at, new = None, at[:0], np.arange(len(ids))
        if known is None or len(new) > LOOKED_HERE:
            self._elsewhere = self._workers()
        look = look_at if self._elsewhere is None else self._elsewhere.look
        looks = look([paths[i] for i in new], self._stage("look"))
        for i, why in looks.problems.items():
            self._skipped.add(ids[new[i]], paths[new[i]], why)
        good = np.setdiff1d(np.arange(len(new)), np.fromiter(looks.problems, np.int64))
        images = _Images(ids, paths, signs).taken(np.concatenate([at, new[good]]))
        if known is not None and not len(good) and not has_dense(known.columns):
            return Compared(known.columns, self._header(known.columns, 0, known.document, known))
        if len(good) and self._elsewhere is None:
            self._elsewhere = self._workers()
        return self._searched(images, known, looks.records[good])

    def _searched(self, images: _Images, known: Known | None, looks: npt.NDArray[Any]) -> Compared:
        first = 0 if known is None else len(known.columns["sample_id"])
        shape = _shape(looks) if known is None else known.document
        if not images.ids:
            raise self._nothing()
        windows = dict(image_windows(self._run.dataset, self._iteration))
        if known is not None:
            windows |= known.document["windows"]
        size, colour, fill = tuple(shape["compared_at"]), shape["colour"], None
        if self._elsewhere is not None:
            fill = self._elsewhere.decode(images.paths[first:], size, colour, windows)
        with ComparableImages(
            images.paths,
            size,
            colour=colour,
            first_new=first,
            report=self._stage("decode"),
            windows=windows,
            fill=fill,
        ) as pixels:
            for row, why in sorted(pixels.problems.items()):
                self._skipped.add(images.ids[row], images.paths[row], why)
            order = pixels.drop_problems()
            if not len(order):
                raise self._nothing()
            images, looks = images.taken(order), looks[order[first:] - first]
            if self._elsewhere is not None:
                self._elsewhere.arrange(order[first:] - first)
            columns, floor = abandonable(
                lambda report: self._pairs(images, pixels, known, looks["digest"], report),
                self._report,
                "Describing images",
            )
        sizes = np.stack([looks["height"], looks["width"]], axis=1).astype(np.int32)
        columns |= {
            "sample_id": pack_ids(images.ids),
            "path": images.signs[:, 0],
            "stamp": images.signs[:, 1],
            "size": sizes if known is None else np.concatenate([known.columns["size"], sizes]),
        }
        shape = {**shape, "floor": floor, "windows": windows}
        return Compared(columns, self._header(columns, len(looks), shape, known))

    def _pairs(
        self,
        images: _Images,
        pixels: ComparableImages,
        known: Known | None,
        files: npt.NDArray[np.void],
        report: Report,
    ) -> tuple[Columns, float]:
        """Signals and pairs of all images, and the lowest SES that was looked for."""
        # Imported here: torch takes seconds, and the App imports this file.
        from ..learning.device import choose_device
        from .search import compute_signals, find_duplicates

        array: Any = pixels
        device = choose_device(self._options.device)
        elsewhere, stage, judge = self._elsewhere, part_of(report, *STAGES["pairs"]), None
        if elsewhere is not None and known is None:  # workers have the new images alone
            judge, stage = elsewhere.judge(stage)
        signals = compute_signals(
            array,
            known=None if known is None else signals_of(known.columns),
            device=device,
            describe=None if elsewhere is None else elsewhere.describe(),
            report=part_of(report, *STAGES["features"]),
        )
        reduced = signals.digests
        options: dict[str, Any] = {"threshold": self._options.threshold}
        if known is not None:
            files = np.concatenate([known.columns["file"], files])
            floor = known.document["floor"]
            options = {"threshold": max(floor, known.document["threshold"]), "floor": floor}
            options |= {"known": as_found(known.columns, floor)}
        whole = exact_digests(reduced, files, images.paths, part_of(report, *STAGES["copies"]))
        signals = signals._replace(digests=whole)
        # In the scope "all", so that the scope and the predictions can change afterwards.
        rows = self._iteration.rows_of(images.ids)
        found = find_duplicates(
            array,
            signals,
            predictions=self._iteration.column("prediction")[rows],
            scope="all",
            embeddings=self._embeddings(images.ids),
            file_digests=[digest.tobytes() for digest in files],
            first_new=0 if known is None else len(known.columns["sample_id"]),
            device=device,
            judge=judge,
            report=stage,
            **options,
        )
        near, ses = found.pairs[~found.exact], found.ses[~found.exact]
        if known is not None:
            near = np.concatenate([known.columns["near"], near])
            ses = np.concatenate([known.columns["ses"], ses])
        copies = first_copies(signals.digests, files)
        near, ses = of_first_copies(near, ses, copies)
        return {
            "file": files,
            "pixels": reduced,
            "first_copy": copies,
            "structure": signals.structure,
            "basis_mean": signals.basis.mean,
            "basis_axes": signals.basis.axes,
            "near": near,
            "ses": ses,
        }, float(found.floor)

    def _nothing(self) -> InputError:
        return InputError(
            f"No image of run '{self._run.key}' could be compared; the most frequent reason: "
            f"{self._skipped.most_common()}"
        )

    def _header(
        self, columns: Columns, new: int, shape: dict[str, Any], known: Known | None
    ) -> dict[str, Any]:
        """What is kept beside the columns."""
        threshold, scope = self._options.threshold, self._options.scope
        rule = SplitRule.of_option(self._options.splits)
        if threshold is None and known is not None and known.document["scope"] == scope:
            threshold = known.document["threshold"]
        if threshold is None:
            threshold = self._usual_threshold(columns, shape["floor"])
        return {
            "samples": len(columns["sample_id"]),
            "new": new,
            "floor": shape["floor"],
            "threshold": float(threshold),
            "scope": scope,
            "splits": rule.as_document(),
            "compared_at": list(shape["compared_at"]),
            "colour": shape["colour"],
            "windows": shape["windows"],
            "decoded": DECODED,
            "skipped": dict(self._skipped.reasons),
        }

    def _usual_threshold(self, columns: Columns, floor: float) -> float:
        """The engine's choice for the scope, made from all pairs."""
        from .search import choose_levels, without_dense

        prediction = None
        if self._options.scope == "same_prediction":
            rows = self._iteration.rows_of(unpack_ids(columns["sample_id"]))
            prediction = self._iteration.column("prediction")[rows]
        copies = columns["first_copy"]
        pairs = pairs_in_scope(columns["near"], columns["ses"], copies, prediction)
        # Of a dense group of copies one image counts, as in the search.
        stands = without_dense(columns["near"], columns["ses"], len(copies))[copies]
        counted = ~pairs.exact & stands[pairs.pair].all(axis=1)
        ses, owner = pairs.ses[counted], pairs.pair[counted].T.ravel()
        return max(choose_levels(np.tile(ses, 2), owner, int(stands.sum()))[1], floor)

    def _embeddings(self, ids: list[str]) -> npt.NDArray[Any] | None:
        if self._options.embeddings is not None:
            return read_vectors(self._run.dataset, self._options.embeddings, ids)
        features = self._iteration.column("features")
        if not features.shape[1]:
            return None
        return features[self._iteration.rows_of(ids)].astype(np.float32)

    def _stage(self, name: str) -> Report:
        return part_of(self._report, *STAGES[name])


def _shape(looks: npt.NDArray[Any]) -> dict[str, Any]:
    """At what size, and whether in colour, images are compared."""
    sizes = zip(looks["height"].tolist(), looks["width"].tolist(), strict=True)
    at = list(working_size(sizes)) if len(looks) else []
    return {"compared_at": at, "colour": not bool(looks["grey"].all())}
