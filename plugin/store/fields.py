"""The fields of samples that belong to runs: their names, types and place in the sidebar."""

from __future__ import annotations

from typing import Any

import fiftyone as fo

from .new_fields import declare
from .runs import Run
from .samples import catch_up

FIELDS: dict[str, str] = {
    "prediction": "The class that the classifier of the run's last iteration gives the sample",
    "iies": "Instance Interpretation Error Score: (max p + 1 - p[label]) / 2",
    "cies": "Class Interpretation Error Score: open samples with this label and prediction",
    "suspicion": "Log-odds margin of the best other class over the label; positive is suspect",
    "ses": "Similarity Error Score: the highest SSIM with another image, where one is similar",
    "duplicates": "The ids of the samples that are near-duplicates of this one",
    "decision": "The decision that stands on the sample; none while it is open",
}
"""Fields that a run writes, without their prefix, and what they hold."""


LATER_FIELDS: dict[str, str] = {
    "disagreement": "Share of the sample's nearest neighbours that carry another label",
    "importance": "Coreset importance of the sample within its class; 1 is the average",
    "cleanlab_score": "cleanlab's label quality: the probability of the label; low is suspect",
    "cleanlab_issue": "Whether cleanlab's filter reports the label",
}
"""Numbers, and yes or no, that a run writes once they are asked for."""


YES_OR_NO = ("cleanlab_issue",)
"""Those of ``LATER_FIELDS`` that are true or false."""


OBJECT_FIELDS: dict[str, str] = {
    "errors": "How many of the image's objects are suspect: their suspicion is positive",
    "missing": "Objects that detectors see and no label covers, the most suspect first",
}
"""Fields that a run on objects writes beside ``suspicion``."""


OBJECT_ATTRIBUTES: dict[str, str] = {
    "suspicion": "Log-odds that the object's label is wrong in its likeliest way",
    "iies": "Instance Interpretation Error Score over the classes and nothing",
    "prediction": "The class that the detectors see there, or that there is nothing",
    "iou": "Overlap of the label with what the detectors see there; 0 where they see nothing",
    "kind": "How the label is wrong if it is: class, spurious or placement",
    "ses": "Similarity Error Score: overlap with another label that seems to be on the same object",
    "decision": "The decision that stands on the object; none while it is open",
}
"""Attributes of labels that a run on objects writes."""

TAG_FIELDS: dict[str, str] = {
    "errors": "How many of the image's tags, missing ones included, are suspect",
    "missing": "Tags that the image may lack, the most suspect first",
}
"""Fields that a run on tags writes beside ``suspicion``; named as those on objects are."""

TAG_ATTRIBUTES: dict[str, str] = {
    "suspicion": "Log-odds that the image should not have the tag",
    "iies": "Instance Interpretation Error Score over the tag and nothing",
    "kind": "How the tag is wrong if it is: spurious",
}
"""Attributes of tags that a run on them writes; a part of those on objects."""

VOTE_FIELDS: dict[str, str] = {
    "consensus": "The class that several people's votes and the model together give the sample",
}
"""Fields that a run with votes writes as well."""

OWN_FIELDS = (*FIELDS, *LATER_FIELDS, *OBJECT_FIELDS, *VOTE_FIELDS)
"""Every field that belongs to a run once it exists, without its prefix."""


_TYPES: dict[str, Any] = {
    "prediction": fo.EmbeddedDocumentField,
    "iies": fo.FloatField,
    "cies": fo.IntField,
    "suspicion": fo.FloatField,
    "ses": fo.FloatField,
    "duplicates": fo.ListField,
    "decision": fo.StringField,
    "errors": fo.IntField,
    "missing": fo.EmbeddedDocumentField,
    "consensus": fo.EmbeddedDocumentField,
}


def field_type(name: str) -> Any:
    """FiftyOne's type of one of ``OWN_FIELDS``."""
    return _TYPES.get(name, fo.BooleanField if name in YES_OR_NO else fo.FloatField)


def declare_fields(run: Run) -> None:
    """Declare the run's fields on the dataset and show them in a sidebar group of their own."""
    catch_up(run.dataset)
    wanted = {
        run.field(name): {"ftype": _TYPES[name], "description": description}
        for name, description in FIELDS.items()
    }
    wanted[run.field("prediction")]["embedded_doc_type"] = fo.Classification
    wanted[run.field("duplicates")]["subfield"] = fo.StringField
    declare(run.dataset, wanted)
    group_in_sidebar(run)


def group_in_sidebar(run: Run) -> None:
    """Show the run's fields in a sidebar group of their own."""
    config = run.dataset.app_config
    groups: Any = config.sidebar_groups or fo.DatasetAppConfig.default_sidebar_groups(run.dataset)
    ours = [run.field(name) for name in OWN_FIELDS if run.dataset.has_field(run.field(name))]
    for group in groups:
        group.paths = [p for p in group.paths if p not in ours]
    groups = [g for g in groups if g.name != sidebar_group(run)]
    at = next((i for i, g in enumerate(groups) if g.name == "primitives"), len(groups))
    groups.insert(at, fo.SidebarGroupDocument(name=sidebar_group(run), paths=ours))
    config.sidebar_groups = groups
    run.dataset.save()


def sidebar_group(run: Run) -> str:
    """The name of the sidebar group that shows the run's fields."""
    return f"label errors ({run.key})"
