"""Exact copies: digests of files and of pixels, and which of them are equal."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from os.path import isfile

import numpy as np
from numpy.typing import NDArray

from ..progress import Report, silent

_DIGEST = 16  # bytes of BLAKE2b: two different files of 10^9 agree with probability 10^-21
_BLOCK = 1 << 20
_THREADS = 8


def file_stamps(paths: Sequence[str]) -> str:
    """A digest of files' sizes and times of change, without reading them.

    >>> file_stamps([__file__]) == file_stamps([__file__]) != file_stamps(["/no/such/file"])
    True
    """
    digest = hashlib.blake2b(digest_size=_DIGEST)
    for path in paths:
        try:
            found = os.stat(path)
            digest.update(f"{found.st_size} {found.st_mtime_ns} ".encode())
        except OSError:
            digest.update(b"none ")
    return digest.hexdigest()


def file_digests(
    paths: Sequence[str | PathLike[str]], report: Report = silent
) -> list[bytes | None]:
    """A digest of each file's content, several files at a time; None where one cannot be read.

    Args:
        paths: the files, in the order of the answer
        report: told of progress now and then; what it raises ends the work

    >>> file_digests([__file__, "/no/such/file"])[1] is None
    True
    """
    digests: list[bytes | None] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            for digest in pool.map(file_digest, paths):
                digests.append(digest)
                if len(digests) % 1000 == 0:
                    report(len(digests) / len(paths), "Looking for exact copies")
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return digests


def pixel_digests(images: NDArray[np.uint8]) -> list[bytes]:
    """A digest of each image's pixels; files that decode to the same pixels share it.

    >>> one, two, three = pixel_digests(np.array([[[1, 2]], [[1, 2]], [[2, 1]]], dtype=np.uint8))
    >>> one == two, one == three
    (True, False)
    """
    return [
        hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=_DIGEST).digest()
        for image in images
    ]


def first_equal(keys: Sequence[object]) -> NDArray[np.int64]:
    """For each key the index of the first equal one; None equals nothing, not even None.

    >>> first_equal(["a", "b", "a", None, None, "b"]).tolist()
    [0, 1, 0, 3, 4, 1]
    """
    seen: dict[object, int] = {}
    return np.array(
        [i if key is None else seen.setdefault(key, i) for i, key in enumerate(keys)],
        dtype=np.int64,
    )


def file_digest(path: str | PathLike[str]) -> bytes | None:
    """A digest of a file's content; None where it cannot be read, or is a pipe or device.

    >>> file_digest("/dev/zero") is None
    True
    """
    digest = hashlib.blake2b(digest_size=_DIGEST)
    try:
        if not isfile(path):  # opening a pipe waits for a writer, and some devices never end
            return None
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError:
        return None
    return digest.digest()
