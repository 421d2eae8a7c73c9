"""Decisions exported from one dataset and made again on another copy of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId

from plugin.decisions.decision_file import write_rows
from plugin.decisions.exchange import export_decisions, import_decisions
from plugin.decisions.journal import applied_headers
from plugin.decisions.resolve import resolve
from plugin.decisions.state import current_state
from plugin.decisions.trail_reading import read_rows
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.store.runs import Run, create_run
from tests.plugin.decided import ids_of, labels_of, make_iteration, make_run
from tests.plugin.decisions.test_decisions import AWKWARD
from tests.plugin.previewed import previewed

pytestmark = pytest.mark.slow

import_ = previewed(import_decisions)


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_run(30)
    yield made
    made.dataset.delete()


def clone(run: Run, copies: list[fo.Dataset], root: str | None = None) -> Run:
    """The dataset with the same ids; with ``root``, made anew from files in another folder."""
    if root is None:
        copy = run.dataset.clone()
    else:
        copy = fo.Dataset()
        old = f"/nowhere/{run.dataset.name}"
        samples = []
        for sample in run.dataset:
            label: Any = sample["ground_truth"]
            new = fo.Sample(filepath=sample.filepath.replace(old, root), tags=sample.tags)
            new["ground_truth"] = fo.Classification(label=label.label)
            samples.append(new)
        copy.add_samples(samples, progress=False)
    copies.append(copy)
    if copy.has_run("deconfuse"):
        copy.delete_run("deconfuse")
    other = create_run(copy, "deconfuse", "ground_truth")
    make_iteration(other)
    return other


def decide(run: Run) -> None:
    ids = ids_of(run)
    for at, text in enumerate(AWKWARD):
        resolve(run, "relabel", ids[at : at + 2], label=text, note=text, author="ann")
    resolve(run, "tag", ids[20:22], tag="=tag")
    resolve(run, "confirm", ids[22:24])
    resolve(run, "remove", ids[24:27])
    gone = undo(run)
    undo(run, gone.decision)  # removed again
    resolve(run, "relabel", ids[28:], label="wrong")
    undo(run)


def shown(run: Run) -> list[Any]:
    values: Any = run.dataset.values(["ground_truth.label", "deconfuse_decision", "tags"])
    return list(zip(*values, strict=True))


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_round_through_a_file_to_a_clone(
    run: Run, copies: list[fo.Dataset], tmp_path: Path, form: str
) -> None:
    other = clone(run, copies)
    decide(run)
    made = applied_headers(run)
    path = tmp_path / f"trail.{form}"
    exported = export_decisions(run, path, form)
    assert exported["decisions"] == len(made)
    assert exported["rows"] == sum(h["applied"] for h in made) == len(list(read_rows(path)))
    result = import_(other, path)
    assert (result.decisions, result.unmatched, result.refused) == (len(made), 0, [])
    assert (result.applied, result.conflict_count) == (exported["rows"], 0)
    assert ids_of(other) == ids_of(run)
    assert shown(other) == shown(run)
    again = import_(other, path)
    assert (again.decisions, again.already_here) == (0, len(made))
    assert import_(run, path).already_here == len(made)
    mine, theirs = applied_headers(run), applied_headers(other)
    for name in ("author", "note", "action", "label", "tag", "created_at"):
        assert [h[name] for h in mine] == [h[name] for h in theirs]
    assert [h["origin"] for h in theirs] == [str(h["_id"]) for h in mine]
    ids = ids_of(run)
    assert current_state(other).decided(ids) == current_state(run).decided(ids)


def test_a_copy_made_after_the_decisions_takes_them_along(
    run: Run, copies: list[fo.Dataset], tmp_path: Path
) -> None:
    ids = ids_of(run)
    resolve(run, "relabel", ids[:3], label="bee", author="ann")
    resolve(run, "relabel", ids[1:2], label="dog")
    resolve(run, "confirm", ids[3:5])
    copies.append(run.dataset.clone())
    copies[0].delete_run("deconfuse")
    other = create_run(copies[0], "deconfuse", "ground_truth")
    make_iteration(other, classes=("ant", "bee", "cat", "dog"))
    export_decisions(run, tmp_path / "t.csv")
    made = import_(other, tmp_path / "t.csv")
    assert (made.decisions, made.applied, made.conflict_count) == (3, 5, 1)
    assert made.conflicts[0]["found"] == "dog"  # and no longer what the first decision made of it
    assert shown(other) == shown(run)
    assert current_state(other).decided(ids) == current_state(run).decided(ids)
    labels = labels_of(other)
    for _ in range(3):
        undo(other)
    assert (labels_of(other), current_state(other).counts()["reviewed"]) == (labels, 0)


def test_a_dataset_made_anew_in_another_folder_is_matched_by_file_path(
    run: Run, copies: list[fo.Dataset], tmp_path: Path
) -> None:
    other = clone(run, copies, root="/elsewhere")
    decide(run)
    path = tmp_path / "trail.csv"
    rows = export_decisions(run, path)["rows"]
    unmatched = import_(other, path)
    assert (unmatched.decisions, unmatched.unmatched) == (0, rows)
    assert unmatched.unmatched_rows[0]["filepath"].startswith("/nowhere")
    old = f"/nowhere/{run.dataset.name}/"
    result = import_(other, path, old_root=old, new_root="/elsewhere")
    assert (result.applied, result.unmatched, result.conflict_count) == (rows, 0, 0)
    assert shown(other) == shown(run)
    assert import_(other, path, match="id").unmatched == 0  # all here already


def test_what_does_not_match_is_reported(
    run: Run, copies: list[fo.Dataset], tmp_path: Path
) -> None:
    other = clone(run, copies)
    ids = ids_of(run)
    other.dataset.delete_samples(ids[:1])
    sample: Any = other.dataset[ids[1]]
    sample["ground_truth"].label = "outside"
    sample.save()
    resolve(run, "relabel", ids[:3], label="dog")
    undo(run)
    export_decisions(run, tmp_path / "t.json", "json")
    result = import_(other, tmp_path / "t.json")
    assert result.unmatched == 2
    assert result.unmatched_rows[0]["sample_id"] == ids[0]
    assert result.conflict_count == 1
    assert result.conflicts[0]["found"] == "outside"
    assert labels_of(other)[ids[1]] == "outside"
    assert labels_of(other)[ids[2]] == "cat"


def test_an_undo_of_what_is_not_here_is_refused_and_named(
    run: Run, copies: list[fo.Dataset], tmp_path: Path
) -> None:
    other = clone(run, copies)
    ids = ids_of(run)
    made = resolve(run, "confirm", ids[:1])
    undo(run)
    export_decisions(run, tmp_path / "t.csv")
    lines = (tmp_path / "t.csv").read_text(encoding="utf-8-sig").splitlines()
    (tmp_path / "t.csv").write_text("\n".join([lines[0], lines[2]]))
    result = import_(other, tmp_path / "t.csv")
    assert result.decisions == 0
    assert str(made.decision) in result.refused[0]["reason"]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("action", "rename", "row 1: action must be one of"),
        ("sample_id", "x", "row 1: sample_id must be an id"),
        ("time", "noon", "row 1: time must be a time in ISO 8601"),
        ("label_after", None, "row 1: label_after is empty"),
        ("label_field", "other", "holds decisions on label field 'other'"),
    ],
)
def test_bad_files_change_nothing(
    run: Run, tmp_path: Path, column: str, value: Any, message: str
) -> None:
    resolve(run, "relabel", ids_of(run)[:1], label="dog")
    export_decisions(run, tmp_path / "t.csv")
    rows = [
        {**r, "decision": str(ObjectId()), column: value} for r in read_rows(tmp_path / "t.csv")
    ]
    write_rows(rows, tmp_path / "t.csv", "csv")
    with pytest.raises(InputError, match=message):
        import_decisions(run, tmp_path / "t.csv")
    assert len(applied_headers(run)) == 1


def test_bad_options_are_named(run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="format must be one of csv, json, got 'xml'"):
        export_decisions(run, tmp_path / "t", "xml")
    with pytest.raises(InputError, match="match must be one of auto, id, filepath"):
        import_decisions(run, tmp_path / "t", match="name")
    with pytest.raises(InputError, match="old_root and new_root"):
        import_decisions(run, tmp_path / "t", old_root="/a")


def test_the_file_s_ending_and_the_format_are_one(run: Run, tmp_path: Path) -> None:
    resolve(run, "confirm", ids_of(run)[:1])
    for name, form, written in (
        ("a.json", None, "a.json"),
        ("b", None, "b.csv"),
        ("c", "json", "c.json"),
        ("of 2026.11", None, "of 2026.11.csv"),
        ("d.CSV", "csv", "d.CSV"),
    ):
        made = export_decisions(run, tmp_path / name, form)
        assert (made["path"], made["rows"]) == (str(tmp_path / written), 1)
        assert len(list(read_rows(tmp_path / written))) == 1
    there = set(tmp_path.iterdir())
    for name, form in (("t.json", "csv"), ("t.csv", "json"), ("t.xlsx", None), ("t.csv.gz", None)):
        with pytest.raises(InputError, match=f"path: '{name}' ends in .*must end in"):
            export_decisions(run, tmp_path / name, form)
    assert set(tmp_path.iterdir()) == there
