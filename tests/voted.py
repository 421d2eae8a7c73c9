"""A dataset with wrong labels, predictions and three people's votes, for several tests."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import numpy as np

N = 400
CLASSES = ("ant", "bee", "cat")
PEOPLE = ("ada", "bob", "eve")
OPTIONS = {"source": "predictions", "prediction_fields": ["model"], "duplicates": False}


def votes_of(truth: np.ndarray, g: np.random.Generator) -> dict[str, np.ndarray]:
    """Each person's class of each sample: ada errs in 5 %, bob in 10 %, eve in 40 %."""
    found = {}
    for name, error in zip(PEOPLE, (0.05, 0.1, 0.4), strict=True):
        off = (truth + g.integers(1, 3, N)) % 3
        found[name] = np.where(g.random(N) < error, off, truth)
    return found


def voted_dataset() -> tuple[Any, np.ndarray, np.ndarray]:
    """The dataset, the true class and the label of each sample; a tenth of these is wrong."""
    g = np.random.default_rng(0)
    truth = g.integers(0, 3, N)
    planted = g.random(N) < 0.1
    label = np.where(planted, (truth + 1) % 3, truth)
    logits = g.normal(0, 1, (N, 3))
    logits[np.arange(N), truth] += 1.5
    votes = votes_of(truth, g)
    samples = []
    for i in range(N):
        sample = fo.Sample(filepath=f"/none/{i}.png")
        sample["gt"] = fo.Classification(label=CLASSES[label[i]])
        sample["model"] = fo.Classification(label=CLASSES[logits[i].argmax()], logits=logits[i])
        for name in PEOPLE:
            if g.random() < 0.8:
                sample[name] = fo.Classification(label=CLASSES[votes[name][i]])
        said = [
            fo.Classification(label=CLASSES[votes[name][i]], annotator=name)
            for name in PEOPLE
            if sample.has_field(name) and sample[name] is not None
        ]
        sample["crowd"] = fo.Classifications(classifications=said)
        samples.append(sample)
    dataset = fo.Dataset()
    dataset.add_samples(samples, progress=False)
    dataset.default_classes = list(CLASSES)
    return dataset, truth, label
