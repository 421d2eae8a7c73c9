"""The report as one page of HTML: no network, no script, light and dark, ready to print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .effort import Effort
from .rounds import rounds_part

STYLE = """
:root { color-scheme: light dark; --line: #8885; --soft: #777; --mark: #d9480f; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); }
.soft { color: var(--soft); } .big { font-size: 1.4rem; }
svg { max-width: 100%; } polyline { fill: none; stroke: var(--mark); stroke-width: 2; }
line { stroke: var(--line); } text { fill: currentColor; font-size: 11px; }
@media print { body { margin: 0; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""
WIDTH, HEIGHT = 560, 200

Table = Sequence[Sequence[Any]]


def page(facts: Mapping[str, Any]) -> str:
    """The whole page.

    Args:
        facts: ``title``, ``facts`` (pairs of name and value), ``decisions`` and ``authors`` (rows
            of name and number), ``effort``, ``iterations`` (rows), ``cells`` (rows), ``estimate``
            and ``target`` (sentences, empty for none), and optionally ``warnings``, ``apart`` and
            ``assumed`` (sentences on what the last iteration could not judge and what it took for
            granted), ``rounds`` of cleaning by importance with their ``advice``
    """
    parts = [
        f"<h1>{escape(facts['title'])}</h1>",
        _definitions(facts["facts"]),
        *[_sentence(f"Warning: {text}") for text in facts.get("warnings", ())],
        _sentence(facts.get("apart", "")),
        *[_sentence(f"Predictions in {text}.") for text in facts.get("assumed", ())],
        "<h2>Wrong labels left</h2>",
        _sentence(facts["estimate"] or "Nobody knows: no audit was judged."),
        _sentence(facts["target"]),
        "<h2>Decisions</h2>",
        _table(("Decision", "Samples"), facts["decisions"]),
        _table(("Author", "Samples"), facts["authors"]),
        "<h2>Effort</h2>",
        _curve(facts["effort"]),
        "<h2>Iterations</h2>",
        _table(
            ("Iteration", "Samples", "Agreement", "Suspects", "Accuracy on judged labels"),
            facts["iterations"],
        ),
        rounds_part(facts.get("rounds", ()), facts.get("advice", "")),
        "<h2>Largest cells of the first iteration, and what is open of them</h2>",
        _table(("Label", "Prediction", "Samples", "Open"), facts["cells"]),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="generator" content="Deconfuse">\n'
        f'<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(facts['title'])}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _sentence(text: str) -> str:
    return f"<p>{escape(text)}</p>" if text else ""


def _definitions(rows: Table) -> str:
    body = "".join(
        f"<tr><th scope=row>{_cell(name)}</th><td>{_cell(value)}</td></tr>" for name, value in rows
    )
    return f"<table>{body}</table>"


def _table(head: Sequence[str], rows: Table) -> str:
    if not rows:
        return '<p class="soft">None.</p>'
    top = "".join(f"<th scope=col>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.2%}"
    return f"<bdi>{escape(str(value))}</bdi>"


def _curve(effort: Effort) -> str:
    """Labels fixed over samples looked at."""
    if not effort.looked:
        return '<p class="soft">Nothing was decided yet.</p>'
    wide, high = max(effort.looked[-1], 1), max(effort.fixed[-1], 1)
    step = max(1, len(effort.looked) // 400)
    kept = [*range(0, len(effort.looked), step), len(effort.looked) - 1]
    points = " ".join(
        f"{40 + 500 * effort.looked[i] / wide:.1f},{170 - 150 * effort.fixed[i] / high:.1f}"
        for i in kept
    )
    said = f"{effort.fixed[-1]:,} labels fixed by looking at {effort.looked[-1]:,} samples"
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">'
        f'<line x1="40" y1="170" x2="540" y2="170"/><line x1="40" y1="20" x2="40" y2="170"/>'
        f'<polyline points="40,170 {points}"/>'
        f'<text x="40" y="186">0</text><text x="540" y="186" text-anchor="end">'
        f"{wide:,} samples looked at</text>"
        f'<text x="44" y="16">{high:,} fixed</text></svg><figcaption>{said}.</figcaption></figure>'
    )
