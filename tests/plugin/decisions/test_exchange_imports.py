"""Decisions imported again, by several at once, after a death, and among copies of files."""

import json
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId

from plugin.decisions.decision_file import COLUMNS, write_rows
from plugin.decisions.exchange import export_decisions, import_decisions
from plugin.decisions.journal import applied_headers
from plugin.decisions.made_again import UNKNOWN
from plugin.decisions.resolve import resolve
from plugin.decisions.trail_reading import read_rows
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.store.runs import Run, create_run
from tests.plugin.decided import ids_of, labels_of, make_dataset, make_iteration, make_run
from tests.plugin.decisions.test_exchange import clone, shown
from tests.plugin.forked import died, fork, kill_at
from tests.plugin.previewed import previewed

pytestmark = pytest.mark.slow

import_ = previewed(import_decisions)


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_run(12)
    yield made
    made.dataset.delete()


def origins(run: Run) -> list[str]:
    return [header["origin"] for header in applied_headers(run)]


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("root", [None, "/elsewhere"])
def test_removals_are_taken_back_and_made_again_in_later_imports(
    run: Run, copies: list[fo.Dataset], tmp_path: Path, form: str, root: str | None
) -> None:
    other, ids = clone(run, copies, root), ids_of(run)
    path = tmp_path / f"t.{form}"
    roots: dict[str, Any] = {}
    if root is not None:
        roots = {"old_root": f"/nowhere/{run.dataset.name}", "new_root": root}

    def carry_over(decisions: int) -> None:
        export_decisions(run, path, form)
        result = import_(other, path, **roots)
        assert (result.decisions, result.refused, result.unmatched) == (decisions, [], 0)
        assert (result.conflict_count, result.ambiguous) == (0, 0)
        run.dataset.reload()
        other.dataset.reload()
        assert shown(other) == shown(run)

    removed = resolve(run, "remove", ids[:3])
    carry_over(1)
    back = undo(run, removed.decision)
    carry_over(1)
    again = undo(run, back.decision)
    carry_over(1)
    undo(run, again.decision)
    resolve(run, "relabel", ids[:2], label="dog")
    resolve(run, "remove", ids[1:2])
    carry_over(3)
    undo(run)
    undo(run)
    carry_over(2)
    assert len(other.dataset) == 12
    assert len(applied_headers(other)) == 8


def test_a_decision_on_a_removed_sample_falls_on_no_other_with_its_file(
    run: Run, copies: list[fo.Dataset], tmp_path: Path
) -> None:
    other, ids = clone(run, copies), ids_of(run)
    sample: Any = other.dataset[ids[0]]
    twin = fo.Sample(filepath=sample.filepath)
    twin["ground_truth"] = fo.Classification(label="ant")
    other.dataset.add_samples([twin], progress=False)
    resolve(other, "remove", ids[:1])
    resolve(run, "relabel", ids[:1], label="dog")
    export_decisions(run, tmp_path / "t.csv")
    result = import_(other, tmp_path / "t.csv")
    assert (result.decisions, result.conflict_count) == (0, 1)
    assert result.conflicts[0]["reason"] == "deleted"
    assert labels_of(other)[twin.id] == "ant"


