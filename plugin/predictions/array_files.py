"""NumPy array files: their headers looked at before any memory is taken, then mapped."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.lib.format as npy
import numpy.typing as npt

from ..errors import InputError, content


@dataclass(frozen=True)
class ArrayHeader:
    """What an array file says of itself.

    Attributes:
        shape: its shape
        dtype: the type of its numbers or texts
        begins: where its values begin, in bytes
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    begins: int

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Bytes of header and values."""
        return self.begins + prod(self.shape) * self.dtype.itemsize


def read_header(file: IO[bytes], where: str) -> ArrayHeader:
    """The header of an array file that is open at its beginning.

    Raises:
        InputError: if it is none, or holds Python objects
    """
    try:
        version = npy.read_magic(file)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if read is None:
            raise ValueError(f"version {version} of the format is not read")
        shape, _, dtype = read(file)
        begins = file.tell()
    except (
        ValueError,
        TypeError,
        SyntaxError,
        MemoryError,
        RecursionError,
        OverflowError,
    ) as error:
        if "pickle" in str(error) or "object" in str(error).lower():
            raise _objects(where) from None
        raise InputError(f"{where} cannot be read ({content(str(error)[:200])})") from None
    if dtype.hasobject:
        raise _objects(where)
    if any(not isinstance(n, int) or n < 0 for n in shape):
        raise InputError(f"{where} cannot be read (its shape is {content(shape)})")
    return ArrayHeader(shape, dtype, begins)


def mapped(path: Path, where: str) -> npt.NDArray[Any]:
    """The array in a file, mapped from the disk.

    Raises:
        InputError: if it cannot be read, or the file ends before the array does
    """
    try:
        with path.open("rb") as file:
            header = read_header(file, where)
        there = path.stat().st_size
        if header.size > there:
            raise InputError(
                f"{where} cannot be read (its header says shape "
                f"{content(f'{header.shape} and dtype {header.dtype}')}, {header.size:,} bytes, "
                f"and the file has {there:,})"
            )
        if header.size == header.begins:  # an empty array cannot be mapped
            return np.empty(header.shape, header.dtype)
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except InputError:
        raise
    except (OSError, EOFError, ValueError, OverflowError) as error:
        raise InputError(f"{where} cannot be read ({content(error)})") from None


def _objects(where: str) -> InputError:
    return InputError(
        f"{where} holds Python objects, which are not read because that can run code. "
        "Save texts with dtype=str and numbers with a dtype of numbers."
    )
