"""The map's arithmetic: neighbours with another label, and places among landmarks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from plugin.layout.landmarks import draw_landmarks, placed
from plugin.layout.neighbourhood import neighbour_disagreement
from plugin.vectors.neighbours import NeighbourIndex


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 8))
def test_disagreement_is_counted_neighbour_by_neighbour(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    near = rng.integers(-1, n, (n, k))
    expected = []
    for row in range(n):
        known = [j for j in near[row] if j >= 0]
        expected.append(sum(labels[j] != labels[row] for j in known) / max(len(known), 1))
    np.testing.assert_allclose(neighbour_disagreement(near, labels, labels), expected, rtol=1e-6)


def test_a_wrong_label_in_a_cluster_stands_out() -> None:
    rng = np.random.default_rng(51)
    vectors = np.concatenate([rng.normal(0, 1, (100, 8)), rng.normal(20, 1, (100, 8))])
    labels = np.repeat([0, 1], 100)
    labels[[3, 150]] = [1, 0]
    near, _ = NeighbourIndex(vectors).nearest(15)
    found = neighbour_disagreement(near, labels, labels)
    assert set(np.argsort(-found)[:2]) == {3, 150}
    assert (found[[3, 150]] == 1.0).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 30))
def test_places_lie_within_those_of_the_nearest_landmarks(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, landmarks = rng.normal(size=(n, 4)), rng.normal(size=(m, 4))
    layout = rng.normal(size=(m, 2)).astype(np.float32)
    found = np.concatenate(list(placed(vectors, landmarks, layout)))
    k = min(5, m)
    near = NearestNeighbors(n_neighbors=k).fit(landmarks).kneighbors(vectors)[1]
    assert found.shape == (n, 2)
    assert (found >= layout[near].min(axis=1) - 1e-4).all()
    assert (found <= layout[near].max(axis=1) + 1e-4).all()


def test_a_landmark_is_drawn_to_its_own_place() -> None:
    rng = np.random.default_rng(0)
    landmarks, layout = rng.normal(size=(200, 6)), rng.normal(size=(200, 2))
    found = next(placed(landmarks, landmarks, layout))
    near = NearestNeighbors(n_neighbors=5).fit(landmarks).kneighbors(landmarks)[1]
    mean = layout[near].mean(axis=1)
    own = np.linalg.norm(found - layout, axis=1)
    assert (own < np.linalg.norm(mean - layout, axis=1)).mean() > 0.95


def test_landmarks_are_rows_drawn_once() -> None:
    drawn = draw_landmarks(1_000, most=100, seed=3)
    assert len(set(drawn.tolist())) == 100
    assert (np.diff(drawn) > 0).all()
    assert drawn[0] >= 0
    assert drawn[-1] < 1_000
    np.testing.assert_array_equal(drawn, draw_landmarks(1_000, most=100, seed=3))


@pytest.mark.parametrize("k", [0, 4])
def test_as_many_neighbours_as_there_are_vectors(k: int) -> None:
    with pytest.raises(ValueError, match="k must be from 1 to 3"):
        NeighbourIndex(np.eye(3)).nearest_to(np.eye(3), k)
