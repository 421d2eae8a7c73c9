"""Images with their boxes go to a real Label Studio, and what people leave comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from PIL import Image

from plugin.store.runs import Run
from plugin.store.samples import samples_of
from tests.annotation.label_studio import Annotator, Server
from tests.plugin.objects_decided import ids_at, labels_at, make_objects, missing_at
from tests.traces import database_of, documents

pytestmark = pytest.mark.slow


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run on four images with two labels and two missing objects each."""
    made = make_objects(4, 2, 2)
    paths = [str(tmp_path / f"{i}.png") for i in range(4)]
    for path in paths:
        Image.new("RGB", (200, 100)).save(path)
    made.dataset.set_values("filepath", paths)
    for at in range(4):  # the first missing object of each lies apart and is suspect
        key = {"_id": samples_of(made.dataset).find().sort("_id", 1)[at]["_id"]}
        for i, (box, score) in enumerate((([0.7, 0.7, 0.2, 0.2], 1.5), ([0.7, 0.1, 0.1, 0.1], -1))):
            found = {
                f"deconfuse_missing.detections.{i}.bounding_box": box,
                f"deconfuse_missing.detections.{i}.deconfuse_suspicion": score,
            }
            samples_of(made.dataset).update_one(key, {"$set": found})
    made.dataset.reload()
    yield made
    made.dataset.delete()


class Sent:
    """Images that were sent, with the tasks that they became."""

    def __init__(self, run: Run, operator: Any, server: Server, **options: Any):
        self.run, self._operator, self._server = run, operator, server
        self.ids: list[str] = [str(d["_id"]) for d in samples_of(run.dataset).find().sort("_id", 1)]
        send = operator("send_to_annotation")
        self.result = send(run.dataset, **{**server.credentials, **options})
        self.key = self.result["annotation"]
        kept = run.dataset.load_annotation_results(self.key, cache=False, **server.credentials)
        self.project: int = kept.project_id
        self.task = {sample: task for task, sample in kept.uploaded_tasks.items()}

    def shown(self, person: Annotator, at: int) -> tuple[int | None, list[dict[str, Any]]]:
        """The boxes that a person begins with on an image, and the id of what they are in."""
        (task,) = [t for t in person.tasks(self.project) if t["id"] == self.task[self.ids[at]]]
        if not task["predictions"]:
            return None, []
        return task["predictions"][0]["id"], task["predictions"][0]["result"]

    def fetch(self) -> dict[str, Any]:
        operator = self._operator("fetch_annotation")
        return operator(self.run.dataset, self.key, api_key=self._server.token)

    def drawn(self, label: str, box: list[float], region: str = "new") -> dict[str, Any]:
        """A box as Label Studio has it."""
        x, y, w, h = (100 * v for v in box)
        value = {"x": x, "y": y, "width": w, "height": h, "rotation": 0, "rectanglelabels": [label]}
        more = {"original_width": 200, "original_height": 100, "image_rotation": 0}
        return {
            "id": region, "type": "rectanglelabels", "from_name": self.key, "to_name": "image",
            "value": value, **more,
        }  # fmt: skip


@pytest.fixture
def send(run: Run, operator: Any, label_studio: Server) -> Callable[..., Sent]:
    return lambda **options: Sent(run, operator, label_studio, **options)


@pytest.fixture(scope="module")
def ada(label_studio: Server) -> Annotator:
    return label_studio.annotator("Ada", "Lovelace")


@pytest.fixture(scope="module")
def bob(label_studio: Server) -> Annotator:
    return label_studio.annotator("Bob", "Babbage")


def by_class(sent: Sent, at: int) -> Mapping[str, Any]:
    return {str(label["_id"]): label for label in labels_at(sent.run, at)}


def counts(fetched: Mapping[str, Any]) -> dict[str, int]:
    names = ("relabeled", "confirmed", "removed", "added", "moved", "already", "conflict_count")
    return {name: fetched[name] for name in names if fetched[name]}


