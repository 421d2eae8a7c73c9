"""The operator ``compare_iterations``: the iterations of a run side by side."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.report.history import compare_iterations
from ..plugin.runs.opening import open_kept_run
from ..plugin.store.label_field import check_label_field
from ..plugin.store.samples import Collection
from .checked import CheckedOperator
from .forms import form, opened_run, suggest
from .run_choice import chosen_kept_run, kept_run_of


class CompareIterations(CheckedOperator):
    """Shows what retraining has brought."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="compare_iterations",
            label="Compare iterations",
            description="What each iteration of a run agreed with, and what changed between them",
            icon="timeline",
            dynamic=True,
        )

    def __call__(
        self,
        sample_collection: Collection,
        run_key: str = "deconfuse",
        clean_tag: str | None = None,
    ) -> dict[str, Any]:
        """Compare the iterations of a run of a dataset, or of the dataset that a view belongs to.

        Returns:
            ``{"iterations": [...]}``, see the user guide

        Raises:
            InputError: if there is none to compare: the run has none, is on objects or tags, or
                came with a copy of its dataset; or no sample has the tag
        """
        run = kept_run_of(sample_collection, run_key)
        if clean_tag is not None:
            check_label_field(run)
        compared = compare_iterations(run, clean_tag)
        if not compared:
            run.iteration()  # says why there is none
        return {"iterations": compared}

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Compare them."""
        return self(ctx.dataset, chosen_kept_run(ctx).key, ctx.params.get("clean_tag") or None)

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        if opened_run(ctx, inputs, open_kept_run) is not None:
            suggest(
                inputs,
                "clean_tag",
                ctx.dataset.distinct("tags"),
                label="Clean tag",
                description="Samples with this tag have labels that are known to be right. Empty: "
                "none",
            )
        return form(inputs, "Compare iterations")

    def resolve_output(self, ctx: Any) -> types.Property:
        """The comparison, as JSON."""
        outputs = types.Object()
        outputs.list("iterations", types.Object(), label="Iterations", view=types.JSONView())
        return types.Property(outputs, view=types.View(label="Iterations"))