def test_an_import_that_was_killed_is_finished_by_the_next(
    run: Run, copies: list[fo.Dataset], tmp_path: Path
) -> None:
    other, ids = clone(run, copies), ids_of(run)
    for at in range(6):
        resolve(run, "relabel", ids[at : at + 2], label=f"new {at}")
    removed = resolve(run, "remove", ids[8:])
    undo(run, removed.decision)
    path = tmp_path / "t.json"
    export_decisions(run, path, "json")
    for step in ("header", "entries", "written", "committed", "chunk", "applied", "marked"):

        def work(step: str = step) -> None:
            kill_at(step, 1)
            import_decisions(other, path)

        assert died(fork(work))
    result = import_(other, path)
    assert result.decisions < result.decisions + result.already_here == 8
    assert (result.refused, result.conflict_count) == ([], 0)
    assert origins(other) == [str(h["_id"]) for h in applied_headers(run)]
    other.dataset.reload()
    assert labels_of(other) == labels_of(run)


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_four_imports_at_once_make_each_decision_once(
    run: Run, copies: list[fo.Dataset], tmp_path: Path, kind: str
) -> None:
    other, ids, rng = clone(run, copies), ids_of(run), random.Random(51)
    for at in range(4):
        resolve(run, "confirm", rng.sample(ids, 3))
        resolve(run, "tag", rng.sample(ids, 2), tag=f"t{at}")
        resolve(run, "relabel", rng.sample(ids, 2), label=f"l{at}")
        removed = resolve(run, "remove", rng.sample(ids, 2))
        undo(run, removed.decision)
    path = tmp_path / "t.json"
    made = export_decisions(run, path, "json")
    if kind == "threads":
        results: list[Any] = []
        threads = [
            threading.Thread(target=lambda: results.append(import_decisions(other, path)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(r.decisions for r in results) == made["decisions"]
        assert [r.decisions + r.already_here for r in results] == [made["decisions"]] * 4
        assert sum(r.unmatched + r.conflict_count + len(r.refused) for r in results) == 0
    else:
        for child in [fork(lambda: import_decisions(other, path)) for _ in range(4)]:
            assert not died(child)
    assert origins(other) == [str(h["_id"]) for h in applied_headers(run)]
    other.dataset.reload()
    assert shown(other) == shown(run)


def test_files_of_earlier_versions_are_read(
    run: Run, copies: list[fo.Dataset], tmp_path: Path
) -> None:
    other, another = clone(run, copies), clone(run, copies)
    resolve(run, "relabel", ids_of(run)[:2], label="dog")
    export_decisions(run, tmp_path / "t.json", "json")
    rows = list(read_rows(tmp_path / "t.json"))
    first = [name for name in COLUMNS if name != "basis"]
    old = [{name: row[name] for name in first} for row in rows]
    content = {"format": "deconfuse-decisions", "version": 1, "rows": old}
    (tmp_path / "old.json").write_text(json.dumps(content))
    assert import_(another, tmp_path / "old.json").applied == 2
    # And with the names of authors taken out.
    write_rows([{**row, "author": None} for row in rows], tmp_path / "t.csv", "csv")
    assert import_(other, tmp_path / "t.csv").applied == 2
    assert applied_headers(other)[0]["author"] == UNKNOWN


def copied(labels: list[str], files: list[str]) -> Run:
    """A run on a dataset whose samples share files."""
    dataset = make_dataset(labels)
    dataset.set_values("filepath", [f"/nowhere/{name}.png" for name in files])
    run = create_run(dataset, "deconfuse", "ground_truth")
    make_iteration(run)
    return run


@pytest.fixture
def pair() -> Iterator[Any]:
    """A function that gives two datasets made from the same files and labels, with other ids."""
    made: list[Run] = []

    def make(labels: list[str], files: list[str]) -> tuple[Run, Run]:
        made.extend([copied(labels, files), copied(labels, files)])
        return made[-2], made[-1]

    yield make
    for run in made:
        run.dataset.delete()


def carried(source: Run, other: Run, path: Path) -> Any:
    made = export_decisions(source, path, "json")
    return import_(other, made["path"])


def test_one_of_two_copies_that_nothing_tells_apart_is_said(pair: Any, tmp_path: Path) -> None:
    source, other = pair(["ant", "ant", "bee"], ["x", "x", "y"])
    ids = ids_of(source)
    made = resolve(source, "remove", ids[:1])
    result = carried(source, other, tmp_path / "t")
    assert (result.decisions, result.ambiguous, result.unmatched) == (0, 1, 0)
    named = {"decision": made.decision, "sample_id": ids[0], "filepath": "/nowhere/x.png"}
    assert result.ambiguous_rows == [named]
    assert len(other.dataset) == 3


def test_copies_are_told_apart_by_their_labels(pair: Any, tmp_path: Path) -> None:
    source, other = pair(["ant", "bee", "bee"], ["x", "x", "y"])
    ids = ids_of(source)
    resolve(source, "relabel", ids[1:2], label="ant")
    resolve(source, "remove", ids[2:])
    undo(source)
    result = carried(source, other, tmp_path / "t")
    assert (result.decisions, result.ambiguous, result.applied) == (3, 0, 3)
    assert list(labels_of(other).values()) == ["ant", "ant", "bee"]
    assert other.dataset.values("deconfuse_decision") == [None, "relabeled", None]


def test_a_decision_on_all_copies_falls_on_all(pair: Any, tmp_path: Path) -> None:
    source, other = pair(["ant", "ant", "bee"], ["x", "x", "y"])
    ids = ids_of(source)
    made = resolve(source, "remove", ids[:2])
    undo(source, made.decision)
    resolve(source, "relabel", ids[:2], label="dog")
    result = carried(source, other, tmp_path / "t")
    assert (result.decisions, result.applied, result.ambiguous) == (3, 6, 0)
    assert sorted(map(str, labels_of(other).values())) == ["bee", "dog", "dog"]


def test_a_removed_copy_comes_back_as_itself(
    run: Run, copies: list[fo.Dataset], tmp_path: Path
) -> None:
    """By id, where both copies have one file."""
    run.dataset.set_values("filepath", ["/nowhere/x.png"] * 12)
    other, ids = clone(run, copies), ids_of(run)
    resolve(run, "relabel", ids[3:4], label="dog")
    resolve(run, "remove", ids[3:4])
    result = carried(run, other, tmp_path / "t")
    assert (result.decisions, result.ambiguous) == (2, 0)
    assert set(ids_of(other)) == set(ids) - {ids[3]}


def test_copies_with_other_labels_are_conflicts(pair: Any, tmp_path: Path) -> None:
    source, other = pair(["ant", "bee"], ["x", "x"])
    resolve(source, "confirm", ids_of(source)[:1])
    other.dataset.set_values("ground_truth.label", ["cat", "dog"])
    result = carried(source, other, tmp_path / "t")
    assert (result.decisions, result.conflict_count) == (0, 1)
    assert result.conflicts[0]["reason"] == "relabeled"


def test_an_undo_of_what_has_another_decision_on_it_is_refused(
    run: Run, copies: list[fo.Dataset], tmp_path: Path
) -> None:
    other, ids = clone(run, copies), ids_of(run)
    made = resolve(run, "confirm", ids[:2])
    carried(run, other, tmp_path / "t")
    resolve(other, "tag", ids[:1], tag="mine")
    undo(run, made.decision)
    result = carried(run, other, tmp_path / "t")
    assert (result.decisions, result.already_here) == (0, 1)
    assert "a later decision stands" in result.refused[0]["reason"]
    assert len(applied_headers(other)) == 2


def test_only_what_is_no_problem_of_the_file_is_refused_alone(run: Run, tmp_path: Path) -> None:
    resolve(run, "confirm", ids_of(run)[:1])
    made = export_decisions(run, tmp_path / "t.json", "json")
    rows = list(read_rows(Path(made["path"])))
    rows[0] |= {"decision": str(ObjectId()), "note": "\ud800"}
    (tmp_path / "t").write_text(
        json.dumps({"format": "deconfuse-decisions", "version": 1, "rows": rows})
    )
    with pytest.raises(InputError, match="row 1: note is no valid"):
        import_decisions(run, tmp_path / "t")
