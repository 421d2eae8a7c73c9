"""What the four numbers of a box are, told by whether the boxes lie in their images."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..percent import percent

XYWH, XYXY, CXCYWH = "xywh", "xyxy", "cxcywh"
LAYOUTS = (XYWH, XYXY, CXCYWH)
PIXELS, RELATIVE = "pixels", "relative"
UNITS = (PIXELS, RELATIVE)
SAID = {
    XYWH: "left, top, width, height",
    XYXY: "left, top, right, bottom",
    CXCYWH: "centre, width, height",
}

MARGIN = 0.1
"""How far a box may reach out of its image, as a share of it: detectors do not cut them off."""
LARGEST_SHARE = 1.5
"""Above it, no number of a box is a share of its image."""
ENOUGH, NEARLY_ALL = 0.9, 0.98
HALF, CLEARLY = 0.5, 0.1

Box = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """How the four numbers are read.

    Attributes:
        layout: one of ``LAYOUTS``
        units: one of ``UNITS``
        said: in words, with what was assumed
    """

    layout: str
    units: str
    said: str

    def boxes(self, values: Box, corners: npt.NDArray[np.bool_], width: Box, height: Box) -> Box:
        """Boxes as x, y, width and height relative to the image, float64 (n, 4).

        Args:
            values: float64 (n, 4)
            corners: bool (n,), those that are left, top, right and bottom, whatever the others are
            width: float64 (n,), of the image of each in pixels; not needed for shares
            height: likewise
        """
        found = np.where(corners[:, None], as_xywh(values, XYXY), as_xywh(values, self.layout))
        if self.units == PIXELS:
            found = found / np.stack([width, height, width, height], axis=1)
        return found


def as_xywh(values: Box, layout: str) -> Box:
    """Boxes of a layout as x, y, width and height.

    Example:
        >>> as_xywh(np.array([[1.0, 2.0, 4.0, 6.0]]), "xyxy").tolist()
        [[1.0, 2.0, 3.0, 4.0]]
    """
    if layout == XYWH:
        return values
    first, second = values[:, :2], values[:, 2:]
    if layout == XYXY:
        return np.concatenate([first, second - first], axis=1)
    return np.concatenate([first - second / 2, second], axis=1)


def lie_inside(box: Box) -> npt.NDArray[np.bool_]:
    """Which boxes lie in their image or reach out of it by little; float64 (n, 4), as shares."""
    low, size = box[:, :2], box[:, 2:]
    fine = (size > 0) & (low >= -MARGIN) & (low + size <= 1 + MARGIN)
    return np.asarray(fine.all(axis=1))


@dataclass
class Survey:
    """How many boxes of a file lie in their images, by what their numbers could be.

    Attributes:
        rows: boxes of four finite numbers
        shares: of these, those whose numbers can be shares of the image
        plain: of these, those whose layout is to be told, which that of an outline is not
        sized: of these, those in images of known size
        inside: by layout and units, those that lie in their image
    """

    rows: int = 0
    shares: int = 0
    plain: int = 0
    sized: int = 0
    inside: dict[tuple[str, str], int] = field(
        default_factory=lambda: {(layout, unit): 0 for layout in LAYOUTS for unit in UNITS}
    )

    def add(self, values: Box, corners: npt.NDArray[np.bool_], width: Box, height: Box) -> None:
        """Count boxes.

        Args:
            values: float64 (n, 4)
            corners: bool (n,), those of outlines
            width: float64 (n,), of the image of each, NaN where it is not known
            height: likewise
        """
        finite = np.isfinite(values).all(axis=1)
        self.rows += int(finite.sum())
        small = np.abs(values[finite]).max(axis=1, initial=0) <= LARGEST_SHARE
        self.shares += int(small.sum())
        plain = finite & ~corners
        values, width, height = values[plain], width[plain], height[plain]
        self.plain += len(values)
        sized = np.isfinite(width) & np.isfinite(height)
        self.sized += int(sized.sum())
        size = np.stack([width, height, width, height], axis=1)[sized]
        for layout in LAYOUTS:
            box = as_xywh(values, layout)
            self.inside[layout, RELATIVE] += int(lie_inside(box).sum())
            self.inside[layout, PIXELS] += int(lie_inside(box[sized] / size).sum())

    def settle(self, path: str, usual: str, layout: str = "auto", units: str = "auto") -> Reading:
        """What the numbers are.

        Args:
            path: of the file, for messages
            usual: the layout that the format has, taken unless the boxes speak against it
            layout: one of ``LAYOUTS`` where somebody said so
            units: one of ``UNITS`` where somebody said so

        Raises:
            InputError: if it cannot be told
        """
        units = self.units(path) if units == "auto" else units
        if layout != "auto":
            return Reading(layout, units, f"boxes as {SAID[layout]} in {_unit(units)}, as given")
        total = self.plain if units == RELATIVE else self.sized
        share = {name: self.inside[name, units] / max(total, 1) for name in LAYOUTS}
        if not total or share[usual] >= ENOUGH:
            return Reading(usual, units, f"boxes as {SAID[usual]} in {_unit(units)}")
        first, second = sorted((n for n in LAYOUTS if n != usual), key=lambda n: -share[n])
        out = round((1 - share[usual]) * total)
        complaint = f"{out:,} of {total:,} boxes would reach out of their images as {SAID[usual]}"
        better = share[first] - share[usual] >= CLEARLY
        if better and share[first] >= ENOUGH and share[first] - share[second] >= CLEARLY:
            said = f"boxes as {SAID[first]} in {_unit(units)}, since {complaint}"
            return Reading(first, units, said)
        if share[usual] >= HALF and not better:
            return Reading(usual, units, f"boxes as {SAID[usual]} in {_unit(units)}; {complaint}")
        told = "; ".join(f"boxes='{n}' ({SAID[n]}): {percent(1 - share[n])} out" for n in LAYOUTS)
        raise InputError(
            f"boxes: it cannot be told what the four numbers in '{path}' are: {complaint}. "
            f"Say so ({told}), and units where they are not in {_unit(units)}"
        )

    def units(self, path: str) -> str:
        """Whether the numbers are pixels or shares of the image; InputError where it is unclear."""
        share = self.shares / max(self.rows, 1)
        if share >= ENOUGH:
            return RELATIVE
        if share <= 1 - ENOUGH:
            return PIXELS
        raise InputError(
            f"units: {percent(share)} of the boxes in '{path}' are shares of their image and the "
            f"others are pixels. Say units='{PIXELS}' or units='{RELATIVE}'; boxes that do not fit "
            "are left out"
        )


def _unit(units: str) -> str:
    return "pixels" if units == PIXELS else "shares of the image"
