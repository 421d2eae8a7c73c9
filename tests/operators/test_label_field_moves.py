"""The label field is looked at wherever a run is opened: renamed, deleted, re-typed, protected."""

import sys
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import fiftyone as fo
import pytest

from scripts.panel_events import SOURCE, load
from tests.conftest import PLUGIN
from tests.operators.lived import find, make_dataset, readable, stored
from tests.traces import database_of

pytestmark = pytest.mark.slow

EVENTS = load(SOURCE).EVENTS
NEEDS_LABELS: dict[str, dict[str, Any]] = {
    "resolve": {"action": "confirm"},
    "undo": {},
    "find_duplicates": {},
    "map_dataset": {},
    "rank_by_importance": {},
    "estimate_remaining": {"audit_size": 5},
    "send_to_annotation": {"backend": "labelstudio"},
    "fetch_annotation": {},
    "import_decisions": {"path": "/nowhere/decisions.csv"},
}


@pytest.fixture
def made(operator: Any) -> Iterator[Any]:
    dataset = make_dataset()
    find(operator, dataset)
    yield dataset
    dataset.delete()


def _call(operator: Any, dataset: Any, name: str, **more: Any) -> Any:
    options = {**NEEDS_LABELS.get(name, {}), **more}
    if name in ("resolve", "send_to_annotation"):
        options["sample_ids"] = dataset.values("id")[:2]
    return operator(name)(dataset, **options)


@pytest.mark.parametrize("name", NEEDS_LABELS)
def test_what_needs_the_labels_names_the_field_that_they_went_to(
    made: Any, operator: Any, name: str
) -> None:
    made.clone_sample_field("pred", "other")  # another that was not there before
    made.rename_sample_field("ground_truth", "species")
    before = database_of(made)
    with pytest.raises(ValueError, match=r"repoint_run\(run_key='deconfuse', label_field='specie"):
        _call(operator, made, name)
    assert database_of(made) == before


@pytest.mark.parametrize("field", ["ground_truth", "species"])
def test_find_label_errors_says_it_too_under_either_name(
    made: Any, operator: Any, field: str
) -> None:
    made.rename_sample_field("ground_truth", "species")
    with pytest.raises(ValueError, match="probably renamed to 'species'"):
        find(operator, made, field)


