"""``send_to_annotation`` and ``fetch_annotation``: what they ask for, and what they refuse."""

import importlib.util
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import fiftyone as fo
import numpy as np
import pytest
from bson import ObjectId

from plugin.annotation import downloads, fetch
from plugin.annotation.answers import Answer
from plugin.annotation.backends import BACKENDS, check_backend
from plugin.annotation.store import Annotation, Sent, free_key, keep_annotation, load_annotation
from plugin.store.runs import load_run
from tests.panels.made_runs import write_iteration
from tests.traces import database_of

pytestmark = pytest.mark.slow

CLASSES = [str(i) for i in range(10)]
NOWHERE = {"url": "http://127.0.0.1:9", "api_key": "some-token"}


@pytest.fixture
def digits(dataset):
    samples = dataset(20)
    write_iteration(samples, np.full((20, 10), 0.1), CLASSES)
    return samples


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "paper"}, "backend must be one of labelstudio, cvat, labelbox, got 'paper'"),
        ({"suggestion": "loud"}, "suggestion must be one of hidden, hint, got 'loud'"),
        ({"url": None}, "url: Label Studio needs it"),
        ({"url": "https://labelstud.io"}, "url: Label Studio needs it"),
        ({"url": 8080}, "url must be a text, got 8080"),
        ({"api_key": None}, "FIFTYONE_LABELSTUDIO_API_KEY"),
        ({"backend": "cvat"}, "username: CVAT needs it"),
        ({"run_key": "other"}, "no Deconfuse run with run_key 'other'"),
        ({"label": "1"}, "give both or neither"),
        ({"label": "1", "prediction": "1"}, "not both"),
        ({"sample_ids": None, "label": "1", "prediction": "cat"}, "has no class 'cat'"),
        ({"sample_ids": None, "label": "1", "prediction": "9"}, "is open"),
        ({"sample_ids": None}, "say which samples"),
        ({"sample_ids": []}, "no samples were given"),
        ({"sample_ids": "all"}, "sample_ids must be a list of texts"),
        ({"sample_ids": ["seven"]}, "'seven' is not the id of a sample"),
        ({"sample_ids": ["5f4f4f4f4f4f4f4f4f4f4f4f"]}, "has no sample 5f4f4f4f"),
        ({"limit": 0}, "limit: expected a whole number from 1, got 0"),
    ],
)
def test_bad_input_is_refused_and_nothing_changes(digits, operator, options, message):
    given = {"sample_ids": digits.values("id")[:3], **NOWHERE, **options}
    before = database_of(digits)
    with pytest.raises(ValueError, match=message):
        operator("send_to_annotation")(digits, **given)
    assert database_of(digits) == before


def test_a_missing_package_is_named(digits, operator, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if "label_studio" in n else find(n, *a)
    )
    with pytest.raises(ValueError, match="pip install 'label-studio-sdk"):
        operator("send_to_annotation")(digits, digits.values("id")[:1], **NOWHERE)


def test_a_missing_image_is_named(digits, operator):
    sample = digits.first()
    sample.filepath = "/nowhere/image.png"
    sample.save()
    with pytest.raises(ValueError, match=r"is not there to be sent: /nowhere/image\.png"):
        operator("send_to_annotation")(digits, [sample.id], **NOWHERE)


def test_labelbox_takes_no_hint(monkeypatch, digits, operator):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: find("json" if n == "labelbox" else n, *a)
    )
    with pytest.raises(ValueError, match="cannot send Labelbox a label to begin with"):
        operator("send_to_annotation")(
            digits, digits.values("id")[:1], backend="labelbox", suggestion="hint", api_key="k"
        )


def test_what_the_environment_has_need_not_be_given(monkeypatch):
    monkeypatch.setenv("FIFTYONE_LABELSTUDIO_API_KEY", "from-the-environment")
    assert check_backend("labelstudio", {"url": "http://x"}) is BACKENDS["labelstudio"]


