"""What cross-validated heads say of vectors, be they embeddings or features, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch

from ..abandonable import abandonable
from ..arrays import Int64Array, Vectors
from ..learning.device import reproducible
from ..learning.heads import OutOfFold, out_of_fold
from ..progress import Report, part_of
from ..scoring.batches import Batch, Outcome
from ..store.sample_collection import root_dataset
from ..store.samples import Collection
from ..vectors.features import FIT_ROWS, PrincipalComponents
from ..workers.choices import LOCAL
from .kept_together import grouped, groups_to_keep
from .labelled import Labelled
from .settings import Settings
from .spread_heads import FITTED_HERE, open_heads

BATCH_ROWS = 5_000
BATCH_NUMBERS = 4_000_000


def judged_by_heads(
    samples: Collection,
    settings: Settings,
    labelled: Labelled,
    usable: Int64Array,
    vectors: Vectors,
    outcome: Outcome,
    report: Report,
    *,
    folds: int,
    device: torch.device,
    keep: Callable[[OutOfFold, Report], Any] = lambda said, report: None,
) -> Generator[Batch]:
    """Judge each sample by heads that were fitted on the other folds.

    Args:
        samples: the dataset or a view of it
        settings: the run's settings; ``seed`` and ``fold_groups`` count here
        labelled: its labelled samples
        usable: int64 (m,), those of them that have a vector
        vectors: (m, d), of the usable ones
        outcome: is told of heads, weights and groups
        report: told how far it is
        folds: number of folds, at least 2
        device: where to compute
        keep: given what the heads said, before any batch comes
    """
    ids = [labelled.sample_ids[i] for i in usable]
    paths = [labelled.filepaths[i] for i in usable]
    label, decided, seed = labelled.label[usable], labelled.decided[usable], settings.seed
    groups = groups_to_keep(samples, settings, ids, paths, vectors, part_of(report, 0.0, 0.1))
    owner = {"dataset_id": root_dataset(samples)._doc.id, "run_key": settings.run_key}
    begin = part_of(report, 0.1, 0.1)
    elsewhere = open_heads(settings.workers, owner, paths, device, begin)
    with elsewhere or nullcontext(), reproducible(seed):
        said = out_of_fold(
            vectors,
            label,
            groups,
            seed,
            classes=len(labelled.classes),
            folds=folds,
            device=device,
            elsewhere=elsewhere,
            report=part_of(report, 0.1, 0.8),
        )
        if elsewhere is not None:
            outcome.said = [*dict.fromkeys([*outcome.said, elsewhere.said])]
        elif settings.workers != LOCAL:
            outcome.said = [*outcome.said, FITTED_HERE]
        outcome.notes |= {"heads": said.heads, "ensemble_weights": said.weights} | grouped(groups)
        outcome.weighed = [said.said]
        keep(said, part_of(report, 0.8, 0.85))
    some = np.sort(np.random.default_rng(seed).permutation(len(usable))[:FIT_ROWS])
    reduce = abandonable(
        lambda _: PrincipalComponents(vectors[some], seed), report, "Reducing features", 0.85
    )
    size = max(1, min(BATCH_ROWS, BATCH_NUMBERS // len(labelled.classes)))
    for start in range(0, len(usable), size):
        rows = slice(start, min(start + size, len(usable)))
        yield Batch(
            sample_ids=ids[rows],
            label=label[rows],
            models=[said.log_probabilities[rows].astype(np.float64)],
            features=reduce(vectors[rows]),
            decided=decided[rows],
            unseen=said.unseen[rows],
        )
        report(0.85 + 0.15 * rows.stop / len(usable), f"Scored {rows.stop:,} images")
