"""Matching: boxes of many images at once, against one image at a time in plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from plugin.objects import overlaps as overlaps_module
from plugin.objects.boxes import (
    EMPTY,
    NOT_A_BOX,
    OUTSIDE,
    USABLE,
    Boxes,
    by_image,
    iou,
    starts,
    within_image,
)
from plugin.objects.detections import of_detector, together
from plugin.objects.matching import match, representatives
from plugin.objects.overlaps import among, overlaps


def made(seed: int, counts: list[int], classes: int = 3) -> Boxes:
    g = np.random.default_rng(seed)
    n = sum(counts)
    low, size = g.random((n, 2)) * 0.6, 0.1 + g.random((n, 2)) * 0.3
    box = np.concatenate([low, size], axis=1).astype(np.float32)
    return Boxes(box, g.integers(0, classes, n).astype(np.int32), starts(np.array(counts)))


def slow_iou(a: np.ndarray, b: np.ndarray) -> float:
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(w, 0) * max(h, 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def slow_greedy(pairs: list[tuple[float, int, int]]) -> dict[int, int]:
    taken: dict[int, int] = {}
    for _, a, b in sorted(pairs, key=lambda p: -p[0]):
        if a not in taken and b not in taken.values():
            taken[a] = b
    return taken


counts = st.lists(st.integers(0, 6), min_size=1, max_size=5)


@settings(deadline=None, max_examples=60)
@given(counts, st.integers(0, 99), st.sampled_from([7, 1_000_000]))
def test_overlaps_are_those_of_each_image_alone(
    numbers: list[int], seed: int, at_once: int
) -> None:
    one, other = made(seed, numbers), made(seed + 1, numbers[::-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlaps_module, "PAIRS_AT_ONCE", at_once)
        found = overlaps(one, other, 0.1)
    expected = {
        (a, b): slow_iou(one.box[a], other.box[b])
        for a in range(len(one))
        for b in range(len(other))
        if one.image[a] == other.image[b]
    }
    got = dict(
        zip(zip(found.one.tolist(), found.other.tolist(), strict=True), found.iou, strict=True)
    )
    assert got.keys() == {pair for pair, v in expected.items() if v >= 0.1}
    assert all(abs(got[pair] - expected[pair]) < 1e-5 for pair in got)


@settings(deadline=None, max_examples=60)
@given(counts, st.integers(0, 99), st.booleans())
def test_matching_takes_the_heaviest_pairs_first(
    numbers: list[int], seed: int, equal: bool
) -> None:
    one, other = made(seed, numbers), made(seed + 1, numbers[::-1])
    pairs = overlaps(one, other, 0.05)
    weight = np.round(pairs.iou, 1 if equal else 6)  # where many are equal, the first is taken
    partner, back = match(pairs, weight, len(one), len(other))
    given_pairs = zip(weight.tolist(), pairs.one.tolist(), pairs.other.tolist(), strict=True)
    expected = slow_greedy(list(given_pairs))
    assert {a: b for a, b in enumerate(partner.tolist()) if b >= 0} == expected
    assert {b: a for b, a in enumerate(back.tolist()) if a >= 0} == {
        b: a for a, b in expected.items()
    }


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 999))
def test_greedy_is_at_least_half_as_good_as_the_best_assignment(seed: int) -> None:
    one, other = made(seed, [6]), made(seed + 1, [5])
    pairs = overlaps(one, other, 0.01)
    table = np.zeros((6, 5))
    table[pairs.one, pairs.other] = pairs.iou
    best = table[linear_sum_assignment(-table)].sum()
    partner, _ = match(pairs, pairs.iou, 6, 5)
    ours = sum(table[a, b] for a, b in enumerate(partner) if b >= 0)
    assert best / 2 - 1e-6 <= ours <= best + 1e-6


@settings(deadline=None, max_examples=60)
@given(counts, st.integers(0, 99))
def test_representatives_are_those_of_non_maximum_suppression(
    numbers: list[int], seed: int
) -> None:
    boxes = made(seed, numbers)
    rank = np.random.default_rng(seed).random(len(boxes)).round(1)
    of, chosen = representatives(among(boxes, 0.3), rank, len(boxes))
    kept: list[int] = []
    for i in np.argsort(-rank, kind="stable").tolist():
        near = [
            j
            for j in kept
            if boxes.image[i] == boxes.image[j] and slow_iou(boxes.box[i], boxes.box[j]) >= 0.3
        ]
        if not near:
            kept.append(i)
        assert of[i] == (near[0] if near else i)
    assert np.flatnonzero(chosen).tolist() == sorted(kept)


def test_images_without_boxes_and_with_two_thousand() -> None:
    crowded = made(0, [0, 2_000, 0])
    pairs = overlaps(crowded, crowded, 0.5)
    partner, _ = match(pairs, pairs.iou, 2_000, 2_000)
    assert partner.tolist() == list(range(2_000))
    nothing = made(0, [0, 0])
    assert len(overlaps(nothing, nothing, 0.5)) == 0
    assert match(overlaps(nothing, nothing, 0.5), np.empty(0), 0, 0)[0].tolist() == []
    with pytest.raises(ValueError, match="3 and of 2 images"):
        overlaps(crowded, nothing, 0.5)


def test_boxes_that_cannot_be_used_are_told_apart() -> None:
    given_boxes = np.array(
        [
            [0.1, 0.1, 0.2, 0.2],
            [-0.5, 0.5, 1.0, 0.25],
            [0.1, 0.1, 0.0, 0.2],
            [0.1, 0.1, -0.1, 0.2],
            [1.0, 0.1, 0.2, 0.2],
            [-0.3, 0.1, 0.2, 0.2],
            [np.nan, 0.1, 0.2, 0.2],
            [0.1, np.inf, 0.2, 0.2],
        ]
    )
    cut, found = within_image(given_boxes)
    expected = [USABLE, USABLE, EMPTY, EMPTY, OUTSIDE, OUTSIDE, NOT_A_BOX, NOT_A_BOX]
    assert found.tolist() == expected
    assert cut[1].tolist() == [0.0, 0.5, 0.5, 0.25]
    assert not cut[2:].any()
    assert iou(cut[2:3], cut[2:3]).tolist() == [0.0]


def test_columns_must_fit_each_other() -> None:
    box, label = np.zeros((2, 4), np.float32), np.zeros(2, np.int32)
    for start in ([0, 1], [1, 2], [0, 3, 2], []):
        with pytest.raises(ValueError, match="start must rise"):
            Boxes(box, label, np.array(start))
    with pytest.raises(ValueError, match="box must have shape"):
        Boxes(box, label[:1], np.array([0, 2]))


def test_boxes_are_gathered_image_by_image_and_taken_apart_again() -> None:
    boxes = by_image(np.eye(4), np.arange(4), np.array([2, 0, 2, 0]), 4)
    assert boxes.label.tolist() == [1, 3, 0, 2]
    assert boxes.image.tolist() == [0, 0, 2, 2]
    assert boxes.of_images(1, 3).label.tolist() == [0, 2]
    assert boxes.of_images(1, 3).start.tolist() == [0, 0, 2]
    assert boxes.only(boxes.label > 0).start.tolist() == [0, 2, 2, 3, 3]


def test_detectors_together_are_what_each_says_image_by_image() -> None:
    a = of_detector(made(0, [2, 0, 1]), np.array([0.9, 0.8, 0.7]))
    scores = np.array([[0.1, 0.6, 0.0], [0.3, 0.2, 0.5]])
    boxes = Boxes(made(1, [1, 0, 1]).box, np.array([1, 2], np.int32), np.array([0, 1, 1, 2]))
    b = of_detector(boxes, np.array([0.6, 0.5]), scores)
    both = together([a, b])
    assert both.detectors == 2
    assert both.confidence.tolist() == np.array([0.9, 0.8, 0.6, 0.7, 0.5], np.float32).tolist()
    assert both.detector.tolist() == [0, 0, 1, 0, 1]
    told: dict[int, dict[int, float]] = {}
    for box, label, score in zip(both.entry_box, both.entry_class, both.entry_score, strict=True):
        told.setdefault(int(box), {})[int(label)] = round(float(score), 3)
    assert told[2] == {0: 0.1, 1: 0.6}
    assert told[4] == {0: 0.3, 1: 0.2, 2: 0.5}
    assert told[0] == {int(a.boxes.label[0]): 0.9}
    last = both.of_images(1, 3)
    assert last.confidence.tolist() == np.array([0.7, 0.5], np.float32).tolist()
    assert last.entry_box.tolist() == [0, 1, 1, 1]
    assert both.only(both.detector == 1).entry_box.tolist() == [0, 0, 1, 1, 1]
    with pytest.raises(ValueError, match="one number of images"):
        together([a, of_detector(made(0, [1]), np.array([0.5]))])