def test_fetching_says_what_is_missing(digits, operator):
    fetch = operator("fetch_annotation")
    with pytest.raises(ValueError, match="has sent nothing to annotation yet"):
        fetch(digits)
    run = load_run(digits, "deconfuse")
    sent = [Sent(i, "1", None) for i in digits.values("_id")[:2]]
    keep_annotation(run, "deconfuse_annotation_1", "labelstudio", "hidden", CLASSES, sent)
    with pytest.raises(ValueError, match=r"no annotation 'x' \(it has: deconfuse_annotation_1\)"):
        fetch(digits, "x")
    with pytest.raises(ValueError, match="unknown option 'project_name'"):
        fetch(digits, project_name="p")
    with pytest.raises(ValueError, match="was deleted from dataset"):
        fetch(digits)
    assert load_annotation(run).samples == 2


def test_a_key_does_not_take_a_field_that_is_somebody_elses(digits):
    run = load_run(digits, "deconfuse")
    assert free_key(run) == "deconfuse_annotation_1"
    digits.add_sample_field("deconfuse_annotation_1", fo.StringField)
    assert free_key(run) == "deconfuse_annotation_2"


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_the_forms_ask_for_what_the_backend_needs(digits, operator, context, backend):
    ctx = context(digits, "send_to_annotation", selected=digits.values("id")[:3], backend=backend)
    form = str(operator("send_to_annotation").resolve_input(ctx).to_json())
    assert "3 samples selected in the grid will be sent" in form
    for option in BACKENDS[backend].needs:
        if option in {"api_key", "username"}:
            assert f"'{option}'" in form
    assert ("'suggestion'" in form) == BACKENDS[backend].takes_hints
    ctx = context(digits, "send_to_annotation")
    assert "'prediction'" in str(operator("send_to_annotation").resolve_input(ctx).to_json())
    ctx = context(digits, "fetch_annotation")
    assert "sent nothing" in str(operator("fetch_annotation").resolve_input(ctx).to_json())


@pytest.mark.parametrize("label", ["\uff11", "1 ", "1\u200b"])
def test_an_answer_that_only_looks_like_a_class_is_none(digits, monkeypatch, label):
    run, ids = load_run(digits, "deconfuse"), digits.values("id")
    before = digits.values("ground_truth.label")
    sent = [Sent(ObjectId(i), str(y), None) for i, y in zip(ids, before, strict=True)]
    keep_annotation(run, "a", "labelstudio", "hidden", CLASSES, sent)
    said = [Answer(ids[0], (label,), "ada"), Answer(ids[1], ("whale",), "ada")]
    monkeypatch.setattr(fetch, "_answers", lambda *_: said)
    results = SimpleNamespace(config=SimpleNamespace(url="http://127.0.0.1:9"))
    monkeypatch.setattr(fetch, "opened_results", lambda *_: results)
    found = fetch.fetch_annotation(run)
    assert (found["answered"], found["applied"], found["conflict_count"]) == (2, 0, 2)
    assert found["conflicts"] == [
        {
            "sample_id": ids[0],
            "reason": "unknown_label",
            "answers": [f"ada: {label}"],
            "meant": "1",
        },
        {"sample_id": ids[1], "reason": "unknown_label", "answers": ["ada: whale"]},
    ]
    digits.reload()
    assert digits.values("ground_truth.label") == before


def test_cvat_hints_count_once_their_jobs_are_completed():
    """FiftyOne's results are stood in for by what its source says that they give."""
    job = {"state": "in progress", "assignee": {"username": "ada"}}
    said = {"s1": {"l1": fo.Classification(label="cat")}, "s2": {}}
    results = SimpleNamespace(
        backend=SimpleNamespace(download_annotations=lambda _: {"k": {"classifications": said}}),
        frame_id_map={1: {0: {"sample_id": "s1"}, 1: {"sample_id": "s2"}}},
        config=SimpleNamespace(label_schema={"k": {}}),
        get_status=lambda: {"k": {1: {"assignee": None, "jobs": {7: job}}}},
    )
    hinted = Annotation("k", "cvat", "hint", ("cat",), 2, datetime.now(UTC))
    assert list(downloads.answers(results, hinted)) == []
    assert len(list(downloads.answers(results, replace(hinted, suggestion="hidden")))) == 2
    job["state"] = "completed"
    first, second = downloads.answers(results, hinted)
    assert (first.sample_id, first.labels, first.annotator) == ("s1", ("cat",), "ada")
    assert second.labels == ()
