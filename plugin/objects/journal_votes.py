"""What people decided on objects, and answered as a second opinion, as votes of theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..decisions.first_labels import first_item_labels
from ..decisions.given_labels import given_items
from ..opinions.store import NO_CLASS, all_item_answers
from ..store.runs import Run


class Said(NamedTuple):
    """What one person says of one object.

    Attributes:
        item_id: of its label, or of what was missing or removed
        who: the person
        label: the class, None where nothing is there
        box: where it is
    """

    item_id: str
    who: str
    label: str | None
    box: Any


class JournalVotes:
    """What the journal of a run on objects says, as votes.

    Attributes:
        said: by sample id, each person's last word on each object
        before: by label id the class that a judged label had before anybody decided on it, None
            where there was none
    """

    def __init__(self, run: Run):
        last: dict[tuple[str, str], tuple[str, Said]] = {}
        for item, who in all_item_answers(run):
            name = str(item.item_id)
            label = None if item.second == NO_CLASS else item.second
            last[name, who] = str(item.sample_id), Said(name, who, label, item.box)
        for one in given_items(run):  # a decision is a person's last word
            said = Said(one.item_id, one.author, one.label, one.box)
            last[one.item_id, one.author] = one.sample_id, said
        found: dict[str, list[Said]] = defaultdict(list)
        for sample, one in last.values():
            if one.who:
                found[sample].append(one)
        self.said: Mapping[str, Sequence[Said]] = found
        self.before: Mapping[str, str | None] = first_item_labels(run)
