"""The operators: one thin file each; OPERATORS lists them for the plugin's entry file."""

from typing import Any

from .accept_consensus import AcceptConsensus
from .compare_iterations import CompareIterations
from .estimate_remaining import EstimateRemaining
from .export_decisions import ExportDecisions
from .export_report import ExportReport
from .fetch_annotation import FetchAnnotation
from .find_duplicates import FindDuplicates
from .find_label_errors import FindLabelErrors
from .import_decisions import ImportDecisions
from .import_predictions import ImportPredictions
from .map_dataset import MapDataset
from .rank_by_importance import RankByImportance
from .repair_dataset import RepairDataset
from .request_second_opinion import RequestSecondOpinion
from .request_votes import RequestVotes
from .resolve import Resolve
from .runs import CancelRun, DeleteRun, ListRuns, RepointRun
from .send_to_annotation import SendToAnnotation
from .show_panel import ShowPanel
from .undo import Undo
from .work_on_parts import WorkOnParts

OPERATORS: tuple[type[Any], ...] = (
    FindLabelErrors,
    ShowPanel,
    FindDuplicates,
    MapDataset,
    CompareIterations,
    ExportReport,
    ListRuns,
    DeleteRun,
    RepointRun,
    CancelRun,
    Resolve,
    Undo,
    ExportDecisions,
    ImportDecisions,
    ImportPredictions,
    EstimateRemaining,
    RankByImportance,
    RequestVotes,
    AcceptConsensus,
    RequestSecondOpinion,
    SendToAnnotation,
    FetchAnnotation,
    RepairDataset,
    WorkOnParts,
)
