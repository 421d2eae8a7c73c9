"""Decisions as the panel sends them: on what was shown, and on nothing else."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import numpy as np
import pytest

from plugin.store.iterations import unpack_ids
from tests.panels.made_runs import write_iteration

pytestmark = pytest.mark.slow

CLASSES = ["cat", "dog", "eel"]
N = 30


@pytest.fixture
def ask(dataset: Any, asking: Any) -> Any:
    """Ask the panel about a run of 30 samples; the dataset and the iteration beside it."""
    new = dataset(n=N, labels=[CLASSES[i % 3] for i in range(N)])
    p = np.random.default_rng(3).dirichlet([1, 1, 1], size=N)
    _, iteration = write_iteration(new, p, CLASSES)

    return asking(new), new, iteration


def relabel_outside(dataset: Any, sample_id: str, label: str) -> None:
    sample = dataset[sample_id]
    sample.ground_truth.label = label
    sample.save()


@pytest.mark.parametrize("action", ["relabel", "confirm", "remove"])
def test_a_label_that_changed_since_it_was_shown_is_left_alone(ask: Any, action: str) -> None:
    answer, new, iteration = ask
    ids: list[str] = new.values("id")[:2]  # a cat and a dog
    relabel_outside(new, ids[0], "dog")
    request = {"label": "eel"} if action == "relabel" else {}
    done = answer("resolve", action=action, rows=iteration.rows_of(ids).tolist(), **request)
    assert (done["applied"], done["conflict_count"]) == (1, 1)
    (conflict,) = done["conflicts"]
    assert (conflict["id"], conflict["expected"], conflict["found"]) == (ids[0], "cat", "dog")
    new.reload()
    assert new[ids[0]].ground_truth.label == "dog"
    assert new[ids[0]].deconfuse_decision is None
    assert (ids[1] in new.values("id")) == (action != "remove")


def test_a_tag_needs_no_label_that_stays(ask: Any) -> None:
    answer, new, iteration = ask
    sample_id = new.first().id
    relabel_outside(new, sample_id, "dog")
    rows = iteration.rows_of([sample_id]).tolist()
    done = answer("resolve", action="tag", rows=rows, tag="ask somebody")
    assert (done["applied"], done["conflict_count"]) == (1, 0)
    new.reload()
    assert "ask somebody" in new[sample_id].tags
    assert new[sample_id].ground_truth.label == "dog"


def test_each_row_is_expected_to_have_its_own_label(ask: Any) -> None:
    """Rows in any order: a label is that of its row, not of its place in the request."""
    answer, _, _ = ask
    rows = np.random.default_rng(0).permutation(N).tolist()
    done = answer("resolve", action="confirm", rows=rows)
    assert (done["applied"], done["conflict_count"]) == (N, 0)
    assert answer("queue", cell=None, skip=[], limit=99)["left"] == 0


def test_a_decision_names_who_made_it_and_from_where(ask: Any) -> None:
    from plugin.decisions.journal import applied_headers
    from plugin.store.runs import load_run

    answer, new, _ = ask
    p = np.random.default_rng(4).dirichlet([1, 1, 1], size=N)
    write_iteration(new, p, CLASSES)
    answer("resolve", iteration=1, action="confirm", rows=[0])
    answer("resolve", iteration=2, action="confirm", rows=[1])
    headers = applied_headers(load_run(new, "deconfuse"))
    assert [header["iteration"] for header in headers] == [1, 2]


def test_undo_takes_back_the_named_decision(ask: Any) -> None:
    answer, new, iteration = ask
    ids = new.values("id")[:2]
    first, second = (
        answer("resolve", action="remove", rows=iteration.rows_of([i]).tolist()) for i in ids
    )
    assert set(ids).isdisjoint(new.values("id"))
    assert answer("undo", decision=first["decision"])["applied"] == 1
    assert ids[0] in new.values("id")
    assert ids[1] not in new.values("id")
    assert answer("undo", decision=second["decision"])["applied"] == 1
    assert ids[1] in new.values("id")


def test_the_queue_goes_by_suspicion_through_one_cell_or_all(ask: Any) -> None:
    answer, _, iteration = ask
    label, prediction = iteration.column("label"), iteration.column("prediction")
    suspicion = iteration.column("suspicion")
    wrong = np.flatnonzero(label != prediction)
    reply = answer("queue", cell=None, skip=[], limit=99)
    assert reply["rows"] == wrong[np.argsort(-suspicion[wrong], kind="stable")].tolist()
    cell = (int(label[wrong[0]]), int(prediction[wrong[0]]))
    inside = np.flatnonzero((label == cell[0]) & (prediction == cell[1])).tolist()
    assert answer("queue", cell=list(cell), skip=[], limit=99)["rows"] == inside
    assert len(answer("queue", cell=None, skip=[], limit=3)["rows"]) == 3


def test_the_queue_offers_only_what_the_view_holds_and_counts_the_rest(ask: Any) -> None:
    answer, new, iteration = ask
    view = new.match_tags("test")
    everything = answer("queue", cell=None, skip=[], limit=99)
    reply = answer("queue", view=view, cell=None, skip=[], limit=99)
    inside = set(iteration.rows_of(view.values("id")).tolist())
    assert reply["rows"] == [row for row in everything["rows"] if row in inside]
    assert reply["outside"] == len(everything["rows"]) - len(reply["rows"]) > 0


def test_the_grid_shows_the_open_samples_of_a_cell_in_order(
    ask: Any, operator: Any, context: Any
) -> None:
    answer, new, iteration = ask
    label, prediction = iteration.column("label"), iteration.column("prediction")
    pairs, counts = np.unique(np.stack([label, prediction]), axis=1, return_counts=True)
    cell = pairs[:, counts.argmax()].tolist()
    rows = np.flatnonzero((label == cell[0]) & (prediction == cell[1])).tolist()
    answer("resolve", action="confirm", rows=rows[:1])
    request = {"run": "deconfuse", "iteration": 1, "label": cell[0], "prediction": cell[1]}
    ctx = context(new, "label_errors", __method__="show_in_grid", request=request)
    assert operator("label_errors").execute(ctx) == {"samples": len(rows) - 1}
    (queued,) = ctx.executor.to_json()["requests"]
    view = fo.DatasetView._build(new, queued["params"]["view"])
    assert iteration.rows_of(view.values("id")).tolist() == rows[1:]


def test_decisions_on_what_one_screen_showed_are_one(ask: Any) -> None:
    """Clicks that come one after the other, on a panel that saw none of the others' outcome."""
    answer, _, _ = ask
    seen = answer("queue", cell=None, skip=[], limit=1)["revision"]
    first, *others = [answer("resolve", action="confirm", rows=[0, 1], seen=seen) for _ in range(3)]
    assert (first["applied"], first["conflict_count"]) == (2, 0)
    for other in others:
        assert (other["decision"], other["applied"]) == (None, 0)
        assert {conflict["reason"] for conflict in other["conflicts"]} == {"already"}
    # Whoever has seen that decision makes another one.
    again = answer("resolve", action="confirm", rows=[0, 1], seen=first["revision"])
    assert again["decision"] not in (None, first["decision"])
    assert "seen" in answer("resolve", action="confirm", rows=[0], seen=-1)["error"]["message"]
    late = answer("resolve", action="confirm", rows=[2], seen=10**9)
    assert late["applied"] == 1


