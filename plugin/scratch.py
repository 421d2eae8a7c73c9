"""Temporary folders that name their process, so that the next one sweeps what a dead one left.

A process that is killed cannot remove its folder, and the decoded pixels of a run are large.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from .processes import has_died, this_process

PREFIX = "deconfuse-"
FORGOTTEN_AFTER_SECONDS = 7 * 24 * 3_600.0
"""After so long what was left before this machine was started anew is taken for left."""

_NAME = re.compile(
    r"deconfuse-[a-z]+-(?P<host>\w{8})-(?P<kernel>\w{8})-(?P<pid>\d+)-(?P<started>\d+)-"
)


def scratch_folder(what: str) -> Path:
    """A new temporary folder of this process, to be removed by whoever made it.

    Args:
        what: a word for what is in it

    Raises:
        OSError: if there is no room for it
    """
    return Path(tempfile.mkdtemp(prefix=scratch_prefix(what)))


def scratch_prefix(what: str) -> str:
    """How the name of such a folder begins; what dead processes left is removed before.

    Args:
        what: a word for what is in it
    """
    sweep_scratch()
    me = this_process()
    started = round(me["started"] * 100)
    return f"{PREFIX}{what}-{_short(me['host'])}-{_short(me['kernel'])}-{me['pid']}-{started}-"


def sweep_scratch() -> None:
    """Remove the temporary folders of this plugin whose processes have died on this machine."""
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and _is_left(entry):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_left(entry: os.DirEntry[str]) -> bool:
    owner = _NAME.match(entry.name)
    me = this_process()
    if owner is None or owner["host"] != _short(me["host"]) or not _is_own_folder(entry):
        return False
    if owner["kernel"] != _short(me["kernel"]):  # before a restart, or another container
        with suppress(OSError):
            return time.time() - entry.stat().st_mtime > FORGOTTEN_AFTER_SECONDS
        return False
    pid, started = int(owner["pid"]), int(owner["started"]) / 100
    return has_died({**me, "pid": pid, "started": started})


def _is_own_folder(entry: os.DirEntry[str]) -> bool:
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    mine = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
    return stat.S_ISDIR(found.st_mode) and mine


def _short(text: Any) -> str:
    return hashlib.blake2b(str(text).encode(), digest_size=4).hexdigest()
