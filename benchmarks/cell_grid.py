"""How well a cell's map keeps neighbours when each picture gets a place of its own on a grid.

Usage: .venv/bin/python benchmarks/cell_grid.py [--images 200 1000 1797]

Lays scikit-learn's digits out by the two principal components, puts them on a grid of 3 to 2, and
prints trustworthiness (Venna and Kaski 2001) and the share of the 10 nearest neighbours in the
projection that are among the 10 nearest on the grid, beside the same for the pictures in their
order as a grid, and the seconds that it takes.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

NEIGHBOURS = 10


def kept(before: Any, after: Any) -> float:
    """The share of nearest neighbours that stay."""
    from sklearn.neighbors import NearestNeighbors

    near = [
        NearestNeighbors(n_neighbors=NEIGHBOURS).fit(x).kneighbors(return_distance=False)
        for x in (before, after)
    ]
    shared = [len(set(a) & set(b)) for a, b in zip(*near, strict=True)]
    return sum(shared) / (NEIGHBOURS * len(shared))


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[200, 1000, 1797])
    args = parser.parse_args()
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.manifold import trustworthiness

    from plugin.layout.grid import grid_shape, on_grid
    from plugin.layout.projection import principal_components

    x = np.asarray(load_digits(return_X_y=True)[0])
    print("| pictures | grid | trustworthiness | neighbours kept | in order | seconds |")
    for n in args.images:
        points = principal_components(x[:n], 2)
        columns, lines = grid_shape(n, 1.5)
        start = time.perf_counter()
        place = on_grid(points, columns, lines).astype(float)
        took = time.perf_counter() - start
        plain = np.column_stack([np.arange(n) % columns, np.arange(n) // columns])
        trust = trustworthiness(points, place, n_neighbors=NEIGHBOURS)
        print(
            f"| {n:,} | {columns} × {lines} | {trust:.3f} | {kept(points, place):.2f} | "
            f"{kept(points, plain):.2f} | {took:.2f} |"
        )


if __name__ == "__main__":
    main()
