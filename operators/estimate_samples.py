"""Operator ``estimate_remaining`` on whole images: what an audit says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..plugin.audit import verdicts as reading
from ..plugin.audit.audits import OpenedAudit
from ..plugin.audit.estimator import Interval
from ..plugin.audit.target import read_target
from ..plugin.store.iterations import unpack_ids
from ..plugin.store.runs import Run


def report_samples(run: Run, audit: OpenedAudit) -> dict[str, Any]:
    """An audit, its estimate and the distance to the target, as plain values."""
    verdict = audit.verdict
    ids = unpack_ids(audit.record.sample_id)
    target = read_target(run)
    return {
        "run_key": run.key,
        "audit": str(audit.record.id),
        "number": audit.record.number,
        "iteration": audit.record.iteration,
        "state": audit.status,
        "size": len(verdict),
        "population": int(audit.record.draw.population.sum()),
        "judged": int((verdict != reading.WAITING).sum()),
        "right": int((verdict == reading.RIGHT).sum()),
        "wrong": int((verdict == reading.WRONG).sum()),
        "unclear": int((verdict == reading.UNCLEAR).sum()),
        "gone": int((verdict == reading.GONE).sum()),
        "waiting": [ids[at] for at in audit.waiting.tolist()],
        "estimate": _estimate(audit),
        "target": {
            "share": target.share,
            "confidence": target.confidence,
            **asdict(target.distance),
        },
    }


def _estimate(audit: OpenedAudit) -> dict[str, Any] | None:
    left = audit.reading.left()
    at_draw, unclear = (audit.reading.errors_at_draw(w) for w in (reading.WRONG, reading.UNCLEAR))
    if left is None or at_draw is None or unclear is None:
        return None
    classes = audit.state.iteration.classes
    return {
        "left": asdict(left),
        "at_draw": asdict(at_draw),
        "unclear": asdict(unclear),
        "parts": [
            {
                "label": classes[part.label],
                "prediction": None if part.prediction is None else classes[part.prediction],
                "judged": part.judged,
                "left": asdict(part.left),
            }
            for part in audit.parts()
        ],
    }


def summary_of_samples(result: Mapping[str, Any]) -> str:
    """One sentence on an audit of whole images."""
    known = result["estimate"]
    waiting = len(result["waiting"])
    if known is None:
        return f"Audit {result['number']}: {waiting:,} samples wait for a verdict"
    point, low, high = Interval(**known["left"]).whole
    text = f"About {point:,} errors are left ({low:,} to {high:,}, 95 % interval)"
    return f"{text}; {waiting:,} samples of the audit wait for a verdict" if waiting else text
