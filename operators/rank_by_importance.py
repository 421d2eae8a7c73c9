"""The operator ``rank_by_importance``: coreset importance, and the top n of each class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.importance.options import TOP, ImportanceOptions
from ..plugin.importance.store import kept_rounds
from ..plugin.store.runs import Run
from ..plugin.store.sample_collection import root_dataset
from ..plugin.store.samples import Collection
from ..plugin.vectors.stored_vectors import vectors_of
from .asked import networks
from .base import LongOperator, Work, long_config
from .caller import network_to_load
from .forms import choose_device, choose_one, form, more_options, opened_run, suggest, switch
from .run_choice import counted, default_run, run_of
from .terminal import in_terminal

VARIANT_CHOICES = {
    "label_aware": (
        "Label-aware",
        "Sensitivity, weighted by how little a cross-fitted logistic regression expects the label",
    ),
    "label_free": (
        "Label-free",
        "Sensitivity alone: unusual samples of a class, whose labels may well be right",
    ),
}


class RankByImportance(LongOperator):
    """Scores samples by how much they matter to their class, and keeps the score up to date."""

    TASK = "Ranking by importance"

    FORM: ClassVar[dict[str, Any]] = {"class_name": str, "size": int, "show_advanced": bool}

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return long_config(
            name="rank_by_importance",
            label="Rank by importance",
            description="Coreset importance of each sample within its class, and the top of each",
            icon="leaderboard",
        )

    def __call__(
        self,
        sample_collection: Collection,
        run_key: str = "deconfuse",
        embeddings: str | None = None,
        class_size: Mapping[str, int] | None = None,
        variant: str = "label_aware",
        *,
        again: bool = False,
        device: str = "auto",
        delegate: bool = False,
    ) -> dict[str, Any]:
        """Rank from a script; call it again after decisions, and it is brought up to date.

        Args:
            sample_collection: the dataset; all samples of the run's last iteration are ranked
            run_key: the run
            embeddings: a vector field, a brain run or a pretrained network; by default the run's
                features
            class_size: how many samples to give of each class, such as ``{"missile": 50}``; by
                default 50 of the class to begin with
            variant: ``label_aware`` or ``label_free``
            again: also give samples that an earlier call gave
            device: ``auto``, ``cpu``, ``cuda`` or ``mps``
            delegate: queue the operation instead

        Returns:
            ``top`` (sample ids by class, most important first), ``begin`` (pairs of label and
            prediction, the most confused first), ``auroc``, ``round``, ``looked``, ``fixed``,
            ``advice``, ``stop``, ``samples``, ``left_out``, ``vectors``, ``built``, ``scored``,
            ``run_key``, ``iteration``

        Raises:
            InputError: on bad input, with nothing changed
        """
        given = {"run_key": run_key, "embeddings": embeddings, "class_size": class_size}
        given |= {"variant": variant, "again": again, "device": device}
        run, options = _checked(root_dataset(sample_collection), given)
        if delegate:
            return self.queue(run.dataset, given)
        # Called directly: an operator's execution is ended after ten minutes.
        return in_terminal(_ranking(run, options))

    def work(self, ctx: Any) -> Work:
        """Check the parameters and say what to do with them."""
        params = dict(ctx.params)
        if params.get("class_size") is None and params.get("class_name"):
            params["class_size"] = {params["class_name"]: params.get("size") or TOP}
        network_to_load(ctx, params.get("embeddings"), "embeddings")
        run, options = _checked(ctx.dataset, params)
        return _ranking(run, options)

    def finished(self, ctx: Any, result: dict[str, Any]) -> Iterator[Any]:
        """Show the fields and say what is to be looked at."""
        yield ctx.ops.reload_dataset()
        yield ctx.ops.notify(summary(result), variant="success")

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        run = opened_run(ctx, inputs)
        if run is not None:
            _options(ctx, run, inputs)
        return form(inputs, "Rank by importance")

    def resolve_output(self, ctx: Any) -> types.Property:
        """What was found."""
        outputs = types.Object()
        outputs.int("samples", label="Samples ranked")
        outputs.int("round", label="Round")
        outputs.float("auroc", label="AUROC")
        outputs.str("advice", label="Advice")
        outputs.str("vectors", label="Vectors")
        outputs.obj("begin", label="Classes to begin with", view=types.JSONView())
        outputs.obj("top", label="Samples to look at", view=types.JSONView())
        return types.Property(outputs, view=types.View(label="Importance"))


def _checked(dataset: Any, params: dict[str, Any]) -> tuple[Run, ImportanceOptions]:
    run = run_of(dataset, params.get("run_key") or default_run(dataset))
    options = ImportanceOptions(
        embeddings=params.get("embeddings") or None,
        class_size=params.get("class_size"),
        variant=params.get("variant") or "label_aware",
        again=bool(params.get("again")),
        device=params.get("device") or "auto",
    )
    options.check(run)
    return run, options


def _ranking(run: Run, options: ImportanceOptions) -> Work:
    """What ranks."""
    from ..plugin.importance.job import rank_by_importance  # imports torch, which takes seconds

    return lambda report: rank_by_importance(run, options, report)


def summary(result: dict[str, Any]) -> str:
    """One sentence on what to look at next.

    Args:
        result: what ``rank_by_importance`` returned
    """
    text = f"{counted(result['samples'])} ranked by importance. {result['vectors']}"
    for name, ids in result["top"].items():
        if not ids:
            continue
        text += f" Look at the first {counted(len(ids))} of {name}: Ranking, by importance."
    left_out = result["left_out"]
    return f"{text} {counted(left_out)} without a vector left out." if left_out else text


def _options(ctx: Any, run: Run, inputs: types.Object) -> None:
    rounds = kept_rounds(run)
    first = rounds[-1].begin[0] if rounds and rounds[-1].begin else None
    suggest(
        inputs,
        "class_name",
        run.iteration().classes,
        label="Class",
        description="Whose most important samples to look at. Empty: the class to begin with"
        + (f", '{first['label']}' (confused with '{first['prediction']}')" if first else ""),
    )
    inputs.int("size", default=TOP, min=1, label="Samples to look at")
    if not more_options(ctx, inputs):
        return
    suggest(
        inputs,
        "embeddings",
        [*vectors_of(ctx.dataset), *networks()],
        label="Embeddings",
        description="A vector field, a brain run or a pretrained network. Empty: the features of "
        "the run",
    )
    choose_one(inputs, "variant", VARIANT_CHOICES, "label_aware", label="Variant")
    switch(inputs, "again", "Again", "Also samples that were given before")
    choose_device(inputs)
