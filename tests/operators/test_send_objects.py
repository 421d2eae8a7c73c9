"""``send_to_annotation`` and ``fetch_annotation`` on objects, as far as no server is needed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId
from PIL import Image

from plugin.annotation.store import Annotation
from plugin.object_annotation.answers import image_answers
from plugin.object_annotation.regions import Region, shared, understood
from plugin.object_annotation.send import open_objects
from plugin.object_annotation.sent import kept_objects
from plugin.store.runs import Run
from plugin.store.samples import samples_of
from tests.plugin.objects_decided import CLASSES, ids_at, make_objects, missing_ids_at

SENT = {"a": ("cat", [0.1, 0.1, 0.2, 0.2]), "b": ("dog", [0.15, 0.1, 0.2, 0.2])}


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    made = make_objects(4, 2, 2)
    yield made
    made.dataset.delete()


def test_cvat_images_count_once_their_jobs_are_completed() -> None:
    """FiftyOne's results are stood in for by what its source says that they give."""
    job = {"state": "in progress", "assignee": {"username": "ada"}}
    box = fo.Detection(label="cat", bounding_box=[0.1, 0.2, 0.3, 0.4])
    said = {"s1": {"5f" * 12: box}}
    results = SimpleNamespace(
        backend=SimpleNamespace(download_annotations=lambda _: {"k": {"detections": said}}),
        frame_id_map={1: {0: {"sample_id": "s1"}, 1: {"sample_id": "s2"}}},
        config=SimpleNamespace(label_schema={"k": {}}),
        get_status=lambda: {"k": {1: {"assignee": None, "jobs": {7: job}}}},
    )
    sent = Annotation("k", "cvat", "hidden", ("cat",), 2, datetime.now(UTC), 1)
    assert list(image_answers(sent, results)) == []
    job["state"] = "completed"
    first, second = image_answers(sent, results)
    assert (first.sample_id, first.annotator, first.began_with_boxes) == ("s1", "ada", True)
    assert first.regions == [Region("5f" * 12, "cat", (0.1, 0.2, 0.3, 0.4))]
    # The job is done and nothing is left on the image: everything there was removed.
    assert (second.sample_id, second.regions) == ("s2", [])


def test_boxes_without_an_id_are_matched_by_class_and_overlap() -> None:
    one, other = (
        Region("x", "dog", (0.12, 0.1, 0.2, 0.2)),
        Region("y", "cat", (0.14, 0.1, 0.2, 0.2)),
    )
    found = understood(SENT, [one, other])
    assert (found.kept, found.new) == ({"a": other, "b": one}, [])
    far = Region("z", "cat", (0.7, 0.7, 0.1, 0.1))
    found = understood(SENT, [far])
    assert (found.kept, found.new, found.recognised) == ({"a": None, "b": None}, [far], False)
    # An id counts more than where the box is by now.
    moved = Region("a", "eel", (0.7, 0.7, 0.1, 0.1))
    assert understood(SENT, [moved]).kept == {"a": moved, "b": None}


def test_what_not_all_say_is_no_answer() -> None:
    new = [
        Region(i, "eel", (0.5 + x, 0.5, 0.2, 0.2)) for i, x in (("n", 0), ("m", 0.02), ("k", 0.4))
    ]
    kept = Region("a", "cat", (0.1, 0.1, 0.2, 0.2))
    first = understood(SENT, [kept, new[0]])
    second = understood(SENT, [kept, Region("b", "dog", (0.15, 0.1, 0.2, 0.2)), new[1], new[2]])
    said, split, alone = shared([first, second])
    assert (said.kept, said.new, split, alone) == ({"a": kept}, [new[0]], ["b"], 1)


