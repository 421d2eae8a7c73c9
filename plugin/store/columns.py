"""Arrays kept in GridFS: written in chunks, read in slices, immutable once written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import gridfs
import numpy as np
import numpy.typing as npt
from bson import ObjectId
from gridfs.errors import CorruptGridFile, NoFile

from ..errors import InputError
from .database import collection_of, open_database

BUCKET = "deconfuse.columns"
CHUNK_BYTES = 255 * 1024

ColumnRef = dict[str, Any]
"""Where a column is kept: ``{"file": ObjectId, "dtype": str, "shape": [n, ...]}``."""


def _bucket() -> gridfs.GridFSBucket:
    return gridfs.GridFSBucket(open_database(), bucket_name=BUCKET, chunk_size_bytes=CHUNK_BYTES)


def write_column(
    name: str, chunks: Iterable[npt.NDArray[Any]], owner: Mapping[str, Any]
) -> ColumnRef:
    """Write a column from its consecutive parts and say where it is.

    Args:
        name: the column's name, kept with the file for whoever inspects the database
        chunks: arrays of shape ``(n_i, ...)`` that share their dtype and trailing shape;
            at least one, which may be empty
        owner: ``dataset_id``, ``run_key`` and ``iteration_id`` that the column belongs to
    """
    rows, dtype, tail = 0, None, ()
    with _bucket().open_upload_stream(name, metadata=dict(owner)) as stream:
        for chunk in chunks:
            dtype, tail = chunk.dtype, chunk.shape[1:]
            rows += len(chunk)
            stream.write(np.ascontiguousarray(chunk).tobytes())
    if dtype is None:
        raise ValueError(f"column '{name}' has no parts")
    return {"file": stream._id, "dtype": dtype.str, "shape": [rows, *tail]}


def read_column(ref: ColumnRef, start: int = 0, stop: int | None = None) -> npt.NDArray[Any]:
    """Read rows ``start`` to ``stop`` of a column, touching only the chunks that hold them.

    Raises:
        InputError: if the column was deleted, as with its run
    """
    rows, *tail = ref["shape"]
    end: int = rows if stop is None else min(stop, rows)
    dtype = np.dtype(ref["dtype"])
    width = dtype.itemsize * int(np.prod(tail, dtype=np.int64))
    if end <= start or width == 0:
        return np.empty((max(end - start, 0), *tail), dtype)
    try:
        with _bucket().open_download_stream(ref["file"]) as stream:
            stream.seek(start * width)
            data = stream.read((end - start) * width)
    except (NoFile, CorruptGridFile):
        raise InputError(
            "What was to be read was deleted meanwhile, with its run or by a newer computation. "
            "Open the run again."
        ) from None
    return np.frombuffer(data, dtype).reshape(end - start, *tail)


def delete_columns(query: Mapping[str, Any]) -> int:
    """Delete the columns whose owner matches ``query`` and return how many there were."""
    files = collection_of(f"{BUCKET}.files")
    ids: list[ObjectId] = [
        doc["_id"] for doc in files.find({f"metadata.{k}": v for k, v in query.items()}, {"_id": 1})
    ]
    for file_id in ids:
        try:
            _bucket().delete(file_id)
        except NoFile:  # somebody else was quicker
            continue
    return len(ids)
