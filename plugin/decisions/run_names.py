"""How fields are called today that the journal calls as they were: runs and label fields move."""

from __future__ import annotations

from collections.abc import Mapping

from ..store.fields import OBJECT_ATTRIBUTES, OWN_FIELDS, TAG_ATTRIBUTES
from ..store.runs import Run
from .journal import ITEM, Entry, Header
from .object_changes import OF_A_LABEL

_OURS = {*OWN_FIELDS, *OBJECT_ATTRIBUTES, *TAG_ATTRIBUTES}


def names_now(header: Header, run: Run) -> dict[str, str]:
    """How the fields are called today that a decision calls otherwise.

    Args:
        header: the decision
        run: its run as it is now, which may have been renamed or pointed at another label field
    """
    written_as = header.get("written_as", header["run_key"])
    names = {header["label_field"]: run.label_field}
    names |= {f"{written_as}_{name}": run.field(name) for name in _OURS}
    return {earlier: now for earlier, now in names.items() if earlier != now}


def entry_now(entry: Entry, names: Mapping[str, str]) -> Entry:
    """A journal entry with the fields as they are called today."""
    if not names or not entry.get("slots"):
        return entry
    if ITEM in entry:  # paths within a label, which are never renamed save our own attribute
        names = {earlier: now for earlier, now in names.items() if earlier not in OF_A_LABEL}
    return {**entry, "slots": [{**s, "path": _path_now(s["path"], names)} for s in entry["slots"]]}


def _path_now(path: str, names: Mapping[str, str]) -> str:
    top, dot, rest = path.partition(".")
    return names.get(top, top) + dot + rest
