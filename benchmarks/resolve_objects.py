"""What a decision on objects costs: 1 to 100,000 labels of 20,000 images in one decision.

Deconfuse's time is that of ``resolve`` on labels by their ids, and of ``undo``. Beside it the same
relabelling by a loop of ``sample.save()`` and by ``a view's ``set_field().save()``, on
other labels of the same dataset. The dataset is synthetic: ten labels an image, no media.

    python benchmarks/resolve_objects.py [--images 20000] [--sizes 1 1000 100000]
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import fiftyone as fo  # noqa: E402
import numpy as np  # noqa: E402
import own_database  # noqa: E402
from bson import ObjectId  # noqa: E402
from fiftyone import ViewField as F  # noqa: E402

from plugin.decisions.undo import undo  # noqa: E402
from plugin.objects.fields import write_object_fields  # noqa: E402
from plugin.objects.resolve import resolve  # noqa: E402
from plugin.objects.scoring import KIND_NAMES  # noqa: E402
from plugin.objects.store import keep_iteration, mark_written, sorted_items  # noqa: E402
from plugin.progress import silent  # noqa: E402
from plugin.store.iterations import pack_ids  # noqa: E402
from plugin.store.runs import Run, create_run  # noqa: E402

CLASSES = [f"class {i:02d}" for i in range(10)]
LABELS = 10
CHUNK = 5_000


def synthetic_run(
    images: int, rng: np.random.Generator, paths: Sequence[str] = ("/nowhere/first.png",)
) -> tuple[Run, list[str], list[str]]:
    """A run with random scores, on images that share some files.

    Returns:
        the run, the ids of its images, and those of their labels, image by image
    """
    dataset: Any = fo.Dataset(f"benchmark-objects-{uuid.uuid4().hex[:8]}")
    first: Any = fo.Sample(filepath=paths[0])
    first["gt"] = fo.Detections(
        detections=[fo.Detection(label=CLASSES[0], bounding_box=[0.1, 0.1, 0.2, 0.2])]
    )
    dataset.add_sample(first)
    collection = dataset._sample_collection
    template = collection.find_one()
    collection.delete_many({})
    label, box = template["gt"]["detections"][0], rng.random((images * LABELS, 2)) / 2
    ids = [str(ObjectId()) for _ in range(images)]
    items = [str(ObjectId()) for _ in range(images * LABELS)]
    classes = rng.integers(0, len(CLASSES), len(items))
    for start in range(0, images, CHUNK):
        collection.insert_many(
            {
                **template,
                "_id": ObjectId(ids[i]),
                "filepath": paths[i % len(paths)],
                "gt": {
                    **template["gt"],
                    "detections": [
                        {
                            **label,
                            "_id": ObjectId(items[j]),
                            "label": CLASSES[classes[j]],
                            "bounding_box": [*box[j].tolist(), 0.25, 0.25],
                        }
                        for j in range(i * LABELS, (i + 1) * LABELS)
                    ],
                },
            }
            for i in range(start, min(start + CHUNK, images))
        )
    run = create_run(dataset, "deconfuse", "gt")
    _keep(run, ids, items, classes, box, rng)
    return run, ids, items


def _keep(
    run: Run,
    ids: list[str],
    items: list[str],
    classes: np.ndarray,
    box: np.ndarray,
    rng: np.random.Generator,
) -> None:
    n, boxes = len(items), np.concatenate([box, np.full((len(box), 2), 0.25)], axis=1)
    columns: dict[str, Any] = {
        "sample_id": pack_ids([i for i in ids for _ in range(LABELS)]),
        "item_id": pack_ids(items),
        "label": classes.astype(np.int32),
        "prediction": rng.integers(0, len(CLASSES) + 1, n).astype(np.int32),
        "suspicion": rng.normal(0, 2, n).astype(np.float32),
        "kind": rng.integers(0, 3, n).astype(np.int8),
        "box": boxes,
        "seen_box": boxes.astype(np.float32),
        "top_class": np.tile(np.arange(5, dtype=np.int32), (n, 1)),
        "top_probability": np.full((n, 5), 0.2, np.float32),
    }
    columns |= {k: rng.random(n).astype(np.float32) for k in ("p_label", "p_max", "iou")}
    columns |= {"confidence": columns["p_max"], "image_id": pack_ids(ids)}
    columns = sorted_items(columns, len(CLASSES))
    header = {
        "settings": {},
        "classes": CLASSES,
        "kinds": list(KIND_NAMES),
        "counts": {"samples": len(ids), "objects": 0, "candidates": 0},
        "skipped": {},
        "left_out": [],
    }
    iteration = keep_iteration(run, header, columns)
    write_object_fields(run, columns, CLASSES, KIND_NAMES, silent)
    mark_written(iteration)


def by_loop(run: Run, chosen: dict[str, list[str]]) -> None:
    """Relabel by a loop of ``sample.save()``."""
    for sample in run.dataset.select(list(chosen)):
        wanted = set(chosen[sample.id])
        for one in sample["gt"].detections:
            if one.id in wanted:
                one.label = "new"
        sample.save()


def by_view(run: Run, chosen: dict[str, list[str]]) -> None:
    """Relabel by a view's ``set_field().save()``."""
    wanted = [ObjectId(item) for items in chosen.values() for item in items]
    found: Any = run.dataset.select(list(chosen))
    label = F("_id").is_in(wanted).if_else("new", F("label"))
    every = F("detections").map(F().set_field("label", label))
    found.set_field("gt", F().set_field("detections", every)).save("gt")


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    start = time.perf_counter()
    work()
    return round(time.perf_counter() - start, 3)


def measure(run: Run, ids: list[str], items: list[str], size: int) -> dict[str, Any]:
    """Seconds of each way, for ``size`` labels."""
    images = min(len(ids), max(1, size // LABELS))
    each = -(-size // images)
    chosen = [items[i * LABELS : i * LABELS + each] for i in range(images)]
    flat = [item for of_image in chosen for item in of_image][:size]
    by_image = dict(zip(ids, chosen, strict=False))
    result: dict[str, Any] = {"labels": len(flat), "images": images}
    result["resolve"] = timed(lambda: resolve(run, "relabel", flat, label="new"))
    result["undo"] = timed(lambda: undo(run))
    result["save_loop"] = timed(lambda: by_loop(run, by_image))
    result["view_save"] = timed(lambda: by_view(run, by_image))
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 1_000, 100_000])
    options = parser.parse_args()
    own_database.start()
    fo.config.show_progress_bars = False
    run, ids, items = synthetic_run(options.images, np.random.default_rng(51))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    results = [measure(run, ids, items, size) for size in options.sizes]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    run.dataset.delete()
    print(f"seconds, on {len(items):,} labels of {len(ids):,} images; memory grew by {grown} MB")
    print("| labels | resolve | undo | save() loop | set_field().save() |")
    print("|---|---|---|---|---|")
    for r in results:
        ways = [r[name] for name in ("resolve", "undo", "save_loop", "view_save")]
        print(f"| {r['labels']:,} | " + " | ".join(f"{seconds:.3f}" for seconds in ways) + " |")
    print(json.dumps({"benchmark": "resolve_objects", "memory_mb": grown, "results": results}))


if __name__ == "__main__":
    main()
