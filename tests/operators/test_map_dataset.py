"""``map_dataset`` and the panel's map, with a real database."""

import base64
from concurrent.futures import Future

import numpy as np
import pytest

from plugin.decisions.resolve import resolve
from plugin.errors import Cancelled
from plugin.layout import job as dataset_map
from plugin.store.runs import load_run
from tests.panels.made_runs import write_iteration
from tests.traces import plugin_documents

pytestmark = pytest.mark.slow

CLASSES = [str(i) for i in range(10)]


@pytest.fixture
def mapped(dataset):
    """Digits in two clusters, with one label that does not belong to its cluster."""
    samples = dataset(60, labels=["0"] * 30 + ["1"] * 30)
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(0, 1, (30, 4)), rng.normal(30, 1, (30, 4))])
    suspect = samples.skip(7).first()
    suspect["ground_truth"].label = "1"
    suspect.save()
    p = np.full((60, 10), 0.01)
    p[:30, 0] = p[30:, 1] = 0.91
    write_iteration(samples, p, CLASSES, features)
    return samples, suspect


@pytest.fixture
def ask(operator, context):
    """Ask the panel for the map."""

    def answer(samples, view=None, **request):
        request = {"run": "deconfuse", "iteration": 1, "colour": "label", "map": None, **request}
        ctx = context(samples, "label_errors", view=view, __method__="map", request=request)
        return operator("label_errors").execute(ctx)

    return answer


def unpacked(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype)


def test_the_sample_among_others_stands_out(mapped, operator):
    samples, suspect = mapped
    result = operator("map_dataset")(samples)
    assert result == {"run_key": "deconfuse", "iteration": 1, "samples": 60, "disagreeing": 1}
    samples.reload()
    found = dict(zip(*samples.values(["id", "deconfuse_disagreement"]), strict=True))
    assert found.pop(suspect.id) == 1.0
    assert max(found.values()) <= 1 / 15 + 1e-6


def test_the_panel_gets_places_once_and_colours_as_asked(mapped, operator, ask):
    samples, suspect = mapped
    assert ask(samples)["map"] is None
    operator("map_dataset")(samples)
    first = ask(samples)
    places = unpacked(first["places"], "<u2").reshape(60, 2)
    label = unpacked(first["values"], "<u2")
    iteration = load_run(samples, "deconfuse").iteration()
    np.testing.assert_array_equal(label, iteration.column("label"))
    assert first["names"] == CLASSES
    # The two clusters stay apart on the map.
    cluster = iteration.column("prediction") == 0
    centres = [places[cluster].mean(axis=0), places[~cluster].mean(axis=0)]
    spread = max(np.linalg.norm(places[cluster] - centres[0], axis=1))
    assert np.linalg.norm(centres[0] - centres[1]) > spread
    again = ask(samples, map=first["map"], colour="disagreement")
    assert again["places"] == ""
    row = int(iteration.rows_of([suspect.id])[0])
    assert unpacked(again["values"], "<u2").argmax() == row
    assert "colour must be one of" in ask(samples, colour="taste")["error"]["message"]


@pytest.mark.parametrize(("few", "begun", "ended"), [(60, 0, 0), (59, 1, 1)])
def test_many_landmarks_get_a_worker_that_a_cancelled_map_ends(monkeypatch, few, begun, ended):
    workers = []

    class Worker:
        def __init__(self):
            workers.append(self)
            self.stopped = 0

        def layout(self, key, vectors):
            assert vectors().shape == (60, 4)
            return Future()  # never done

        def stop(self):
            self.stopped += 1

    def report(progress, label):
        if label == "Laying out landmarks" and progress is None:
            raise Cancelled("stop")

    warm = Worker()
    monkeypatch.setattr(dataset_map, "FEW", few)
    monkeypatch.setattr(dataset_map, "warm", warm)
    monkeypatch.setattr(dataset_map, "ProjectionWorker", Worker)
    with pytest.raises(Cancelled):
        dataset_map._landmark_layout("key", np.zeros((60, 4), np.float32), report)
    assert len(workers) - 1 == begun
    assert sum(worker.stopped for worker in workers) == ended
    assert warm.stopped == 0


def test_decided_samples_and_the_view_are_told_apart(mapped, operator, ask):
    samples, suspect = mapped
    operator("map_dataset")(samples)
    run = load_run(samples, "deconfuse")
    resolve(run, "relabel", [suspect.id], label="0")
    row = int(run.iteration().rows_of([suspect.id])[0])
    shown = unpacked(ask(samples)["shown"], "u1")
    assert shown[row] == 0
    assert shown.sum() == 59
    part = unpacked(ask(samples, samples.limit(20))["shown"], "u1")
    assert [(part == code).sum() for code in (0, 1, 2)] == [1, 19, 40]


def test_mapping_again_leaves_one_map_and_deleting_the_run_none(mapped, operator):
    samples, _ = mapped
    operator("map_dataset")(samples)
    before = {name: len(found) for name, found in plugin_documents().items()}
    operator("map_dataset")(samples)
    assert {name: len(found) for name, found in plugin_documents().items()} == before
    operator("delete_run")(samples, "deconfuse")
    left = [d for found in plugin_documents().values() for d in found]
    assert samples._doc.id not in [d.get("dataset_id") for d in left]
    assert samples._doc.id not in [d.get("metadata", {}).get("dataset_id") for d in left]
    assert not samples.has_field("deconfuse_disagreement")


def test_a_run_without_features_is_refused(dataset, operator):
    samples = dataset(10)
    write_iteration(samples, np.full((10, 10), 0.1), CLASSES)
    with pytest.raises(ValueError, match="kept no features"):
        operator("map_dataset")(samples)
    with pytest.raises(ValueError, match="no Deconfuse run with run_key 'other'"):
        operator("map_dataset")(samples, "other")


def test_cancelling_keeps_nothing(mapped, operator, monkeypatch):
    samples, _ = mapped
    before = plugin_documents()

    def cancelled(*_):
        raise Cancelled("stop")

    monkeypatch.setattr(dataset_map, "_places", cancelled)
    with pytest.raises(Cancelled):
        dataset_map.map_dataset(load_run(samples, "deconfuse"))
    assert plugin_documents() == before
    assert not samples.has_field("deconfuse_disagreement")
