"""Which fields of a dataset belong to runs: told by one rule, everywhere.

A field belongs to a run by its whole name, never by its beginning alone: a run ``ground`` has
nothing to do with a field ``ground_truth``. In a copy of a dataset, or once FiftyOne deleted the
run, there are fields without a run; they are known by their description.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import InputError
from .declared import Declared, check_writable, declared_fields
from .fields import (
    FIELDS,
    LATER_FIELDS,
    OBJECT_ATTRIBUTES,
    OBJECT_FIELDS,
    OWN_FIELDS,
    TAG_FIELDS,
    VOTE_FIELDS,
    field_type,
    sidebar_group,
)
from .held import forget_deleted
from .listed_runs import known_runs, listed_runs
from .runs import Run
from .samples import Dataset, take_off_undeclared

DESCRIPTIONS = {**FIELDS, **LATER_FIELDS, **OBJECT_FIELDS, **VOTE_FIELDS}
_OTHERWISE = {"decision": "the decision that stands on the sample", **TAG_FIELDS}
"""What else a field of this name may say: in earlier versions, or in a run on tags."""


def names_of(run_key: str) -> set[str]:
    """The names of all fields that a run of this key may write."""
    return {f"{run_key}_{name}" for name in OWN_FIELDS}


def own_fields(dataset: Dataset) -> set[str]:
    """The fields of a dataset that belong to a run, or did."""
    declared = declared_fields(dataset)
    keys = {*listed_runs(dataset), *(run.key for run in known_runs(dataset).values())}
    named = {name for key in keys for name in names_of(key)}
    hints = re.compile(rf"({'|'.join(map(re.escape, sorted(keys)))})_annotation_\d+")
    return {
        name
        for name in declared
        if name in named or (keys and hints.fullmatch(name)) or _is_described(name, declared)
    }


def left_over(dataset: Dataset, run_key: str) -> list[str]:
    """Fields of a run of this key that are known as such by their description.

    None, where not both of those are there that every run has: single fields may have been renamed
    by somebody who wants to keep them.
    """
    declared = declared_fields(dataset)
    found = {n for n in names_of(run_key) if n in declared and _is_described(n, declared)}
    whole = {f"{run_key}_prediction", f"{run_key}_decision"} <= found
    return sorted(found) if whole else []


def _is_described(name: str, declared: Declared) -> bool:
    for kind, description in DESCRIPTIONS.items():
        if name.endswith(f"_{kind}"):
            told = declared[name].get("description")
            return told is not None and told in (description, _OTHERWISE.get(kind))
    return False


def check_own_fields(dataset: Dataset, run_key: str, *, ours: bool = False) -> None:
    """Raise InputError where a run would write to fields that are somebody else's, or protected.

    Args:
        dataset: the dataset
        run_key: the run
        ours: whether fields of these names are the run's, and not only those that say so
    """
    declared = declared_fields(dataset)
    left = left_over(dataset, run_key)
    taken = sorted(name for name in names_of(run_key) if name in declared)
    for name in taken:
        kind = name.removeprefix(f"{run_key}_")
        if not (ours or name in left):
            raise InputError(
                f"run_key: a run '{run_key}' would write to field '{name}', which dataset "
                f"'{dataset.name}' has already. Choose another run_key."
            )
        if declared[name]["ftype"].rpartition(".")[2] != field_type(kind).__name__:
            raise InputError(
                f"Field '{name}' of dataset '{dataset.name}' has another type than run '{run_key}' "
                f"writes ({field_type(kind).__name__}). Rename or delete it."
            )
    check_writable(dataset, taken)


def check_not_own(dataset: Dataset, fields: Iterable[str], option: str) -> None:
    """Raise InputError where a field that somebody named as an option is written by a run."""
    own = own_fields(dataset)
    for name in fields:
        if name in own:
            raise InputError(
                f"{option}: '{name}' of dataset '{dataset.name}' is written by a run, and holds "
                "neither labels of the dataset nor predictions of a model"
            )


def own_attributes(dataset: Dataset, run_key: str, *, inside: bool = False) -> list[str]:
    """Paths of the attributes that a run on objects wrote onto labels.

    Args:
        dataset: the dataset
        run_key: the run
        inside: those within the run's own fields too
    """
    ours = {f"{run_key}_{name}" for name in OBJECT_ATTRIBUTES}
    return sorted(
        f"{name}.{part['name']}.{attribute['name']}"
        for name, field in declared_fields(dataset).items()
        if inside or name not in names_of(run_key)
        for part in field.get("fields") or []
        for attribute in part.get("fields") or []
        if attribute["name"] in ours
    )


def check_own_writable(run: Run, names: Iterable[str]) -> None:
    """Raise InputError where one of the run's fields, without their prefix, is read-only."""
    check_writable(run.dataset, [run.field(name) for name in names])


def delete_fields(run: Run) -> None:
    """Remove every field of the run from the dataset, and its sidebar group."""
    dataset = run.dataset
    attributes = own_attributes(dataset, run.key)
    if attributes:
        if not set(attributes) <= set(dataset.get_field_schema(flat=True)):
            dataset._reload(hard=True)
        dataset.delete_sample_fields(attributes)
    ours = sorted(names_of(run.key) & set(declared_fields(dataset)))
    if ours:
        forget_deleted(dataset)
        if not set(ours) <= set(dataset.get_field_schema()):  # declared by another process
            dataset._reload(hard=True)
        dataset.delete_sample_fields(ours)
        # FiftyOne empties samples first and forgets fields then: somebody may have written between.
        take_off_undeclared(dataset, ours)
    config = dataset.app_config
    if config.sidebar_groups:
        config.sidebar_groups = [g for g in config.sidebar_groups if g.name != sidebar_group(run)]
        dataset.save()
