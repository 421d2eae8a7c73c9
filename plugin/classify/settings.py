"""The settings of ``find_label_errors``: their defaults, and what each may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ..errors import InputError
from ..learning.choices import check_device, check_one_of
from ..splits import SplitRule
from ..values import shown
from ..workers.choices import LOCAL, check_workers

AUTO = "auto"
SOURCES = (AUTO, "train", "features", "predictions", "embeddings", "votes")
IN_PARTS = ("train", "features")
"""The sources whose work can be handed to workers."""
OPTION_OF = {"model": "train", "network": "features", "embeddings": "embeddings"}
"""Options that name what classifies, and the one source that heeds each."""
SKIP, EMPTY = "skip", "empty"
UNTRAINED = "none"
"""As ``weights``: begin with none, although there may be pretrained ones."""
COPIES, NO_GROUPS = "copies", "none"


@dataclass(frozen=True)
class Settings:
    """How label errors are found; None means that the source chooses.

    Attributes:
        label_field: the ``Classification`` field to clean
        run_key: names the run and prefixes its fields
        source: where predictions come from: one of ``SOURCES``; ``auto`` chooses (``auto.py``)
        prediction_fields: for ``predictions``: one or more ``Classification`` fields
        class_scores: for predicted ``Detections``: their attribute with logits or other scores of
            every class; None looks for one
        classes: the class names behind ``class_scores``, in their order; None looks for them
        vote_fields: fields of ``Classification`` or ``Classifications`` with what several people
            said; source ``votes`` goes by them alone
        journal_votes: whether what people decided in this run, and answered as a second opinion,
            counts as their votes, too
        annotator_attribute: the attribute of such a label that names who gave it; without one the
            field is the annotator
        unlabelled: for ``Detections``: whether images without labels are left out (``skip``), or
            there is nothing on them (``empty``), so that what is predicted there is missing
        embeddings: for ``embeddings``: a vector field, a brain key, or a pretrained network's name
        model: for ``train``: ``simple_cnn``, ``fast_resnet``, ``efficientnet_lite0`` or a
            torchvision classification model; None chooses
        network: for ``features``: ``efficientnet_lite0``, a torchvision classification model or a
            model of FiftyOne's zoo; None chooses
        weights: the name of official ones, or a checkpoint's path; None for the official ones
            where there are any, ``"none"`` to train from scratch
        epochs: passes over the training images
        batch_size: images a training step
        warm_start: for ``train``: go on from the weights of the run's last iteration
        folds: 1 trains on all samples and classifies them; k classifies out of fold
        fold_groups: what stays in one fold: ``copies``, ``none``, or a field's equal values as well
        average_epochs: the probabilities of this many last epochs are averaged
        image_size: side in pixels that images are brought to
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``
        workers: where parts are worked on: ``local``, ``delegated``, ``ray`` or ``ray://host:port``
        seed: the same seed on the same CPU gives the same scores
        duplicates: look for near-duplicates afterwards
        splits: for ``duplicates``: how the splits are named, see ``SplitRule``
        cleanlab: add cleanlab's label quality and filter, if it is installed
    """

    label_field: str
    run_key: str = "deconfuse"
    source: str = AUTO
    prediction_fields: tuple[str, ...] = ()
    vote_fields: tuple[str, ...] = ()
    journal_votes: bool = False
    annotator_attribute: str = "annotator"
    class_scores: str | None = None
    classes: tuple[str, ...] = ()
    unlabelled: str = SKIP
    embeddings: str | None = None
    model: str | None = None
    network: str | None = None
    weights: str | None = None
    warm_start: bool = False
    epochs: int | None = None
    batch_size: int | None = None
    folds: int | None = None
    fold_groups: str = COPIES
    average_epochs: int | None = None
    image_size: int | None = None
    device: str = "auto"
    workers: str = LOCAL
    seed: int = 51
    duplicates: bool = True
    splits: str | Sequence[str] | Mapping[str, Any] | None = None
    cleanlab: bool = False

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Settings:
        """Settings from an operator's parameters, checked.

        Raises:
            InputError: if an option is unknown, missing or not of the kind it should be
        """
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise InputError(
                f"unknown option '{unknown[0]}'; the options are {', '.join(sorted(known))}"
            )
        given = {k: v for k, v in values.items() if v is not None and v != ""}
        if not isinstance(given.get("label_field"), str):
            raise InputError("label_field: name the field of labels to clean")
        for name in ("prediction_fields", "vote_fields", "classes"):
            given[name] = _names(name, given.get(name, ()))
        settings = cls(**given)
        settings._check()
        return settings

    def _check(self) -> None:
        for name in (
            *("run_key", "model", "network", "weights", "embeddings", "fold_groups"),
            "class_scores",
            "annotator_attribute",
        ):
            _text(name, getattr(self, name))
        check_one_of("source", self.source, SOURCES)
        check_one_of("unlabelled", self.unlabelled, (SKIP, EMPTY))
        check_device(self.device)
        check_workers(self.workers)
        for name, least, most in (
            ("epochs", 1, 10_000),
            ("batch_size", 1, 65_536),
            ("folds", 1, 100),
            ("average_epochs", 1, 100),
            ("image_size", 8, 4_096),
            ("seed", 0, 2**31 - 1),
        ):
            _whole_number(name, getattr(self, name), least, most)
        for name in ("duplicates", "warm_start", "cleanlab", "journal_votes"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"{name}: expected True or False, got {getattr(self, name)!r}")
        SplitRule.of_option(self.splits)
        self._check_warm_start()
        self._check_option_of_source()
        if self.source == "predictions" and not self.prediction_fields:
            raise InputError("prediction_fields: name at least one field of predictions")
        if len(set(self.prediction_fields)) != len(self.prediction_fields):
            raise InputError("prediction_fields: a field is named twice")
        if self.label_field in self.prediction_fields:
            raise InputError(f"prediction_fields: '{self.label_field}' is the label field itself")
        if self.source == "votes" and not self.vote_fields and not self.journal_votes:
            raise InputError("vote_fields: name at least one field of votes")
        if len(set(self.vote_fields)) != len(self.vote_fields):
            raise InputError("vote_fields: a field is named twice")
        both = set(self.vote_fields) & set(self.prediction_fields)
        if both:
            raise InputError(f"vote_fields: '{min(both)}' is among prediction_fields as well")
        if self.source == "embeddings" and not self.embeddings:
            raise InputError(
                "embeddings: name a vector field, a brain key with embeddings, or a pretrained "
                "network"
            )
        if self.source in ("embeddings", "features") and self.folds == 1:
            raise InputError(
                f"folds: heads fit their own training samples, so {self.source} need at least 2"
            )

    def _check_option_of_source(self) -> None:
        for name, source in OPTION_OF.items():
            if getattr(self, name) is not None and self.source not in (AUTO, source):
                raise InputError(
                    f"{name}: only source '{source}' heeds it, and source '{self.source}' was "
                    "asked for. Leave out one of the two."
                )

    def _check_warm_start(self) -> None:
        if not self.warm_start:
            return
        if self.source not in (AUTO, "train"):
            raise InputError("warm_start: only source 'train' has a classifier to go on from")
        if self.weights is not None:
            raise InputError("warm_start: give either weights or warm_start, not both")
        if (self.folds or 1) > 1:
            raise InputError(
                "warm_start: the kept classifier has seen every sample, so that folds would no "
                "longer be out of fold. Use folds=1, or train afresh."
            )


def _names(name: str, value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) for n in names):
        what = "class" if name == "classes" else "field"
        raise InputError(f"{name}: expected a list of {what} names, got {shown(value)}")
    return tuple(names)


def _text(name: str, value: Any) -> None:
    if value is not None and not isinstance(value, str):
        raise InputError(f"{name}: expected a text, got {value!r}")


def _whole_number(name: str, value: Any, least: int, most: int) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InputError(
            f"{name}: expected a whole number from {least} to {most}, got {shown(value)}"
        )


def not_spread(settings: Settings, *, but_duplicates: bool = False) -> str:
    """What to say where workers were asked for and there was nothing for them; else nothing.

    ``but_duplicates``: near-duplicates are looked for afterwards, which they do.
    """
    if settings.workers == LOCAL or settings.source in IN_PARTS:
        return ""
    what = "Only near-duplicates are" if but_duplicates else "Nothing was"
    return f"{what} handed to workers: source '{settings.source}' is worked out here."
