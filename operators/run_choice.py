"""What the operators on decisions share: the run that is meant, and the answer to the App."""

from __future__ import annotations

from typing import Any

import fiftyone as fo

from ..plugin.runs import opening
from ..plugin.store.runs import Run
from ..plugin.store.sample_collection import root_dataset
from ..plugin.store.samples import Collection


def open_run(ctx: Any, *, objects: bool = False) -> Run:
    """The run that the form names. InputError if there is none, or it cannot be worked on.

    Args:
        ctx: the form's context
        objects: whether it may be on objects, too
    """
    key = ctx.params.get("run_key") or default_run(ctx.dataset)
    return opening.open_run(ctx.dataset, key, objects=objects)


def open_run_on_any(dataset: fo.Dataset, key: str) -> Run:
    """A run to be worked on, which may be on objects. InputError if it cannot be."""
    return opening.open_run(dataset, key, objects=True)


def any_run(ctx: Any) -> tuple[Run, bool]:
    """As :func:`open_run`, also a run on objects; and whether it is one."""
    key = ctx.params.get("run_key") or default_run(ctx.dataset)
    return opening.open_any_run(ctx.dataset, key)


def any_run_of(samples: Collection, run_key: str) -> tuple[Run, bool]:
    """As :func:`run_of`, also a run on objects; and whether it is one."""
    return opening.open_any_run(root_dataset(samples), run_key)


def chosen_kept_run(ctx: Any) -> Run:
    """The run that the form names, to read what is kept of it. InputError if there is none."""
    return kept_run_of(ctx.dataset, ctx.params.get("run_key") or default_run(ctx.dataset))


def run_of(samples: Collection, run_key: str, *, objects: bool = False) -> Run:
    """The run that a script names, to work on it. InputError if it cannot be worked on.

    Args:
        samples: the dataset, or a view of it
        run_key: the run
        objects: whether it may be on objects, too
    """
    return opening.open_run(root_dataset(samples), run_key, objects=objects)


def kept_run_of(samples: Collection, run_key: str) -> Run:
    """The run that a script names, to read what is kept of it. InputError if there is none."""
    return opening.open_kept_run(root_dataset(samples), run_key)


def default_run(dataset: fo.Dataset) -> str:
    """The run that a form begins with: the only one, or the one with the newest iteration."""
    return next(iter(opening.newest_first(dataset)), "deconfuse")


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
