"""Ranking by importance from end to end: vectors and labels → index → scores kept → top n."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..decisions.changes import KINDS
from ..decisions.state import DELETED, RunState, current_state
from ..progress import Report, part_of, silent
from ..store.iterations import Iteration, unpack_ids
from ..store.jobs import Job
from ..store.raw_documents import label_values
from ..store.runs import Run
from ..store.scores import rank_id, write_rank
from ..store.write_fields import write_numbers
from .advice import ADVICE, STOP, advice
from .confusion import Confusion, confusions
from .index import ImportanceIndex
from .known_indices import scored_index
from .options import TOP, ImportanceOptions
from .store import KeptRound, hand_out, handed_out, keep_round, kept_rounds

RANK = "importance"
FIXED = ("relabeled", "removed")
_REMOVED = 1 + KINDS.index("removed")


def rank_by_importance(
    run: Run, options: ImportanceOptions, report: Report = silent
) -> dict[str, Any]:
    """Score the run's last iteration by importance, and give the samples to look at next.

    A process that has scored it before brings only the classes up to date that decisions have
    touched since.

    Args:
        run: the run
        options: checked
        report: told of progress; may be called from this thread only

    Returns:
        ``run_key``, ``iteration``, ``samples``, ``left_out`` (samples without a vector),
        ``vectors`` (a sentence: by what was ranked), ``built`` and ``scored`` (rows whose score was
        worked out by this call), ``top`` (sample ids by class, most important first), ``begin``
        (the most confused pairs, see ``class to begin with``), ``round``, ``looked``, ``fixed``,
        ``auroc``, ``advice``, ``stop``

    Raises:
        InputError: if an option cannot be, or another process is working on the run
        Cancelled: if the job was cancelled; nothing is kept then
    """
    options.check(run)
    iteration = run.iteration()
    with Job(run.dataset, run.key, "Ranking by importance", report) as job:
        state = current_state(run, iteration)
        label = _labels_now(run, iteration, state)
        known, scored = scored_index(run, iteration, options, label, part_of(job, 0.0, 0.7))
        if len(scored) or known.rank is None or known.rank != rank_id(run, iteration, RANK):
            write_rank(run, iteration, RANK, known.index.importance)
            known.rank = rank_id(run, iteration, RANK)
            _write_fields(run, iteration, known.index, scored, part_of(job.note, 0.7, 1.0))
        begin = _begin(iteration, known.index, label)
        _keep_round(run, iteration, state, options, known.index, begin)
        top = _top(run, iteration, state, options, known.index, begin)
    rounds = kept_rounds(run)
    found = advice(rounds)
    return {
        "run_key": run.key,
        "iteration": iteration.number,
        "samples": iteration.samples,
        "left_out": int((~known.usable).sum()),
        "vectors": _vectors_said(iteration, options),
        "built": len(scored) == iteration.samples,
        "scored": len(scored),
        "top": top,
        "begin": begin,
        "round": len(rounds),
        "looked": rounds[-1].looked,
        "fixed": rounds[-1].fixed,
        "auroc": rounds[-1].auroc,
        "advice": ADVICE[found],
        "stop": found in STOP,
    }


def _vectors_said(iteration: Iteration, options: ImportanceOptions) -> str:
    """By which vectors samples were ranked, in a sentence."""
    if options.embeddings is not None:
        return f"Ranked by '{options.embeddings}'."
    settings = iteration.settings
    of = {
        "features": f"those of the pretrained network {settings.get('network')}",
        "embeddings": f"made of '{settings.get('embeddings')}'",
        "train": "those of the classifier that was trained"
        if (settings.get("folds") or 1) == 1
        else "made of its out-of-fold predictions",
        "predictions": "made of the predictions",
    }.get(str(settings.get("source")), "those of its iteration")
    return f"Ranked by the run's own features, {of}."


def _labels_now(run: Run, iteration: Iteration, state: RunState) -> npt.NDArray[np.int32]:
    """Class index of each row by what was decided so far; −1 for removed ones and new classes."""
    label = iteration.column("label").astype(np.int32)
    decided = state.decided_rows()
    if not len(decided):
        return label
    ids = unpack_ids(iteration.column("sample_id")[decided])
    stored = label_values(run, ids)
    place = {name: at for at, name in enumerate(iteration.classes)}
    now = np.array([place.get(stored.get(i) or "", -1) for i in ids], np.int32)
    now[np.isin(state.kind[decided], (_REMOVED, DELETED))] = -1
    label[decided] = now
    return label


def _write_fields(
    run: Run,
    iteration: Iteration,
    index: ImportanceIndex,
    scored: npt.NDArray[np.int64],
    report: Report,
) -> None:
    every = len(scored) in (0, iteration.samples)
    rows = np.arange(iteration.samples) if every else scored
    ids = iteration.column("sample_id")[rows]
    write_numbers(run, "importance", ids, index.importance[rows], report, others=every)


def _begin(
    iteration: Iteration, index: ImportanceIndex, label: npt.NDArray[np.int32]
) -> list[dict[str, Any]]:
    found: list[Confusion] = index.begin()
    if index.said is None:
        judged = np.where(iteration.set_apart[label], -1, label)
        found = confusions(judged, iteration.column("prediction"))
    names = iteration.classes
    return [
        {
            "label": names[c.label],
            "prediction": names[c.prediction],
            "samples": c.samples,
            "share": c.share,
        }
        for c in found
    ]


def _keep_round(
    run: Run,
    iteration: Iteration,
    state: RunState,
    options: ImportanceOptions,
    index: ImportanceIndex,
    begin: list[dict[str, Any]],
) -> None:
    auroc = index.auroc()
    known = ~np.isnan(auroc)
    by_kind = np.bincount(state.kind, minlength=len(KINDS) + 1)[: len(KINDS) + 1]
    keep_round(
        run,
        iteration,
        KeptRound(
            iteration=iteration.number,
            embeddings=options.embeddings or "",
            variant=options.variant,
            looked=int(by_kind[1:].sum()),
            fixed=int(sum(by_kind[1 + KINDS.index(kind)] for kind in FIXED)),
            auroc=float(auroc[known].mean()) if known.any() else None,
            auroc_by_class=[None if np.isnan(a) else float(a) for a in auroc],
            begin=begin,
        ),
    )


def _top(
    run: Run,
    iteration: Iteration,
    state: RunState,
    options: ImportanceOptions,
    index: ImportanceIndex,
    begin: list[dict[str, Any]],
) -> dict[str, list[str]]:
    wanted = options.class_size
    if wanted is None:
        wanted = {begin[0]["label"]: TOP} if begin else {}
    ids = iteration.column("sample_id")
    leave_out = state.kind != 0
    if not options.again:
        leave_out |= np.isin(ids, handed_out(run))
    place = {name: at for at, name in enumerate(iteration.classes)}
    found = index.top({place[name]: size for name, size in wanted.items()}, leave_out)
    top = {name: unpack_ids(ids[found[place[name]]]) for name in wanted}
    hand_out(run, [i for given in top.values() for i in given])
    return top
