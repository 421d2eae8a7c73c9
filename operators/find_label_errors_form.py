"""The form of find_label_errors: which samples, which labels, which predictions, which run."""

from __future__ import annotations

import re
from itertools import chain, count
from typing import Any

import fiftyone.core.media as fom
from fiftyone.operators import types

from ..plugin.classify.settings import AUTO
from ..plugin.runs.opening import find_runs, newest_first
from ..plugin.store.iterations import last_on_objects
from ..plugin.store.runs import Run
from ..plugin.store.sample_collection import image_slices, slice_of
from ..plugin.store.samples import Collection
from .asked import Asked
from .caller import is_script
from .forms import choose, choose_one, missing, more_options, suggest
from .object_sources import OBJECT_SOURCES
from .source_options import OPTIONS
from .sources import COMMON, SOURCES, chosen_options, offered
from .tag_sources import TAG_SOURCES

LABELS = ("ground_truth", "label", "labels", "gt")
"""Fields that usually hold the labels."""


def filled(ctx: Any) -> dict[str, Any]:
    """The parameters of a request; what the form hides does not count, what it leaves out does."""
    params = dict(ctx.params)
    if "show_advanced" in params:
        params = chosen_options(params.get("source") or AUTO, params)
    if not is_script(ctx) and not params.get("run_key") and params.get("label_field"):
        params["run_key"] = likely_run(ctx.dataset, params["label_field"])
    return params


def likely_run(dataset: Any, label_field: str) -> str:
    """The run that cleans a field already, the newest of several; else a key for a new one."""
    runs = {key: run for key, (run, _) in find_runs(dataset).items()}
    newest = [key for key in newest_first(dataset) if key in runs]
    same = [key for key in newest if runs[key].label_field == label_field]
    if same or "deconfuse" not in runs:
        return same[0] if same else "deconfuse"
    key = "deconfuse_" + re.sub(r"\W", "_", label_field)
    numbered = (f"{key}_{n}" for n in count(2))
    return next(k for k in chain([key], numbered) if k not in runs)


def ask_all(
    ctx: Any, inputs: types.Object, images: list[str], objects: list[str], tags: list[str]
) -> None:
    """Ask for the labels and where predictions come from, and say which run it will be.

    Args:
        ctx: of the request
        inputs: of the form
        images: the fields of whole-image labels
        objects: those of detections
        tags: those of several classes an image
    """
    runs, fields = find_runs(ctx.dataset), [*images, *objects, *tags]
    cleaned = [runs[key][0].label_field for key in newest_first(ctx.dataset) if key in runs]
    default = next(name for name in (*cleaned, *LABELS, fields[0]) if name in fields)
    choose(
        inputs,
        "label_field",
        fields,
        default,
        label="Label field",
        description="The labels that may be wrong",
    )
    asked = ctx.params.get("label_field")
    field = asked if asked in fields else default
    likely = likely_run(ctx.dataset, field)
    key = ctx.params.get("run_key") or likely
    run, problem = runs.get(key, (None, None))
    on_objects = field in objects
    alike = objects if on_objects else tags if field in tags else images
    others = [name for name in alike if name != field]
    so_far = Asked(ctx, inputs, target_of(ctx), field, others, run, on_objects)
    known = OBJECT_SOURCES if on_objects else TAG_SOURCES if field in tags else SOURCES
    words = {name: (source.label, source.description) for name, source in known.items()}
    choose_one(
        inputs,
        "source",
        offered(so_far) if alike is images else words,
        AUTO,
        label="Predictions come from",
    )
    name = ctx.params.get("source")
    source = known[name if name in known else AUTO]
    source.ask(so_far)
    if more_options(ctx, inputs):
        _choose_run(inputs, list(runs), likely)
        for option in (*source.options, *(COMMON if alike is images else ())):
            if option not in source.first:
                OPTIONS[option](so_far)
    if run is not None and alike is tags and run.label_field == field and not run.iterations():
        problem = None  # what does not work on tags keeps nobody from the next iteration
    _say_run(inputs, key, field, run, problem)


def _say_run(
    inputs: types.Object, key: str, field: str, run: Run | None, problem: str | None
) -> None:
    """Which run it will be, or what keeps it."""
    if problem:
        missing(inputs, problem, types.Error)
    elif run is not None and run.label_field != field:
        text = f"The run {key} cleans '{run.label_field}', not '{field}'. Give another run key."
        missing(inputs, text, types.Error)
    elif run is not None and (made := _iterations_made(run)):
        text = f"Makes iteration {made + 1} of the run {key}. Its decisions stay."
        inputs.view("next", types.Notice(label=text))
    else:
        inputs.view("next", types.Notice(label=f"Begins the run {key}."))


def _iterations_made(run: Run) -> int:
    """How many iterations a run has, on whole samples, objects or tags."""
    return len(run.iterations()) or (last_on_objects(run) or {}).get("number", 0)


def _choose_run(inputs: types.Object, keys: list[str], default: str) -> None:
    suggest(
        inputs,
        "run_key",
        keys,
        default=default,
        label="Run key",
        description="Names this cleaning project and prefixes its fields. The key of an existing "
        "run makes its next iteration, another one begins a new run",
    )


def target_of(ctx: Any) -> Collection:
    """The samples that the form names."""
    return slice_of(_asked(ctx), ctx.params.get("group_slice") or None)


def _asked(ctx: Any) -> Collection:
    return (
        ctx.view
        if ctx.params.get("target") == "view"
        else ctx.dataset
        if _is_form(ctx)
        else ctx.view
    )


def _is_form(ctx: Any) -> bool:
    return "target" in ctx.params


def choose_samples(ctx: Any, inputs: types.Object) -> None:
    """Ask for the slice where the samples are grouped, and for the view where there is one."""
    if ctx.has_custom_view:
        offered = {
            "dataset": ("The whole dataset", None),
            "view": ("The current view", "Only what it selects"),
        }
        choose_one(inputs, "target", offered, "dataset", label="Samples")
    samples = _asked(ctx)
    if samples.media_type != fom.GROUP:
        return
    names = image_slices(samples)
    if not names:
        missing(inputs, "None of this dataset's slices holds images.", types.Error)
        return
    choose(
        inputs,
        "group_slice",
        names,
        names[0],
        label="Slice",
        description="This dataset is grouped: the slice of images whose labels are looked at",
    )
