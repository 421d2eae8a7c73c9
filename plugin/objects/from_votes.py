"""Wrong, spurious and missing labels by what several people drew, without a detector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..abandonable import abandonable
from ..classify.journal_run import run_so_far
from ..classify.settings import Settings
from ..errors import InputError
from ..progress import Report, part_of
from ..store.iterations import pack_ids
from ..store.runs import Run
from ..store.samples import Collection
from ..votes.annotators import records
from ..votes.ballots import Ballots, made_of_votes
from ..votes.consensus import Consensus
from ..votes.reading import doubt_of_models
from .empty_places import fit_objects
from .iteration import ObjectIteration
from .journal_votes import JournalVotes
from .kept_votes import ObjectVotes, weighed
from .read_checks import some_of
from .reading import ObjectReader
from .scoring import MISSING
from .store import Columns, sorted_items
from .vote_reading import VoteReader, drawn_classes
from .voted_objects import Agreed, Objects, Whole

NOTHING = "(nothing there)"
LEAST_VOTES = 20
MOST_KEPT = 1_000


class VoteSource:
    """Judges objects by what several people drew on their images.

    Args:
        samples: the dataset or a view of it
        settings: ``vote_fields``, ``annotator_attribute`` and ``journal_votes``

    Attributes:
        reader: has read the labels, once ``columns`` was called
        said: what was done, in sentences
        kinds: of errors that are looked for
        found: what is kept of the votes: annotators, how many votes
        doubts: what may be wrong with the votes, in sentences
        agreed: the consensus

    Raises:
        InputError: if labels or votes cannot be worked with
    """

    kinds = ("class", "spurious", MISSING)

    def __init__(self, samples: Collection, settings: Settings):
        self._samples, self._settings = samples, settings
        run = run_so_far(samples, settings)
        self._journal = None if run is None else JournalVotes(run)
        if run is None and not drawn_classes(samples, settings.vote_fields):
            raise InputError(
                f"vote_fields: no box in {', '.join(map(repr, settings.vote_fields))} has a class"
            )
        self.reader = ObjectReader(
            samples,
            settings.label_field,
            (),
            unlabelled=settings.unlabelled,
            also={name: drawn_classes(samples, [name]) for name in settings.vote_fields},
        )
        self.said = ""
        self.found: dict[str, Any] = {}
        self.doubts: list[str] = []
        self.agreed: Agreed | None = None
        self._kept: ObjectVotes | None = None

    @cached_property
    def _votes(self) -> VoteReader:
        """Reads votes by the classes of ``reader``, which is the last one when it is first used."""
        return VoteReader(
            self._samples,
            self._settings.vote_fields,
            self._settings.annotator_attribute,
            self.reader.classes,
            None if self._journal is None else self._journal.said,
        )

    def keep(self, run: Run, iteration: ObjectIteration, named: Mapping[bytes, bytes]) -> None:
        """Keep the votes, and what one more on each object is worth, with their iteration.

        Args:
            run: the run
            iteration: the iteration
            named: the ids of objects that have another one there than in ``columns``
        """
        if self._kept is not None:
            self._kept.named(named).keep(run, iteration)

    def columns(self, report: Report) -> Columns:
        """What is kept of every label, and of every object that lacks one."""
        found = Objects(len(self.reader.classes))
        for images in self.reader.batches(part_of(report, 0.0, 0.5)):
            found.add(images, self._votes, self.reader.skipped)
        return abandonable(
            lambda told: self._judged(found, told), part_of(report, 0.5, 1.0), "Weighing the votes"
        )

    def _judged(self, found: Objects, report: Report) -> Columns:
        objects = found.whole()
        names, classes = self._votes.names, len(self.reader.classes)
        ballots = given = self._ballots(objects, classes)
        places = found.places(objects, len(names), self._settings.seed)
        label = self._as_it_was(objects)
        counts = not made_of_votes(ballots, label)
        if counts:
            ballots, places = ballots.with_labels(label), places.with_labels()
            names = [*names, f"{self._settings.label_field} (the label)"]
        consensus = fit_objects(ballots, places, self._settings.seed, report)
        p, value = weighed(consensus, None, ballots)
        self._tell(consensus, given, names, objects, label_counts=counts)
        self._kept = ObjectVotes.of(objects.item_id, ballots, p, value, self._places_in_list(names))
        self.agreed = objects.agreed(p, classes)
        return sorted_items(objects.columns(p, classes), classes)

    def _ballots(self, objects: Whole, classes: int) -> Ballots:
        """The votes on some objects. InputError where there are too few."""
        settings = self._settings
        ballots = objects.ballots(len(self._votes.names), classes)
        if len(ballots) < LEAST_VOTES:
            reasons = ", ".join(f"{n:,} × {why}" for why, n in self._votes.left_out.items())
            where = [*settings.vote_fields, *(["the journal"] if self._journal else [])]
            raise InputError(
                f"{'vote_fields' if settings.vote_fields else 'journal_votes'}: "
                f"{len(ballots):,} votes on objects in {', '.join(where)}; at least {LEAST_VOTES} "
                f"are needed{f' ({reasons})' if reasons else ''}"
            )
        return ballots

    def _as_it_was(self, objects: Whole) -> npt.NDArray[np.int64]:
        """The class of each label, before people whose decisions are votes decided on it."""
        if self._journal is None or not self._journal.before:
            return objects.label
        classes, label = self.reader.classes, objects.label.copy()
        index = {name: at for at, name in enumerate(classes)}
        before = {pack_ids([i])[0]: name for i, name in self._journal.before.items()}
        for at, item in enumerate(objects.item_id):
            if item in before:
                name = before[item]
                label[at] = len(classes) if name is None else index.get(name, -1)
        return label

    def _tell(
        self,
        consensus: Consensus,
        ballots: Ballots,
        names: list[str],
        objects: Whole,
        *,
        label_counts: bool,
    ) -> None:
        listed = [*self.reader.classes, NOTHING]
        people = [asdict(one) for one in records(consensus.counts, names, listed)[:MOST_KEPT]]
        overlap = objects.mean_overlap(len(names))
        place = {name: at for at, name in enumerate(names)}
        for one in people:
            value = overlap[place[one["name"]]]
            one["iou"] = None if np.isnan(value) else round(float(value), 4)
        counts = "counts as one more opinion" if label_counts else "is what the votes say"
        people_there = len(names) - label_counts
        self.said = (
            f"{len(ballots):,} votes of {people_there:,} annotators on {len(objects.label):,} "
            f"objects were taken in; the label {counts}."
        )
        of_models = doubt_of_models(self._samples, self._settings.vote_fields)
        self.doubts = list(filter(None, [of_models, self._foreign(objects)]))
        self.found = {
            "votes": len(ballots),
            "label_counts": label_counts,
            "votes_left_out": [[why, n] for why, n in self._votes.left_out.most_common(100)],
            "annotators": people,
        }

    def _places_in_list(self, names: list[str]) -> npt.NDArray[np.int32]:
        """The place of each annotator among those that are kept, -1 where they are not."""
        place = {one["name"]: at for at, one in enumerate(self.found["annotators"])}
        return np.array([place.get(name, -1) for name in names], np.int32)

    def _foreign(self, objects: Whole) -> str:
        """What to say of votes for classes that no label has; nothing where there are none."""
        classes = self.reader.classes
        foreign = np.array([name not in self.reader.labelled for name in classes] + [False])
        of_vote, drawn = foreign[objects.said], objects.said < len(classes)
        if not of_vote.any():
            return ""
        drawn_by = np.bincount(objects.group[drawn], minlength=len(objects.label))
        unlabelled = objects.label[objects.group] == len(classes)
        alone = int((of_vote & unlabelled & (drawn_by[objects.group] == 1)).sum())
        names = some_of({classes[i] for i in np.unique(objects.said[of_vote]).tolist()})
        return (
            f"{int(of_vote.sum()):,} boxes of votes are of classes that no label has ({names}). "
            f"{alone:,} of them lie where one person alone drew something and no label is, which "
            "is seldom enough for a missing object to be proposed."
        )
