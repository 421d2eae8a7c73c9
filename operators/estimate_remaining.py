"""Operator ``estimate_remaining``: draws an audit, takes its verdicts, estimates what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.audit import audits
from ..plugin.audit.audits import OpenedAudit
from ..plugin.audit.draw_objects import draw_object_audit
from ..plugin.audit.judging import give_verdicts
from ..plugin.audit.object_audits import OpenedObjectAudit, open_object_audit
from ..plugin.audit.object_verdicts import judge_all
from ..plugin.audit.target import choose_target, read_object_target, read_target
from ..plugin.decisions.resolution import CONFLICTS_SHOWN, Resolution
from ..plugin.errors import InputError
from ..plugin.runs.opening import open_run
from ..plugin.store.label_field import is_on_objects
from ..plugin.store.runs import Run
from .checked import CheckedOperator
from .estimate_objects import (
    AUDIT_IMAGES,
    check_images,
    images_input,
    report_objects,
    summary_of_objects,
)
from .estimate_samples import report_samples, summary_of_samples
from .forms import form, opened_run
from .run_choice import open_run as run_named
from .run_choice import run_of

AUDIT_SIZE = 500


class EstimateRemaining(CheckedOperator):
    """Draws an audit where there is none, else reads its verdicts; says how many errors are left.

    The verdicts are given in the panel, or here from a script.
    """

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="estimate_remaining",
            label="Label errors: estimate how many are left",
            description="Draw a random audit, or read its verdicts, and estimate the errors left",
            icon="query_stats",
            dynamic=True,
        )

    def __call__(
        self,
        sample_collection: Any,
        run_key: str = "deconfuse",
        audit_size: int = AUDIT_SIZE,
        verdicts: Mapping[str, Any] | None = None,
        close: bool = False,
        new: bool = False,
        share: float | None = None,
        confidence: float | None = None,
        seed: int | None = None,
        author: str | None = None,
        audit_images: int | None = None,
        new_class: bool = False,
    ) -> dict[str, Any]:
        """Draw an audit where there is none, else read it, and estimate the errors left.

        Args:
            sample_collection: the dataset, or a view of it
            run_key: the run
            audit_size: samples of a new audit; on objects, labels and candidates
            verdicts: for the open audit, the class that a person sees in each sample, by sample
                id; None where nobody can tell. On objects, by label id: the class,
                ``"(nothing there)"``, or a mapping of ``label`` and ``box``; by sample id: the list
                of such mappings of what is missing in the whole image
            close: close the open audit although verdicts are missing
            new: draw another audit, after one that is done or closed
            share: the stopping target: the share of all errors that is to be found
            confidence: the stopping target's confidence
            seed: of a new audit's random numbers
            author: who judges, by default the user of this process
            audit_images: on objects, images of a new audit to look at whole, by default 100
            new_class: make a class of a verdict although it looks like one that is there

        Returns:
            ``audit`` (its id), ``state``, ``size``, ``judged``, ``wrong``, ``unclear``,
            ``waiting`` (the ids of the samples that still want a verdict, in their order),
            ``estimate`` (None while too few are judged), ``target``, ``conflict_count`` and
            ``conflicts`` (verdicts that could not be given, as ``resolve`` tells of them); on
            objects also ``kinds`` and ``images``

        Raises:
            InputError: on bad input, with nothing changed
        """
        return estimate(
            run_of(sample_collection, run_key, objects=True),
            audit_size,
            verdicts=verdicts,
            close=close,
            new=new,
            target=(share, confidence),
            seed=seed,
            author=author,
            images=audit_images,
            new_class=new_class,
        )

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        title = "Estimate how many label errors are left"
        run = opened_run(ctx, inputs, lambda dataset, key: open_run(dataset, key, objects=True))
        if run is None:
            return form(inputs, title)
        objects = is_on_objects(run)
        last = open_object_audit(run) if objects else audits.open_audit(run)
        if last is not None and last.status == "open":
            text = f"Audit {last.record.number} still waits for {len(last.waiting)} verdicts"
            inputs.view("waiting", types.Notice(label=f"{text}. Give them in the panel."))
            inputs.bool(
                "close",
                default=False,
                label="Close it",
                description="Its verdicts stay; the rest will not be judged",
            )
        elif last is not None:
            inputs.bool(
                "new",
                default=False,
                label="Draw another audit",
                description="Of what is open by now; otherwise the last one is read again",
            )
        if last is None or (last.status != "open" and ctx.params.get("new")):
            inputs.int(
                "audit_size",
                default=AUDIT_SIZE,
                min=1,
                max=audits.LARGEST,
                label="Objects to judge" if objects else "Samples to judge",
                description="Drawn at random, the suspicious ones more densely. Four times as "
                "many halve the interval",
            )
            if objects:
                images_input(inputs)
        return form(inputs, title)

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Draw or read, for the App."""
        params = ctx.params
        result = estimate(
            run_named(ctx, objects=True),
            params.get("audit_size") or AUDIT_SIZE,
            verdicts=params.get("verdicts"),
            close=bool(params.get("close")),
            new=bool(params.get("new")),
            target=(params.get("share"), params.get("confidence")),
            seed=params.get("seed"),
            author=params.get("author") or ctx.user_id,
            images=params.get("audit_images"),
            new_class=bool(params.get("new_class")),
        )
        ctx.ops.notify(summary(result), variant="info")
        return result

    def resolve_output(self, ctx: Any) -> Any:
        """What is known."""
        outputs = types.Object()
        outputs.str("audit", label="Audit")
        outputs.str("state", label="State")
        outputs.int("judged", label="Judged")
        outputs.obj("estimate", label="Estimate", view=types.JSONView())
        outputs.obj("target", label="Stopping target", view=types.JSONView())
        return types.Property(outputs, view=types.View(label="Label errors left"))


