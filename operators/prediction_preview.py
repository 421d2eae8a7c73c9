"""How the preview of predictions looks in a form: a table, and the calibration plot."""

from __future__ import annotations

import re
import time
from typing import Any

from fiftyone.operators import types

from ..plugin.errors import InputError
from ..plugin.percent import percent
from ..plugin.predictions.preview import preview_predictions
from ..plugin.store.samples import Collection

KEPT_SECONDS = 60.0
_kept: dict[tuple[Any, ...], tuple[float, Any]] = {}


def show_preview(
    inputs: Any, samples: Collection, label_field: str, prediction_fields: list[str]
) -> None:
    """Add to a form what is understood of fields of predictions, or why nothing is."""
    try:
        found = _remembered(samples, label_field, prediction_fields)
    except InputError as error:
        inputs.view("preview_problem", types.Error(label=str(error)))
        return
    inputs.md(_table(found), name="preview_table")
    inputs.plot("preview_plot", data=_traces(found), layout=_layout(), config=CONFIG)


def _remembered(samples: Collection, label_field: str, names: list[str]) -> dict[str, Any]:
    """The preview; a form is made anew at every key, and should not read samples each time."""
    stages = repr(samples.view()._serialize())
    key = (samples._root_dataset.name, stages, label_field, tuple(names))
    now = time.monotonic()
    if key in _kept and now - _kept[key][0] < KEPT_SECONDS:
        return _kept[key][1]
    found = preview_predictions(samples, label_field, names)
    for old in [k for k, (when, _) in _kept.items() if now - when >= KEPT_SECONDS]:
        _kept.pop(old, None)
    _kept[key] = (now, found)
    return found


def _table(found: dict[str, Any]) -> str:
    some = "" if found["samples"] == found["of"] else f" of {found['of']:,}, drawn at random"
    lines = [
        f"**What was understood** of {found['samples']:,} samples{some}; the labels have "
        f"{found['labels']:,} classes.",
        "",
        "| model | classes | disagreement | mean confidence | calibration error | skipped |",
        "|---|---|---|---|---|---|",
    ]
    for model in found["models"]:
        kind = "logits" if model["has_logits"] else "confidence"
        first = f"`{model['field']}` ({kind})", f"{model['classes']:,}"
        lines.append(_line(*first, _numbers(model), f"{model['skipped']:,}"))
    if found["together"]:
        lines.append(_line("all together", "", _numbers(found["together"]), ""))
    for model in found["models"]:
        lines += ["", f"`{model['field']}`: {_plain(model['read_as'], most=300)}"]
        if model["warning"]:
            lines += ["", f"**{_plain(model['warning'], most=400)}**"]
        for part, text in (
            ("only_predicted", "classes that no label has"),
            ("never_predicted", "labels that the model does not know"),
        ):
            if model[part]:
                shown = ", ".join(_plain(name) for name in model[part][:5])
                more = f" and {len(model[part]) - 5} more" if len(model[part]) > 5 else ""
                lines += ["", f"`{model['field']}`: {text}: {shown}{more}"]
    return "\n".join(lines)


def _numbers(judged: dict[str, Any]) -> list[str]:
    return [
        f"{percent(judged['disagreement'], 1)}",
        f"{judged['confidence']:.2f}",
        f"{judged['calibration_error']:.3f}",
    ]


def _line(name: str, classes: str, numbers: list[str], skipped: str) -> str:
    return "| " + " | ".join([name, classes, *numbers, skipped]) + " |"


def _plain(name: str, most: int = 40) -> str:
    """A class name, or another text, that Markdown shows as it is."""
    text = re.sub(r"\s+", " ", name)
    short = text if len(text) <= most else f"{text[: most - 1]}…"
    return re.sub(r"([\\`*_{}\[\]()<>#+!|&~-])", r"\\\1", short)


def _traces(found: dict[str, Any]) -> list[dict[str, Any]]:
    judged = [(model["field"], model) for model in found["models"]]
    if found["together"]:
        judged.append(("all together", found["together"]))
    lines: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "as sure as right",
            "x": [0, 1],
            "y": [0, 1],
            "line": {"dash": "dot", "color": "#888888"},
            "hoverinfo": "skip",
        }
    ]
    for name, model in judged:
        bins = [b for b in model["bins"] if b["samples"]]
        lines.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "x": [round(b["confidence"], 4) for b in bins],
                "y": [round(b["agreement"], 4) for b in bins],
                "text": [f"{b['samples']:,} samples" for b in bins],
            }
        )
    return lines


CONFIG = {"displayModeBar": False}


def _layout() -> dict[str, Any]:
    def axis(title: str) -> dict[str, Any]:
        return {"title": {"text": title}, "range": [0, 1.02]}

    return {
        "title": {"text": "Calibration"},
        "showlegend": True,
        "height": 380,
        "margin": {"l": 50, "r": 10, "t": 40, "b": 100},
        "xaxis": axis("confidence"),
        "yaxis": axis("share that agrees with the label"),
        "legend": {"orientation": "h", "y": -0.22},
    }
