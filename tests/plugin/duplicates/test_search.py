"""Near-duplicates against SSIM of all pairs, copies, scopes, levels, new images, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from plugin.duplicates import radius_search
from plugin.duplicates.search import (
    Duplicates,
    Signals,
    choose_levels,
    compute_signals,
    find_duplicates,
)
from plugin.duplicates.ssim import ssim_pairs
from tests.found_pairs import at_least, joined

pytestmark = pytest.mark.slow

Pixels = NDArray[np.uint8]


def photographs(count: int, side: int = 24, seed: int = 0, channels: int = 0) -> Pixels:
    """Images with structure at several scales, unlike each other."""
    rng = np.random.default_rng(seed)
    shape = (count, side, side, channels or 1)
    image = np.zeros(shape)
    for grid in (3, 6, 12):
        coarse = rng.normal(size=(count, grid, grid, channels or 1)) * 40
        image += np.repeat(np.repeat(coarse, side // grid, axis=1), side // grid, axis=2)
    pixels = np.clip(image + 128, 0, 255).astype(np.uint8)
    return pixels if channels else pixels[..., 0]


def noisy(images: Pixels, amount: int, seed: int = 1) -> Pixels:
    noise = np.random.default_rng(seed).integers(-amount, amount + 1, images.shape)
    return np.clip(images.astype(int) + noise, 0, 255).astype(np.uint8)


def all_pairs(images: Pixels, floor: float) -> dict[tuple[int, int], float]:
    pairs = np.stack(np.triu_indices(len(images), 1), axis=1)
    values = ssim_pairs(images, pairs)
    return {
        (i, j): v for (i, j), v in zip(pairs.tolist(), values.tolist(), strict=True) if v >= floor
    }


def as_dict(found: Duplicates) -> dict[tuple[int, int], float]:
    return {(i, j): s for (i, j), s in zip(found.pairs.tolist(), found.ses.tolist(), strict=True)}


def find(images: Pixels, **options: Any) -> Duplicates:
    options = {"scope": "all", **options}
    return find_duplicates(images, compute_signals(images), **options)


@pytest.mark.parametrize("channels", [0, 3])
@pytest.mark.parametrize("amount", [3, 15, 30])
def test_finds_the_pairs_that_comparing_all_finds(channels: int, amount: int) -> None:
    images = photographs(300, channels=channels)
    images = np.concatenate([images, noisy(images[:60], amount), noisy(images[:20], amount, 2)])
    expected = all_pairs(images, 0.75)
    found = find(images, floor=0.75, threshold=0.9)
    assert len(expected) >= 20
    assert set(as_dict(found)) == set(expected)
    for pair, value in as_dict(found).items():
        assert value == pytest.approx(expected[pair], abs=1e-5)


def test_crowded_images_get_more_neighbours() -> None:
    """Forty changed copies of one image: 780 pairs, each image in 39 of them."""
    one = photographs(1)
    crowd = np.concatenate([noisy(one, 4, seed) for seed in range(40)])
    images = np.concatenate([photographs(200, seed=9), crowd])
    found = find(images, floor=0.8, threshold=0.9)
    assert len(found.ses) == 780


def test_the_search_in_cells_finds_planted_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(radius_search, "ONE_CELL_UP_TO", 100)
    images = photographs(3000)
    images = np.concatenate([images, noisy(images[:100], 5)])
    found = as_dict(find(images, floor=0.8, threshold=0.9))
    assert sum((i, 3000 + i) in found for i in range(100)) >= 99


def without_structure(signals: Signals, floor: float) -> Signals:
    """With structure that is too far apart to propose a pair, and near enough to exclude none."""
    structure = np.random.default_rng(0).normal(size=signals.structure.shape)
    apart = np.sqrt(2 * structure.shape[1])
    scale = 1.3 * signals.basis.radius(floor) / apart
    return signals._replace(structure=(scale * structure).astype(np.float32))


def test_embeddings_find_what_structure_misses() -> None:
    images = photographs(300)
    images = np.concatenate([images, noisy(images[:50], 3)])
    rng = np.random.default_rng(0)
    signals = without_structure(compute_signals(images), 0.8)
    embeddings = rng.normal(size=(350, 32))
    embeddings[300:] = embeddings[:50] + 0.01
    options: dict[str, Any] = {"scope": "all", "floor": 0.8, "threshold": 0.9}
    assert len(find_duplicates(images, signals, **options).ses) == 0
    assert len(find_duplicates(images, signals, embeddings=embeddings, **options).ses) == 50


def test_equal_images_are_exact_and_equal_files_too() -> None:
    images = photographs(50)
    images = np.concatenate([images, images[:2], images[:1], photographs(1, seed=5)])
    files = [str(i).encode() for i in range(54)]
    files[53] = files[7]
    found = find(images, file_digests=files, floor=0.8, threshold=0.9)
    assert found.pairs.tolist() == [[0, 50], [0, 52], [1, 51], [7, 53]]
    assert found.exact.all()
    assert (found.ses == 1).all()


def test_same_prediction_is_equation_3_and_all_is_not() -> None:
    images = photographs(100)
    images = np.concatenate([images, images[:4], noisy(images[10:14], 3)])
    predictions = np.zeros(108, dtype=int)
    predictions[[100, 101, 104, 105]] = 1
    within = find(images, scope="same_prediction", predictions=predictions, threshold=0.8)
    assert set(as_dict(within)) == {(2, 102), (3, 103), (12, 106), (13, 107)}
    every = find(images, predictions=predictions, threshold=0.8)
    assert len(every.ses) == 8


def test_threshold_moves_without_a_new_search() -> None:
    images = photographs(200)
    images = np.concatenate([images, noisy(images[:60], 20)])
    found = find(images, floor=0.75, threshold=0.95)
    for threshold in (0.75, 0.85, 0.9):
        assert as_dict(at_least(threshold, found)) == as_dict(
            find(images, floor=threshold, threshold=threshold)
        )


def test_new_images_are_compared_with_old_ones_alone() -> None:
    old = photographs(250)
    old = np.concatenate([old, noisy(old[:10], 5)])
    new = np.concatenate([noisy(old[100:120], 5, 3), old[5:6], photographs(20, seed=8)])
    both = np.concatenate([old, new])
    options: dict[str, Any] = {"scope": "all", "floor": 0.8, "threshold": 0.9}
    signals = compute_signals(old)
    before = find_duplicates(old, signals, **options)
    extended = compute_signals(both, known=signals)
    assert (extended.structure[: len(old)] == signals.structure).all()
    added = find_duplicates(both, extended, first_new=len(old), **options)
    assert (added.pairs[:, 1] >= len(old)).all()
    whole = find_duplicates(both, extended, **options)
    assert as_dict(joined(before, added)) == pytest.approx(as_dict(whole))


def test_levels_come_from_the_images() -> None:
    rng = np.random.default_rng(0)
    # Everything resembles everything: floor and threshold rise, as far as they may.
    assert choose_levels(np.full(50_000, 0.99), rng.integers(0, 1000, 50_000), 1000) == (0.95, 0.98)
    # A threshold between: ten of 1,000 images above it.
    floor, threshold = choose_levels(np.linspace(0.75, 0.97, 1000), np.arange(1000), 1000)
    assert floor == 0.75
    assert threshold == pytest.approx(0.75 + 0.22 * 0.99, abs=1e-3)


def test_sorted_by_falling_ses_and_each_pair_once() -> None:
    images = photographs(200)
    images = np.concatenate([images, noisy(images, 20), noisy(images, 8, 2)])
    found = find(images, floor=0.75, threshold=0.9)
    assert (np.diff(found.ses) <= 0).all()
    assert (found.pairs[:, 0] < found.pairs[:, 1]).all()
    assert len(np.unique(found.pairs, axis=0)) == len(found.pairs)


def test_progress_names_stages_and_can_end_the_work() -> None:
    images = photographs(300)
    told: list[tuple[float | None, str]] = []

    def note(progress: float | None, label: str) -> None:
        told.append((progress, label))

    signals = compute_signals(images, report=note)
    assert told[-1] == (1.0, "Described 300 of 300 images")
    told.clear()
    find_duplicates(images, signals, scope="all", report=note)
    assert list(dict.fromkeys(label.split()[0] for _, label in told)) == ["Measured", "Compared"]
    shares = [share for share, _ in told if share is not None]
    assert len(shares) == len(told)
    assert shares == sorted(shares)
    assert told[-1] == (1.0, "Compared 300 of 300 images")

    def stop(progress: float | None, label: str) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        find_duplicates(images, signals, scope="all", report=stop)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_images(count: int) -> None:
    images = np.repeat(photographs(1), count, axis=0)
    assert len(find(images).ses) == count - 1


def test_memory_maps_do(tmp_path: Any) -> None:
    images = photographs(60)
    images = np.concatenate([images, noisy(images[:5], 3)])
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert as_dict(find(mapped)) == as_dict(find(images))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scope": "some"}, 'scope must be "same_prediction" or "all", got \'some\''),
        ({"scope": "same_prediction"}, "predictions are needed"),
        ({"predictions": np.zeros(3)}, "predictions must have one row .* 20 images, got 3"),
        ({"embeddings": np.zeros((3, 2))}, "embeddings must have one row .* 20 images, got 3"),
        ({"file_digests": [None]}, "file_digests must have one row .* 20 images, got 1"),
        ({"threshold": 1.5}, "threshold must be from 0 to 1, got 1.5"),
        ({"floor": 0.9, "threshold": 0.8}, "floor must be at most the threshold 0.8, got 0.9"),
    ],
)
def test_bad_input_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        find(photographs(20), **options)


def test_signals_of_other_images_are_refused() -> None:
    images = photographs(20)
    with pytest.raises(ValueError, match="signals must have one row for each of the 20 images"):
        find_duplicates(images, compute_signals(images[:10]), scope="all")
    with pytest.raises(ValueError, match="begin with the 20 that are known, got 10"):
        compute_signals(images[:10], known=compute_signals(images))
    with pytest.raises(ValueError, match="must have the 196 windows of the basis, got 4"):
        compute_signals(photographs(30, side=12), known=compute_signals(images))
