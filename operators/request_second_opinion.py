"""Operator ``request_second_opinion``: put samples to another person, blind; read the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.errors import InputError
from ..plugin.object_opinions.answers import open_object_opinion
from ..plugin.object_opinions.request import people_of, request_object_opinion
from ..plugin.objects.fields import NOTHING
from ..plugin.opinions.answers import SecondOpinion, answer_many, open_opinion
from ..plugin.opinions.request import Made, request_second_opinion
from ..plugin.opinions.store import NO_CLASS
from ..plugin.runs.opening import open_any_run
from ..plugin.store.label_field import is_on_sets
from ..plugin.store.runs import Run
from ..plugin.store.samples import Collection
from .checked import CheckedOperator
from .forms import choose, form, missing, opened_run, suggest
from .resolve_objects import chosen_labels, noun_of
from .run_choice import any_run, any_run_of, counted


class RequestSecondOpinion(CheckedOperator):
    """Asks another person, or reads what they answered; the answers are given in the panel."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="request_second_opinion",
            label="Label errors: ask for a second opinion",
            description="Put samples, objects or tags to another person, who judges them blind",
            icon="group",
            dynamic=True,
        )

    def __call__(
        self,
        sample_collection: Collection,
        to: str | None = None,
        *,
        sample_ids: Sequence[str] | None = None,
        label_ids: Sequence[str] | None = None,
        label: str | None = None,
        prediction: str | None = None,
        decisions_of: str | None = None,
        n: int | None = None,
        seed: int | None = None,
        request: str | None = None,
        answers: Mapping[str, str | None] | None = None,
        author: str | None = None,
        run_key: str = "deconfuse",
        new_class: bool = False,
    ) -> dict[str, Any]:
        """Ask somebody; without ``to``, take answers and read a request.

        Args:
            sample_collection: the dataset, or a view of it
            to: who is asked: a name that others know them by
            sample_ids: what to ask about: these samples; or
            label_ids: on objects and tags these labels and missing ones, by their ids; or
            label: the open samples, or objects, with this label, ``(no label)`` for missing ones
            prediction: and this prediction, ``(nothing there)`` for spurious ones; or
            decisions_of: what this person decided, where that stands
            n: so many of them, drawn at random; by default all
            seed: of the random numbers
            request: the request to answer and read, by default the last one
            answers: by sample id, on objects and tags by label id, the class that the second person
                sees, there ``(nothing there)`` for nothing, of a tag its name where it applies,
                None where nobody can tell
            author: who asks
            run_key: the run
            new_class: take the class of an answer for another one although it looks like one that
                is there

        Returns:
            ``request``, ``number``, ``to``, ``about``, ``size``, ``left_out`` (what was not asked
            about, by reason), ``answered``, ``waiting`` (ids of samples, on objects of labels),
            ``unclear``, ``gone``, ``agreed``, ``kappa`` (Cohen's; None where it is not defined)
            with ``low`` and ``high``, and ``disagreements``: each ``sample_id``, on objects
            ``label_id``, too, ``first``, ``second``, ``now``, ``relabelled``, ``settled``

        Raises:
            InputError: on bad input, with nothing changed
        """
        run, _ = any_run_of(sample_collection, run_key)
        if to is not None:
            if request is not None or answers:
                raise InputError("request and answers are of a request that was made: without to")
            if (label is None) != (prediction is None):
                raise InputError("label and prediction name a cell together: give both")
            made = _put(
                run,
                to,
                sample_ids,
                label_ids,
                cell=None if label is None or prediction is None else (label, prediction),
                decisions_of=decisions_of,
                n=n,
                seed=seed,
                author=author,
            )
            return read(_open(run, str(made.asked.id)), made.left_out)
        named = (sample_ids, label_ids, label, prediction, decisions_of, n, seed)
        if any(v is not None for v in named):
            raise InputError("to is missing: name who is asked")
        opinion = _open(run, request)
        if answers:
            answer_many(opinion, _kept(opinion, answers), new_class=new_class)
            opinion = _open(run, str(opinion.asked.id))
        return read(opinion)

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Ask for the App, about what the form names or what is selected."""
        params, (run, on_objects) = ctx.params, any_run(ctx)
        given = params.get("label_ids" if on_objects else "sample_ids") or None
        if not given and not params.get("decisions_of"):
            given = _selected(ctx, run) or None
        made = _put(
            run,
            params.get("to") or "",
            params.get("sample_ids") if on_objects else given,
            given if on_objects else params.get("label_ids"),
            decisions_of=params.get("decisions_of"),
            n=params.get("n"),
            author=ctx.user_id,
        )
        asked = made.asked
        left = sum(made.left_out.values())
        more = f" {left:,} were left out." if left else ""
        ctx.ops.notify(
            f"{counted(asked.size, noun_of(run))} put to {asked.to}, who finds them in the panel "
            f"under Progress.{more}",
            variant="success",
        )
        return read(_open(run, str(asked.id)), made.left_out)

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form: whom, and about what."""
        inputs = types.Object()
        run = opened_run(ctx, inputs, lambda dataset, key: open_any_run(dataset, key)[0])
        if run is not None:
            _ask(ctx, run, inputs)
        return form(inputs, "Ask for a second opinion", "Ask")