def test_the_form_counts_objects_and_asks_how_many(run: Run, operator: Any, context: Any) -> None:
    def asked(**options: Any) -> str:
        ctx = context(run.dataset, "send_to_annotation", **options)
        ctx.executor = None
        return str(operator("send_to_annotation").resolve_input(ctx).to_json())

    assert "The images of 2 objects will be sent" in asked(label_ids=ids_at(run, 0))
    assert "how many of the most suspect objects" in asked()
    assert "(no label)" in asked()
    assert "(nothing there)" in asked()
    assert "Choose both classes of the cell, or how many." in asked()
    assert "Choose both classes" not in asked(limit=3)
    ctx = context(run.dataset, "fetch_annotation")
    assert "sent nothing" in str(operator("fetch_annotation").resolve_input(ctx).to_json())


@pytest.fixture
def uploads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operator: Any
) -> Iterator[tuple[Run, list[Any]]]:
    """A run whose images are there, and what was uploaded; the server alone is stood in for."""
    made, sent = make_objects(3, 2, 2), list[Any]()
    paths = [str(tmp_path / f"{i}.png") for i in range(3)]
    for path in paths:
        Image.new("RGB", (20, 10)).save(path)
    made.dataset.set_values("filepath", paths)
    sends = sys.modules[type(operator("send_to_annotation")).__module__].send_objects
    monkeypatch.setitem(sends.__globals__, "annotate", lambda *args: sent.append(args[4]))
    yield made, sent
    made.dataset.delete()


def _send(operator: Any, samples: Any, **options: Any) -> dict[str, Any]:
    given = {"url": "http://localhost:1", "api_key": "k", **options}
    return operator("send_to_annotation")(samples, **given)


@pytest.mark.parametrize("suggestion", ["hidden", "hint"])
def test_images_of_missing_objects_among_the_most_suspect_are_sent(
    uploads: tuple[Run, list[Any]], operator: Any, suggestion: str
) -> None:
    run, sent = uploads
    suspects = open_objects(run)
    missing = [i for i in suspects if i in {m for at in range(3) for m in missing_ids_at(run, at)}]
    assert missing
    told = _send(operator, run.dataset, limit=len(suspects), suggestion=suggestion)
    assert told["not_drawn"] == (len(missing) if suggestion == "hidden" else 0)
    assert told["samples"] == len(sent[0])
    kept = kept_objects(run, told["annotation"])
    drawn = {str(o.item_id) for o in kept if o.missing}
    assert drawn >= set(missing) if suggestion == "hint" else not drawn
    asked = {str(o.item_id) for o in kept if o.asked}
    assert asked >= set(suspects) - set(missing)


def test_a_cell_and_a_view_of_missing_objects_send_their_images(
    uploads: tuple[Run, list[Any]], operator: Any, context: Any
) -> None:
    run, sent = uploads
    of_first = missing_ids_at(run, 0)
    view = run.dataset.to_patches("deconfuse_missing").select(of_first)
    told = _send(operator, view)
    assert (told["samples"], told["not_drawn"]) == (1, 2)
    assert not any(o.asked for o in kept_objects(run, told["annotation"]))
    _send(operator, run.dataset, label="(no label)", prediction=_seen_missing(run))
    assert len(sent) == 2
    # Named one by one they are refused, and nothing is kept.
    with pytest.raises(ValueError, match="with suggestion hint alone"):
        _send(operator, run.dataset, label_ids=of_first)
    # A suspect that somebody deleted in the meantime keeps no other from being sent.
    first = next(i for i in open_objects(run) if i in ids_at(run, 1) + ids_at(run, 2))
    label = {"gt.detections": {"_id": ObjectId(first)}}
    samples_of(run.dataset).update_many({}, {"$pull": label})
    told = _send(operator, run.dataset, limit=len(open_objects(run)))
    assert told["samples"] == 3


def _seen_missing(run: Run) -> str:
    """A class that an open missing object is seen as."""
    for name in CLASSES:
        try:
            open_objects(run, "(no label)", name)
        except ValueError:
            continue
        return name
    raise AssertionError("no missing object is open")
