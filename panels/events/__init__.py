"""The contract of the panel: every event, what it is asked and what it answers.

This is the only place where the Python and the TypeScript side meet. ``scripts/panel_events.py``
writes ``panels/web/src/events.ts`` from it, and a test fails where the two differ.

A *row* is a row of the iteration (see ``docs/kept.md``), a *class* an index into its
classes. Rows of an iteration never change their meaning, so both sides may keep what they know.
"""

from __future__ import annotations

from .audits import *
from .cell import *
from .checks import *
from .decisions import *
from .duplicates import *
from .overview import *
from .people import *
from .progress import *
from .queue import *
from .rankings import *
from .samples import *
from .session import *

EVENTS: dict[str, tuple[type, type]] = {
    "status": (NoRequest, StatusReply),
    "pulse": (RunRequest, PulseReply),
    "overview": (OverviewRequest, OverviewReply),
    "cells": (CellsRequest, CellsReply),
    "suspects": (SuspectsRequest, SuspectsReply),
    "in_view": (IterationRequest, InViewReply),
    "outdated": (IterationRequest, OutdatedReply),
    "cell": (CellRequest, CellReply),
    "thumbnails": (ThumbnailsRequest, Sheet),
    "layout": (LayoutRequest, LayoutReply),
    "pairs": (PairsRequest, PairsReply),
    "samples": (SamplesRequest, SamplesReply),
    "objects": (ObjectsRequest, ObjectsReply),
    "original": (OriginalRequest, OriginalReply),
    "context": (ContextRequest, ContextReply),
    "queue": (QueueRequest, QueueReply),
    "image_queue": (ImageQueueRequest, ImageQueueReply),
    "resolve": (ResolveRequest, ResolveReply),
    "resolve_objects": (ResolveObjectsRequest, ResolveReply),
    "undo": (UndoRequest, ResolveReply),
    "recent": (IterationRequest, RecentReply),
    "duplicates": (DuplicatesRequest, DuplicatesReply),
    "difference": (DifferenceRequest, DifferenceReply),
    "resolve_group": (GroupRequest, ResolveReply),
    "set_threshold": (ThresholdRequest, ThresholdReply),
    "audit": (AuditNamed, AuditReply),
    "audit_draw": (AuditDrawRequest, AuditReply),
    "audit_items": (AuditItemsRequest, AuditItemsReply),
    "audit_original": (AuditOriginalRequest, AuditOriginalReply),
    "audit_verdict": (AuditVerdictRequest, AuditVerdictReply),
    "audit_outlines": (AuditItemsRequest, AuditOutlinesReply),
    "audit_judge": (AuditJudgeRequest, AuditJudgedReply),
    "audit_look": (AuditLookRequest, AuditJudgedReply),
    "audit_take_back": (AuditPlaceRequest, AuditJudgedReply),
    "audit_close": (AuditNamed, AuditReply),
    "set_target": (TargetRequest, AuditReply),
    "check_draw": (CheckDrawRequest, CheckReply),
    "check_read": (CheckReadRequest, CheckBound),
    "show_in_grid": (ShowRequest, ShowReply),
    "cancel": (RunRequest, DoneReply),
    "dismiss": (EndedRequest, DoneReply),
    "map": (MapRequest, MapReply),
    "same": (SameRequest, SameReply),
    "ranking": (RankingRequest, RankingReply),
    "history": (RunRequest, HistoryReply),
    "report": (RunRequest, ReportReply),
    "importance": (RunRequest, ImportanceReply),
    "annotators": (IterationRequest, AnnotatorsReply),
    "annotator": (AnnotatorRequest, AnnotatorReply),
    "consensus": (ConsensusRequest, ConsensusReply),
    "consensus_check": (ConsensusCheckRequest, ConsensusCheckReply),
    "consensus_accept": (ConsensusAcceptRequest, ConsensusAcceptReply),
    "opinions": (RunRequest, OpinionsReply),
    "opinion_ask": (OpinionAskRequest, OpinionsReply),
    "opinion_items": (OpinionItemsRequest, AuditItemsReply),
    "opinion_outlines": (OpinionItemsRequest, AuditOutlinesReply),
    "opinion_original": (OpinionPlaceRequest, AuditOriginalReply),
    "opinion_answer": (OpinionAnswerRequest, AuditVerdictReply),
    "opinion_take_back": (OpinionPlaceRequest, DoneReply),
    "disagreements": (DisagreementsRequest, DisagreementsReply),
    "settle": (SettleRequest, ResolveReply),
}
"""Every event by name: what it is asked, what it answers. Any may answer ``{"error": Problem}``."""
