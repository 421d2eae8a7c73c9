"""Predictions as NumPy arrays: ``.npz`` with all in it, or ``.npy`` with a list of keys."""

from __future__ import annotations

import lzma
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError, content
from ..scratch import scratch_folder
from .array_files import ArrayHeader, mapped, read_header
from .class_list import checked_classes
from .class_numbers import settled_classes
from .limits import LONGEST_TEXT, Expected
from .rows import SCORES, Rows, id_or_path, part_named, rows_a_piece, text_or_none

TEXT_BYTES = {"U": 4, "S": 1}
_BAD_ARCHIVES = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,  # encrypted
    zlib.error,
    lzma.LZMAError,
    struct.error,
)
ROOM_LEFT = 256 * 1024 * 1024
"""Disk space that unpacking leaves free."""


class NumpyPredictions:
    """Arrays that are mapped from the disk, never unpickled; a context manager.

    Args:
        path: the ``.npz`` or ``.npy`` file
        expected: what the dataset lets expect of it
        classes: the class names of the scores, by default the array ``classes`` of the ``.npz``;
            without scores: the classes that the labels may be numbers of
        keys: for ``.npy``: a text file with one sample id or file path a line, or ``.npy`` of texts

    Raises:
        InputError: if an array is missing, holds Python objects, or does not fit the others
    """

    def __init__(
        self,
        path: Path,
        expected: Expected,
        classes: Sequence[str] | None = None,
        keys: Path | None = None,
    ):
        self._path, self._expected = path, expected
        self.names: tuple[str, ...] | None = None
        self._folder = scratch_folder("arrays")
        self.kind: str | None = None
        self.classes: tuple[str, ...] | None = tuple(classes) if classes else None
        try:
            arrays = self._arrays(keys)
            self._check(arrays)
            self._settle(arrays)
        except BaseException:
            self.close()
            raise
        self._parts = arrays

    def __enter__(self) -> NumpyPredictions:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was unpacked."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def rows(self) -> Iterator[Rows]:
        """All rows, a piece at a time."""
        size = rows_a_piece(len(self.classes or ()))
        for start in range(0, self._count, size):
            yield self._piece(start, min(start + size, self._count))

    def _arrays(self, keys: Path | None) -> dict[str, npt.NDArray[Any]]:
        if self._path.suffix == ".npy":
            if keys is None:
                raise InputError(
                    f"keys: '{self._path}' does not say which sample a row is about. Name a file "
                    "with one sample id or file path a line, or put all into one .npz."
                )
            scores = self._mapped(self._path)
            return {"scores": scores, "key": self._keys(keys, len(scores) if scores.ndim else 0)}
        try:
            with zipfile.ZipFile(self._path) as archive:
                return self._unpacked(archive)
        except _BAD_ARCHIVES as error:
            raise InputError(f"path: '{self._path}' is no .npz file ({content(error)})") from error

    def _unpacked(self, archive: zipfile.ZipFile) -> dict[str, npt.NDArray[Any]]:
        """The arrays that matter, once their headers were found to fit the samples."""
        members: dict[str, zipfile.ZipInfo] = {}
        headers: dict[str, ArrayHeader] = {}
        for info in archive.infolist():
            name = info.filename
            part = "classes" if name == "classes.npy" else part_named(name[:-4])
            if not name.endswith(".npy") or part is None:
                continue
            if part in members:
                raise InputError(f"path: '{self._path}' has two arrays for the {part}")
            with archive.open(info) as source:
                headers[part] = read_header(source, self._where(name))
            if headers[part].size != info.file_size:
                raise InputError(
                    f"{self._where(name)} cannot be read (its header says shape "
                    f"{headers[part].shape}, and it has {info.file_size:,} bytes)"
                )
            members[part] = info
        self._check(headers)
        self._check_room(list(members.values()))
        for part, info in members.items():
            with archive.open(info) as source, (self._folder / f"{part}.npy").open("wb") as copy:
                shutil.copyfileobj(source, copy, 1024 * 1024)
        return {
            part: self._mapped(self._folder / f"{part}.npy", info.filename)
            for part, info in members.items()
        }

    def _check_room(self, members: Sequence[zipfile.ZipInfo]) -> None:
        packed = sum(info.compress_size for info in members)
        unpacked = sum(info.file_size for info in members)
        where = f"path: '{self._path}'"
        self._expected.check_unpacked(packed, unpacked, self._count, where)
        room = shutil.disk_usage(self._folder).free - ROOM_LEFT
        if unpacked > room:
            raise InputError(
                f"{where} unpacks to {unpacked:,} bytes, and the folder for temporary files has "
                f"room for {max(room, 0):,}"
            )

    def _where(self, name: str = "") -> str:
        return f"path: '{self._path}'" + (f", array '{name[:-4]}'" if name else "")

    def _mapped(self, path: Path, name: str = "") -> npt.NDArray[Any]:
        return mapped(path, self._where(name))

    def _keys(self, path: Path, rows: int) -> npt.NDArray[Any]:
        try:
            if not path.is_file():
                raise InputError(f"keys: there is no file '{path}'")
            if path.suffix == ".npy":
                return mapped(path, f"keys: '{path}'")
            size, most = path.stat().st_size, (rows + 1_000) * LONGEST_TEXT
            if size > most:
                raise InputError(f"keys: '{path}' has {size:,} bytes, too many for {rows:,} rows")
            lines = path.read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"keys: '{path}' cannot be read ({content(error)})") from error
        while lines and not lines[-1].strip():
            lines.pop()
        keys = np.empty(len(lines), object)  # an array of texts is as wide as the longest
        keys[:] = lines
        return keys

    def _check(self, arrays: Mapping[str, ArrayHeader | npt.NDArray[Any]]) -> None:
        """InputError where arrays are missing, or do not fit together or the samples."""
        there = f"(its arrays: {content(', '.join(arrays) or 'none')})"
        named = [arrays[part] for part in ("id", "path", "key") if part in arrays]
        if not named:
            raise InputError(f"path: '{self._path}' needs an array 'ids' or 'filepaths' {there}")
        given = [part for part in SCORES if part in arrays]
        if len(given) > 1:
            raise InputError(f"path: '{self._path}' has {given[0]} and {given[1]}; keep one")
        if not given and not {"label", "confidence"} <= set(arrays):
            raise InputError(
                f"path: '{self._path}' needs 'logits' or 'probabilities', or 'labels' and "
                f"'confidences' {there}"
            )
        self._count = named[0].shape[0] if named[0].ndim else 0
        for part, array in arrays.items():
            wanted = 2 if part in SCORES else 1
            kinds = {"id": "US", "path": "US", "key": "USO", "classes": "USiu"}.get(part, "USfiub")
            if array.ndim != wanted or array.dtype.kind not in kinds:
                raise InputError(
                    f"path: '{self._path}': '{part}' has shape {array.shape} and dtype "
                    f"{array.dtype}; expected {wanted} dimension{'s' if wanted > 1 else ''} of "
                    f"{'texts' if kinds in ('US', 'USO') else 'numbers or texts'}"
                )
            if part != "classes" and array.shape[0] != self._count:
                raise InputError(
                    f"path: '{self._path}': '{part}' has {array.shape[0]} rows, but {self._count} "
                    "samples are named"
                )
            width = array.dtype.itemsize // TEXT_BYTES.get(array.dtype.kind, array.dtype.itemsize)
            if width > LONGEST_TEXT:
                raise InputError(
                    f"path: '{self._path}': the texts of '{part}' have {width:,} characters, "
                    f"expected at most {LONGEST_TEXT:,}"
                )
            columns = array.shape[-1] if part in (*SCORES, "classes") else 0
            self._expected.check_classes(columns, f"path: '{self._path}'")
        self._scored = given[0] if given else None

    def _settle(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """What the scores are, and of which classes; without scores, what the labels may be."""
        if self._scored:
            self.kind = None if self._scored == "scores" else self._scored
            self._check_classes(arrays)
        else:
            self.names, self.classes = self.classes, None

    def _check_classes(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        matrix = arrays[self._scored or "scores"]
        if matrix.dtype.kind not in "fiub":
            raise InputError(f"path: '{self._path}': the scores are {matrix.dtype}, not numbers")
        if "classes" in arrays:
            names = [n or "" for n in _texts(arrays["classes"])]
            stated = checked_classes(names, f"path: '{self._path}'")
            self.classes = settled_classes(stated, self.classes, f"'{self._path}'")
        if self.classes is None:
            raise InputError(
                f"classes: name the {matrix.shape[1]} classes behind the columns of "
                f"'{self._path}', in their order"
            )
        if len(self.classes) != matrix.shape[1]:
            raise InputError(
                f"classes: {len(self.classes)} names, but '{self._path}' has {matrix.shape[1]} "
                "columns of scores"
            )

    def _piece(self, start: int, stop: int) -> Rows:
        n = stop - start

        def texts(part: str) -> list[str | None]:
            array = self._parts.get(part)
            return [None] * n if array is None else _texts(array[start:stop])

        ids, paths = texts("id"), texts("path")
        if "key" in self._parts:
            both = [id_or_path(key or "") for key in texts("key")]
            ids, paths = [i for i, _ in both], [p for _, p in both]
        found = Rows(
            first=start + 1,
            ids=ids,
            paths=paths,
            labels=texts("label"),
            confidence=np.full(n, np.nan),
            scores=None,
            problems=[None] * n,
        )
        if "confidence" in self._parts:
            try:
                found.confidence = self._parts["confidence"][start:stop].astype(np.float64)
            except ValueError as error:
                raise InputError(f"path: '{self._path}': confidences: {content(error)}") from error
        if self._scored:
            found.scores = self._parts[self._scored][start:stop].astype(np.float64)
        found.note_texts()
        return found


def _texts(array: npt.NDArray[Any]) -> list[str | None]:
    values = array.tolist()
    if array.dtype.kind == "S":
        values = [value.decode("utf-8", "replace") for value in values]
    return [text_or_none(value) for value in values]
