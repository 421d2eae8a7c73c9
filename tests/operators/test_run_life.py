"""What users of FiftyOne do to a run and its dataset: carried along, or begun anew and said."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest

from plugin.decisions import steps
from plugin.decisions.resolve import resolve
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.runs import renamed
from plugin.runs.opening import find_runs, open_run
from plugin.store.database import own_collections
from plugin.store.listed_runs import known_runs
from plugin.store.runs import Run, create_run, load_run
from plugin.store.samples import samples_of
from tests.operators.lived import N, find, make_dataset, readable, stored
from tests.traces import database_of, documents, plugin_documents

pytestmark = pytest.mark.slow


@pytest.fixture
def made(operator: Any) -> Iterator[Any]:
    """A run with two samples relabelled, two confirmed and one removed."""
    dataset = make_dataset()
    find(operator, dataset)
    ids = dataset.values("id")
    operator("resolve")(dataset, "relabel", ids[:2], label="hen")
    operator("resolve")(dataset, "confirm", ids[2:4])
    operator("resolve")(dataset, "remove", ids[4:5])
    yield dataset
    dataset.delete()


def _ours(dataset: Any) -> list[str]:
    return [name for name in dataset.get_field_schema() if name.startswith(("deconfuse_", "new_"))]


def _owned(dataset: Any, key: str) -> dict[str, int]:
    owner = {"dataset_id": dataset._doc.id, "run_key": key}
    counted = {name: len(documents(name, **owner)) for name in own_collections()}
    columns = {"metadata.dataset_id": dataset._doc.id, "metadata.run_key": key}
    counted["columns"] = len(documents("deconfuse.columns.files", **columns))
    return {name: count for name, count in counted.items() if count}


def test_what_is_kept_elsewhere_is_not_taken_for_nothing(
    made: Any, operator: Any, context: Any, tmp_path: Path
) -> None:
    copy = made.clone()
    said = r"Run 'deconfuse' came with a copy of another dataset"
    for name, path in (("compare_iterations", {}), ("export_decisions", {"path": "a.csv"})):
        given = {n: tmp_path / v for n, v in path.items()}
        with pytest.raises(ValueError, match=said):
            operator(name)(copy, **given)
        ctx = context(copy, name)
        ctx.executor = None
        properties = operator(name).resolve_input(ctx).type.properties
        assert any(said[:20] in (p.error_message or "") for p in properties.values())
    with pytest.raises(ValueError, match=said):
        operator("export_report")(copy, path=tmp_path / "r.html")
    assert list(tmp_path.iterdir()) == []
    copy.delete_run("deconfuse")
    create_run(copy, "deconfuse", "ground_truth")
    with pytest.raises(ValueError, match="has no iteration yet"):
        operator("compare_iterations")(copy)
    copy.delete()


# --- rename_run -----------------------------------------------------------------------------------


def test_a_renamed_run_is_carried_over_whole(made: Any, operator: Any) -> None:
    operator("estimate_remaining")(made, audit_size=5)
    operator("rank_by_importance")(made)
    fields = len(_ours(made))
    kept, values = _owned(made, "deconfuse"), stored(made, "deconfuse_decision")
    made.rename_run("deconfuse", "new")
    listed = operator("list_runs")(made)["runs"]
    assert [(run["run_key"], len(run["iterations"])) for run in listed] == [("new", 1)]
    assert _owned(made, "new") == kept
    assert _owned(made, "deconfuse") == {}
    assert stored(made, "new_decision") == values
    assert len(_ours(made)) == fields
    assert {name.partition("_")[0] for name in _ours(made)} == {"new"}
    groups = [group.name for group in made.app_config.sidebar_groups]
    assert "label errors (new)" in groups
    assert "label errors (deconfuse)" not in groups
    assert readable(made)
    assert find(operator, made, run_key="new")["iteration"] == 2
    assert find(operator, made)["iteration"] == 1, "the old key is free"
    operator("delete_run")(made, "new")
    assert _owned(made, "new") == {}
    assert not [name for name in _ours(made) if name.startswith("new_")]


def test_what_was_decided_under_the_old_key_is_undone_under_the_new_one(
    made: Any, operator: Any
) -> None:
    at_first = make_dataset()
    labels = {
        Path(p).name: x
        for p, x in zip(*at_first.values(["filepath", "ground_truth.label"]), strict=True)
    }
    at_first.delete()
    made.rename_run("deconfuse", "new")
    confirmed = operator("resolve")(made, "confirm", made.values("id")[8:9], run_key="new")
    for applied in (1, 1, 2, 2):
        assert operator("undo")(made, "new")["applied"] == applied
    now = dict(zip(*made.values(["filepath", "ground_truth.label"]), strict=True))
    assert {Path(path).name: label for path, label in now.items()} == labels
    assert made.count_values("new_decision") == {None: N}
    assert None not in made.values("new_suspicion"), "the removed one came back with its scores"
    assert confirmed["applied"] == 1
    assert readable(made)


def test_two_runs_that_exchange_their_keys_keep_what_is_theirs(made: Any, operator: Any) -> None:
    find(operator, made, run_key="new")
    before = {
        key: (_owned(made, key), stored(made, f"{key}_decision")) for key in ("deconfuse", "new")
    }
    for old, new in (("deconfuse", "aside"), ("new", "deconfuse"), ("aside", "new")):
        made.rename_run(old, new)
    runs = find_runs(made)
    assert {key: problem for key, (_, problem) in runs.items()} == {"deconfuse": None, "new": None}
    assert (_owned(made, "new"), stored(made, "new_decision")) == before["deconfuse"]
    assert (_owned(made, "deconfuse"), stored(made, "deconfuse_decision")) == before["new"]


def test_a_process_that_dies_while_it_carries_over_leaves_a_run_that_is_gone_on_with(
    made: Any, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = _owned(made, "deconfuse")
    made.rename_run("deconfuse", "new")

    def dies(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(renamed, "move", dies)
        with pytest.raises(RuntimeError, match="killed"):
            open_run(made, "new")
    assert open_run(made, "new").iteration().samples == N
    assert _owned(made, "new") == kept
    assert operator("undo")(made, "new")["applied"] == 1


def test_a_key_that_cannot_be_one_is_refused_until_it_is_renamed_again(
    made: Any, operator: Any
) -> None:
    made.rename_run("deconfuse", "_new")
    assert "cannot be a run_key" in operator("list_runs")(made)["runs"][0]["problem"]
    with pytest.raises(ValueError, match="renamed to '_new', which cannot be a run_key"):
        operator("undo")(made, "_new")
    made.rename_run("_new", "deconfuse")
    assert operator("undo")(made)["applied"] == 1


def test_a_field_in_the_way_is_named(made: Any, operator: Any) -> None:
    made.add_sample_field("new_iies", fo.FloatField)
    made.rename_run("deconfuse", "new")
    with pytest.raises(ValueError, match="has a field 'new_iies' already"):
        operator("undo")(made, "new")
    made.delete_sample_field("new_iies")
    assert operator("undo")(made, "new")["applied"] == 1


def test_a_run_that_was_opened_before_it_was_renamed_decides_nothing(made: Any) -> None:
    earlier = load_run(made, "deconfuse")
    made.rename_run("deconfuse", "new")
    with pytest.raises(InputError, match="'deconfuse' was renamed to 'new' meanwhile"):
        resolve(earlier, "confirm", made.values("id")[:1])
    open_run(made, "new")
    before = database_of(made)
    with pytest.raises(InputError, match="'deconfuse' was deleted or renamed meanwhile"):
        resolve(earlier, "confirm", made.values("id")[:1])
    assert database_of(made) == before


def test_a_renamed_dataset_is_the_same(made: Any, operator: Any) -> None:
    made.name = f"renamed-{made.name}"
    assert operator("undo")(made)["applied"] == 1
    assert find(operator, made)["iteration"] == 2


# --- FiftyOne's delete_run ------------------------------------------------------------------------


def test_after_fiftyones_delete_run_the_key_begins_anew(
    made: Any, operator: Any, tmp_path: Path
) -> None:
    made.delete_run("deconfuse")
    assert operator("list_runs")(made) == {"runs": [], "deleted": ["deconfuse"]}
    with pytest.raises(ValueError, match="has no Deconfuse run with run_key 'deconfuse'"):
        operator("undo")(made)
    found = find(operator, made)
    assert (found["iteration"], found["open"]) == (1, N - 1)
    assert "had been deleted in FiftyOne" in found["begun_anew"]
    assert made.count_values("deconfuse_decision") == {None: N - 1}
    with pytest.raises(ValueError, match="no decision that could be undone"):
        operator("undo")(made)
    path = str(tmp_path / "decisions.csv")
    assert operator("export_decisions")(made, path=path)["decisions"] == 0
    assert "begun_anew" not in find(operator, made)


@pytest.mark.parametrize("fields_too", [False, True])
def test_our_delete_run_takes_what_fiftyones_left(
    made: Any, operator: Any, *, fields_too: bool
) -> None:
    made.delete_run("deconfuse")
    if fields_too:
        made.delete_sample_fields(_ours(made))
    operator("delete_run")(made.limit(3), "deconfuse")
    assert _owned(made, "deconfuse") == {}
    assert _ours(made) == []
    assert operator("list_runs")(made) == {"runs": [], "deleted": []}
    with pytest.raises(ValueError, match="nothing of one is left"):
        operator("delete_run")(made, "deconfuse")


# --- copies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["clone", "import", "view"])
def test_a_copy_begins_anew_and_says_so(made: Any, operator: Any, how: str, tmp_path: Path) -> None:
    original = database_of(made)
    if how == "import":
        kind, where = fo.types.FiftyOneDataset, str(tmp_path / "exported")
        made.export(export_dir=where, dataset_type=kind, export_media=False, progress=False)
        copy: Any = fo.Dataset.from_dir(dataset_dir=where, dataset_type=kind, progress=False)
    else:
        copy = made.clone() if how == "clone" else made.limit(20).clone()
    try:
        if how != "view":
            assert "came with a copy" in operator("list_runs")(copy)["runs"][0]["problem"]
            before = database_of(copy)
            with pytest.raises(ValueError, match="came with a copy of another dataset"):
                operator("resolve")(copy, "confirm", copy.values("id")[:1])
            with pytest.raises(InputError, match="came with a copy of another dataset"):
                resolve(Run(copy, "deconfuse", "ground_truth"), "confirm", copy.values("id")[:1])
            assert database_of(copy) == before
        found = find(operator, copy)
        assert found["begun_anew"]
        assert (found["iteration"], found["open"]) == (1, len(copy))
        assert copy.count_values("deconfuse_decision") == {None: len(copy)}
        audit = operator("estimate_remaining")(copy, audit_size=5)
        assert audit["population"] == found["open"]
        with pytest.raises(ValueError, match="no decision that could be undone"):
            operator("undo")(copy)
        operator("delete_run")(copy, "deconfuse")
        assert _ours(copy) == []
        assert readable(copy)
    finally:
        copy.delete()
    assert database_of(made)["samples"] == original["samples"]
    assert operator("undo")(made)["applied"] == 1


def test_what_a_copy_of_a_view_left_can_be_deleted(made: Any, operator: Any) -> None:
    copy = made.limit(10).clone()
    try:
        assert operator("delete_run")(copy, "deconfuse")["deleted"]
        assert _ours(copy) == []
    finally:
        copy.delete()


def test_fields_of_the_same_names_that_are_somebody_elses_are_left_alone(operator: Any) -> None:
    dataset = make_dataset()
    try:
        for name in ("prediction", "decision"):
            dataset.add_sample_field(f"deconfuse_{name}", fo.StringField, description="mine")
        before = database_of(dataset)
        with pytest.raises(ValueError, match="would write to field 'deconfuse_decision'"):
            find(operator, dataset)
        with pytest.raises(ValueError, match="nothing of one is left"):
            operator("delete_run")(dataset, "deconfuse")
        assert database_of(dataset) == before
    finally:
        dataset.delete()


# --- our fields, deleted, cleared, renamed --------------------------------------------------------


@pytest.mark.parametrize("how", ["delete", "clear", "rename"])
@pytest.mark.parametrize("then", ["find", "decide"])
def test_the_journal_says_what_is_decided_and_the_field_follows(
    made: Any, operator: Any, how: str, then: str
) -> None:
    name, expected = "deconfuse_decision", {"relabeled": 2, "confirmed": 2, None: N - 5}
    if how == "rename":
        made.rename_sample_field(name, "mine")
    else:
        getattr(made, f"{how}_sample_field")(name)
    if then == "find":
        found = find(operator, made)
        assert (found["open"], found["samples"]) == (N - 5, N - 1)
        assert made.count_values(name) == expected
    else:
        operator("resolve")(made, "tag", made.values("id")[:1], tag="look")
        if how != "clear":  # that is not noticed before the next iteration
            assert made.count_values(name) == {**expected, "relabeled": 1, "tagged": 1}
        operator("undo")(made)
        assert made.values(name)[0] == "relabeled"
    for applied in (1, 2, 2):
        assert operator("undo")(made)["applied"] == applied
    assert made.count_values(name) == {None: N}
    assert readable(made)


def test_scores_that_were_deleted_are_written_by_the_next_iteration(
    made: Any, operator: Any
) -> None:
    made.delete_sample_fields(
        [f"deconfuse_{n}" for n in ("prediction", "suspicion", "cies", "iies")]
    )
    assert operator("resolve")(made, "confirm", made.values("id")[8:9])["applied"] == 1
    assert operator("undo")(made)["applied"] == 1
    find(operator, made)
    assert None not in made.values("deconfuse_suspicion")
    assert readable(made)


# --- delete_run and decisions at the same time ----------------------------------------------------


def test_delete_run_waits_for_a_decision_under_way(
    made: Any, monkeypatch: pytest.MonkeyPatch, operator: Any
) -> None:
    run, ids, under_way, go_on = load_run(made, "deconfuse"), made.values("id"), *_events(2)

    def reached(step: str) -> None:
        if step == "chunk" and threading.current_thread().name == "decides":
            under_way.set()
            assert go_on.wait(30)

    monkeypatch.setattr(steps, "reached", reached)
    made_of_it: list[Any] = []
    decides = threading.Thread(
        target=lambda: made_of_it.append(resolve(run, "remove", ids[8:12])), name="decides"
    )
    decides.start()
    assert under_way.wait(30)
    deletes = threading.Thread(target=lambda: operator("delete_run")(made, "deconfuse"))
    deletes.start()
    deletes.join(0.5)
    assert deletes.is_alive(), "it waits"
    go_on.set()
    for thread in (decides, deletes):
        thread.join(60)
    assert made_of_it[0].applied == 4
    assert len(made) == N - 5
    assert _owned(made, "deconfuse") == {}
    assert readable(made)


def test_a_decision_that_comes_while_its_run_is_deleted_is_told_so(
    made: Any, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, ids = load_run(made, "deconfuse"), made.values("id")
    deleting, go_on = _events(2)
    module = __import__("plugin.runs.life", fromlist=["delete_fields"])
    whole = module.delete_fields

    def slowly(run: Run) -> None:
        deleting.set()
        assert go_on.wait(30)
        whole(run)

    monkeypatch.setattr(module, "delete_fields", slowly)
    deletes = threading.Thread(target=lambda: module.delete_whole_run(run))
    deletes.start()
    assert deleting.wait(30)
    told: list[str] = []

    def decide() -> None:
        with pytest.raises(InputError) as error:
            resolve(run, "confirm", ids[8:9])
        told.append(str(error.value))

    decides = threading.Thread(target=decide)
    decides.start()
    decides.join(0.3)
    go_on.set()
    for thread in (deletes, decides):
        thread.join(60)
    assert told == ["Run 'deconfuse' was deleted or renamed meanwhile. Nothing was changed."]
    with pytest.raises(InputError, match="was deleted or renamed meanwhile"):
        undo(run)
    assert _owned(made, "deconfuse") == {}
    assert _ours(made) == []
    assert readable(made)


def test_what_is_read_of_a_deleted_run_is_told_in_words(made: Any, operator: Any) -> None:
    iteration = load_run(made, "deconfuse").iteration()
    operator("delete_run")(made, "deconfuse")
    with pytest.raises(InputError, match="was deleted meanwhile"):
        iteration.column("suspicion")


def test_a_deletion_that_died_is_gone_on_with(
    made: Any, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = __import__("plugin.runs.life", fromlist=["delete_run"])

    def dies(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(module, "delete_fields", dies)
        with pytest.raises(RuntimeError, match="killed"):
            module.delete_whole_run(load_run(made, "deconfuse"))
    assert operator("list_runs")(made)["deleted"] == ["deconfuse"]
    operator("delete_run")(made, "deconfuse")
    assert _owned(made, "deconfuse") == {}
    assert known_runs(made) == {}
    assert str(made._doc.id) not in str(plugin_documents())


def _events(count: int) -> list[threading.Event]:
    return [threading.Event() for _ in range(count)]


def test_what_is_written_while_a_run_is_deleted_leaves_no_field_behind(
    made: Any, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FiftyOne empties the samples first and forgets the fields then; a write can come between."""
    import fiftyone as fo

    whole = fo.Dataset.delete_sample_fields

    def beside(dataset: Any, names: Any, **options: Any) -> None:
        whole(dataset, names, **options)
        samples_of(dataset).update_many({}, {"$set": {"deconfuse_cies": 3}})

    monkeypatch.setattr(fo.Dataset, "delete_sample_fields", beside)
    operator("delete_run")(made, "deconfuse")
    assert readable(made)
