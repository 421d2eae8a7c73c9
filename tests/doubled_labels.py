"""Second labels on objects of a dataset with boxes."""

from __future__ import annotations

from typing import Any


def doubled(dataset: Any, field: str, same: int, other: int) -> dict[str, set[str]]:
    """Put second labels onto the first objects of some images.

    Args:
        dataset: of digits on canvases
        field: of its labels
        same: how many get the same class
        other: how many get another one

    Returns:
        the ids of both labels of each object, under ``same`` and ``other``
    """
    import fiftyone as fo

    found: dict[str, set[str]] = {"same": set(), "other": set()}
    labelled = dataset.match(fo.ViewField(f"{field}.detections").length() > 0)
    for at, sample in enumerate(labelled[: same + other]):
        first = sample[field].detections[0]
        kind = "same" if at < same else "other"
        name = first.label if kind == "same" else str((int(first.label) + 1) % 10)
        x, y, width, height = first.bounding_box
        second = fo.Detection(label=name, bounding_box=[x, y, width * 0.95, height])
        sample[field].detections.append(second)
        sample.save()
        found[kind] |= {first.id, second.id}
    return found
