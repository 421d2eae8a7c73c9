"""cleanlab beside our own scores: its label quality and its filter, in bounded memory.

Northcutt, Jiang, Chuang: Confident Learning (2021). All is computed by cleanlab's own functions, a
group of classes at a time: its thresholds, the rows of its confident joint and its pruning each
look at the samples of one label only, so that the result is that on the whole matrix.
"""

from __future__ import annotations

import importlib.util
import shutil
import warnings
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import Int64Array
from ..errors import InputError
from ..progress import Report, silent
from ..scratch import scratch_folder

BYTES_AT_ONCE = 64 * 1024 * 1024
INSTALL = "pip install 'cleanlab>=2.6.4,<3'"

Probabilities = npt.NDArray[np.float32]


def check_installed() -> None:
    """Raise InputError where cleanlab is missing."""
    if importlib.util.find_spec("cleanlab") is None:
        raise InputError(
            f"cleanlab: the Python package cleanlab is not installed. Install it ({INSTALL}), or "
            "leave the option out."
        )


class ConfidentLearning:
    """Collects probabilities on disk and gives them to cleanlab.

    Use it as a context manager: leaving it removes the file.

    Args:
        classes: number of classes
        bytes_at_once: memory for the probabilities of a group of classes; a class that needs more
            is taken alone
    """

    def __init__(self, classes: int, bytes_at_once: int = BYTES_AT_ONCE):
        check_installed()
        self._classes = classes
        self._at_once = bytes_at_once
        self._folder = scratch_folder("probabilities")
        self._file = (self._folder / "probabilities").open("wb")
        self._labels: list[Int64Array] = []

    def __enter__(self) -> ConfidentLearning:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # a full disk, which has been raised already
            self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def append(self, probabilities: npt.NDArray[np.floating[Any]], label: Int64Array) -> None:
        """Add samples.

        Args:
            probabilities: (n, C)
            label: int (n,)
        """
        self._file.write(np.ascontiguousarray(probabilities, np.float32).tobytes())
        self._labels.append(np.asarray(label, np.int64))

    def results(
        self, report: Report = silent
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """What cleanlab says of the samples, in the order in which they were added.

        Args:
            report: told how far it is

        Returns:
            label quality, float32 (n,), as ``cleanlab.rank.get_label_quality_scores`` gives it, and
            whether ``cleanlab.filter.find_label_issues`` reports the sample, bool (n,)
        """
        from cleanlab.count import calibrate_confident_joint

        self._file.flush()
        label = np.concatenate(self._labels)
        quality = np.empty(len(label), np.float32)
        issue = np.zeros(len(label), bool)
        with warnings.catch_warnings():
            # It warns of every class that is not in a group.
            warnings.filterwarnings("ignore", message="May not flag all label issues")
            thresholds = self._thresholds(label)
            report(0.2, "cleanlab: counting")
            joint = calibrate_confident_joint(self._joint(label, thresholds), label)
            report(0.5, "cleanlab: finding issues")
            for rows in self._groups(label):
                part = self._read(rows)
                quality[rows], issue[rows] = _judge(label[rows], part, joint)
        return quality, issue

    def _groups(self, label: Int64Array) -> Iterator[npt.NDArray[np.int64]]:
        """The rows of several classes at a time."""
        rows_at_once = max(self._at_once // (4 * self._classes), 1)
        counts = np.bincount(label, minlength=self._classes)
        first = 0
        while first < self._classes:
            last, rows = first, 0
            while last < self._classes and (last == first or rows + counts[last] <= rows_at_once):
                rows += counts[last]
                last += 1
            if rows:
                yield np.flatnonzero((label >= first) & (label < last))
            first = last

    def _read(self, rows: npt.NDArray[np.int64]) -> Probabilities:
        """The probabilities of some rows, ascending; consecutive ones are read at once."""
        out: Any = np.empty((len(rows), self._classes), np.float32)
        starts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
        stops = np.append(starts[1:], len(rows))
        with (self._folder / "probabilities").open("rb") as file:
            for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
                file.seek(int(rows[start]) * out.strides[0])
                file.readinto(out[start:stop])
        return out

    def _thresholds(self, label: Int64Array) -> npt.NDArray[np.floating[Any]]:
        """The mean probability of each class's label among the samples that have it."""
        from cleanlab.count import get_confident_thresholds

        found = np.empty(self._classes)
        present = np.zeros(self._classes, bool)
        for rows in self._groups(label):
            here = np.unique(label[rows])
            found[here] = get_confident_thresholds(label[rows], self._read(rows))[here]
            present[here] = True
        if present.all():
            return found.astype(np.float32)  # as cleanlab compares them
        found[~present] = 2.0  # cleanlab's own: no probability reaches it
        return found

    def _joint(
        self, label: Int64Array, thresholds: npt.NDArray[np.floating[Any]]
    ) -> npt.NDArray[np.int64]:
        """The confident joint (C, C), not calibrated."""
        from cleanlab.count import compute_confident_joint

        # At least one, and in this memory layout, as cleanlab has it: rounding follows the order in
        # which the joint is summed.
        joint = np.eye(self._classes, dtype=np.int64, order="F")
        for rows in self._groups(label):
            part = compute_confident_joint(
                label[rows], self._read(rows), thresholds=thresholds, calibrate=False
            )
            here = np.unique(label[rows])
            joint[here] = part[here]
        return joint


def _judge(
    label: Int64Array, probabilities: Probabilities, joint: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Quality and issues of the samples of some classes, given the joint of all.

    cleanlab wants two classes at least: one alone gets a sample of another beside it, which changes
    nothing for it.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    n, classes = probabilities.shape
    if (label == label[0]).all():
        label = np.append(label, (label[0] + 1) % classes)
        even = np.full((1, classes), 1 / classes, np.float32)
        probabilities = np.concatenate([probabilities, even])
    quality = get_label_quality_scores(label, probabilities)[:n]
    issue = find_label_issues(label, probabilities, confident_joint=joint, n_jobs=1)[:n]
    return quality.astype(np.float32), issue
