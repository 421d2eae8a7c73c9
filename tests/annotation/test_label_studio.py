"""Samples go to a real Label Studio, people annotate them there, and decisions come back."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from sklearn.datasets import load_digits

from plugin.annotation.store import annotations_of
from plugin.store.outcomes import outcomes_of
from plugin.store.runs import load_run
from tests.annotation.label_studio import Annotator, Server
from tests.panels.made_runs import write_iteration
from tests.traces import database_of, documents

pytestmark = pytest.mark.slow

DIGITS = [str(d) for d in np.asarray(load_digits(return_X_y=True)[1])]
CLASSES = [str(i) for i in range(10)]
WRONG = (1, 4, 7)


class Sent:
    """Digits of which some have been sent, with the tasks that they became."""

    def __init__(self, samples: Any, server: Server, result: Mapping[str, Any]):
        self.samples, self.server, self.result = samples, server, result
        self.key = result["annotation"]
        kept = samples.load_annotation_results(self.key, cache=False, **server.credentials)
        self.project: int = kept.project_id
        self.task = {sample_id: task for task, sample_id in kept.uploaded_tasks.items()}
        self.ids: list[str] = samples.values("id")

    def say(self, person: Annotator, answers: Mapping[int, str | list[str]]) -> dict[int, int]:
        """Annotate samples by their place; the annotations' ids."""
        return {
            at: person.choose(
                self.task[self.ids[at]], self.key, [said] if isinstance(said, str) else said
            )
            for at, said in answers.items()
        }

    def labels(self) -> list[str | None]:
        """The labels as they are now."""
        return self.samples.values("ground_truth.label")


@pytest.fixture
def digits(dataset: Callable[..., Any]) -> Any:
    """A run on digits, three of the first ten labelled wrong; the predictions are right."""
    labels = [str((int(d) + 1) % 10) if i in WRONG else d for i, d in enumerate(DIGITS[:20])]
    samples = dataset(20, labels=labels)
    write_iteration(samples, probabilities(DIGITS[:20]), CLASSES)
    return samples


def probabilities(predicted: list[str], share: float = 0.91) -> np.ndarray:
    p = np.full((len(predicted), 10), (1 - share) / 9)
    p[np.arange(len(predicted)), [int(d) for d in predicted]] = share
    return p


@pytest.fixture
def send(operator: Any, label_studio: Server) -> Callable[..., Sent]:
    """Send samples by their places."""

    def sender(samples: Any, places: range | None = None, **options: Any) -> Sent:
        ids = samples.values("id")
        chosen = [ids[i] for i in (range(len(ids)) if places is None else places)]
        options = {**label_studio.credentials, **options}
        result = operator("send_to_annotation")(samples, chosen, **options)
        return Sent(samples, label_studio, result)

    return sender


@pytest.fixture
def fetch(operator: Any, label_studio: Server) -> Callable[..., dict[str, Any]]:
    """Fetch what was said."""

    def fetcher(samples: Any, annotation: str | None = None, **options: Any) -> dict[str, Any]:
        options = {"api_key": label_studio.token, **options}
        return operator("fetch_annotation")(samples, annotation, **options)

    return fetcher


@pytest.fixture(scope="module")
def ada(label_studio: Server) -> Annotator:
    return label_studio.annotator("Ada", "Lovelace")


@pytest.fixture(scope="module")
def bob(label_studio: Server) -> Annotator:
    return label_studio.annotator("Bob", "Babbage")


