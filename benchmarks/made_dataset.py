"""Datasets of any size for benchmarks, written past FiftyOne's slow ``add_samples``.

The documents are those that FiftyOne itself writes: one sample is added through its API and
copied with new ids, labels, predictions and logits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

INSERT_CHUNK = 20_000


def make(name: str, samples: int, classes: int, error_rate: float = 0.05, seed: int = 0) -> Any:
    """A persistent dataset with ``ground_truth`` labels and ``model`` predictions with logits."""
    import fiftyone as fo
    import fiftyone.core.utils as fou
    from bson import ObjectId

    dataset = fo.Dataset(name, persistent=True, overwrite=True)
    names = [f"class {i:04d}" for i in range(classes)]
    dataset.classes["model"] = names
    dataset.save()
    dataset.add_sample(
        fo.Sample(
            filepath="/nowhere/0.png",
            ground_truth=fo.Classification(label=names[0]),
            model=fo.Classification(label=names[0], confidence=0.5, logits=np.zeros(classes)),
        )
    )
    collection = dataset._sample_collection
    template = collection.find_one()
    collection.delete_many({})
    generator = np.random.default_rng(seed)
    for start in range(0, samples, INSERT_CHUNK):
        n = min(INSERT_CHUNK, samples - start)
        true = generator.integers(classes, size=n)
        label = np.where(
            generator.random(n) < error_rate, generator.integers(classes, size=n), true
        )
        logits = generator.normal(size=(n, classes)).astype(np.float32)
        logits[np.arange(n), true] += 4.0
        logits -= logits.max(axis=1, keepdims=True)
        confidence = 1 / np.exp(logits).sum(axis=1)
        documents = []
        for i in range(n):
            documents.append(
                {
                    **template,
                    "_id": ObjectId(),
                    "filepath": f"/nowhere/{start + i}.png",
                    "ground_truth": {
                        **template["ground_truth"],
                        "_id": ObjectId(),
                        "label": names[label[i]],
                    },
                    "model": {
                        **template["model"],
                        "_id": ObjectId(),
                        "label": names[int(logits[i].argmax())],
                        "confidence": float(confidence[i]),
                        "logits": fou.serialize_numpy_array(logits[i]),
                    },
                }
            )
        collection.insert_many(documents, ordered=False)
    return dataset
