"""Opening the workers that somebody asked for by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..progress import Report
from .choices import DELEGATED, LOCAL, check_workers
from .hello import needs
from .work import Work


def open_work(
    workers: str,
    owner: dict[str, Any],
    paths: Sequence[str],
    report: Report,
    *,
    files: Sequence[str] = (),
    device: str = "cpu",
) -> Work | None:
    """A work on the workers that are asked for, to be entered; None for this process alone.

    Args:
        workers: ``local``, ``delegated``, ``ray`` or ``ray://host:port``
        owner: ``dataset_id`` and ``run_key``
        paths: the images that are opened
        report: told while workers are waited for
        files: other files that they read
        device: where they compute

    Raises:
        InputError: if there are no such workers
    """
    check_workers(workers)
    if workers == LOCAL:
        return None
    if workers == DELEGATED:
        from .delegated import Delegated

        place: Any = Delegated()
    else:
        from .on_ray import place_of

        place = place_of(workers, report)
    return Work(place, owner, needs(paths, files, device), report)


def told_of(work: Work) -> str:
    """A sentence on who worked, once the work is done."""
    number = f"{work.called:,} worker{'s' * (work.called != 1)}"
    later = f" and {work.joined_later:,} that joined later" if work.joined_later else ""
    before = f" {work.from_before:,} of the parts had been done before." if work.from_before else ""
    return f"Worked on in parts by {number}{later}.{before}"
