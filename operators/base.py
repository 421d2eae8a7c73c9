"""What the operators share: long work from the App, a script or a delegated operation."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import fiftyone.operators as foo

from ..plugin.progress import Report
from ..plugin.store.samples import Collection
from .background import Work, carry_out, in_this_thread, start
from .caller import note_caller
from .checked import CheckedOperator
from .run_choice import default_run
from .terminal import in_terminal, told_often


def long_config(name: str, label: str, description: str, icon: str) -> foo.OperatorConfig:
    """How FiftyOne lists a ``LongOperator``: what it answers is streamed; it can be delegated."""
    return foo.OperatorConfig(
        name=name,
        label=label,
        description=description,
        icon=icon,
        dynamic=True,
        execute_as_generator=True,
        allow_immediate_execution=True,
        allow_delegated_execution=True,
        default_choice_to_delegated=False,
    )


class LongOperator(CheckedOperator):
    """An operator that can take more than a second.

    ``work(ctx)`` returns the function that does it. Where the App asks, it is begun beside the App
    (``background.py``), which is free at once; progress, Cancel and the result are in the panel,
    also of a delegated operation. A script waits for its result, with progress in the terminal.

    ``TASK`` says what is done, for a person to read. With ``IN_PROCESS`` the App's server leaves it
    to a process, for what computes; otherwise to a thread, for what waits for others.
    """

    FORM: ClassVar[dict[str, Any]] = {"delegate": bool, "in_panel": bool}
    TASK: ClassVar[str] = ""
    IN_PROCESS: ClassVar[bool] = False

    def work(self, ctx: Any) -> Work:
        """The function that does the work and returns the operator's result."""
        raise NotImplementedError

    def run_key(self, ctx: Any) -> str:
        """The run that is worked on: one work on each at a time. Empty for work on none."""
        return ctx.params.get("run_key") or default_run(ctx.dataset)

    def check(self, ctx: Any) -> None:
        """Ask for the work without doing it, which refuses what cannot be done."""
        self.work(ctx)

    def finished(self, ctx: Any, result: dict[str, Any]) -> Iterator[Any]:
        """What the App is asked to do once the work is done."""
        yield ctx.ops.reload_dataset()

    def execute(self, ctx: Any) -> Any:
        """Do the work: a result for scripts and delegated operations, messages for the App."""
        work = self.work(ctx)
        if ctx.delegated:
            with told_often(_delegated(ctx)) as report:
                return in_this_thread(self, ctx, work, report)
        return start(self, ctx, work) if _is_app(ctx) else in_terminal(work)

    def carry_out(self, order: dict[str, Any], server: int) -> None:
        """Do what the App's server has ordered of this process; see ``background.py``."""
        carry_out(self, order, server)

    def resolve_delegation(self, ctx: Any) -> bool | None:
        """Delegate where the caller asks for it; and note who asks, while FiftyOne is asking."""
        note_caller(ctx)
        return ctx.params.get("delegate") or None

    def queue(self, samples: Collection, params: dict[str, Any]) -> Any:
        """Hand the work to FiftyOne's delegated operations; the queued operation."""
        ctx = {"view": samples.view(), "params": params}
        return execute(self.uri, ctx, request_delegation=True)


def _delegated(ctx: Any) -> Report:
    """Progress of a delegated operation, which FiftyOne keeps with it."""

    def report(progress: float | None, label: str) -> None:
        ctx.set_progress(progress=progress, label=label)

    return report


def _is_app(ctx: Any) -> bool:
    """Whether the App asks: it alone sends its sidebar's stages with each request."""
    return "extended" in ctx.request_params


def execute(uri: str, ctx: dict[str, Any], **options: Any) -> Any:
    """The result of FiftyOne's executor, in notebooks too.

    There an event loop runs, and the executor would hand back a task without a result.
    """
    with ThreadPoolExecutor(1) as thread:
        done: Any = thread.submit(foo.execute_operator, uri, ctx, **options).result()
    return done.result