def journal(samples: Any, operator: Any, folder: Any) -> list[dict[str, str]]:
    """The audit trail."""
    path = folder / "decisions.csv"
    operator("export_decisions")(samples, path)
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_answers_become_decisions_of_their_annotators(
    digits, send, fetch, operator, ada, bob, tmp_path
):
    before = digits.values("ground_truth.label")
    sent = send(digits, range(10), project_name="Digits to check")
    assert sent.result == {
        "run_key": "deconfuse",
        "annotation": "deconfuse_annotation_1",
        "backend": "labelstudio",
        "suggestion": "hidden",
        "samples": 10,
        "classes": 10,
    }
    assert "Digits to check" in sent.server.projects()
    assert sent.labels() == before
    assert not digits.has_field(sent.key)
    assert all(not task["predictions"] for task in ada.tasks(sent.project))

    sent.say(ada, {at: DIGITS[at] for at in range(6)})
    sent.say(bob, {6: DIGITS[6], 7: DIGITS[7], 8: []})
    ada.choose(sent.task[sent.ids[9]], sent.key, ["5"], was_cancelled=True)
    fetched = fetch(digits)
    decisions = fetched.pop("decisions")
    assert fetched == {
        "run_key": "deconfuse",
        "annotation": "deconfuse_annotation_1",
        "backend": "labelstudio",
        "sent": 10,
        "answered": 8,
        "unanswered": 2,
        "applied": 8,
        "relabeled": 3,
        "confirmed": 5,
        "already": 0,
        "conflict_count": 0,
        "conflicts": [],
        "annotators": {"Ada Lovelace": 6, "Bob Babbage": 2},
    }
    digits.reload()
    assert sent.labels()[:8] == DIGITS[:8]
    assert sent.labels()[8:] == before[8:]
    kinds = ["relabeled" if at in WRONG else "confirmed" for at in range(8)] + [None] * 12
    assert digits.values("deconfuse_decision") == kinds
    trail = journal(digits, operator, tmp_path)
    assert {row["decision"] for row in trail} == set(decisions)
    by = {row["sample_id"]: row["author"] for row in trail}
    assert [by[i] for i in sent.ids[:8]] == ["Ada Lovelace"] * 6 + ["Bob Babbage"] * 2
    assert {row["basis"] for row in trail} == {'{"annotation": "deconfuse_annotation_1"}'}


def test_fetching_again_changes_nothing_and_an_undone_answer_stays_undone(
    digits, send, fetch, operator, ada
):
    sent = send(digits, range(5))
    sent.say(ada, {0: DIGITS[0], 1: DIGITS[1]})
    first = fetch(digits)
    before = database_of(digits)
    again = fetch(digits)
    assert (again["applied"], again["already"], again["decisions"]) == (0, 2, [])
    assert database_of(digits) == before
    relabelled = next(d for d in first["decisions"] if _action(d) == "relabel")
    operator("undo")(digits, decision=relabelled)
    assert (fetch(digits)["applied"], fetch(digits)["already"]) == (0, 2)
    digits.reload()
    assert digits.values("deconfuse_decision")[:2] == ["confirmed", None]


def _action(decision: str) -> str:
    return next(d["action"] for d in documents("deconfuse.decisions") if str(d["_id"]) == decision)


def test_a_changed_answer_is_followed_and_late_answers_are_added(digits, send, fetch, ada):
    sent = send(digits, range(5))
    made = sent.say(ada, {0: "8"})
    fetch(digits)
    ada.change(made[0], sent.key, [DIGITS[0]])
    sent.say(ada, {1: DIGITS[1]})
    again = fetch(digits)
    assert (again["relabeled"], again["already"], again["conflict_count"]) == (2, 0, 0)
    digits.reload()
    assert sent.labels()[:2] == DIGITS[:2]


def test_a_hint_is_shown_and_is_no_answer(digits, send, fetch, ada):
    sent = send(digits, range(6), suggestion="hint")
    shown = {
        task["id"]: task["predictions"][0]["result"][0]["value"]["choices"]
        for task in ada.tasks(sent.project)
    }
    assert [shown[sent.task[i]] for i in sent.ids[:6]] == [[d] for d in DIGITS[:6]]
    nothing = fetch(digits)
    assert (nothing["answered"], nothing["applied"]) == (0, 0)
    sent.say(ada, {1: DIGITS[1]})
    assert fetch(digits)["relabeled"] == 1
    digits.reload()
    assert digits.values("deconfuse_decision")[:6] == [None, "relabeled", None, None, None, None]