def test_what_people_change_becomes_decisions_and_is_undone(
    run: Run, send: Any, operator: Any, ada: Annotator
) -> None:
    before = [labels_at(run, at) for at in range(4)]
    sent = send(sample_ids=[str(d["_id"]) for d in samples_of(run.dataset).find().sort("_id", 1)])
    assert (sent.result["samples"], sent.result["objects"], sent.result["classes"]) == (4, 8, 3)
    assert [labels_at(run, at) for at in range(4)] == before
    # Each begins with the labels that the image has, under their ids.
    begun = {at: sent.shown(ada, at) for at in range(4)}
    assert {r["id"] for r in begun[0][1]} == set(ids_at(run, 0))
    one, two = begun[0][1]
    one["value"]["rectanglelabels"] = ["cat" if before[0][0]["label"] != "cat" else "bee"]
    two["value"] |= {"x": 60, "y": 50}
    ada.draw(sent.task[sent.ids[0]], [one, two], parent_prediction=begun[0][0])
    kept = begun[1][1][0]
    new = sent.drawn("ant", [0.05, 0.6, 0.2, 0.3])
    on_candidate = sent.drawn("bee", [0.71, 0.7, 0.2, 0.2], "other")
    ada.draw(sent.task[sent.ids[1]], [kept, new, on_candidate], parent_prediction=begun[1][0])
    candidate = missing_at(run, 1)[0]["_id"]
    fetched = sent.fetch()
    assert not fetched["conflicts"], str(fetched["conflicts"])
    assert counts(fetched) == {"relabeled": 1, "moved": 1, "confirmed": 1, "removed": 1, "added": 2}
    assert (fetched["answered"], fetched["unanswered"], fetched["sent"]) == (2, 2, 4)
    assert fetched["annotators"] == {"Ada Lovelace": 2}
    assert [(d["label"], d["bounding_box"][:2]) for d in labels_at(run, 0)] == [
        (one["value"]["rectanglelabels"][0], before[0][0]["bounding_box"][:2]),
        (before[0][1]["label"], pytest.approx([0.6, 0.5])),
    ]
    found = {d["_id"]: d for d in labels_at(run, 1)}
    assert before[1][0]["_id"] in found
    assert before[1][1]["_id"] not in found
    # What was drawn where an object was proposed is that object: it is proposed no more.
    assert found[candidate]["label"] == "bee"
    assert candidate not in {d["_id"] for d in missing_at(run, 1)}
    added = next(d for d in found.values() if d["label"] == "ant" and "attributes" in d)
    assert added["bounding_box"] == pytest.approx([0.05, 0.6, 0.2, 0.3])
    authors = {d["author"] for d in documents("deconfuse.decisions", **run.owner)}
    assert authors == {"Ada Lovelace"}

    # Fetching again does nothing, and an undone answer stays undone.
    now = database_of(run.dataset)
    assert counts(sent.fetch()) == {"already": 6}
    assert database_of(run.dataset) == now
    for decision in reversed(fetched["decisions"]):
        operator("undo")(run.dataset, decision=decision)
    plain = [[_plain(label) for label in labels_at(run, at)] for at in range(4)]
    assert plain == [[_plain(label) for label in labels] for labels in before]
    assert counts(sent.fetch()) == {"already": 6}


def _plain(label: Mapping[str, Any]) -> tuple[Any, ...]:
    return label["_id"], label["label"], label["bounding_box"], label["tags"], label["index"]


def test_hints_are_drawn_and_what_is_asked_about_alone_is_confirmed(
    run: Run, send: Any, ada: Annotator
) -> None:
    asked = [
        ids_at(run, 0)[1],
        str(missing_at(run, 0)[0]["_id"]),
        str(missing_at(run, 1)[0]["_id"]),
    ]
    sent = send(label_ids=asked, suggestion="hint")
    assert (sent.result["samples"], sent.result["objects"]) == (2, 6)
    for at in (0, 1):
        prediction, regions = sent.shown(ada, at)
        assert len(regions) == 3
        if at == 1:  # nothing is there, says the annotator
            regions = [r for r in regions if r["id"] != asked[2]]
        ada.draw(sent.task[sent.ids[at]], regions, parent_prediction=prediction)
    fetched = sent.fetch()
    # Of the four labels one was asked about; one missing object is added, the other dismissed.
    assert counts(fetched) == {"confirmed": 2, "added": 1}
    assert ObjectId(asked[1]) in {d["_id"] for d in labels_at(run, 0)}
    assert ObjectId(asked[2]) not in {d["_id"] for d in missing_at(run, 1)}
    assert len(labels_at(run, 1)) == 2


