"""The datasets that docs/screenshots shows, each made for one kind of screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SCENES = 320
PLANTED = 0.1
COPIED = 8
JUDGED = 45
AUDITED = 100
CLASSES = 1_000
SPREAD = 30_000
CANVASES = 480
LEAST = 0.05
"""The confidence down to which tags are predicted."""
FIELD = "ground_truth"
MIXED_UP = {"ball": "egg", "egg": "ball", "can": "pill", "pill": "can", "brick": "die"}


def scenes(folder: Path) -> Any:
    """Things on a table with planted label errors, and a run on them."""
    import fiftyone as fo
    import numpy as np

    from scripts.scenes import CLASSES as THINGS
    from scripts.scenes import write_scenes

    made = write_scenes(folder, SCENES)
    rng = np.random.default_rng(0)
    wrong = rng.random(len(made)) < PLANTED
    labels = [
        MIXED_UP.get(name, THINGS[rng.integers(len(THINGS))]) if wrong[i] else name
        for i, (_, name) in enumerate(made)
    ]
    dataset = fo.Dataset("things", persistent=True)
    dataset.add_samples(
        fo.Sample(
            filepath=str(path),
            tags=["train" if rng.random() < 0.8 else "test"],
            ground_truth=fo.Classification(label=label),
        )
        for (path, _), label in zip(made, labels, strict=True)
    )
    _run(dataset)
    return dataset


def _again(name: str, samples: Any) -> Any:
    """The same samples in a dataset of their own, as before any run."""
    import fiftyone as fo

    dataset = fo.Dataset(name, persistent=True)
    dataset.add_samples(
        fo.Sample(
            filepath=sample.filepath,
            tags=list(sample.tags),
            ground_truth=fo.Classification(label=sample[FIELD].label),
        )
        for sample in samples
    )
    return dataset


def _run(dataset: Any) -> None:
    import fiftyone.operators as foo

    find = foo.get_operator("@deconfuse/label-errors/find_label_errors")
    find(dataset, label_field=FIELD, source="features", duplicates=False)


def copies(made: Any, folder: Path) -> Any:
    """A dataset in which some things are there twice: in another split, or with another label."""
    import fiftyone as fo
    import fiftyone.operators as foo
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    dataset = _again("copies", made.limit(160))
    names = dataset.distinct(f"{FIELD}.label")
    twice = []
    for i, sample in enumerate(dataset.limit(COPIED)):
        path = folder / f"{i}.jpg"
        Image.open(sample.filepath).save(path, quality=95)
        label = sample[FIELD].label
        other = names[(names.index(label) + 1) % len(names)]
        shown = fo.Classification(label=other if i >= COPIED // 2 else label)
        tag = "test" if i % 2 else "train"
        twice.append(fo.Sample(filepath=str(path), tags=[tag], ground_truth=shown))
    dataset.add_samples(twice)
    _run(dataset)
    find = foo.get_operator("@deconfuse/label-errors/find_duplicates")
    find(dataset, run_key="deconfuse", scope="all")
    return dataset


def changed_outside(made: Any) -> Any:
    """A dataset with a run, in which somebody else was at work since."""
    dataset = _again("changed", made.limit(160))
    _run(dataset)
    dataset.delete_samples(dataset.limit(3))
    dataset.limit(2).set_values(f"{FIELD}.label", ["unsure", "unsure"])
    return dataset


def without_suspects(made: Any) -> Any:
    """A dataset whose suspects are all decided."""
    import fiftyone.operators as foo

    dataset = _again("clean", made.limit(160))
    _run(dataset)
    ids, labels, said = dataset.values(["id", f"{FIELD}.label", "deconfuse_prediction.label"])
    wrong = [i for i, label, at in zip(ids, labels, said, strict=True) if label != at]
    resolve = foo.get_operator("@deconfuse/label-errors/resolve")
    resolve(dataset, run_key="deconfuse", action="confirm", sample_ids=wrong)
    return dataset


def reviewed(made: Any) -> Any:
    """A dataset after a day: suspects judged by the truth, two iterations, an audit."""
    import fiftyone.operators as foo

    from plugin.audit.audits import draw_audit
    from plugin.audit.judging import give_verdicts
    from plugin.store.iterations import unpack_ids
    from plugin.store.runs import load_run
    from scripts.scenes import class_of

    dataset = _again("reviewed", made)
    _run(dataset)
    said = zip(*dataset.values(["id", f"{FIELD}.label", "deconfuse_prediction.label"]), strict=True)
    suspects = {i for i, label, at in said if label != at}
    resolve = foo.get_operator("@deconfuse/label-errors/resolve")
    first = dataset.select(suspects).sort_by("deconfuse_suspicion", reverse=True).limit(JUDGED)
    for sample in first:
        right = class_of(sample.filepath)
        same = right == sample[FIELD].label
        act = {"action": "confirm"} if same else {"action": "relabel", "label": right}
        resolve(dataset, run_key="deconfuse", sample_ids=[sample.id], **act)
    _run(dataset)
    audit = draw_audit(load_run(dataset, "deconfuse"), AUDITED, seed=0)
    ids = unpack_ids(audit.record.sample_id)
    paths = dict(zip(*dataset.values(["id", "filepath"]), strict=True))
    give_verdicts(audit, {i: class_of(paths[i]) for i in ids})
    return dataset


def thousand(made: Any) -> Any:
    """1,000 classes with a run whose classifier confuses neighbours."""
    import fiftyone as fo
    import numpy as np

    from tests.panels.made_runs import write_iteration

    rng = np.random.default_rng(0)
    classes = [f"species {i:03d}" for i in range(CLASSES)]
    label = rng.integers(0, CLASSES, SPREAD)
    paths = made.values("filepath")
    dataset = fo.Dataset("thousand", persistent=True)
    dataset.add_samples(
        fo.Sample(
            filepath=paths[i % len(paths)],
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


def boxes(folder: Path) -> Any:
    """Digits on canvases with boxes, a run on them, and an audit that waits to be judged."""
    import fiftyone.operators as foo

    from scripts.demo_objects import PREDICTIONS, objects_dataset

    dataset = objects_dataset("digits", folder, images=CANVASES)
    find = foo.get_operator("@deconfuse/label-errors/find_label_errors")
    find(dataset, FIELD, source="predictions", prediction_fields=[PREDICTIONS])
    estimate = foo.get_operator("@deconfuse/label-errors/estimate_remaining")
    estimate(dataset, audit_size=60, audit_images=20, seed=0)
    return dataset


def tags(made: Any) -> Any:
    """The same canvases tagged with the digits on them, some wrongly, and a run on the tags."""
    import fiftyone as fo
    import fiftyone.operators as foo
    import numpy as np

    rng = np.random.default_rng(0)
    names = [str(digit) for digit in range(10)]
    dataset = fo.Dataset("tagged", persistent=True)
    samples = []
    for sample in made:
        there = {one.truth for one in sample[FIELD].detections if one.planted != "spurious"}
        tagged = [name for name in names if (name in there) != (rng.random() < 0.03)]
        sure = [rng.beta(4, 1.2) if name in there else rng.beta(1.2, 5) for name in names]
        new = fo.Sample(filepath=sample.filepath)
        new[FIELD] = fo.Classifications(
            classifications=[fo.Classification(label=name) for name in tagged]
        )
        new["model"] = fo.Classifications(
            classifications=[
                fo.Classification(label=name, confidence=float(p))
                for name, p in zip(names, sure, strict=True)
                if p >= LEAST
            ]
        )
        samples.append(new)
    dataset.add_samples(samples)
    find = foo.get_operator("@deconfuse/label-errors/find_label_errors")
    find(dataset, FIELD, source="predictions", prediction_fields=["model"])
    return dataset
