"""The rounds of cleaning by importance in the report: AUROC and labels fixed, round by round."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 280, 140
LEFT, RIGHT, TOP, BOTTOM = 30, 250, 30, 110

Row = tuple[int, int, float | None]


def rounds_part(rounds: Sequence[Row], advice: str) -> str:
    """A section of the page, empty where there were no rounds.

    Args:
        rounds: samples looked at, labels fixed and mean AUROC of each round
        advice: a sentence

    Example:
        >>> rounds_part([], "")
        ''
    """
    if not rounds:
        return ""
    aurocs = [(n, auroc) for n, (_, _, auroc) in enumerate(rounds, 1) if auroc is not None]
    fixed = [(n, float(fixed)) for n, (_, fixed, _) in enumerate(rounds, 1)]
    body = "".join(
        f"<tr><td>{n}</td><td>{looked:,}</td><td>{fixed:,}</td>"
        f"<td>{'' if auroc is None else f'{auroc:.4f}'}</td></tr>"
        for n, (looked, fixed, auroc) in enumerate(rounds, 1)
    )
    head = "".join(
        f"<th scope=col>{name}</th>" for name in ("Round", "Looked at", "Fixed", "AUROC")
    )
    return (
        "<h2>Cleaning by importance</h2>"
        f"<p>{escape(advice)}</p><div>{_curve('AUROC by round', aurocs, 4)}"
        f"{_curve('Labels fixed by round', fixed, 0)}</div>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _curve(name: str, points: Sequence[tuple[int, float]], digits: int) -> str:
    if len(points) < 2:
        return ""
    first, last = points[0][0], points[-1][0]
    low, high = min(y for _, y in points), max(y for _, y in points)
    places = [
        (
            LEFT + (RIGHT - LEFT) * (x - first) / (last - first),
            BOTTOM - (BOTTOM - TOP) * (y - low) / ((high - low) or 1.0),
        )
        for x, y in points
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    marks = "".join(
        f'<text x="{x:.1f}" y="{y - 6:.1f}" text-anchor="middle">{value:.{digits}f}</text>'
        for (x, y), (_, value) in ((places[0], points[0]), (places[-1], points[-1]))
    )
    said = ", ".join(f"{y:.{digits}f}" for _, y in points)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" '
        f'aria-label="{name}: {said}"><line x1="{LEFT}" y1="{BOTTOM}" x2="{RIGHT}" y2="{BOTTOM}"/>'
        f'<polyline points="{line}"/>{marks}<text x="{LEFT}" y="{HEIGHT - 8}">{name}</text></svg>'
    )
