"""Lists of pairs that were found: a part of one, and two as one."""

from __future__ import annotations

import numpy as np

from plugin.duplicates.search import Duplicates


def at_least(ses: float, found: Duplicates) -> Duplicates:
    """The pairs with at least this SES."""
    kept = found.ses >= ses
    return found._replace(pairs=found.pairs[kept], ses=found.ses[kept], exact=found.exact[kept])


def joined(one: Duplicates, other: Duplicates) -> Duplicates:
    """The pairs of both."""
    pairs, ses = np.concatenate([one.pairs, other.pairs]), np.concatenate([one.ses, other.ses])
    return one._replace(pairs=pairs, ses=ses, exact=np.concatenate([one.exact, other.exact]))
