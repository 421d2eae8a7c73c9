"""Runs for the panel's tests, written straight from class probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from plugin.layout.neighbourhood import NEIGHBOURS, neighbour_disagreement
from plugin.layout.projection import fitted, principal_components
from plugin.layout.store import keep_map
from plugin.progress import silent
from plugin.scoring.margin import suspicion
from plugin.scoring.probabilities import log_probabilities
from plugin.scoring.scores import TOP_CLASSES
from plugin.store.iteration_writer import IterationWriter
from plugin.store.iterations import Iteration, Rows, pack_ids
from plugin.store.runs import Run, create_run
from plugin.store.write_fields import write_numbers
from plugin.vectors.neighbours import NeighbourIndex


def write_iteration(
    dataset: Any,
    probabilities: npt.NDArray[np.floating[Any]],
    classes: Sequence[str],
    features: npt.NDArray[np.floating[Any]] | None = None,
    *,
    ids: Sequence[str] | None = None,
    key: str = "deconfuse",
    label_field: str = "ground_truth",
) -> tuple[Run, Iteration]:
    """Write the next iteration of a run whose classifier said ``probabilities`` (n, C).

    The samples are ``ids``, all of the dataset by default, in the same order.
    """
    run = create_run(dataset, key, label_field)
    rows_of = list(dataset.values("id")) if ids is None else list(ids)
    labels = dict(zip(*dataset.values(["id", f"{label_field}.label"]), strict=True))
    index = {name: i for i, name in enumerate(classes)}
    label = np.array([index[labels[i]] for i in rows_of], np.int32)
    p = np.asarray(probabilities, np.float32)
    prediction = p.argmax(axis=1).astype(np.int32)
    top = np.argsort(-p, axis=1, kind="stable")[:, :TOP_CLASSES].astype(np.int32)
    rows = Rows(
        sample_id=pack_ids(rows_of),
        label=label,
        prediction=prediction,
        p_label=p[np.arange(len(p)), label],
        p_max=p.max(axis=1),
        suspicion=suspicion(log_probabilities(p), label).astype(np.float32),
        top_class=top,
        top_probability=np.take_along_axis(p, top, axis=1),
        features=np.asarray(np.zeros((len(p), 0)) if features is None else features, np.float16),
    )
    number = len(run.iterations()) + 1
    wrong = int((label != prediction).sum())
    counts = {"misclassified": wrong, "accuracy": 1 - wrong / max(len(p), 1)}
    header = {"number": number, "settings": {"source": "test"}, "counts": counts, "skipped": []}
    with IterationWriter(dataset._doc.id, key, classes) as writer:
        writer.append(rows)
        iteration = writer.commit(header)
    return run, iteration


def write_map(run: Run, iteration: Iteration) -> None:
    """Map an iteration as ``map_dataset`` does, by principal components in place of UMAP."""
    vectors = iteration.column("features").astype(np.float32)
    label = iteration.column("label")
    rows = np.arange(len(vectors))
    near, _ = NeighbourIndex(vectors).nearest(NEIGHBOURS, rows)
    disagreement = neighbour_disagreement(near, label, label[rows])
    # Away from the edge, where a lasso around the whole map would miss what was drawn in to it.
    places = 0.1 + 0.8 * fitted(principal_components(vectors, 2))
    keep_map(run, iteration, places, disagreement)
    write_numbers(run, "disagreement", iteration.column("sample_id"), disagreement, silent)


@lru_cache(maxsize=4)
def digit_probabilities(
    labels: tuple[str, ...], n: int, seed: int = 51
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Out-of-fold probabilities of a real classifier on the first n digits, and features."""
    from sklearn.datasets import load_digits
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    x = np.asarray(load_digits(return_X_y=True)[0], np.float64)[:n] / 16.0
    model = LogisticRegression(C=0.1, max_iter=300)
    p = cross_val_predict(model, x, np.asarray(labels), cv=3, method="predict_proba")
    return np.asarray(p), PCA(min(32, n - 1), random_state=seed).fit_transform(x)


def planted(digits: Sequence[int], share: float = 0.1, seed: int = 51) -> list[str]:
    """The digits' names with a share of them wrong: confusions of two kinds, and single ones."""
    rng = np.random.default_rng(seed)
    names = [str(d) for d in digits]
    for i in rng.choice(len(names), int(len(names) * share), replace=False):
        wrong = {9: 4, 1: 7, 3: 8}.get(int(digits[i]))
        names[i] = str(wrong if wrong is not None else int(rng.integers(0, 10)))
    return names
