"""A dataset with a run on objects and an iteration of known numbers, for tests of decisions."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId
from bson.raw_bson import RawBSONDocument

from plugin.decisions.journal import entries, headers
from plugin.objects.fields import write_object_fields
from plugin.objects.scoring import KIND_NAMES
from plugin.objects.state import _followers
from plugin.objects.store import Columns, keep_iteration, mark_written, sorted_items
from plugin.progress import silent
from plugin.store.iterations import pack_ids
from plugin.store.runs import Run, create_run
from plugin.store.samples import samples_of

CLASSES = ("ant", "bee", "cat")
C = len(CLASSES)


def make_dataset(images: int, labels: int) -> Any:
    """Images with labels that hold more than a class and a box."""
    dataset: Any = fo.Dataset(f"test-{uuid.uuid4().hex[:12]}")
    dataset.add_sample_field("gt", fo.EmbeddedDocumentField, embedded_doc_type=fo.Detections)
    samples = []
    for i in range(images):
        found = []
        for j in range(labels):
            box = [0.1 + j / (2 * labels), 0.1 + i / 100, 0.2, 0.3]
            one: Any = fo.Detection(label=CLASSES[(i + j) % C], bounding_box=box, index=j)
            one.tags.append("seen")
            one["annotator"] = f"no. {i}.{j}"
            found.append(one)
        sample: Any = fo.Sample(filepath=f"/nowhere/{dataset.name}/{i:06d}.png", tags=["train"])
        sample["gt"] = fo.Detections(detections=found)
        samples.append(sample)
    dataset.add_samples(samples, progress=False)
    dataset.add_dynamic_sample_fields()
    return dataset


def make_iteration(run: Run, missing: int, seed: int = 51) -> None:
    """An iteration with random scores, and some missing objects on each sample."""
    g = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    images = []
    for document in samples_of(run.dataset).find().sort("_id", 1):
        images.append(str(document["_id"]))
        for label in document[run.label_field]["detections"]:
            index = CLASSES.index(label["label"]) if label["label"] in CLASSES else 0
            rows.append(
                {
                    "sample_id": images[-1],
                    "item_id": str(label["_id"]),
                    "label": index,
                    "prediction": int(g.integers(C + 1)),
                    "kind": int(g.integers(3)),
                    "box": label["bounding_box"],
                }
            )
        for _ in range(missing):
            box = [*(g.random(2) * 0.5).astype(np.float32).tolist(), 0.25, 0.25]
            rows.append(
                {
                    "sample_id": images[-1],
                    "item_id": str(ObjectId()),
                    "label": C,
                    "prediction": int(g.integers(C)),
                    "kind": 3,
                    "box": box,
                }
            )
    columns = _columns(rows, g) | {"image_id": pack_ids(images)}
    columns = sorted_items(columns, C)
    counts = {"samples": len(images), "objects": 0, "candidates": 0}
    header = {
        "settings": {},
        "classes": list(CLASSES),
        "kinds": list(KIND_NAMES),
        "counts": counts,
        "skipped": {},
        "left_out": [],
    }
    iteration = keep_iteration(run, header, columns)
    write_object_fields(run, columns, CLASSES, KIND_NAMES, silent)
    mark_written(iteration)


def _columns(rows: Sequence[dict[str, Any]], g: np.random.Generator) -> Columns:
    n = len(rows)

    def all_of(name: str, kind: Any) -> Any:
        return np.array([row[name] for row in rows], kind)

    box = all_of("box", np.float64)
    return {
        "sample_id": pack_ids([row["sample_id"] for row in rows]),
        "item_id": pack_ids([row["item_id"] for row in rows]),
        "label": all_of("label", np.int32),
        "prediction": all_of("prediction", np.int32),
        "p_label": g.random(n).astype(np.float32),
        "p_max": g.random(n).astype(np.float32),
        "suspicion": g.normal(0, 2, n).astype(np.float32),
        "kind": all_of("kind", np.int8),
        "iou": g.random(n).astype(np.float32),
        "confidence": g.random(n).astype(np.float32),
        "box": box,
        "seen_box": (box + 0.01).astype(np.float32),
        "top_class": np.tile(np.arange(C + 1, dtype=np.int32), (n, 1)),
        "top_probability": np.tile(np.array([4, 3, 2, 1], np.float32) / 10, (n, 1)),
    }


def make_objects(
    images: int = 4, labels: int = 5, missing: int = 2, run_key: str = "deconfuse"
) -> Run:
    """A run on objects with one iteration on a dataset of its own."""
    run = create_run(make_dataset(images, labels), run_key, "gt")
    make_iteration(run, missing)
    return run


def all_raw(run: Run, *, whole: bool = False) -> dict[str, bytes]:
    """Every sample's BSON, without ``last_modified_at`` unless ``whole``."""
    collection = samples_of(run.dataset)
    codec = collection.codec_options.with_options(document_class=RawBSONDocument)
    keep = None if whole else {"last_modified_at": 0}
    found = collection.with_options(codec_options=codec).find({}, keep).sort("_id", 1)
    return {str(document["_id"]): bytes(document.raw) for document in found}


def reset(run: Run, documents: Mapping[str, bytes]) -> None:
    """The samples as they were, and nothing decided."""
    samples_of(run.dataset).delete_many({})
    samples_of(run.dataset).insert_many([RawBSONDocument(d) for d in documents.values()])
    headers().delete_many(run.owner)
    entries().delete_many(run.owner)
    _followers.clear()


def labels_at(run: Run, at: int) -> list[dict[str, Any]]:
    """The labels of one sample as they are stored."""
    return samples_of(run.dataset).find().sort("_id", 1)[at]["gt"]["detections"]


def missing_at(run: Run, at: int) -> list[dict[str, Any]]:
    """The missing objects of one sample as they are stored."""
    document = samples_of(run.dataset).find().sort("_id", 1)[at]
    return document[run.field("missing")]["detections"]


def ids_at(run: Run, at: int) -> list[str]:
    """The label ids of one sample."""
    return [str(label["_id"]) for label in labels_at(run, at)]


def missing_ids_at(run: Run, at: int) -> list[str]:
    """The ids of the missing objects of one sample."""
    return [str(label["_id"]) for label in missing_at(run, at)]


def label_of(run: Run, item: str) -> dict[str, Any]:
    """A label as it is stored, by its id."""
    document = samples_of(run.dataset).find_one({"gt.detections._id": ObjectId(item)})
    labels = [] if document is None else document["gt"]["detections"]
    return next(label for label in labels if str(label["_id"]) == item)


def sample_at(run: Run, at: int) -> dict[str, Any]:
    """A sample document."""
    return samples_of(run.dataset).find().sort("_id", 1)[at]
