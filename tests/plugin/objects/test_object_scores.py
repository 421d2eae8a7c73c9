"""Scores of objects: probabilities and equations against loops, and planted errors found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plugin.objects.alterations import MOVED_TO, moved, other_class, to_other_images
from plugin.objects.boxes import Boxes, by_image, iou, starts
from plugin.objects.candidates import Objects, in_crowd, matched, seen_objects
from plugin.objects.detections import Detections, of_detector, together
from plugin.objects.error_model import CLASS, PLACEMENT, RIGHT, SPURIOUS, rates
from plugin.objects.evidence import evidence
from plugin.objects.features import label_features
from plugin.objects.matching import NONE
from plugin.objects.overlaps import overlaps
from plugin.objects.scoring import (
    KIND_NAMES,
    ItemScores,
    Scored,
    _of_labels,
    fold_of_images,
    learn,
    wanted_images,
)
from plugin.objects.shares import MOST_FREQUENT, RAREST, share_among
from plugin.scoring.cies import cies
from plugin.scoring.iies import iies

IMAGES, CLASSES = 90, 4


def truth(seed: int = 0, images: int = IMAGES) -> Boxes:
    """Objects that hardly overlap: most cells of a grid hold one."""
    g = np.random.default_rng(seed)
    cell = np.flatnonzero(g.random(images * 9) < 0.6)
    corner = np.stack([cell % 3, cell // 3 % 3], axis=1) / 3
    size = 0.1 + g.random((len(cell), 2)) * 0.15
    box = np.concatenate([corner + g.random((len(cell), 2)) * (0.3 - size), size], axis=1)
    return by_image(box, g.integers(0, CLASSES, len(cell)), cell // 9, images)


def detector(objects: Boxes, seed: int = 1) -> Detections:
    """One that sees nearly all objects, mostly surely, and now and then something else."""
    g = np.random.default_rng(seed)
    n = len(objects)
    seen = g.random(n) < 0.97
    box = objects.box + g.normal(0, 0.04, (n, 4)) * np.tile(objects.box[:, 2:], 2)
    junk = n // 4
    elsewhere = np.concatenate([g.random((junk, 2)) * 0.7, 0.1 + g.random((junk, 2)) * 0.2], axis=1)
    label = np.concatenate([objects.label[seen], g.integers(0, CLASSES, junk)])
    image = np.concatenate([objects.image[seen], g.integers(0, objects.images, junk)])
    sure = np.concatenate([g.beta(6, 1.5, seen.sum()), g.beta(1, 6, junk)])
    order = np.argsort(image, kind="stable")
    boxes = by_image(np.concatenate([box[seen], elsewhere]), label, image, objects.images)
    return of_detector(boxes, sure[order])


def scored(labels: Boxes, said: Detections) -> Scored:
    fold = fold_of_images(labels.images)
    return learn(labels, said, fold, CLASSES, seed=3).score(labels, said, fold)


def free_image(objects: Boxes, i: int) -> int:
    """Another image, with nothing where an object is."""
    near = iou(np.tile(objects.box[i], (len(objects), 1)), objects.box) > 0
    return int(np.setdiff1d(np.arange(objects.images), objects.image[near])[i % 7])


def precision(suspicion: np.ndarray, wrong: np.ndarray) -> float:
    """The share of wrong ones among as many of the most suspicious."""
    return float(wrong[np.argsort(-suspicion)[: wrong.sum()]].mean())


def by_kind(scores: ItemScores, kind: str) -> np.ndarray:
    return np.where(scores.kind == KIND_NAMES.index(kind), scores.suspicion, -99.0)


@pytest.fixture(scope="module")
def planted() -> tuple[Boxes, Boxes, Detections, np.ndarray, np.ndarray]:
    """Objects, their labels with errors, detections, the errors, and the objects without label."""
    objects = truth()
    g = np.random.default_rng(7)
    n = len(objects)
    chosen = g.permutation(n)
    dropped, swapped, shifted, spawned = np.split(chosen[:80], 4)
    box, label = objects.box.copy(), objects.label.copy()
    label[swapped] = (label[swapped] + 1) % CLASSES
    box[shifted] = moved(box[shifted], g)
    kind = np.full(n, "", "U10")
    kind[swapped], kind[shifted] = "class", "placement"
    keep = np.setdiff1d(np.arange(n), dropped)
    image = np.concatenate([objects.image[keep], [free_image(objects, i) for i in spawned]])
    order = np.argsort(image, kind="stable")
    labels = by_image(
        np.concatenate([box[keep], box[spawned]]),
        np.concatenate([label[keep], objects.label[spawned]]),
        image,
        IMAGES,
    )
    kinds = np.concatenate([kind[keep], np.full(20, "spurious")])[order]
    return objects, labels, detector(objects), kinds, dropped


def test_each_kind_of_planted_error_is_found(planted) -> None:
    objects, labels, said, kind, dropped = planted
    found = scored(labels, said)
    # The detector overlooks 14 right labels, which look as the 20 spurious ones do: .59 by chance.
    for name, least in (("class", 0.85), ("placement", 0.6), ("spurious", 0.5)):
        assert precision(by_kind(found.labels, name), kind == name) >= least, name
    lost = objects.only(np.isin(np.arange(len(objects)), dropped))
    seen = Boxes(found.objects.boxes.box, found.objects.boxes.label, found.objects.boxes.start)
    hit = np.zeros(len(seen), bool)
    hit[overlaps(seen, lost, 0.5).one] = True
    assert precision(found.candidates.suspicion, hit[found.missing]) >= 0.8
    every = np.concatenate([found.labels.suspicion, found.candidates.suspicion])
    wrong = np.concatenate([kind != "", hit[found.missing]])
    assert precision(every, wrong) >= 0.7, "all four on one scale"


def test_labels_without_errors_are_hardly_suspected() -> None:
    objects = truth()
    found = scored(objects, detector(objects))
    assert (found.labels.suspicion > 0).mean() < 0.05
    assert (found.candidates.suspicion > 0).sum() < len(objects) * 0.05


def slow_evidence(boxes: Boxes, said: Detections, least: float) -> dict[tuple[int, int], float]:
    total: dict[tuple[int, int], float] = {}
    for i in range(len(boxes)):
        for who in range(said.detectors):
            best: dict[int, float] = {}
            for j in range(len(said)):
                near = iou(boxes.box[i : i + 1], said.boxes.box[j : j + 1])[0] >= least
                if said.boxes.image[j] == boxes.image[i] and said.detector[j] == who and near:
                    for e in np.flatnonzero(said.entry_box == j):
                        c = int(said.entry_class[e])
                        best[c] = max(best.get(c, 0.0), float(said.entry_score[e]))
            for c, score in best.items():
                total[i, c] = total.get((i, c), 0.0) + score / said.detectors
    return total


def some_detections(seed: int, images: int) -> Detections:
    g = np.random.default_rng(seed)
    n = images * 3
    box = np.concatenate([g.random((n, 2)) * 0.4, 0.2 + g.random((n, 2)) * 0.3], axis=1)
    scores = g.random((n, CLASSES)) * (g.random((n, CLASSES)) < 0.7)
    boxes = by_image(box, scores.argmax(axis=1), g.integers(0, images, n), images)
    return of_detector(boxes, scores.max(axis=1), scores)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 999), st.integers(1, 3), st.integers(1, 4))
def test_evidence_is_each_detectors_best_and_then_the_mean(
    seed: int, detectors: int, images: int
) -> None:
    said = together([some_detections(seed + i, images) for i in range(detectors)])
    boxes = some_detections(seed + 50, images).boxes
    found = evidence(overlaps(boxes, said.boxes, 0.3), said, len(boxes))
    got = dict(
        zip(zip(found.item.tolist(), found.label.tolist(), strict=True), found.score, strict=True)
    )
    expected = slow_evidence(boxes, said, 0.3)
    assert got.keys() == expected.keys()
    assert all(abs(got[k] - expected[k]) < 1e-6 for k in got)
    label, score = found.top()
    for i in range(len(boxes)):
        of = {c: v for (j, c), v in expected.items() if j == i}
        assert score[i] == pytest.approx(max(of.values(), default=0.0), abs=1e-6)
        assert label[i] == -1 if not of else of[int(label[i])] == pytest.approx(score[i])


@pytest.mark.parametrize("copies", [2, 3])
def test_a_detector_that_is_there_twice_counts_once(copies: int) -> None:
    objects = truth(3, 12)
    said = detector(objects)
    alone, again = label_features(objects, said), label_features(objects, together([said] * copies))
    np.testing.assert_allclose(alone[0], again[0], atol=1e-6)
    np.testing.assert_allclose(alone[1].score, again[1].score, atol=1e-6)
    one, many = seen_objects(said), seen_objects(together([said] * copies))
    np.testing.assert_allclose(one.confidence, many.confidence, atol=1e-6)
    assert one.boxes.label.tolist() == many.boxes.label.tolist()


def slow_probabilities(
    own: int, state: np.ndarray, seen: dict[int, float]
) -> tuple[dict[int, float], float, int]:
    """Probabilities of a label over the classes and nothing, its suspicion and its kind."""
    p = {own: state[RIGHT] + state[PLACEMENT], CLASSES: state[SPURIOUS]}
    others = {c: v for c, v in seen.items() if c != own and v > 0}
    if not others:
        others = {(1 if own == 0 else 0): 1 / (CLASSES - 1)}
        total = 1.0
    else:
        total = sum(others.values())
    for c, v in others.items():
        p[c] = state[CLASS] * v / total
    best = max(p[c] for c in others)
    ways = [best, state[SPURIOUS], state[PLACEMENT]]
    kind = int(np.argmax(ways))
    return p, float(np.log(ways[kind] / (state[RIGHT] if kind == 2 else p[own]))), kind


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 999))
@example(748)  # a detection of confidence 0
def test_probabilities_and_equations_are_those_of_a_loop(seed: int) -> None:
    said = some_detections(seed, 3)
    labels = some_detections(seed + 1, 3).boxes
    pairs = overlaps(labels, said.boxes, 0.3)
    seen = evidence(pairs, said, len(labels))
    state = np.random.default_rng(seed).dirichlet([2.0, 1.0, 1.0, 1.0], len(labels))
    found = matched(seen_objects(said), labels)
    got = _of_labels(labels, np.log(state), seen, found, CLASSES)
    score = iies(got.p_max, got.p_label)
    for i in range(len(labels)):
        of = {int(seen.label[e]): float(seen.score[e]) for e in np.flatnonzero(seen.item == i)}
        p, suspicion, kind = slow_probabilities(int(labels.label[i]), state[i], of)
        assert got.p_label[i] == pytest.approx(p[int(labels.label[i])], abs=1e-5)
        assert got.p_max[i] == pytest.approx(max(p.values()), abs=1e-5)
        assert p[int(got.prediction[i])] == pytest.approx(max(p.values()), abs=1e-5)
        assert got.suspicion[i] == pytest.approx(suspicion, abs=1e-4)
        assert got.kind[i] == kind
        assert score[i] == pytest.approx(
            (max(p.values()) + 1 - p[int(labels.label[i])]) / 2, abs=1e-5
        )
        assert len(set(got.top_class[i].tolist())) == min(CLASSES + 1, 5)
        for c, v in zip(got.top_class[i].tolist(), got.top_probability[i], strict=True):
            assert v == pytest.approx(p.get(c, 0.0), abs=1e-5)
    cells = cies(labels.label, got.prediction, CLASSES + 1)
    assert cells.sum() == len(labels)
    assert cells[CLASSES].sum() == 0, "no label is in the row of those without one"


def test_candidates_are_items_without_a_label(planted) -> None:
    _, labels, said, _, _ = planted
    found = scored(labels, said)
    items, classes = found.candidates, found.objects.boxes.label[found.missing]
    assert len(found.missing) > 0
    nothing_else = items.prediction != CLASSES
    assert (items.prediction[nothing_else] == classes[nothing_else]).all()
    np.testing.assert_allclose(items.top_probability.sum(axis=1), 1, atol=1e-5)
    assert ((items.suspicion > 0) == (items.prediction != CLASSES)).all()
    cells = cies(np.full(len(classes), CLASSES), items.prediction, CLASSES + 1)
    assert cells[:CLASSES].sum() == 0
    covered = found.labels.partner[found.labels.partner != NONE]
    assert not set(covered.tolist()) & set(found.missing.tolist())


def test_what_is_seen_in_a_crowd_is_not_missing(planted) -> None:
    _, labels, said, _, _ = planted
    everywhere = Boxes(
        np.tile(np.array([[0, 0, 1, 1]], np.float32), (IMAGES, 1)),
        np.zeros(IMAGES, np.int32),
        np.arange(IMAGES + 1),
    )
    none = Boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.int32), np.zeros(IMAGES + 1, int))
    fold = fold_of_images(IMAGES)
    model = learn(labels, said, fold, CLASSES, seed=3)
    assert len(model.score(labels, said, fold, everywhere).missing) == 0
    every = model.score(labels, said, fold).missing
    assert model.score(labels, said, fold, none).missing.tolist() == every.tolist()
    assert len(every) > 0
    half = np.array([[0.0, 0.0, 0.2, 0.2], [0.1, 0.0, 0.4, 0.2]], np.float32)
    crowd = np.array([[0.0, 0.0, 0.21, 0.3]], np.float32)
    start = np.array([0, 2])
    inside = in_crowd(
        Boxes(half, np.zeros(2, np.int32), start),
        Boxes(crowd, np.zeros(1, np.int32), np.array([0, 1])),
    )
    assert inside.tolist() == [True, False]


@pytest.mark.parametrize("images", [1, 2, 5])
def test_few_images_one_class_and_images_without_anything(images: int) -> None:
    objects = truth(2, images)
    alone = replace(objects, label=np.zeros(len(objects), np.int32))
    padded = Boxes(alone.box, alone.label, np.concatenate([alone.start, [len(alone)] * 3]))
    said = detector(alone)
    more = replace(
        said, boxes=replace(said.boxes, start=np.append(said.boxes.start, [len(said)] * 3))
    )
    fold = fold_of_images(padded.images)
    model = learn(padded, more, fold, 1, seed=0)
    found = model.score(padded, more, fold)
    assert np.isfinite(found.labels.suspicion).all()
    assert not (found.labels.kind == 0).any(), "with one class no label is of another"
    silent = more.only(np.zeros(len(more), bool))
    quiet = learn(padded, silent, fold, 1, seed=0).score(padded, silent, fold)
    assert np.isfinite(quiet.labels.suspicion).all()
    assert len(quiet.missing) == 0
    with pytest.raises(ValueError, match="no label"):
        learn(padded.only(np.zeros(len(padded), bool)), more, fold, 1, seed=0)


def test_labels_are_made_wrong_as_they_should() -> None:
    objects, g = truth(), np.random.default_rng(0)
    assert (other_class(objects.label, g) != objects.label).all()
    nearly_one = np.zeros(1_000, np.int32)
    nearly_one[0] = 2
    assert (other_class(nearly_one, g) != nearly_one).all()
    shared = iou(objects.box, moved(objects.box, g))
    assert ((shared >= MOVED_TO[0]) & (shared <= MOVED_TO[1])).mean() > 0.95
    elsewhere, order = to_other_images(objects, g)
    assert (elsewhere.image != objects.image[order]).all()
    assert (elsewhere.box == objects.box[order]).all()
    assert (elsewhere.label == objects.label[order]).all()


def normal_posteriors(kind: np.ndarray, g: np.random.Generator) -> np.ndarray:
    """What a perfect regression says, were all kinds equally frequent, of rows of these kinds."""
    score = g.normal(0, 1, (len(kind), 4))
    score[np.arange(len(kind)), kind] += 4
    # The likelihood ratio of two normal distributions four apart.
    return 4 * score - np.logaddexp.reduce(4 * score, axis=1, keepdims=True)


def test_how_frequent_each_kind_is_comes_from_the_dataset() -> None:
    g, true = np.random.default_rng(0), np.array([0.8, 0.12, 0.05, 0.03])
    kind = g.choice(4, 5_000, p=true)
    made = np.repeat([CLASS, SPURIOUS, PLACEMENT], 5_000)
    said = normal_posteriors(np.concatenate([kind, made]), g)
    # The regression has learnt the labels as they are, errors among them, as right ones.
    mixed = np.log(np.exp(said) @ true) - np.log(true[RIGHT] + 0 * said[:, 0])
    said[:, RIGHT] = np.logaddexp(said[:, RIGHT], mixed)
    found = rates(said, np.concatenate([np.zeros(5_000, int), made]))
    np.testing.assert_allclose(found, true, atol=0.02)
    blind = np.zeros((200, 4))
    blind[:, CLASS] = -np.inf
    found = rates(blind, np.repeat([RIGHT, SPURIOUS], 100))
    assert found[CLASS] == 0
    assert RAREST <= found[SPURIOUS] <= MOST_FREQUENT
    assert found.sum() == pytest.approx(1)


def test_few_labels_say_nothing_of_how_frequent_errors_are() -> None:
    assert share_among(np.ones(20), np.ones(20)) == RAREST
    assert share_among(np.zeros(500), np.ones(500)) == pytest.approx(0, abs=1e-12)


def test_as_many_are_suspect_as_are_wrong() -> None:
    """A tenth of the labels is made wrong: plain errors are suspects, and few others."""
    g = np.random.default_rng(5)
    objects = truth()
    wrong = g.random(len(objects)) < 0.1
    label = np.where(wrong, other_class(objects.label, g), objects.label).astype(np.int32)
    labels = Boxes(objects.box, label, objects.start)
    fold = fold_of_images(labels.images)
    said = detector(objects)
    found = learn(labels, said, fold, CLASSES, seed=0).score(labels, said, fold)
    suspect = found.labels.suspicion > 0
    assert suspect[wrong].mean() > 0.8
    assert suspect[~wrong].mean() < 0.03


def test_images_to_learn_from_are_bounded() -> None:
    few = wanted_images(np.array([5, 0, 5]), seed=0)
    assert few.tolist() == [0, 1, 2]
    many = wanted_images(np.full(100_000, 20), seed=0)
    assert 900 < len(many) <= 1_000
    assert (np.diff(many) > 0).all()
    crowded = wanted_images(np.full(9, 50_000), seed=0)
    assert len(crowded) == 3


def test_objects_are_grouped_over_detectors() -> None:
    box = np.array([[0.1, 0.1, 0.2, 0.2], [0.1, 0.1, 0.2, 0.21], [0.6, 0.6, 0.2, 0.2]], np.float32)
    one = of_detector(
        Boxes(box, np.array([0, 1, 2], np.int32), starts(np.array([3]))), np.array([0.9, 0.8, 0.4])
    )
    other = of_detector(
        Boxes(box[:1], np.array([1], np.int32), starts(np.array([1]))), np.array([0.7])
    )
    found: Objects = seen_objects(together([one, other]))
    assert found.boxes.label.tolist() == [1, 2]
    np.testing.assert_allclose(found.confidence, [(0.8 + 0.7) / 2, 0.4 / 2], atol=1e-6)


def test_the_surest_object_chooses_first_and_prefers_its_class_then_overlap() -> None:
    label_boxes = [[0.10, 0.1, 0.2, 0.2], [0.16, 0.1, 0.2, 0.2], [0.6, 0.6, 0.2, 0.2]]
    labels = Boxes(
        np.array(label_boxes, np.float32), np.array([0, 1, 0], np.int32), np.array([0, 3])
    )

    def chosen(boxes: list[list[float]], classes: list[int], sure: list[float]) -> list[int]:
        start = np.array([0, len(boxes)])
        said = Boxes(np.array(boxes, np.float32), np.array(classes, np.int32), start)
        objects = seen_objects(of_detector(said, np.array(sure)))
        return matched(objects, labels).label_of.tolist()

    between = [0.12, 0.1, 0.2, 0.2]  # nearer to the first label
    assert chosen([between], [2], [0.9]) == [0]
    assert chosen([[0.15, 0.1, 0.2, 0.2]], [2], [0.9]) == [1], "nearer to the second"
    assert chosen([between], [1], [0.9]) == [1], "of its own class, although further off"
    beside = [0.04, 0.1, 0.2, 0.2]
    assert chosen([beside, between], [0, 0], [0.9, 0.2]) == [0, 1], "the surest chooses first"
    assert chosen([[0.75, 0.6, 0.2, 0.2]], [0], [0.9]) == [NONE], "too far off"
