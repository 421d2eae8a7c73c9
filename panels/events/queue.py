"""Suspects one after the other, sample by sample or image by image."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from .rankings import RankBy
from .session import IterationRequest


class QueueRequest(IterationRequest):
    """Open samples by suspicion, across cells or in one; ``skip`` are rows passed over.

    ``front`` is a row that comes first, if it is among them. ``by``, ``above`` and ``label`` go
    through a ranking in its order instead.
    """

    cell: tuple[int, int] | None
    skip: list[int]
    limit: int
    front: NotRequired[int | None]
    by: NotRequired[RankBy | None]
    above: NotRequired[float | None]
    label: NotRequired[int | None]


class QueueReply(TypedDict):
    """The next rows; ``left`` counts the open ones in the view, ``outside`` those outside of it.

    ``skipped`` are those of ``skip`` that are open and in the view, in the order in which they were
    passed over; no other number counts them. ``deleted`` were deleted past the run, or where labels
    are sets changed, too.
    """

    revision: int
    rows: list[int]
    left: int
    outside: int
    skipped: list[int]
    deleted: int


class ImageQueueRequest(QueueRequest):
    """The same image by image; a row stands for the image that it lies on.

    ``front`` comes first unless it was passed over, also when nothing on it is open any more;
    ``bring`` comes first in any case.
    """

    bring: NotRequired[int | None]


class ImageSuspects(TypedDict):
    """An image by its most suspicious ``row``, and the ``rows`` on it, most suspicious first.

    They are its suspects, what the queue goes through, and what is decided, of FiftyOne's view.
    ``decided`` says what stands on each, empty while it is open, ``elsewhere`` where it was changed
    past the panel.
    """

    row: int
    rows: list[int]
    decided: list[str]


class ImageQueueReply(QueueReply):
    """All but ``images`` as in ``QueueReply``, of images; ``left`` counts the one in front, too."""

    images: list[ImageSuspects]
