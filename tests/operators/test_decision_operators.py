"""The operators on decisions, as scripts and the App use them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone.operators as foo
import pytest
from fiftyone.core.odm import get_db_conn

from plugin.store.runs import Run, create_run
from tests.operators.test_parameters import WHOLE
from tests.plugin.decided import ids_of, labels_of, make_dataset, make_iteration, make_run
from tests.traces import database_of

pytestmark = pytest.mark.slow

PREFIX = "@deconfuse/label-errors"


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_run(12)
    yield made
    made.dataset.delete()


def requests(ctx: Any) -> list[str]:
    return [r["operator_uri"] for r in ctx.executor.to_json()["requests"]]


def test_a_script_resolves_undoes_exports_and_imports(
    run: Run, operator: Callable[[str], Any], tmp_path: Path
) -> None:
    ids, dataset = ids_of(run), run.dataset
    made = operator("resolve")(
        dataset, "relabel", ids[:3], label="dog", expected_label="ant", note="n", author="ann"
    )
    assert type(made) is dict
    assert (made["applied"], made["conflict_count"], made["author"]) == (1, 2, "ann")
    assert {c["sample_id"] for c in made["conflicts"]} == set(ids[1:3])
    back = operator("undo")(dataset, decision=made["decision"])
    assert (back["undoes"], back["applied"]) == (made["decision"], 1)
    written = operator("export_decisions")(dataset, tmp_path / "t.csv")
    assert written == {
        "path": str(tmp_path / "t.csv"),
        "format": "csv",
        "decisions": 2,
        "rows": 2,
    }
    result = operator("import_decisions")(dataset, tmp_path / "t.csv")
    assert (result["already_here"], result["decisions"]) == (2, 0)


def test_a_view_stands_for_its_dataset(run: Run, operator: Callable[[str], Any]) -> None:
    view = run.dataset.limit(2)
    assert operator("resolve")(view, "confirm", ids_of(run)[5:6])["applied"] == 1
    assert operator("undo")(view)["applied"] == 1


def test_the_app_resolves_the_selected_samples(
    run: Run, operator: Callable[[str], Any], context: Callable[..., Any]
) -> None:
    ids = ids_of(run)
    ctx = context(
        run.dataset, "resolve", selected=ids[:2], run_key="deconfuse", action="relabel", label="x"
    )
    assert operator("resolve").execute(ctx)["applied"] == 2
    assert requests(ctx) == ["notify", "reload_dataset"]
    assert [labels_of(run)[i] for i in ids[:2]] == ["x", "x"]
    ctx = context(run.dataset, "undo", run_key="deconfuse")
    assert operator("undo").execute(ctx)["applied"] == 2
    assert requests(ctx) == ["notify", "reload_dataset"]


def test_the_app_s_forms_ask_for_what_the_action_needs(
    run: Run, operator: Callable[[str], Any], context: Callable[..., Any]
) -> None:
    def asked(**params: Any) -> set[str]:
        ctx = context(run.dataset, "resolve", selected=ids_of(run)[:2], **params)
        names = operator("resolve").resolve_input(ctx).to_json()["type"]["properties"]
        return {name for name in names if not name.startswith("missing")}

    common = {"sample_ids", "chosen", "action", "note"}
    assert asked() == asked(action="remove") == common
    assert asked(action="relabel") == common | {"label", "expected_label"}
    assert asked(action="tag") == common | {"tag"}


@pytest.mark.parametrize("label", ["Cat", "cat ", "\u00a0cat", "c\u0430t", "cat\u200b", "\uff43at"])
def test_a_class_that_looks_like_another_is_made_only_where_it_is_asked_for(
    run: Run, operator: Callable[[str], Any], context: Callable[..., Any], label: str
) -> None:
    ids, dataset, resolve = ids_of(run), run.dataset, operator("resolve")
    before = labels_of(run)
    with pytest.raises(ValueError, match=r"looks like one that is\. Did you mean 'cat'\?"):
        resolve(dataset, "relabel", ids[:1], label=label)
    params = {"action": "relabel", "label": label}
    ctx = context(dataset, "resolve", selected=ids[:1], **params)
    assert "new_class" in resolve.resolve_input(ctx).to_json()["type"]["properties"]
    with pytest.raises(ValueError, match="Did you mean 'cat'"):
        resolve.execute(ctx)
    assert labels_of(run) == before
    assert resolve(dataset, "relabel", ids[:1], label=label, new_class=True)["applied"] == 1
    assert resolve(dataset, "relabel", ids[1:2], label=label)["applied"] == 1  # it is a class now
    assert resolve(dataset, "relabel", ids[2:3], label="whale")["applied"] == 1


@pytest.mark.parametrize("name", ["resolve", "undo", "export_decisions", "import_decisions"])
def test_every_input_explains_itself(
    run: Run, operator: Callable[[str], Any], context: Callable[..., Any], name: str
) -> None:
    for action in ("relabel", "tag"):
        ctx = context(run.dataset, name, selected=ids_of(run)[:1], action=action)
        form = operator(name).resolve_input(ctx).to_json()
        for key, prop in form["type"]["properties"].items():
            view = prop["view"]
            choices = view.get("choices") or [{}]
            explained = view.get("description") or choices[0].get("description")
            assert view.get("label"), key
            assert explained or view["name"] in ("Notice", "Warning"), key


@pytest.mark.parametrize("name", ["resolve", "undo", "export_decisions", "import_decisions"])
def test_a_form_on_a_dataset_without_a_run_says_what_to_do(
    operator: Callable[[str], Any], context: Callable[..., Any], name: str
) -> None:
    dataset = make_dataset(["ant"])
    form = operator(name).resolve_input(context(dataset, name)).to_json()
    assert "no_run" in form["type"]["properties"]
    dataset.delete()


def test_the_files_go_through_the_executor(run: Run, tmp_path: Path) -> None:
    params = {"run_key": "deconfuse", "path": str(tmp_path / "t.json"), "format": "json"}
    foo.execute_operator(f"{PREFIX}/export_decisions", {"dataset": run.dataset, "params": params})
    assert (tmp_path / "t.json").is_file()
    foo.execute_operator(f"{PREFIX}/import_decisions", {"dataset": run.dataset, "params": params})


def test_an_import_is_previewed_in_its_form_and_on_its_own(
    run: Run,
    operator: Callable[[str], Any],
    context: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DECONFUSE_IMPORT_DIR", str(tmp_path))
    ids, import_ = ids_of(run), operator("import_decisions")
    for at, label in ((0, "dog"), (1, "bee"), (2, "dog"), (3, "dog")):
        operator("resolve")(run.dataset, "relabel", ids[at : at + 1], label=label)
    path = str(tmp_path / "t.csv")
    operator("export_decisions")(run.dataset, path)
    other = make_run(12, labels=["ant", "cat", "cat", *["ant"] * 9])
    moved = {"old_root": f"/nowhere/{run.dataset.name}"}
    moved["new_root"] = f"/nowhere/{other.dataset.name}"
    other.dataset.delete_samples([ids_of(other)[2]])

    def said(**params: Any) -> tuple[str, str]:
        ctx = context(other.dataset, "import_decisions", path=path, **params)
        ctx.executor = None  # as FiftyOne does where the App asks for a form
        view = import_.resolve_input(ctx).type.properties["preview_of"].view
        return view.label, view.description or ""

    before = database_of(other.dataset)
    label, why = said()
    assert label == "0 decisions would be made on 0 samples; 4 rows without a sample or object"
    assert why.startswith("4 rows: no sample has this id or this file; for example /nowhere/")
    options: dict[str, Any] = {**moved, "show_advanced": True}
    label, why = said(**options)
    assert label == (
        "2 decisions would be made on 2 samples; 1 row without a sample or object; 1 sample left "
        "alone; 1 class that no label here has"
    )
    assert why.endswith("whose label is another one here: expected 'bee', found 'cat'")
    ctx = context(other.dataset, "import_decisions", path=path, preview=True, **options)
    found = import_.execute(ctx)
    assert found == import_(other.dataset, path, preview=True, **moved)
    assert found["preview"] is True
    assert found["unmatched_why"] == {"no sample has this id or this file": 1}
    assert (found["decisions"], found["conflict_count"], found["new_classes"]) == (2, 1, ["dog"])
    assert database_of(other.dataset) == before
    made = import_(other.dataset, path, **moved)
    assert {**made, "preview": True} == found
    assert "; 2 already here" in said(**options)[0]
    assert found["missing_classes"] == []
    labels = other.dataset.values("ground_truth.label")
    renamed = ["emmet" if label == "ant" else label for label in labels]
    other.dataset.set_values("ground_truth.label", renamed)
    make_iteration(other, classes=("emmet", "bee", "cat", "dog"))
    operator("resolve")(run.dataset, "confirm", ids[6:7])
    operator("export_decisions")(run.dataset, path)
    assert said(**options)[1].endswith("no classes here, perhaps renamed, are 'ant'")
    assert import_(other.dataset, path, **moved)["missing_classes"] == ["ant"]
    other.dataset.delete()


@pytest.mark.parametrize("label", ["Cat", "cat ", "\u00a0cat"])
def test_no_file_makes_a_class_that_only_looks_like_another(
    run: Run, operator: Callable[[str], Any], tmp_path: Path, label: str
) -> None:
    ids, import_, path = ids_of(run), operator("import_decisions"), tmp_path / "t.json"
    operator("resolve")(run.dataset, "relabel", ids[:1], label=label, new_class=True)
    operator("export_decisions")(run.dataset, path)
    other = make_run(12)
    moved = {"old_root": f"/nowhere/{run.dataset.name}"}
    moved["new_root"] = f"/nowhere/{other.dataset.name}"
    before = database_of(other.dataset)
    with pytest.raises(ValueError, match=r"^label_after of .* looks like one.*mean 'cat'\?"):
        import_(other.dataset, path, **moved)
    assert database_of(other.dataset) == before
    made = import_(other.dataset, path, new_class=True, **moved)
    assert (made["applied"], made["new_classes"]) == (1, [label])
    assert import_(other.dataset, path, **moved)["already_here"] == 1
    other.dataset.delete()


def test_a_run_that_does_not_exist_is_named_with_those_that_are(
    operator: Callable[[str], Any], context: Callable[..., Any]
) -> None:
    dataset = make_dataset(["ant"])
    for key in ("other", "birds"):
        create_run(dataset, key, "ground_truth")
    said = r"has no Deconfuse run with run_key '{}' \(its runs: birds, other\).*\.{}$"
    with pytest.raises(ValueError, match=said.format("deconfuse", "")):
        operator("resolve")(dataset, "confirm", ids_of(Run(dataset, "other", "ground_truth")))
    near = said.format("bird", " Did you mean 'birds'\\?")
    on_runs = [name for name in WHOLE if "run_key" in operator(name).own()]
    assert len(on_runs) == 19
    for name in set(on_runs) - {"find_label_errors"}:
        given = {**WHOLE[name], "run_key": "bird"}
        with pytest.raises(ValueError, match=near):
            operator(name)(dataset, **given)
        with pytest.raises(ValueError, match=near):
            operator(name).execute(context(dataset, name, **given))
    told = r"field 'groundtruth' \(there are: ground_truth\)\. Did you mean 'ground_truth'\?$"
    with pytest.raises(ValueError, match=told):
        operator("repoint_run")(dataset, "other", "groundtruth")
    dataset.delete()


def test_a_dataset_with_undeclared_fields_is_repaired(dataset: Any, operator: Any) -> None:
    samples = dataset(6)
    repair = operator("repair_dataset")
    assert repair(samples) == {"undeclared": {}}
    collection = samples._sample_collection
    ids = [document["_id"] for document in collection.find({}, {"_id": 1}).limit(2)]
    collection.update_many({"_id": {"$in": ids}}, {"$set": {"ghost": {"label": "x"}}})
    collection.update_one({"_id": ids[0]}, {"$set": {"other": 1}})
    with pytest.raises(Exception, match="ghost"):
        [sample.to_dict() for sample in samples]
    assert repair(samples.limit(1)) == {"undeclared": {"ghost": 2, "other": 1}}
    assert len([sample.to_dict() for sample in samples]) == 6
    kept = get_db_conn()["deconfuse.undeclared"].find({"dataset_id": samples._doc.id})
    assert {d["sample_id"]: d["values"] for d in kept} == {
        ids[0]: {"ghost": {"label": "x"}, "other": 1},
        ids[1]: {"ghost": {"label": "x"}},
    }
