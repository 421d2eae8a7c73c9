"""The errors that a user of the plugin can meet."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

_BEGIN, _END = "\ufdd0", "\ufdd1"
"""Two of Unicode's noncharacters, which are in no text."""
_CONTENT = re.compile(f"{_BEGIN}.*?{_END}", re.DOTALL)
_MARKS = re.compile(f"[{_BEGIN}{_END}]")

LONGEST = 200
_QUOTED = re.compile(r"""(['"`])[^'"`\n]*[/\\][^'"`\n]*\1""")
_PATH = re.compile(r"""(?:[A-Za-z]:|~|\.{1,2})?[/\\][^\s'"`,;]*|[\w.-]+[/\\][^\s'"`,;]*""")


def content(value: object) -> str:
    """What a file or a server holds, quoted in a message: some who ask may not be told."""
    return f"{_BEGIN}{_MARKS.sub('', str(value))}{_END}"


class InputError(ValueError):
    """Something that the user gave cannot be worked with.

    The message names the field, sample or option, says what was expected and what was found.
    Dataset, run and journal are as they were before the call.

    Attributes:
        without_content: the message without what was marked as :func:`content`

    Example:
        >>> error = InputError(f"path: no column 'id' (there are {content('name, age')})")
        >>> str(error), error.without_content
        ("path: no column 'id' (there are name, age)", "path: no column 'id' (there are …)")
    """

    def __init__(self, message: object = "") -> None:
        self.without_content = _CONTENT.sub("…", str(message))
        super().__init__(_MARKS.sub("", str(message)))


def meant(name: object, names: Iterable[str]) -> str:
    """A question for whoever gave a name that is not there; empty where none is near it.

    Args:
        name: what was given
        names: those that there are

    Example:
        >>> meant("ground_truth.detections", ["predictions", "ground_truth"])
        " Did you mean 'ground_truth'?"
        >>> meant("Groundtruth", ["ground_truth"]), meant("zebra", ["ground_truth"])
        (" Did you mean 'ground_truth'?", '')
    """
    if not isinstance(name, str):
        return ""
    plain = {known.casefold(): known for known in names}
    given = name.strip().casefold()
    near = [one for one in (given, given.partition(".")[0]) if one in plain]
    near = near or get_close_matches(given, plain, 1, 0.7)
    return f" Did you mean {plain[near[0]]!r}?" if near else ""


class Cancelled(Exception):
    """The user asked the running job to stop; nothing of it was kept."""


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
