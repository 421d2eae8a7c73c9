"""Bursts: the groups that comparing every pair finds, at a bounded number of comparisons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plugin.duplicates import candidates, radius_search
from plugin.duplicates.dense_groups import DenseGroups, connected, without_dense
from plugin.duplicates.pairs import pairs_in_scope
from plugin.duplicates.search import Duplicates, compute_signals, find_duplicates
from plugin.duplicates.ssim import ssim_pairs
from tests.found_pairs import at_least, joined

Pixels = NDArray[np.uint8]
SIDE = 24


def scenes(count: int, seed: int = 0) -> Pixels:
    """Pictures unlike each other."""
    rng = np.random.default_rng(seed)
    image = np.full((count, SIDE, SIDE), 128.0)
    for grid in (3, 6, 12):
        coarse = rng.normal(size=(count, grid, grid)) * 40
        image += np.repeat(np.repeat(coarse, SIDE // grid, axis=1), SIDE // grid, axis=2)
    return np.clip(image, 0, 255).astype(np.uint8)


def burst(scene: Pixels, count: int, amount: int, seed: int = 1) -> Pixels:
    """Frames of one scene that differ by noise."""
    grain = np.random.default_rng(seed).integers(-amount, amount + 1, (count, *scene.shape))
    return np.clip(scene.astype(int) + grain, 0, 255).astype(np.uint8)


def chain(first: Pixels, last: Pixels, count: int) -> Pixels:
    """Frames of which each is like its neighbours, while the ends are not alike."""
    share = np.linspace(0, 1, count)[:, None, None]
    frames = (1 - share) * first.astype(float) + share * last.astype(float)
    grain = np.random.default_rng(3).integers(-2, 3, frames.shape)
    return np.clip(frames + grain, 0, 255).astype(np.uint8)


def every_pair(images: Pixels) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    pairs = np.stack(np.triu_indices(len(images), 1), axis=1)
    return pairs, ssim_pairs(images, pairs)


def groups(pairs: NDArray[np.int64], count: int) -> set[frozenset[int]]:
    """The groups of more than one."""
    part = connected(pairs, count)
    members = [np.flatnonzero(part == i).tolist() for i in range(part.max() + 1)]
    return {frozenset(group) for group in members if len(group) > 1}


def find(images: Pixels, **options: Any) -> Duplicates:
    options = {"scope": "all", "floor": 0.75, "threshold": 0.9, **options}
    return find_duplicates(images, compute_signals(images), **options)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pairs each comparison was of, in double precision or to leave them out."""
    counts: list[int] = []
    plain = candidates.PairSearch.judged

    def counted(self: Any, keys: Any, floor: float, **options: Any) -> Any:
        counts.append(len(keys))
        return plain(self, keys, floor, **options)

    monkeypatch.setattr(candidates.PairSearch, "judged", counted)
    return counts


def mixed() -> Pixels:
    """Two bursts, one look-alike of the first, a chain, a pair, and forty others."""
    scene = scenes(50)
    blend = (0.75 * scene[0] + 0.25 * scene[4]).astype(np.uint8)
    return np.concatenate(
        [
            burst(scene[0], 130, 6),
            burst(scene[1], 90, 12, 2),
            burst(blend, 70, 4, 3),
            chain(scene[2], scene[3], 150),
            burst(scene[5], 2, 5),
            scene[10:],
        ]
    )


def test_groups_are_those_of_comparing_every_pair() -> None:
    images = mixed()
    order = np.random.default_rng(0).permutation(len(images))
    images = images[order]
    pairs, ses = every_pair(images)
    found = find(images)
    assert len(found.ses) < 0.4 * (ses >= 0.75).sum()
    for threshold in (0.75, 0.8, 0.85, 0.9):
        wanted = groups(pairs[ses >= threshold], len(images))
        assert len(wanted) >= 3
        assert groups(at_least(threshold, found).pairs, len(images)) == wanted
    true = {tuple(pair): value for pair, value in zip(pairs.tolist(), ses.tolist(), strict=True)}
    for pair, value in zip(found.pairs.tolist(), found.ses.tolist(), strict=True):
        assert value == pytest.approx(true[tuple(pair)], abs=1e-5)


def test_the_highest_ses_of_a_frame_is_nearly_the_highest_of_all() -> None:
    images = np.concatenate([burst(scenes(1)[0], 200, 6), scenes(60, 7)])
    pairs, ses = every_pair(images)
    found = find(images)
    highest, measured = np.zeros(len(images)), np.zeros(len(images))
    for side in (0, 1):
        np.maximum.at(highest, pairs[:, side], ses)
        np.maximum.at(measured, found.pairs[:, side], found.ses)
    short = (highest - measured)[:200]
    assert short.min() > -1e-5
    assert short.max() < 0.01


def test_what_is_like_one_frame_alone_joins_the_group() -> None:
    """A copy of one frame of a chain: whoever is not settled is compared with all."""
    scene = scenes(2)
    frames = chain(scene[0], scene[1], 120)
    odd = burst(frames[77], 1, 3, 9)
    images = np.concatenate([frames, scenes(60, 5), odd])
    pairs, ses = every_pair(images)
    for threshold in (0.9, 0.97):
        expected = groups(pairs[ses >= threshold], len(images))
        found = find(images, threshold=threshold)
        assert groups(at_least(threshold, found).pairs, len(images)) == expected


