"""Training: what is kept of it, what it is reproducible by, and where fine-tuning begins."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.nn import functional as F

from plugin.errors import Cancelled
from plugin.learning.classifiers import Architecture, head_of
from plugin.learning.device import reproducible
from plugin.learning.fast_resnet import FastResNet
from plugin.learning.linear_head import LinearHead
from plugin.learning.memorised import Agreement, learnt_by_heart, sentence
from plugin.learning.pictures import Normalisation, Pictures
from plugin.learning.recipe import Recipe, usual_style
from plugin.learning.training import Trainer
from plugin.progress import silent

pytestmark = pytest.mark.slow

CLASSES, SIDE = 3, 16
CPU = torch.device("cpu")


class Made:
    """Pictures of three brightnesses, as decoded ones."""

    def __init__(self, n: int = 150, noise: int = 120, side: int = SIDE):
        generator = np.random.default_rng(0)
        self.label = np.arange(n) % CLASSES
        base = self.label[:, None, None, None] * 50
        drawn = generator.integers(0, noise, (n, 3, side, side)) + base
        self.in_memory = np.minimum(drawn, 255).astype(np.uint8)

    def load(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        return self.in_memory[indices]

    def batches(self, order: npt.NDArray[np.int64], size: int) -> Iterator[npt.NDArray[np.uint8]]:
        return (self.load(order[i : i + size]) for i in range(0, len(order), size))


def trainer(
    made: Any, model: str = "fast_resnet", label: Any = None, side: int = SIDE, **options: Any
) -> Trainer:
    weights = options.get("weights")
    style = usual_style(model, weights=weights is not None, start=False)
    recipe = Recipe(3, 32, 1, CPU, 7, style=style, patience=9)
    pictures = Pictures(made, Normalisation([0.4] * 3, [0.3] * 3), CPU)
    shape = Architecture(model, CLASSES, 3, side)
    label = made.label if label is None else label
    return Trainer(shape, pictures, label, replace(recipe, **options))


def said(of: Trainer, chosen: Any) -> npt.NDArray[np.float64]:
    return np.concatenate([np.exp(models[-1]) for _, models, _ in of.classify(chosen, silent)])


HALF, REST = np.arange(0, 100), np.arange(100, 150)


def test_the_first_convolution_whitens_patches() -> None:
    images = torch.rand(40, 3, 12, 12).cumsum(dim=3)
    model = FastResNet(5, 3)
    model.learn_patches(images)
    with torch.no_grad():
        out = model.whiten(images).transpose(0, 1).flatten(1)
    half = len(out) // 2
    torch.testing.assert_close(out[:half], -out[half:])
    second = out[:half] @ out[:half].T / out.shape[1]
    strong = second.diagonal() > 0.9
    assert strong.sum() > 3
    off = second - torch.diag(second.diagonal())
    assert off.abs().max() < 0.02
    assert second.diagonal().max() < 1.001
    assert not model.whiten.weight.requires_grad


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [8, 28, 64])
def test_pictures_that_are_all_alike_can_be_learnt_from(channels: int, side: int) -> None:
    model = FastResNet(4, channels)
    images = torch.zeros(6, channels, side, side)
    model.learn_patches(images)
    assert torch.isfinite(model(images)).all()


@pytest.mark.parametrize("model", ["simple_cnn", "fast_resnet"])
def test_a_seed_gives_the_same_and_another_one_another(model: str) -> None:
    made, found = Made(), []
    for seed in (1, 1, 2):
        with reproducible(seed):
            one = trainer(made, model, seed=seed)
            one.train(HALF, silent, held=REST)
            found.append(said(one, REST))
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


@pytest.mark.parametrize("average", [1, 2])
def test_the_epoch_that_is_kept_is_the_best_of_those_held_out(
    average: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the trainer says afterwards has the likelihood of its best epoch."""
    made = Made(noise=230)
    seen: list[float] = []
    own = Trainer._p_label

    def noted(self: Trainer, held: Any, *report: Any) -> torch.Tensor:
        p = own(self, held, *report)
        seen.append(float(p.double().log().mean()))
        return p

    monkeypatch.setattr(Trainer, "_p_label", noted)
    with reproducible(3):
        one = trainer(made, epochs=5, batch_size=8, average_epochs=average)
        one.train(HALF, silent, held=REST)
    models = [m for _, m, _ in one.classify(REST, silent)]
    together = np.concatenate([np.mean([np.exp(m) for m in batch], axis=0) for batch in models])
    likelihood = float(np.log(together[np.arange(len(REST)), made.label[REST]]).mean())
    assert len(seen) == 5
    assert likelihood == pytest.approx(one.likelihood, abs=1e-5)
    assert len(models[0]) == min(average, one.kept_epoch or 0)
    if average == 1:
        assert likelihood == pytest.approx(max(seen), abs=1e-5)
        assert seen[(one.kept_epoch or 0) - 1] == max(seen)


