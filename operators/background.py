"""Long work that the App asks for: beside the App's server, so that the App stays free meanwhile.

What computes gets a process of its own; what waits for a server or the database gets a thread. Both
keep progress, Cancel and what became of it in the database (``store/jobs.py`` and
``store/outcomes.py``), where the panel of any window looks for it. FiftyOne's own progress dialog
covers the App and comes back when it is closed, so that nothing of it is used.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fiftyone as fo
from bson import ObjectId, json_util
from fiftyone.operators.executor import ExecutionContext, Executor
from pymongo.errors import PyMongoError

from ..plugin.errors import Cancelled, InputError, told
from ..plugin.processes import process_named, this_process
from ..plugin.progress import Report
from ..plugin.store.jobs import Job, busy, hosting, job_in_the_way
from ..plugin.store.outcomes import (
    State,
    Variant,
    forget_outcome,
    lost_text,
    note_end,
    note_start,
)

logger = logging.getLogger(__name__)

Work = Callable[[Report], dict[str, Any]]
WORKER = Path(__file__).resolve().with_name("background_worker.py")
QUICK_SECONDS = 1.5
"""What a thread has done by then is answered at once."""

STUCK_SECONDS = 10.0
"""A process that was asked to stop and reports nothing for so long is within code that cannot be
stopped, and ends."""

SERVER_ENDED = "ended with the App's server; nothing was kept. Start it again."


@dataclass
class End:
    """How some work ended: what is kept of it, and what the App is asked to do then."""

    state: State = "done"
    messages: list[tuple[Variant, str]] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)


def start(operator: Any, ctx: Any, work: Work) -> Iterator[Any]:
    """Begin some work and let the App go on; what the App is told at once.

    Raises:
        InputError: if the run, or the dataset, is being worked on already
    """
    run_key = operator.run_key(ctx)
    running = job_in_the_way(ctx.dataset, run_key)
    if running is not None:
        raise InputError(busy(run_key, running))
    if operator.IN_PROCESS:
        _start_process(operator, ctx, run_key)
        return _started(operator, ctx)
    return _start_thread(operator, ctx, run_key, work)


def _started(operator: Any, ctx: Any) -> Iterator[Any]:
    """Say where progress is to be seen, and show it unless it is seen already."""
    if ctx.params.get("in_panel"):
        return
    yield ctx.ops.open_panel("label_errors", is_active=True, layout="horizontal")
    yield ctx.ops.notify(
        f"Started: {operator.TASK[0].lower()}{operator.TASK[1:]}. Progress, Cancel and the result "
        "are in the Label errors panel; the App is free meanwhile.",
        variant="info",
    )


@contextmanager
def noting(operator: Any, ctx: Any, run_key: str, token: ObjectId, process: Any) -> Iterator[End]:
    """Keep what becomes of the work in the block, and let nobody start it unseen.

    Errors that a person can do something about end the block; others go on after they were noted.
    """
    note_start(ctx.dataset, run_key, token, operator.TASK, process)
    with _ending(operator, token) as end:
        yield end


@contextmanager
def _ending(operator: Any, token: ObjectId) -> Iterator[End]:
    end = End()
    try:
        yield end
    except InputError as error:
        end.state, end.messages = "refused", [("error", f"{operator.TASK}: {error}")]
    except Cancelled as error:
        ended = str(error).endswith(SERVER_ENDED)
        end.state = "ended" if ended else "cancelled"
        end.messages = [("error" if ended else "warning", str(error))]
    except BaseException as error:
        number = secrets.token_hex(4)
        logger.exception("%s failed (problem %s)", operator.TASK, number)
        text = f"{operator.TASK} failed: {told(error)}. The log of the App's server has all of it"
        end.state = "failed"
        end.messages = [("error", f"{text} (problem {number}).")]
        raise
    finally:
        with suppress(PyMongoError):  # it went with the server: the next one sees the dead process
            note_end(token, end.state, end.messages)


def told_at_the_end(operator: Any, ctx: Any, result: dict[str, Any], end: End) -> None:
    """What the operator asks of the App when it is done, and what of that is to be read."""
    end.asked = list(operator.finished(ctx, result))
    requests = (message.body for message in end.asked)
    notices = [r.params for r in requests if r.operator_uri.split("/")[-1] == "notify"]
    end.messages = [(notice["variant"], notice["message"]) for notice in notices]
    if not end.messages:
        end.messages = [("success", f"{operator.TASK}: done")]


# --- in a thread ----------------------------------------------------------------------------------


def in_this_thread(operator: Any, ctx: Any, work: Work, report: Report) -> dict[str, Any]:
    """What some work answers, seen in the panel like all others; for delegated operations.

    Raises:
        InputError: if the run, or the dataset, is being worked on already
    """
    result: dict[str, Any] | None = None
    errors: list[BaseException] = []

    def noted(told: Report) -> dict[str, Any]:
        try:
            return work(told)
        except BaseException as error:
            errors.append(error)
            raise

    run_key = operator.run_key(ctx)
    with (
        Job(ctx.dataset, run_key, operator.TASK, report) as job,
        noting(operator, ctx, run_key, job.token, this_process()) as end,
        hosting(job),
    ):
        result = noted(job)
        told_at_the_end(operator, ctx, result, end)
    for error in errors:  # it was noted, and FiftyOne keeps it with the operation
        raise error
    assert result is not None
    return result


def _start_thread(operator: Any, ctx: Any, run_key: str, work: Work) -> Iterator[Any]:
    job = Job(ctx.dataset, run_key, operator.TASK).__enter__()
    ends: list[End] = []
    done = threading.Event()

    def run() -> None:
        try:
            with noting(operator, ctx, run_key, job.token, this_process()) as end:
                ends.append(end)
                with hosting(job):
                    result = work(job)
                told_at_the_end(operator, ctx, result, end)
        except BaseException:
            logger.debug("noted as an outcome", exc_info=True)
        finally:
            job.__exit__(None, None, None)
            done.set()

    threading.Thread(target=run, name=f"deconfuse-{operator.name}", daemon=True).start()

    def answer() -> Iterator[Any]:
        if not done.wait(QUICK_SECONDS):
            yield from _started(operator, ctx)
            return
        (end,) = ends
        forget_outcome(ctx.dataset, str(job.token))  # it is told here
        yield from end.asked
        if not end.asked:
            for variant, text in end.messages:
                yield ctx.ops.notify(text, variant=variant)

    return answer()


# --- in a process ---------------------------------------------------------------------------------


def _start_process(operator: Any, ctx: Any, run_key: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-P", str(WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **_environment()},
        start_new_session=True,  # Ctrl-C is for the App; the worker ends when the App has
    )
    try:
        whose = process_named(process.pid)
        job = Job(ctx.dataset, run_key, operator.TASK, process=whose).__enter__()
    except BaseException:
        process.kill()
        process.wait()
        raise
    note_start(ctx.dataset, run_key, job.token, operator.TASK, whose)
    order = {
        "uri": operator.uri,
        "request": ctx.request_params,
        "user": _user(ctx),
        "run_key": run_key,
        "token": job.token,
    }
    arguments = (operator, process, job, json_util.dumps(order).encode() + b"\n")
    threading.Thread(target=_attend, args=arguments, name="deconfuse-attend", daemon=True).start()


def _environment() -> dict[str, str]:
    """What makes another process use the same database and plugins, wherever they are set."""
    own = {
        "FIFTYONE_DATABASE_URI": fo.config.database_uri,
        "FIFTYONE_DATABASE_NAME": fo.config.database_name,
        "FIFTYONE_PLUGINS_DIR": fo.config.plugins_dir,
        "FIFTYONE_SHOW_PROGRESS_BARS": "false",
    }
    return {name: value for name, value in own.items() if value}


def _user(ctx: Any) -> dict[str, Any] | None:
    """Who asks, where FiftyOne knows: an open-source server does not."""
    if ctx.user is None:
        return None
    return {k: v for k, v in vars(ctx.user).items() if v is None or isinstance(v, str | int)}


def _attend(operator: Any, process: subprocess.Popen[bytes], job: Job, order: bytes) -> None:
    """Hand over what is to be done, keep the place until the worker takes it, note a death."""
    try:
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.write(order)
            process.stdin.flush()  # and left open: the worker ends when it is closed
        code = process.wait()
        why = "its process was killed; memory may have run out" if code < 0 else "its process ended"
        note_end(job.token, "ended", [("error", lost_text(operator.TASK, why))])
    except PyMongoError:
        logger.warning("what became of %s could not be kept", operator.TASK, exc_info=True)
    finally:
        with suppress(PyMongoError):
            job.__exit__(None, None, None)


def carry_out(operator: Any, order: dict[str, Any], server: int) -> None:
    """Do what the App's server has ordered; called in the worker.

    Args:
        operator: the operator
        order: as ``_start_process`` wrote it
        server: the descriptor of a pipe that closes when the server ends
    """
    ctx = _context(operator, order)
    job = Job(ctx.dataset, order["run_key"], operator.TASK, token=order["token"])
    threading.Thread(target=_watch, args=(job, server), name="deconfuse-watch", daemon=True).start()
    # The end is noted before the place is given up: whoever looks sees the work or its outcome.
    with _ending(operator, order["token"]), job, _ending(operator, order["token"]) as end:
        with hosting(job):
            result = operator.work(ctx)(job)
        told_at_the_end(operator, ctx, result, end)


def _context(operator: Any, order: dict[str, Any]) -> ExecutionContext:
    ctx = ExecutionContext(
        request_params=order["request"],
        executor=Executor(),
        operator_uri=operator.uri,
        required_secrets=operator._plugin_secrets,
    )
    asyncio.run(ctx.resolve_secret_values(operator._plugin_secrets))
    if order["user"] is not None:
        ctx.user = SimpleNamespace(**order["user"])  # pyright: ignore[reportAttributeAccessIssue]
    return ctx


def _watch(job: Job, server: int) -> None:
    """End with the App's server, and at last where a stop is asked for and does not come."""

    def until_closed() -> None:
        while os.read(server, 4_096):
            pass
        job.cancel(SERVER_ENDED)

    threading.Thread(target=until_closed, name="deconfuse-server", daemon=True).start()
    while not job.is_cancelled:
        time.sleep(0.5)
    asked = time.monotonic()
    while time.monotonic() - max(asked, job.reported_at) < STUCK_SECONDS:
        time.sleep(0.5)
    logger.error("a work was asked to stop and did not; its process ends")
    os._exit(3)
