"""Where the points of a small curve lie in its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 520, 190
LEFT, RIGHT, TOP, BOTTOM = 12, 508, 24, 160
MOST_POINTS = 400


@dataclass(frozen=True)
class Curve:
    """A curve to be drawn.

    Attributes:
        points: x and y of each, in a picture of ``WIDTH`` by ``HEIGHT``
        first, last: what the ends are called
        said: the curve in words
        across: what the x axis counts; empty for nothing
    """

    points: list[tuple[float, float]]
    first: str
    last: str
    said: str
    across: str = ""

    @property
    def line(self) -> str:
        """The points as SVG takes them."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)

    @property
    def area(self) -> str:
        """The outline of what is below the curve."""
        (left, _), (right, _) = self.points[0], self.points[-1]
        return f"{left:.1f},{BOTTOM} {self.line} {right:.1f},{BOTTOM}"


def placed(x: Sequence[float], y: Sequence[float], low: float) -> list[tuple[float, float]]:
    """Points in the picture, at most ``MOST_POINTS`` of them and always the last.

    Args:
        x: rising
        y: as many
        low: what the lower edge stands for

    Example:
        >>> placed([0, 10], [0, 5], 0)
        [(12.0, 160.0), (508.0, 24.0)]
    """
    wide, high = (x[-1] - x[0]) or 1.0, (max(y) - low) or 1.0
    step = max(1, len(x) // MOST_POINTS)
    kept = [*range(0, len(x) - 1, step), len(x) - 1]
    return [
        (
            LEFT + (RIGHT - LEFT) * (x[i] - x[0]) / wide,
            BOTTOM - (BOTTOM - TOP) * (y[i] - low) / high,
        )
        for i in kept
    ]


def effort_curve(
    looked: Sequence[int], fixed: Sequence[int], thing: str = "sample"
) -> Curve | None:
    """Labels fixed over samples, or other things, looked at; None where nothing was decided."""
    if not looked:
        return None
    seen = f"{looked[-1]:,} {thing}s"
    said = f"{fixed[-1]:,} labels fixed by looking at {seen}"
    points = placed([0, *looked], [0, *fixed], 0)
    return Curve(points, "0", f"{fixed[-1]:,} fixed", said, f"{seen} looked at")


def round_curve(name: str, values: Sequence[float | None], digits: int) -> Curve | None:
    """A value round by round; None where fewer than two rounds have it."""
    known = [(n, y) for n, y in enumerate(values, 1) if y is not None]
    if len(known) < 2:
        return None
    y = [value for _, value in known]
    spread = max(y) - min(y)
    points = placed([n for n, _ in known], y, min(y) - 0.25 * (spread or 1.0))
    ends = (f"{y[0]:.{digits}f}", f"{y[-1]:.{digits}f}")
    return Curve(points, *ends, f"{name}: {', '.join(f'{v:.{digits}f}' for v in y)}", name)
