"""What the operators share: live progress in the App, in a terminal and in delegated operations."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.errors import Cancelled, InputError
from ..plugin.progress import Report
from ..plugin.store.samples import Collection
from .caller import note_caller
from .checked import CheckedOperator

Work = Callable[[Report], dict[str, Any]]


def long_config(name: str, label: str, description: str, icon: str) -> foo.OperatorConfig:
    """How FiftyOne lists a ``LongOperator``: it streams its progress and can be delegated."""
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

    ``work(ctx)`` returns the function that does it. In the App it runs in a thread, and what it
    reports is streamed to the browser, unless the panel asked (``in_panel``), which shows the run's
    job itself; closing the browser does not end it. In a delegated
    operation its progress is kept with the operation. A script gets its result.
    """

    FORM: ClassVar[dict[str, Any]] = {"delegate": bool, "in_panel": bool}

    def work(self, ctx: Any) -> Work:
        """The function that does the work and returns the operator's result."""
        raise NotImplementedError

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
            return work(lambda progress, label: ctx.set_progress(progress=progress, label=label))
        return self._stream(ctx, work) if _is_app(ctx) else work(terminal())

    def resolve_delegation(self, ctx: Any) -> bool | None:
        """Delegate where the caller asks for it; and note who asks, while FiftyOne is asking."""
        note_caller(ctx)
        return ctx.params.get("delegate") or None

    def queue(self, samples: Collection, params: dict[str, Any]) -> Any:
        """Hand the work to FiftyOne's delegated operations; the queued operation."""
        ctx = {"view": samples.view(), "params": params}
        return execute(self.uri, ctx, request_delegation=True)

    def _stream(self, ctx: Any, work: Work) -> Iterator[Any]:
        messages: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()

        def run() -> None:
            try:
                result = work(lambda progress, label: messages.put(("progress", (progress, label))))
                messages.put(("result", result))
            except (InputError, Cancelled) as error:
                messages.put(("refused", str(error)))
            except BaseException as error:  # a thread's error would be lost
                messages.put(("error", error))

        threading.Thread(target=run, name=f"deconfuse-{self.name}", daemon=True).start()
        quiet = bool(ctx.params.get("in_panel"))
        while True:
            kind, content = messages.get()
            if kind == "progress":
                if quiet:
                    continue
                progress, label = content
                yield ctx.ops.set_progress(progress=progress, label=label)
            elif kind == "refused":
                yield ctx.ops.notify(content, variant="error")
                return
            elif kind == "error":
                raise content
            else:
                if not quiet:
                    yield ctx.ops.set_progress(progress=1.0, label="Done")
                yield from self.finished(ctx, content)
                return


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


def terminal() -> Report:
    """Progress for a terminal: one line that is written over, or few lines where that is no use."""
    live = sys.stderr.isatty()
    shown: list[Any] = [""]

    def report(progress: float | None, label: str) -> None:
        if not fo.config.show_progress_bars:
            return
        share = "" if progress is None else f"{progress:4.0%} "
        if live:
            sys.stderr.write(f"\r\033[K{share}{label}" + ("\n" if progress == 1.0 else ""))
            sys.stderr.flush()
        elif (stage := f"{share.strip()[:-2]} {label.split(',')[0].split(' of ')[-1]}") != shown[0]:
            shown[0] = stage
            print(f"{share}{label}", file=sys.stderr)

    return report


def run_key_input(ctx: Any, inputs: Any, keys: list[str]) -> None:
    """Ask for one of the dataset's runs."""
    choices = types.AutocompleteView(allow_user_input=False)
    for key in keys:
        choices.add_choice(key, label=key)
    inputs.enum(
        "run_key",
        choices.values(),
        required=True,
        default=keys[0] if keys else None,
        label="Run",
        description="Which of this dataset's cleaning projects",
        view=choices,
    )
    if not keys:
        inputs.view(
            "no_run",
            types.Notice(label="This dataset has no run yet. Use 'Find label errors' first."),
        )
