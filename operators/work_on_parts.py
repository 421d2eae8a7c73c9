"""The operator ``work_on_parts``: a worker takes parts of a work that another process began."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
from bson import ObjectId
from bson.errors import InvalidId

from ..plugin.errors import InputError
from ..plugin.store.samples import Collection
from .checked import CheckedOperator


class WorkOnParts(CheckedOperator):
    """Takes parts until there are no more; queued by the work itself, never by a person."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it, which is nowhere."""
        return foo.OperatorConfig(
            name="work_on_parts",
            label="Label errors: work on parts",
            description="What delegated workers do for one another; it is queued by itself",
            unlisted=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
        )

    def __call__(self, sample_collection: Collection, work: str) -> dict[str, Any]:
        """Take parts of a work in this process, until it is over.

        Args:
            sample_collection: the dataset that is worked on
            work: the id of the work

        Returns:
            ``parts``, how many were done here, and ``problem``, what kept this process from it

        Raises:
            InputError: if it is no id
        """
        from ..plugin.workers.worker import serve

        return serve(_id(work))

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Take parts, as a delegated operation."""
        if not ctx.delegated:
            raise InputError(
                "work_on_parts is for workers: start one with 'fiftyone delegated launch', and it "
                "is asked by itself."
            )
        return self(ctx.dataset, ctx.params.get("work") or "")

    def check(self, ctx: Any) -> None:
        """Refuse what is no id."""
        _id(ctx.params.get("work") or "")

    def resolve_delegation(self, ctx: Any) -> bool | None:
        """Leave it to whoever queues it."""
        return None

    def on_ray(self, work: str, part: str | None) -> bool | None:
        """Do one part, or say whether this node can; called by a task of Ray.

        Returns:
            whether it was done, or this node can work; None if there is no such work here
        """
        from ..plugin.workers.node import do_part, greet

        return greet(_id(work)) if part is None else do_part(_id(work), part)


def _id(work: str) -> ObjectId:
    try:
        return ObjectId(work)
    except (InvalidId, TypeError):
        raise InputError(f"work: expected the id of a work, got '{work[:40]}'") from None
