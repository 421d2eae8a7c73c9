"""Predictions with what several people said of the same samples: a source around another one.

All of the other source's predictions lie on the disk until it is known how far each person and the
model are to be believed.
"""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Generator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..abandonable import abandonable
from ..arrays import Float32Array
from ..decisions.first_labels import first_labels
from ..errors import InputError
from ..opinions.votes import votes_of_journal
from ..progress import Report, part_of
from ..scoring.batches import Batch, Source
from ..scoring.probabilities import LogProbabilities, from_logits
from ..scratch import scratch_folder
from ..store.iterations import Iteration
from ..store.runs import Run
from ..store.samples import Collection
from ..store.scores import write_rank
from ..votes.annotators import records
from ..votes.ballots import Ballots, made_of_votes
from ..votes.consensus import Consensus, fit_consensus
from ..votes.job import VALUE_OF_VOTE
from ..votes.kept import keep_votes
from ..votes.next_vote import value_of_vote
from ..votes.reading import SECOND_VOTE, ReadVotes, doubt_of_models, read_votes
from .settings import Settings

SHARE_OF_SOURCE = 0.7
LEAST_VOTES = 50
MOST_KEPT = 2_000
"""Annotators that are kept with an iteration, those with the most votes."""


class VotedSource:
    """Another source's predictions and people's votes as one opinion.

    Args:
        source: the other one
        samples: the dataset or a view of it
        settings: with ``vote_fields``
        run: whose decisions and second opinions are votes as well; None for nobody's
    """

    def __init__(
        self, source: Source, samples: Collection, settings: Settings, run: Run | None = None
    ):
        self._run = run
        self._source, self._samples, self._settings = source, samples, settings
        self.classes = source.classes
        self.outcome = source.outcome
        self.by_votes_alone = settings.source == "votes"
        self.found: dict[str, Any] = {}
        self.values: Float32Array = np.empty(0, np.float32)
        self.label_counts = False
        self._ids: list[str] = []
        self._ballots: Ballots | None = None
        self._wrong: Float32Array = np.empty(0, np.float32)
        self._listed: npt.NDArray[np.int32] = np.empty(0, np.int32)

    def batches(self, report: Report) -> Generator[Batch]:
        """Classify by the other source, learn from all votes, then give each sample's opinion."""
        with _Kept(len(self.classes)) as kept:
            for batch in self._source.batches(part_of(report, 0.0, SHARE_OF_SOURCE)):
                kept.add(batch)
            if not kept.sample_ids:
                return
            rest = part_of(report, SHARE_OF_SOURCE, 1.0)
            read = abandonable(lambda _: self._read(kept), rest, "Reading the votes", 0.0)
            model = None if self.by_votes_alone else kept.log_p()
            learn = part_of(rest, 0.1, 0.9)
            consensus = abandonable(
                lambda told: fit_consensus(model, read.ballots, self._settings.seed, told),
                learn,
                "Learning how people vote",
            )
            self._tell(consensus, read)
            values: list[Any] = []
            wrong: list[Any] = []
            for start, batch in kept.batches():
                end = start + len(batch.sample_ids)
                votes = read.ballots.of_rows(start, end)
                log_p = None if self.by_votes_alone else batch.models[0]
                values.append(value_of_vote(consensus, log_p, votes))
                opinion = consensus(log_p, votes)
                wrong.append(1.0 - np.exp(opinion[votes.sample, votes.label]))
                yield replace(batch, models=[opinion])
            self.values = np.concatenate(values).astype(np.float32)
            self._wrong = np.concatenate(wrong).astype(np.float32)
            self._ids, self._ballots = kept.sample_ids, read.ballots

    def keep(self, run: Run, iteration: Iteration) -> None:
        """Keep the votes, and what one more on each sample is worth, with their iteration."""
        rows = iteration.rows_of(self._ids)
        aligned = np.empty(iteration.samples, np.float32)
        aligned[rows] = self.values
        write_rank(run, iteration, VALUE_OF_VOTE, aligned)
        if self._ballots is None:
            return
        annotator = self._listed[self._ballots.annotator]
        listed = annotator >= 0
        columns = {
            "row": rows[self._ballots.sample].astype(np.int32),
            "annotator": annotator,
            "label": self._ballots.label,
            "wrong": self._wrong,
        }
        keep_votes(run, iteration, {name: values[listed] for name, values in columns.items()})

    def _read(self, kept: _Kept) -> ReadVotes:
        settings = self._settings
        read = read_votes(
            self._samples,
            kept.sample_ids,
            settings.vote_fields,
            settings.annotator_attribute,
            self.classes,
            () if self._run is None else votes_of_journal(self._run),
        )
        if len(read.ballots) < LEAST_VOTES:
            journal = [] if self._run is None else ["the journal"]
            reasons = ", ".join(f"{n:,} × {why}" for why, n in read.left_out.most_common(3))
            raise InputError(
                f"{'vote_fields' if settings.vote_fields else 'journal_votes'}: "
                f"{len(read.ballots):,} votes in {', '.join([*settings.vote_fields, *journal])}; "
                f"at least {LEAST_VOTES} are needed{f' ({reasons})' if reasons else ''}"
            )
        label = self._as_it_was(kept)
        self.label_counts = not made_of_votes(read.ballots, label)
        if not self.label_counts:
            return read
        names = [*read.names, f"{settings.label_field} (the label)"]
        return ReadVotes(read.ballots.with_labels(label), names, read.left_out)

    def _as_it_was(self, kept: _Kept) -> npt.NDArray[np.int64]:
        """The class of each label, before people whose decisions are votes decided on it.

        What they gave or confirmed is their vote, and would count twice; -1 where the label was
        none of the classes.
        """
        label = kept.label()
        if self._run is None:
            return label
        index = {name: at for at, name in enumerate(self.classes)}
        before = first_labels(self._run)
        at = [row for row, sample_id in enumerate(kept.sample_ids) if sample_id in before]
        label[at] = [index.get(before[kept.sample_ids[row]], -1) for row in at]
        return label

    def _tell(self, consensus: Consensus, read: ReadVotes) -> None:
        names, crowd = read.names, consensus.crowd
        people = records(consensus.counts, names, list(self.classes))[:MOST_KEPT]
        place = {one.name: at for at, one in enumerate(people)}
        self._listed = np.array([place.get(name, -1) for name in names], np.int32)
        voted = int((read.ballots.count() > 0).sum())
        counts = "counts as one more opinion" if self.label_counts else "is what the votes say"
        self.outcome.doubts = [
            *self.outcome.doubts,
            *filter(None, [doubt_of_models(self._samples, self._settings.vote_fields)]),
        ]
        of_people = len(names) - self.label_counts
        by_people = read.ballots.annotator < of_people
        on = len(np.unique(read.ballots.sample[by_people]))
        self.outcome.said.append(
            f"{int(by_people.sum()):,} votes of {of_people:,} annotators on {on:,} samples were "
            f"taken in; the label {counts}. Three votes on one sample are worth "
            f"{3 * float(crowd.worth(np.array([3]))[0]):.1f} independent ones."
        )
        again = read.left_out[SECOND_VOTE]
        if again:
            self.outcome.said.append(
                f"{again:,} votes did not count: the same annotator voted on the same sample "
                "again, and what comes last is their vote."
            )
        self.found = {
            "votes": len(read.ballots),
            "voted_samples": voted,
            "label_counts": self.label_counts,
            "votes_left_out": [[why, n] for why, n in read.left_out.most_common(100)],
            "annotators": [asdict(one) for one in people],
        }


