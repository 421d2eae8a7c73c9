"""Parameters of operators, checked before anything is done: from scripts, the App and over HTTP.

FiftyOne would check a request against the operator's form, and answers with a traceback what does
not fit it; or runs the form, and the operator, on whatever a client sent. So operators check what
they are given themselves, once for all, by the types that their ``__call__`` declares.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, Literal, get_type_hints

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
from bson import ObjectId
from fiftyone.core.dataset import DatasetNotFoundError
from fiftyone.operators import types

from ..plugin.errors import InputError
from ..plugin.store.kept_datasets import use_kept_dataset
from ..plugin.values import checked, shown

Target = Literal["dataset", "view"]
"""What a form asks for where the App shows a view."""


class CheckedOperator(foo.Operator):
    """An operator whose ``__call__`` and ``execute`` see only values of the declared types.

    ``FORM`` declares parameters that ``__call__`` does not: those that it takes as ``**options``,
    and those that only the App's form has. A parameter of a form is empty if it is None or ``""``.
    """

    FORM: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Put the checks before what a subclass defines."""
        super().__init_subclass__(**kwargs)
        for name, guard in _GUARDS.items():
            if name in cls.__dict__:
                setattr(cls, name, guard(cls.__dict__[name]))

    def check(self, ctx: Any) -> None:
        """Raise InputError where a request of the right types cannot be done; changes nothing."""

    @classmethod
    @functools.cache
    def own(cls) -> dict[str, Any]:
        """The types of what ``__call__`` declares, by name."""
        taken = inspect.signature(cls.__call__).parameters.values()
        hints = get_type_hints(inspect.unwrap(cls.__call__))
        named = {
            p.name: hints[p.name] for p in taken if p.kind is not p.VAR_KEYWORD and p.name in hints
        }
        named.pop(_collection_name(cls.__call__))
        return named

    @classmethod
    @functools.cache
    def declared(cls) -> dict[str, Any]:
        """The types of all parameters by name, as a request names them."""
        named = dict(cls.own())
        for base in reversed(cls.__mro__):
            named |= getattr(base, "FORM", {})
        return named

    def faults(self, ctx: Any) -> dict[str, InputError]:
        """What is wrong with a request, by the name of the parameter."""
        found = {}
        for name, check in (("dataset", _check_dataset), ("selected", _check_selected)):
            try:
                check(ctx)
            except InputError as error:
                found[name] = error
        for name, kind in self.declared().items():
            value = ctx.params.get(name)
            if value is None or (isinstance(value, str) and value == ""):
                continue
            try:
                checked(name, value, kind)
            except InputError as error:
                found[name] = error
        return found

    def to_json(self) -> dict[str, Any]:
        """How the App sees the operator: it still looks for empty fields of the form itself."""
        told = super().to_json()
        told["config"]["disable_schema_validation"] = False
        return told


def _collection_name(call: Callable[..., Any]) -> str:
    """What an operator calls the dataset or view that it works on."""
    return list(inspect.signature(call).parameters)[1]


def _check_dataset(ctx: Any) -> None:
    try:
        found = ctx.dataset
    except ValueError as error:  # FiftyOne's DatasetNotFoundError
        raise InputError(str(error)) from error
    if found is None:
        raise InputError("No dataset is open. Open one first.")


def _check_selected(ctx: Any) -> None:
    try:
        selected = ctx.selected
    except (TypeError, KeyError, AttributeError, IndexError):
        raise InputError("selected must be a list of sample ids") from None
    if selected is not None:
        checked("selected", selected, list[str])


def _with_text_ids(value: Any) -> Any:
    """A value in which ids of the database are texts: alone, in lists, and in mappings."""
    if isinstance(value, ObjectId):
        return str(value)
    if isinstance(value, dict):
        return {_with_text_ids(k): _with_text_ids(v) for k, v in value.items()}
    if type(value) in (list, tuple, set):
        return type(value)(map(_with_text_ids, value))
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [_with_text_ids(v) for v in value.tolist()]
    return value


