"""What annotators left on images, whichever backend they used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..annotation.downloads import cvat_tasks
from ..annotation.store import Annotation
from .regions import Region

RECTANGLE = "rectanglelabels"


@dataclass(frozen=True)
class ImageAnswer:
    """One annotator's last word on one image.

    Attributes:
        sample_id: the image
        regions: what they left
        annotator: their name, None where the backend does not give it
        began_with_boxes: whether it is certain that they saw the boxes that were sent
    """

    sample_id: str
    regions: list[Region]
    annotator: str | None
    began_with_boxes: bool


def image_answers(annotation: Annotation, results: Any) -> Iterator[ImageAnswer]:
    """What annotators left, an answer for each image and annotator."""
    if annotation.backend == "labelstudio":
        yield from _from_label_studio(results)
    else:
        yield from _from_cvat(results)


def _from_label_studio(results: Any) -> Iterator[ImageAnswer]:
    from ..annotation.label_studio import last_words

    (field,) = results.config.label_schema
    for sample_id, annotator, annotation in last_words(results):
        regions = [
            _rectangle(part)
            for part in annotation.get("result") or ()
            if part.get("type") == RECTANGLE and part.get("from_name") == field
        ]
        began = annotation.get("parent_prediction") is not None
        yield ImageAnswer(sample_id, [r for r in regions if r is not None], annotator, began)


def _rectangle(part: dict[str, Any]) -> Region | None:
    value = part.get("value") or {}
    labels = value.get(RECTANGLE) or []
    if len(labels) != 1:
        return None
    x, y, w, h = (float(value[side]) / 100 for side in ("x", "y", "width", "height"))
    return Region(str(part.get("id")), labels[0], (x, y, w, h))


def _from_cvat(results: Any) -> Iterator[ImageAnswer]:
    """An image counts once all jobs of its task are completed, for CVAT tells no answer apart."""
    downloaded = results.backend.download_annotations(results)
    (field,) = results.config.label_schema
    of_sample = downloaded.get(field, {}).get("detections", {})
    done, names = cvat_tasks(results)
    for sample_id in sorted(done):
        found = (of_sample.get(sample_id) or {}).items()
        regions = [Region(str(i), one.label, tuple(one.bounding_box)) for i, one in found]
        yield ImageAnswer(sample_id, regions, names.get(sample_id), True)
