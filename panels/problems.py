"""Errors as replies: what the App is told, and what only the server's log holds."""

from __future__ import annotations

import logging
import secrets

from ..plugin.errors import InputError, told
from . import events

logger = logging.getLogger(__name__)


def refused(error: InputError) -> events.Problem:
    """What is said of a request that cannot be done as it is."""
    return events.Problem(kind="input", message=str(error), detail="")


def unexpected(event: str, error: Exception) -> events.Problem:
    """What is said of a fault: its kind, and the id under which the log has all of it.

    Tracebacks and paths tell strangers about the server, so they stay in its log.
    """
    number = secrets.token_hex(4)
    logger.error("the panel's event '%s' failed (problem %s)", event, number, exc_info=error)
    return events.Problem(
        kind="unexpected",
        message=told(error),
        detail=f"Problem {number}: {type(error).__name__} in event '{event}'. The log of the App's "
        "server has all of it under this number.",
    )
