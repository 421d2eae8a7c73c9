"""Features that workers compute: parts of some images each, what is kept already left out."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..disk_cache import DiskCache
from ..images.deep import Windows
from ..images.digests import file_digests
from ..learning.checkpoint_files import is_file
from ..learning.networks import Network
from ..progress import Report
from ..workers.opened import open_work, told_of
from ..workers.part import Part
from ..workers.work import Result, Work
from .network_features import FeatureKeys, Features, network_features, unpacked

PART_IMAGES = 256


@dataclass(frozen=True)
class _Block:
    """Images of one part, and the keys of their features."""

    places: list[int]
    keys: list[bytes | None]


def features_by(
    workers: str,
    owner: dict[str, Any],
    asked: tuple[str | None, str | None, int | None],
    paths: Sequence[str],
    network: Network,
    device: torch.device,
    folder: Path,
    report: Report,
    *,
    boxes: npt.NDArray[np.float64] | None = None,
    windows: Windows | None = None,
) -> tuple[Features, dict[int, str], list[str]]:
    """Features as ``network_features`` has them, computed by whom somebody asked for.

    Args:
        workers: ``local``, ``delegated``, ``ray`` or ``ray://host:port``
        owner: ``dataset_id`` and ``run_key``
        asked: name, weights and size of the network, as ``named_network`` was asked for them
        paths: the files, n
        network: what computes them
        device: where to compute
        folder: where they are written
        report: told how far it is
        boxes: float64 (n, 4), of each file; None: whole images
        windows: of the deep pictures among them

    Returns:
        features and problems, as there; and sentences on who computed them

    Raises:
        InputError: if there are no such workers, or one of them lacks something
    """
    weights = asked[1]
    work = open_work(
        workers,
        owner,
        paths,
        report,
        files=[weights] if weights and is_file(weights) else [],
        device=device.type,
    )
    given = (paths, network, device, folder, report)
    if work is None:
        return *network_features(*given, boxes=boxes, windows=windows), []
    with work:
        spread = SpreadFeatures(work, *asked)
        found = network_features(*given, boxes=boxes, windows=windows, elsewhere=spread)
        return *found, [told_of(work)]


class SpreadFeatures:
    """Lets workers compute features; see ``network_features.Elsewhere``.

    Args:
        work: whose workers
        name: of the network, as it was asked for
        weights: likewise
        size: likewise
    """

    def __init__(self, work: Work, name: str | None, weights: str | None, size: int | None):
        self._work = work
        self._asked = {"name": name, "weights": weights, "size": size}

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
        told = {
            "network": {**self._asked, "key": network.key},
            "device": device.type,
            "windows": None if windows is None else dict(windows),
        }
        blocks: dict[str, _Block] = {}
        kept = 0

        def parts() -> Generator[Part]:
            nonlocal kept
            for start in range(0, len(paths), PART_IMAGES):
                block = _with_keys(range(start, min(start + PART_IMAGES, len(paths))), paths, keys)
                known = cache.read([key for key in block.keys if key is not None])
                rows = [unpacked(known.get(key or b""), network.width) for key in block.keys]
                for i, row in zip(block.places, rows, strict=True):
                    if row is not None:
                        out[i] = row
                missing = [at for at, row in enumerate(rows) if row is None]
                kept += len(rows) - len(missing)
                if missing:
                    block = _Block(
                        [block.places[at] for at in missing], [block.keys[at] for at in missing]
                    )
                    part = self._part(block, told, paths, boxes, device)
                    blocks[part.key] = block
                    yield part

        problems: dict[int, str] = {}
        results = self._work.results(
            parts(),
            report,
            f"Features by {network.name}",
            total=lambda: len(paths) - kept,
            keep=False,
        )
        for part, result in results:
            problems |= _take(blocks.pop(part.key), result, cache, out)
        return problems

    def _part(
        self,
        block: _Block,
        told: dict[str, Any],
        paths: Sequence[str],
        boxes: npt.NDArray[np.float64] | None,
        device: torch.device,
    ) -> Part:
        arguments = {
            **told,
            "paths": [paths[i] for i in block.places],
            "boxes": None if boxes is None else boxes[block.places].tolist(),
            "keys": [key or b"" for key in block.keys],  # another file is another part
        }
        about = f"Images {block.places[0] + 1:,} to {block.places[-1] + 1:,}"
        gpu = device.type == "cuda"
        return Part("features", arguments, about=about, size=len(block.places), gpu=gpu)


def _with_keys(places: range, paths: Sequence[str], keys: FeatureKeys) -> _Block:
    files = list(dict.fromkeys(paths[i] for i in places))  # several boxes of one file read it once
    digest = dict(zip(files, file_digests(files), strict=True))
    return _Block(list(places), [keys.of(digest[paths[i]], i) for i in places])


def _take(block: _Block, result: Result, cache: DiskCache, out: Features) -> dict[int, str]:
    """Fill in what a part answered, and keep it for the next time."""
    rows = result.column("rows")
    out[block.places] = rows
    wrong = {int(at): why for at, why in result.facts["problems"].items()}
    cache.write(
        {
            key: row.tobytes()
            for at, (key, row) in enumerate(zip(block.keys, rows, strict=True))
            if key is not None and at not in wrong
        }
    )
    return {block.places[at]: why for at, why in wrong.items()}
