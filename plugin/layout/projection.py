"""Laying samples out in the plane: principal components at once, UMAP a moment later.

UMAP is McInnes, Healy and Melville (2018), by umap-learn. Three things make it quick here: it sees
at most 32 numbers a sample instead of raw pixels, it is given the exact neighbours, and it starts
from the principal components, so that 200 epochs do what else takes 500.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray
from ..vectors.axes import principal_axes, product
from ..vectors.neighbours import NeighbourIndex

Layout = npt.NDArray[np.float32]

NEIGHBOURS = 15
EPOCHS = 200
DIMENSIONS = 32
SEED = 51
FEWEST = 5
"""Below this number of samples there is nothing for UMAP to find."""


def principal_components(vectors: FloatArray, dimensions: int) -> Layout:
    """Coordinates on the directions of largest variance.

    Args:
        vectors: float (n, d)
        dimensions: how many; missing ones are zero

    Returns:
        float32 (n, dimensions); signs are fixed, so that equal input gives equal output

    Example:
        >>> line = np.outer(np.arange(3.0), [3.0, 4.0])
        >>> principal_components(line, 2).round(3).tolist()
        [[-5.0, 0.0], [0.0, 0.0], [5.0, 0.0]]
    """
    x = np.nan_to_num(np.asarray(vectors, np.float64))
    n, d = x.shape
    out = np.zeros((n, dimensions), np.float32)
    if n < 2 or d == 0:
        return out
    mean, axes = principal_axes(x, dimensions)
    x = x - mean
    coordinates = product(x, axes)
    coordinates[:, np.abs(coordinates).max(axis=0) < 1e-9 * max(np.abs(x).max(), 1e-12)] = 0.0
    out[:, : coordinates.shape[1]] = coordinates
    return out + np.float32(0.0)


def umap_layout(vectors: FloatArray, seed: int = SEED) -> Layout:
    """UMAP in two dimensions; the same input and seed give the same picture.

    Imports umap-learn, which takes seconds, and holds the interpreter while it works: call it
    where nobody waits (see ``projection_worker.py``).

    Args:
        vectors: float (n, d)
        seed: of the optimisation

    Returns:
        float32 (n, 2)
    """
    reduced = principal_components(vectors, min(DIMENSIONS, np.shape(vectors)[1]))
    start = principal_components(reduced, 2)
    if len(reduced) < FEWEST:
        return start
    import umap.umap_ as um  # pyright: ignore[reportMissingTypeStubs]

    rng = np.random.RandomState(seed)
    count = min(NEIGHBOURS, len(reduced))
    near, apart = NeighbourIndex(reduced, exact=True).nearest(count - 1)
    index = np.column_stack([np.arange(len(reduced)), near])  # itself first, as UMAP has it
    distance = np.column_stack([np.zeros(len(reduced), np.float32), apart])
    graph = um.fuzzy_simplicial_set(
        reduced, count, rng, "euclidean", knn_indices=index, knn_dists=distance
    )[0]
    a, b = um.find_ab_params(1.0, 0.1)
    start = start / max(float(np.abs(start).max()), 1e-12) * 10.0
    start = start + rng.normal(scale=1e-4, size=start.shape)
    layout = um.simplicial_set_embedding(
        data=reduced,
        graph=graph,
        n_components=2,
        initial_alpha=1.0,
        a=a,
        b=b,
        gamma=1.0,
        negative_sample_rate=5,
        n_epochs=EPOCHS,
        init=start.astype(np.float32),
        random_state=rng,
        metric="euclidean",
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
    )[0]
    return np.asarray(layout, np.float32)


def fitted(layout: FloatArray) -> Layout:
    """A layout moved and scaled, without distortion, into the unit square.

    A few far outliers do not press all others together: beyond the 1st and 99th percentile
    positions are drawn in to the edge.

    Args:
        layout: float (n, 2)

    Example:
        >>> fitted(np.array([[0.0, 0.0], [2.0, 1.0]])).tolist()
        [[0.0, 0.25], [1.0, 0.75]]
    """
    points = np.asarray(layout, np.float64)
    if not len(points):
        return np.empty((0, 2), np.float32)
    low, high = points.min(axis=0), points.max(axis=0)
    if len(points) >= 100:
        inner_low, inner_high = np.percentile(points, [1, 99], axis=0)
        margin = 0.25 * (inner_high - inner_low)
        low, high = np.maximum(low, inner_low - margin), np.minimum(high, inner_high + margin)
        points = np.clip(points, low, high)
    span = max(float((high - low).max()), 1e-12)
    centred = (points - (low + high) / 2) / span + 0.5
    return centred.astype(np.float32)
