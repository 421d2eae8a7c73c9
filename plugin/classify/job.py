"""The main job from end to end: classify, score, keep the iteration, write the fields."""

from __future__ import annotations

import errno
from contextlib import closing
from dataclasses import asdict
from typing import Any

import fiftyone as fo
import numpy as np

from ..abandonable import abandonable
from ..decisions.decision_field import restore_decision_field
from ..decisions.first_labels import first_labels
from ..decisions.state import current_state, standing_decisions
from ..duplicates.job import after_label_errors
from ..errors import InputError
from ..progress import Report, part_of, silent
from ..runs.life import begin_run, begins_anew
from ..runs.renamed import follow_renames
from ..scoring.batches import Batch
from ..scoring.judged import Tally
from ..scoring.lookalikes import warning_of
from ..scoring.scores import score
from ..splits import SplitRule
from ..store.current_jobs import current_job
from ..store.iteration_writer import IterationWriter
from ..store.iterations import Iteration, Rows, pack_ids
from ..store.jobs import Job
from ..store.label_field import check_classification, check_label_field, check_labels
from ..store.listed_runs import deleted_keys
from ..store.own_fields import check_own_fields
from ..store.runs import Run, check_run_key, discard_empty, list_runs, load_run
from ..store.sample_collection import check_images, is_deleted, root_dataset
from ..store.samples import Collection
from ..store.views import check_covers, check_view
from ..store.write_fields import write_scores
from ..vectors.features import from_probabilities
from ..votes.fields import write_consensus
from ..votes.named_annotators import check_annotators
from ..votes.reading import check_vote_fields
from .after_decisions import AfterDecisions
from .auto import Choice, choose_source
from .cleanlab import CleanlabColumns, write_cleanlab_fields
from .result import set_apart, summary_of
from .settings import SKIP, Settings, not_spread
from .sources import open_source
from .voted import VotedSource

