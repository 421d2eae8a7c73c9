"""Arrays as tensors of torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch


def tensor_of(array: npt.NDArray[Any]) -> torch.Tensor:
    """A tensor of the same numbers; it shares the memory where the array may be written to.

    Arrays from the database and from files on disk may not. Torch warns of those, and would write
    into them all the same.

    >>> frozen = np.frombuffer(bytes(4), np.float32)
    >>> tensor_of(frozen).add_(1).tolist(), frozen.tolist()
    ([1.0], [0.0])
    """
    return torch.from_numpy(array if array.flags.writeable else np.array(array))
