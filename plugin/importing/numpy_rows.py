"""Predictions as NumPy arrays: ``.npz`` with all in it, or ``.npy`` with a list of keys."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError, content
from .class_list import checked_classes
from .rows import SCORES, Rows, id_or_path, part_named, rows_a_piece, text_or_none


class NumpyPredictions:
    """Arrays that are mapped from the disk, never unpickled; a context manager.

    Args:
        path: the ``.npz`` or ``.npy`` file
        classes: the class names of the scores; by default the array ``classes`` of the ``.npz``
        keys: for ``.npy``: a text file with one sample id or file path a line, or ``.npy`` of texts

    Raises:
        InputError: if an array is missing, holds Python objects, or does not fit the others
    """

    def __init__(self, path: Path, classes: Sequence[str] | None = None, keys: Path | None = None):
        self._path = path
        self._folder = Path(tempfile.mkdtemp(prefix="deconfuse-"))
        self.kind: str | None = None
        self.classes: tuple[str, ...] | None = tuple(classes) if classes else None
        try:
            arrays = self._arrays(keys)
            self._check(arrays)
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
            return {"scores": self._mapped(self._path), "key": self._keys(keys)}
        found: dict[str, npt.NDArray[Any]] = {}
        try:
            with zipfile.ZipFile(self._path) as archive:
                for name in archive.namelist():
                    part = "classes" if name == "classes.npy" else part_named(name[:-4])
                    if not name.endswith(".npy") or part is None:
                        continue
                    if part in found:
                        raise InputError(f"path: '{self._path}' has two arrays for the {part}")
                    target = self._folder / f"{part}.npy"
                    with archive.open(name) as source, target.open("wb") as copy:
                        shutil.copyfileobj(source, copy)
                    found[part] = self._mapped(target, name)
        except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
            raise InputError(f"path: '{self._path}' is no .npz file ({content(error)})") from error
        return found

    def _mapped(self, path: Path, name: str = "") -> npt.NDArray[Any]:
        where = f"path: '{self._path}'" + (f", array '{name[:-4]}'" if name else "")
        try:
            return np.load(path, mmap_mode="r", allow_pickle=False)
        except ValueError as error:
            if "pickle" in str(error) or "object" in str(error).lower():
                raise InputError(
                    f"{where} holds Python objects, which are not read because that can run code. "
                    "Save texts with dtype=str and numbers with a dtype of numbers."
                ) from None
            try:  # an empty array cannot be mapped
                return np.load(path, allow_pickle=False)
            except ValueError:
                raise InputError(f"{where} cannot be read ({content(error)})") from error
        except (OSError, EOFError) as error:
            raise InputError(f"{where} cannot be read ({content(error)})") from error

    def _keys(self, path: Path) -> npt.NDArray[Any]:
        if not path.is_file():  # a pipe would be waited for
            raise InputError(f"keys: there is no file '{path}'")
        if path.suffix == ".npy":
            return self._mapped(path)
        try:
            lines = path.read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"keys: '{path}' cannot be read ({content(error)})") from error
        while lines and not lines[-1].strip():
            lines.pop()
        return np.array(lines, str)

    def _check(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
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
        self._count = len(named[0]) if named[0].ndim else 0
        for part, array in arrays.items():
            wanted = 2 if part in SCORES else 1
            kinds = "US" if part in ("id", "path", "key", "classes") else "USfiub"
            if array.ndim != wanted or array.dtype.kind not in kinds:
                raise InputError(
                    f"path: '{self._path}': '{part}' has shape {array.shape} and dtype "
                    f"{array.dtype}; expected {wanted} dimension{'s' if wanted > 1 else ''} of "
                    f"{'texts' if kinds == 'US' else 'numbers or texts'}"
                )
            if part != "classes" and len(array) != self._count:
                raise InputError(
                    f"path: '{self._path}': '{part}' has {len(array)} rows, but {self._count} "
                    "samples are named"
                )
        self._scored = given[0] if given else None
        if self._scored:
            self.kind = None if self._scored == "scores" else self._scored
            self._check_classes(arrays)
        else:
            self.classes = None

    def _check_classes(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        matrix = arrays[self._scored or "scores"]
        if matrix.dtype.kind not in "fiub":
            raise InputError(f"path: '{self._path}': the scores are {matrix.dtype}, not numbers")
        if self.classes is None and "classes" in arrays:
            names = _texts(arrays["classes"])
            self.classes = checked_classes([n or "" for n in names], f"path: '{self._path}'")
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
        return found


def _texts(array: npt.NDArray[Any]) -> list[str | None]:
    values = array.tolist()
    if array.dtype.kind == "S":
        values = [value.decode("utf-8", "replace") for value in values]
    return [text_or_none(value) for value in values]