def test_the_new_field_is_known_by_its_labels_where_all_were_declared_at_once(
    made: Any, operator: Any
) -> None:
    made.rename_sample_field("ground_truth", "species")
    field = made.get_field("species")
    field._set_created_at(fo.Sample(filepath="x").created_at)
    made.add_sample_field("empty", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    from plugin.store.label_field import likely_label_field
    from plugin.store.listed_runs import know, listed_runs
    from plugin.store.runs import load_run

    know(made, listed_runs(made)["deconfuse"])  # as a run that was made before it was noted
    from plugin.store.declared import declared_fields

    assert likely_label_field(load_run(made, "deconfuse"), declared_fields(made)) == "species"


@pytest.mark.parametrize("how", ["deleted", "typed"])
def test_without_a_likely_field_the_message_says_what_there_is(
    made: Any, operator: Any, how: str
) -> None:
    made.delete_sample_field("ground_truth")
    if how == "typed":
        made.add_sample_field("ground_truth", fo.StringField)
    what = "is not a field" if how == "deleted" else "is of type StringField now"
    with pytest.raises(ValueError, match=rf"{what}.*Classification fields: pred"):
        _call(operator, made, "resolve")


def test_reading_and_deleting_work_without_the_label_field(
    made: Any, operator: Any, tmp_path: Any
) -> None:
    _call(operator, made, "resolve")
    made.delete_sample_field("ground_truth")
    listed = operator("list_runs")(made)["runs"][0]
    assert "is not a field" in listed["problem"]
    exported = operator("export_decisions")(made, path=str(tmp_path / "decisions.csv"))
    assert exported["decisions"] == 1
    assert len(operator("compare_iterations")(made)["iterations"]) == 1
    operator("delete_run")(made, "deconfuse")
    assert operator("list_runs")(made) == {"runs": [], "deleted": []}
    assert readable(made)


def test_the_panel_opens_and_each_event_says_it_in_words(made: Any, context: Any) -> None:
    made.rename_sample_field("ground_truth", "species")
    import fiftyone.operators as foo

    module = sys.modules[type(foo.get_operator(f"{PLUGIN}/label_errors")).__module__]
    for name in set(module.ANSWERS) - {"status", "pulse", "cancel", "dismiss"}:
        problem = _ask(context, made, name, _request(name))["error"]
        assert (name, problem["kind"]) == (name, "input")
        assert "probably renamed to 'species'" in problem["message"], (name, problem["message"])
    status = _ask(context, made, "status", {})
    assert "probably renamed to 'species'" in status["runs"][0]["problem"]
    assert _ask(context, made, "pulse", {"run": "deconfuse"})["problem"] is not None


def _request(name: str) -> dict[str, Any]:
    """A request of the right types for an event."""
    known = {"run": "deconfuse", "iteration": 1}
    hints = get_type_hints(EVENTS[name][0], include_extras=False)
    return {field: known.get(field, _value(hint)) for field, hint in hints.items()}


def _value(hint: Any) -> Any:
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if get_origin(hint) is tuple:
        return [_value(inner) for inner in get_args(hint)]
    if get_origin(hint) in (types.UnionType, Union):
        return None if types.NoneType in get_args(hint) else _value(get_args(hint)[0])
    return {int: 1, float: 0.5, str: "", bool: False}.get(hint, [])


def _ask(context: Any, dataset: Any, name: str, request: dict[str, Any]) -> Any:
    import fiftyone.operators as foo

    ctx = context(dataset, "label_errors", __method__=name, request=request)
    return foo.get_operator(f"{PLUGIN}/label_errors").execute(ctx)


def test_a_repointed_run_undoes_on_the_new_field_all_that_it_did_on_the_old(
    made: Any, operator: Any
) -> None:
    ids = made.values("id")
    made._sample_collection.update_one({"filepath": {"$regex": "/9.png"}}, {"$unset": {"x": 1}})
    unlabelled = made[ids[9]]
    unlabelled["ground_truth"] = None
    unlabelled.save()
    at_first = stored(made, "_id", "ground_truth", "deconfuse_decision")
    acts = [
        operator("resolve")(made, "relabel", ids[:2], label="hen"),
        operator("resolve")(made, "relabel", ids[9:10], label="dog"),
        operator("resolve")(made, "remove", ids[3:5]),
        operator("resolve")(made, "confirm", ids[6:7]),
    ]
    made.rename_sample_field("ground_truth", "species")
    told = operator("repoint_run")(made, "deconfuse", "species")
    assert told == {"run_key": "deconfuse", "label_field": "species", "before": "ground_truth"}
    assert operator("list_runs")(made)["runs"][0]["problem"] is None
    again = operator("resolve")(made, "relabel", ids[12:13], label="cat")
    for act in [*acts, again][::-1]:
        undone = operator("undo")(made, decision=act["decision"])
        assert (undone["applied"], undone["conflict_count"]) == (act["applied"], 0)
    assert stored(made, "_id", "species", "deconfuse_decision") == at_first
    assert readable(made)
    assert find(operator, made, "species")["iteration"] == 2


def test_removed_labels_come_back_in_a_field_that_is_no_renamed_one(
    made: Any, operator: Any
) -> None:
    ids = made.values("id")
    operator("resolve")(made, "remove", ids[:1])
    made.clone_sample_field("ground_truth", "species")
    made.delete_sample_field("ground_truth")
    operator("repoint_run")(made, "deconfuse", "species")
    assert operator("undo")(made)["applied"] == 1
    assert made[ids[0]]["species"].label == "dog"
    assert readable(made)


@pytest.mark.parametrize("field", ["nowhere", "weight", "deconfuse_prediction", None, 3, ""])
def test_a_field_that_holds_no_labels_is_refused(made: Any, operator: Any, field: Any) -> None:
    before = database_of(made)
    untyped = f"label_field must be a text, got {field}"
    message = "label_field: " if isinstance(field, str) else untyped
    with pytest.raises(ValueError, match=message):
        operator("repoint_run")(made, "deconfuse", field)
    assert database_of(made) == before


def _protect(dataset: Any, path: str, *, on: bool = True) -> None:
    field = dataset.get_field(path)
    field.read_only = on
    field.save()


@pytest.mark.parametrize("path", ["ground_truth", "ground_truth.label"])
def test_a_read_only_label_is_neither_written_nor_put_back(
    made: Any, operator: Any, path: str
) -> None:
    ids = made.values("id")
    operator("resolve")(made, "relabel", ids[:1], label="hen")
    _protect(made, path)
    before = database_of(made)
    with pytest.raises(ValueError, match=r"'ground_truth.label' .* is read-only"):
        operator("resolve")(made, "relabel", ids[1:2], label="hen")
    with pytest.raises(ValueError, match=r"'ground_truth.label' .* is read-only"):
        operator("undo")(made)
    assert database_of(made) == before
    assert operator("resolve")(made, "confirm", ids[2:3])["applied"] == 1
    _protect(made, path, on=False)
    assert operator("undo")(made)["applied"] == 1


def test_read_only_tags_are_not_tagged(made: Any, operator: Any) -> None:
    _protect(made, "tags")
    with pytest.raises(ValueError, match=r"'tags' .* is read-only"):
        operator("resolve")(made, "tag", made.values("id")[:1], tag="look")


@pytest.mark.parametrize("name", ["suspicion", "decision", "prediction"])
def test_a_read_only_field_of_the_run_stops_what_would_write_it(
    made: Any, operator: Any, name: str
) -> None:
    _protect(made, f"deconfuse_{name}")
    before = database_of(made)
    with pytest.raises(ValueError, match=f"'deconfuse_{name}' .* is read-only"):
        find(operator, made)
    if name == "decision":
        with pytest.raises(ValueError, match=r"'deconfuse_decision' .* is read-only"):
            operator("resolve")(made, "confirm", made.values("id")[:1])
    with pytest.raises(ValueError, match=f"'deconfuse_{name}' .* is read-only"):
        operator("delete_run")(made, "deconfuse")
    assert database_of(made) == before


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("find_duplicates", "ses"),
        ("find_duplicates", "duplicates"),
        ("rank_by_importance", "importance"),
        ("map_dataset", "disagreement"),
    ],
)
def test_so_does_a_read_only_field_of_what_is_worked_out_later(
    made: Any, operator: Any, name: str, field: str
) -> None:
    if field in ("importance", "disagreement"):
        made.add_sample_field(f"deconfuse_{field}", fo.FloatField)
    _protect(made, f"deconfuse_{field}")
    before = database_of(made)
    with pytest.raises(ValueError, match=rf"'deconfuse_{field}' .* is read-only"):
        operator(name)(made)
    assert database_of(made) == before
