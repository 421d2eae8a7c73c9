"""The datasets that docs/screenshots shows, each made for one kind of screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

DIGITS = 1_797
CLASSES = 1_000
SPREAD = 30_000
COPIED = 8


def digits(home: Path) -> Any:
    """Digits with planted label errors, and a run on them."""
    import fiftyone as fo

    from scripts import demo_data
    from tests.panels.made_runs import digit_probabilities, write_iteration

    made = demo_data.digits(home / "digits")[:DIGITS]
    labels = tuple(str(digit.label) for digit in made)
    dataset = fo.Dataset("digits", persistent=True)
    dataset.add_samples(
        fo.Sample(
            filepath=str(digit.path),
            tags=["train"],
            ground_truth=fo.Classification(label=str(digit.label)),
        )
        for digit in made
    )
    p, features = digit_probabilities(labels, DIGITS)
    write_iteration(dataset, p, [str(i) for i in range(10)], features)
    return dataset


def copies(home: Path) -> Any:
    """Digits of which some are there twice: in another split, or with another label."""
    import fiftyone as fo
    import fiftyone.operators as foo

    from scripts import demo_data
    from tests.panels.made_runs import digit_probabilities, write_iteration

    n = 300
    made = demo_data.digits(home / "digits")[:n]
    twin = [i if i < n - COPIED else i - (n - COPIED) for i in range(n)]
    labels = [str(made[i].label) for i in twin]
    for i in range(n - COPIED // 2, n):
        labels[i] = str((int(labels[i]) + 1) % 10)
    dataset = fo.Dataset("copies", persistent=True)
    dataset.add_samples(
        fo.Sample(
            filepath=str(made[source].path),
            tags=["test" if i >= n - COPIED and i % 2 else "train"],
            ground_truth=fo.Classification(label=labels[i]),
        )
        for i, source in enumerate(twin)
    )
    p, features = digit_probabilities(tuple(labels), n)
    write_iteration(dataset, p[twin], [str(i) for i in range(10)], features[twin])
    find = foo.get_operator("@deconfuse/label-errors/find_duplicates")
    find(dataset, run_key="deconfuse", scope="all")
    return dataset


def changed_outside(made: Any) -> Any:
    """A dataset with a run, in which somebody else was at work since."""
    import fiftyone as fo

    from tests.panels.made_runs import digit_probabilities, write_iteration

    n = 400
    dataset = fo.Dataset("changed", persistent=True)
    dataset.add_samples([sample.copy() for sample in made.limit(n)])
    p, features = digit_probabilities(tuple(dataset.values("ground_truth.label")), n)
    write_iteration(dataset, p, [str(i) for i in range(10)], features)
    dataset.delete_samples(dataset.limit(3))
    dataset.limit(2).set_values("ground_truth.label", ["unsure", "unsure"])
    return dataset


def without_suspects(made: Any) -> Any:
    """A dataset whose suspects are all decided."""
    import fiftyone as fo
    import fiftyone.operators as foo

    from tests.panels.made_runs import digit_probabilities, write_iteration

    n = 400
    dataset = fo.Dataset("clean", persistent=True)
    dataset.add_samples([sample.copy() for sample in made.limit(n)])
    p, features = digit_probabilities(tuple(dataset.values("ground_truth.label")), n)
    write_iteration(dataset, p, [str(i) for i in range(10)], features)
    ids, labels = dataset.values(["id", "ground_truth.label"])
    wrong = [i for i, label, at in zip(ids, labels, p.argmax(1), strict=True) if int(label) != at]
    resolve = foo.get_operator("@deconfuse/label-errors/resolve")
    resolve(dataset, run_key="deconfuse", action="confirm", sample_ids=wrong)
    return dataset


def thousand(home: Path) -> Any:
    """1,000 classes with a run whose classifier confuses neighbours."""
    import fiftyone as fo
    import numpy as np

    from tests.panels.made_runs import write_iteration

    rng = np.random.default_rng(0)
    classes = [f"species {i:03d}" for i in range(CLASSES)]
    label = rng.integers(0, CLASSES, SPREAD)
    paths = sorted((home / "digits").iterdir())
    dataset = fo.Dataset("thousand", persistent=True)
    dataset.add_samples(
        fo.Sample(
            filepath=str(paths[i % len(paths)]),
            ground_truth=fo.Classification(label=classes[label[i]]),
        )
        for i in range(SPREAD)
    )
    away = np.where(rng.random(SPREAD) < 0.3, 0, rng.geometric(0.04, SPREAD))
    sure = (0.2 + 0.75 * rng.beta(2, 2, SPREAD)).astype(np.float32)
    p = np.full((SPREAD, CLASSES), 1e-4, np.float32)
    p[np.arange(SPREAD), label] = (1 - sure) / 2
    p[np.arange(SPREAD), (label + away) % CLASSES] = sure
    write_iteration(dataset, p / p.sum(1, keepdims=True), classes)
    return dataset