def _guarded_call(call: Callable[..., Any]) -> Callable[..., Any]:
    signature, collection = inspect.signature(call), _collection_name(call)
    options = next((p.name for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD), None)

    @functools.wraps(call)
    def guarded(self: CheckedOperator, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(self, *args, **kwargs)
        # A form may name a parameter in another way than Python does, such as a file by a mapping.
        kinds = {**self.declared(), **self.own()}
        samples = given.arguments[collection]
        if not isinstance(samples, fo.Dataset | fo.DatasetView):
            raise InputError(f"{collection} must be a dataset or a view, got {shown(samples)}")
        for name, any_ids in given.arguments.items():
            value = any_ids if name in ("self", collection) else _with_text_ids(any_ids)
            if name == options:
                given.arguments[name] = {
                    k: v if v is None or k not in kinds else checked(k, v, kinds[k])
                    for k, v in value.items()
                }
            elif name in kinds:
                given.arguments[name] = checked(name, value, kinds[name])
        return call(*given.args, **given.kwargs)

    return guarded


def _guarded_execute(execute: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(execute)
    def guarded(self: CheckedOperator, ctx: Any) -> Any:
        for fault in self.faults(ctx).values():
            raise fault
        return execute(self, ctx)

    return guarded


def _guarded_delegation(resolve: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(resolve)
    def guarded(self: CheckedOperator, ctx: Any) -> Any:
        # What is refused is refused at once, not queued to fail later.
        if self.faults(ctx):
            return False
        wanted = resolve(self, ctx)
        try:
            if wanted or ctx.requesting_delegated_execution:
                self.check(ctx)
        except InputError:
            return False
        return wanted

    return guarded


def _guarded_form(form: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(form)
    def guarded(self: CheckedOperator, ctx: Any) -> types.Property:
        with suppress(DatasetNotFoundError):  # which is among the faults
            use_kept_dataset(ctx)
        faults, asked = self.faults(ctx), ctx.params
        if "dataset" in faults or "selected" in faults:
            return _problem(next(iter(faults.values())))
        try:
            ctx.params = {name: value for name, value in asked.items() if name not in faults}
            made = form(self, ctx)
        except InputError as error:
            return _problem(error)
        finally:
            ctx.params = asked
        for at, error in enumerate(faults.values()):
            made.type.view(f"fault{at}", types.Error(label=str(error)))
        _drop_unreadable(made.type, asked)
        if ctx.executor is not None:
            _let_execute_say(made.type)
        return made

    return guarded


def _problem(error: InputError) -> types.Property:
    """A form that only says what is wrong."""
    inputs = types.Object()
    inputs.view("problem", types.Error(label=str(error)))
    return types.Property(inputs)


def _let_execute_say(inputs: types.Object) -> None:
    """Hold nothing back where a request is executed: FiftyOne would answer with a traceback."""
    for field in inputs.properties.values():
        field.invalid = False


def _drop_unreadable(inputs: types.Object, asked: dict[str, Any]) -> None:
    """Take out fields for mappings that were given something else: FiftyOne fails on them."""
    for name, field in list(inputs.properties.items()):
        if isinstance(field.type, types.Object) and not isinstance(
            asked.get(name, {}), dict | None
        ):
            del inputs.properties[name]


def _guarded_config(config: property) -> property:
    @functools.wraps(config.fget)  # pyright: ignore[reportArgumentType]
    def guarded(self: CheckedOperator) -> foo.OperatorConfig:
        made = config.__get__(self)
        made.disable_schema_validation = True  # its answer is a traceback; see the top of the file
        return made

    return property(guarded)


_GUARDS: dict[str, Callable[[Any], Any]] = {
    "__call__": _guarded_call,
    "execute": _guarded_execute,
    "resolve_delegation": _guarded_delegation,
    "resolve_input": _guarded_form,
    "config": _guarded_config,
}
