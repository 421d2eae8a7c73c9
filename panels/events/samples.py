"""Samples and objects in full: what is shown beside a picture to judge it."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from .cell import SampleColumns
from .session import IterationRequest


class SamplesRequest(IterationRequest):
    """Samples in full, with a picture of at most ``size`` pixels."""

    rows: list[int]
    size: int


class Probability(TypedDict):
    """The probability of one class."""

    label: int
    p: float


class Vote(TypedDict):
    """What one person said of a sample."""

    annotator: str
    label: int


class SampleInfo(TypedDict):
    """One sample in full, with the first of the votes on it.

    ``image`` is a data URL, empty with ``problem`` set where unreadable.
    """

    row: int
    id: str
    label: int
    prediction: int
    current_label: str
    iies: float
    suspicion: float
    probabilities: list[Probability]
    filepath: str
    split: str
    tags: list[str]
    in_view: bool
    votes: list[Vote]
    image: str
    width: int
    height: int
    problem: str


class SamplesReply(TypedDict):
    """Those that are still in the dataset."""

    samples: list[SampleInfo]


class OtherLabel(TypedDict):
    """A label of an image: its box as left, top, width and height, from 0 to 1 of the image.

    None of a tag, which has none.
    """

    id: str
    label: str
    box: tuple[float, float, float, float] | None


class ObjectsRequest(SamplesRequest):
    """The same for objects; ``shared``: each image comes once, with the first object on it."""

    shared: NotRequired[bool | None]


class ObjectInfo(SampleInfo):
    """One object in full, with its whole image.

    ``id`` is the label's and ``sample`` the sample's. ``box`` is the label's, None where a label is
    missing; ``seen`` is what is predicted, None where nothing is; ``current_box`` is the label's as
    it is now, None where there is no such label. Tags have none of the three. ``others`` are the
    image's other labels now.
    """

    sample: str
    kind: str
    iou: float
    confidence: float
    box: tuple[float, float, float, float] | None
    seen: tuple[float, float, float, float] | None
    current_box: tuple[float, float, float, float] | None
    others: list[OtherLabel]


class ObjectsReply(TypedDict):
    """Those whose samples are still in the dataset."""

    objects: list[ObjectInfo]


class OriginalRequest(IterationRequest):
    """A sample's picture in full resolution; ``decoded``: the browser could not show the file."""

    row: int
    decoded: bool


class OriginalReply(TypedDict):
    """Where the picture is: ``filepath`` to be had from FiftyOne's server, or a data URL.

    One of the two is empty, and both where ``problem`` says why there is none.
    """

    row: int
    filepath: str
    image: str
    problem: str


class ContextRequest(IterationRequest):
    """What a sample is judged beside."""

    row: int


class ContextSamples(SampleColumns):
    """``decision`` is what stands on a sample, such as ``confirmed``, empty while it is open."""

    current_label: list[str]
    decision: list[str]


class ContextReply(TypedDict):
    """Rows that help to judge one; what is known of each of them is in ``samples``.

    ``other`` is the prediction, and where that is the ``label`` the most probable of the other
    classes. ``typical`` and ``typical_other`` show the two: first what a person found right, then
    what the classifier is most certain of; none is a near-duplicate of the sample or of another
    one. ``neighbours`` are the nearest by the iteration's features, nearest first, of which
    ``alike`` are near-duplicates. ``note`` says why there are no neighbours.
    """

    revision: int
    row: int
    label: int
    other: int
    typical: list[int]
    typical_other: list[int]
    neighbours: list[int]
    alike: list[int]
    samples: ContextSamples
    note: str
