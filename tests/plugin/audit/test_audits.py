"""Audits on a real database: drawn, judged, read; review in between; several people; deaths."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import fiftyone.core.odm as odm
import numpy as np
import pytest
from bson import ObjectId

from plugin.audit import audits
from plugin.audit import verdicts as reading
from plugin.audit.audits import draw_audit, end_audit, open_audit
from plugin.audit.checks import basis_of_check, draw_check, give_check
from plugin.audit.judging import give_verdict, give_verdicts
from plugin.audit.store import audits_of
from plugin.audit.target import choose_target, read_target
from plugin.decisions.journal import applied_headers
from plugin.decisions.resolve import resolve
from plugin.decisions.state import current_state
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.store.iterations import unpack_ids
from plugin.store.runs import Run, delete_run
from plugin.store.samples import samples_of
from tests.plugin.decided import CLASSES, ids_of, labels_of, make_iteration, make_run
from tests.plugin.forked import died, fork

pytestmark = pytest.mark.slow

N = 300


@pytest.fixture(scope="module")
def made() -> Iterator[Run]:
    run = make_run(N)
    yield run
    run.dataset.delete()


@pytest.fixture
def run(made: Run) -> Iterator[Run]:
    """The run without audits, checks, targets and decisions."""
    yield made
    while current_state(made).counts()["reviewed"]:
        undo(made)
    for name in ("audits", "checks", "targets"):
        odm.get_db_conn()[f"deconfuse.{name}"].delete_many(made.owner)


def truth_of(run: Run, seed: int = 0, share: float = 0.2) -> dict[str, str]:
    """The right class of each sample; a share of the labels is wrong, the suspicious ones first."""
    rng = np.random.default_rng(seed)
    labels = labels_of(run)
    suspicion = current_state(run).iteration.column("suspicion")
    rows = current_state(run).iteration.rows_of(list(labels))
    chance = np.exp(3 * suspicion[rows])
    chance *= share * len(rows) / chance.sum()
    wrong = rng.random(len(rows)) < np.minimum(chance, 0.9)
    return {
        i: CLASSES[(CLASSES.index(str(label)) + 1) % 3] if w else str(label)
        for (i, label), w in zip(labels.items(), wrong.tolist(), strict=True)
    }


def errors(run: Run, truth: dict[str, str]) -> int:
    now = labels_of(run)
    return sum(now[i] != truth[i] for i in now)


def sample_ids(audit: audits.OpenedAudit) -> list[str]:
    return unpack_ids(audit.record.sample_id)


def judge(audit: audits.OpenedAudit, truth: dict[str, str]) -> audits.OpenedAudit:
    waiting = [sample_ids(audit)[place] for place in audit.waiting.tolist()]
    give_verdicts(audit, {i: truth[i] for i in waiting})
    return reopened(audit)


def reopened(audit: audits.OpenedAudit) -> audits.OpenedAudit:
    found = open_audit(audit.run, str(audit.record.id))
    assert found is not None
    return found


def test_an_audit_keeps_what_it_was_drawn_with(run: Run) -> None:
    resolve(run, "confirm", ids_of(run)[:10])
    audit = draw_audit(run, 60, seed=5, author="ann")
    record = audit.record
    assert (record.number, record.iteration, record.seed, record.drawn_by) == (1, 1, 5, "ann")
    assert record.open_rows.sum() == N - 10 == record.draw.population.sum()
    assert set(sample_ids(audit)).isdisjoint(ids_of(run)[:10])
    rows = np.flatnonzero(record.open_rows)
    drawn = audits.sampling.draw(audit.state.iteration.column("suspicion")[rows], 60, 5)
    assert record.row.tolist() == rows[drawn.at].tolist(), "kept in the order of the draw"
    assert audit.waiting.tolist() == list(range(60))
    kept = odm.get_db_conn()["deconfuse.audits"].find_one({"_id": record.id})
    assert kept is not None
    probability = np.frombuffer(kept["probability"], "<f8")
    assert ((probability > 0) & (probability <= 1)).all()
    assert (probability == record.draw.probability).all()
    assert audit.status == "open"
    assert len(audit.waiting) == 60


def test_verdicts_are_decisions_that_name_their_audit(run: Run) -> None:
    audit = draw_audit(run, 60, seed=1)
    ids = sample_ids(audit)
    label = labels_of(run)
    other = CLASSES[(CLASSES.index(str(label[ids[1]])) + 1) % 3]
    made = [
        give_verdict(audit, 0, str(label[ids[0]]), author="ann"),
        give_verdict(audit, 1, other),
        give_verdict(audit, 2, None),
    ]
    assert [m.action for m in made if m] == ["confirm", "relabel", "tag"]
    assert {str(m.basis["audit"]) for m in made if m and m.basis} == {str(audit.record.id)}
    assert labels_of(run)[ids[1]] == other
    now = reopened(audit)
    assert now.verdict[:4].tolist() == [
        reading.RIGHT,
        reading.WRONG,
        reading.UNCLEAR,
        reading.WAITING,
    ]
    with pytest.raises(InputError, match="judged already"):
        give_verdict(now, 0, "ant")
    assert made[1] is not None
    undo(run, made[1].decision)
    assert reopened(audit).verdict[1] == reading.WAITING
    assert labels_of(run)[ids[1]] == label[ids[1]]


def test_all_verdicts_give_the_estimate_and_the_rest_of_the_counts(run: Run) -> None:
    truth = truth_of(run)
    before = errors(run, truth)
    audit = judge(draw_audit(run, 100, seed=3), truth)
    assert audit.status == "done"
    at_draw, left = audit.reading.errors_at_draw(), audit.reading.left()
    assert at_draw is not None
    assert left is not None
    assert at_draw.low <= before <= at_draw.high
    found = int((audit.verdict == reading.WRONG).sum())
    assert found == before - errors(run, truth)
    assert left.point == pytest.approx(at_draw.point - found)
    census = judge(draw_audit(run, N, seed=3), truth).reading
    assert census.errors_at_draw() == reading.Interval(*[before - found] * 3)
    assert errors(run, truth) == 0


def test_review_between_draw_and_reading_does_not_bias(run: Run) -> None:
    """Over many draws: most suspicious first, audited ones among them, then the verdicts."""
    truth = truth_of(run)
    state = current_state(run)
    suspicion = state.iteration.column("suspicion")
    ids = np.array(unpack_ids(state.iteration.column("sample_id")))
    label = labels_of(run)
    wrong = np.array([truth[i] != label[i] for i in ids])
    reviewed = np.argsort(-suspicion)[:120]
    kind = np.zeros(N, np.uint8)
    kind[reviewed] = np.where(wrong[reviewed], audits.RELABELED, 2)
    off, spread, covered = [], [], 0
    for seed in range(600):
        row = audits.sampling.draw(suspicion, 60, seed)
        after = kind.copy()
        after[row.at] = np.where(wrong[row.at], audits.RELABELED, 2)
        stratum = audits.sampling.stratify(suspicion, 60)
        size = len(row.population)
        by = [
            np.bincount(stratum[what], minlength=size)
            for what in (after == audits.RELABELED, after == 0)
        ]
        verdict = np.where(wrong[row.at], reading.WRONG, reading.RIGHT)
        audit = reading.Audit(row.stratum, row.round, verdict, row.population, *by)
        left = (wrong & (after == 0)).sum()
        at_draw, remaining = audit.errors_at_draw(), audit.left()
        assert at_draw is not None
        assert remaining is not None
        off.append(at_draw.point - wrong.sum())
        spread.append(remaining.high - remaining.low)
        covered += remaining.low - 1e-9 <= left <= remaining.high + 1e-9
    assert abs(np.mean(off)) < 4 * np.std(off) / np.sqrt(600)
    assert covered / 600 > 0.93


def test_ordinary_review_counts_as_a_verdict_and_its_errors_are_counted_off(run: Run) -> None:
    truth = truth_of(run)
    total = errors(run, truth)
    audit = draw_audit(run, 60, seed=9)
    label = labels_of(run)
    order = np.argsort(-audit.state.iteration.column("suspicion"))[:100]
    first = np.array(unpack_ids(audit.state.iteration.column("sample_id")))[order].tolist()
    for name in CLASSES:
        chosen = [i for i in first if truth[i] == name and label[i] != name]
        if chosen:
            resolve(run, "relabel", chosen, label=name)
    resolve(run, "confirm", [i for i in first if truth[i] == label[i]])
    now = reopened(audit)
    assert {sample_ids(now)[p] for p in now.waiting.tolist()}.isdisjoint(first)
    assert len(now.waiting) < 60
    done = judge(now, truth)
    assert done.reading.found.sum() == total - errors(run, truth)
    left = done.reading.left()
    assert left is not None
    assert left.low <= errors(run, truth) <= left.high


def test_an_unfinished_audit_counts_by_whole_rounds(run: Run) -> None:
    truth = truth_of(run)
    audit = draw_audit(run, 100, seed=2)
    assert audit.reading.left() is None
    label = labels_of(run)
    # Judged out of their turn, as ordinary review does.
    late = sample_ids(audit)[-30:]
    resolve(run, "confirm", [i for i in late if truth[i] == label[i]])
    assert reopened(audit).reading.left() is None
    first = sample_ids(audit)[:45]
    give_verdicts(reopened(audit), {i: truth[i] for i in first if i not in late})
    now = reopened(audit).reading
    assert now.used.sum() == 40
    assert now.left() is not None
    assert now.bound(0.05) is None


def test_rows_and_cells_are_estimated_where_enough_was_judged(run: Run) -> None:
    truth = truth_of(run)
    audit = judge(draw_audit(run, 150, seed=4), truth)
    parts = audit.parts()
    assert {p.label for p in parts if p.prediction is None} == {0, 1, 2}
    assert all(p.judged >= reading.FEWEST_IN_A_PART for p in parts)
    now = labels_of(run)
    inside = 0
    for part in parts:
        rows = np.arange(N)
        iteration = audit.state.iteration
        held = iteration.column("label") == part.label
        if part.prediction is not None:
            held &= iteration.column("prediction") == part.prediction
        ids = unpack_ids(iteration.column("sample_id")[rows[held]])
        left = sum(now[i] != truth[i] for i in ids)
        inside += part.left.low - 1e-9 <= left <= part.left.high + 1e-9
    assert inside >= len(parts) - 1
    whole = audit.reading.left()
    assert whole is not None
    rows_of = {part.label: part.left for part in parts if part.prediction is None}
    for part in parts:
        holder = whole if part.prediction is None else rows_of[part.label]
        assert part.left.point <= holder.point, "a part has no more errors than the whole"
        assert part.left.low <= holder.low
        assert part.left.high <= holder.high


def test_samples_that_are_deleted_or_removed_wait_for_nobody(run: Run) -> None:
    audit = draw_audit(run, 60, seed=1)
    ids = sample_ids(audit)
    resolve(run, "remove", ids[:1])
    document = run.dataset._sample_collection.find_one({"_id": audits.ObjectId(ids[1])})
    run.dataset._sample_collection.delete_one({"_id": document["_id"]})
    now = reopened(audit)
    assert now.verdict[:2].tolist() == [reading.GONE, reading.GONE]
    assert len(now.waiting) == 58
    assert give_verdict(now, 1, "ant") is None
    run.dataset._sample_collection.insert_one(document)


def test_a_label_changed_outside_is_judged_as_it_is_now(run: Run) -> None:
    audit = draw_audit(run, 60, seed=1)
    first = sample_ids(audit)[0]
    before = str(labels_of(run)[first])
    run.dataset.select(first).set_values("ground_truth.label", ["bee"])
    made = give_verdict(audit, 0, "bee")
    assert made is not None
    assert made.action == "confirm"
    undo(run)
    run.dataset.select(first).set_values("ground_truth.label", [before])


def test_one_audit_at_a_time(run: Run) -> None:
    audit = draw_audit(run, 60)
    with pytest.raises(InputError, match="still waits for 60 verdicts"):
        draw_audit(run, 60)
    end_audit(audit)
    assert reopened(audit).status == "closed"
    assert draw_audit(run, 20).record.number == 2


def test_two_who_draw_at_once_get_one_audit(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    insert = audits.insert_audit

    def beaten(*args: Any) -> Any:
        monkeypatch.setattr(audits, "insert_audit", insert)
        draw_audit(run, 30, author="bob")
        return insert(*args)

    monkeypatch.setattr(audits, "insert_audit", beaten)
    with pytest.raises(InputError, match="Somebody else has just drawn"):
        draw_audit(run, 60)
    assert [record.drawn_by for record in audits_of(run)] == ["bob"]


def test_another_process_draws_and_dies_and_nothing_is_lost(run: Run) -> None:
    def dying() -> None:
        give_verdict(draw_audit(run, 60, author="bob"), 0, "ant")
        os.kill(os.getpid(), signal.SIGKILL)

    assert died(fork(dying))
    audit = open_audit(run)
    assert audit is not None
    assert (audit.record.drawn_by, len(audit.waiting)) == ("bob", 59)
    assert audit.status == "open"


@pytest.mark.parametrize("size", [0, -3, 20_001, 2.5, "many", None, True])
def test_an_impossible_size_is_refused(run: Run, size: Any) -> None:
    with pytest.raises(InputError, match="audit_size must be a whole number"):
        draw_audit(run, size)
    assert audits_of(run) == []


def _set_label(run: Run, sample_id: str, label: str | None) -> None:
    wanted = {"$set": {"ground_truth.label": label}}
    samples_of(run.dataset).update_one({"_id": ObjectId(sample_id)}, wanted)


@pytest.mark.parametrize("label", ["Ant", "ant ", "\u00a0ant", "\uff41nt"])
def test_a_verdict_that_only_looks_like_a_class_is_none(run: Run, label: str) -> None:
    audit = draw_audit(run, 60, seed=1)
    first, second, third = sample_ids(audit)[:3]
    with pytest.raises(InputError, match=rf"^the verdict on sample {second}: .* mean 'ant'\?"):
        give_verdicts(audit, {first: "ant", second: label})
    with pytest.raises(InputError, match="which is new too"):
        give_verdicts(audit, {first: "Hot dog", second: "hot-dog"})
    assert len(reopened(audit).waiting) == 60
    before = labels_of(run)[first]
    _set_label(run, first, label)
    (made,) = give_verdicts(audit, {first: label})  # as it is by now
    assert made.action == "confirm"
    _set_label(run, first, before)
    (made,) = give_verdicts(reopened(audit), {second: label}, new_class=True)
    assert (made.action, made.label) == ("relabel", label)
    (made,) = give_verdicts(reopened(audit), {third: label})  # it is a class now
    assert made.applied == 1


def test_bad_verdicts_change_nothing(run: Run) -> None:
    audit = draw_audit(run, 60, seed=1)
    ids = sample_ids(audit)
    stranger = next(i for i in ids_of(run) if i not in ids)
    bad: list[Any] = [{stranger: "ant"}, {ids[0]: 7}, ["ant"], {"no id": "ant"}]
    for verdicts in bad:
        with pytest.raises(InputError):
            give_verdicts(audit, verdicts)
    for place in (-1, 60, "0"):
        with pytest.raises(InputError, match="place must lie"):
            give_verdict(audit, place, "ant")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="has no audit"):
        open_audit(run, "nonsense")
    assert len(reopened(audit).waiting) == 60


def test_nothing_open_is_nothing_to_audit(run: Run) -> None:
    resolve(run, "confirm", ids_of(run))
    with pytest.raises(InputError, match="no open sample"):
        draw_audit(run, 10)


def test_the_target_is_reached_when_enough_is_found_and_not_before(run: Run) -> None:
    truth = truth_of(run)
    start = read_target(run)
    assert (start.share, start.confidence) == (0.9, 0.95)
    assert start.distance.most_left == N
    assert not start.distance.reached
    choose_target(run, 0.5, 0.9)
    audit = judge(draw_audit(run, 100, seed=3), truth)
    target = read_target(run)
    assert (target.share, target.confidence) == (0.5, 0.9)
    bound = audit.reading.bound(0.1 / 2)
    assert bound is not None
    assert target.distance.most_left == int(bound)
    assert target.distance.most_left >= errors(run, truth)
    label = labels_of(run)
    rest = [i for i in ids_of(run) if truth[i] != label[i]]
    for name in CLASSES:
        chosen = [i for i in rest if truth[i] == name]
        resolve(run, "relabel", chosen, label=name)
    after = read_target(run).distance
    assert after.reached
    assert after.most_left == max(0, int(bound) - len(rest))


def test_samples_that_no_audit_was_drawn_from_can_all_be_wrong(run: Run) -> None:
    truth = truth_of(run)
    first = ids_of(run)[:20]
    made = resolve(run, "confirm", first)
    judge(draw_audit(run, 100, seed=3), truth)
    before = read_target(run).distance.most_left
    undo(run, made.decision)
    assert read_target(run).distance.most_left == before + 20


@pytest.mark.parametrize("value", [0, 1, 1.5, -0.2, "half", None, True])
def test_an_impossible_target_is_refused(run: Run, value: Any) -> None:
    for wanted in ((value, 0.95), (0.9, value)):
        with pytest.raises(InputError, match="must be a number between 0 and 1"):
            choose_target(run, *wanted)
    assert read_target(run).share == 0.9


def test_a_check_bounds_a_bulk_decision_and_is_noted_with_it(run: Run) -> None:
    ids = [i for i, label in labels_of(run).items() if label == "ant"]
    check, drawn = draw_check(run, ids, 30, becomes="bee", seed=1)
    assert len(set(drawn)) == 30
    assert set(drawn) <= set(ids)
    with pytest.raises(InputError, match="not read yet"):
        basis_of_check(run, check, "relabel", "bee", ids)
    bound = give_check(run, check, drawn[:1])
    assert (bound.population, bound.checked, bound.exceptions) == (100, 30, 1)
    assert 0 < bound.most_wrong < 70
    rest = [i for i in ids if i != drawn[0]]
    for action, label, chosen, message in (
        ("confirm", None, rest, "another decision: relabel as 'bee'"),
        ("relabel", "cat", rest, "another decision"),
        ("relabel", "bee", ids, "found not to fit"),
        ("relabel", "bee", ids_of(run), "not among them"),
    ):
        with pytest.raises(InputError, match=message):
            basis_of_check(run, check, action, label, chosen)
    basis = basis_of_check(run, check, "relabel", "bee", rest)
    made = resolve(run, "relabel", rest, label="bee", basis=basis)
    assert made.basis == basis == applied_headers(run)[-1]["basis"]
    assert basis["most_wrong"] == bound.most_wrong


@pytest.mark.parametrize("size", [0, 10_001, 1.5, None, True])
def test_an_impossible_check_is_refused(run: Run, size: Any) -> None:
    with pytest.raises(InputError, match="size of a check"):
        draw_check(run, ids_of(run), size, becomes=None)
    with pytest.raises(InputError, match="no open sample"):
        draw_check(run, [], 5, becomes=None)
    with pytest.raises(InputError, match="has no check"):
        give_check(run, "nonsense", [])
    check, drawn = draw_check(run, ids_of(run)[:20], 5, becomes=None)
    stranger = next(i for i in ids_of(run) if i not in drawn)
    with pytest.raises(InputError, match="does not hold sample"):
        give_check(run, check, [stranger])


def test_an_audit_survives_the_next_iteration(run: Run) -> None:
    truth = truth_of(run)
    audit = draw_audit(run, 60, seed=1)
    made = make_iteration(run, seed=8)
    try:
        done = judge(reopened(audit), truth)
        assert (done.record.iteration, done.status) == (1, "done")
        assert read_target(run).distance.most_left < N
    finally:
        odm.get_db_conn()["deconfuse.iterations"].delete_one({"_id": made.id})


def test_delete_run_removes_them() -> None:
    other = make_run(30)
    judge(draw_audit(other, 10), truth_of(other))
    draw_check(other, ids_of(other), 5, becomes=None)
    choose_target(other, 0.8, 0.9)
    delete_run(other)
    for name in ("audits", "checks", "targets"):
        assert odm.get_db_conn()[f"deconfuse.{name}"].count_documents(other.owner) == 0
    other.dataset.delete()
