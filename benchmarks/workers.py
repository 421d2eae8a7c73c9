"""Two workers against one, a core each; and what a part costs where nothing is to be done.

``python benchmarks/workers.py [--images 600] [--folds 4] [--ray]``

Made images, no data needed. Real ``fiftyone delegated launch`` processes with a database of their
own, each held to one core by ``taskset``. Beside the seconds of the wall stand the processors'
seconds of the busiest worker, which others who use the machine change less: where they halve, the
work was shared out evenly and cost nothing twice. Each run has images of its own, so that no cache
helps.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import own_database

SIDE, CLASSES, LEAST_SES = 64, 6, 0.5
TRIVIAL = 200


class Worker:
    """A delegated worker on one core."""

    def __init__(self, core: int, folder: Path):
        self.log = folder / f"worker{core}.log"
        command = ["taskset", "-c", str(core), str(Path(sys.executable).with_name("fiftyone"))]
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [*command, "delegated", "launch"],
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, "DECONFUSE_CACHE_DIR": str(folder / f"cache{core}")}
                | {"OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
        while "service running" not in self.log.read_text():
            time.sleep(0.1)

    def seconds(self) -> float:
        """Seconds of the processor that it has used, its helpers' included."""
        import psutil

        me = psutil.Process(self.process.pid)
        times = [p.cpu_times() for p in (me, *me.children(recursive=True))]
        gone = me.cpu_times()
        return sum(t.user + t.system for t in times) + gone.children_user + gone.children_system

    def stop(self) -> None:
        """End it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def made(folder: Path, images: int, seed: int) -> tuple[list[str], Any]:
    """Image files of coloured noise around one of some patterns, and their labels."""
    import numpy as np
    from PIL import Image

    draw = np.random.default_rng(seed)
    label = draw.integers(0, CLASSES, images)
    pattern = draw.integers(0, 255, (CLASSES, SIDE, SIDE, 3))
    folder.mkdir(parents=True)
    paths = []
    for i, of in enumerate(label):
        pixels = 0.5 * pattern[of] + 0.5 * draw.integers(0, 255, (SIDE, SIDE, 3))
        paths.append(str(folder / f"{i}.jpg"))
        Image.fromarray(pixels.astype(np.uint8)).save(paths[-1])
    return paths, label


@contextmanager
def work_on(place: Any) -> Generator[Any]:
    """A work of its own run."""
    from bson import ObjectId

    from plugin.workers.hello import needs
    from plugin.workers.work import Work

    owner = {"dataset_id": DATASET[0]._doc.id, "run_key": str(ObjectId())}
    with Work(place, owner, needs([], [], "cpu"), lambda progress, label: None) as work:
        yield work


DATASET: list[Any] = []


def train(work: Any, paths: list[str], label: Any, folds: int) -> None:
    """Decode, train the folds, embed."""
    import numpy as np
    import torch

    from plugin.classify.spread_training import SpreadTraining, Training
    from plugin.learning.classifiers import Architecture
    from plugin.learning.folds import stratified_folds
    from plugin.learning.recipe import Recipe, usual_style

    shape = Architecture("fast_resnet", CLASSES, 3, 32)
    style = usual_style("fast_resnet", weights=False, start=False)
    recipe = Recipe(3, 64, 1, torch.device("cpu"), 51, style=style)
    spread = SpreadTraining(work, Training(shape, recipe, folds, 51, 1), label, paths, {})
    spread.decode(_silent)
    normalisation = spread.normalisation(np.arange(len(paths)))
    spread.train(stratified_folds(label, folds, 51), normalisation, _silent)


def embed(work: Any, paths: list[str], label: Any, folds: int) -> None:
    """Features by the network that is installed with the plugin."""
    import torch

    from plugin.vectors.named_networks import named_network
    from plugin.vectors.network_features import network_features
    from plugin.vectors.spread_features import SpreadFeatures

    network = named_network(None, None, 96)
    spread = SpreadFeatures(work, None, None, 96)
    with tempfile.TemporaryDirectory() as folder:
        cpu = torch.device("cpu")
        network_features(paths, network, cpu, Path(folder), _silent, windows={}, elsewhere=spread)


def compare(work: Any, paths: list[str], label: Any, folds: int) -> None:
    """Look at files, decode and describe images, and judge the pairs that are near."""
    import torch

    from plugin.duplicates.search import compute_signals, find_duplicates
    from plugin.duplicates.spread_comparison import SpreadComparison
    from plugin.images.comparable import ComparableImages

    cpu, size = torch.device("cpu"), (SIDE, SIDE)
    spread = SpreadComparison(work, cpu)
    looks = spread.look(paths, _silent).records
    fill = spread.decode(paths, size, True, {})
    with ComparableImages(
        paths, size, colour=True, first_new=0, report=_silent, windows={}, fill=fill
    ) as pixels:
        order = pixels.drop_problems()
        spread.arrange(order)
        judge, report = spread.judge(_silent)
        array: Any = pixels
        signals = compute_signals(array, device=cpu, describe=spread.describe(), report=_silent)
        find_duplicates(
            array,
            signals,
            predictions=label,
            scope="all",
            threshold=LEAST_SES,
            file_digests=[digest.tobytes() for digest in looks["digest"]],
            device=cpu,
            judge=judge,
            report=report,
        )


def _silent(progress: float | None, label: str) -> None:
    pass


def trivial(work: Any, paths: list[str], first: int = 0) -> float:
    """Milliseconds a part that decodes one small image."""
    from plugin.workers.part import Part

    told = {"size": 8, "channels": 3, "windows": {}}
    parts = [
        Part("decode", {**told, "paths": paths[:1], "at": first + at}) for at in range(TRIVIAL)
    ]
    began = time.monotonic()
    list(work.results(parts, _silent, "Nothing", total=lambda: TRIVIAL))
    return 1_000 * (time.monotonic() - began) / TRIVIAL


def alone(paths: list[str]) -> float:
    """The same here, without parts."""
    from plugin.images.decoded import Pixels

    began = time.monotonic()
    for _ in range(TRIVIAL):
        with Pixels(paths[:1], 8, 3, _silent, {}):
            pass
    return 1_000 * (time.monotonic() - began) / TRIVIAL


def timed(
    task: Callable[..., None], workers: list[Worker], given: tuple[list[str], Any], folds: int
) -> tuple[float, float, float]:
    """Seconds of the wall, and of the processor: the busiest worker's, and all together."""
    from plugin.workers.delegated import Delegated

    with work_on(Delegated()) as work:
        if work.called != len(workers):
            raise RuntimeError(f"{work.called} workers answered of {len(workers)}")
        before, began = [worker.seconds() for worker in workers], time.monotonic()
        task(work, *given, folds)
        wall = time.monotonic() - began
        used = [worker.seconds() - was for worker, was in zip(workers, before, strict=True)]
    return wall, max(used), sum(used)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--ray", action="store_true", help="what a part costs on a Ray node too")
    options = parser.parse_args()
    own_database.start()

    import fiftyone as fo

    from plugin.vectors import spread_features
    from plugin.workers.delegated import Delegated
    from plugin.workers.opened import open_work

    spread_features.PART_IMAGES = max(8, options.images // 16)
    DATASET.append(fo.Dataset())
    folder, seed = Path(tempfile.mkdtemp()), 0
    workers: list[Worker] = []
    found: dict[str, Any] = {"load": [round(x, 1) for x in os.getloadavg()]}
    try:
        for number in (1, 2):
            workers.append(Worker(number - 1, folder))
            for task in (train, embed, compare):
                for images in (48, options.images):  # the first ones load what is loaded once
                    given, seed = made(folder / str(seed), images, seed), seed + 1
                    wall, used, together = timed(task, workers, given, options.folds)
                name = task.__name__
                seconds = {"wall_s": wall, "cpu_s": used, "all_cpu_s": together}
                found[f"{name}_{number}"] = {k: round(v, 1) for k, v in seconds.items()}
                print(f"{name:7} {number} worker(s): {wall:6.1f} s, busiest {used:6.1f} CPU s")
        for name in ("train", "embed", "compare"):
            one, two = found[f"{name}_1"], found[f"{name}_2"]
            for key in ("wall_s", "cpu_s"):
                found[f"{name}_{key}_ratio"] = round(one[key] / two[key], 2)
        paths, _ = made(folder / "few", 1, seed)
        with work_on(Delegated()) as work:
            found["delegated_ms_a_part"] = round(trivial(work, paths), 1)
        found["without_parts_ms"] = round(alone(paths), 1)
        began = time.monotonic()
        for _ in range(1_000):
            open_work("local", {}, paths, _silent)
        found["local_us"] = round(1_000 * (time.monotonic() - began), 1)
        if options.ray:
            found["ray_ms_a_part"] = round(_on_ray(paths), 1)
    finally:
        for worker in workers:
            worker.stop()
        DATASET[0].delete()
    print(json.dumps(found))


def _on_ray(paths: list[str]) -> float:
    os.environ["RAY_AUTH_MODE"] = "disabled"
    import ray

    from plugin.workers.on_ray import OnRay

    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    with work_on(OnRay(None)) as work:
        trivial(work, paths)
        took = trivial(work, paths, TRIVIAL)
    ray.shutdown()
    return took


if __name__ == "__main__":
    main()
