"""What workers do of cross-validated heads: those of one fold."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from ..learning.heads import say_of_fold
from ..progress import Report
from ..torch_threads import torch_threads
from ..workers.part import Answer, Given


def fold(given: Given, report: Report) -> Answer:
    """Fit the heads on all folds but one, and ask them of that one.

    Given the number of ``classes``, the fold's number ``k``, the ``device``, the ``threads`` of
    torch and of other libraries, and the arrays ``rows`` (n, d), ``label`` (n,) and ``fold`` (n,).

    Returns:
        ``"0"``, ``"1"``, …, float32 (m, C) each: what the heads whose ``names`` come with it say
    """
    told = given.arguments
    pools = dict(told["threads"])
    torch = pools.pop("torch")
    with threadpool_limits(pools), torch_threads(torch):
        said = say_of_fold(
            given.take("rows"),
            given.take("label"),
            given.take("fold"),
            int(told["k"]),
            told["classes"],
            told["device"],
            report,
        )
    columns = {str(i): log_p.astype(np.float32) for i, log_p in enumerate(said.values())}
    return Answer(columns, {"names": list(said)})
