"""The operator ``fetch_annotation``: what annotators said of samples, as decisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.annotation.backends import CREDENTIALS
from ..plugin.annotation.fetch import fetch_annotation
from ..plugin.annotation.store import annotations_of, load_annotation
from ..plugin.object_annotation.fetch import fetch_objects
from ..plugin.progress import Report
from ..plugin.store.runs import Run
from ..plugin.store.samples import Collection
from .base import LongOperator, Work, long_config
from .caller import quiet
from .forms import form, missing, opened_run
from .run_choice import counted, open_run, open_run_on_any, run_of
from .send_to_annotation import OPTIONS
from .terminal import in_terminal


class FetchAnnotation(LongOperator):
    """Makes decisions of what annotators said of the samples that were sent to them."""

    TASK = "Fetching annotations"

    FORM: ClassVar[dict[str, Any]] = {
        name: Mapping[str, str] if name == "headers" else str for name in CREDENTIALS
    }

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return long_config(
            name="fetch_annotation",
            label="Label errors: fetch annotation",
            description="Make decisions of what annotators said of the samples sent to them",
            icon="move_to_inbox",
        )

    def __call__(
        self,
        sample_collection: Collection,
        annotation: str | None = None,
        run_key: str = "deconfuse",
        *,
        delegate: bool = False,
        **options: Any,
    ) -> dict[str, Any]:
        """Fetch from a script.

        Args:
            sample_collection: the dataset, or a view of it
            annotation: the key that send_to_annotation returned, by default the run's last
            run_key: the run
            delegate: queue it as a delegated operation
            options: credentials, as for send_to_annotation

        Returns:
            ``sent``, ``answered``, ``unanswered``, ``applied``, ``relabeled``, ``confirmed``,
            ``already``, ``conflict_count``, ``conflicts``, ``decisions`` and ``annotators``; on
            objects also ``removed``, ``added`` and ``moved``; with ``delegate=True`` the queued
            operation

        Raises:
            InputError: if nothing was sent, or the backend cannot be reached
        """
        run = run_of(sample_collection, run_key, objects=True)
        if delegate:
            params = {"run_key": run_key, "annotation": annotation, **options}
            return self.queue(run.dataset, params)
        return in_terminal(lambda report: _fetch(run, annotation, options, report))

    def work(self, ctx: Any) -> Work:
        """The annotation run to fetch."""
        run = open_run(ctx, objects=True)
        options = {name: ctx.params[name] for name in CREDENTIALS if ctx.params.get(name)}
        key = ctx.params.get("annotation") or None
        return quiet(ctx, lambda report: _fetch(run, key, options, report))

    def finished(self, ctx: Any, result: dict[str, Any]) -> Iterator[Any]:
        """Say what became of the answers."""
        yield ctx.ops.reload_dataset()
        left = result["conflict_count"]
        yield ctx.ops.notify(summary(result), variant="warning" if left else "success")

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form."""
        inputs = types.Object()
        run = opened_run(ctx, inputs, open_run_on_any)
        if run is not None:
            _which(ctx, run, inputs)
        return form(inputs, "Fetch annotation")


def _fetch(run: Run, key: str | None, options: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Fetch what annotators said of samples, or of the objects on them."""
    annotation = load_annotation(run, key)
    if annotation.objects is None:
        return fetch_annotation(run, annotation.key, options, report)
    return fetch_objects(run, annotation, options, report)


def summary(result: dict[str, Any]) -> str:
    """What became of the answers, in a sentence or two.

    Example:
        >>> summary({"answered": 3, "sent": 5, "relabeled": 2, "confirmed": 1, "conflict_count": 0})
        '3 of 5 samples are answered: 2 relabelled, 1 confirmed.'
    """
    made = [f"{result['relabeled']:,} relabelled", f"{result['confirmed']:,} confirmed"]
    made += [f"{result[name]:,} {name}" for name in ("removed", "added", "moved") if name in result]
    text = f"{result['answered']:,} of {counted(result['sent'])} are answered: {', '.join(made)}."
    left = result["conflict_count"]
    return f"{text} {counted(left, 'conflict')} left open." if left else text


def _which(ctx: Any, run: Run, inputs: types.Object) -> None:
    sent = annotations_of(run)
    if not sent:
        missing(inputs, "This run has sent nothing to annotation yet.")
        return
    choices = types.DropdownView()
    for one in sent:
        when = f"{one.created_at:%Y-%m-%d %H:%M}"
        label = f"{one.key}: {counted(one.samples)}, {one.backend}, {when}"
        choices.add_choice(one.key, label=label)
    inputs.enum("annotation", choices.values(), default=sent[-1].key, label="Which", view=choices)
    key = ctx.params.get("annotation") or sent[-1].key
    backend = next((one.backend for one in sent if one.key == key), sent[-1].backend)
    for name, label, description in OPTIONS[backend]:
        if name == "url":
            description = "Empty: where the samples were sent to"
        if name != "project_name":
            inputs.str(name, label=label, description=description)
