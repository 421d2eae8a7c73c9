"""Items image by image: which lie on each, most suspicious first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class ImageTable:
    """The items of n rows by the m images that they lie on.

    Attributes:
        image: int64 (n,), the image of each row
        order: int64 (n,), rows by image, on each the most suspicious first
        start: int64 (m + 1,), where each image begins in ``order``
    """

    image: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]

    @property
    def head(self) -> npt.NDArray[np.int64]:
        """The most suspicious row of each image, by which it is named: int64 (m,)."""
        return self.order[self.start[:-1]]

    def rows(self, image: int) -> npt.NDArray[np.int64]:
        """The rows of an image, most suspicious first."""
        return self.order[self.start[image] : self.start[image + 1]]

    def in_order(self, rows: IntArray) -> npt.NDArray[np.int64]:
        """The images of some rows, each once, in the order in which they come first."""
        images, first = np.unique(self.image[rows], return_index=True)
        return images[np.argsort(first, kind="stable")]

    def any_of(self, rows: BoolArray) -> npt.NDArray[np.bool_]:
        """Whether each image has one of the rows of a mask: bool (m,)."""
        return np.bincount(self.image[rows], minlength=len(self.start) - 1) > 0


def image_table(sample_id: npt.NDArray[np.bytes_], suspicion: FloatArray) -> ImageTable:
    """Gather items by image.

    Args:
        sample_id: S12 (n,), the image of each item
        suspicion: float (n,)

    Example:
        >>> ids = np.array([b"b", b"a", b"b"])
        >>> table = image_table(ids, np.array([0.5, 1.0, 2.0]))
        >>> table.head.tolist(), table.rows(1).tolist(), table.in_order(np.arange(3)).tolist()
        ([1, 2], [2, 0], [1, 0])
    """
    images, image = np.unique(sample_id, return_inverse=True)
    image = image.reshape(-1).astype(np.int64)
    order = np.lexsort((-np.asarray(suspicion, np.float64), image)).astype(np.int64)
    start = np.searchsorted(image[order], np.arange(len(images) + 1)).astype(np.int64)
    return ImageTable(image, order, start)