class _Kept:
    """Batches on the disk: probabilities where any row can be read, the rest in order."""

    def __init__(self, classes: int):
        self._classes = classes
        self._labels: list[np.ndarray] = []
        self.sample_ids: list[str] = []

    def __enter__(self) -> _Kept:
        self._folder: Path = scratch_folder("votes")
        self._numbers = (self._folder / "log_p").open("wb")
        self._rest = (self._folder / "rest").open("wb")
        return self

    def __exit__(self, *error: object) -> None:
        self._numbers.close()
        self._rest.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, batch: Batch) -> None:
        """Keep a batch; several models become one, by the mean of their logarithms."""
        log_p = from_logits(np.mean(batch.models, axis=0)).astype(np.float32)
        self._numbers.write(np.ascontiguousarray(log_p).tobytes())
        pickle.dump(replace(batch, models=[]), self._rest, protocol=pickle.HIGHEST_PROTOCOL)
        self._labels.append(batch.label)
        self.sample_ids += batch.sample_ids

    def label(self) -> np.ndarray:
        """int64 (n,), the class index of each label."""
        return np.concatenate(self._labels)

    def log_p(self) -> LogProbabilities:
        """The log-probabilities of all samples, (n, C)."""
        self._numbers.flush()
        shape = len(self.sample_ids), self._classes
        mapped: Any = np.memmap(self._folder / "log_p", np.float32, "r", shape=shape)
        return mapped

    def batches(self) -> Generator[tuple[int, Batch]]:
        """Every batch again, with the row that it begins at."""
        self._rest.flush()
        log_p, start = self.log_p(), 0
        with (self._folder / "rest").open("rb") as file:
            for _ in self._labels:
                batch: Batch = pickle.load(file)  # written above, by this process
                end = start + len(batch.sample_ids)
                yield start, replace(batch, models=[np.asarray(log_p[start:end], np.float64)])
                start = end
