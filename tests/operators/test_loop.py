"""Iterations side by side and the report, through the operators."""

from pathlib import Path

import numpy as np
import pytest

from plugin.decisions.resolve import resolve
from plugin.store.runs import load_run
from tests.panels.made_runs import write_iteration

CLASSES = [str(i) for i in range(10)]


@pytest.fixture
def two(dataset):
    """Two iterations; the second agrees with what a person has said meanwhile."""
    samples = dataset(40)
    digits = np.array([int(y) for y in samples.values("ground_truth.label")])
    wrong = samples.values("id")[:4]
    for i in range(4):
        sample = samples[wrong[i]]
        sample["ground_truth"].label = CLASSES[(digits[i] + 1) % 10]
        sample.save()
    first, second = np.full((40, 10), 0.01), np.full((40, 10), 0.01)
    first[np.arange(40), np.where(np.arange(40) == 0, (digits + 1) % 10, digits)] = 0.9
    second[np.arange(40), digits] = 0.9
    run, _ = write_iteration(samples, first, CLASSES)
    for i in range(3):
        resolve(run, "relabel", [wrong[i]], label=CLASSES[digits[i]], author="ann <b>")
    write_iteration(samples, second, CLASSES)
    return samples, wrong, digits


def test_iterations_are_compared_on_what_a_person_said(two, operator):
    samples, _, _ = two
    first, second = operator("compare_iterations")(samples)["iterations"]
    assert first["trusted"] == {"samples": 3, "accuracy": pytest.approx(2 / 3)}
    assert second["trusted"] == {"samples": 3, "accuracy": 1.0}
    assert (first["clean"], first["change"]) == (None, None)
    assert second["change"]["shared"] == 40
    assert second["change"]["predicted_otherwise"] == 1
    assert second["change"]["now_agreeing"] == 2
    assert len(second["change"]["vanished"]) == 2


def test_a_class_that_was_renamed_is_compared_under_its_new_name(two, operator):
    samples, _, digits = two
    before = operator("compare_iterations")(samples, clean_tag="train")["iterations"]
    labels = samples.values("ground_truth.label")
    samples.set_values("ground_truth.label", ["one" if y == "1" else y for y in labels])
    assert operator("compare_iterations")(samples, clean_tag="train")["iterations"] == before
    classes = [*CLASSES[:1], "one", *CLASSES[2:]]
    p = np.full((40, 10), 0.01)
    p[np.arange(40), digits] = 0.9
    write_iteration(samples, p, classes)
    last = operator("compare_iterations")(samples, clean_tag="train")["iterations"][-1]
    assert last["change"]["renamed"] == {"1": "one"}
    assert last["change"]["predicted_otherwise"] == 0
    assert last["clean"] == before[-1]["clean"]


def test_a_clean_split_counts_by_its_labels_as_they_are_now(two, operator):
    samples, wrong, _ = two
    samples.select(wrong[3:]).tag_samples("clean")
    rows = operator("compare_iterations")(samples, clean_tag="clean")["iterations"]
    assert [row["clean"] for row in rows] == [{"samples": 1, "accuracy": 0.0}] * 2
    with pytest.raises(ValueError, match=r"no sample of .* has the tag 'none'"):
        operator("compare_iterations")(samples, clean_tag="none")


def test_the_report_says_what_was_done_and_is_whole(two, operator, tmp_path: Path):
    samples, _, _ = two
    made = operator("export_report")(samples, path=str(tmp_path / "report.html"))
    text = (tmp_path / "report.html").read_text()
    assert text == made["report"]._repr_html_()
    assert "3 labels fixed by looking at 3 samples" in text
    assert "ann &lt;b&gt;" in text
    assert "no audit was judged" in text
    assert text.rstrip().endswith("</html>")
    run = load_run(samples, "deconfuse")
    resolve(run, "remove", samples.values("id")[10:12])
    assert "5 labels fixed" in operator("export_report")(samples)["report"].html


def test_files_that_cannot_be_written_are_named(two, operator, tmp_path: Path):
    samples, _, _ = two
    with pytest.raises(ValueError, match="there is no folder"):
        operator("export_report")(samples, path=str(tmp_path / "none" / "report.html"))
    with pytest.raises(ValueError, match="is a folder"):
        operator("export_report")(samples, path=str(tmp_path))
    with pytest.raises(ValueError, match=r"'rep.pdf' ends in .pdf, and a page of HTML .* \.html"):
        operator("export_report")(samples, path=str(tmp_path / "rep.pdf"))
    assert operator("export_report")(samples, path=str(tmp_path / "rep"))["path"].endswith(".html")
    with pytest.raises(ValueError, match="no Deconfuse run"):
        operator("export_report")(samples, "other")
