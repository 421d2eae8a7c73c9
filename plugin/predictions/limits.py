"""How large a file of predictions may be, measured by what the dataset lets expect."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InputError

CLASSES_ANYWAY = 30_000
ROWS_ANYWAY = 2_000_000
UNPACKED_ANYWAY = 256 * 1024 * 1024
TIMES_EXPECTED = 20
STORED_RATIO = 50
"""Arrays that were packed to less than this part are as large as their file lets expect."""

LONGEST_TEXT = 10_000
LONGEST_NAME = 1_000
ALL_NAMES = 4 * 1024 * 1024
LONGEST_ROW = 8 * 1024 * 1024


@dataclass(frozen=True)
class Expected:
    """What a dataset lets expect of a file.

    Attributes:
        samples: how many samples may receive a prediction
        labels: how many classes the labels have, 0 if they are not known
    """

    samples: int
    labels: int = 0

    @property
    def most_classes(self) -> int:
        """How many classes a file may name."""
        return max(CLASSES_ANYWAY, TIMES_EXPECTED * self.labels)

    @property
    def most_rows(self) -> int:
        """How many rows a packed file may have."""
        return max(ROWS_ANYWAY, TIMES_EXPECTED * self.samples)

    def check_classes(self, count: int, where: str) -> None:
        """InputError if a file has more classes than can be meant."""
        if count > self.most_classes:
            known = f" for the {self.labels:,} classes of the labels" if self.labels else ""
            raise InputError(
                f"{where}: has {count:,} classes or columns of scores, and at most "
                f"{self.most_classes:,} are read{known}. If all are meant, list them in classes"
            )

    def check_unpacked(self, packed: int, unpacked: int, rows: int, where: str) -> None:
        """InputError if unpacking takes far more room than the samples let expect."""
        if rows > self.most_rows:
            raise InputError(
                f"{where}: has {rows:,} rows, and at most {self.most_rows:,} are unpacked for "
                f"{self.samples:,} samples"
            )
        meant = UNPACKED_ANYWAY + TIMES_EXPECTED * self.samples * (unpacked // max(rows, 1))
        if unpacked > max(meant, STORED_RATIO * packed):
            raise InputError(
                f"{where}: unpacks from {packed:,} to {unpacked:,} bytes, far more than "
                f"predictions for {self.samples:,} samples need. Store it unpacked "
                "(numpy.savez) if it is meant"
            )


def text_problem(text: str, longest: int) -> str | None:
    """Why a text cannot be kept, if so.

    Example:
        >>> text_problem("cat", 10), text_problem("x" * 11, 10)
        (None, 'longer than 10 characters')
    """
    if len(text) > longest:
        return f"longer than {longest:,} characters"
    try:
        text.encode().decode()  # and back: NumPy's texts may hold numbers beyond all characters
    except UnicodeError:
        return "no valid Unicode text"
    return None
