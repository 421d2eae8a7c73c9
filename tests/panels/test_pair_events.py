"""A cell's pairs before near-duplicates were searched: the nearest by features, judged by SSIM."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from plugin.duplicates.difference import similarity
from tests.panels.made_runs import write_iteration
from tests.planted_copies import CLASSES, Pictures

Ask = Callable[..., Any]


@pytest.fixture
def pictures(dataset_name: str, tmp_path: Path) -> Pictures:
    """Twelve cats and dogs by turns, and a copy of the first cat."""
    made = Pictures(dataset_name, tmp_path, 12)
    made.ids.append(made.near(0, "cat", "train", "copy.png"))
    return made


@pytest.fixture
def ask(pictures: Pictures, operator: Any, context: Any) -> Ask:
    def asked(method: str, **request: Any) -> Any:
        request = {"run": "deconfuse", "iteration": 1, **request}
        ctx = context(pictures.dataset, "label_errors", __method__=method, request=request)
        return operator("label_errors").execute(ctx)

    return asked


def classified(pictures: Pictures, features: np.ndarray) -> Any:
    """The rows of the samples, all of which are predicted as they are labelled."""
    labels = pictures.dataset.values("ground_truth.label")
    p = np.where(np.array([label == "cat" for label in labels])[:, None], [0.9, 0.1], [0.1, 0.9])
    _, iteration = write_iteration(pictures.dataset, p, CLASSES, features)
    return iteration.rows_of(pictures.ids)


def apart(pictures: Pictures) -> np.ndarray:
    """Features that are far from each other, but of pictures 2 and 4, and of 0 and its copy."""
    features = 10 * np.eye(len(pictures.ids), 16)
    features[4], features[12] = features[2], features[0]
    features[[4, 12], 15] = 0.5
    return features


def test_the_nearest_in_features_are_listed_where_they_are_similar(
    pictures: Pictures, ask: Ask
) -> None:
    rows = classified(pictures, apart(pictures))
    reply = ask("pairs", label=0, prediction=0, limit=50)
    assert (reply["source"], reply["least"], len(reply["ses"])) == ("nearest", 0.8, 1)
    assert {reply["first"][0], reply["second"][0]} == {rows[0], rows[12]}
    assert reply["ses"][0] >= 0.8


def test_the_nearest_in_features_are_sorted_by_likeness(
    pictures: Pictures, ask: Ask, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = type(operator("label_errors")).__module__.rpartition(".")[0]
    monkeypatch.setattr(import_module(f"{package}.pair_events"), "LOWEST_THRESHOLD", -1.0)
    rows = classified(pictures, apart(pictures))
    reply = ask("pairs", label=0, prediction=0, limit=50)
    assert reply["source"] == "nearest"
    found = list(zip(reply["first"], reply["second"], strict=True))
    assert set(found[0]) == {rows[0], rows[12]}
    assert {rows[2], rows[4]} in [set(pair) for pair in found]
    assert len(set(map(frozenset, found))) == len(found), "each pair once"
    cats = {rows[i] for i in (0, 2, 4, 6, 8, 10, 12)}
    assert {row for pair in found for row in pair} == cats, "no picture of another cell"
    assert reply["ses"] == sorted(reply["ses"], reverse=True)
    copies = [Image.open(pictures.folder / name).resize((64, 64)) for name in ("0.png", "copy.png")]
    assert reply["ses"][0] == pytest.approx(similarity(*map(np.asarray, copies)), abs=0.01)
    assert sorted(reply["samples"]["row"]) == sorted(cats)
    few = ask("pairs", label=0, prediction=0, limit=1)
    assert (few["first"], few["second"]) == (reply["first"][:1], reply["second"][:1])


def test_what_is_decided_is_in_no_pair(pictures: Pictures, ask: Ask) -> None:
    rows = classified(pictures, apart(pictures))
    ask("resolve", action="confirm", rows=[int(rows[12])])
    reply = ask("pairs", label=0, prediction=0, limit=50)
    assert reply["first"] == reply["second"] == []


def test_a_picture_that_cannot_be_read_takes_no_other_with_it(pictures: Pictures, ask: Ask) -> None:
    rows = classified(pictures, apart(pictures))
    (pictures.folder / "2.png").unlink()
    reply = ask("pairs", label=0, prediction=0, limit=1)
    assert {reply["first"][0], reply["second"][0]} == {rows[0], rows[12]}


@pytest.mark.parametrize("width", [0, 16])
def test_without_features_or_a_second_picture_there_are_none(
    pictures: Pictures, ask: Ask, width: int
) -> None:
    pictures.dataset.delete_samples(pictures.ids[1:] if width else [])
    pictures.ids = pictures.dataset.values("id")
    classified(pictures, np.zeros((len(pictures.ids), width)))
    reply = ask("pairs", label=0, prediction=0, limit=5)
    assert (reply["source"], reply["first"], reply["ses"]) == ("nearest", [], [])