def test_fine_tuning_begins_with_the_head_that_fits_and_is_never_worse_held_out() -> None:
    made = Made(60)
    learned, held = np.arange(40), np.arange(40, 60)
    with reproducible(1):
        one = trainer(made, "efficientnet_lite0", weights="DEFAULT", epochs=1)
        body = {k: v.clone() for k, v in one.model.state_dict().items() if "_fc" not in k}
        images = one._pictures.load(np.arange(60))
        rows = one._once(images)[1].numpy()
        assert one._begin(learned, silent, "")
    head = LinearHead(CLASSES, 4.0, dtype=torch.float32)
    head.fit(rows[learned], made.label[learned])
    expected = head.log_probabilities(rows[held])
    logits = one._once(images)[0]
    assert np.abs(F.log_softmax(logits[held], 1).numpy() - expected).max() < 1e-3
    assert all(torch.equal(v, one.model.state_dict()[k]) for k, v in body.items())
    before = float(one._p_label(held).double().log().mean())
    with reproducible(1):
        one = trainer(made, "efficientnet_lite0", weights="DEFAULT", epochs=1)
        one.train(learned, silent, held=held)
    assert float(one._p_label(held).double().log().mean()) >= before - 1e-6
    moved = one.model.state_dict()
    statistics = [k for k in body if "running_" in k]
    assert statistics
    assert all(torch.equal(body[k], moved[k]) for k in statistics), "few images would bend them"


def test_a_head_behind_which_something_follows_is_left_as_it_is() -> None:
    made = Made(20, side=32)
    with reproducible(1):
        one = trainer(made, "squeezenet1_1", side=32)
        one._recipe = replace(one._recipe, style=replace(one._recipe.style, fitted_head=True))
        head = head_of(one.model, CLASSES).weight.clone()  # pyright: ignore
        assert not one._begin(np.arange(20), silent, "")
    assert torch.equal(head, head_of(one.model, CLASSES).weight)  # pyright: ignore


def test_cancelling_ends_training_in_the_middle_of_an_epoch() -> None:
    made, told = Made(), []

    def report(progress: float | None, label: str) -> None:
        told.append((progress, label))
        if len(told) == 2:
            raise Cancelled("enough")

    with reproducible(1):
        one = trainer(made, batch_size=2)
        with pytest.raises(Cancelled):
            one.train(HALF, report, "Fold 1/3, ", held=REST)
    assert [label.split(", loss")[0] for _, label in told] == ["Fold 1/3, Epoch 1/3"] * 2
    assert 0 < (told[0][0] or 0) < (told[1][0] or 0) < 1 / 3


# --- learnt by heart ------------------------------------------------------------------------------


def agreements(made: Made, label: Any, epochs: int) -> tuple[Agreement, Agreement]:
    learned, held = np.arange(0, 240), np.arange(240, 480)
    with reproducible(2):
        style = replace(usual_style("fast_resnet", weights=False, start=False), smoothing=0.0)
        one = trainer(made, label=label, epochs=epochs, patience=None, style=style)
        one.train(learned, silent)
    seen, held_out = Agreement(), Agreement()
    seen.add(said(one, learned).argmax(axis=1) == label[learned])
    held_out.add(said(one, held).argmax(axis=1) == label[held])
    return seen, held_out


def test_what_is_learnt_by_heart_is_noticed_and_what_is_learnt_is_not() -> None:
    made = Made(480)
    generator = np.random.default_rng(0)
    label = made.label.copy()
    wrong = generator.random(480) < 0.2
    label[wrong] = (label[wrong] + 1) % CLASSES
    assert not learnt_by_heart(*agreements(made, label, 3)), "it contradicts the wrong ones"
    assert not learnt_by_heart(*agreements(made, made.label, 3)), "there is nothing wrong"
    heart = agreements(made, label, 40)
    assert learnt_by_heart(*heart)
    assert "by heart" in sentence(*heart)
    assert sentence(*agreements(made, made.label, 3)) == ""


@pytest.mark.parametrize(
    ("seen", "held_out", "expected"),
    [
        ((1_000, 1_000), (1_000, 900), True),
        ((1_000, 955), (1_000, 900), True),
        ((1_000, 945), (1_000, 900), False),  # more than half are still contradicted
        ((1_000, 1_000), (1_000, 980), False),  # hardly any are
        ((20, 20), (20, 18), False),  # may be chance
        ((0, 0), (20, 18), False),
        ((20, 20), (0, 0), False),
        ((1_000, 750), (1_000, 600), False),  # a weak network
    ],
)
def test_the_rule(seen: tuple[int, int], held_out: tuple[int, int], expected: bool) -> None:
    assert learnt_by_heart(Agreement(*seen), Agreement(*held_out)) is expected