def test_conflicts_are_named_and_an_annotator_may_change_their_mind(
    run: Run, send: Any, operator: Any, ada: Annotator, bob: Annotator
) -> None:
    sent = send(sample_ids=[str(d["_id"]) for d in samples_of(run.dataset).find().sort("_id", 1)])
    resolve = operator("resolve")
    begun = {at: sent.shown(ada, at) for at in range(4)}
    resolve(run.dataset, "confirm", label_ids=[ids_at(run, 0)[0]])
    changed = ids_at(run, 0)[1]
    path = "gt.detections.1.label"
    key = {"_id": ObjectId(sent.ids[0])}
    samples_of(run.dataset).update_one(key, {"$set": {path: "cat", "gt.detections.1.index": 7}})
    was = {str(o["_id"]): o["label"] for at in range(4) for o in labels_at(run, at)}
    other = {"ant": "bee", "bee": "cat", "cat": "ant"}
    for region in begun[0][1]:
        now = region["value"]["rectanglelabels"][0]
        region["value"]["rectanglelabels"] = ["bee" if now != "bee" else "ant"]
    ada.draw(sent.task[sent.ids[0]], begun[0][1], parent_prediction=begun[0][0])
    # Two people: they agree on the first label of the second image, and not on the second.
    split = ids_at(run, 1)[1]
    ada.draw(sent.task[sent.ids[1]], begun[1][1], parent_prediction=begun[1][0])
    mine = [dict(r) for r in begun[1][1] if r["id"] != split]
    bob.draw(sent.task[sent.ids[1]], mine, parent_prediction=begun[1][0])
    # Somebody who was not shown the boxes says nothing of them by drawing none.
    ada.draw(sent.task[sent.ids[2]], [])
    made = ada.draw(sent.task[sent.ids[3]], begun[3][1], parent_prediction=begun[3][0])
    fetched = sent.fetch()
    reasons = {(c.get("label_id"), c["reason"]) for c in fetched["conflicts"]}
    assert reasons == {
        (ids_at(run, 0)[0], "decided"),
        (changed, "relabeled"),
        (split, "annotators_disagree"),
        (None, "not_seen"),
    }
    assert counts(fetched) == {"confirmed": 3, "conflict_count": 4}
    assert len(labels_at(run, 2)) == 2
    first = begun[3][1][0]
    first["value"]["rectanglelabels"] = [other[was[first["id"]]]]
    ada.redraw(made, begun[3][1])
    again = sent.fetch()
    assert (again["relabeled"], again["already"]) == (1, 2)
    assert by_class(sent, 3)[first["id"]]["label"] == other[was[first["id"]]]


def test_a_label_studio_that_lost_the_ids_is_understood_by_overlap(
    run: Run, send: Any, ada: Annotator
) -> None:
    sent = send(label_ids=ids_at(run, 0))
    _, regions = sent.shown(ada, 0)
    for at, region in enumerate(regions):
        region["id"] = f"r{at}"
        region["value"]["x"] += 0.1
    ada.draw(sent.task[sent.ids[0]], regions)
    assert counts(sent.fetch()) == {"confirmed": 2}


def test_the_most_suspect_a_cell_and_bad_input(
    run: Run, operator: Any, label_studio: Server
) -> None:
    send = operator("send_to_annotation")

    def given(**options: Any) -> dict[str, Any]:
        return send(run.dataset, **{**label_studio.credentials, **options})

    before, projects = database_of(run.dataset), label_studio.projects()
    for options, message in (
        ({"label_ids": ["seven"]}, "'seven' is not the id of a label"),
        ({"label_ids": ["5f" * 12]}, "has no label or missing object 5f5f"),
        ({"label_ids": [str(missing_at(run, 0)[0]["_id"])]}, "with suggestion hint alone"),
        ({"label_ids": []}, "no labels were given"),
        ({"sample_ids": ["5f" * 12]}, "has no sample 5f5f"),
        ({"label": "ant", "prediction": "zebra"}, "prediction: run .* has no class 'zebra'"),
        ({}, "limit sends the most suspect"),
        ({"limit": 3, "backend": "labelbox", "api_key": "k"}, "labelbox|Labelbox"),
    ):
        with pytest.raises(ValueError, match=message):
            given(**options)
    assert database_of(run.dataset) == before
    assert label_studio.projects() == projects
    few = given(limit=1, suggestion="hint")
    assert few["samples"] == 1
    operator("delete_run")(run.dataset, "deconfuse")
    assert not run.dataset.has_field(few["annotation"])
    assert documents("deconfuse.annotation_samples", dataset_id=run.dataset._doc.id) == []