SHARE_OF_CLASSIFYING = {
    "train": 0.95,
    "features": 0.95,
    "embeddings": 0.9,
    "predictions": 0.5,
    "votes": 0.5,
}
SHARE_BEFORE_DUPLICATES = {
    "train": 0.93,
    "features": 0.8,
    "embeddings": 0.8,
    "predictions": 0.5,
    "votes": 0.5,
}


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
        ``run_key``, ``iteration``, ``samples``, ``classes``, ``open``, ``set_apart`` (samples whose
        label cannot be judged, see ``scoring.judged``), ``misclassified`` (among open samples that
        are not set apart), ``accuracy`` (share of all scored samples that are not set apart whose
        prediction is the label), ``rare_classes`` and ``unknown_classes`` (those that are set
        apart with their samples: of a classifier that was trained here, or of predictions from
        elsewhere), ``source``, ``chosen`` (what was done and why, and what was
        noticed of it, in sentences), ``assumed`` (how predictions were read), ``weighed`` (how
        much each of several models counts), ``warnings``, ``annotators`` (of those who
        voted: ``name``, ``votes``, ``accuracy`` with ``low`` and ``high``, ``confusions``),
        ``votes_left_out`` (labels that are no votes: a reason and how many, for each reason),
        ``lookalike_labels`` (classes that
        differ by what cannot be seen, or have blanks at their ends), ``skipped`` (a
        count for each reason), ``skipped_samples`` (the first thousand), ``cleanlab`` if asked for
        (``issues``, and ``both``: those that are misclassified too), and ``duplicates``, where
        these are looked for: what ``find_duplicates`` returns, or ``failed``, the reason why there
        are none; the iteration is kept all the same

    Raises:
        InputError: if something given cannot be worked with
        Cancelled: if the job was cancelled
    """
    dataset = root_dataset(samples)
    check_images(samples)
    note = _check_run(samples, settings)
    SplitRule.of_option(settings.splits).check(dataset)
    for field in settings.prediction_fields:
        check_classification(dataset, field, "prediction_fields")
    check_vote_fields(dataset, settings.vote_fields, settings.label_field)
    check_annotators(dataset, settings.vote_fields, settings.annotator_attribute)
    choice = abandonable(
        lambda _: choose_source(samples, settings), part_of(report, 0.0, 0.0), "Choosing a source"
    )
    settings = choice.settings
    with Job(dataset, settings.run_key, "Finding label errors", report) as job:
        end = SHARE_BEFORE_DUPLICATES[settings.source] if settings.duplicates else 1.0
        share = SHARE_OF_CLASSIFYING[settings.source] * end
        try:
            run, iteration, summary = _classify(samples, choice, part_of(job, 0.0, share))
        except OSError as error:
            raise _explained(error) from error
        _write_fields(run, iteration, part_of(job.note, share, end))
        if settings.duplicates:
            summary["duplicates"] = after_label_errors(
                run,
                iteration,
                settings.device,
                part_of(job, end, 1.0),
                settings.splits,
                settings.workers,
            )
    begun = {} if note is None else {"begun_anew": note}
    return {"run_key": run.key, "iteration": iteration.number, **summary, **begun}


def _check_run(samples: Collection, settings: Settings) -> str | None:
    """Check the run that an iteration is for; why it begins anew, if something of it is there."""
    dataset, key = root_dataset(samples), settings.run_key
    follow_renames(dataset)
    there = key in list_runs(dataset)
    if there:
        check_label_field(load_run(dataset, key))
    check_labels(dataset, settings.label_field)
    if settings.unlabelled != SKIP:
        raise InputError("unlabelled: it is for fields of Detections")
    for name in ("class_scores", "classes"):
        if getattr(settings, name):
            raise InputError(
                f"{name}: it is for predicted Detections, and '{settings.label_field}' holds a "
                "Classification. Its predictions carry logits, whose class list is "
                "dataset.classes[field]."
            )
    check_run_key(dataset, key, settings.label_field)
    anew = begins_anew(dataset, key)
    check_own_fields(dataset, key, ours=there or key in deleted_keys(dataset))
    check_view(samples, [settings.label_field, *settings.prediction_fields])
    if there and anew is None:
        run = load_run(dataset, key)
        check_covers(samples, run, list(standing_decisions(run)))
        restore_decision_field(run)
    return anew


def complete_fields(run: Run, report: Report = silent) -> bool:
    """Write the fields of a run's last iteration where a process died before it had done so.

    To be called by whoever opens a run; costs one small query where there is nothing to do.

    Returns:
        whether there was something to do; False as well while another process is working on the
        run, and where the dataset is deleted meanwhile
    """
    try:
        if not run.has_unwritten_fields() or current_job(run.dataset, run.key) is not None:
            return False
        task = "Writing scores onto the samples"
        with Job(run.dataset, run.key, task, report, follow_up=True) as job:
            iteration = run.iteration()
            _write_fields(run, iteration, job.note)
            run.mark_written_late(iteration)
    except InputError:  # another process was quicker
        return False
    except Exception:  # FiftyOne has no one error for what is gone
        if is_deleted(run.dataset):
            return False
        raise
    return True


def _write_fields(run: Run, iteration: Iteration, report: Report) -> None:
    state = current_state(run, iteration.number)
    write_scores(run, iteration, state.open_count, report)
    write_cleanlab_fields(run, iteration, report)
    write_consensus(run, iteration, report)


def _classify(
    samples: Collection, choice: Choice, report: Report
) -> tuple[Run, Iteration, dict[str, Any]]:
    dataset, settings = root_dataset(samples), choice.settings
    source = abandonable(
        lambda _: open_source(samples, settings),
        part_of(report, 0.0, 0.0),
        "Reading labels and weights",
    )
    with (
        IterationWriter(dataset._doc.id, settings.run_key, source.classes) as writer,
        CleanlabColumns(len(source.classes), wanted=settings.cleanlab) as cleanlab,
    ):
        tally = Tally(source.classes)
        after = AfterDecisions(source.classes, _judged_before(dataset, settings))
        with closing(source.batches(report)) as batches:
            for batch in batches:
                rows = _scored(batch)
                writer.append(rows)
                cleanlab.append(batch, rows)
                tally.add(batch, rows.prediction)
                after.add(batch, rows)
        skipped = source.outcome.skipped
        if writer.samples == 0:
            raise InputError(
                f"No sample of '{dataset.name}' could be scored; the most frequent reason: "
                f"{skipped.most_common()}"
            )
        trained = settings.source not in ("predictions", "votes")
        judged = tally.judged(source.outcome.predicted, trained=trained)
        moved = abandonable(lambda _: after.move(writer), report, "Learning from decisions", 1.0)
        here = ""
        if settings.source != "embeddings":  # which says it by itself
            here = not_spread(settings, but_duplicates=settings.duplicates)
        writer.set_apart(judged.apart, judged.suspicion)
        abandonable(cleanlab.compute, report, "cleanlab")
        report(1.0, "Storing the iteration")
        run = begin_run(dataset, settings.run_key, settings.label_field)
        try:
            header = {
                "number": 1 + max((i.number for i in run.iterations()), default=0),
                "settings": {**asdict(settings), **source.outcome.notes},
                "chosen": " ".join(filter(None, [choice.said, *source.outcome.said, moved, here])),
                "counts": judged.counts,
                "set_apart": set_apart(judged, source.classes, settings),
                "assumed": source.outcome.assumed,
                "weighed": source.outcome.weighed,
                "warnings": [
                    text
                    for text in (judged.warning, warning_of(source.classes), *source.outcome.doubts)
                    if text
                ],
                "votes": source.found if isinstance(source, VotedSource) else {},
                "skipped": {"reasons": dict(skipped.reasons), "samples": skipped.samples},
            }
            iteration = writer.commit(header, weights=source.outcome.weights)
        except BaseException:
            discard_empty(run)
            raise
        found = cleanlab.keep(run, iteration)
        if isinstance(source, VotedSource):
            source.keep(run, iteration)
    return run, iteration, summary_of(iteration) | found


def _judged_before(dataset: fo.Dataset, settings: Settings) -> dict[str, str]:
    """The labels that people judged in this run; none where it begins anew."""
    key = settings.run_key
    if key not in list_runs(dataset) or begins_anew(dataset, key) is not None:
        return {}
    return first_labels(load_run(dataset, key))


def _scored(batch: Batch) -> Rows:
    features = batch.features
    return Rows(
        **vars(score(batch.models, batch.label)),
        sample_id=pack_ids(batch.sample_ids),
        label=batch.label.astype(np.int32),
        features=from_probabilities(batch.models)
        if features is None
        else features.astype(np.float16),
    )


def _explained(error: OSError) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InputError(
            f"The disk is full ({error.filename or 'temporary folder'}). Nothing of this iteration "
            "was kept. Free some space, or point TMPDIR to a larger disk."
        )
    return error
