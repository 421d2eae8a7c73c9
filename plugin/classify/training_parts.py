"""What workers do of a training: decode some images, train a fold, embed another fold's images."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ..arrays import Int64Array
from ..images.decoded import Pixels
from ..learning.checkpoints import from_bytes, to_bytes
from ..learning.classifiers import Architecture
from ..learning.device import reproducible
from ..learning.held_out_fold import agreement_with_learned, sides, some_embeddings
from ..learning.pictures import Normalisation, Pictures
from ..learning.recipe import Recipe, usual_style
from ..learning.training import Trainer
from ..learning.warm_start import WarmStart
from ..progress import Report, part_of
from ..workers.part import Answer, Given


def decode(given: Given, report: Report) -> Answer:
    """Decode images as a network takes them.

    Given ``paths``, ``size``, ``channels`` and ``windows``.

    Returns:
        ``pixels``, uint8 (n, channels, size, size), and the ``problems`` of those that cannot be
        read, by their place
    """
    told = given.arguments
    paths = list(told["paths"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pixels = Pixels(paths, told["size"], told["channels"], report, told["windows"])
    with pixels:
        decoded = np.array(pixels.load(np.arange(len(paths))))
        problems = {str(i): why for i, why in pixels.problems.items()}
    return Answer({"pixels": decoded}, {"problems": problems})


def fold(given: Given, report: Report) -> Answer:
    """Train on all folds but one, and classify that one.

    Given what ``spread_training.Training`` told, the fold's number ``k``, whether it is the
    ``first`` one, and the arrays ``pixels``, ``label``, ``fold`` and, to go on from a kept
    classifier, ``start``.

    Returns:
        ``log_p``, float64 (m, states, C), and ``embedding``, float32 (m, d), of the m images that
        were asked; ``kept_epoch``, ``seen`` and ``equal``. Of the first fold also ``weights``, the
        bytes of its classifier, and ``some_embeddings``
    """
    told = given.arguments
    k, seed = int(told["k"]), int(told["seed"])
    label, folds = given.take("label"), given.take("fold")
    learned, asked = sides(folds, k, told["folds"])
    recipe = _recipe(told["recipe"], given)
    with reproducible(seed + k, told["threads"]):
        pictures = _pictures(given, part_of(report, 0.0, 0.05))
        trainer = Trainer(Architecture(**told["architecture"]), pictures, label, recipe)
        name = "" if told["folds"] == 1 else f"Fold {k + 1}/{told['folds']}, "
        held = None if recipe.patience is None else asked
        trainer.train(learned, part_of(report, 0.05, 0.9), name, held)
        rest = part_of(report, 0.9, 1.0)
        columns: dict[str, Any] = {}
        if told["first"]:
            usable = np.flatnonzero(folds >= 0)
            columns["some_embeddings"] = some_embeddings(trainer, usable, seed, rest)
            content = to_bytes(
                trainer.model, Architecture(**told["architecture"]), told["mean"], told["std"]
            )
            columns["weights"] = np.frombuffer(content, np.uint8)
        facts: dict[str, Any] = {"kept_epoch": trainer.kept_epoch, "seen": 0, "equal": 0}
        if told["folds"] > 1:
            found = agreement_with_learned(trainer, learned, label, seed, rest)
            facts |= {"seen": found.samples, "equal": found.equal}
        said = list(trainer.classify(asked, rest))
    columns["log_p"] = np.concatenate([np.stack(models, axis=1) for _, models, _ in said])
    if told["first"]:
        columns["embedding"] = np.concatenate([embedding for *_, embedding in said])
    return Answer(columns, facts)


def embed(given: Given, report: Report) -> Answer:
    """Embed the images of a fold by the classifier of the first one.

    Given what ``fold`` is, and its ``weights``.

    Returns:
        ``embedding``, float32 (m, d)
    """
    told = given.arguments
    folds = given.take("fold")
    _, asked = sides(folds, int(told["k"]), told["folds"])
    trained = from_bytes(given.take("weights").tobytes())
    recipe = _recipe(told["recipe"] | {"weights": None}, given, weights=told["recipe"]["weights"])
    with reproducible(int(told["seed"]), told["threads"]):
        pictures = _pictures(given, part_of(report, 0.0, 0.3))
        trainer = Trainer(trained.architecture, pictures, given.take("label"), recipe)
        trainer.model.load_state_dict(trained.model.state_dict())
        rows = []
        for start in range(0, len(asked), int(told["at_once"])):
            rows.append(trainer.embed(asked[start : start + int(told["at_once"])]))
            report(0.3 + 0.7 * start / len(asked), "Embedding")
    return Answer({"embedding": np.concatenate(rows)}, {})


def _pictures(given: Given, report: Report) -> Pictures:
    """All images, held from one part to the next."""
    told = given.arguments
    shape = Architecture(**told["architecture"])
    label: Int64Array = given.take("label")

    def make() -> Pixels:
        pieces = given.pieces("pixels")
        paths = [""] * len(label)  # nothing is decoded any more
        return Pixels(paths, shape.size, shape.channels, report, decoded=pieces)

    pixels = given.held("pixels", told["pixels"], make)
    normalisation = Normalisation(list(told["mean"]), list(told["std"]))
    return Pictures(pixels, normalisation, torch.device(told["recipe"]["device"]))


def _recipe(told: Mapping[str, Any], given: Given, weights: str | None = None) -> Recipe:
    start = None
    if told["start_classes"] is not None:
        start = WarmStart.from_kept(given.take("start").tobytes(), told["start_classes"])
    named = told["weights"] or weights
    values = {**told, "start": start, "classes": tuple(told["classes"])}
    del values["start_classes"], values["model"]
    values["device"] = torch.device(told["device"])
    style = usual_style(told["model"], weights=named is not None, start=start is not None)
    return Recipe(**values, style=style)
