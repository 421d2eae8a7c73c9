"""The operator ``request_votes``: the samples on which one more person's vote would change most."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.objects.kept_votes import request_object_votes
from ..plugin.store.label_field import is_on_objects
from ..plugin.store.runs import Run
from ..plugin.store.samples import Collection
from ..plugin.votes.job import request_votes
from .checked import CheckedOperator
from .forms import form, opened_run
from .run_choice import counted, open_run, open_run_on_any, run_of

MOST_SELECTED = 10_000


class RequestVotes(CheckedOperator):
    """Says whom to ask nothing, but what to ask next."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="request_votes",
            label="Label errors: what to ask next",
            description="Select the samples on which one more person's vote would change most",
            icon="how_to_vote",
            dynamic=True,
        )

    def __call__(
        self, sample_collection: Collection, n: int = 100, run_key: str = "deconfuse"
    ) -> dict[str, Any]:
        """The samples to ask one more person about.

        Args:
            sample_collection: the dataset, or a view of it
            n: how many at most
            run_key: a run that was made with ``vote_fields``

        Returns:
            ``sample_ids``, most worth asking first, which ``send_to_annotation`` takes; ``gain``:
            by how much one vote on each is expected to raise the probability that the consensus is
            right; of a run on objects images, each with the sum over its objects, which
            ``label_ids`` lists by image; ``expected``, their sum; ``run_key``, ``iteration``

        Raises:
            InputError: if the run knows of no votes
        """
        return _asked(run_of(sample_collection, run_key, objects=True), n)

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Select the samples in the grid."""
        found = _asked(open_run(ctx, objects=True), ctx.params.get("n") or 100)
        ids = found["sample_ids"][:MOST_SELECTED]
        ctx.ops.set_view(ctx.dataset.select(ids, ordered=True))
        ctx.ops.set_selected_samples(ids)
        ctx.ops.notify(
            f"{counted(len(ids))} selected. One vote on each is expected to make "
            f"{found['expected']:,.1f} more of them right. 'Label errors: send to annotation' puts "
            "them to people.",
            variant="success",
        )
        return found

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form: how many."""
        inputs = types.Object()
        if opened_run(ctx, inputs, open_run_on_any) is not None:
            inputs.int("n", default=100, min=1, label="How many samples")
        return form(inputs, "What to ask next")


def _asked(run: Run, n: int) -> dict[str, Any]:
    return request_object_votes(run, n) if is_on_objects(run) else request_votes(run, n)
