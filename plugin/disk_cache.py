"""Bytes kept on disk by their key, where that is possible: a cache that can be done without.

diskcache does the keeping: one SQLite file that threads and processes share, from which the oldest
goes when it is full. Around it stands what a cache in a user's folder needs: a folder that cannot
be written, a full disk, a file that was damaged, cut or deleted meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import diskcache

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.0
REST_SECONDS = 60.0
"""How long a file is left alone that others held for longer than our patience."""
_DIGEST = 8
_LOG = 16 << 20
_SETTINGS = {
    "disk_min_file_size": 1 << 40,  # all in one file
    "eviction_policy": "least-recently-stored",
    "sqlite_auto_vacuum": 1,
    "sqlite_cache_size": -2_000,  # kB, of each thread
    "sqlite_journal_mode": "wal",
    "sqlite_journal_size_limit": 0,
    "sqlite_mmap_size": 0,  # a mapped file that somebody cuts ends the process
    "sqlite_synchronous": 0,
    "sqlite_wal_autocheckpoint": 20,
    "statistics": 0,
    "tag_index": 0,
}
_IMPOSSIBLE = ("unable to open", "readonly", "full", "locked", "busy", "disk i/o")
"""What an SQLite error says where the file is not at fault; all else means that it is damaged."""

Answer = TypeVar("Answer")


def cache_folder() -> Path | None:
    """Where this platform keeps what can be made again; DECONFUSE_CACHE_DIR overrides it.

    None for a user without a home, as in some containers.
    """
    chosen = os.environ.get("DECONFUSE_CACHE_DIR")
    if chosen:
        return Path(chosen)
    with suppress(RuntimeError):
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "deconfuse"
        if sys.platform == "win32":
            return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "deconfuse" / "cache"
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "deconfuse"
    return None


class _BytesAlone(diskcache.Disk):
    """Reads nothing but bytes: what somebody else put into the file is never unpickled."""

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        return value if mode == diskcache.core.MODE_RAW else None


class DiskCache:
    """Bytes by key in a folder that several processes may share.

    Where it cannot be written or read it keeps nothing, and says so once in the log. It is begun
    anew when it was damaged or deleted.

    Args:
        folder: of its own, made if missing; None: nowhere
        largest: bytes that it may take; the oldest go first
        what: what is kept, for the log ("Thumbnails")
    """

    def __init__(self, folder: Path | None, largest: int, what: str):
        self._folder, self._what = folder, what
        # SQLite's log lies beside the file, as large as what is being written.
        self._largest = largest - min(largest // 4, _LOG)
        self._lock = Lock()
        self._open: tuple[diskcache.Cache, tuple[int, int]] | None = None
        self._told = False
        self._held_at = float("-inf")

    def read(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """What is kept, by key."""
        wanted = list(keys)

        def found(cache: diskcache.Cache) -> dict[bytes, bytes]:
            stored = {key: _checked(cache.get(key)) for key in wanted}
            return {key: data for key, data in stored.items() if data is not None}

        return self._using(found, {}) if wanted else {}

    def write(self, items: Mapping[bytes, bytes]) -> None:
        """Keep some bytes, if that is possible."""
        if not items or sum(map(len, items.values())) > self._largest:
            return

        def keep(cache: diskcache.Cache) -> None:
            with cache.transact():
                for key, data in items.items():
                    cache.set(key, _digest(data) + data)

        self._using(keep, None)

    def _using(self, act: Callable[[diskcache.Cache], Answer], otherwise: Answer) -> Answer:
        if time.monotonic() - self._held_at < REST_SECONDS:
            return otherwise
        for again in (True, False):
            try:
                return act(self._opened())
            except (OSError, sqlite3.Error, diskcache.Timeout, ValueError, TypeError) as error:
                text = str(error).lower()
                beyond_repair = isinstance(error, OSError | diskcache.Timeout) or any(
                    word in text for word in _IMPOSSIBLE
                )
                if isinstance(error, diskcache.Timeout) or "locked" in text:
                    self._held_at = time.monotonic()
                if beyond_repair or not again:
                    self._tell(error)
                    return otherwise
                self._begin_anew()
        return otherwise

    def _opened(self) -> diskcache.Cache:
        if self._folder is None:
            raise FileNotFoundError("this user has no folder for it")
        file = self._folder / diskcache.core.DBNAME
        with self._lock:
            if self._open is None or self._open[1] != _identity(file):
                _prepare(file)
                cache = diskcache.Cache(
                    str(self._folder),
                    timeout=PATIENCE_SECONDS,
                    disk=_BytesAlone,
                    size_limit=self._largest,
                    **_SETTINGS,
                )
                self._open = cache, _identity(file)
            return self._open[0]

    def _begin_anew(self) -> None:
        assert self._folder is not None
        with self._lock:
            self._open = None
            for end in ("-wal", "-shm", ""):
                with suppress(OSError):
                    (self._folder / (diskcache.core.DBNAME + end)).unlink()

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            logger.warning(
                "%s cannot be kept in '%s' (%s); they are made anew each time. "
                "DECONFUSE_CACHE_DIR may name another folder.",
                self._what,
                "" if self._folder is None else self._folder,
                error,
            )


def _prepare(file: Path) -> None:
    """Do what may have to wait for others, with our patience: diskcache has one of a minute.

    Raises:
        sqlite3.OperationalError: if it stays locked
        sqlite3.DatabaseError: if it was emptied under others, who hold it as long as they live
    """
    if not file.exists():
        return
    if file.stat().st_size == 0 and file.with_name(file.name + "-wal").exists():
        raise sqlite3.DatabaseError("emptied while others have it open")
    held = sqlite3.connect(file, timeout=PATIENCE_SECONDS, isolation_level=None)
    with closing(held):
        held.execute("BEGIN IMMEDIATE")
        held.execute("ROLLBACK")
        for name in ("auto_vacuum", "journal_mode"):  # kept in the file, in this order
            held.execute(f"PRAGMA {name} = {_SETTINGS[f'sqlite_{name}']}")


def _identity(file: Path) -> tuple[int, int]:
    """Which file has the name now: one that was deleted can be written to, and nobody reads it."""
    with suppress(OSError):
        found = os.stat(file)
        return found.st_dev, found.st_ino
    return 0, 0


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()


def _checked(stored: object) -> bytes | None:
    """What was stored; None where it is not what was written."""
    if not isinstance(stored, bytes) or _digest(stored[_DIGEST:]) != stored[:_DIGEST]:
        return None
    return stored[_DIGEST:]
