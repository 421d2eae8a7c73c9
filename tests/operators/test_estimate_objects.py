"""``estimate_remaining`` on a run on objects, as scripts and the App's form use it."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from bson import ObjectId

from plugin.decisions.journal import applied_headers
from plugin.store.runs import Run, delete_run
from plugin.store.samples import samples_of
from tests.panels.made_runs import write_iteration
from tests.plugin.objects_decided import ids_at, make_iteration, make_objects

pytestmark = pytest.mark.slow

IMAGES = 12
ITEMS = IMAGES * 6
FREE = [0.8, 0.8, 0.1, 0.1]


@pytest.fixture
def run() -> Iterator[Run]:
    made = make_objects(IMAGES, labels=4, missing=2)
    yield made
    delete_run(made)
    made.dataset.delete()


def test_a_script_draws_judges_and_reads(run: Run, operator: Callable[[str], Any]) -> None:
    estimate = operator("estimate_remaining")
    drawn = estimate(run.dataset, audit_size=40, audit_images=8, seed=1, author="ann")
    json.dumps(drawn)
    assert (drawn["state"], drawn["size"], drawn["population"]) == ("open", 40, ITEMS)
    assert drawn["images"] == {"size": 8, "population": IMAGES, "judged": 0, "missing": 0}
    assert len(drawn["waiting"]) == 48
    assert drawn["estimate"] is None
    items, images = drawn["waiting"][:40], drawn["waiting"][40:]
    verdicts: dict[str, Any] = dict.fromkeys(items, "(nothing there)")
    verdicts |= {image: [{"label": "ant", "box": FREE}] for image in images[:2]}
    half = estimate(run.dataset, verdicts=verdicts)
    json.dumps(half)
    assert half["judged"] == 40
    assert half["kinds"]["spurious"] + half["right"] == 40, "nothing there: a candidate was right"
    assert half["wrong"] == half["kinds"]["spurious"] > 0
    assert half["images"]["missing"] == 2
    known = half["estimate"]
    assert known["labels"]["at_draw"] == known["kinds"]["spurious"]["at_draw"]
    assert known["kinds"]["class"]["left"]["point"] == 0
    assert "labels that were open" in known["labels"]["of"]
    assert known["missing"]["candidates"]["left"]["point"] == 0
    assert "detectors proposed" in known["missing"]["candidates"]["of"]
    assert known["missing"]["without_candidate"] is None, "too few images were looked at"
    done = estimate(run.dataset, verdicts=dict.fromkeys(images[2:]))
    assert (done["state"], done["waiting"]) == ("done", [])
    others = done["estimate"]["missing"]["without_candidate"]
    assert others["at_draw"]["low"] <= 2 <= others["at_draw"]["high"]
    assert "whole images" in others["of"]
    assert done["unclear"] == 6
    rows = {part["label"] for part in done["estimate"]["parts"]}
    assert rows <= {"ant", "bee", "cat", "(no label)"}
    assert done["target"]["found"] == done["wrong"]
    again = estimate(run.dataset, audit_size=5, audit_images=0, new=True, share=0.8)
    assert (again["number"], again["images"]["size"]) == (2, 0)
    assert again["target"]["share"] == 0.8
    assert estimate(run.dataset, close=True)["state"] == "closed"


def test_a_candidate_that_is_not_proposed_any_more_waits_for_nobody(
    run: Run, operator: Callable[[str], Any]
) -> None:
    estimate = operator("estimate_remaining")
    drawn = estimate(run.dataset, audit_size=10_000, audit_images=0, seed=1)
    labels = [i for at in range(IMAGES) for i in ids_at(run, at)]
    candidates = sorted(set(drawn["waiting"]) - set(labels))
    assert len(candidates) == 2 * IMAGES
    make_iteration(run, missing=1, seed=7)
    now = estimate(run.dataset)
    assert (now["gone"], set(now["waiting"])) == (2 * IMAGES, set(labels))
    done = estimate(run.dataset, verdicts=dict.fromkeys(drawn["waiting"]))
    assert (done["state"], done["unclear"], done["conflict_count"]) == ("done", len(labels), 0)


def test_verdicts_that_cannot_be_given_are_told(
    run: Run, operator: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    estimate = operator("estimate_remaining")
    estimate(run.dataset, audit_size=10_000, audit_images=0, seed=1)
    one, two, *_ = ids_at(run, 0)
    loaded = sys.modules[type(estimate).__module__]  # the plugin as FiftyOne has loaded it
    judging = sys.modules[loaded.judge_all.__module__]
    read = judging.label_now

    def changed_meanwhile(audit: Any, place: int, item: str) -> Any:
        label = read(audit, place, item)
        if item == one:
            where = {"gt.detections._id": ObjectId(item)}
            change = {"$set": {"gt.detections.$.label": "wasp"}}
            samples_of(run.dataset).update_one(where, change)
        return label

    monkeypatch.setattr(judging, "label_now", changed_meanwhile)
    made = estimate(run.dataset, verdicts=dict.fromkeys((one, two), "(nothing there)"))
    json.dumps(made)
    assert (made["judged"], made["conflict_count"]) == (1, 1)
    assert [(c["label_id"], c["reason"]) for c in made["conflicts"]] == [(one, "relabeled")]
    assert loaded.summary(made).endswith("1 verdicts were left alone: see conflicts")


def test_verdicts_can_come_from_resolve(run: Run, operator: Callable[[str], Any]) -> None:
    drawn = operator("estimate_remaining")(run.dataset, audit_size=10_000, audit_images=0)
    ids = ids_at(run, 0)
    made = operator("resolve")(run.dataset, "confirm", label_ids=ids, audit=drawn["audit"])
    assert made["basis"] == {"kind": "audit", "audit": drawn["audit"], "number": 1}
    assert operator("estimate_remaining")(run.dataset)["right"] == len(ids)
    with pytest.raises(ValueError, match="has no audit"):
        operator("resolve")(run.dataset, "confirm", label_ids=ids, audit="x")


def test_bad_input_changes_nothing(run: Run, operator: Callable[[str], Any]) -> None:
    bad: list[tuple[dict[str, Any], str]] = [
        ({"audit_images": -1}, "audit_images must be"),
        ({"audit_images": True}, "audit_images must be"),
        ({"audit_size": 0}, "audit_size must be"),
        ({"verdicts": {"x": "ant"}}, "has no open audit"),
        ({"close": True}, "has no open audit"),
        ({"share": 1.2}, "share must be a number between 0 and 1"),
    ]
    for options, message in bad:
        with pytest.raises(ValueError, match=message):
            operator("estimate_remaining")(run.dataset, **options)
    assert operator("estimate_remaining")(run.dataset, audit_size=5)["number"] == 1
    with pytest.raises(ValueError, match="still waits for 17 verdicts"):
        operator("estimate_remaining")(run.dataset, new=True)
    with pytest.raises(ValueError, match="neither label nor sample"):
        operator("estimate_remaining")(run.dataset, verdicts={"x": "ant"})
    assert applied_headers(run) == []


def test_the_app_s_form_and_answer(
    run: Run, operator: Callable[[str], Any], context: Callable[..., Any]
) -> None:
    def asked(**params: Any) -> set[str]:
        ctx = context(run.dataset, "estimate_remaining", **params)
        form = operator("estimate_remaining").resolve_input(ctx).to_json()
        return set(form["type"]["properties"])

    assert asked() == {"audit_size", "audit_images"}
    ctx = context(run.dataset, "estimate_remaining", audit_size=30, audit_images=4)
    drawn = operator("estimate_remaining").execute(ctx)
    assert len(drawn["waiting"]) == 34
    said = ctx.executor.to_json()["requests"][0]["params"]["message"]
    assert said == "Audit 1: 34 places of the audit wait for a verdict"
    assert asked() == {"waiting", "close"}
    operator("resolve")(run.dataset, "confirm", label_ids=drawn["waiting"][:30])
    ctx = context(run.dataset, "estimate_remaining")
    operator("estimate_remaining").execute(ctx)
    said = ctx.executor.to_json()["requests"][0]["params"]["message"]
    assert said.startswith("Left, with 95 % intervals: about 0 (0 to ")
    assert said.endswith("4 places of the audit wait for a verdict")


def test_a_run_on_samples_looks_at_no_images(
    dataset: Callable[..., Any], operator: Callable[[str], Any]
) -> None:
    labels = ["cat", "dog"] * 10
    p = np.random.default_rng(3).dirichlet([1, 1], size=20)
    made, _ = write_iteration(dataset(n=20, labels=labels), p, ["cat", "dog"])
    with pytest.raises(ValueError, match="audit_images is for runs on objects"):
        operator("estimate_remaining")(made.dataset, audit_images=3)
