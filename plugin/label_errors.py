"""The main job from end to end: classify, score, keep the iteration, write the fields."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from .cleanlab_columns import CleanlabColumns, write_cleanlab_fields
from .deciding.state import current_state
from .errors import InputError
from .keeping.fields import (
    check_classification,
    check_images,
    check_own_fields,
    root_dataset,
    write_scores,
)
from .keeping.iterations import Iteration, IterationWriter, Rows, pack_ids
from .keeping.jobs import Job, current_job
from .keeping.runs import Run, check_run_key, create_run, discard_empty, list_runs
from .keeping.samples import Collection
from .near_duplicates import after_label_errors
from .progress import Report, part_of, silent
from .scoring.batches import Batch, Source
from .scoring.features import from_probabilities
from .scoring.scores import score
from .settings import Settings

SHARE_OF_CLASSIFYING = {"train": 0.95, "embeddings": 0.9, "predictions": 0.5}
SHARE_BEFORE_DUPLICATES = 0.8


def find_label_errors(
    samples: Collection, settings: Settings, report: Report = silent
) -> dict[str, Any]:
    """Classify every sample, score it for label errors, and keep this as the run's next iteration.

    Nothing is kept where this raises: the iteration becomes visible in one step, after all that can
    fail or be cancelled.

    Args:
        samples: a dataset of labelled images, or a view that selects some of them
        settings: what to do
        report: told of progress; may be called from this thread only

    Returns:
        ``run_key``, ``iteration``, ``samples``, ``classes``, ``open``, ``misclassified`` (among
        open samples), ``accuracy`` (share of all scored samples whose prediction is the label),
        ``skipped`` (a count for each reason), ``skipped_samples`` (the first thousand),
        ``cleanlab`` if asked for (``issues``, and ``both``: those that are misclassified too), and
        ``duplicates``, where these are looked for: what ``find_duplicates`` returns, or ``failed``,
        the reason why there are none; the iteration is kept all the same

    Raises:
        InputError: if something given cannot be worked with
        Cancelled: if the job was cancelled
    """
    dataset = root_dataset(samples)
    check_images(samples)
    check_classification(dataset, settings.label_field, "label_field")
    check_run_key(dataset, settings.run_key, settings.label_field)
    if settings.run_key not in list_runs(dataset):
        check_own_fields(dataset, settings.run_key)
    for field in settings.prediction_fields:
        check_classification(dataset, field, "prediction_fields")
    with Job(dataset, settings.run_key, "Finding label errors", report) as job:
        end = SHARE_BEFORE_DUPLICATES if settings.duplicates else 1.0
        share = SHARE_OF_CLASSIFYING[settings.source] * end
        try:
            run, iteration, summary = _classify(samples, settings, part_of(job, 0.0, share))
        except OSError as error:
            raise _explained(error) from error
        _write_fields(run, iteration, part_of(report, share, end))
        if settings.duplicates:
            summary["duplicates"] = after_label_errors(
                run, iteration, settings.device, part_of(job, end, 1.0)
            )
    return {"run_key": run.key, "iteration": iteration.number, **summary}


def complete_fields(run: Run, report: Report = silent) -> bool:
    """Write the fields of a run's last iteration where a process died before it had done so.

    To be called by whoever opens a run; costs one small query where there is nothing to do.

    Returns:
        whether there was something to do; False as well while another process is working on the run
    """
    if not run.has_unwritten_fields() or current_job(run.dataset, run.key) is not None:
        return False
    try:
        with Job(run.dataset, run.key, "Writing scores onto the samples", report):
            iteration = run.iteration()
            _write_fields(run, iteration, report)
            run.mark_written_late(iteration)
    except InputError:  # another process was quicker
        return False
    return True


def _write_fields(run: Run, iteration: Iteration, report: Report) -> None:
    state = current_state(run, iteration.number)
    write_scores(run, iteration, state.open_count, report)
    write_cleanlab_fields(run, iteration, report)


def _classify(
    samples: Collection, settings: Settings, report: Report
) -> tuple[Run, Iteration, dict[str, Any]]:
    dataset = root_dataset(samples)
    source = _source(samples, settings)
    with (
        IterationWriter(dataset._doc.id, settings.run_key, source.classes) as writer,
        CleanlabColumns(len(source.classes), wanted=settings.cleanlab) as cleanlab,
    ):
        tally = _Tally()
        with closing(source.batches(report)) as batches:
            for batch in batches:
                rows = _scored(batch)
                writer.append(rows)
                cleanlab.append(batch, rows)
                tally.add(rows, batch.decided)
        skipped = source.outcome.skipped
        if writer.samples == 0:
            raise InputError(
                f"No sample of '{dataset.name}' could be scored; the most frequent reason: "
                f"{skipped.most_common()}"
            )
        cleanlab.compute(report)
        report(1.0, "Storing the iteration")
        run = create_run(dataset, settings.run_key, settings.label_field)
        try:
            header = {
                "number": 1 + max((i.number for i in run.iterations()), default=0),
                "settings": {**asdict(settings), **source.outcome.notes},
                "counts": tally.counts(),
                "skipped": {"reasons": dict(skipped.reasons), "samples": skipped.samples},
            }
            iteration = writer.commit(header, weights=source.outcome.weights)
        except BaseException:
            discard_empty(run)
            raise
        found = cleanlab.keep(run, iteration)
    return run, iteration, _summary(iteration) | found


def _source(samples: Collection, settings: Settings) -> Source:
    # Imported where they are used: torch and the zoo take seconds, and the App imports this file.
    decision_field = f"{settings.run_key}_decision"
    if settings.source == "predictions":
        from .sources.predictions import PredictionSource

        return PredictionSource(
            samples, settings.label_field, settings.prediction_fields, decision_field
        )
    if settings.source == "embeddings":
        from .sources.embeddings import EmbeddingSource

        return EmbeddingSource(samples, settings, decision_field)
    from .sources.training import TrainingSource

    return TrainingSource(samples, settings, decision_field)


def _scored(batch: Batch) -> Rows:
    scores = score(batch.models, batch.label)
    features = batch.features
    return Rows(
        sample_id=pack_ids(batch.sample_ids),
        label=batch.label.astype(np.int32),
        prediction=scores.prediction,
        p_label=scores.p_label,
        p_max=scores.p_max,
        suspicion=scores.suspicion,
        top_class=scores.top_class,
        top_probability=scores.top_probability,
        features=from_probabilities(batch.models)
        if features is None
        else features.astype(np.float16),
    )


class _Tally:
    """Counts over the batches of an iteration."""

    def __init__(self) -> None:
        self._samples = self._agreeing = self._open = self._misclassified = 0

    def add(self, rows: Rows, decided: npt.NDArray[np.bool_]) -> None:
        agrees = rows.label == rows.prediction
        self._samples += len(rows)
        self._agreeing += int(agrees.sum())
        self._open += int((~decided).sum())
        self._misclassified += int((~decided & ~agrees).sum())

    def counts(self) -> dict[str, Any]:
        return {
            "samples": self._samples,
            "open": self._open,
            "misclassified": self._misclassified,
            "accuracy": self._agreeing / self._samples,
        }


def _summary(iteration: Iteration) -> dict[str, Any]:
    skipped: Mapping[str, Any] = iteration.document["skipped"]
    return {
        **iteration.counts,
        "classes": len(iteration.classes),
        "skipped": dict(skipped["reasons"]),
        "skipped_samples": list(skipped["samples"]),
    }


def _explained(error: OSError) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InputError(
            f"The disk is full ({error.filename or 'temporary folder'}). Nothing of this iteration "
            "was kept. Free some space, or point TMPDIR to a larger disk."
        )
    return error
