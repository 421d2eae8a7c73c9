"""The search for near-duplicates from end to end: images → signals → pairs → kept → fields."""

from __future__ import annotations

import errno
import logging
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..abandonable import abandonable
from ..errors import Cancelled, InputError
from ..progress import Report, part_of, silent
from ..skipped import Skipped
from ..splits import SplitRule, note_on
from ..store.current_jobs import current_job
from ..store.iterations import Iteration
from ..store.jobs import Job
from ..store.own_fields import check_own_writable
from ..store.runs import Run
from ..workers.choices import LOCAL
from ..workers.opened import open_work, told_of
from ..workers.work import Work
from .comparison import Comparison, present
from .current import current_groups
from .fields import write_duplicates
from .options import DuplicateOptions
from .store import load_duplicates, storing

if TYPE_CHECKING:  # torch takes seconds, and the App imports this file
    from .spread_comparison import SpreadComparison

logger = logging.getLogger(__name__)

TASK = "Finding near-duplicates"
COMPARED, KEPT = 0.9, 0.93
"""Shares of the work that are done after comparing and after storing."""
NOTHING_NEW = "No workers were asked: no image that can be read is new."


def find_duplicates(run: Run, options: DuplicateOptions, report: Report = silent) -> dict[str, Any]:
    """Find the near-duplicates among the samples of a run's last iteration, and keep them.

    Samples that were compared before are not compared with each other again. Nothing is kept where
    this raises.

    Args:
        run: the run
        options: what to look for
        report: told of progress; may be called from this thread only

    Returns:
        ``run_key``, ``iteration``, ``threshold``, ``scope``, ``lowest`` (pairs with less SES were
        not kept), ``compared``, ``new`` (compared for the first time), ``pairs``, ``groups``,
        ``samples`` (in groups), ``leaks`` (None where no splits were recognised), ``splits`` (those
        that were), ``splits_note`` (where there are fewer than two), ``conflicts``,
        ``exact_copies``, ``settled`` (groups that somebody kept on purpose), ``worked_by`` (a
        sentence on workers, empty without), ``skipped``, ``skipped_samples``

    Raises:
        InputError: if an option cannot be used, or another process is working on the run
        Cancelled: if the job was cancelled
    """
    options.check(run)
    check_own_writable(run, ["ses", "duplicates"])
    iteration = run.iteration()
    with Job(run.dataset, run.key, TASK, report) as job:
        try:
            return compare(run, iteration, options, job)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise InputError(
                "The disk is full. Nothing of this search was kept. Free some space, or point "
                "TMPDIR to a larger disk."
            ) from error


def compare(
    run: Run, iteration: Iteration, options: DuplicateOptions, report: Report
) -> dict[str, Any]:
    """``find_duplicates`` inside of a job that is already there."""
    skipped = Skipped()
    with storing(run) as keep:
        known = load_duplicates(run)
        if options.splits is None and known:  # as it was said before
            rule = SplitRule.of_document(known.document.get("splits"))
            options = replace(options, splits=rule)
        if known and options.threshold is not None and options.threshold < known.floor:
            known = None  # it does not reach down to what is wanted
        files = abandonable(
            lambda _: present(run, iteration, skipped),
            part_of(report, 0.0, 0.0),
            "Reading file paths",
        )
        stage = part_of(report, 0.0, COMPARED)
        with _Workers(run, options, files[1], stage) as workers:
            search = Comparison(run, iteration, options, stage, skipped, workers.begin)
            found = search.compared(known, *files)
            worked_by = workers.said()
        report(COMPARED, "Storing near-duplicates")
        kept = keep(found.columns, found.header)
    write_duplicates(run, iteration, part_of(_to_the_end(report), KEPT, 1.0))
    groups = current_groups(run, iteration, kept, kept.threshold, kept.scope)
    return {
        "run_key": run.key,
        "iteration": iteration.number,
        "threshold": kept.threshold,
        "scope": kept.scope,
        "lowest": kept.floor,
        "compared": kept.samples,
        "new": kept.document["new"],
        **groups.counts(),
        **({} if groups.splits else {"leaks": None}),
        "splits": groups.splits,
        "splits_note": note_on(groups.splits),
        "worked_by": worked_by,
        "skipped": dict(skipped.reasons),
        "skipped_samples": skipped.samples,
    }


class _Workers(ExitStack):
    """Those that were asked for, if any; they are called once there is something for them."""

    def __init__(self, run: Run, options: DuplicateOptions, paths: Sequence[str], report: Report):
        super().__init__()
        self._run, self._options, self._paths, self._report = run, options, paths, report
        self._work: Work | None = None

    def begin(self) -> SpreadComparison | None:
        """Call them; None where nobody was asked for."""
        if self._options.workers == LOCAL:
            return None
        from ..learning.device import choose_device
        from .spread_comparison import SpreadComparison

        device, workers = choose_device(self._options.device), self._options.workers
        work = open_work(workers, self._run.owner, self._paths, self._report, device=device.type)
        assert work is not None
        self._work = self.enter_context(work)
        return SpreadComparison(self._work, device)

    def said(self) -> str:
        """A sentence on them."""
        if self._options.workers == LOCAL:
            return ""
        return NOTHING_NEW if self._work is None else told_of(self._work)


def _to_the_end(report: Report) -> Report:
    """A report for what must not be cancelled, since the comparison is kept already."""

    def told(progress: float | None, label: str) -> None:
        with suppress(Cancelled):
            report(progress, label)

    return told


def after_label_errors(
    run: Run,
    iteration: Iteration,
    device: str,
    report: Report,
    splits: Any = None,
    workers: str = LOCAL,
) -> dict[str, Any]:
    """``compare`` as the last stage of another job, which must not fail because of it.

    Returns:
        the result of ``compare``, or ``{"failed": reason}``
    """
    options = DuplicateOptions(device=device, splits=splits, workers=workers)
    try:
        return compare(run, iteration, options, report)
    except Cancelled:
        return {"failed": "cancelled while near-duplicates were looked for"}
    except InputError as error:
        return {"failed": str(error)}
    except Exception as error:
        logger.exception("looking for near-duplicates failed")
        return {"failed": f"{type(error).__name__}: {error}"}


def complete_duplicate_fields(run: Run, report: Report = silent) -> bool:
    """Write the samples' fields where they do not show what is in force.

    Returns:
        whether there was something to do; False as well while something else works on the run
    """
    kept = load_duplicates(run)
    if kept is None or kept.document["fields_written"] or current_job(run.dataset, run.key):
        return False
    try:
        task = "Writing duplicates onto the samples"
        with Job(run.dataset, run.key, task, report, follow_up=True) as job:
            write_duplicates(run, run.iteration(), job.note)
    except InputError:  # another process was quicker
        return False
    return True
