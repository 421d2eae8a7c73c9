"""Audits in the panel: blind, in the order of the draw, and what verdicts do."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image

from plugin.audit.audits import open_audit
from plugin.decisions.state import current_state
from plugin.store.iterations import unpack_ids
from plugin.store.runs import load_run
from tests.panels.made_runs import write_iteration

CLASSES = ["siamese", "terrier", "moray"]
N = 24


def picture(path: Path, kind: int) -> None:
    """A picture that says what it shows wherever a file can, or cannot be read, by turns."""
    path.parent.mkdir(exist_ok=True)
    told = f"{path.parent.name} {path.name}".encode()
    image = Image.fromarray(np.random.default_rng(kind).integers(0, 256, (90, 120, 3), np.uint8))
    if kind % 4 == 0:
        image.save(path, "JPEG", comment=told)
    elif kind % 4 == 1:
        exif = Image.Exif()
        exif[0x010E] = told.decode()
        image.resize((20, 20)).save(path, "PNG", exif=exif)
    elif kind % 4 == 2:
        path.write_bytes(b"no picture of a " + told)
    elif kind % 8 == 3:
        path.mkdir()  # and every eighth is missing


@pytest.fixture
def ask(dataset_name: str, tmp_path: Path, asking: Any) -> Any:
    """Ask the panel about a run whose files and folders are named by their class."""
    new = fo.Dataset(dataset_name)
    samples = []
    for i in range(N):
        name = CLASSES[i % 3]
        path = tmp_path / name / f"{name}_{i:03d}.jpg"
        picture(path, i)
        label = fo.Classification(label=name)
        samples.append(fo.Sample(filepath=str(path), ground_truth=label, tags=[name]))
    new.add_samples(samples, progress=False)
    write_iteration(new, np.random.default_rng(3).dirichlet([1, 1, 1], size=N), CLASSES)

    return asking(new), new


def items(answer: Any, **request: Any) -> Any:
    return answer("audit_items", **{"audit": None, "skip": [], "limit": 64, "size": 64, **request})


def test_nothing_that_is_sent_to_a_judge_tells_the_class(ask: Any, tmp_path: Path) -> None:
    answer, new = ask
    answer("audit_draw", size=N)
    reply = items(answer)
    assert [item["place"] for item in reply["items"]] == list(range(N))
    pictures = [item.pop("image") for item in reply["items"]]
    assert sum(not image for image in pictures) == N // 2
    for item, image in zip(reply["items"], pictures, strict=True):
        assert set(item) == {"place", "classes", "width", "height", "problem"}
        assert item["classes"] == [0, 1, 2]
        assert item["problem"] == ("" if image else "This image cannot be read")
    said = json.dumps(reply).lower().encode()
    whole = [answer("audit_original", audit=None, place=place) for place in range(N)]
    for reply, image in zip(whole, pictures, strict=True):
        assert bool(reply["image"]) == bool(image)
        assert reply["problem"] == ("" if image else "This image cannot be read")
    pictures += [reply.pop("image") for reply in whole]
    said += json.dumps(whole).lower().encode()
    shown = [base64.b64decode(image.split(",")[1]) for image in pictures if image]
    telling = {*CLASSES, str(tmp_path), ".jpg", *map(str, new.values("id"))}
    for text in telling:
        for told in (said, *shown):
            assert text.lower().encode() not in told.lower(), text
    for image in pictures:
        assert image.split(",")[0] in ("", "data:image/png;base64", "data:image/jpeg;base64")


def test_a_refused_verdict_tells_nothing_either(
    ask: Any, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, new = ask
    assert answer("audit_draw", size=N)["audit"]["size"] == N
    refused = [
        answer("audit_verdict", audit=None, place=place, label=label, unclear=False)
        for place, label in ((N, "?"), (-1, "?"), (0, None))
    ]
    answer("audit_verdict", audit=None, place=0, unclear=True)
    refused.append(answer("audit_verdict", audit=None, place=0, label="?", unclear=False))
    panel = __import__(type(operator("label_errors")).__module__, fromlist=["audit_events"])
    judging = panel.audit_events.give_verdict.__globals__
    monkeypatch.setitem(judging, "ATTEMPTS", 0)  # changed again and again
    refused.append(answer("audit_verdict", audit=None, place=1, label="?", unclear=False))
    assert [reply["error"]["kind"] for reply in refused] == ["input"] * 5
    said = json.dumps(refused).lower()
    for text in (*CLASSES, ".jpg", *map(str, new.values("id"))):
        assert text not in said


def test_an_original_has_the_size_of_its_file(ask: Any) -> None:
    answer, _ = ask
    answer("audit_draw", size=N)
    widths = set()
    for place in range(N):
        image = answer("audit_original", audit=None, place=place)["image"]
        if image:
            made = Image.open(io.BytesIO(base64.b64decode(image.split(",")[1])))
            widths.add(made.size)
    assert widths == {(120, 90), (20, 20)}
    for place in (N, -1, None, "0", True):
        reply = answer("audit_original", audit=None, place=place)
        assert reply["error"]["kind"] == "input", place


def test_samples_come_in_the_order_of_the_draw(ask: Any) -> None:
    answer, new = ask
    answer("audit_draw", size=12)
    opened = open_audit(load_run(new, "deconfuse"))
    assert opened is not None
    sizes = [item["width"] for item in items(answer)["items"]]
    files = dict(zip(*new.values(["id", "filepath"]), strict=True))
    drawn = [int(files[i][-7:-4]) % 4 for i in unpack_ids(opened.record.sample_id)]
    assert sizes == [{0: 120, 1: 20}.get(kind, 0) for kind in drawn]
    ahead = items(answer, skip=[0, 2], limit=3)
    assert [item["place"] for item in ahead["items"]] == [1, 3, 4]
    assert ahead["waiting"] == 12


def test_a_sample_that_was_judged_or_deleted_is_asked_for_no_more(ask: Any) -> None:
    answer, new = ask
    answer("audit_draw", size=N)
    opened = open_audit(load_run(new, "deconfuse"))
    assert opened is not None
    ids = unpack_ids(opened.record.sample_id)
    label = new[ids[1]].ground_truth.label
    other = CLASSES[(CLASSES.index(label) + 1) % 3]
    answer("audit_verdict", audit=None, place=0, label=new[ids[0]].ground_truth.label)
    made = answer("audit_verdict", audit=None, place=1, label=other)
    assert (made["gone"], made["waiting"]) == (False, N - 2)
    new.delete_samples([ids[2]])
    gone = answer("audit_verdict", audit=None, place=2, label="moray")
    assert (gone["gone"], gone["decision"], gone["waiting"]) == (True, None, N - 3)
    assert [item["place"] for item in items(answer)["items"]] == list(range(3, N))
    page = items(answer, skip=[5, 0, 4])
    assert (page["judged"], page["waiting"], page["state"]) == (3, N - 3, "open")
    assert page["skipped"] == [5, 4]  # the other one was judged
    counts = answer("audit", audit=None)["audit"]
    kinds = ("right", "wrong", "unclear", "gone", "judged", "waiting")
    assert [counts[kind] for kind in kinds] == [1, 1, 0, 1, 3, N - 3]
    new.reload()
    assert new[ids[1]].ground_truth.label == other
    answer("undo", decision=made["decision"])
    assert items(answer)["items"][0]["place"] == 1


def test_a_check_is_drawn_from_what_is_open_in_the_cell(ask: Any) -> None:
    answer, new = ask
    run = load_run(new, "deconfuse")
    iteration = run.iteration()
    label, prediction = (iteration.column(name) for name in ("label", "prediction"))
    pairs, counts = np.unique(np.stack([label, prediction]), axis=1, return_counts=True)
    cell = pairs[:, counts.argmax()].tolist()
    rows = np.flatnonzero((label == cell[0]) & (prediction == cell[1])).tolist()
    answer("resolve", action="confirm", rows=rows[:1])
    where = {"label": cell[0], "prediction": cell[1], "becomes": "moray"}
    whole = answer("check_draw", **where, rows=None, size=99)
    assert sorted(whole["rows"]) == rows[1:]
    assert whole["population"] == len(rows) - 1
    some = answer("check_draw", **where, rows=rows[:2], size=1)
    assert (some["rows"], some["population"]) == (rows[1:2], 1)
    read = answer("check_read", check=whole["check"], exceptions=rows[1:2])
    assert (read["exceptions"], read["checked"], read["unchecked"]) == (1, len(rows) - 1, 0)
    # What it was drawn from is decided on as a whole, without naming any row.
    refused = answer("resolve", action="relabel", label="moray", rows=None)
    assert "choose at least one sample" in refused["error"]["message"]
    done = answer("resolve", action="relabel", label="moray", rows=None, check=whole["check"])
    assert done["applied"] == len(rows) - 2
    state = current_state(run)
    assert state.kind[rows[1]] == 0
    assert (state.kind[rows[2:]] != 0).all()
