"""Types of arrays that many files speak of; what shape they have is said where they are taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer[Any]]
FloatArray = npt.NDArray[np.floating[Any]]
Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]

Labels = IntArray
"""The index of each sample's class, (n,)."""

Vectors = FloatArray
"""One vector a sample, (n, d)."""
