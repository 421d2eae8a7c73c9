"""Operator ``request_second_opinion``: put samples to another person, blind; read the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.errors import InputError
from ..plugin.opinions.answers import SecondOpinion, answer_many, open_opinion
from ..plugin.opinions.request import known_people, request_second_opinion
from ..plugin.store.runs import Run
from ..plugin.store.samples import Collection
from .checked import CheckedOperator
from .forms import choose, form, missing, opened_run, suggest
from .run_choice import counted, open_run, run_of


class RequestSecondOpinion(CheckedOperator):
    """Asks another person, or reads what they answered; the answers are given in the panel."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="request_second_opinion",
            label="Label errors: ask for a second opinion",
            description="Put samples to another person, who judges them without seeing any label",
            icon="group",
            dynamic=True,
        )

    def __call__(
        self,
        sample_collection: Collection,
        to: str | None = None,
        *,
        sample_ids: Sequence[str] | None = None,
        label: str | None = None,
        prediction: str | None = None,
        decisions_of: str | None = None,
        n: int | None = None,
        seed: int | None = None,
        request: str | None = None,
        answers: Mapping[str, str | None] | None = None,
        author: str | None = None,
        run_key: str = "deconfuse",
    ) -> dict[str, Any]:
        """Ask somebody; without ``to``, take answers and read a request.

        Args:
            sample_collection: the dataset, or a view of it
            to: who is asked: a name that others know them by
            sample_ids: what to ask about: these samples; or
            label: the open samples with this label
            prediction: and this prediction; or
            decisions_of: the labels that this person gave or confirmed, where that stands
            n: so many of them, drawn at random; by default all
            seed: of the random numbers
            request: the request to answer and read, by default the last one
            answers: by sample id the class that the second person sees, None where nobody can tell
            author: who asks
            run_key: the run

        Returns:
            ``request``, ``number``, ``to``, ``about``, ``size``, ``left_out`` (samples that were
            not asked about, by reason), ``answered``, ``waiting`` (sample ids), ``unclear``,
            ``gone``, ``agreed``, ``kappa`` (Cohen's; None where it is not defined) with ``low`` and
            ``high``, and ``disagreements``: each ``sample_id``, ``first``, ``second``, ``now``,
            ``relabelled``, ``settled``

        Raises:
            InputError: on bad input, with nothing changed
        """
        run = run_of(sample_collection, run_key)
        if to is not None:
            if request is not None or answers:
                raise InputError("request and answers are of a request that was made: without to")
            if (label is None) != (prediction is None):
                raise InputError("label and prediction name a cell together: give both")
            made = request_second_opinion(
                run,
                to,
                sample_ids=sample_ids,
                cell=None if label is None or prediction is None else (label, prediction),
                decisions_of=decisions_of,
                n=n,
                seed=seed,
                author=author,
            )
            return read(SecondOpinion(run, made.asked), made.left_out)
        if any(v is not None for v in (sample_ids, label, prediction, decisions_of, n, seed)):
            raise InputError("to is missing: name who is asked")
        opinion = open_opinion(run, request)
        if answers:
            answer_many(opinion, answers)
            opinion = SecondOpinion(run, opinion.asked)
        return read(opinion)

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Ask for the App, about what the form names or what is selected."""
        params, run = ctx.params, open_run(ctx)
        given = params.get("sample_ids") or None
        chosen = given or (None if params.get("decisions_of") else list(ctx.selected or []) or None)
        made = request_second_opinion(
            run,
            params.get("to") or "",
            sample_ids=chosen,
            decisions_of=params.get("decisions_of"),
            n=params.get("n"),
            author=ctx.user_id,
        )
        asked = made.asked
        left = sum(made.left_out.values())
        more = f" {left:,} were left out." if left else ""
        ctx.ops.notify(
            f"{counted(asked.size)} put to {asked.to}, who finds them in the panel under Progress."
            f"{more}",
            variant="success",
        )
        return read(SecondOpinion(run, asked), made.left_out)

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form: whom, and about what."""
        inputs = types.Object()
        run = opened_run(ctx, inputs)
        if run is not None:
            _ask(ctx, run, inputs)
        return form(inputs, "Ask for a second opinion", "Ask")


def _ask(ctx: Any, run: Run, inputs: types.Object) -> None:
    people = known_people(run)
    suggest(
        inputs,
        "to",
        sorted(people),
        label="Who is asked",
        description="A name that others know them by; there are no accounts",
    )
    judged = sorted(name for name, count in people.items() if count)
    if not ctx.selected and not judged:
        missing(inputs, "Select samples in the grid first, or decide on some.")
        return
    if ctx.selected:
        text = f"The {counted(len(ctx.selected))} selected, unless a person is named below"
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
    return {
        "run_key": opinion.run.key,
        "request": str(asked.id),
        "number": asked.number,
        "to": asked.to,
        "about": asked.about,
        "size": asked.size,
        "left_out": dict(left_out or {}),
        "answered": sum(item.answered for item in opinion.items),
        "waiting": [str(item.sample_id) for item in opinion.waiting],
        "unclear": opinion.unclear,
        "gone": opinion.gone,
        "agreed": found.agreed,
        "kappa": found.kappa if known else None,
        "low": found.low,
        "high": found.high,
        "disagreements": [
            {
                "sample_id": str(one.item.sample_id),
                "first": one.item.first,
                "second": one.item.second,
                "now": one.now,
                "relabelled": one.relabelled,
                "settled": one.settled,
            }
            for one in opinion.disagreements
        ],
    }