def estimate(
    run: Run,
    audit_size: int,
    *,
    verdicts: Mapping[str, Any] | None = None,
    close: bool = False,
    new: bool = False,
    target: tuple[float | None, float | None] = (None, None),
    seed: int | None = None,
    author: str | None = None,
    images: int | None = None,
    new_class: bool = False,
) -> dict[str, Any]:
    """Do what the operator does; see its ``__call__``."""
    _check(audit_size, seed, *target)
    objects = is_on_objects(run)
    if images is not None and not objects:
        raise InputError(f"audit_images is for runs on objects; run '{run.key}' is on samples")
    if images is not None:
        check_images(images)
    last: OpenedAudit | None = open_object_audit(run) if objects else audits.open_audit(run)
    is_open = last is not None and last.status == "open"
    if verdicts and new:
        raise InputError("verdicts belong to the open audit: give them before a new one is drawn")
    if (verdicts or close) and not is_open:
        raise InputError(
            f"Run '{run.key}' has no open audit. Call estimate_remaining without verdicts first."
        )
    made: list[Resolution] = []
    if isinstance(last, OpenedObjectAudit) and verdicts:
        made = judge_all(last, verdicts, author=author, new_class=new_class)
    elif last is not None and verdicts:
        made = give_verdicts(last, verdicts, author=author, new_class=new_class)
    _choose_target(run, *target, objects=objects)
    if last is not None and close:
        audits.end_audit(last)
    if objects:
        if last is None or new:
            looks = AUDIT_IMAGES if images is None else images
            draw_object_audit(run, audit_size, looks, seed=seed, author=author)
        return report_objects(run) | _left_alone(made)
    if last is None or new:
        audits.draw_audit(run, audit_size, seed=seed, author=author)
    now = audits.open_audit(run)
    assert now is not None
    return report_samples(run, now) | _left_alone(made)


def _left_alone(made: Sequence[Resolution]) -> dict[str, Any]:
    """The verdicts that could not be given, as ``resolve`` tells of conflicts."""
    conflicts = [dict(c) for one in made for c in one.conflicts]
    return {
        "conflict_count": sum(one.conflict_count for one in made),
        "conflicts": conflicts[:CONFLICTS_SHOWN],
    }


def _check(size: int, seed: int | None, share: float | None, confidence: float | None) -> None:
    """Raise InputError for numbers out of range, before anything is done."""
    if not 1 <= size <= audits.LARGEST:
        raise InputError(
            f"audit_size must be a whole number from 1 to {audits.LARGEST:,}, got {size}"
        )
    if seed is not None and seed < 0:
        raise InputError(f"seed must be a whole number from 0, got {seed}")
    for name, value in (("share", share), ("confidence", confidence)):
        if value is not None and not 0.0 < value < 1.0:
            raise InputError(f"{name} must be a number between 0 and 1, got {value}")


def _choose_target(
    run: Run, share: float | None, confidence: float | None, *, objects: bool
) -> None:
    if share is None and confidence is None:
        return
    known = read_object_target(run) if objects else read_target(run)
    choose_target(
        run,
        known.share if share is None else share,
        known.confidence if confidence is None else confidence,
    )


def summary(result: Mapping[str, Any]) -> str:
    """One sentence on an audit, and one on verdicts that could not be given."""
    told = summary_of_objects(result) if "images" in result else summary_of_samples(result)
    left = result.get("conflict_count", 0)
    return f"{told}. {left:,} verdicts were left alone: see conflicts" if left else told