def test_conflicts_are_reported_and_left_open(digits, send, fetch, operator, ada, bob):
    sent = send(digits, range(10))
    resolve = operator("resolve")
    digits.select(sent.ids[0]).set_field("ground_truth.label", "9").save()
    resolve(digits, "confirm", [sent.ids[1]])
    resolve(digits, "remove", [sent.ids[2]])
    digits.delete_samples([sent.ids[3]])
    sent.say(ada, {at: DIGITS[at] for at in range(5)} | {5: "1", 6: "2", 8: ["1", "2"], 9: "none"})
    sent.say(bob, {5: "3", 6: "2"})
    before = {s.id: s.ground_truth.label for s in digits}
    fetched = fetch(digits)
    reasons = {c["sample_id"]: c["reason"] for c in fetched["conflicts"]}
    assert reasons == {
        sent.ids[0]: "relabeled",
        sent.ids[1]: "decided",
        sent.ids[2]: "decided",
        sent.ids[3]: "deleted",
        sent.ids[5]: "annotators_disagree",
        sent.ids[8]: "several_labels",
        sent.ids[9]: "unknown_label",
    }
    assert fetched["conflict_count"] == 7
    told = next(c for c in fetched["conflicts"] if c["sample_id"] == sent.ids[5])
    assert told["answers"] == ["Ada Lovelace: 1", "Bob Babbage: 3"]
    assert fetched["applied"] == 2
    digits.reload()
    after = {s.id: s.ground_truth.label for s in digits}
    changed = {i for i in after if after[i] != before[i]}
    assert changed == {sent.ids[4], sent.ids[6]}
    authors = Counter(d["author"] for d in documents("deconfuse.decisions", **_owner(digits)))
    assert authors["Ada Lovelace, Bob Babbage"] == 1


def _owner(samples: Any) -> dict[str, Any]:
    return load_run(samples, "deconfuse").owner


def test_more_images_than_one_request_holds_reach_their_own_tasks(
    dataset, send, fetch, label_studio, ada
):
    samples = dataset(130, labels=DIGITS[:130])
    write_iteration(samples, probabilities(DIGITS[:130]), CLASSES)
    sent = send(samples)
    assert len(sent.task) == 130
    paths = dict(zip(*samples.values(["id", "filepath"]), strict=True))
    by_task = {task: sample_id for sample_id, task in sent.task.items()}
    for task in ada.tasks(sent.project)[::13]:
        image = label_studio.session().get(label_studio.url + task["data"]["image"]).content
        with open(paths[by_task[task["id"]]], "rb") as file:
            assert image == file.read()
    sent.say(ada, {0: DIGITS[0], 129: DIGITS[129]})
    assert fetch(samples)["confirmed"] == 2


def test_labels_of_any_characters_come_back_as_they_are(dataset, send, fetch, ada):
    names = ['quo"te', "<b>&amp;</b>", "naïve $x, y", "עברית", "two  spaces", "x" * 300]
    samples = dataset(6, labels=names)
    p = np.full((6, 6), 0.02)
    np.fill_diagonal(p, 0.9)
    write_iteration(samples, p[:, np.argsort(names)], sorted(names))
    sent = send(samples)
    shown = requests.get(
        f"{sent.server.url}/api/projects/{sent.project}",
        headers={"Authorization": f"Token {ada.token}"},
        timeout=60,
    ).json()
    control = shown["parsed_label_config"][sent.key]
    assert sorted(control["labels"]) == sorted(names)
    sent.say(ada, {at: names[(at + 1) % 6] for at in range(6)})
    assert fetch(samples)["relabeled"] == 6
    samples.reload()
    assert sent.labels() == names[1:] + names[:1]


def test_two_annotation_runs_have_keys_of_their_own(digits, send, fetch, ada):
    one, two = send(digits, range(3)), send(digits, range(3, 6), suggestion="hint")
    assert (one.key, two.key) == ("deconfuse_annotation_1", "deconfuse_annotation_2")
    one.say(ada, {0: DIGITS[0]})
    two.say(ada, {3: DIGITS[3], 4: DIGITS[4]})
    assert fetch(digits)["answered"] == 2
    assert fetch(digits, one.key)["answered"] == 1


def test_a_cell_is_sent_the_most_suspect_first(digits, operator, label_studio):
    run = load_run(digits, "deconfuse")
    wrong = str((int(DIGITS[1]) + 1) % 10)
    made = operator("send_to_annotation")(
        digits, label=wrong, prediction=DIGITS[1], **label_studio.credentials
    )
    assert made["samples"] == 1
    assert [a.samples for a in annotations_of(run)] == [1]


def test_deleting_the_run_removes_all_that_was_kept_here(digits, send, operator):
    sent = send(digits, range(3), suggestion="hint", project_name="Stays there")
    assert digits.has_field(sent.key)
    operator("delete_run")(digits, "deconfuse")
    assert digits.list_annotation_runs() == []
    assert not digits.has_field(sent.key)
    for name in ("deconfuse.annotations", "deconfuse.annotation_samples"):
        assert documents(name, dataset_id=digits._doc.id) == []
    assert "Stays there" in sent.server.projects()


