"""COCO's JSON: a list of results, or a whole file with images, annotations and categories."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, content
from ..json_stream import JsonStream
from ..predictions.rows import number_or_nan
from .categories import as_category, named_categories
from .layout import XYWH
from .rows import BoxRows, FileImages, RowBuilder

LISTS = frozenset(("images", "annotations", "categories"))
CONFIDENCE = ("score", "confidence")
NO_SIZE = (float("nan"), float("nan"))
LOGITS, CLASS_SCORES = "logits", "class_scores"
SCORES = (LOGITS, "scores", "class_scores", "probs", "probabilities", "class_probabilities")
_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")


class CocoBoxes:
    """The boxes of a COCO file.

    Args:
        path: a JSON list of ``{"image_id", "category_id", "bbox", "score"}``, or an object with
            ``images``, ``annotations`` and ``categories``
        listing: for results: a JSON object with the ``images`` and ``categories`` that they name

    Raises:
        InputError: if a file is no such JSON
    """

    layout = XYWH
    first: int | None = None
    said = ""

    def __init__(self, path: Path, listing: Path | None = None):
        self._path = path
        self.images = FileImages()
        self.named: Mapping[int, str] | tuple[str, ...] | None = None
        self.scores_are: str | None = None
        self._place: dict[Any, int] = {}
        self._sizes: list[tuple[float, float]] = []
        self._is_list = self._look(path)
        listed = not self._is_list and self._read_listing(path, "path")
        if listing is not None:
            if listed:
                raise InputError(
                    f"images: it belongs to a list of results; '{path}' lists its images itself"
                )
            listed = self._read_listing(listing, "images")
        self.images.complete = listed
        if not listed:
            self._discover()
        sizes = np.array(self._sizes, np.float64).reshape(len(self._sizes), 2)
        self.images.width, self.images.height = sizes[:, 0], sizes[:, 1]

    def rows(self) -> Iterator[BoxRows]:
        """All rows, a piece at a time."""
        builder = RowBuilder()
        for number, entry in enumerate(self._entries(), start=1):
            self._add(builder, number, entry)
            if builder.is_full:
                yield builder.piece()
        yield builder.piece()

    def where(self, image: int, number: int) -> str:
        """Which entry is meant."""
        return f"{'entry' if self._is_list else 'annotation'} {number}"

    def _add(self, builder: RowBuilder, number: int, entry: Any) -> None:
        if not isinstance(entry, dict):
            builder.add(-1, number, None, None, float("nan"), None, "no JSON object")
            return
        box, values, problem = entry.get("bbox"), None, None
        if isinstance(box, list) and len(box) == 4:
            values = [number_or_nan(value) for value in box]
        else:
            problem = "no bbox of four numbers"
        category = as_category(entry.get("category_id"))
        if category is None:
            category = as_category(entry.get("category_name") or entry.get("category"))
        confidence = next((number_or_nan(entry[k]) for k in CONFIDENCE if k in entry), float("nan"))
        image = self._image_of(entry)
        if image < 0:
            named = entry.get("image_id", entry.get("file_name"))
            problem = f"its image is not listed: {str(named)[:80]!r}"
        scores = self._scores_of(entry)
        builder.add(image, number, values, category, confidence, scores, problem)

    def _scores_of(self, entry: dict[str, Any]) -> list[float] | None:
        called = next((name for name in SCORES if isinstance(entry.get(name), list)), None)
        if called is None:
            return None
        self.scores_are = self.scores_are or (LOGITS if called == LOGITS else CLASS_SCORES)
        return [number_or_nan(score) for score in entry[called]]

    def _image_of(self, entry: dict[str, Any]) -> int:
        for name in ("image_id", "file_name"):
            key = _key(entry.get(name))
            for known in (key, _as_number(key)):
                if known is not None and known in self._place:
                    return self._place[known]
        return -1

    def _look(self, path: Path) -> bool:
        """Whether the file is a list of results."""
        with _opened(path, "path") as stream:
            return stream.is_list

    def _read_listing(self, path: Path, option: str) -> bool:
        """Take images and categories from a file; whether it lists images."""
        listed, categories = False, []
        with _opened(path, option) as stream:
            if stream.is_list:
                raise InputError(
                    f"{option}: '{path}' is a JSON list; expected an object with 'images' and "
                    "'categories'"
                )
            for name, value in stream.items(LISTS):
                if name == "images":
                    listed = True
                    self._list(value, f"{option}: '{path}'")
                elif name == "categories":
                    categories.append(value)
            if not stream.names & LISTS:
                raise InputError(
                    f"{option}: '{path}' is no COCO JSON: it has none of 'images', 'annotations' "
                    "and 'categories'"
                )
        if categories:
            self.named = named_categories(categories, f"{option}: '{path}'")
        return listed

    def _list(self, entry: Any, where: str) -> None:
        """Take one image of the list."""
        number = len(self.images) + 1
        key = _key(entry.get("id")) if isinstance(entry, dict) else None
        if key is None:
            raise InputError(f"{where}: image {number} of 'images' has no id")
        if key in self._place:
            raise InputError(f"{where}: two images have the id {content(repr(key)[:60])}")
        name = _key(entry.get("file_name"))
        sizes = [number_or_nan(entry.get(side)) for side in ("width", "height")]
        wide, high = (size if size > 0 else float("nan") for size in sizes)
        self._take(key, name if isinstance(name, str) else None, (wide, high))

    def _discover(self) -> None:
        """Take the images that the entries name."""
        for entry in self._entries():
            if not isinstance(entry, dict):
                continue
            key, name = _key(entry.get("image_id")), _key(entry.get("file_name"))
            key = name if key is None else key
            if key is not None and key not in self._place:
                self._take(key, name if isinstance(name, str) else None)

    def _take(self, key: int | str, name: str | None, size: tuple[float, float] = NO_SIZE) -> None:
        self._place[key] = len(self.images)
        is_id = isinstance(key, str) and bool(_OBJECT_ID.fullmatch(key))
        path = name if name is not None or is_id or not isinstance(key, str) else key
        self.images.keys.append((name or str(key))[:200])
        self.images.ids.append(str(key) if is_id else None)
        self.images.paths.append(path)
        self.images.numbers.append(key if isinstance(key, int) else None)
        self._sizes.append(size)

    def _entries(self) -> Iterator[Any]:
        with _opened(self._path, "path") as stream:
            if self._is_list:
                yield from stream.elements()
                return
            for name, value in stream.items(LISTS):
                if name == "annotations":
                    yield value


def _key(value: Any) -> int | str | None:
    """An id, or the name of a file, as a file gives it."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _as_number(key: int | str | None) -> int | str | None:
    """A number that is written as a text, or a text that is a number."""
    if isinstance(key, str):
        return int(key) if key.isdecimal() and len(key) < 19 else None
    return None if key is None else str(key)


@contextmanager
def _opened(path: Path, option: str) -> Iterator[JsonStream]:
    """A JSON file, with messages that name it."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield JsonStream(file, constants=True)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{option}: '{path}' cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{option}: '{path}' is no JSON ({content(error)})") from None
