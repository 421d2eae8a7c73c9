"""The panel's requests, checked once for all events against the contract in ``events/``."""

from __future__ import annotations

from functools import cache
from typing import Any, NotRequired, get_args, get_origin, get_type_hints

from ..plugin.errors import InputError
from ..plugin.values import checked, expected, shown, takes_none
from . import events

ENVELOPE = get_type_hints(events.IterationRequest)
"""Run and iteration, which the browser names everywhere."""

ANY_EVENTS = {name for asked, _ in events.EVENTS.values() for name in get_type_hints(asked)}
"""The fields of all requests; one that is another event's is left out, and no mistake."""

LIFE_CYCLE = frozenset(
    {
        None,
        "on_startup",
        "on_load",
        "on_unload",
        "render",
        "on_change",
        "on_change_ctx",
        "on_change_dataset",
        "on_change_view",
        "on_change_spaces",
        "on_change_current_sample",
        "on_change_selected",
        "on_change_selected_labels",
        "on_change_extended_selection",
        "on_change_group_slice",
        "on_change_query_performance",
        "on_change_active_fields",
    }
)
"""What FiftyOne itself calls on a panel. It would call any attribute that a client names."""


def checked_method(name: Any) -> str | None:
    """The method of the panel that a client names.

    Raises:
        InputError: if it is neither an event nor one of FiftyOne's own
    """
    if name is None or (isinstance(name, str) and (name in events.EVENTS or name in LIFE_CYCLE)):
        return name
    raise InputError(f"__method__: the panel has no event {shown(name)}")


def checked_request(event: str, request: Any) -> dict[str, Any]:
    """What an event is asked, each field of the type that the contract declares.

    A field that may be None may be left out as well, as ``undefined`` is in JSON.

    Raises:
        InputError: naming the field that is missing, unknown, or not of its type
    """
    asked = {} if request is None else request
    if not isinstance(asked, dict):
        raise InputError(f"request must be a mapping with its fields, got {shown(asked)}")
    fields = _fields(event)
    found = {}
    for name, value in asked.items():
        declared = fields[name][0] if name in fields else ENVELOPE.get(name)
        if declared is not None:
            found[name] = checked(name, value, declared)
        elif name not in ANY_EVENTS:
            known = ", ".join(fields) or "none"
            raise InputError(f"request: unknown field {shown(name)}; {event} has: {known}")
    for name, (declared, required) in fields.items():
        if required and name not in found:
            if not takes_none(declared):
                raise InputError(f"{name} is missing: it must be {expected(declared)}")
            found[name] = None
    return found


@cache
def _fields(event: str) -> dict[str, tuple[Any, bool]]:
    """The type of each field of an event's request, and whether it must be there."""
    hints = get_type_hints(events.EVENTS[event][0], include_extras=True)
    return {
        name: (get_args(hint)[0], False) if get_origin(hint) is NotRequired else (hint, True)
        for name, hint in hints.items()
    }
