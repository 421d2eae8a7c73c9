"""The panels' Python side; PANELS lists them for the plugin's entry file."""

from typing import Any

PANELS: tuple[type[Any], ...] = ()
