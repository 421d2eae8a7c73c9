"""Features of image files by a pretrained network: computed once for each content, kept on disk."""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from ..disk_cache import DiskCache, cache_folder
from ..errors import InputError
from ..images.decode import UnreadableImageError, decode_image
from ..images.decoded_crop import decode_crop
from ..images.deep import Windows
from ..images.digests import file_digest
from ..learning.networks import Network
from ..progress import Report
from ..tensors import tensor_of
from ..torch_threads import lanes

GIGABYTES = 4.0
"""Of features that are kept: 1.6 million images of 1,280 features."""
SIZE_VARIABLE = "DECONFUSE_FEATURES_GB"
ON_CPU, ON_GPU, OPAQUE = 8, 128, 32
"""Images a pass: few, so that a core's cache holds what lies between two layers."""
AT_ONCE = 512
"""Images that are looked up at once."""
KEPT_AT_ONCE = 64
"""So many at most are computed again where the process is killed."""
POLL_SECONDS = 0.5

Features = npt.NDArray[np.float32]


def feature_cache() -> DiskCache:
    """The cache that all datasets of this user share.

    Raises:
        InputError: if DECONFUSE_FEATURES_GB is no number from 0
    """
    folder = cache_folder()
    largest = int(_gigabytes() * (1 << 30))
    return DiskCache(None if folder is None else folder / "features", largest, "Features")


def _gigabytes() -> float:
    given = os.environ.get(SIZE_VARIABLE, "").strip()
    try:
        found = float(given or GIGABYTES)
    except ValueError:
        found = -1.0
    if not 0 <= found < 1e6:
        raise InputError(f"{SIZE_VARIABLE}: expected gigabytes, a number from 0, got '{given}'")
    return found


def network_features(
    paths: Sequence[str],
    network: Network,
    device: torch.device,
    folder: Path,
    report: Report,
    *,
    boxes: npt.NDArray[np.float64] | None = None,
    windows: Windows | None = None,
    cache: DiskCache | None = None,
    elsewhere: Elsewhere | None = None,
) -> tuple[Features, dict[int, str]]:
    """The features of image files, or of boxes in them with what is around each.

    They are the same to the last bit whether they are computed or kept, and whatever images are
    computed with them: each is rounded to half precision, and each pass has one number of images.

    Args:
        paths: the files, n
        network: what computes them
        device: where to compute
        folder: where they are written, so that memory does not grow with them
        report: told how far it is, at least twice a second; where it raises, what was computed so
            far is kept for the next time
        boxes: float64 (n, 4), of each file, which may be there as often as it has boxes: x, y,
            width and height relative to the image; None: whole images
        windows: of the deep pictures among them (``images/windows.py``)
        cache: where they are kept; None: this user's
        elsewhere: workers that compute what is not kept; None: this process

    Returns:
        float32 (n, d), zero where an image cannot be read; and what is wrong with those, by place
    """
    n = len(paths)
    out = np.memmap(folder / "features", np.float32, "w+", shape=(max(n, 1), network.width))[:n]
    problems: dict[int, str] = {}
    cache = feature_cache() if cache is None else cache
    if elsewhere is not None:
        keys = FeatureKeys(network.key, windows, boxes)
        return out, elsewhere(paths, network, device, keys, cache, out, report, boxes, windows)
    with _Passes(network, device, windows, boxes) as passes:
        for start in range(0, n, AT_ONCE):
            places = range(start, min(start + AT_ONCE, n))
            part = [paths[i] for i in places]
            done = _Told(report, start, n, network.name)
            keys = passes.keys(part, places, done.again)
            kept = cache.read({key for key in keys if key is not None})
            missing: list[int] = []
            for i, key in zip(places, keys, strict=True):
                row = unpacked(kept.get(key or b""), network.width)
                if row is None:
                    missing.append(i)
                else:
                    out[i] = row
            fresh: dict[bytes, bytes] = {}
            done.more(len(part) - len(missing))
            try:
                for at, rows, wrong in passes.computed(missing, paths, done.again):
                    out[at] = rows
                    problems |= wrong
                    for i, row in zip(at, rows, strict=True):
                        key = keys[i - start]
                        if key is not None and i not in wrong:
                            fresh[key] = row.astype(np.float16).tobytes()
                    if len(fresh) >= KEPT_AT_ONCE:
                        cache.write(fresh)
                        fresh = {}
                    done.more(len(at))
            finally:
                cache.write(fresh)
    return out, problems


class Elsewhere(Protocol):
    """Fills rows of features that are not kept, by workers."""

    def __call__(
        self,
        paths: Sequence[str],
        network: Network,
        device: torch.device,
        keys: FeatureKeys,
        cache: DiskCache,
        out: Features,
        report: Report,
        boxes: npt.NDArray[np.float64] | None,
        windows: Windows | None,
    ) -> dict[int, str]:
        """Fill ``out``; what is wrong with the images that cannot be read, by place."""
        ...


class _Told:
    """Says how many images are done."""

    def __init__(self, report: Report, done: int, n: int, name: str):
        self._report, self._done, self._n, self._name = report, done, n, name

    def more(self, images: int) -> None:
        self._done += images
        self.again()

    def again(self) -> None:
        label = f"Features by {self._name}: {self._done:,} of {self._n:,} images"
        self._report(self._done / self._n, label)


