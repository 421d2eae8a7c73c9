"""Decisions on tags exported from one dataset and made again on another copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone as fo

from plugin.classify.settings import Settings
from plugin.decisions.exchange import export_decisions
from plugin.decisions.undo import undo
from plugin.objects.exchange import import_decisions
from plugin.objects.resolve import resolve
from plugin.store.runs import load_run
from plugin.store.samples import samples_of
from plugin.tags.job import find_tag_errors
from tests.plugin.previewed import previewed
from tests.tagged_digits import tagged_dataset

FIND = {"label_field": "gt", "source": "predictions", "prediction_fields": ["scores"]}


def tags_of(dataset: Any) -> dict[str, list[str]]:
    return {
        d["filepath"]: sorted(tag["label"] for tag in d["gt"]["classifications"])
        for d in samples_of(dataset).find({"gt.classifications": {"$exists": True}})
    }


def test_tags_are_found_by_their_class_in_a_dataset_made_anew(tmp_path: Path) -> None:
    dataset, _ = tagged_dataset(f"test-{tmp_path.name}-tags", tmp_path, 40)
    other: Any = fo.Dataset()
    try:
        find_tag_errors(dataset, Settings.from_mapping(FIND))
        run = load_run(dataset, "deconfuse")
        for sample in dataset:
            new: Any = fo.Sample(filepath=sample.filepath)
            for field in ("gt", "scores"):
                if sample[field] is not None:
                    new[field] = sample[field].copy()
            if new["gt"] is not None:
                labels = [tag.label for tag in new["gt"].classifications]
                tags = [fo.Classification(label=name) for name in labels]
                new["gt"] = fo.Classifications(classifications=tags)
            other.add_sample(new)
        other.classes = dataset.classes
        other.save()
        find_tag_errors(other, Settings.from_mapping(FIND))
        here = load_run(other, "deconfuse")
        start = tags_of(other)
        documents = list(samples_of(dataset).find({"gt.classifications.1": {"$exists": True}}))
        one, two = documents[0]["gt"]["classifications"][:2]
        resolve(run, "remove", [str(one["_id"])])
        resolve(run, "relabel", [str(two["_id"])], label="new")
        missing = next(
            d["_id"]
            for document in samples_of(dataset).find({"deconfuse_missing": {"$ne": None}})
            for d in document["deconfuse_missing"]["classifications"]
        )
        resolve(run, "add", [str(missing)])
        export_decisions(run, tmp_path / "tags.csv")
        made = previewed(import_decisions)(here, tmp_path / "tags.csv")
        assert (made.decisions, made.applied, made.unmatched, made.conflict_count) == (3, 3, 0, 0)
        assert tags_of(other) == tags_of(dataset) != start
        for _ in range(3):
            undo(here)
        assert tags_of(other) == start
    finally:
        dataset.delete()
        other.delete()