def test_the_queue_counts_what_the_view_holds(ask: Any) -> None:
    answer, new, _ = ask
    everything = answer("queue", cell=None, skip=[], limit=99)
    some: list[str] = new.values("id")[: N // 2]
    view = new.select(some)
    seen = answer("queue", view=view, cell=None, skip=[], limit=2)
    assert seen["left"] + seen["outside"] == everything["left"]
    inside = answer("queue", view=view, cell=None, skip=[], limit=99)
    assert seen["left"] == len(inside["rows"]) < everything["left"]
    assert seen["rows"] == inside["rows"][:2]


def test_skipped_samples_go_to_the_end_and_deleted_ones_are_counted(ask: Any) -> None:
    answer, new, iteration = ask
    every = answer("queue", cell=None, skip=[], limit=99)["rows"]
    new.delete_samples(unpack_ids(iteration.column("sample_id")[every[:2]]))
    answer("resolve", action="confirm", rows=[every[2]])
    reply = answer("queue", cell=None, skip=[every[6], every[2], every[0], every[4]], limit=99)
    # Decided and deleted ones are no longer skipped; the others keep the order of the skipping.
    assert reply["skipped"] == [every[6], every[4]]
    assert reply["rows"] == [every[3], every[5], *every[7:]]
    assert (reply["left"], reply["deleted"]) == (len(reply["rows"]), 2)
    ahead = answer("queue", cell=None, skip=[], limit=2, front=every[-1])["rows"]
    assert ahead == [every[-1], every[3]]
    assert answer("queue", cell=None, skip=[], limit=1, front=every[2])["rows"] == [every[3]]


def test_what_is_deleted_is_not_outside_of_the_view(ask: Any) -> None:
    answer, new, iteration = ask
    every = answer("queue", cell=None, skip=[], limit=99)["rows"]
    ids = unpack_ids(iteration.column("sample_id")[every])
    new.delete_samples(ids[:1])
    reply = answer("queue", view=new.select(ids[1:4]), cell=None, skip=[every[3]], limit=99)
    assert (reply["rows"], reply["skipped"]) == (every[1:3], [every[3]])
    assert (reply["left"], reply["outside"], reply["deleted"]) == (2, len(every) - 4, 1)


def test_a_reply_names_what_was_done_and_what_was_taken_back(ask: Any) -> None:
    answer, new, iteration = ask
    ids: list[str] = new.values("id")[:2]  # a cat and a dog
    rows = iteration.rows_of(ids).tolist()
    done = answer("resolve", action="relabel", rows=rows, label="eel")
    what = done["what"]
    assert (what["action"], set(what["before"]), what["label"]) == (
        "relabel",
        {"cat", "dog"},
        "eel",
    )
    assert (what["samples"], sorted(what["rows"])) == (2, sorted(rows))
    back = answer("undo", decision=done["decision"])
    assert (back["what"]["decision"], back["what"]["again"]) == (done["decision"], False)
    again = answer("undo", decision=back["decision"])
    assert (again["what"]["decision"], again["what"]["again"]) == (done["decision"], True)
    assert answer("resolve", action="relabel", rows=rows, label="cat")["what"] is None


def test_the_last_decisions_that_stand_are_listed_with_their_pictures(ask: Any) -> None:
    answer, new, iteration = ask
    ids: list[str] = new.values("id")[:7]
    rows = iteration.rows_of(ids).tolist()
    made = [answer("resolve", action="confirm", rows=[row])["decision"] for row in rows[:5]]
    made.append(answer("resolve", action="remove", rows=[rows[5]])["decision"])
    made.append(answer("resolve", action="tag", rows=[rows[6]], tag="odd")["decision"])
    answer("undo", decision=made[3])
    reply = answer("recent")
    wanted = [made[i] for i in (6, 5, 4, 2, 1)]
    assert [decided["decision"] for decided in reply["decisions"]] == wanted
    assert reply["decisions"][1]["before"] == ["eel"]
    assert reply["sheet"]["rows"] == list(range(5))
    assert all(reply["sheet"]["widths"])  # that of the removed sample too


def test_undo_names_the_fields_that_a_sample_came_back_without(ask: Any) -> None:
    answer, new, iteration = ask
    sample_id = new.first().id
    new.add_sample_field("weather", fo.StringField)
    new.select(sample_id).set_values("weather", ["rain"])
    row = iteration.rows_of([sample_id]).tolist()
    done = answer("resolve", action="remove", rows=row)
    new.delete_sample_field("weather")
    assert answer("undo", decision=done["decision"])["left_out"] == {"weather": 1}


def test_an_earlier_decision_is_undone_unless_a_later_one_stands_on_it(ask: Any) -> None:
    answer, new, iteration = ask
    ids: list[str] = new.values("id")[:2]
    rows = iteration.rows_of(ids).tolist()
    both = answer("resolve", action="relabel", rows=rows, label="eel")["decision"]
    later = answer("resolve", action="tag", rows=rows[:1], tag="odd")["decision"]
    refused = answer("undo", decision=both)["error"]
    assert refused["kind"] == "input"
    assert later in refused["message"]
    answer("undo", decision=later)
    assert answer("undo", decision=both)["applied"] == 2
    new.reload()
    assert [new[i].ground_truth.label for i in ids] == ["cat", "dog"]


def test_a_cell_comes_on_top_of_the_person_s_view(
    dataset: Any, operator: Any, context: Any
) -> None:
    samples = dataset(20, labels=["0", "1"] * 10)
    write_iteration(samples, np.tile([0.9, 0.1], (20, 1)), ["0", "1"])
    ids = samples.values("id")

    def shown(stages: list[Any], label: int = 1, **more: Any) -> Any:
        request = {"run": "deconfuse", "iteration": 1, "label": label, "prediction": 0}
        ctx = context(samples, "label_errors", __method__="show_in_grid", request=request)
        ctx.request_params |= {"view": stages, **more}
        reply = operator("label_errors").execute(ctx)
        asked = ctx.executor.to_json()["requests"]
        return reply, asked[0]["params"]["view"] if asked else None

    mine = samples.match_tags("train").limit(9)._serialize()
    reply, view = shown(mine)
    kept = samples.match_tags("train").limit(9).match(fo.ViewField("ground_truth.label") == "1")
    assert view[:-1] == mine
    assert view[-1]["_uuid"] == "deconfuse-shown"
    assert set(dict(view[-1]["kwargs"])["sample_ids"]) == set(kept.values("id"))
    assert reply == {"samples": len(kept)}
    again, other = shown(view, label=0)
    assert other[:-1] == mine, "the cell before is no part of the person's view"
    assert again["samples"] == 9 - len(kept)
    filters: dict[str, Any] = {
        "filters": {"tags": {"values": ["test"], "exclude": False, "isMatching": True}}
    }
    reply, view = shown([], **filters)
    assert len(view) == 1
    assert reply["samples"] == sum(i % 2 == 1 and i % 5 == 4 for i in range(20))
    gone, view = shown(samples.select(ids[0])._serialize())
    assert view is None
    assert "None of the open samples" in gone["error"]["message"]
