"""The operators: one thin file each; OPERATORS lists them for the plugin's entry file."""

from typing import Any

OPERATORS: tuple[type[Any], ...] = ()
