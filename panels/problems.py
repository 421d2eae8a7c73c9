"""Errors as replies: what the App is told, and what only the server's log holds."""

from __future__ import annotations

import logging
import re
import secrets

from ..plugin.errors import InputError
from . import events

logger = logging.getLogger(__name__)

LONGEST = 200
_QUOTED = re.compile(r"""(['"`])[^'"`\n]*[/\\][^'"`\n]*\1""")
_PATH = re.compile(r"""(?:[A-Za-z]:|~|\.{1,2})?[/\\][^\s'"`,;]*|[\w.-]+[/\\][^\s'"`,;]*""")


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


def told(error: BaseException) -> str:
    """An error in one short line without paths.

    Example:
        >>> told(FileNotFoundError(2, "No such file or directory", "/srv/data/a b.png"))
        'FileNotFoundError: No such file or directory'
        >>> told(ValueError("cannot read /srv/x.npy"))
        'ValueError: cannot read …'
    """
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = next((part.strip() for part in str(said).splitlines() if part.strip()), "")
    short = _PATH.sub("…", _QUOTED.sub("…", line))[:LONGEST]
    return f"{type(error).__name__}: {short}" if short else type(error).__name__
