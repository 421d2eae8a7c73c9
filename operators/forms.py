"""What the forms of the operators share: a choice among what there is, and what is missing yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from fiftyone.operators import types

from ..plugin.errors import InputError
from ..plugin.learning.choices import DEVICES
from ..plugin.runs import opening
from ..plugin.store.runs import Run, list_runs
from ..plugin.workers.choices import DELEGATED, LOCAL, RAY


def form(inputs: types.Object, title: str, button: str | None = None) -> types.Property:
    """The form, under its title, and what its button is called, by default as FiftyOne does."""
    if button is None:
        return types.Property(inputs, view=types.View(label=title))
    view = types.PromptView(label=title, submit_button_label=button)
    return types.Property(inputs, view=view)


def run_input(ctx: Any, inputs: types.Object, keys: Sequence[str] | None = None) -> str | None:
    """Ask for a run where there are several; the one that is meant, None where there is none.

    Args:
        ctx: the form's context
        inputs: the form
        keys: the runs to choose from, by default those of the dataset
    """
    keys = list_runs(ctx.dataset) if keys is None else list(keys)
    if not keys:
        text = "This dataset has no run yet. Use 'Find label errors' first."
        missing(inputs, text, name="no_run")
        return None
    asked = ctx.params.get("run_key")
    newest = next((key for key in opening.newest_first(ctx.dataset) if key in keys), keys[-1])
    chosen = asked if asked in keys else newest
    if len(keys) > 1 or asked not in (None, "", chosen):
        choose(inputs, "run_key", keys, chosen, label="Run")
    return chosen


def opened_run(
    ctx: Any, inputs: types.Object, opener: Callable[[Any, str], Run] | None = None
) -> Run | None:
    """Ask for a run and open it; None where there is none, or it has a problem, which is said.

    Args:
        ctx: the form's context
        inputs: the form
        opener: how it is opened, by default to be worked on
    """
    key = run_input(ctx, inputs)
    if key is None:
        return None
    try:
        return (opener or opening.open_run)(ctx.dataset, key)
    except InputError as error:
        missing(inputs, str(error), types.Error)
        return None


def choose(
    inputs: types.Object,
    name: str,
    values: Iterable[str],
    default: str | None,
    *,
    label: str,
    description: str | None = None,
) -> None:
    """Offer what there is in a list that can be searched; nothing else may be given."""
    view = types.AutocompleteView(allow_user_input=False)
    for value in values:
        view.add_choice(value, label=value)
    inputs.enum(
        name, view.values(), default=default, label=label, description=description, view=view
    )


def suggest(
    inputs: types.Object,
    name: str,
    values: Iterable[str],
    *,
    label: str,
    description: str | None = None,
    default: str | None = None,
) -> None:
    """Offer what there is; something else may be typed."""
    view = types.AutocompleteView(choices=[types.Choice(value, label=value) for value in values])
    inputs.str(name, default=default, label=label, description=description, view=view)


def choose_one(
    inputs: types.Object,
    name: str,
    choices: Mapping[str, tuple[str, str | None]],
    default: str,
    *,
    label: str,
) -> None:
    """Offer a few choices, each with a word and a sentence on it."""
    view = types.RadioGroup()
    for value, (word, sentence) in choices.items():
        view.add_choice(value, label=word, description=sentence)
    inputs.enum(name, view.values(), default=default, label=label, view=view)


def choose_device(inputs: types.Object) -> None:
    """Ask where to compute."""
    text = "auto takes a graphics card where there is one; one that is named must be there"
    choose(inputs, "device", DEVICES, "auto", label="Device", description=text)


def choose_workers(ctx: Any, inputs: types.Object) -> None:
    """Ask who works: this computer, or others beside it where there may be any.

    Where delegated workers are chosen, they are asked whether they are there.
    """
    offered = {
        LOCAL: ("This computer alone", None),
        DELEGATED: (
            "Delegated workers",
            "In parts, by every 'fiftyone delegated launch' that is idle, on any machine with the "
            "same database and media. They are asked first whether they can",
        ),
    }
    # While it is executed they are asked anyway.
    if ctx.params.get("workers") == DELEGATED and ctx.executor is None:
        offered[DELEGATED] = _answered(ctx.dataset)
    if find_spec("ray") is not None:
        words = "In parts, by the cluster that the App's server belongs to"
        offered[RAY] = ("A Ray cluster", words)
    choose_one(inputs, "workers", offered, LOCAL, label="Worked on by")


def _answered(dataset: Any) -> tuple[str, str]:
    """A word and a sentence on the delegated workers that are there now."""
    from ..plugin.workers.knock import answering

    able, problems = answering(dataset)
    many = f"the {able:,} delegated workers that answered"
    word = f"Use {'the delegated worker that answered' if able == 1 else many}"
    said = "In parts; those that are started meanwhile join"
    if problems:
        word = f"Delegated workers: {able:,} can work, {len(problems):,} cannot"
        said = "The call is refused until each that cannot is stopped, or has what it lacks"
    elif not able:
        word = "Delegated workers: none answered"
        said = "Start one with 'fiftyone delegated launch', on any machine with the same database"
    return word, ". ".join([said, *problems])


def switch(
    inputs: types.Object, name: str, label: str, description: str | None = None, *, on: bool = False
) -> None:
    """Offer something that is done or not."""
    inputs.bool(name, default=on, label=label, description=description, view=types.SwitchView())


def more_options(ctx: Any, inputs: types.Object) -> bool:
    """A switch for what few want to change; whether it is on."""
    switch(inputs, "show_advanced", "More options", "What few want to change")
    return ctx.params.get("show_advanced") is True


def missing(
    inputs: types.Object, sentence: str, kind: Any = types.Notice, *, name: str = ""
) -> None:
    """Say what is to be done first, and hold the button until it is.

    The App calls an empty required field "Required" before anybody has typed; this does not.
    """
    name = name or f"missing{len(inputs.properties)}"
    inputs.view(name, kind(label=sentence))
    inputs.str(
        f"{name}_held",
        label=sentence,
        description=sentence,
        view=types.HiddenView(label=sentence, description=sentence),
        invalid=True,
        error_message=sentence,
    )
