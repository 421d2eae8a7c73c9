"""What people draw where nothing is: learnt although only what somebody drew is known."""

from __future__ import annotations

import numpy as np
import pytest

from plugin.objects.empty_places import Drawing, Places, fit_objects, places_an_image
from plugin.votes.ballots import Ballots
from plugin.votes.consensus import fit_consensus

IMAGES, ROOM, CLASSES = 400, 50, 3
MISSES = np.array([0.05, 0.1, 0.3])
OFTEN = np.array([0.1, 0.4, 2.0])
"""Of three annotators: share of objects missed, and boxes an image where nothing is."""


def drawn(seed: int) -> tuple[Ballots, np.ndarray]:
    """Votes on all that somebody drew, the class 3 being *nothing*, and what each really is."""
    g = np.random.default_rng(seed)
    truth = np.full(IMAGES * ROOM, CLASSES)
    truth[g.random(len(truth)) < 0.05] = 0
    truth[truth == 0] = g.integers(CLASSES, size=int((truth == 0).sum()))
    there = truth[:, None] < CLASSES
    drew = np.where(there, g.random((len(truth), 3)) >= MISSES, g.random((len(truth), 3)) < 0)
    drew |= ~there & (g.random((len(truth), 3)) < OFTEN / ROOM)
    said = np.where(there, truth[:, None], g.integers(CLASSES, size=drew.shape))
    said = np.where(drew, said, CLASSES)
    known = drew.any(axis=1)
    sample, who = np.nonzero(np.ones((int(known.sum()), 3), bool))
    votes = Ballots.of(
        sample, who, said[known].ravel(), samples=int(known.sum()), annotators=3, classes=4
    )
    return votes, truth[known]


def test_places_are_as_many_as_boxes_beside_each_other_have_room() -> None:
    grid = np.array([[x / 5, y / 4, 0.2, 0.25] for x in range(5) for y in range(4)])
    g = np.random.default_rng(0)
    box, image = grid[g.integers(20, size=4_000)], np.arange(4_000) // 4
    assert places_an_image(box, image) == pytest.approx(20, rel=0.05)
    assert places_an_image(box[:4], image[:4]) == 1  # nothing on other images
    assert places_an_image(box[:0], image[:0]) == 1


@pytest.mark.parametrize("seed", range(3))
def test_who_draws_where_nothing_is_is_learnt_from_what_is_drawn(seed: int) -> None:
    votes, truth = drawn(seed)
    places = Places(np.full(3, float(IMAGES)), IMAGES, float(ROOM))
    found = fit_objects(votes, places)
    people = found.annotators
    assert isinstance(people, Drawing)
    np.testing.assert_allclose(people.often[1:] * ROOM, OFTEN[1:], rtol=0.25)
    assert people.often[0] * ROOM < 0.2  # as few as others miss both at once
    p = np.exp(found(None, votes))
    np.testing.assert_allclose(p.sum(axis=1), 1)
    nothing = truth == CLASSES
    # Probabilities are what they say, and not those of the objects that happened to be drawn.
    assert abs(p[:, CLASSES].sum() - nothing.sum()) < 0.05 * len(truth)
    by_selection = np.exp(fit_consensus(None, votes)(None, votes))
    assert (p.argmax(axis=1) != truth).mean() <= (by_selection.argmax(axis=1) != truth).mean()
    assert np.mean((p[:, CLASSES] - nothing) ** 2) < np.mean(
        (by_selection[:, CLASSES] - nothing) ** 2
    )


def test_that_others_drew_nothing_says_more_than_who_drew_it() -> None:
    votes, _ = drawn(0)
    found = fit_objects(votes, Places(np.full(3, float(IMAGES)), IMAGES, float(ROOM)))

    def nothing(*said: int) -> float:
        one = Ballots.of([0, 0, 0], [0, 1, 2], said, samples=1, annotators=3, classes=4)
        return float(np.exp(found(None, one))[0, CLASSES])

    assert nothing(3, 3, 0) > nothing(3, 0, 3) > nothing(0, 3, 3)
    assert nothing(3, 3, 0) > 0.9 > 0.1 > nothing(0, 0, 3)
    average = found.annotators.average() if isinstance(found.annotators, Drawing) else None
    assert average is not None
    np.testing.assert_allclose(average.confusion.sum(axis=2), 1)
    assert average.confusion[0, CLASSES, CLASSES] > 0.95
