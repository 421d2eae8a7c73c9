"""What the operators on decisions share: the run that is meant, and the answer to the App."""

from __future__ import annotations

from typing import Any

import fiftyone as fo

from ..plugin.keeping.runs import list_runs, load_run


def open_run(ctx: Any) -> Any:
    """The run that the form names. InputError if there is none."""
    return load_run(ctx.dataset, ctx.params.get("run_key") or default_run(ctx.dataset))


def default_run(dataset: fo.Dataset) -> str:
    """The run that a form begins with: the only one, or the last made."""
    runs = list_runs(dataset)
    return runs[-1] if runs else "deconfuse"


def answer(ctx: Any, message: str, *, conflicts: int = 0) -> None:
    """Tell the App's user what was done and let the grid and the sidebar follow."""
    ctx.ops.notify(message, variant="warning" if conflicts else "success")
    ctx.ops.reload_dataset()


def counted(number: int, what: str = "sample") -> str:
    """A number with its noun.

    Example:
        >>> counted(1), counted(2)
        ('1 sample', '2 samples')
    """
    return f"{number} {what}" if number == 1 else f"{number:,} {what}s"
