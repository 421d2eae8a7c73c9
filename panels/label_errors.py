"""The Label errors panel: FiftyOne calls it, its events answer, and React draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types
from fiftyone.core.dataset import DatasetNotFoundError

from ..plugin.errors import InputError
from ..plugin.store.kept_datasets import use_kept_dataset
from . import (
    annotator_events,
    audit_events,
    consensus_events,
    context_events,
    decision_events,
    difference_events,
    duplicate_events,
    events,
    history_events,
    image_queue_events,
    importance_events,
    layout_events,
    map_events,
    object_audit_events,
    object_events,
    opinion_events,
    overview_events,
    pair_events,
    picture_events,
    problems,
    ranking_events,
    recent_events,
    work_events,
)
from .request_checks import checked_method, checked_request

Answer = Callable[[foo.ExecutionContext, dict[str, Any]], Any]

ANSWERS: dict[str, Answer] = {
    "status": overview_events.status,
    "pulse": overview_events.pulse,
    "overview": overview_events.overview,
    "cells": overview_events.cells,
    "suspects": overview_events.suspects,
    "in_view": overview_events.in_view,
    "outdated": overview_events.outdated,
    "cancel": work_events.cancel,
    "dismiss": work_events.dismiss,
    "cell": picture_events.cell,
    "thumbnails": picture_events.thumbnails,
    "layout": layout_events.layout,
    "samples": picture_events.samples,
    "objects": object_events.objects,
    "image_queue": image_queue_events.image_queue,
    "original": picture_events.original,
    "map": map_events.dataset_map,
    "same": map_events.same,
    "ranking": ranking_events.ranking,
    "history": history_events.history,
    "report": history_events.report,
    "importance": importance_events.importance,
    "annotators": annotator_events.annotators,
    "annotator": annotator_events.annotator,
    "consensus": consensus_events.consensus,
    "consensus_check": consensus_events.consensus_check,
    "consensus_accept": consensus_events.consensus_accept,
    "opinions": opinion_events.opinions,
    "opinion_ask": opinion_events.opinion_ask,
    "opinion_items": opinion_events.opinion_items,
    "opinion_outlines": opinion_events.opinion_outlines,
    "opinion_original": opinion_events.opinion_original,
    "opinion_answer": opinion_events.opinion_answer,
    "opinion_take_back": opinion_events.opinion_take_back,
    "disagreements": opinion_events.disagreements,
    "settle": opinion_events.settle,
    "pairs": pair_events.pairs,
    "context": context_events.context,
    "duplicates": duplicate_events.duplicates,
    "difference": difference_events.difference,
    "resolve_group": duplicate_events.resolve_group,
    "set_threshold": duplicate_events.set_threshold,
    "resolve": decision_events.resolve,
    "resolve_objects": object_events.resolve_objects,
    "undo": decision_events.undo,
    "recent": recent_events.recent,
    "queue": decision_events.queue,
    "show_in_grid": decision_events.show_in_grid,
    "audit": audit_events.audit,
    "audit_draw": audit_events.audit_draw,
    "audit_items": audit_events.audit_items,
    "audit_original": audit_events.audit_original,
    "audit_verdict": audit_events.audit_verdict,
    "audit_outlines": object_audit_events.audit_outlines,
    "audit_judge": object_audit_events.audit_judge,
    "audit_look": object_audit_events.audit_look,
    "audit_take_back": object_audit_events.audit_take_back,
    "audit_close": audit_events.audit_close,
    "set_target": audit_events.set_target,
    "check_draw": audit_events.check_draw,
    "check_read": audit_events.check_read,
}


class LabelErrors(foo.Panel):
    """See, judge and fix label errors beside FiftyOne's grid."""

    @property
    def config(self) -> foo.PanelConfig:
        """How the App lists the panel."""
        return foo.PanelConfig(
            name="label_errors",
            label="Label errors",
            icon="fact_check",
            surfaces="grid",
            help_markdown="See, judge and fix wrong labels that a classifier points at.",
        )

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        """Hand over to the React component."""
        view = types.View(component="LabelErrors", composite_view=True, uri=self.uri)
        return types.Property(types.Object(), view=view)

    def execute(self, ctx: foo.ExecutionContext) -> Any:
        """Answer one of the panel's events, or one of FiftyOne's own."""
        try:
            name = checked_method(ctx.params.get("__method__"))
        except InputError as error:
            return {"error": problems.refused(error)}
        if name not in events.EVENTS:
            return super().execute(ctx)
        return self.answer(ctx, name)

    @staticmethod
    def answer(ctx: foo.ExecutionContext, name: str) -> Any:
        """The reply to an event; errors are data too: the App would replace the panel by them."""
        try:
            request = checked_request(name, ctx.params.get("request"))
            use_kept_dataset(ctx)
            return ANSWERS[name](ctx, request)
        except InputError as error:
            return {"error": problems.refused(error)}
        except DatasetNotFoundError:
            gone = InputError("The dataset that the App shows is not there any more. Open another.")
            return {"error": problems.refused(gone)}
        except Exception as error:
            return {"error": problems.unexpected(name, error)}
