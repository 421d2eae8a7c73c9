"""What people decided on tags, and answered as a second opinion, beside what the models say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray
from ..errors import InputError
from ..objects.fields import NOTHING
from ..objects.iteration import ObjectIteration
from ..objects.journal_votes import JournalVotes
from ..objects.kept_votes import ObjectVotes, weighed
from ..objects.store import Columns, sorted_items
from ..store.iterations import pack_ids
from ..store.runs import Run
from ..votes.annotators import records
from ..votes.ballots import Ballots
from ..votes.consensus import fit_consensus

APPLIES, NOT = 0, 1
LEAST_VOTES = 50
LEAST_P = 1e-6
MOST_KEPT = 2_000
"""Annotators that are kept with an iteration, those with the most votes."""


@dataclass(frozen=True)
class VotedTags:
    """Tags with what models and people say of them together.

    Attributes:
        columns: of the iteration; tags that nobody voted on are as they were
        found: what is kept of the votes: annotators, how many votes
        said: what was done, in a sentence
    """

    columns: Columns
    found: dict[str, Any]
    said: str
    _votes: ObjectVotes

    def keep(self, run: Run, iteration: ObjectIteration) -> None:
        """Keep the votes, and what one more on each tag is worth, with their iteration."""
        self._votes.keep(run, iteration)


def voted_tags(run: Run, columns: Columns, classes: Sequence[str], seed: int) -> VotedTags:
    """Bring models and the journal's votes together: of each tag, whether it applies.

    Args:
        run: whose decisions and second opinions are votes
        columns: of the iteration, by the models alone
        classes: its class names
        seed: what is drawn to learn from, where there is very much

    Raises:
        InputError: if there are too few votes
    """
    top, nothing = columns["top_class"], len(classes)
    tag = np.where(top[:, 0] == nothing, top[:, 1], top[:, 0])
    labelled = columns["label"] != nothing
    ballots, names, left_out = _ballots(run, columns, tag, classes)
    if len(ballots) < LEAST_VOTES:
        reasons = ", ".join(f"{n:,} × {why}" for why, n in left_out.items())
        raise InputError(
            f"journal_votes: {len(ballots):,} votes on tags in the journal; at least {LEAST_VOTES} "
            f"are needed{f' ({reasons})' if reasons else ''}"
        )
    applies = np.where(labelled, columns["p_label"], 1.0 - columns["p_label"]).astype(np.float64)
    log_p = np.log(np.clip(np.stack([applies, 1.0 - applies], axis=1), LEAST_P, 1.0))
    consensus = fit_consensus(log_p, ballots, seed)
    p, value = weighed(consensus, log_p, ballots)
    heard = ballots.count() > 0
    people = [asdict(one) for one in records(consensus.counts, names, ["it applies", NOTHING])]
    people = people[:MOST_KEPT]
    place = {one["name"]: at for at, one in enumerate(people)}
    listed = np.array([place.get(name, -1) for name in names], np.int32)
    votes = ObjectVotes.of(columns["item_id"], ballots, p, value, listed)
    label = np.where(votes.label == APPLIES, tag[votes.object], nothing).astype(np.int32)
    return VotedTags(
        sorted_items(_together(columns, tag, labelled, p, heard, nothing), nothing),
        {
            "votes": len(ballots),
            "label_counts": False,
            "votes_left_out": [[why, n] for why, n in left_out.most_common(100)],
            "annotators": people,
        },
        f"{len(ballots):,} votes of {len(names):,} people on {int(heard.sum()):,} tags were taken "
        "in.",
        replace(votes, label=label),
    )


def _ballots(
    run: Run, columns: Columns, tag: npt.NDArray[np.int32], classes: Sequence[str]
) -> tuple[Ballots, list[str], Counter[str]]:
    """The votes on the items, who gave them, and how many did not count, by reason."""
    rows = {item: row for row, item in enumerate(columns["item_id"].tolist())}
    people: dict[str, int] = {}
    left_out: Counter[str] = Counter()
    found: list[tuple[int, int, int]] = []
    for said in (one for some in JournalVotes(run).said.values() for one in some):
        row = rows.get(pack_ids([said.item_id]).tolist()[0])
        if row is None:
            left_out["on a tag that no model deems likely"] += 1
        elif said.label not in (None, classes[int(tag[row])]):
            left_out["for another tag than it is now"] += 1
        else:
            who = people.setdefault(said.who, len(people))
            found.append((row, who, NOT if said.label is None else APPLIES))
    row, who, vote = (np.array([one[k] for one in found], np.int64) for k in range(3))
    sizes = {"samples": len(tag), "annotators": len(people), "classes": 2}
    return Ballots.of(row, who, vote, **sizes), list(people), left_out


def _together(
    columns: Columns,
    tag: npt.NDArray[np.int32],
    labelled: BoolArray,
    p: npt.NDArray[np.float64],
    heard: BoolArray,
    nothing: int,
) -> Columns:
    """The columns with what is said together of the tags that somebody voted on."""
    at = np.flatnonzero(heard)
    right = np.where(labelled, p[:, APPLIES], p[:, NOT])[at]
    right = np.clip(right, LEAST_P, 1.0 - LEAST_P)
    applies = p[at, APPLIES] > p[at, NOT]
    likely = np.where(applies, tag[at], nothing)
    found = {name: values.copy() for name, values in columns.items()}
    found["p_label"][at] = right
    found["p_max"][at] = np.maximum(right, 1.0 - right)
    found["suspicion"][at] = np.log1p(-right) - np.log(right)
    found["prediction"][at] = likely
    found["iou"][at] = np.where(labelled[at], right, 0.0)
    found["top_class"][at] = np.stack([likely, np.where(applies, nothing, tag[at])], axis=1)
    found["top_probability"][at, 0] = found["p_max"][at]
    found["top_probability"][at, 1] = 1.0 - found["p_max"][at]
    return found
