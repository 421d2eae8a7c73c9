"""A dataset with a run and an iteration of known numbers, for the tests of decisions and state."""

import uuid
from collections.abc import Sequence
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId
from bson.raw_bson import RawBSONDocument

from plugin.store.iteration_writer import IterationWriter
from plugin.store.iterations import Iteration, Rows, pack_ids
from plugin.store.runs import Run, create_run

CLASSES = ("ant", "bee", "cat")


def make_dataset(labels: Sequence[str | None], label_field: str = "ground_truth") -> fo.Dataset:
    """A dataset whose samples have labels with tags and attributes; None: a sample without."""
    dataset = fo.Dataset(f"test-{uuid.uuid4().hex[:12]}")
    dataset.add_sample_field(
        label_field, fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification
    )
    samples = []
    for i, name in enumerate(labels):
        sample: Any = fo.Sample(filepath=f"/nowhere/{dataset.name}/{i:06d}.png", tags=["train"])
        sample["weight"] = i / 7
        if name is not None:
            label: Any = fo.Classification(label=name, confidence=0.5, logits=np.arange(3.0))
            label.tags.append("seen")
            label["annotator"] = f"no. {i}"
            sample[label_field] = label
        samples.append(sample)
    dataset.add_samples(samples, progress=False)
    return dataset


def make_iteration(run: Run, seed: int = 51, classes: Sequence[str] = CLASSES) -> Iteration:
    """An iteration with random probabilities over the dataset as it is; others' labels left out."""
    known = [(i, classes.index(x)) for i, x in labels_of(run).items() if x in classes]
    n, c = len(known), len(classes)
    p = np.random.default_rng(seed).dirichlet(np.ones(c), n).astype(np.float32)
    label = np.array([x for _, x in known], np.int32)
    order = np.argsort(-p, axis=1).astype(np.int32)
    p_label = p[np.arange(n), label]
    rows = Rows(
        sample_id=pack_ids([i for i, _ in known]),
        label=label,
        prediction=order[:, 0].copy(),
        p_label=p_label,
        p_max=p.max(axis=1),
        suspicion=-p_label,
        top_class=order,
        top_probability=np.take_along_axis(p, order, axis=1),
        features=np.zeros((n, 2), np.float16),
    )
    number = 1 + len(run.iterations())
    with IterationWriter(run.owner["dataset_id"], run.key, classes) as writer:
        writer.append(rows)
        return writer.commit({"number": number, "settings": {}, "counts": {}, "skipped": {}})


def make_run(
    n: int = 60, labels: Sequence[str | None] | None = None, run_key: str = "deconfuse"
) -> Run:
    """A run with one iteration on a dataset of its own."""
    labels = [CLASSES[i % 3] for i in range(n)] if labels is None else labels
    run = create_run(make_dataset(labels), run_key, "ground_truth")
    make_iteration(run)
    return run


def raw(run: Run, sample_id: str, *, whole: bool = False) -> bytes | None:
    """A sample document's BSON, without ``last_modified_at`` unless ``whole``."""
    return all_raw(run, [sample_id], whole=whole).get(sample_id)


def all_raw(
    run: Run, sample_ids: Sequence[str] | None = None, *, whole: bool = False
) -> dict[str, bytes]:
    """Every sample's BSON, without ``last_modified_at`` unless ``whole``."""
    collection: Any = run.dataset._sample_collection
    codec = collection.codec_options.with_options(document_class=RawBSONDocument)
    query = {} if sample_ids is None else {"_id": {"$in": [ObjectId(i) for i in sample_ids]}}
    keep = None if whole else {"last_modified_at": 0}
    found = collection.with_options(codec_options=codec).find(query, keep)
    return {str(document["_id"]): bytes(document.raw) for document in found}


def ids_of(run: Run) -> list[str]:
    """The sample ids of the dataset."""
    ids: Any = run.dataset.values("id")
    return ids


def labels_of(run: Run) -> dict[str, str | None]:
    """Every sample's label."""
    values: Any = run.dataset.values(["id", f"{run.label_field}.label"])
    return dict(zip(*values, strict=True))
