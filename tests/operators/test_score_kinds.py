"""Fields of predictions as models really leave them: kinds of scores, order, unknown classes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from scipy.special import expit, softmax

from plugin.store.runs import load_run
from tests.traces import database_of

pytestmark = pytest.mark.slow

C = ["hen", "cat", "zebra", "dog"]  # not in alphabetical order
N = 240
RNG = np.random.default_rng(0)
TRUE = RNG.integers(0, 4, N)
LOGITS = RNG.normal(size=(N, 4))
LOGITS[np.arange(N), TRUE] += 4
OPTIONS = {"source": "predictions", "prediction_fields": ["model"], "duplicates": False}


@pytest.fixture
def new_dataset() -> Any:
    """Datasets that hold nothing yet."""
    kept: list[fo.Dataset] = []

    def make() -> fo.Dataset:
        kept.append(fo.Dataset())
        return kept[-1]

    yield make
    for one in kept:
        one.delete()


@pytest.fixture
def made(new_dataset: Any) -> Any:
    """A dataset without pictures: labels, and predictions with the given scores."""

    def make(scores: Any, names: list[str] | None = C, labels: Any = None) -> fo.Dataset:
        samples = new_dataset()
        labels = [C[k] for k in TRUE] if labels is None else labels
        rows = []
        for i, given in enumerate(labels):
            of = scores[i]
            best = None if of is None or names is None else names[int(np.nanargmax(of))]
            rows.append(
                fo.Sample(
                    filepath=f"/nowhere/{i}.png",
                    ground_truth=fo.Classification(label=given),
                    model=None if of is None else fo.Classification(label=best, logits=of),
                )
            )
        samples.add_samples(rows, progress=False)
        return samples

    return make


def run(operator: Any, samples: Any, **options: Any) -> Any:
    return operator("find_label_errors")(samples, "ground_truth", **{**OPTIONS, **options})


@pytest.mark.parametrize(
    ("kind", "scores"),
    [
        ("probabilities rounded to 0.01", softmax(LOGITS, axis=1).round(2)),
        ("percentages", 100 * softmax(LOGITS, axis=1)),
        ("sigmoids", expit(LOGITS)),
        ("log-probabilities", np.log(softmax(LOGITS, axis=1))),
        ("logits", LOGITS),
    ],
)
def test_fields_and_files_are_read_alike_and_say_how(
    made: Any, operator: Any, tmp_path: Path, kind: str, scores: Any
) -> None:
    samples = made(scores)
    result = run(operator, samples)
    assert result["assumed"][0].startswith(f"'model': {kind}")
    from_field = np.array(samples.values("deconfuse_suspicion"))
    with (tmp_path / "p.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *C])
        writer.writerows([i, *row] for i, row in zip(samples.values("id"), scores, strict=True))
    found = operator("import_predictions")(samples, tmp_path / "p.csv", "file")
    assert kind.startswith(found["values"])
    assert found["read_as"].startswith(kind)
    run(operator, samples, prediction_fields=["file"])
    from_file = np.array(samples.values("deconfuse_suspicion"))
    np.testing.assert_allclose(from_file, from_field, atol=1e-4)
    exact = np.array([np.delete(z, t).max() - z[t] for z, t in zip(LOGITS, TRUE, strict=True)])
    assert np.corrcoef(from_field.argsort().argsort(), exact.argsort().argsort())[0, 1] > 0.98


def test_two_kinds_in_one_field_are_refused_and_nothing_is_changed(
    made: Any, operator: Any
) -> None:
    scores = np.where(np.arange(N)[:, None] < N / 2, LOGITS, softmax(LOGITS, axis=1))
    samples = made(scores)
    before = database_of(samples)
    with pytest.raises(ValueError, match="the logits of 'model' are of several kinds: 50 % of 240"):
        run(operator, samples)
    assert database_of(samples) == before


def test_single_rows_that_are_no_probabilities_are_left_out(made: Any, operator: Any) -> None:
    p = softmax(LOGITS, axis=1)
    p[5] = [9.0, 1.0, 2.0, 3.0]
    result = run(operator, made(p))
    assert result["skipped"] == {
        "logits in 'model' are probabilities that are negative or do not sum to 1": 1
    }


def _add_with_predictions_last(samples: Any) -> None:
    """Leaves no sample in memory, where each write would have to reach it."""
    names = [C[k] for k in TRUE]
    labelled = [
        fo.Sample(filepath=f"/nowhere/{i}.png", ground_truth=fo.Classification(label=names[i % N]))
        for i in range(5_300)
    ]
    for i, sample in enumerate(labelled[-N:]):
        z = LOGITS[(5_300 - N + i) % N]
        names_of = C[int(z.argmax())]
        sample["model"] = fo.Classification(label=names_of, logits=z, confidence=0.8)
        sample["vector"] = z.tolist()
    samples.add_samples(labelled, progress=False)


def test_what_only_the_last_samples_have_is_found(new_dataset: Any, operator: Any) -> None:
    """Datasets are stored split by split, and predictions are often there for one of them."""
    samples = new_dataset()
    _add_with_predictions_last(samples)
    result = run(operator, samples)
    assert (result["samples"], result["misclassified"]) == (
        N,
        int((LOGITS.argmax(1) != TRUE).sum()),
    )
    sure = [c for c in samples.values("deconfuse_prediction.confidence") if c is not None]
    assert not np.allclose(sure, 0.8)
    seen = run(operator, samples, preview=True)["models"][0]
    assert seen["has_logits"]
    assert seen["usable"] == N
    options = {"source": "embeddings", "embeddings": "vector", "prediction_fields": []}
    assert run(operator, samples, **options, device="cpu")["samples"] == N


def test_a_few_vectors_of_another_length_do_not_decide(made: Any, operator: Any) -> None:
    scores: list[Any] = [z[:3] if i < 20 else z for i, z in enumerate(LOGITS)]
    result = run(operator, made(scores))
    assert (result["samples"], result["skipped"]) == (
        N - 20,
        {"logits in 'model' has length 3, expected 4": 20},
    )


@pytest.mark.parametrize("listed", [None, sorted(C), C])
@pytest.mark.parametrize("where", ["default_classes", "ground_truth"])
def test_an_order_that_nothing_confirms_is_asked_for(
    made: Any, operator: Any, listed: Any, where: str
) -> None:
    samples = made(LOGITS, names=None)
    if listed and where == "default_classes":
        samples.default_classes = listed
    elif listed:
        samples.classes = {where: listed}
    with pytest.raises(ValueError, match=r"which class each stands for is unknown.*Set dataset"):
        run(operator, samples)
    samples.classes = {"model": C}
    assert run(operator, samples)["warnings"] == []


def test_an_order_that_some_labels_confirm_is_taken_and_said(made: Any, operator: Any) -> None:
    never = LOGITS - np.array([0, 0, 50, 50])
    samples = made(never)
    with pytest.raises(ValueError, match="never predicted: 2, 3"):
        run(operator, samples)
    samples.default_classes = C
    result = run(operator, samples)
    assert "dataset.default_classes (predicted labels confirm 2 of 4)" in result["assumed"][0]
    assert set(result["unknown_classes"]) == {"zebra", "dog"}


def test_a_wrong_order_is_said_in_the_result_and_in_the_preview(made: Any, operator: Any) -> None:
    samples = made(LOGITS, names=None)
    samples.classes = {"model": C[1:] + C[:1]}
    seen = run(operator, samples, preview=True)["models"][0]
    assert "The order of its classes is probably wrong" in seen["warning"]
    assert "The order of its classes is probably wrong" in run(operator, samples)["warnings"][0]


def test_classes_that_the_model_does_not_know_are_set_apart(made: Any, operator: Any) -> None:
    labels = ["Cat" if k == 1 else C[k] for k in TRUE]
    labels[0] = "ya.k $1"
    samples = made(LOGITS, labels=labels)
    result = run(operator, samples)
    cats = labels.count("Cat")
    assert result["unknown_classes"] == {"Cat": cats, "ya.k $1": 1}
    assert result["rare_classes"] == {}
    assert result["set_apart"] == cats + 1
    wrong = [C[k] != label for k, label in zip(LOGITS.argmax(1), labels, strict=True)]
    known = np.array([label in C for label in labels])
    assert result["misclassified"] == int((wrong & known).sum())
    assert result["accuracy"] == pytest.approx(1 - np.mean(np.array(wrong)[known]))
    suspicion = np.array(samples.values("deconfuse_suspicion"))
    assert len(set(suspicion[~known])) == 1
    assert -10 < suspicion[~known][0] < 0
    assert (np.argsort(-suspicion)[: result["misclassified"]]).tolist() == sorted(
        np.flatnonzero(wrong & known), key=lambda i: -suspicion[i]
    )


def test_a_class_that_one_of_two_models_knows_can_be_judged(made: Any, operator: Any) -> None:
    samples = made(LOGITS)
    less = [fo.Classification(label=C[int(z[:3].argmax())], logits=20 * z[:3]) for z in LOGITS]
    samples.set_values("less", less)
    result = run(operator, samples, prediction_fields=["model", "less"])
    assert result["unknown_classes"] == {}
    dogs = [i for i in range(N) if TRUE[i] == 3 and LOGITS[i].argmax() == 3]
    told = samples.values("deconfuse_prediction.label")
    assert np.mean([told[i] == "dog" for i in dogs]) > 0.95


def test_a_field_that_was_trained_on_the_labels_gets_no_weight_and_both_say_so(
    made: Any, operator: Any, context: Any
) -> None:
    r = np.random.default_rng(1)
    labels = [C[k if r.random() > 0.2 else (k + 1) % 4] for k in TRUE]
    honest = LOGITS + 4 * np.eye(4)[TRUE]
    samples = made(honest, labels=labels)
    by_heart = 6 * np.eye(4)[[C.index(name) for name in labels]] + r.normal(size=(N, 4)) / 2
    samples.set_values(
        "known", [fo.Classification(label=C[int(z.argmax())], logits=z) for z in by_heart]
    )
    result = run(operator, samples, prediction_fields=["known", "model"])
    (warning,) = [text for text in result["warnings"] if text.startswith("'known' agrees with")]
    assert "trained on them, so that it got no weight" in warning
    kept = load_run(samples, "deconfuse").iteration()
    assert kept.settings["ensemble_weights"] == [["known", 0.0], ["model", 1.0]]
    request = {"run": "deconfuse", "iteration": 1}
    panel = operator("label_errors").execute(
        context(samples, "label_errors", __method__="status", request=request)
    )
    assert warning in panel["runs"][0]["iterations"][0]["notes"]
    together = np.array(samples.values("deconfuse_suspicion"))
    run(operator, samples, run_key="alone")
    np.testing.assert_allclose(together, samples.values("alone_suspicion"), atol=1e-5)


def test_classes_of_one_sample_are_set_apart_out_of_fold(
    new_dataset: Any, operator: Any, tmp_path: Path
) -> None:
    r = np.random.default_rng(0)
    centre = r.normal(size=(30, 16)) * 2
    rows = [(k, k) for k in range(6) for _ in range(30)] + [(k, k) for k in range(6, 30)]
    wrong = [3, 40, 77, 110, 150]
    for i in wrong:
        rows[i] = (rows[i][0], (rows[i][0] + 1) % 6)
    samples = new_dataset()
    samples.add_samples(
        [
            fo.Sample(
                filepath=f"/nowhere/{i}.png",
                ground_truth=fo.Classification(label=f"c{label:02d}"),
                vector=(centre[k] + r.normal(size=16) * 0.5).tolist(),
            )
            for i, (k, label) in enumerate(rows)
        ],
        progress=False,
    )
    options = {"source": "embeddings", "embeddings": "vector", "prediction_fields": []}
    result = run(operator, samples, **options, device="cpu")
    assert result["rare_classes"] == {f"c{k:02d}": 1 for k in range(6, 30)}
    suspicion = np.array(samples.values("deconfuse_suspicion"))
    assert set(np.argsort(-suspicion)[: len(wrong)]) == set(wrong)
    assert (suspicion[180:] < 0).all()
    # Seeded: by chance alone a few of a hundred draws would have more of the 24 in 204.
    drawn = operator("estimate_remaining")(samples, audit_size=40, seed=51)["waiting"]
    rare = set(samples.values("id")[180:])
    assert sum(i in rare for i in drawn) <= 8
    path = tmp_path / "report.html"
    operator("export_report")(samples, path=str(path))
    assert "24 labels of 24 classes could not be judged" in path.read_text()


def test_a_file_of_json_lines_is_not_judged_by_its_first_row(
    made: Any, operator: Any, tmp_path: Path
) -> None:
    samples = made(LOGITS)
    p = softmax(LOGITS, axis=1)
    lines: list[Any] = [{"id": samples.first().id, "label": "cat", "confidence": 0.5}]
    for i, (sample, row) in enumerate(zip(samples.values("id")[1:], p[1:], strict=True)):
        known = C[:2] if i == 0 else C
        lines.append({"id": sample, "probabilities": dict(zip(known, row.tolist(), strict=False))})
    path = tmp_path / "p.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = operator("import_predictions")(samples, path, "file")
    assert (found["values"], found["classes"], found["written"]) == ("probabilities", 4, N - 2)
    assert sum(found["skipped"].values()) == 2
