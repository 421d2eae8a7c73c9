"""The panels' Python side; PANELS lists them for the plugin's entry file."""

from typing import Any

from .label_errors import LabelErrors

PANELS: tuple[type[Any], ...] = (LabelErrors,)
