"""What the panel shows beside a sample: typical images of two classes and the neighbours."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest

from plugin.vectors.nearest import nearest_rows
from tests.panels.made_runs import write_iteration
from tests.planted_copies import Pictures, noise

CLASSES = ["cat", "dog", "eel"]
N = 60


class Screen:
    """Asks the panel about a dataset, and names rows by sample ids."""

    def __init__(self, dataset: Any, iteration: Any, operator: Any, context: Any):
        self.dataset, self.iteration = dataset, iteration
        self._operator, self._context = operator, context

    def ask(self, name: str, **request: Any) -> Any:
        request = {"run": "deconfuse", "iteration": 1, **request}
        ctx = self._context(self.dataset, "label_errors", __method__=name, request=request)
        reply = self._operator("label_errors").execute(ctx)
        json.dumps(reply, allow_nan=False)
        return reply

    def row(self, sample_id: str) -> int:
        return int(self.iteration.rows_of([sample_id])[0])


@pytest.fixture
def screen(dataset: Any, operator: Any, context: Any) -> Screen:
    """60 samples of three classes, whose probabilities are drawn."""
    new = dataset(n=N, labels=[CLASSES[i % 3] for i in range(N)])
    rng = np.random.default_rng(3)
    p = rng.dirichlet([1, 1, 1], size=N)
    _, iteration = write_iteration(new, p, CLASSES, rng.normal(size=(N, 4)))
    return Screen(new, iteration, operator, context)


def columns(screen: Screen) -> dict[str, Any]:
    names = ("label", "prediction", "p_label", "suspicion", "features")
    return {name: screen.iteration.column(name) for name in names}


def suspect(screen: Screen) -> int:
    return int(np.flatnonzero(screen.iteration.suspect_rows)[0])


def test_the_most_certain_of_both_classes_are_shown(screen: Screen) -> None:
    row, column = suspect(screen), columns(screen)
    reply = screen.ask("context", row=row)
    pair = int(column["label"][row]), int(column["prediction"][row])
    assert (reply["label"], reply["other"]) == pair
    for c, shown in zip(pair, (reply["typical"], reply["typical_other"]), strict=True):
        right = np.flatnonzero((column["label"] == c) & (column["prediction"] == c))
        best = right[np.argsort(column["suspicion"][right], kind="stable")][:3]
        assert sorted(shown) == sorted(best.tolist())
        assert column["suspicion"][shown].tolist() == sorted(column["suspicion"][best].tolist())
    known = reply["samples"]
    used = {*reply["typical"], *reply["typical_other"], *reply["neighbours"]}
    assert set(known["row"]) == used
    labels = [CLASSES[column["label"][r]] for r in known["row"]]
    assert known["current_label"] == labels
    assert set(known["decision"]) == {""}


def test_neighbours_are_those_of_the_features(screen: Screen) -> None:
    row, features = suspect(screen), columns(screen)["features"].astype(np.float32)
    distance = np.linalg.norm(features - features[row], axis=1)
    distance[row] = np.inf
    reply = screen.ask("context", row=row)
    assert reply["neighbours"] == np.argsort(distance)[:6].tolist()
    assert reply["note"] == ""
    gone, second = screen.iteration.column("sample_id")[reply["neighbours"][:2]].tolist()
    screen.dataset.delete_samples([gone.hex()])
    sample = screen.dataset[second.hex()]
    sample.ground_truth.label = "owl"
    sample.save()
    after = screen.ask("context", row=row)
    assert after["neighbours"] == np.argsort(distance)[1:7].tolist()
    at = after["samples"]["row"].index(after["neighbours"][0])
    assert after["samples"]["current_label"][at] == "owl"


def test_what_a_person_found_right_comes_first(screen: Screen) -> None:
    row, column = suspect(screen), columns(screen)
    label, other = int(column["label"][row]), int(column["prediction"][row])
    right = np.flatnonzero((column["label"] == label) & (column["prediction"] == label))
    last = int(right[np.argmax(column["suspicion"][right])])
    wrong = np.flatnonzero((column["label"] != other) & (column["prediction"] == other))
    given = int(wrong[wrong != row][0])
    before = screen.ask("context", row=row)
    assert last not in before["typical"]
    assert given not in before["typical_other"]
    screen.ask("resolve", action="confirm", rows=[last])
    screen.ask("resolve", action="relabel", rows=[given], label=CLASSES[other])
    after = screen.ask("context", row=row)
    assert after["typical"] == [last, *before["typical"][:2]]
    assert after["typical_other"] == [given, *before["typical_other"][:2]]
    known = dict(zip(after["samples"]["row"], after["samples"]["decision"], strict=True))
    assert (known[last], known[given]) == ("confirmed", "relabeled")
    # One that a person took out of the class, or that changed elsewhere, shows it no more.
    first = before["typical"][0]
    screen.ask("resolve", action="relabel", rows=[first], label=CLASSES[other])
    sample = screen.dataset[screen.iteration.column("sample_id")[last].hex()]
    sample.ground_truth.label = CLASSES[other]
    sample.save()
    shown = screen.ask("context", row=row)["typical"]
    assert not {first, last} & set(shown)
    assert set(before["typical"][1:]) <= set(shown)


def test_a_sample_that_is_predicted_its_label_is_compared_with_the_next_class(
    screen: Screen,
) -> None:
    column = columns(screen)
    row = int(np.flatnonzero(column["label"] == column["prediction"])[0])
    reply = screen.ask("context", row=row)
    assert reply["label"] == column["label"][row]
    assert reply["other"] == screen.iteration.column("top_class")[row][1]
    assert row not in {*reply["typical"], *reply["neighbours"]}


def test_without_features_it_says_that_nobody_knows_the_neighbours(
    dataset: Any, operator: Any, context: Any
) -> None:
    new = dataset(n=9, labels=[CLASSES[i % 3] for i in range(9)])
    _, iteration = write_iteration(new, np.random.default_rng(1).dirichlet([1] * 3, 9), CLASSES)
    reply = Screen(new, iteration, operator, context).ask("context", row=0)
    assert reply["neighbours"] == []
    assert "no features" in reply["note"]


def test_near_duplicates_are_no_typical_images(
    dataset_name: str, tmp_path: Any, operator: Any, context: Any
) -> None:
    pictures = Pictures(dataset_name, tmp_path, n=12)
    labels = dict(zip(*pictures.dataset.values(["id", "ground_truth.label"]), strict=True))
    own = labels[pictures.ids[0]]
    copies = [pictures.near(0, own, "train", f"copy{i}.png") for i in range(4)]
    pictures.add(noise(90), own, "train", "other.png")
    names = pictures.dataset.values("ground_truth.label")
    p = np.array([[0.9, 0.1] if name == "cat" else [0.1, 0.9] for name in names])
    features = np.random.default_rng(5).normal(size=(len(p), 4))
    _, iteration = write_iteration(pictures.dataset, p, ["cat", "dog"], features)
    operator("find_duplicates")(pictures.dataset)
    screen = Screen(pictures.dataset, iteration, operator, context)
    alike = {screen.row(i) for i in (pictures.ids[0], *copies)}
    for row in sorted(alike)[:2]:
        reply = screen.ask("context", row=row)
        assert not alike & set(reply["typical"])
        assert set(reply["alike"]) == alike & set(reply["neighbours"])
    elsewhere = next(r for r in range(iteration.samples) if r not in alike)
    reply = screen.ask("context", row=elsewhere)
    assert len(alike & {*reply["typical"], *reply["typical_other"]}) <= 1


@pytest.mark.parametrize("row", [-1, N, "1", None, 2.5])
def test_a_row_that_is_none_is_refused(screen: Screen, row: Any) -> None:
    assert "row" in screen.ask("context", row=row)["error"]["message"]


def test_neighbours_of_many_are_quick() -> None:
    vectors = np.random.default_rng(0).normal(size=(100_000, 32)).astype(np.float16)
    vectors[7] = vectors[70_000]
    start = time.perf_counter()
    rows, distances = nearest_rows(vectors, 7, 30)
    assert time.perf_counter() - start < 1  # 20 ms where nothing else runs
    assert rows[0] == 70_000
    assert distances[0] == 0
    assert (np.diff(distances) >= 0).all()
    assert len(nearest_rows(vectors[:3], 0, 30)[0]) == 2
    assert len(nearest_rows(vectors[:1], 0, 30)[0]) == 0
