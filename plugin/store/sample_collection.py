"""Datasets and views as somebody passes them: what they hold, and whether that can be used."""

from __future__ import annotations

import fiftyone as fo
import fiftyone.core.media as fom

from ..errors import InputError
from .database import collection_of
from .samples import Collection, Dataset


def root_dataset(samples: Collection) -> Dataset:
    """The dataset that a view belongs to, or the dataset itself."""
    return samples._root_dataset


def is_view(samples: Collection) -> bool:
    """Whether a collection is a view."""
    return isinstance(samples, fo.DatasetView)


def is_deleted(dataset: Dataset) -> bool:
    """Whether a dataset was deleted since it was loaded, by this process or by another."""
    if dataset.deleted:
        return True
    return collection_of("datasets").find_one({"_id": dataset._doc.id}, {"_id": 1}) is None


def check_images(samples: Collection) -> None:
    """Raise InputError unless the collection holds images, one sample each."""
    name = root_dataset(samples).name
    if is_view(samples) and samples._is_generated:
        raise InputError(
            f"The view on dataset '{name}' holds patches, clips or frames. Label errors are found "
            "on whole samples: pass the dataset, or a view that selects samples of it."
        )
    if len(samples) == 0:
        what = "view on dataset" if is_view(samples) else "dataset"
        raise InputError(f"The {what} '{name}' is empty; expected labelled images.")
    if samples.media_type != fom.IMAGE:
        slices = ", ".join(image_slices(samples)) or "it has none"
        hint = (
            f" Name one of its slices of images ({slices})"
            " as group_slice, or pass a view: dataset.select_group_slices('...')."
            if samples.media_type == fom.GROUP
            else ""
        )
        raise InputError(
            f"Dataset '{name}' holds media of type '{samples.media_type}'; expected images.{hint}"
        )


def image_slices(samples: Collection) -> list[str]:
    """The slices of a grouped collection that hold images, its default one first."""
    if samples.media_type != fom.GROUP:
        return []
    dataset = root_dataset(samples)
    names = [k for k, kind in samples.group_media_types.items() if kind == fom.IMAGE]
    return sorted(names, key=lambda name: (name != dataset.default_group_slice, name))


def slice_of(samples: Collection, group_slice: str | None) -> Collection:
    """The samples of one slice of a grouped collection; all samples where none is named.

    Raises:
        InputError: if the collection is not grouped, or has no such slice of images
    """
    if group_slice is None:
        return samples
    names = image_slices(samples)
    if group_slice not in names:
        name = root_dataset(samples).name
        what = f"its slices of images are {', '.join(names)}" if names else "it has no image slices"
        raise InputError(
            f"group_slice: expected a slice of images of dataset '{name}', got {group_slice!r}; "
            f"{what}."
        )
    return samples.select_group_slices(group_slice)
