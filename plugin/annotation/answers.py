"""Answers: what annotators said of samples, whichever backend they used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """One annotator's last word on one sample.

    Attributes:
        sample_id: the sample
        labels: what was chosen; more than one where the annotator could not settle on one
        annotator: their name, None where the backend does not give it
    """

    sample_id: str
    labels: tuple[str, ...]
    annotator: str | None


def settled(
    answers: Iterable[Answer], classes: Iterable[str]
) -> tuple[dict[str, Answer], dict[str, tuple[str, list[str]]]]:
    """Samples that have one answer, and those whose answers cannot be used.

    Args:
        answers: of all annotators; a sample may have several
        classes: the labels that can be decided for

    Returns:
        one answer a sample, with all who gave it as its annotator; and for each other sample the
        reason (``annotators_disagree``, ``several_labels`` or ``unknown_label``) and what was said

    Example:
        >>> one = Answer("a", ("cat",), "Ada"), Answer("a", ("cat",), "Bob")
        >>> two = Answer("b", ("cat",), "Ada"), Answer("b", ("dog",), "Bob")
        >>> good, bad = settled([*one, *two], ["cat", "dog"])
        >>> good
        {'a': Answer(sample_id='a', labels=('cat',), annotator='Ada, Bob')}
        >>> bad
        {'b': ('annotators_disagree', ['Ada: cat', 'Bob: dog'])}
    """
    known = set(classes)
    by_sample: dict[str, list[Answer]] = {}
    for answer in answers:
        if answer.labels:
            by_sample.setdefault(answer.sample_id, []).append(answer)
    good: dict[str, Answer] = {}
    bad: dict[str, tuple[str, list[str]]] = {}
    for sample_id, given in by_sample.items():
        said = {label for answer in given for label in answer.labels}
        if any(len(answer.labels) > 1 for answer in given):
            bad[sample_id] = ("several_labels", _told(given))
        elif len(said) > 1:
            bad[sample_id] = ("annotators_disagree", _told(given))
        elif not said <= known:
            bad[sample_id] = ("unknown_label", _told(given))
        else:
            names = sorted({answer.annotator for answer in given if answer.annotator})
            good[sample_id] = Answer(sample_id, (said.pop(),), ", ".join(names) or None)
    return good, bad


def _told(given: list[Answer]) -> list[str]:
    words = [f"{a.annotator or 'somebody'}: {' + '.join(a.labels)}" for a in given]
    return sorted(words)


def name_of(user: Mapping[str, object]) -> str:
    """What a person is called: first and last name, else e-mail address or user name.

    Example:
        >>> name_of({"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org"})
        'Ada Lovelace'
        >>> name_of({"first_name": "", "email": "ada@example.org"})
        'ada@example.org'
    """
    full = " ".join(str(user[k]) for k in ("first_name", "last_name") if user.get(k)).strip()
    for value in (full, user.get("email"), user.get("username")):
        if value:
            return str(value)
    return f"user {user.get('id')}"
