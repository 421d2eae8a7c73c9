"""``import_predictions``: through files and back, with everything that files have wrong."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

from tests.traces import database_of, temporary

pytestmark = pytest.mark.slow

CLASSES = [str(i) for i in range(10)]
N = 120
FORMATS = ("csv", "jsonl", "jsonl-lists", "npz", "npy")
RUN = {"source": "predictions", "duplicates": False}


def write(
    path: Path,
    form: str,
    keys: list[tuple[str, str]],
    scores: Any,
    classes: list[str],
    part: str = "probabilities",
) -> dict[str, Any]:
    """Write predictions as people do; the parameters that the import needs besides."""
    name, _ = keys[0]
    values = [value for _, value in keys]
    if form == "csv":
        with (path / "p.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([name, *classes])
            writer.writerows([[k, *row] for k, row in zip(values, scores.tolist(), strict=True)])
        return {"path": path / "p.csv", "values": part}
    if form.startswith("jsonl"):
        lists = form == "jsonl-lists"
        lines: list[Any] = [{"classes": classes}] if lists else []
        for key, row in zip(values, scores.tolist(), strict=True):
            lines.append({name: key, part: row if lists else dict(zip(classes, row, strict=True))})
        (path / "p.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
        return {"path": path / "p.jsonl"}
    if form == "npz":
        arrays = {name + "s": np.array(values), part: scores, "classes": np.array(classes)}
        np.savez(path / "p.npz", **arrays)
        return {"path": path / "p.npz"}
    np.save(path / "p.npy", scores)
    (path / "keys.txt").write_text("\n".join(values) + "\n")
    (path / "classes.txt").write_text("\n".join(classes) + "\n")
    return {
        "path": path / "p.npy",
        "keys": path / "keys.txt",
        "classes": path / "classes.txt",
        "values": part,
    }


@pytest.fixture
def digits(dataset: Any) -> Any:
    """Digits, the probabilities of a model that is often wrong, and its logits."""
    samples = dataset(N)
    rng = np.random.default_rng(51)
    logits = rng.normal(size=(N, 10))
    logits[np.arange(N), [int(x) for x in samples.values("ground_truth.label")]] += 1.5
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return samples, p, logits.round(6)


def suspicions(samples: Any, operator: Any, field: str, key: str) -> dict[str, float]:
    operator("find_label_errors")(samples, "ground_truth", key, prediction_fields=[field], **RUN)
    return dict(zip(*samples.values(["id", f"{key}_suspicion"]), strict=True))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("part", ["logits", "probabilities"])
@pytest.mark.parametrize("key", ["id", "filepath"])
def test_round_trip_with_shuffled_missing_and_foreign(
    digits: Any, operator: Any, tmp_path: Path, form: str, part: str, key: str
) -> None:
    """What comes out is what FiftyOne itself would have stored."""
    samples, _, logits = digits
    rng = np.random.default_rng(7)
    # The model knows a class that no label has, and lists its classes in an order of its own.
    classes = [*rng.permutation(CLASSES).tolist(), "zebra"]
    own = logits[:, [CLASSES.index(c) for c in classes[:-1]]]
    own = np.concatenate([own, rng.normal(size=(N, 1)).round(6)], axis=1)
    scores = own if part == "logits" else np.exp(own) / np.exp(own).sum(axis=1, keepdims=True)
    order = rng.permutation(N)[: N - 7]
    keys = [(key, samples.values(key)[i]) for i in order]
    stranger = "64b7f0c2a1d3e4f5a6b7c800" if key == "id" else "/nowhere/at/all.png"
    keys.insert(5, (key, stranger))
    rows = np.insert(scores[order], 5, scores[0], axis=0)
    given = write(tmp_path, form, keys, rows, classes, part)
    options = {"label_field": "ground_truth", **given}

    result = operator("import_predictions")(samples, field="model", **options)
    assert result["rows"] == N - 6
    assert result["written"] == N - 7
    assert result["unmatched"] == 1
    assert result["unmatched_rows"] == [{"row": 6, "key": stranger}]
    assert result["without_row"] == 7
    left = {samples.values("id")[i] for i in set(range(N)) - set(order.tolist())}
    assert {sample["id"] for sample in result["samples_without_row"]} == left
    assert result["foreign_classes"] == ["zebra"]
    assert result["unknown_labels"] == []
    assert result["classes"] == 11
    assert result["values"] == part

    samples.reload()
    predicted = dict(zip(*samples.values(["id", "model.label"]), strict=True))
    highest = dict(zip([samples.values("id")[i] for i in order], own[order].argmax(1), strict=True))
    assert predicted == dict.fromkeys(left) | {i: classes[c] for i, c in highest.items()}

    direct: list[Any] = [None] * N
    for i in order.tolist():
        label = classes[int(own[i].argmax())]
        direct[i] = fo.Classification(label=label, confidence=0.5, logits=own[i])
    samples.set_values("direct", direct)
    samples.reload()
    samples.classes = {**samples.classes, "direct": classes}
    samples.save()
    ours = suspicions(samples, operator, "model", "ours")
    theirs = suspicions(samples, operator, "direct", "theirs")
    assert set(ours) == set(theirs)
    known = [i for i in theirs if theirs[i] is not None]
    assert len(known) == N - 7
    np.testing.assert_allclose(
        [ours[i] for i in known], [theirs[i] for i in known], rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("form", ["csv", "jsonl", "npz"])
def test_labels_with_confidence_only(digits: Any, operator: Any, tmp_path: Path, form: str) -> None:
    samples, p, _ = digits
    ids = samples.values("id")
    labels = [CLASSES[i] for i in p.argmax(1)]
    sure = p.max(1).round(6)
    rows = [
        {"id": i, "label": a, "confidence": c} for i, a, c in zip(ids, labels, sure, strict=True)
    ]
    if form == "csv":
        with (tmp_path / "p.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, ["label", "id", "confidence"])
            writer.writeheader()
            writer.writerows(rows)
    elif form == "jsonl":
        (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)))
    else:
        np.savez(tmp_path / "p.npz", ids=ids, labels=labels, confidences=sure)
    result = operator("import_predictions")(samples, tmp_path / f"p.{form}", "model")
    assert (result["written"], result["values"]) == (N, "confidence")
    samples.reload()
    assert samples.values("model.label") == labels
    np.testing.assert_allclose(samples.values("model.confidence"), sure)
    assert samples.values("model.logits") == [None] * N
    found = operator("find_label_errors")(
        samples, "ground_truth", prediction_fields=["model"], **RUN
    )
    assert found["samples"] == N


def test_foreign_classes_as_asked(digits: Any, operator: Any, tmp_path: Path) -> None:
    samples, p, logits = digits
    classes = [*CLASSES, "zebra", "yak"]
    wide = np.concatenate([logits, np.full((N, 2), -9.0)], axis=1)
    wide[:3, 10] = 99.0
    keys = [("id", i) for i in samples.values("id")]
    given = write(tmp_path, "npz", keys, wide, classes, "logits")
    give = operator("import_predictions")
    before = database_of(samples)
    with pytest.raises(ValueError, match="predicts 2 classes that no label of 'ground_truth' has"):
        give(samples, field="a", label_field="ground_truth", foreign="error", **given)
    with pytest.raises(ValueError, match="foreign='drop' needs label_field"):
        give(samples, field="a", foreign="drop", **given)
    assert database_of(samples) == before
    kept = give(samples, field="kept", label_field="ground_truth", **given)
    dropped = give(samples, field="dropped", label_field="ground_truth", foreign="drop", **given)
    assert kept["foreign_classes"] == dropped["foreign_classes"] == ["zebra", "yak"]
    assert (kept["classes"], dropped["classes"]) == (12, 10)
    samples.reload()
    assert samples.values("kept.label")[:3] == ["zebra"] * 3
    assert samples.values("dropped.label") == [CLASSES[i] for i in logits.argmax(1)]
    assert samples.classes["dropped"] == CLASSES
    np.testing.assert_allclose(samples.values("dropped.confidence"), p.max(1), rtol=1e-3)

    rows = [f"{i},{c},0.9" for i, c in zip(samples.values("id"), classes * N, strict=False)]
    (tmp_path / "few.csv").write_text("id,label,confidence\n" + "\n".join(rows))
    few = give(samples, tmp_path / "few.csv", "few", label_field="ground_truth", foreign="drop")
    assert few["skipped"] == {"predicts a class that no label has": 20}
    assert few["written"] == N - 20
    assert few["foreign_classes"] == ["yak", "zebra"]
    assert few["without_row"] == 20


def test_rows_that_cannot_be_used_are_left_out_and_listed(
    digits: Any, operator: Any, tmp_path: Path
) -> None:
    samples, p, _ = digits
    ids = samples.values("id")
    rows = [[ids[i], *p[i].tolist()] for i in range(N)]
    rows[3][1] = "nan"
    rows[4][2] = ""
    rows[5][3] = 5.0
    rows[6][4] = "many"
    rows[9] = rows[8]
    with (tmp_path / "p.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["Sample_ID", *CLASSES], *rows])
    result = operator("import_predictions")(
        samples, tmp_path / "p.csv", "model", values="probabilities"
    )
    assert result["written"] == N - 5
    assert result["repeated"] == 1
    assert result["repeated_rows"] == [{"row": 10, "key": ids[8]}]
    assert sum(result["skipped"].values()) == 4
    assert [row["row"] for row in result["skipped_rows"]] == [4, 5, 6, 7]
    assert "'many'" in result["skipped_rows"][3]["reason"]
    assert {s["id"] for s in result["samples_without_row"]} == {ids[i] for i in (3, 4, 5, 6, 9)}


def test_a_view_limits_what_is_written(digits: Any, operator: Any, tmp_path: Path) -> None:
    samples, p, _ = digits
    view = samples.match_tags("test")
    given = write(tmp_path, "csv", [("id", i) for i in samples.values("id")], p, CLASSES)
    result = operator("import_predictions")(view, field="model", **given)
    inside = set(view.values("id"))
    assert result["written"] == len(inside)
    assert result["unmatched"] == N - len(inside)
    assert result["without_row"] == 0
    samples.reload()
    assert {s.id for s in samples if s["model"] is not None} == inside


def test_relative_paths_and_indices_of_classes(digits: Any, operator: Any, tmp_path: Path) -> None:
    samples, p, _ = digits
    first = Path(samples.first().filepath)
    lines = [
        json.dumps({"file": Path(path).name, "prediction": int(i), "probs": row})
        for path, i, row in zip(samples.values("filepath"), p.argmax(1), p.tolist(), strict=True)
    ]
    (tmp_path / "p.jsonl").write_text("\n".join(lines))
    names = [f"digit {c}" for c in CLASSES]
    with pytest.raises(ValueError, match="Relative paths need root"):
        operator("import_predictions")(samples, tmp_path / "p.jsonl", "model", classes=names)
    result = operator("import_predictions")(
        samples, tmp_path / "p.jsonl", "model", classes=names, root=first.parent
    )
    assert (result["written"], result["contradicting"]) == (N, 0)
    samples.reload()
    assert samples.values("model.label") == [names[i] for i in p.argmax(1)]


def test_overwriting_leaves_nothing_of_before(digits: Any, operator: Any, tmp_path: Path) -> None:
    samples, p, _ = digits
    ids = samples.values("id")
    give = operator("import_predictions")
    give(samples, field="model", **write(tmp_path, "csv", [("id", i) for i in ids], p, CLASSES))
    half = write(tmp_path, "csv", [("id", i) for i in ids[:9]], p[:9, ::-1], CLASSES)
    before = database_of(samples)
    with pytest.raises(ValueError, match="has a field 'model' already"):
        give(samples, field="model", **half)
    assert database_of(samples) == before
    give(samples, field="model", overwrite=True, **half)
    samples.reload()
    assert samples.values("model.label")[9:] == [None] * (N - 9)
    assert samples.values("model.label")[:9] == [CLASSES[9 - i] for i in p[:9].argmax(1)]


def test_an_import_that_fails_while_writing_leaves_no_field(
    digits: Any, operator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, p, _ = digits
    given = write(tmp_path, "npz", [("id", i) for i in samples.values("id")], p, CLASSES)
    module = __import__(type(operator("import_predictions")).__module__, fromlist=["x"])
    work = __import__(module.import_predictions.__module__, fromlist=["x"])

    def fail(*args: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(work, "write_predictions", fail)
    files = temporary()
    with pytest.raises(ValueError, match="no space left"):
        operator("import_predictions")(samples, field="model", **given)
    samples.reload()
    assert not samples.has_field("model")
    assert "model" not in samples.classes
    assert temporary() <= files


ID = "64b7f0c2a1d3e4f5a6b7c800"


@pytest.mark.parametrize(
    ("name", "content", "options", "pattern"),
    [
        ("p.csv", "", {}, "is empty; expected a header"),
        ("p.csv", "id,0,1\n", {}, "has no rows"),
        ("p.csv", "name,0,1\na,.5,.5\n", {}, "needs a column 'id' or 'filepath'"),
        ("p.csv", "id,label\na,0\n", {}, "needs the columns 'label' and 'confidence'"),
        ("p.csv", "id,0,1\na,.5\n", {}, "line 2: 2 values, expected 3"),
        ("p.csv", "id,0,0\na,.5,.5\n", {}, "the class '0' comes twice"),
        ("p.csv", "id,sample_id,0\na,b,1\n", {}, "two columns for the id"),
        ("p.csv", "id,0,1\n\xff\xfe,.5,.5\n".encode("latin1"), {}, "is not UTF-8 text"),
        ("p.csv", f"id,0,1\n{ID},.5,.5\n", {}, "no row of .* is about a sample"),
        ("p.csv", "id,0,1\n{id},x,y\n", {}, "can be used; row 1: the score of '0' is not a number"),
        ("p.csv", "id,0,1\n{id},.5,.5\n{id2},7,1\n", {}, "values: 50 % of 2 rows"),
        ("p.csv", "id,a,b\n{id},.5,.5\n", {"label_field": "ground_truth"}, "no class in common"),
        ("p.csv", "id,label,0,1\n{id},1,.9,.1\n", {}, "Are the classes in the order"),
        ("p.csv", "id,0,1\n{id},.5,.5\n", {"classes": ["0", "2"]}, "has no column '2'"),
        ("p.csv", "id,0,1\n{id},.5,.5\n", {"keys": "k.txt"}, "keys: only .npy"),
        ("p.csv", "id,0,1\n{id},.5,.5\n", {"values": "odds"}, "values must be one of"),
        ("p.csv", "id,0,1\n{id},.5,.5\n", {"match": "luck"}, "match must be one of"),
        ("p.csv", "id,0,1\n{id},.5,.5\n", {"foreign": "eat"}, "foreign must be one of"),
        ("p.csv", "id,0,1\n{id},.5,.5\n", {"label_field": "nothing"}, "label_field: field"),
        ("p.csv", "id,0,1\n{id},.5,.5\n", {"field": "ground_truth"}, "already"),
        ("p.csv", "id,0,1\n{id},.5,.5\n", {"field": "a b"}, "must be a valid Python name"),
        ("p.csv", "id,0,1\n{id},.5,.5\n", {"field": "filepath", "overwrite": True}, "of type"),
        ("p.jsonl", "", {}, "is empty; expected a JSON object"),
        ("p.jsonl", "[1]\n", {}, "line 1: expected a JSON object"),
        ("p.jsonl", "{nonsense\n", {}, "line 1: not a JSON object"),
        ("p.jsonl", '{"id": "a", "logits": [1, 2]}', {}, "without the names of their classes"),
        ("p.jsonl", '{"id": "a"}', {}, "needs 'label' and 'confidence'"),
        ("p.jsonl", '{"label": "a"}', {}, "needs 'id' or 'filepath'"),
        ("p.jsonl", '{"classes": ["0", "0"]}', {}, "the class '0' comes twice"),
        ("p.npz", b"not a zip", {}, "is no .npz file"),
        ("p.npy", b"not an array", {}, "does not say which sample"),
        ("p.parquet", "x", {}, "must end in one of .csv"),
    ],
)
def test_files_that_cannot_be(
    dataset: Any,
    operator: Any,
    tmp_path: Path,
    name: str,
    content: Any,
    options: dict[str, Any],
    pattern: str,
) -> None:
    samples = dataset(20)
    first, second = samples.values("id")[:2]
    if isinstance(content, str):
        content = content.replace("{id}", first).replace("{id2}", second).encode()
    (tmp_path / name).write_bytes(content)
    before, files = database_of(samples), temporary()
    with pytest.raises(ValueError, match=pattern):
        operator("import_predictions")(samples, tmp_path / name, **{"field": "model", **options})
    assert database_of(samples) == before
    assert temporary() <= files


@pytest.mark.parametrize(
    ("arrays", "pattern"),
    [
        ({"probabilities": np.eye(3)}, "needs an array 'ids' or 'filepaths'"),
        ({"ids": ["a"]}, "needs 'logits' or 'probabilities'"),
        ({"ids": ["a"], "logits": np.eye(3)[:1]}, "classes: name the 3 classes"),
        ({"ids": ["a"], "logits": np.eye(3)[:1], "classes": ["a", "b"]}, "2 names, but .* 3"),
        ({"ids": ["a"], "logits": np.eye(3), "classes": ["a", "b", "c"]}, "3 rows, but 1 samples"),
        ({"ids": ["a"], "logits": np.ones(1), "classes": ["a", "b"]}, "expected 2 dimensions"),
        ({"ids": ["a"], "logits": [["x", "y"]], "classes": ["a", "b"]}, "are <U1, not numbers"),
        ({"ids": np.array(["a", None]), "logits": np.eye(2)}, "holds Python objects"),
        ({"ids": ["a"], "logits": [[1]], "probs": [[1]]}, "has logits and probabilities"),
    ],
)
def test_arrays_that_cannot_be(
    dataset: Any, operator: Any, tmp_path: Path, arrays: Any, pattern: str
) -> None:
    samples = dataset(5)
    np.savez(tmp_path / "p.npz", **arrays)
    before, files = database_of(samples), temporary()
    with pytest.raises(ValueError, match=pattern):
        operator("import_predictions")(samples, tmp_path / "p.npz", "model")
    assert database_of(samples) == before
    assert temporary() <= files


def test_no_pickle_is_ever_loaded(dataset: Any, operator: Any, tmp_path: Path) -> None:
    import pickle

    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "ran",)

    samples = dataset(5)
    (tmp_path / "p.npy").write_bytes(pickle.dumps(Evil()))
    (tmp_path / "keys.txt").write_text("a")
    np.save(tmp_path / "q.npy", np.array([Evil()], object), allow_pickle=True)
    for name in ("p.npy", "q.npy"):
        with pytest.raises(ValueError, match=r"Python objects|cannot be read"):
            operator("import_predictions")(
                samples, tmp_path / name, "model", keys=tmp_path / "keys.txt", classes=["a", "b"]
            )
    assert not (tmp_path / "ran").exists()


def test_delegated_and_by_form(digits: Any, operator: Any, context: Any, tmp_path: Path) -> None:
    from fiftyone.operators.delegated import DelegatedOperationService

    samples, p, _ = digits
    given = write(tmp_path, "csv", [("id", i) for i in samples.values("id")], p, CLASSES)
    arrays = write(tmp_path, "npy", [("id", i) for i in samples.values("id")], p, CLASSES)
    for field, queued in (("a", given), ("b", arrays), ("c", {**arrays, "classes": CLASSES})):
        operator("import_predictions")(samples, field=field, delegate=True, **queued)
        DelegatedOperationService().execute_queued_operations(limit=1)
        samples.reload()
        assert samples.values(f"{field}.label") == [CLASSES[i] for i in p.argmax(1)]
    form = {"path": {"absolute_path": str(given["path"])}, "field": "formed"}
    form |= {"target": "dataset", "show_advanced": True}
    ctx = context(samples, "import_predictions", **form)
    inputs = operator("import_predictions").resolve_input(ctx).type.properties
    assert {"path", "field", "label_field", "match", "values", "root"} <= set(inputs)
    assert operator("import_predictions").work(ctx)(lambda *_: None)["written"] == N
