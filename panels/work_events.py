"""Answers about long work: what is under way, how to stop it, and what became of it."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import fiftyone.operators as foo

from ..plugin.store.current_jobs import cancel_job, current_jobs
from ..plugin.store.outcomes import Outcome, forget_outcome, outcomes_of
from . import events

_WORST: tuple[events.Variant, ...] = ("error", "warning", "success", "info")


def jobs_of(dataset: fo.Dataset) -> list[events.Job]:
    """What living processes are computing on the dataset."""
    return [
        events.Job(
            run=key,
            task=job["task"],
            progress=job["progress"],
            label=job["label"],
            left=job["left"],
            seconds=job["seconds"],
            cancelling=job["cancelling"],
        )
        for key, job in current_jobs(dataset).items()
    ]


def ended_of(dataset: fo.Dataset) -> list[events.Ended]:
    """What became of work that was started from the App and that nobody has dismissed yet."""
    return [_ended(outcome) for outcome in outcomes_of(dataset)]


def _ended(outcome: Outcome) -> events.Ended:
    variants = {variant for variant, _ in outcome.messages}
    return events.Ended(
        id=outcome.id,
        run=outcome.run_key,
        task=outcome.task,
        variant=next(variant for variant in _WORST if variant in variants),
        text=" ".join(text for _, text in outcome.messages),
    )


def cancel(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.DoneReply:
    """Ask what is computed on a run to stop."""
    done = ctx.dataset is not None and cancel_job(ctx.dataset, str(request.get("run")))
    return events.DoneReply(done=done)


def dismiss(ctx: foo.ExecutionContext, request: dict[str, Any]) -> events.DoneReply:
    """Forget what became of some work: a person has read it."""
    done = ctx.dataset is not None and forget_outcome(ctx.dataset, str(request.get("ended")))
    return events.DoneReply(done=done)
