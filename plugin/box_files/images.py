"""Which samples the images of a file are, and how large those images are."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import ObjectId
from PIL import Image

from ..images.decode import UnreadableImageError, readable
from ..predictions.matching import SampleMatcher
from ..predictions.rows import Rows
from ..store.declared import declared_fields
from ..store.iterations import pack_ids, unpack_ids
from ..store.raw_documents import read_documents
from ..store.sample_collection import root_dataset
from ..store.samples import Collection, samples_of
from .rows import FileImages

IMAGES_A_PIECE = 5_000
COCO_ID = "coco_id"
"""The field in which FiftyOne keeps the image numbers of a COCO file that it imported."""
MOST_OF_A_NAME = 1_000
ORIENTATION = 0x0112
TURNED = (5, 6, 7, 8)

Packed = npt.NDArray[np.bytes_]


@dataclass
class Found:
    """Which samples the images of a file are.

    Attributes:
        image: int64 (k,), the place of an image in the file; one may be several samples
        sample: S12 (k,), a sample that it is
        how: how many images were found by each way
        unmatched: places of images that no sample is
        ambiguous: places of images whose name several samples with other files have
        repeated: places of images that are a sample which an earlier one is
    """

    image: npt.NDArray[np.int64]
    sample: Packed
    how: Counter[str] = field(default_factory=Counter)
    unmatched: list[int] = field(default_factory=list)
    ambiguous: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)


def find_images(
    samples: Collection, images: FileImages, matcher: SampleMatcher, match: str
) -> Found:
    """The samples that images of a file are: by id, else by path, else by file name.

    Args:
        samples: the dataset or view
        images: those of the file
        matcher: finds samples by id and path, as ``match`` says
        match: which ways are tried
    """
    pairs: dict[int, list[bytes]] = {}
    how: Counter[str] = Counter()
    if match != "filename":
        for start in range(0, len(images), IMAGES_A_PIECE):
            rows = _as_rows(images, start, min(start + IMAGES_A_PIECE, len(images)))
            found = matcher.find(rows)
            for at, sample in zip(found.rows.tolist(), found.ids.tolist(), strict=True):
                pairs.setdefault(start + at, []).append(bytes(sample).ljust(12, b"\0"))
        how["id or path"] = len(pairs)
    ambiguous: list[int] = []
    if match in ("auto", "filename"):
        left = [at for at in range(len(images)) if at not in pairs]
        named = _by_number(samples, images, left) if match == "auto" else {}
        how[COCO_ID] = len(named)
        pairs |= named
        left = [at for at in left if at not in pairs]
        if left:
            by_name, ambiguous = _NameIndex(samples).find(images, left)
            how["file name"] = len(by_name)
            pairs |= by_name
    return _without_repeated(len(images), pairs, how, ambiguous)


def _without_repeated(
    count: int, pairs: dict[int, list[bytes]], how: Counter[str], ambiguous: list[int]
) -> Found:
    taken: set[bytes] = set()
    image: list[int] = []
    sample: list[bytes] = []
    found = Found(np.empty(0, np.int64), np.empty(0, "S12"), +how, ambiguous=ambiguous)
    unclear = set(ambiguous)
    for at in range(count):
        if at not in pairs:
            if at not in unclear:
                found.unmatched.append(at)
            continue
        new = [one for one in pairs[at] if one not in taken]
        if not new:
            found.repeated.append(at)
        taken.update(new)
        image += [at] * len(new)
        sample += new
    found.image, found.sample = np.array(image, np.int64), np.array(sample, "S12")
    return found


def _as_rows(images: FileImages, start: int, stop: int) -> Rows:
    n = stop - start
    paths = [None if p is None else p.replace("\\", "/") for p in images.paths[start:stop]]
    return Rows(
        start, images.ids[start:stop], paths, [None] * n, np.full(n, np.nan), None, [None] * n
    )


def _by_number(
    samples: Collection, images: FileImages, left: Sequence[int]
) -> dict[int, list[bytes]]:
    """Images that the dataset knows by their number, where nothing else is known of them."""
    if images.complete and any(path is not None for path in images.paths):
        return {}
    dataset = root_dataset(samples)
    wanted = {images.numbers[at]: at for at in left if images.numbers[at] is not None}
    if not wanted or COCO_ID not in declared_fields(dataset):
        return {}
    found: dict[int, list[bytes]] = {}
    for documents in read_documents(samples, [COCO_ID]):
        for document in documents:
            at = wanted.get(document.get(COCO_ID))
            if at is not None:
                found.setdefault(at, []).append(document["_id"].binary)
    return found


class _NameIndex:
    """Finds samples by the names of their files: 20 bytes a sample are held, and no name."""

    def __init__(self, samples: Collection):
        self._collection = samples_of(root_dataset(samples))
        hashes: list[int] = []
        ids: list[str] = []
        for documents in read_documents(samples, ["filepath"]):
            hashes += [_hash(_stem(d["filepath"])) for d in documents]
            ids += [str(d["_id"]) for d in documents]
        order = np.argsort(np.array(hashes, np.int64), kind="stable")
        self._hash = np.array(hashes, np.int64)[order]
        self._ids = pack_ids(ids)[order]

    def find(
        self, images: FileImages, wanted: Sequence[int]
    ) -> tuple[dict[int, list[bytes]], list[int]]:
        """By place: the samples of an image; and the places of images that may be several."""
        found: dict[int, list[bytes]] = {}
        ambiguous: list[int] = []
        for start in range(0, len(wanted), IMAGES_A_PIECE):
            part = wanted[start : start + IMAGES_A_PIECE]
            candidates = {at: self._candidates(_stems(images, at)) for at in part}
            paths = self._paths([i for ids in candidates.values() for i in ids])
            for at, ids in candidates.items():
                here = {i: paths[i] for i in ids if i in paths}
                chosen = _chosen(images, at, here)
                if len({here[i] for i in chosen}) > 1:
                    ambiguous.append(at)
                elif chosen:
                    found[at] = [i.binary for i in chosen]
        return found, ambiguous

    def _candidates(self, stems: set[str]) -> list[ObjectId]:
        found: list[ObjectId] = []
        for stem in stems:
            key = _hash(stem)
            low, high = np.searchsorted(self._hash, [key, key + 1])
            some = self._ids[low : min(high, low + MOST_OF_A_NAME)]
            found += [ObjectId(i) for i in unpack_ids(some)]
        return found

    def _paths(self, ids: Sequence[ObjectId]) -> dict[ObjectId, str]:
        query: Any = {"_id": {"$in": list(dict.fromkeys(ids))}}
        return {d["_id"]: d["filepath"] for d in self._collection.find(query, {"filepath": 1})}


def _name_of(images: FileImages, at: int) -> str:
    path = images.paths[at]
    return str(images.numbers[at]) if path is None else path.replace("\\", "/")


def _stems(images: FileImages, at: int) -> set[str]:
    """Under which stems the samples of an image are looked for."""
    name = _name_of(images, at)
    return {_stem(name), _plain(PurePosixPath(name).name)} if images.bare else {_stem(name)}


def _stem(path: str) -> str:
    """The name of a file without ending; numbers without zeros before them."""
    name = PurePosixPath(path.replace("\\", "/")).name
    stem = name.rpartition(".")[0] or name
    return _plain(stem)


def _plain(stem: str) -> str:
    return (stem.lstrip("0") or "0") if stem.isdecimal() else stem


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 2


def _chosen(images: FileImages, at: int, paths: dict[ObjectId, str]) -> list[ObjectId]:
    """Those samples whose path agrees best with the name of an image, from its end."""
    name = _name_of(images, at)
    by_number = images.paths[at] is None
    parts = PurePosixPath(name).parts
    best: tuple[int, int] = (0, 0)
    chosen: list[ObjectId] = []
    for identity, path in paths.items():
        other = PurePosixPath(path.replace("\\", "/")).parts
        if not other or not parts:
            continue
        whole = parts[-1] == other[-1]
        stem = other[-1].rpartition(".")[0] or other[-1]
        same = whole or parts[-1] == stem
        same = same or (not images.bare and parts[-1].rpartition(".")[0] == stem)
        if not same and not (by_number and stem.isdecimal() and int(stem) == int(name)):
            continue
        alike = 0
        for one, another in zip(parts[-2::-1], other[-2::-1], strict=False):
            if one != another:
                break
            alike += 1
        rank = (1 + int(whole), alike)
        if rank > best:
            best, chosen = rank, []
        if rank == best:
            chosen.append(identity)
    return chosen


def fill_sizes(samples: Collection, images: FileImages, found: Found) -> int:
    """Take the sizes that a file does not have from the samples, or from their images.

    Returns:
        of how many images the size is not known
    """
    lacking = np.isnan(images.width[found.image]) | np.isnan(images.height[found.image])
    collection = samples_of(root_dataset(samples))
    wanted = {
        ObjectId(i): int(at)
        for i, at in zip(unpack_ids(found.sample[lacking]), found.image[lacking], strict=True)
    }
    parts = {"filepath": 1, "metadata.width": 1, "metadata.height": 1}
    ids = list(wanted)
    unknown: set[int] = set()
    for start in range(0, len(ids), IMAGES_A_PIECE):
        query = {"_id": {"$in": ids[start : start + IMAGES_A_PIECE]}}
        for document in collection.find(query, parts):
            size = _size_of(document)
            at = wanted[document["_id"]]
            if size is None:
                unknown.add(at)
            else:
                images.width[at], images.height[at] = size
    return len(unknown)


def _size_of(document: dict[str, Any]) -> tuple[float, float] | None:
    kept = document.get("metadata") or {}
    width, height = kept.get("width"), kept.get("height")
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return width, height
    path = document["filepath"]
    try:
        with readable(path), Image.open(path) as image:
            wide, high = image.size
            turned = image.getexif().get(ORIENTATION) in TURNED
            return (high, wide) if turned else (wide, high)
    except UnreadableImageError:
        return None
