"""The report of runs on objects and on tags: what was fixed in which way, with crops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plugin.objects.iteration import object_iteration
from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from scripts.demo_objects import FIELD, PREDICTIONS, objects_dataset
from tests.operators.test_report import table
from tests.tagged_digits import tagged_dataset


@pytest.fixture
def found(dataset_name: str, tmp_path: Path, operator: Any) -> Any:
    """Canvases with digits, and a run on their boxes."""
    dataset = objects_dataset(dataset_name, tmp_path, images=20, persistent=False)
    find = operator("find_label_errors")
    find(dataset, FIELD, source="predictions", prediction_fields=[PREDICTIONS])
    return dataset


def items(dataset: Any, *, missing: bool, key: str = "deconfuse") -> list[tuple[str, str]]:
    """Items of the run with their classes, the least suspicious first."""
    iteration = object_iteration(load_run(dataset, key))
    label = iteration.column("label")
    rows = np.flatnonzero((label == iteration.nothing) == missing)
    rows = rows[np.argsort(iteration.column("suspicion")[rows], kind="stable")]
    ids = unpack_ids(iteration.column("item_id")[rows])
    return [
        (i, "" if missing else iteration.classes[c])
        for i, c in zip(ids, label[rows].tolist(), strict=True)
    ]


def test_it_shows_what_became_of_each_object(found: Any, operator: Any, tmp_path: Path) -> None:
    resolve, undo = operator("resolve"), operator("undo")
    report = operator("export_report")
    empty = report(found)["report"].html
    assert "Nobody has judged an object yet" in empty
    assert "The model sees" in empty
    labels, missing = items(found, missing=False), items(found, missing=True)
    (relabelled, was), (moved, own), (removed, gone), (right, _), (back, _) = labels[:5]
    other = str((int(was) + 1) % 10)
    resolve(found, "relabel", label_ids=[relabelled], label=other, author="ann")
    resolve(found, "move", label_ids=[moved], box=[0.1, 0.1, 0.2, 0.2], author="ann")
    resolve(found, "remove", label_ids=[removed], author="bob")
    resolve(found, "confirm", label_ids=[right], author="bob")
    resolve(found, "add", label_ids=[missing[0][0]], label="3", author="ann")
    resolve(found, "confirm", label_ids=[missing[1][0]], author="ann")
    resolve(found, "remove", label_ids=[back], author="ann")
    undo(found)
    made = report(found, path=tmp_path / "report.html")
    html = Path(made["path"]).read_text()
    assert sorted(table(html, "What was fixed")) == sorted(
        [
            (was, other, 1, 1),
            (own, "in another outline", 1, 1),
            (gone, "removed", 1, 1),
            ("no label", "3", 1, 1),
        ]
    )
    assert "4 errors were fixed: 1 relabelled, 1 removed, 1 added, 1 moved." in html
    assert "6 objects were judged by a person" in html
    assert "1 decision was taken back and does not count." in html
    assert "on 20 images" in html
    assert "Iterations of the classifier" not in html
    assert "samples" not in html.partition("<body>")[2].lower().replace("randomly", "")
    left = table(html, "Largest groups of suspects")
    assert left
    assert all(row[3] for row in left), "each with crops"


def test_it_says_what_an_audit_of_objects_tells(found: Any, operator: Any) -> None:
    estimate = operator("estimate_remaining")
    drawn = estimate(found, audit_size=40, audit_images=20, seed=3)
    verdicts: dict[str, Any] = dict.fromkeys(drawn["waiting"][:40], "(nothing there)")
    verdicts |= {image: [] for image in drawn["waiting"][40:]}
    estimate(found, verdicts=verdicts)
    html = operator("export_report")(found)["report"].html
    assert "from 40 outlines that were drawn at random and judged blind" in html
    assert "Of objects that detectors proposed, about 0 (0 to" in html
    assert "Of objects that no detector proposed, about 0 (0 to 0)" in html
    assert "among labels and proposed objects" in html


def test_a_run_on_tags_has_one_too(dataset_name: str, operator: Any, tmp_path: Path) -> None:
    dataset, _ = tagged_dataset(dataset_name, tmp_path, n=60)
    operator("find_label_errors")(
        dataset, "gt", source="predictions", prediction_fields=["scores"], run_key="tags"
    )
    report = operator("export_report")
    assert "Nobody has judged a tag yet" in report(dataset, run_key="tags")["report"].html
    (first, name), (second, other) = items(dataset, missing=False, key="tags")[:2]
    operator("resolve")(dataset, "remove", label_ids=[first], run_key="tags")
    operator("resolve")(dataset, "confirm", label_ids=[second], run_key="tags")
    html = report(dataset, run_key="tags")["report"].html
    assert table(html, "What was fixed") == [(name, "removed", 1, 1)]
    assert "2 tags were judged by a person, and 1 error was fixed: 1 removed." in html
    assert other
