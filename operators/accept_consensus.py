"""Operator ``accept_consensus``: relabel to what votes and model say together, after a check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.audit.checks import bound_of, give_check
from ..plugin.audit.consensus import (
    LEAST,
    accept_consensus,
    draw_consensus_check,
    propose,
)
from ..plugin.audit.object_consensus import (
    ACTS,
    ItemProposal,
    accept_items,
    propose_items,
)
from ..plugin.audit.store import load_check
from ..plugin.errors import InputError
from ..plugin.runs.opening import open_any_run
from ..plugin.store.runs import Run
from ..plugin.store.samples import Collection
from .checked import CheckedOperator
from .forms import form, opened_run
from .run_choice import any_run, any_run_of, counted


class AcceptConsensus(CheckedOperator):
    """Previews, draws a random check, and accepts once the check was read."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="accept_consensus",
            label="Label errors: preview the consensus",
            description="How many open labels the consensus of votes and model would change",
            icon="how_to_reg",
            dynamic=True,
        )

    def __call__(
        self,
        sample_collection: Collection,
        confidence: float | None = None,
        *,
        check_size: int | None = None,
        check: str | None = None,
        exceptions: Sequence[str] | None = None,
        accept: bool = False,
        seed: int | None = None,
        author: str | None = None,
        run_key: str = "deconfuse",
    ) -> dict[str, Any]:
        """Preview what accepting would change; draw a check of it; read the check; accept.

        Args:
            sample_collection: the dataset, or a view of it
            confidence: how sure the consensus must be, by default 0.9
            check_size: draw so many samples to look at
            check: the check that was drawn
            exceptions: those of its samples whose consensus is wrong, or that nobody can tell; all
                others are thereby said to fit
            accept: give all that the check was drawn from their consensus, but for the exceptions;
                on objects and tags wrong classes are relabelled, labels under which nothing is
                are removed, and missing ones are added
            seed: of the check's random numbers
            author: who decides
            run_key: the run, whose last iteration was made with votes

        Returns:
            ``samples``, ``changes`` (``label``, ``becomes``, ``samples``), ``expected_wrong`` (by
            the consensus' own account), ``check`` and ``to_check`` (sample ids) where one was
            drawn, ``bound`` where one was read (at most ``most_wrong`` of the ``unchecked``), and
            ``accepted``, ``decision``, ``conflict_count``, ``conflicts`` where it was accepted.
            On objects and tags ``labels`` in place of ``samples``, with ``by_act`` (``relabel``,
            ``remove``, ``add``), ``to_check`` holds label ids, and there are ``decisions``, one an
            act, in the order in which they are undone

        Raises:
            InputError: on bad input, with nothing changed
        """
        run, on_sets = any_run_of(sample_collection, run_key)
        if check is None:
            if accept or exceptions is not None:
                raise InputError("check is missing: draw one with check_size, and look at it")
            return _preview(run, on_sets, confidence, check_size, seed, author)
        if confidence is not None or check_size is not None or seed is not None:
            raise InputError("confidence, check_size and seed are those that the check was made by")
        if exceptions is not None:
            give_check(run, check, exceptions)
        found: dict[str, Any] = {"run_key": run.key, "check": check}
        if not accept:
            return {**found, "bound": asdict(bound_of(load_check(run, check)))}
        if on_sets:
            return {**found, **_accepted_items(run, check, author)}
        done = accept_consensus(run, check, author=author)
        return {
            **found,
            "bound": asdict(done.bound),
            "accepted": done.applied,
            "decision": done.decision,
            "conflict_count": done.conflict_count,
            "conflicts": done.conflicts,
        }

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Preview for the App, and say where it is accepted."""
        run, on_sets = any_run(ctx)
        found = _preview(run, on_sets, ctx.params.get("confidence"), None, None, ctx.user_id)
        if on_sets:
            acts = found["by_act"]
            what = (
                f"{counted(acts['relabel'], 'label')} would be relabelled, {acts['remove']:,} "
                f"removed and {acts['add']:,} missing ones added"
            )
        else:
            what = f"{counted(found['samples'])} would be relabelled"
        ctx.ops.notify(
            f"{what}. Check some of them and accept in the panel, under Progress.", variant="info"
        )
        return found

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form: how sure."""
        inputs = types.Object()
        if opened_run(ctx, inputs, _opened) is not None:
            inputs.float("confidence", default=LEAST, min=0.0, max=1.0, label="At least so sure")
        return form(inputs, "Preview the consensus")


def _opened(dataset: Any, key: str) -> Run:
    return open_any_run(dataset, key)[0]


def _preview(
    run: Run,
    on_sets: bool,
    confidence: float | None,
    check_size: int | None,
    seed: int | None,
    author: str | None,
) -> dict[str, Any]:
    proposed = propose_items if on_sets else propose
    proposal = proposed(run, LEAST if confidence is None else confidence)
    unit = "labels" if on_sets else "samples"
    found: dict[str, Any] = {
        "run_key": run.key,
        "iteration": proposal.iteration.number,
        "confidence": proposal.least,
        "expected_wrong": round(proposal.expected_wrong, 1),
        unit: len(proposal.rows),
        **({"by_act": proposal.by_act()} if isinstance(proposal, ItemProposal) else {}),
        "changes": [
            {"label": label, "becomes": becomes, unit: n}
            for label, becomes, n in proposal.changes()
        ],
    }
    if check_size is None:
        return found
    if seed is not None and seed < 0:
        raise InputError(f"seed must be a whole number from 0, got {seed}")
    check, drawn = draw_consensus_check(run, proposal, check_size, seed=seed, author=author)
    return {**found, "check": check, "to_check": drawn}


def _accepted_items(run: Run, check: str, author: str | None) -> dict[str, Any]:
    done = accept_items(run, check, author=author)
    return {
        "bound": asdict(done.bound),
        "accepted": done.applied,
        "by_act": {act: done.by_act[act] for act in ACTS},
        "decisions": done.decisions,
        "conflict_count": done.conflict_count,
        "conflicts": done.conflicts,
    }