def unpacked(kept: bytes | None, width: int) -> npt.NDArray[np.float16] | None:
    """A row of features as it is kept; None where there is none."""
    if kept is None or len(kept) != 2 * width:
        return None
    return np.frombuffer(kept, np.float16)


Computed = tuple[list[int], Features, dict[int, str]]


class FeatureKeys:
    """The keys that features are kept under: by content, network, windows and box.

    Args:
        network: key of the network
        windows: of the deep pictures
        boxes: float64 (n, 4), of each image; None: whole images
    """

    def __init__(
        self, network: str, windows: Windows | None, boxes: npt.NDArray[np.float64] | None
    ):
        self._boxes = boxes
        self._suffix = f"{network} {json.dumps(windows, sort_keys=True)}" if windows else network

    def of(self, digest: bytes | None, place: int) -> bytes | None:
        """The key of an image by its file's digest; None where it cannot be read."""
        if digest is None:
            return None
        box = b"" if self._boxes is None else b"box" + self._boxes[place].tobytes()
        return hashlib.blake2b(digest + box + self._suffix.encode(), digest_size=16).digest()


class _Passes:
    """Decodes and computes batches of images in threads, each with one thread of torch.

    Batches side by side are quicker than one batch over all cores, since most layers are small; a
    GPU, and a network that keeps a state, take one after the other.
    """

    def __init__(
        self,
        network: Network,
        device: torch.device,
        windows: Windows | None,
        boxes: npt.NDArray[np.float64] | None = None,
    ):
        self._network, self._device, self._windows = network, device, windows
        self._boxes = boxes
        self._side_by_side = device.type == "cpu" and not network.opaque
        self._size = ON_CPU if self._side_by_side else OPAQUE if network.opaque else ON_GPU
        self._module = network.module if self._side_by_side else copy.deepcopy(network.module)
        self._module.to(device=device, memory_format=torch.channels_last)  # pyright: ignore
        self._keys = FeatureKeys(network.key, windows, boxes)
        shape = (1, -1, 1, 1)
        self._shift = torch.tensor(network.mean, device=device).view(shape) * 255
        self._scale = torch.tensor(network.std, device=device).view(shape) * 255
        self._one = Lock()
        self._ending = ExitStack()

    def __enter__(self) -> _Passes:
        count = len(os.sched_getaffinity(0)) if _HAS_AFFINITY else os.cpu_count() or 1
        threads = 1 if self._side_by_side else None
        self._pool = self._ending.enter_context(lanes(count, "deconfuse-features", threads))
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def keys(
        self, paths: Sequence[str], places: Sequence[int], again: Callable[[], None]
    ) -> list[bytes | None]:
        """The key of each file's features; None where it cannot be read."""
        found: dict[str, Future[bytes | None]] = {}
        for path in paths:  # several boxes of one file read it once
            found[path] = found.get(path) or self._pool.submit(file_digest, path)
        with _cancelled_on_error(found.values()):
            while wait(found.values(), POLL_SECONDS).not_done:
                again()
        given = zip(paths, places, strict=True)
        return [self._keys.of(found[path].result(), place) for path, place in given]

    def computed(
        self, places: list[int], paths: Sequence[str], again: Callable[[], None]
    ) -> Generator[Computed]:
        """The features of some of the files, a batch at a time, in no order."""
        parts = [places[i : i + self._size] for i in range(0, len(places), self._size)]
        waiting = {self._pool.submit(self._compute, part, paths) for part in parts}
        with _cancelled_on_error(waiting):
            while waiting:
                done, waiting = wait(waiting, POLL_SECONDS, FIRST_COMPLETED)
                for future in done:
                    yield future.result()
                if not done:
                    again()

    def _compute(self, places: list[int], paths: Sequence[str]) -> Computed:
        side = self._network.size
        pixels = np.zeros((self._size, 3, side, side), np.uint8)
        wrong: dict[int, str] = {}
        for row, i in enumerate(places):
            try:
                if self._boxes is None:
                    pixels[row] = decode_image(paths[i], side, 3, self._windows)
                else:
                    box = self._boxes[i].tolist()
                    pixels[row] = decode_crop(paths[i], box, side, self._windows)
            except UnreadableImageError as error:
                wrong[i] = str(error)
        if self._side_by_side:
            features = self._forward(pixels)
        else:
            with self._one:
                features = self._forward(pixels)
        with np.errstate(over="ignore"):  # becomes infinite, which is looked for below
            rows = features[: len(places)].astype(np.float16).astype(np.float32)
        for row, i in enumerate(places):
            if i in wrong:
                rows[row] = 0
            elif not np.isfinite(rows[row]).all():
                wrong[i], rows[row] = f"network '{self._network.name}' gives no finite features", 0
        return places, rows, wrong

    @torch.inference_mode()
    def _forward(self, pixels: npt.NDArray[np.uint8]) -> Features:
        images = tensor_of(pixels).to(self._device).to(torch.float32)
        images = images.sub_(self._shift).div_(self._scale)
        images = images.contiguous(memory_format=torch.channels_last)
        return self._module(images).float().cpu().numpy()


_HAS_AFFINITY = hasattr(os, "sched_getaffinity")


@contextmanager
def _cancelled_on_error(futures: Iterable[Future[Any]]) -> Generator[None]:
    """Where this is left early, what has not begun is never begun."""
    try:
        yield
    except BaseException:
        for future in futures:
            future.cancel()
        raise
