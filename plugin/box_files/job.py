"""Boxes from a file onto the samples, from end to end: checked whole, matched, written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import numpy.typing as npt

from ..errors import InputError, content
from ..predictions.fields import begin_predictions, check_target, discard_predictions
from ..predictions.findings import LISTED
from ..predictions.matching import SampleMatcher
from ..progress import Report, part_of, silent
from ..store.iterations import pack_ids
from ..store.sample_collection import check_images, root_dataset
from ..store.samples import Collection
from .coco import CocoBoxes
from .compared import Comparison
from .fields import add_detections, check_detections, write_empty
from .findings import Findings
from .images import Found, find_images
from .rows import BoxFile, BoxRows
from .settings import EMPTY, BoxSettings
from .understanding import Understanding
from .yolo import YoloBoxes

SHARE_OF_CHECKING = 0.5
NO_CONFIDENCE = "no confidence between 0 and 1"
FOREIGN = "a class that no label has"
LARGEST_LIST = 12 * 1024 * 1024
BYTES_A_BOX, BYTES_A_SCORE = 300, 14


def import_boxes(
    samples: Collection,
    settings: BoxSettings,
    report: Report = silent,
    may_read: Callable[[Path], bool] = lambda _: True,
) -> dict[str, Any]:
    """Read boxes from COCO's JSON or YOLO's text, find their samples, and write ``Detections``.

    The whole file is read and checked before anything is written, then read again: memory holds a
    piece of it, 17 bytes a row, and the names of its images. An image that the file knows and has
    no boxes for gets an empty list; one that it does not know gets nothing.

    Args:
        samples: the dataset, or a view that limits which samples receive predictions
        settings: the file and how it is read
        report: told of progress
        may_read: whether a file beside those that were named may be read

    Returns:
        ``path``, ``field``, ``read_as`` (in words, with what was assumed), ``values``
        (``confidence``, ``none``, or the attribute for scores of every class), ``classes``;
        ``rows`` of the file, ``objects`` (detections) that are written onto ``written`` samples,
        ``without_objects`` of these with an empty list; ``matched_by``; ``unmatched`` rows and
        ``unmatched_rows`` (images that no sample is), ``ambiguous_images``, ``repeated`` and
        ``repeated_rows``, ``skipped`` by reason and ``skipped_rows``, ``unscored``,
        ``without_row`` and ``samples_without_row``, ``foreign_classes`` and ``unknown_labels``;
        ``compared`` with the labels (None without ``label_field``), and ``preview``

    Raises:
        InputError: if the file or an option cannot be used, or no row can; nothing is changed
    """
    check_images(samples)
    dataset = root_dataset(samples)
    there = check_target(dataset, settings.field, settings.overwrite, check_detections)
    if settings.label_field is not None:
        check_detections(dataset, settings.label_field, "label_field")
        if settings.label_field == settings.field:
            raise InputError(f"field: '{settings.field}' is the label field itself")
    with _opened(settings, may_read) as file:
        plan = _Plan(samples, settings, file)
        findings = plan.check(part_of(report, 0.0, SHARE_OF_CHECKING))
        if not settings.preview:
            begin_predictions(dataset, settings.field, plan.stored_classes, fo.Detections)
            try:
                plan.write(findings, part_of(report, SHARE_OF_CHECKING, 1.0))
            except BaseException:
                if not there:
                    discard_predictions(dataset, settings.field)
                raise
        return plan.result(findings)


@contextmanager
def _opened(settings: BoxSettings, may_read: Callable[[Path], bool]) -> Iterator[BoxFile]:
    path = _named(settings.path, "path")
    if path.is_dir():
        if settings.images is not None:
            raise InputError("images: it belongs to COCO's results; YOLO's text names its images")
        yield YoloBoxes(path, may_read)
        return
    if not path.is_file():
        raise InputError(f"path: there is no file or folder '{settings.path[:200]}'")
    listing = None if settings.images is None else _named(settings.images, "images")
    if listing is not None and not listing.is_file():
        raise InputError(f"images: there is no file '{str(settings.images)[:200]}'")
    yield CocoBoxes(path, listing)


def _named(path: str, option: str) -> Path:
    try:
        return Path(path).expanduser()
    except (RuntimeError, ValueError) as error:
        raise InputError(f"{option}: '{path[:200]}' names no file ({error})") from None


class _Plan:
    """One import: a file, the samples it is about, and what was understood."""

    def __init__(self, samples: Collection, settings: BoxSettings, file: BoxFile):
        self._file, self._settings = file, settings
        self._dataset, self._samples = root_dataset(samples), samples
        ways = "auto" if settings.match == "filename" else settings.match
        self._matcher = SampleMatcher(samples, ways, settings.root)
        self._found: Found = find_images(samples, file.images, self._matcher, settings.match)
        self._of_image = np.searchsorted(
            self._found.image, np.arange(len(file.images) + 1)
        )  # where the samples of each image begin
        if not len(file.images):
            raise InputError(f"path: '{settings.path}' has no boxes and names no image")
        if not len(self._found.image):
            self._refuse_all()
        self._understood = Understanding(samples, settings, file, self._found)

    def _refuse_all(self) -> None:
        identity, path = self._matcher.any_sample()
        first = self._file.images.keys[0]
        several = " (several samples have that name)" if self._found.ambiguous else ""
        raise InputError(
            f"path: no image of '{self._settings.path}' is a sample of '{self._dataset.name}': the "
            f"first is '{content(first)}'{several}, and a sample is '{path}' (id {identity}). "
            "Relative paths need root; results that only number their images need images, the COCO "
            "JSON that lists them"
        )

    @property
    def stored_classes(self) -> tuple[str, ...] | None:
        """The names behind the scores that are written, None where none are."""
        return self._understood.categories.listed if self._understood.length else None

    def check(self, report: Report) -> Findings:
        """Read all rows and leave everything as it is."""
        found = Findings()
        self._comparison = (
            Comparison(
                self._dataset, self._settings.label_field, self._found.image, self._found.sample
            )
            if self._settings.label_field is not None
            else None
        )
        matched = self._of_image[1:] > self._of_image[:-1]
        for piece in self._file.rows():
            checked = self._understood.rows(piece)
            there = np.zeros(len(piece), bool)
            there[piece.image >= 0] = matched[piece.image[piece.image >= 0]]
            keep = np.zeros(len(piece), bool)
            for at, problem in enumerate(checked.problems):
                image = int(piece.image[at])
                if image >= 0 and not there[at]:
                    found.unmatched += 1
                elif problem is not None:
                    where = self._file.where(image, int(piece.number[at]))
                    found.skip(where, self._file.images.keys[image] if image >= 0 else "", problem)
                else:
                    keep[at] = True
            found.predicted.update(str(checked.labels[at]) for at in np.flatnonzero(keep))
            lacking = [checked.scores[at] is None for at in np.flatnonzero(keep)]
            found.unscored += sum(lacking) if self._understood.length else 0
            if self._comparison is not None:
                self._comparison.add(piece.image, checked.labels, checked.boxes, keep)
            found.keep.append(keep)
            found.marks.append(_marks(piece))
            found.images.append(piece.image.astype(np.int32))
            found.numbers.append(piece.number.astype(np.int32))
            found.rows += len(piece)
            report(None, f"Checked {found.rows:,} rows")
        found.leave_repeated(self._file)
        self._refuse(found)
        self._finish(found)
        return found

    def write(self, found: Findings, report: Report) -> None:
        """Read all rows again and write those that were found to be right."""
        field = self._settings.field
        write_empty(self._dataset, field, self._seen())
        done = 0
        for piece, keep in zip(self._file.rows(), found.keep, strict=True):
            checked = self._understood.rows(piece)
            rows = np.flatnonzero(keep)
            first, stop = self._of_image[piece.image[rows]], self._of_image[piece.image[rows] + 1]
            rows = np.repeat(rows, stop - first)
            at = np.concatenate([np.arange(a, b) for a, b in zip(first, stop, strict=True)] or [[]])
            add_detections(
                self._dataset,
                field,
                self._found.sample[at.astype(np.int64)],
                [str(checked.labels[row]) for row in rows],
                checked.boxes[rows],
                piece.confidence[rows],
                [checked.scores[row] for row in rows],
                self._file.scores_are,
            )
            done += len(piece)
            report(done / max(found.rows, 1), f"Wrote {done:,} of {found.rows:,} rows")

    def _seen(self) -> npt.NDArray[np.bytes_]:
        """S12, the samples that get a list, which may be empty."""
        if self._settings.unseen != EMPTY:
            return self._found.sample
        others = [sample["id"] for sample in self._matcher.others(np.empty(0, "S12"), 2**62)]
        return pack_ids(others)

    def _refuse(self, found: Findings) -> None:
        path = self._settings.path
        if found.rows and not found.kept and sum(found.skipped.values()):
            first = found.skipped_rows[0]
            raise InputError(
                f"path: no row of '{path}' can be used; {content(first['row'])}: "
                f"{content(first['reason'])}"
            )
        a_box = BYTES_A_BOX + BYTES_A_SCORE * self._understood.length
        most = LARGEST_LIST // a_box
        if len(found.boxes) and found.boxes.max() > most:
            image = self._file.images.keys[int(found.boxes.argmax())]
            raise InputError(
                f"path: '{content(image)}' has {found.boxes.max():,} boxes, and at most {most:,} "
                "of them fit into a sample. Leave out those of the lowest confidence"
            )

    def _finish(self, found: Findings) -> None:
        if self._understood.labels is None:
            return
        found.foreign = self._understood.foreign
        found.unknown = [name for name in self._understood.labels if name not in found.predicted]

    def result(self, found: Findings) -> dict[str, Any]:
        """What became of the file."""
        images, seen = self._file.images, self._seen()
        dropped = len(self._understood.foreign) if self._settings.foreign == "drop" else 0
        without = self._matcher.total - len(seen)
        boxes = found.boxes[self._found.image] if len(found.boxes) else np.zeros(0)
        values = self._file.scores_are if self._understood.length else None
        unmatched = [{"row": "", "key": images.keys[at]} for at in self._found.unmatched[:LISTED]]
        return {
            "path": self._settings.path,
            "field": self._settings.field,
            "preview": self._settings.preview,
            "values": values or ("confidence" if self._understood.has_confidence else "none"),
            "read_as": self._understood.said(),
            "classes": len(self._understood.categories.listed) - dropped,
            **found.result(),
            "written": len(seen),
            "without_objects": len(seen) - int((boxes > 0).sum()),
            "matched_by": dict(self._found.how),
            "unmatched_images": len(self._found.unmatched),
            "unmatched_rows": unmatched,
            "ambiguous_images": [images.keys[at] for at in self._found.ambiguous[:LISTED]],
            "repeated_images": [images.keys[at] for at in self._found.repeated[:LISTED]],
            "without_row": without,
            "samples_without_row": self._matcher.others(np.sort(seen), LISTED) if without else [],
            "compared": None if self._comparison is None else self._comparison.result(),
        }


def _marks(piece: BoxRows) -> npt.NDArray[np.int64]:
    """Equal for rows that say the same of the same image, else different."""
    found = np.empty(len(piece), np.int64)
    for at in range(len(piece)):
        said = (int(piece.image[at]), piece.categories[at], float(piece.confidence[at]))
        text = f"{said}{piece.values[at].tobytes().hex()}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(text, digest_size=8).digest()
        found[at] = int.from_bytes(digest, "big", signed=True)
    return found
