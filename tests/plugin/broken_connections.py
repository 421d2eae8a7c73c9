"""A connection that breaks at a chosen command of this process, before or after it took effect."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymongo.synchronous.pool
from pymongo.errors import AutoReconnect

pool: Any = pymongo.synchronous.pool


class Counter:
    """What was sent while connections break: how many commands, and where it broke."""

    def __init__(self) -> None:
        self.sent = 0
        self.broke: str | None = None


@contextmanager
def breaking(at: int, *, after: bool, times: int = 1) -> Iterator[Counter]:
    """Let the connection break at the n-th command that this thread sends, counted from 0.

    Args:
        at: which command; negative to break at none
        after: once the database has carried it out, so that only the reply is lost
        times: how many commands in a row break
    """
    counter, thread = Counter(), threading.get_ident()
    command = pool.command
    message, receiving = pool.Connection.send_message, pool.Connection.receive_message

    def due() -> bool:
        if threading.get_ident() != thread:
            return False
        number = counter.sent
        counter.sent += 1
        return at <= number < at + times and at >= 0

    def broken_command(conn: Any, dbname: str, spec: Any, *args: Any, **kwargs: Any) -> Any:
        name = next(iter(spec))
        if name in ("hello", "ismaster", "endSessions") or not due():
            return command(conn, dbname, spec, *args, **kwargs)
        counter.broke = f"{name} {spec.get(name)}"
        if after:
            command(conn, dbname, spec, *args, **kwargs)
        conn.close_conn(None)
        raise AutoReconnect(f"broken at {counter.broke}")

    def broken_message(self: Any, data: bytes, size: int) -> None:
        self._break_now = due()
        if self._break_now:
            counter.broke = f"message {data[16:60]!r}"
            if not after:
                self.close_conn(None)
                raise AutoReconnect(f"broken at {counter.broke}")
        message(self, data, size)

    def broken_reply(self: Any, request_id: Any) -> Any:
        reply = receiving(self, request_id)
        if getattr(self, "_break_now", False):
            self.close_conn(None)
            raise AutoReconnect(f"broken at {counter.broke}")
        return reply

    pool.command = broken_command
    pool.Connection.send_message, pool.Connection.receive_message = broken_message, broken_reply
    try:
        yield counter
    finally:
        pool.command = command
        pool.Connection.send_message, pool.Connection.receive_message = message, receiving
