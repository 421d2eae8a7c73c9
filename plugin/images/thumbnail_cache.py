"""Thumbnails kept on disk, where that is possible: a cache that can always be done without."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple, TypeVar

logger = logging.getLogger(__name__)

LARGEST = 2 << 30
PATIENCE_SECONDS = 2.0
_DIGEST = 8
_KEYS_A_QUERY = 500
_TABLE = (
    "CREATE TABLE IF NOT EXISTS thumbnails (key BLOB PRIMARY KEY, data BLOB, "
    "width INTEGER, height INTEGER) WITHOUT ROWID"
)
_IMPOSSIBLE = ("unable to open", "readonly", "full", "locked", "busy", "disk i/o")
"""What an SQLite error says where the file is not at fault; all else means that it is damaged."""

Answer = TypeVar("Answer")


class Row(NamedTuple):
    """What is kept of a picture."""

    key: bytes
    data: bytes
    width: int
    height: int


class ThumbnailCache:
    """A file that several processes may share.

    It is begun anew when it would grow beyond 2 GiB, when it was deleted, and when it is damaged.
    Where it cannot be written or read it keeps nothing, and says so once in the log.

    Args:
        folder: where the file is kept, made if missing; None: nowhere
    """

    def __init__(self, folder: Path | None):
        self._file = None if folder is None else folder / "thumbnails.sqlite"
        self._lock = Lock()
        self._told = False

    def read(self, keys: Iterable[bytes]) -> dict[bytes, Row]:
        """What is kept, by key."""
        wanted = list(keys)

        def found(database: sqlite3.Connection) -> dict[bytes, Row]:
            rows: dict[bytes, Row] = {}
            for start in range(0, len(wanted), _KEYS_A_QUERY):
                part = wanted[start : start + _KEYS_A_QUERY]
                marks = ",".join("?" * len(part))
                query = f"SELECT key, data, width, height FROM thumbnails WHERE key IN ({marks})"
                for key, data, width, height in database.execute(query, part):
                    whole = _checked(data)
                    if whole is not None:
                        rows[key] = Row(key, whole, int(width), int(height))
            return rows

        return self._using(found, {}) if wanted else {}

    def write(self, rows: Sequence[Row]) -> None:
        """Keep some pictures, if that is possible."""
        size = sum(len(row.data) for row in rows)
        if not rows or size > LARGEST:
            return
        if self._size() + size > LARGEST:
            self._begin_anew()
        packed = [(r.key, _digest(r.data) + r.data, r.width, r.height) for r in rows]

        def keep(database: sqlite3.Connection) -> None:
            with database:
                database.executemany(
                    "INSERT OR REPLACE INTO thumbnails VALUES (?, ?, ?, ?)", packed
                )

        self._using(keep, None)

    def _using(self, act: Callable[[sqlite3.Connection], Answer], otherwise: Answer) -> Answer:
        for again in (True, False):
            try:
                with self._opened() as database:
                    return act(database)
            except (OSError, sqlite3.Error, ValueError, TypeError) as error:
                text = str(error).lower()
                beyond_repair = isinstance(error, OSError) or any(w in text for w in _IMPOSSIBLE)
                if beyond_repair or not again:
                    self._tell(error)
                    return otherwise
                self._begin_anew()
        return otherwise

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        if self._file is None:
            raise FileNotFoundError("this user has no folder for it")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._file, timeout=PATIENCE_SECONDS)) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=OFF")
            database.execute(_TABLE)
            yield database

    def _files(self) -> list[Path]:
        if self._file is None:
            return []
        return [self._file.with_name(self._file.name + end) for end in ("-wal", "-shm", "")]

    def _size(self) -> int:
        size = 0
        for file in self._files():
            with suppress(OSError):
                size += file.stat().st_size
        return size

    def _begin_anew(self) -> None:
        with self._lock:
            for file in self._files():
                with suppress(OSError):
                    file.unlink()

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            logger.warning(
                "Thumbnails cannot be kept in '%s' (%s); they are made anew each time. "
                "DECONFUSE_CACHE_DIR may name another folder.",
                "" if self._file is None else self._file.parent,
                error,
            )


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()


def _checked(stored: object) -> bytes | None:
    """The picture that was stored; None where it is not what was written."""
    if not isinstance(stored, bytes) or _digest(stored[_DIGEST:]) != stored[:_DIGEST]:
        return None
    return stored[_DIGEST:]
