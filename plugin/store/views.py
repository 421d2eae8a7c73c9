"""Views that label errors are found on: what they select counts, and they must show what is stored.

Scores and decisions are about stored labels. A view that shows other ones in their place, such as
``map_labels``, would be cleaned by what nobody sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import fiftyone.core.stages as fos
from bson import ObjectId

from ..errors import InputError
from .iterations import unpack_ids
from .runs import Run
from .sample_collection import is_view, root_dataset
from .samples import Collection, samples_of

CHUNK = 1_000

_SELECTING = (
    fos.Exclude,
    fos.ExcludeBy,
    fos.ExcludeFields,
    fos.ExcludeGroups,
    fos.Exists,
    fos.GeoNear,
    fos.GeoWithin,
    fos.Limit,
    fos.Match,
    fos.MatchLabels,
    fos.MatchTags,
    fos.Select,
    fos.SelectBy,
    fos.SelectFields,
    fos.SelectGroupSlices,
    fos.SelectGroups,
    fos.Shuffle,
    fos.Skip,
    fos.SortBy,
    fos.SortBySimilarity,
    fos.Take,
)
"""Stages that choose and sort samples, and change none of their values."""


def check_view(samples: Collection, fields: Sequence[str]) -> None:
    """Raise InputError where a view shows other values in some fields than the dataset stores.

    Args:
        samples: a dataset or view
        fields: names of top-level fields; those that the view leaves out are read as stored
    """
    if not is_view(samples):
        return
    other = [type(s).__name__ for s in samples._all_stages if not isinstance(s, _SELECTING)]
    shown = [name for name in fields if name in samples.get_field_schema()]
    if not other or not shown:
        return
    documents = iter(samples._aggregate(post_pipeline=[{"$project": dict.fromkeys(shown, 1)}]))
    while part := list(islice(documents, CHUNK)):
        changed = _changed(samples, part, shown)
        if changed is not None:
            raise InputError(
                f"The view on dataset '{root_dataset(samples).name}' ({', '.join(other)}) shows "
                f"other values in field '{changed}' than the dataset stores, and decisions are "
                "made on what is stored. Pass a view that only selects samples, save the values "
                "(view.save()) first, or clone the view."
            )


def _changed(samples: Collection, part: list[dict[str, Any]], fields: Sequence[str]) -> str | None:
    query = {"_id": {"$in": [document["_id"] for document in part]}}
    found = samples_of(root_dataset(samples)).find(query, dict.fromkeys(fields, 1))
    stored = {document["_id"]: document for document in found}
    for document in part:
        held = stored.get(document["_id"], document)
        for name in fields:
            if repr(document.get(name)) != repr(held.get(name)):  # NaN equals itself in text
                return name
    return None


def ids_in(samples: Collection) -> list[ObjectId]:
    """The ids of a collection's samples in its order; one that a view holds twice counts once."""
    ids: Any = samples.values("_id")
    return list(dict.fromkeys(ids))


def check_covers(samples: Collection, run: Run, decided: Sequence[str]) -> None:
    """Raise InputError where a view leaves out open samples of the run's last iteration.

    The next iteration takes the place of the last one, and their scores would be gone.

    Args:
        samples: what the next iteration is to be made on
        run: the run
        decided: ids of samples on which a decision stands; they need no scores any more
    """
    iterations = run.iterations()
    if not is_view(samples) or not iterations:
        return
    last = iterations[-1]
    inside = {str(i) for i in ids_in(samples)} | set(decided)
    missing = [i for i in unpack_ids(last.column("id_sorted")) if i not in inside]
    label = f"{run.label_field}.label"
    left = 0
    for start in range(0, len(missing), CHUNK):
        ids = [ObjectId(i) for i in missing[start : start + CHUNK]]
        query = {"_id": {"$in": ids}, label: {"$nin": [None, ""]}}
        left += samples_of(run.dataset).count_documents(query)
    refuse_left_out(left, last.number, run.key)


def refuse_left_out(left: int, number: int, key: str) -> None:
    """Raise InputError where open samples of an iteration are left out; see :func:`check_covers`.

    Args:
        left: how many
        number: that of the iteration
        key: that of the run
    """
    if left:
        raise InputError(
            f"The view leaves out {left} open samples that iteration {number} of run "
            f"'{key}' holds, and their scores would be gone. Give the view a run_key of its "
            "own, or pass the dataset or a view that holds them too."
        )
