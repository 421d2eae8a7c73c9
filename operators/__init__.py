"""The operators: one thin file each; OPERATORS lists them for the plugin's entry file."""

from typing import Any

from .export_decisions import ExportDecisions
from .find_label_errors import FindLabelErrors
from .import_decisions import ImportDecisions
from .resolve import Resolve
from .runs import CancelRun, DeleteRun, ListRuns
from .undo import Undo

OPERATORS: tuple[type[Any], ...] = (
    FindLabelErrors,
    ListRuns,
    DeleteRun,
    CancelRun,
    Resolve,
    Undo,
    ExportDecisions,
    ImportDecisions,
)
