"""``send_to_annotation`` and ``fetch_annotation`` on objects, as far as no server is needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import fiftyone as fo
import pytest

from plugin.annotation.store import Annotation
from plugin.object_annotation.answers import image_answers
from plugin.object_annotation.regions import Region, shared, understood
from plugin.store.runs import Run
from tests.plugin.objects_decided import ids_at, make_objects

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
