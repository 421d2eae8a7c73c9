"""SSIM against scikit-image: by property on random and structured images, on real ones."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from skimage import data
from skimage.metrics import structural_similarity
from sklearn.datasets import load_sample_images

from plugin.duplicates.difference import similarity
from plugin.duplicates.gaussian_window import blur
from plugin.duplicates.ssim import ssim_pairs

pytestmark = pytest.mark.slow

Pixels = NDArray[np.uint8]
ROOT = Path(__file__).resolve().parents[3]
REAL = ["faces", "photographs", *(["mnist", "cifar10"] if "DECONFUSE_DATA" in os.environ else [])]
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def reference(x: Pixels, y: Pixels) -> float:
    value: Any = structural_similarity(
        x,
        y,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        channel_axis=-1 if x.ndim == 3 else None,
    )
    return float(value)


def ssim(x: Pixels, y: Pixels, dtype: torch.dtype = torch.float64) -> float:
    return ssim_pairs(np.stack([x, y]), np.array([[0, 1]]), dtype=dtype).item()


@st.composite
def image_pairs(draw: st.DrawFn) -> tuple[Pixels, Pixels]:
    """Two images of one size: noise, flat blocks of few levels, or one a slightly changed other."""
    height, width = draw(st.integers(11, 140)), draw(st.integers(11, 140))
    shape = (height, width, 3) if draw(st.booleans()) else (height, width)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def one() -> Pixels:
        block, levels = draw(st.integers(1, 60)), draw(st.integers(2, 256))
        coarse = (-(-height // block), -(-width // block), *shape[2:])
        values = rng.integers(0, levels, coarse) * 255 // (levels - 1)
        fine = np.repeat(np.repeat(values, block, axis=0), block, axis=1)
        return fine[:height, :width].astype(np.uint8)

    first = one()
    if draw(st.booleans()):
        noise = rng.integers(-9, 10, shape)
        return first, np.clip(first + noise, 0, 255).astype(np.uint8)
    return first, one()


@settings(max_examples=60, deadline=None)
@given(image_pairs())
def test_equals_scikit_image(pair: tuple[Pixels, Pixels]) -> None:
    x, y = pair
    assert ssim(x, y) == pytest.approx(reference(x, y), abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(image_pairs())
def test_one_pair_alone_has_the_value_that_it_has_among_many(pair: tuple[Pixels, Pixels]) -> None:
    assert similarity(*pair) == pytest.approx(ssim(*pair), abs=1e-9)


def test_one_pair_alone_needs_no_torch() -> None:
    script = (
        "import sys, numpy as np\n"
        "from plugin.duplicates.difference import similarity\n"
        "similarity(*np.zeros((2, 11, 11), np.uint8))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


@settings(max_examples=40, deadline=None)
@given(image_pairs())
def test_single_precision_is_off_by_less_than_one_in_ten_thousand_at_worst(
    pair: tuple[Pixels, Pixels],
) -> None:
    x, y = pair
    value = ssim(x, y, torch.float32)
    assert value == pytest.approx(reference(x, y), abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(image_pairs())
def test_is_symmetric_at_most_one_and_one_for_equal_images(pair: tuple[Pixels, Pixels]) -> None:
    x, y = pair
    there, back = ssim(x, y), ssim(y, x)
    assert there == pytest.approx(back, abs=1e-12)
    assert there <= 1 + 1e-12
    assert ssim(x, x) == 1.0


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", [(9, 28, 28), (9, 32, 32, 3), (5, 11, 200), (4, 130, 75, 3)])
@pytest.mark.parametrize("memory", [1, 1 << 18, 1 << 28])
def test_pairs_share_moments_and_agree_with_scikit_image(
    shape: tuple[int, ...], memory: int, device: str
) -> None:
    rng = np.random.default_rng(3)
    smooth = blur(torch.from_numpy(rng.normal(size=(shape[0], 300, 300)))).numpy()
    images = np.empty(shape, dtype=np.uint8)
    images.reshape(*shape[:3], -1)[:] = np.clip(
        128 + 900 * smooth[:, : shape[1], : shape[2], None], 0, 255
    )
    pairs = rng.integers(0, len(images), (40, 2))
    expected = [reference(images[i], images[j]) for i, j in pairs]
    for dtype, tolerance in ((torch.float64, 1e-9), (torch.float32, 1e-5)):
        found = ssim_pairs(images, pairs, memory=memory, dtype=dtype, device=device)
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def real_pictures(name: str) -> list[Image.Image]:
    """60 small pictures that scikit-image and scikit-learn bring, or of a set that the user has."""
    if name == "faces":  # 25×25, grey
        return [Image.fromarray(np.uint8(255 * face)) for face in data.lfw_subset()[::3][:60]]
    if name == "photographs":  # 32×32, colour; tiles side by side are alike, as in a set of images
        shown = [data.chelsea(), data.coffee(), data.astronaut(), *load_sample_images().images]
        return [
            Image.fromarray(picture).crop((x, 96, x + 32, 128))
            for picture in shown
            for x in range(0, 12 * 20, 20)
        ]
    with zipfile.ZipFile(Path(os.environ["DECONFUSE_DATA"]) / f"{name}.zip") as archive:
        names = sorted(n for n in archive.namelist() if n.endswith((".png", ".jpg")))[:60]
        return [Image.open(io.BytesIO(archive.read(n))) for n in names]


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("side", [None, 11, 64, 100])
def test_real_images_agree_with_scikit_image_in_single_precision(
    name: str, side: int | None
) -> None:
    pictures = real_pictures(name)
    assert len(pictures) == 60
    if side is not None:
        pictures = [picture.resize((side, side + 7)) for picture in pictures]
    images = np.stack([np.asarray(picture) for picture in pictures])
    pairs = np.random.default_rng(0).integers(0, len(images), (60, 2))
    expected = [reference(images[i], images[j]) for i, j in pairs]
    np.testing.assert_allclose(ssim_pairs(images, pairs), expected, rtol=0, atol=1e-5)


def test_no_pairs_give_no_values() -> None:
    assert ssim_pairs(np.zeros((2, 16, 16), np.uint8), np.empty((0, 2), np.int64)).shape == (0,)


@pytest.mark.parametrize(
    ("shape", "pairs", "message"),
    [
        ((2, 10, 40), [[0, 1]], "at least 11 x 11 pixels .*, got 10 x 40"),
        ((2, 16), [[0, 1]], r"images must have shape .*, got \(2, 16\)"),
        ((2, 16, 16), [[0, 2]], "pairs must index the 2 images, got indices from 0 to 2"),
        ((2, 16, 16), [0, 1], r"pairs must have shape \(m, 2\), got \(2,\)"),
    ],
)
def test_bad_input_is_named(shape: tuple[int, ...], pairs: list[object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ssim_pairs(np.zeros(shape, np.uint8), np.array(pairs))


def test_one_channel_is_the_score_of_that_plane() -> None:
    images = np.random.default_rng(4).integers(0, 256, (6, 20, 24, 3), dtype=np.uint8)
    pairs = np.array([[0, 1], [2, 5], [3, 3]])
    alone = ssim_pairs(np.ascontiguousarray(images[..., 1]), pairs)
    np.testing.assert_allclose(ssim_pairs(images, pairs, channel=1), alone, rtol=1e-12)
