"""Small datasets with predictions, for tests of what users do to a run and its dataset."""

import uuid
from typing import Any

import fiftyone as fo
import numpy as np

CLASSES = ("cat", "dog", "hen")
N = 24


def make_dataset(n: int = N, label_field: str = "ground_truth") -> Any:
    """A dataset with labels, a sixth of them wrong, and a field ``pred`` with logits."""
    rng = np.random.default_rng(7)
    dataset = fo.Dataset(f"test-{uuid.uuid4().hex[:12]}", persistent=True)
    samples = []
    for i in range(n):
        logits = rng.normal(size=3) * 0.2
        logits[i % 3] += 3
        sample = fo.Sample(filepath=f"/nowhere/{dataset.name}/{i}.png", weight=i / 7)
        wrong = (i + 1) % 3 if i % 6 == 0 else i % 3
        sample[label_field] = fo.Classification(label=CLASSES[wrong])
        best = CLASSES[int(logits.argmax())]
        sample["pred"] = fo.Classification(label=best, confidence=0.9, logits=logits)
        samples.append(sample)
    dataset.add_samples(samples, progress=False)
    return dataset


def find(operator: Any, samples: Any, label_field: str = "ground_truth", **options: Any) -> Any:
    """``find_label_errors`` from the field ``pred``."""
    given = {"source": "predictions", "prediction_fields": ["pred"], "duplicates": False}
    return operator("find_label_errors")(samples, label_field, **given, **options)


def stored(dataset: Any, *fields: str) -> list[Any]:
    """Some fields of all samples as the database has them."""
    found = dataset._sample_collection.find({}, dict.fromkeys(fields, 1)).sort("filepath", 1)
    return [tuple(document.get(name) for name in fields) for document in found]


def readable(dataset: Any) -> bool:
    """Whether FiftyOne can load every sample, as a new process would."""
    dataset._reload(hard=True)
    fo.Sample._instances.pop(dataset._sample_collection_name, None)  # pyright: ignore
    return len([sample.to_dict() for sample in dataset]) == len(dataset)
