"""``rank_by_importance`` and its cleaning cycle, with a real database."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plugin.decisions.resolve import resolve
from plugin.decisions.undo import undo
from plugin.importance import job as importance_ranking
from plugin.importance.job import rank_by_importance
from plugin.importance.options import ImportanceOptions
from plugin.importance.store import kept_rounds
from plugin.report.report import make_report
from plugin.store.runs import load_run
from plugin.store.scores import read_rank
from tests.panels.made_runs import digit_probabilities, planted, write_iteration
from tests.traces import plugin_documents

pytestmark = pytest.mark.slow

CLASSES = [str(i) for i in range(10)]
N = 300


@pytest.fixture
def made(dataset: Any) -> tuple[Any, dict[str, str], set[str]]:
    """Digits with planted errors and a run on them: true digits and ids of the errors."""
    from sklearn.datasets import load_digits

    x, digits = load_digits(return_X_y=True)
    truth = [str(d) for d in np.asarray(digits)[:N]]
    labels = planted([int(d) for d in truth], share=0.12)
    vectors = list(np.asarray(x, np.float64)[:N] / 16)
    new = dataset(N, labels=labels, fields={"embedding": vectors})
    p, features = digit_probabilities(tuple(labels), N)
    write_iteration(new, p, CLASSES, features)
    ids = new.values("id")
    wrong = {i for i, a, b in zip(ids, truth, labels, strict=True) if a != b}
    return new, dict(zip(ids, truth, strict=True)), wrong


def judge(samples: Any, ids: list[str], truth: dict[str, str]) -> None:
    """Give samples their true labels."""
    run = load_run(samples, "deconfuse")
    now = dict(zip(*samples.select(ids).values(["id", "ground_truth.label"]), strict=True))
    right = [i for i in ids if now[i] == truth[i]]
    if right:
        resolve(run, "confirm", right)
    for i in ids:
        if i not in right:
            resolve(run, "relabel", [i], label=truth[i])


def test_top_n_of_a_class_and_the_class_to_begin_with(made: Any, operator: Any) -> None:
    samples, _, wrong = made
    found = operator("rank_by_importance")(samples, class_size={"3": 4, "5": 2})
    assert {name: len(ids) for name, ids in found["top"].items()} == {"3": 4, "5": 2}
    labels = dict(zip(*samples.values(["id", "ground_truth.label"]), strict=True))
    assert {labels[i] for i in found["top"]["3"]} == {"3"}
    samples.reload()
    score = dict(zip(*samples.values(["id", "deconfuse_importance"]), strict=True))
    threes = sorted((i for i in score if labels[i] == "3"), key=lambda i: -score[i])
    assert found["top"]["3"] == threes[:4]
    run = load_run(samples, "deconfuse")
    kept = read_rank(run, run.iteration(), "importance")
    assert kept is not None
    rows = run.iteration().rows_of(threes)
    np.testing.assert_allclose(kept[rows], [score[i] for i in threes], rtol=1e-5)
    first = sorted(score, key=lambda i: -score[i])[: len(wrong)]
    assert len(set(first) & wrong) >= 0.7 * len(wrong)
    shares = [pair["share"] for pair in found["begin"]]
    assert shares == sorted(shares, reverse=True)
    assert found["begin"][0]["label"] != found["begin"][0]["prediction"]
    # By default 50 of that class; there are fewer.
    again = operator("rank_by_importance")(samples)
    assert list(again["top"]) == [found["begin"][0]["label"]]
    assert (again["built"], again["scored"]) == (False, 0)


def test_given_and_decided_samples_are_left_out(made: Any, operator: Any) -> None:
    samples, _, _ = made
    rank = operator("rank_by_importance")
    first = rank(samples, class_size={"7": 5})["top"]["7"]
    second = rank(samples, class_size={"7": 5})["top"]["7"]
    assert not set(first) & set(second)
    assert rank(samples, class_size={"7": 5}, again=True)["top"]["7"] == first
    resolve(load_run(samples, "deconfuse"), "confirm", first[:2])
    assert rank(samples, class_size={"7": 3}, again=True)["top"]["7"] == first[2:]
    third = rank(samples, class_size={"7": 999})["top"]["7"]
    assert not set(third) & {*first, *second}


def test_the_cycle_raises_the_auroc_and_is_in_the_report(made: Any, operator: Any) -> None:
    samples, truth, wrong = made
    rank = operator("rank_by_importance")
    aurocs, fixed = [], []
    sizes = dict.fromkeys(CLASSES, 3)
    for number in range(1, 4):
        found = rank(samples, class_size=sizes)
        assert found["round"] == number
        aurocs.append(found["auroc"])
        fixed.append(found["fixed"])
        judge(samples, [i for ids in found["top"].values() for i in ids], truth)
    assert aurocs[0] < aurocs[1] < aurocs[2]
    assert fixed[0] == 0
    assert fixed[2] > fixed[1] > 0.4 * len(wrong)
    run = load_run(samples, "deconfuse")
    assert [r.auroc for r in kept_rounds(run)] == aurocs
    html = make_report(run).html
    assert "Cleaning by importance" in html
    assert f"{aurocs[-1]:.4f}" in html


def test_only_touched_classes_are_scored_again(made: Any, operator: Any) -> None:
    samples, _, _ = made
    rank = operator("rank_by_importance")
    rank(samples)
    run = load_run(samples, "deconfuse")
    iteration = run.iteration()
    before = read_rank(run, iteration, "importance")
    label = iteration.column("label")
    row = int(np.flatnonzero(label == 2)[0])
    sample = samples.skip(0).select([_id(iteration, row)]).first()
    resolve(run, "relabel", [sample.id], label="6")
    found = rank(samples)
    after = read_rank(run, iteration, "importance")
    assert before is not None
    assert after is not None
    touched = np.isin(label, [2, 6])
    assert found["scored"] == touched.sum()
    np.testing.assert_array_equal(after[~touched], before[~touched])
    assert after[row] != before[row]
    samples.reload()
    score = dict(zip(*samples.values(["id", "deconfuse_importance"]), strict=True))
    assert score[sample.id] == pytest.approx(float(after[row]), rel=1e-5)
    other = _id(iteration, int(np.flatnonzero(label == 9)[0]))
    assert score[other] is not None
    undo(run)
    rank(samples)
    back = read_rank(run, iteration, "importance")
    assert back is not None
    np.testing.assert_allclose(back, before, rtol=0.05, atol=0.01)


def _id(iteration: Any, row: int) -> str:
    from plugin.store.iterations import unpack_ids

    return unpack_ids(iteration.column("sample_id", row, row + 1))[0]


def test_removed_samples_have_no_importance(made: Any, operator: Any) -> None:
    samples, _, _ = made
    rank = operator("rank_by_importance")
    gone = rank(samples, class_size={"1": 2})["top"]["1"]
    run = load_run(samples, "deconfuse")
    resolve(run, "remove", gone)
    rank(samples)
    kept = read_rank(run, run.iteration(), "importance")
    assert kept is not None
    assert np.isnan(kept[run.iteration().rows_of(gone)]).all()
    assert np.isnan(kept).sum() == 2


def test_another_process_gets_the_same(made: Any, operator: Any) -> None:
    samples, _, _ = made
    rank = operator("rank_by_importance")
    first = rank(samples, class_size={"4": 5})
    # FiftyOne loads the plugin under another name, so this module has kept nothing yet.
    run = load_run(samples, "deconfuse")
    options = ImportanceOptions(class_size={"4": 5}, again=True)
    second = importance_ranking.rank_by_importance(run, options)
    assert second["built"]
    assert second["top"] == first["top"]
    assert second["auroc"] == pytest.approx(first["auroc"], abs=1e-6)
    assert second["round"] == 1


@pytest.mark.parametrize("variant", ["label_aware", "label_free"])
def test_embeddings_of_a_field(made: Any, operator: Any, variant: str) -> None:
    samples, _, wrong = made
    one = samples.first()
    one["embedding"] = None
    one.save()
    found = operator("rank_by_importance")(samples, embeddings="embedding", variant=variant)
    assert found["left_out"] == 1
    assert (found["auroc"] is None) == (variant == "label_free")
    samples.reload()
    score = dict(zip(*samples.values(["id", "deconfuse_importance"]), strict=True))
    assert score.pop(one.id) is None
    first = sorted(score, key=lambda i: -score[i])[: len(wrong)]
    share = len(set(first) & wrong) / len(wrong)
    assert share >= (0.7 if variant == "label_aware" else 0.0)
    # Embeddings computed anew are noticed.
    doubled = [None if v is None else v[:10] for v in samples.values("embedding")]
    samples.set_values("embedding", doubled)
    assert operator("rank_by_importance")(samples, embeddings="embedding", variant=variant)["built"]


def test_a_brain_run_gives_embeddings(made: Any, operator: Any) -> None:
    import fiftyone.brain as fob

    samples, _, _ = made
    fob.compute_similarity(
        samples, embeddings=np.array(samples.values("embedding")), brain_key="alike"
    )
    found = operator("rank_by_importance")(samples, embeddings="alike", class_size={"2": 3})
    assert len(found["top"]["2"]) == 3
    assert found["left_out"] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_size": {"missile": 3}}, "'missile' is no class of run 'deconfuse'"),
        ({"class_size": {"3": -1}}, "must be a whole number from 0, got -1"),
        ({"class_size": {"3": True}}, "must be a whole number, got True"),
        ({"class_size": 50}, "class_size must be a mapping"),
        ({"variant": "best"}, "variant must be one of label_aware, label_free, got 'best'"),
        ({"embeddings": "nothing"}, "'nothing' is neither a vector field"),
        ({"embeddings": "ground_truth"}, "expected vectors"),
        ({"run_key": "other"}, "no Deconfuse run with run_key 'other'"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(
    made: Any, operator: Any, options: dict[str, Any], message: str
) -> None:
    samples, _, _ = made
    before = plugin_documents()
    with pytest.raises(ValueError, match=message):
        operator("rank_by_importance")(samples, **options)
    assert plugin_documents() == before
    assert not samples.has_field("deconfuse_importance")


def test_cancelling_keeps_nothing(made: Any, operator: Any, monkeypatch: Any) -> None:
    from plugin.errors import Cancelled

    samples, _, _ = made
    before = plugin_documents()

    def cancelled(*_: Any, **__: Any) -> None:
        raise Cancelled("stop")

    monkeypatch.setattr(importance_ranking, "write_rank", cancelled)
    run = load_run(samples, "deconfuse")
    with pytest.raises(Cancelled):
        rank_by_importance(run, ImportanceOptions())
    assert plugin_documents() == before
    monkeypatch.undo()
    assert rank_by_importance(run, ImportanceOptions())["round"] == 1
    assert None not in samples.values("deconfuse_importance")


def test_delegated_and_from_the_form(made: Any, operator: Any, context: Any) -> None:
    from fiftyone.operators.delegated import DelegatedOperationService

    samples, _, _ = made
    operator("rank_by_importance")(samples, class_size={"3": 2}, delegate=True)
    DelegatedOperationService().execute_queued_operations(limit=1)
    samples.reload()
    assert None not in samples.values("deconfuse_importance")
    ctx = context(
        samples,
        "rank_by_importance",
        run_key="deconfuse",
        class_name="8",
        size=4,
        show_advanced=True,
    )
    result = operator("rank_by_importance").execute(ctx)
    assert {name: len(ids) for name, ids in result["top"].items()} == {"8": 4}
    form = operator("rank_by_importance").resolve_input(ctx).to_json()
    names = set(form["type"]["properties"])
    assert names >= {"embeddings", "variant", "class_name", "size", "again", "device"}


def test_deleting_the_run_leaves_nothing(made: Any, operator: Any) -> None:
    samples, _, _ = made
    operator("rank_by_importance")(samples)
    operator("delete_run")(samples, "deconfuse")
    left = [d for found in plugin_documents().values() for d in found]
    assert samples._doc.id not in [d.get("dataset_id") for d in left]
    assert samples._doc.id not in [d.get("metadata", {}).get("dataset_id") for d in left]
    assert not samples.has_field("deconfuse_importance")
