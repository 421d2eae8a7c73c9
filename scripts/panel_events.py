"""Writes panels/web/src/events.ts from panels/events/, so that the two cannot differ."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "panels" / "events"
TARGET = ROOT / "panels" / "web" / "src" / "events.ts"
PLAIN = {int: "number", float: "number", str: "string", bool: "boolean", types.NoneType: "null"}


def load(path: Path) -> types.ModuleType:
    """The contract's module by itself; its package needs FiftyOne."""
    spec = importlib.util.spec_from_file_location(
        "panel_events_contract", path / "__init__.py", submodule_search_locations=[str(path)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def typescript(hint: Any) -> str:
    """The TypeScript type of a Python type hint."""
    if hint in PLAIN:
        return PLAIN[hint]
    if is_typeddict(hint):
        return hint.__name__
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " | ".join(f'"{arg}"' for arg in args)
    if origin is list:
        inner = typescript(args[0])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if origin is tuple:
        return f"[{', '.join(map(typescript, args))}]"
    if origin is dict:
        return f"Record<{typescript(args[0])}, {typescript(args[1])}>"
    if origin in (types.UnionType, Union):
        return " | ".join(map(typescript, args))
    raise TypeError(f"no TypeScript for {hint!r}")


def interface(declared: type) -> str:
    """One TypedDict as an interface."""
    lines = []
    for name, hint in get_type_hints(declared, include_extras=True).items():
        optional = get_origin(hint) is NotRequired
        kind = typescript(get_args(hint)[0] if optional else hint)
        lines.append(f"  {name}{'?' if optional else ''}: {kind};")
    doc = (declared.__doc__ or "").strip().splitlines()[0]
    body = "\n".join(lines)
    if not lines:
        return f"/** {doc} */\nexport type {declared.__name__} = Record<string, never>;"
    return f"/** {doc} */\nexport interface {declared.__name__} {{\n{body}\n}}"


def render() -> str:
    """The whole file."""
    events = load(SOURCE)
    named = {name: getattr(events, name) for name in sorted(vars(events))}
    declared = [value for value in named.values() if is_typeddict(value)]
    choices = [
        f"export type {name} = {typescript(value)};"
        for name, value in named.items()
        if get_origin(value) is Literal
    ]
    names = "\n".join(
        f"  {name}: {{ request: {ask.__name__}; reply: {answer.__name__} }};"
        for name, (ask, answer) in events.EVENTS.items()
    )
    return "\n\n".join(
        [
            "// Written by scripts/panel_events.py from panels/events/. Do not edit.",
            "\n".join(choices),
            *map(interface, declared),
            f"/** Every event by name. */\nexport interface Events {{\n{names}\n}}",
            "export type EventName = keyof Events;\n",
        ]
    )


if __name__ == "__main__":
    TARGET.write_text(render())
