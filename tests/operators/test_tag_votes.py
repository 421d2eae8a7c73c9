"""``find_label_errors(journal_votes=True)`` on tags: decisions and second opinions are votes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bson import ObjectId

from plugin.objects.iteration import object_iteration
from plugin.objects.resolve import resolve
from plugin.store.runs import load_run
from plugin.store.samples import samples_of
from plugin.votes.kept import kept_votes
from tests.tagged_digits import CLASSES, tagged_dataset
from tests.traces import database_of

pytestmark = pytest.mark.slow


@pytest.fixture
def found(dataset_name: str, tmp_path: Path, operator: Any) -> Iterator[Any]:
    """Tagged pictures, what is on them, and how errors are found once more."""
    dataset, planted = tagged_dataset(dataset_name, tmp_path)
    find = operator("find_label_errors")

    def again(**given: Any) -> Any:
        made = find(dataset, "gt", source="predictions", prediction_fields=["scores"], **given)
        dataset.reload()
        return made

    again()
    yield dataset, planted, again
    dataset.delete()


def tags_of(dataset: Any, planted: Any) -> dict[str, tuple[str, bool]]:
    """Name of each tag by its id, and whether it is on its picture."""
    order = {i: at for at, i in enumerate(dataset.values("id"))}
    return {
        str(one["_id"]): (
            one["label"],
            bool(planted.truth[order[str(d["_id"])], CLASSES.index(one["label"])]),
        )
        for d in samples_of(dataset).find({})
        for one in d["gt"]["classifications"]
    }


def test_what_two_people_say_of_tags_counts_for_them(found: Any, operator: Any) -> None:
    dataset, planted, again = found
    run, tags = load_run(dataset, "deconfuse"), tags_of(dataset, planted)
    wrong = [i for i, (_, right) in tags.items() if not right]
    right = [i for i, (_, right) in tags.items() if right][:40]
    asked = operator("request_second_opinion")
    for who in ("bob", "eve"):
        asked(dataset, who, label_ids=[*wrong, *right])
        said = {i: tags[i][0] if tags[i][1] else "(nothing there)" for i in [*wrong, *right]}
        asked(dataset, answers=said)
    resolve(run, "confirm", right[:5], author="ada")
    taken = resolve(run, "confirm", right[5:9], author="ada")
    operator("undo")(dataset, decision=taken.decision)
    alone = again()
    before = suspicion(dataset)
    together = again(journal_votes=True)
    after = suspicion(dataset)
    assert "annotators" not in alone
    people = {one["name"]: one["votes"] for one in together["annotators"]}
    assert people == {"bob": len(said), "eve": len(said), "ada": 5}
    assert together["votes"] == 2 * len(said) + 5
    assert all(one["accuracy"] > 0.8 for one in together["annotators"])
    # Every tag that both see nothing of is suspect, and what both see is not.
    assert all(after[i] > 0 for i in wrong)
    assert all(after[i] < 0 for i in right)
    assert np.mean([after[i] > before[i] for i in wrong]) > 0.8
    assert all(after[i] == before[i] for i in tags if i not in said)
    # The consensus can be accepted, and taken back.
    accept = operator("accept_consensus")
    plan = accept(dataset, 0.9)
    open_wrong = sum(after[i] > np.log(9) for i in wrong)
    assert plan["by_act"]["remove"] >= open_wrong > 3
    check = accept(dataset, 0.9, check_size=3, seed=1)
    accept(dataset, check=check["check"], exceptions=[])
    stored = list(samples_of(dataset).find({}, {"last_modified_at": 0}))
    done = accept(dataset, check=check["check"], accept=True)
    assert done["by_act"] == plan["by_act"]
    left = tags_of(dataset, planted)
    assert [i for i in wrong if after[i] > np.log(9) and i in left] == []
    for decision in done["decisions"]:
        operator("undo")(dataset, decision=decision)
    assert list(samples_of(dataset).find({}, {"last_modified_at": 0})) == stored


def proposed(dataset: Any, planted: Any) -> dict[str, tuple[str, bool]]:
    """Name of each tag that is proposed as missing by its id, and whether it is on its picture."""
    return {
        d.id: (d.label, bool(planted.truth[at, CLASSES.index(d.label)]))
        for at, s in enumerate(dataset)
        for d in s.deconfuse_missing.classifications
    }


def said_of(tags: dict[str, tuple[str, bool]]) -> dict[str, str]:
    return {i: name if there else "(nothing there)" for i, (name, there) in tags.items()}


def test_a_missing_tag_that_people_see_is_added_and_another_is_not(
    found: Any, operator: Any
) -> None:
    dataset, planted, again = found
    missing, alone = proposed(dataset, planted), missing_suspicion(dataset)
    absent = [i for i, (_, there) in missing.items() if not there]
    there = [i for i, (_, there) in missing.items() if there]
    assert min(len(absent), len(there)) > 3
    spare = [i for i, (_, right) in tags_of(dataset, planted).items() if right][:50]
    right = {i: tags_of(dataset, planted)[i] for i in spare}
    asked = operator("request_second_opinion")
    for who in ("bob", "eve"):
        asked(dataset, who, label_ids=[*missing, *right])
        asked(dataset, answers=said_of(missing | right))
    # A tag that is another one now is not what they were asked about, nor is one that is gone.
    run = load_run(dataset, "deconfuse")
    renamed, gone = spare[0], spare[1]
    free = next(
        c
        for c in CLASSES
        if all(
            c != one["label"]
            for d in samples_of(dataset).find({"gt.classifications._id": ObjectId(renamed)})
            for one in d["gt"]["classifications"]
        )
    )
    resolve(run, "relabel", [renamed], label=free, author="ada")
    taken = {"$pull": {"gt.classifications": {"_id": ObjectId(gone)}}}
    samples_of(dataset).update_many({}, taken)
    result = again(journal_votes=True)
    assert dict(result["votes_left_out"]) == {
        "on a tag that no model deems likely": 2,
        "for another tag than it is now": 2,
    }
    people = {one["name"]: one["votes"] for one in result["annotators"]}
    votes = people.pop("bob")
    assert people == {"eve": votes, "ada": 1}
    assert votes == len(missing) + len(right) - 2
    iteration = object_iteration(run)
    rows = dict(zip(missing, iteration.rows_of(list(missing)).tolist(), strict=True))
    score = iteration.column("suspicion")
    assert all(rows[i] >= 0 and score[rows[i]] > 0 for i in there)
    assert all(rows[i] < 0 or score[rows[i]] < 0 for i in absent)
    # Of what people say alike, the models make one surer than another, as they did alone.
    together = [score[rows[i]] for i in there]
    assert np.corrcoef([alone[i] for i in there], together)[0, 1] > 0.5
    for i in there:
        assert iteration.classes[iteration.likeliest()[rows[i]]] == missing[i][0]
    top, sure = iteration.column("top_class"), iteration.column("top_probability")
    assert (top[:, 0] == iteration.likeliest()).all()
    assert (sure[:, 0] >= sure[:, 1]).all()
    # Who said what of each is kept: the tag, or that it does not apply.
    kept = kept_votes(run, iteration)
    listed = [i for i in missing if rows[i] >= 0]
    of_each = kept.on_rows(np.array([rows[i] for i in listed]))
    for item, of_item in zip(listed, of_each, strict=True):
        name, applies = missing[item]
        said = CLASSES.index(name) if applies else iteration.nothing
        assert dict(of_item) == {"bob": said, "eve": said}
    before = {i for s in dataset for i in (d.id for d in s.gt.classifications)}
    accept = operator("accept_consensus")
    check = accept(dataset, 0.9, check_size=3, seed=1)
    accept(dataset, check=check["check"], exceptions=[], accept=True)
    dataset.reload()
    added = {i for s in dataset for i in (d.id for d in s.gt.classifications)} - before
    assert not added & set(absent)
    assert len(added & set(there)) > len(there) / 2


def suspicion(dataset: Any) -> dict[str, float]:
    return {c.id: c.deconfuse_suspicion for s in dataset for c in s.gt.classifications}


def test_too_few_votes_are_refused_and_change_nothing(found: Any, operator: Any) -> None:
    dataset, planted, again = found
    item = next(iter(tags_of(dataset, planted)))
    resolve(load_run(dataset, "deconfuse"), "confirm", [item], author="ada")
    before = database_of(dataset)
    with pytest.raises(Exception, match="journal_votes: 1 votes on tags in the journal; at least"):
        again(journal_votes=True)
    with pytest.raises(Exception, match="vote_fields: votes are not taken in on tags yet"):
        again(vote_fields=["model"])
    with pytest.raises(Exception, match="tags are not judged by votes alone yet"):
        operator("find_label_errors")(dataset, "gt", source="votes", journal_votes=True)
    assert database_of(dataset) == before


def missing_suspicion(dataset: Any) -> dict[str, float]:
    every = (d for s in dataset for d in s.deconfuse_missing.classifications)
    return {d.id: d.deconfuse_suspicion for d in every}