@pytest.mark.parametrize("amount", [3, 12])
def test_work_grows_with_the_number_of_frames(judged: list[int], amount: int) -> None:
    """An SES of about 0.99, and of about 0.93: below what is a copy for sure."""
    effort = []
    for count in (200, 600):
        judged.clear()
        images = np.concatenate([burst(scenes(1)[0], count, amount), scenes(60, 5)])
        found = find(images)
        assert groups(at_least(0.9, found).pairs, len(images)) == {frozenset(range(count))}
        assert len(found.ses) < 40 * count
        effort.append(sum(judged) / count)
    assert max(effort) < 60
    assert effort[1] < 2 * effort[0], "three times as many would be compared with everybody"


def test_cells_leave_out_what_needs_no_comparison(
    judged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(radius_search, "ONE_CELL_UP_TO", 100)
    monkeypatch.setattr(radius_search, "CELL", 60)
    images = np.concatenate([burst(scenes(1)[0], 500, 4), scenes(200, 5)])
    found = find(images)
    assert groups(at_least(0.9, found).pairs, len(images)) == {frozenset(range(500))}
    assert sum(judged) < 80 * 500


def test_each_prediction_has_the_group_that_it_would_have() -> None:
    images = np.concatenate([burst(scenes(1)[0], 160, 6), burst(scenes(2)[1], 100, 6)])
    predictions = np.random.default_rng(4).integers(0, 12, len(images))
    pairs, ses = every_pair(images)
    same = (ses >= 0.9) & (predictions[pairs[:, 0]] == predictions[pairs[:, 1]])
    found = find(images, predictions=predictions)
    first = np.arange(len(images))
    listed = pairs_in_scope(found.pairs, found.ses, first, predictions).at(0.9)
    assert groups(listed.pair, len(images)) == groups(pairs[same], len(images))
    # Later predictions ask for more pairs of the same images.
    later = np.random.default_rng(5).integers(0, 12, len(images))
    signals = compute_signals(images)
    options: dict[str, Any] = {"scope": "all", "floor": 0.75, "threshold": 0.9}
    more = find_duplicates(
        images, signals, predictions=later, known=found, first_new=len(images), **options
    )
    both = joined(found, more)
    same = (ses >= 0.9) & (later[pairs[:, 0]] == later[pairs[:, 1]])
    listed = pairs_in_scope(both.pairs, both.ses, first, later).at(0.9)
    assert groups(listed.pair, len(images)) == groups(pairs[same], len(images))


def test_new_frames_join_the_group(judged: list[int]) -> None:
    old = np.concatenate([burst(scenes(1)[0], 200, 5), scenes(60, 5)])
    new = burst(scenes(1)[0], 100, 5, 8)
    options: dict[str, Any] = {"scope": "all", "floor": 0.75, "threshold": 0.9}
    signals = compute_signals(old)
    before = find_duplicates(old, signals, **options)
    both = np.concatenate([old, new])
    extended = compute_signals(both, known=signals)
    judged.clear()
    added = find_duplicates(both, extended, first_new=len(old), known=before, **options)
    assert sum(judged) < 60 * len(new)
    frames = frozenset([*range(200), *range(260, 360)])
    assert groups(joined(before, added).pairs, len(both)) == {frames}


def test_a_burst_does_not_move_the_levels() -> None:
    """At the level of one image in a hundred the frames would fall into pairs."""
    images = np.concatenate([burst(scenes(1)[0], 150, 7), scenes(300, 5)])
    found = find_duplicates(images, compute_signals(images), scope="all")
    assert (found.floor, found.threshold) == (0.75, 0.8)
    assert groups(at_least(0.8, found).pairs, len(images)) == {frozenset(range(150))}


def test_fewer_than_a_dense_group_are_compared_with_each_other() -> None:
    images = np.concatenate([burst(scenes(1)[0], 48, 4), scenes(100, 5)])
    assert len(find(images).ses) == 48 * 47 // 2


def test_two_groups_that_come_near_stay_two_and_one_pair_joins_them() -> None:
    dense = DenseGroups(120, 0.75, 0.9)
    every = np.stack(np.triu_indices(60, 1), axis=1)
    for start in (0, 60):
        few = every[every[:, 0] < 4] + start
        dense.add(few @ np.array([120, 1]), np.full(len(few), 0.99))
    across = np.stack([np.repeat(np.arange(60), 60), np.tile(np.arange(60, 120), 60)], axis=1)
    keys = across @ np.array([120, 1])
    assert 0 < len(dense.open(keys)) <= 4 * 120
    dense.add(keys[:1], np.array([0.99]))
    assert len(dense.open(keys)) == 0


def test_one_image_stands_for_a_dense_group() -> None:
    every = np.stack(np.triu_indices(60, 1), axis=1)
    assert without_dense(every, np.full(len(every), 0.94), 80).all()
    assert without_dense(every, np.full(len(every), 0.96), 80).sum() == 21