def test_a_refused_or_failed_upload_leaves_nothing(digits, send, label_studio):
    before, projects = database_of(digits), label_studio.projects()
    with pytest.raises(ValueError, match="refused the credentials"):
        send(digits, range(3), api_key="not-the-token")
    with pytest.raises(ValueError, match=r"Label Studio at http://127.0.0.1:9 cannot be reached"):
        send(digits, range(3), url="http://127.0.0.1:9")
    with pytest.raises(ValueError, match="HTTP 400"):
        send(digits, range(3), suggestion="hint", project_name="x")
    assert _without_metadata(database_of(digits)) == _without_metadata(before)
    assert label_studio.projects() == projects


def test_a_project_that_cannot_be_filled_is_deleted(digits, send, label_studio, tmp_path):
    odd = tmp_path / "image.xyz"
    sample = digits.first()
    odd.write_bytes(Path(sample.filepath).read_bytes())
    # Past FiftyOne, which wants the ending of an image; Label Studio takes some only.
    found = {"_id": sample._id}
    digits._sample_collection.update_one(found, {"$set": {"filepath": str(odd)}})
    with pytest.raises(ValueError, match=r"Label Studio at .* answered with HTTP"):
        send(digits, range(3), project_name="Half filled")
    assert "Half filled" not in label_studio.projects()
    assert digits.list_annotation_runs() == []


def _without_metadata(found: dict[str, Any]) -> dict[str, Any]:
    """FiftyOne's upload computes the images' sizes and keeps them, whatever comes of it."""
    ignored = {"metadata", "last_modified_at"}
    samples = [{k: v for k, v in s.items() if k not in ignored} for s in found["samples"]]
    return {**found, "samples": samples, "dataset": []}


def test_a_project_that_was_deleted_is_named_as_the_reason(digits, send, fetch, ada, label_studio):
    sent = send(digits, range(3))
    session = label_studio.session()
    session.delete(f"{label_studio.url}/api/projects/{sent.project}").raise_for_status()
    with pytest.raises(ValueError, match="Was the project deleted"):
        fetch(digits)
    digits.delete_annotation_run(sent.key)
    with pytest.raises(ValueError, match="was deleted from dataset"):
        fetch(digits)


def _told(asked, ctx) -> str:
    """What the App is told: at once where it is quick, or in the panel when it is done."""
    messages = str([m.to_json() for m in asked.execute(ctx)])
    end = time.monotonic() + 60
    while "Started" in messages and time.monotonic() < end:
        for outcome in outcomes_of(ctx.dataset):
            return str(outcome.messages)
        time.sleep(0.1)
    return messages


def test_from_the_app_and_delegated(digits, operator, context, label_studio, ada, monkeypatch):
    ids = digits.values("id")
    ctx = context(
        digits,
        "send_to_annotation",
        selected=ids[:4],
        run_key="deconfuse",
        backend="labelstudio",
        suggestion="hidden",
        **label_studio.credentials,
    )
    ctx.request_params["extended"] = None
    assert "4 samples sent to Label Studio" in _told(operator("send_to_annotation"), ctx)
    sent = Sent(digits, label_studio, {"annotation": "deconfuse_annotation_1"})
    sent.say(ada, {0: DIGITS[0]})
    ctx = context(digits, "fetch_annotation", run_key="deconfuse", api_key=label_studio.token)
    ctx.request_params["extended"] = None
    assert "1 of 4 samples are answered" in _told(operator("fetch_annotation"), ctx)

    from fiftyone.operators.delegated import DelegatedOperationService

    monkeypatch.setenv("FIFTYONE_LABELSTUDIO_API_KEY", label_studio.token)
    monkeypatch.setenv("FIFTYONE_LABELSTUDIO_URL", label_studio.url)
    sent.say(ada, {1: DIGITS[1]})
    operator("fetch_annotation")(digits, delegate=True)
    DelegatedOperationService().execute_queued_operations(limit=1)
    digits.reload()
    assert digits.values("deconfuse_decision")[:3] == ["confirmed", "relabeled", None]