def _open(run: Run, request: str | None) -> SecondOpinion:
    return (open_object_opinion if is_on_sets(run) else open_opinion)(run, request)


def _put(
    run: Run,
    to: str,
    sample_ids: Sequence[str] | None,
    label_ids: Sequence[str] | None,
    **given: Any,
) -> Made:
    """Put samples, or labels, to somebody, by the kind of the run."""
    if is_on_sets(run):
        if sample_ids is not None:
            what = f"{noun_of(run)}s"
            raise InputError(f"sample_ids: run '{run.key}' is on {what}. Give label_ids.")
        return request_object_opinion(run, to, label_ids=label_ids, **given)
    if label_ids is not None:
        raise InputError(f"label_ids: run '{run.key}' is on whole samples. Give sample_ids.")
    return request_second_opinion(run, to, sample_ids=sample_ids, **given)


def _selected(ctx: Any, run: Run) -> list[str]:
    return chosen_labels(ctx, run) if is_on_sets(run) else list(ctx.selected or [])


def _kept(opinion: SecondOpinion, answers: Mapping[str, str | None]) -> dict[str, str | None]:
    """Answers as they are kept: on objects nothing has a name of its own."""
    if not opinion.can_be_nothing:
        return dict(answers)
    for label_id, said in answers.items():
        if said == NO_CLASS:
            raise InputError(
                f"the answer on {opinion.noun} {label_id} must be a class, {NOTHING!r} or None, "
                "got ''"
            )
    return {i: NO_CLASS if said == NOTHING else said for i, said in answers.items()}


def _ask(ctx: Any, run: Run, inputs: types.Object) -> None:
    people = people_of(run)
    suggest(
        inputs,
        "to",
        sorted(people),
        label="Who is asked",
        description="A name that others know them by; there are no accounts",
    )
    judged = sorted(name for name, count in people.items() if count)
    selected, noun = _selected(ctx, run), noun_of(run)
    if not selected and not judged:
        missing(inputs, f"Select {noun}s in the grid first, or decide on some.")
        return
    if selected:
        text = f"The {counted(len(selected), noun)} selected, unless a person is named below"
        inputs.view("chosen", types.Notice(label=text))
    if judged:
        choose(
            inputs,
            "decisions_of",
            judged,
            None,
            label="Decisions of",
            description="Labels that this person gave or confirmed",
        )
    inputs.int("n", min=1, label="How many", description="Drawn at random. Empty: all")


def read(opinion: SecondOpinion, left_out: Mapping[str, int] | None = None) -> dict[str, Any]:
    """A request as plain values."""
    asked, found = opinion.asked, opinion.agreement
    known = found.kappa == found.kappa

    def called(name: str | None) -> str | None:
        return NOTHING if name == NO_CLASS and opinion.can_be_nothing else name

    return {
        "run_key": opinion.run.key,
        "request": str(asked.id),
        "number": asked.number,
        "to": asked.to,
        "about": asked.about,
        "size": asked.size,
        "left_out": dict(left_out or {}),
        "answered": sum(item.answered for item in opinion.items),
        "waiting": [str(item.unit_id) for item in opinion.waiting],
        "unclear": opinion.unclear,
        "gone": opinion.gone,
        "agreed": found.agreed,
        "kappa": found.kappa if known else None,
        "low": found.low,
        "high": found.high,
        "disagreements": [
            {
                "sample_id": str(one.item.sample_id),
                **({"label_id": str(one.item.item_id)} if one.item.item_id else {}),
                "first": called(one.item.first),
                "second": called(one.item.second),
                "now": called(one.now),
                "relabelled": one.relabelled,
                "settled": one.settled,
            }
            for one in opinion.disagreements
        ],
    }
