"""Augmentation: what is moved, mirrored and enlarged, and that nothing else changes."""

import pytest
import torch

from plugin.learning.augmentation import NO_CHANGE, PHOTOGRAPH, SMALL_IMAGE, Augmentation


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(n: int = 64, side: int = 12) -> torch.Tensor:
    return torch.rand(n, 3, side, side, generator=seeded(5))


def test_a_moved_picture_is_a_window_of_the_picture_with_mirrored_borders() -> None:
    images = pictures()
    moved = SMALL_IMAGE(images, seeded())
    larger = torch.nn.functional.pad(images, (2,) * 4, mode="reflect")
    kinds = set()
    for one, wide in zip(moved, larger, strict=True):
        windows = {
            (y, x, flip): wide[:, y : y + 12, x : x + 12].flip(2)
            if flip
            else wide[:, y : y + 12, x : x + 12]
            for y in range(5)
            for x in range(5)
            for flip in (False, True)
        }
        found = [kind for kind, window in windows.items() if torch.equal(window, one)]
        assert len(found) == 1
        kinds.add(found[0])
    assert {flip for *_, flip in kinds} == {False, True}
    assert {y for y, *_ in kinds} == {x for _, x, _ in kinds} == set(range(5))


def test_an_enlarged_picture_shows_at_least_its_least_area_and_nothing_beyond() -> None:
    side = 64
    across = torch.linspace(0, 1, side)
    images = torch.stack([across.expand(side, side), across.expand(side, side).T])
    shown = PHOTOGRAPH(images.repeat(200, 1, 1, 1), seeded())
    spans = shown.flatten(2).amax(2) - shown.flatten(2).amin(2)
    area = spans[:, 0] * spans[:, 1]
    assert shown.min() >= 0
    assert shown.max() <= 1
    assert 0.6 < area.min() < 0.8, "at least .7, but for the ratio that does not fit in"
    assert area.max() > 0.95
    rising = shown[:, 0, 0, -1] > shown[:, 0, 0, 0]
    assert 60 < int(rising.sum()) < 140, "half are mirrored"
    assert (shown[:, 1, -1, 0] > shown[:, 1, 0, 0]).all(), "none stands on its head"


@pytest.mark.parametrize("kind", [SMALL_IMAGE, PHOTOGRAPH, Augmentation(flip=True)])
def test_a_seed_gives_the_same_and_another_one_another(kind: Augmentation) -> None:
    images = pictures()
    assert torch.equal(kind(images, seeded(3)), kind(images, seeded(3)))
    assert not torch.equal(kind(images, seeded(3)), kind(images, seeded(4)))
    assert not torch.equal(kind(images, seeded(3)), images)


@pytest.mark.parametrize("kind", [NO_CHANGE, SMALL_IMAGE, PHOTOGRAPH])
@pytest.mark.parametrize(("channels", "side"), [(1, 8), (3, 33)])
def test_shapes_stay_on_any_device(kind: Augmentation, channels: int, side: int) -> None:
    """The meta device refuses whatever mixes devices, as a GPU does."""
    for device in ("cpu", "meta"):
        images = torch.zeros(5, channels, side, side, device=device)
        changed = kind(images, seeded())
        assert changed.shape == images.shape
        assert changed.device == images.device
        assert changed.dtype == images.dtype
