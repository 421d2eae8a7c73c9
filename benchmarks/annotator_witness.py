"""What was on screen when a key was pressed, by the page, and what was written, by the journal.

The witness looks at every frame of the browser, apart from the panel's own code: a picture counts
as shown from the frame after the one in which its image was complete, in the window, and covered
by nothing.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WITNESS = """(() => {
  const w = window.witness = { presses: [], drawn: [], seen: new Map() };
  const inSight = (element, within) => {
    const b = element.getBoundingClientRect();
    if (b.width < 16 || b.height < 16) return false;
    const x = b.x + b.width / 2, y = b.y + b.height / 2;
    const top = document.elementFromPoint(x, y);
    return top !== null && within.contains(top);
  };
  const drawn = (place) => {
    const image = place.querySelector('img');
    if (image) return image.complete && image.naturalWidth > 0 && inSight(image, place);
    if (!place.dataset.row) return false;  // FiftyOne's viewer before it annotates has a canvas
    const sheet = [...place.querySelectorAll('span')].find(
      (span) => getComputedStyle(span).backgroundImage !== 'none');
    return sheet !== undefined && inSight(sheet, place);
  };
  const places = () => document.querySelectorAll(
    '.dcf-queue-picture[data-row], .dcf-tile[data-row], [data-cy="sample-canvas"]');
  // The row of the panel; of FiftyOne's modal the address of the image.
  const name = (place) => place.dataset.row ?? place.querySelector('img').src;
  let before = new Set();
  const look = (now) => {
    const here = new Map();
    for (const place of places()) if (drawn(place)) here.set(name(place), place);
    for (const row of w.seen.keys()) if (!here.has(row)) w.seen.delete(row);
    for (const row of here.keys()) {
      if (before.has(row) && !w.seen.has(row)) {
        w.seen.set(row, now);
        w.drawn.push([row, now]);
      }
    }
    before = new Set(here.keys());
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  for (const kind of ['keydown', 'click']) window.addEventListener(kind, (event) => {
    if (!event.isTrusted) return;
    w.presses.push({
      at: event.timeStamp, kind, key: event.key ?? '', repeat: event.repeat === true,
      rows: [...w.seen.keys()],
    });
  }, true);
})()"""


@dataclass(frozen=True)
class Verdict:
    """What became of an annotator's presses.

    Attributes:
        decided: samples that were decided
        wrong: those of them whose label is now another than the true one, or that are gone
        not_meant: decisions that the annotator did not mean
        not_shown: decisions on samples that no press met while their picture was shown
    """

    decided: int
    wrong: int
    not_meant: int
    not_shown: int


def decisions(run: Any) -> list[tuple[str, str, str | None]]:
    """The journal of a run: sample id, action and label afterwards, one for each sample decided."""
    from plugin.decisions.journal import applied_headers, entries_of, was_lost

    return [
        (str(entry["sample_id"]), header["action"], entry.get("label_after"))
        for header in applied_headers(run)
        for entry in entries_of(header["_id"])
        if was_lost(entry, header) is None
    ]


def judge(
    written: list[tuple[str, str, str | None]],
    seen: Mapping[str, Any],
    name_of: Mapping[str, str],
    truth: Mapping[str, str],
    meant: list[str],
) -> Verdict:
    """Hold what was written against what was shown and meant.

    Args:
        written: see ``decisions``
        seen: what the witness noted
        name_of: what the witness calls the picture of each sample
        truth: the true label of each sample
        meant: the ids of the samples that the annotator decided on, each once
    """
    real = [press for press in seen["presses"] if not press["repeat"]]
    shown = {row for press in real for row in press["rows"]}
    left = list(meant)
    not_meant = 0
    for sample_id, _, _ in written:
        if sample_id in left:
            left.remove(sample_id)
        else:
            not_meant += 1
    return Verdict(
        decided=len(written),
        wrong=sum(action == "remove" or label != truth[i] for i, action, label in written),
        not_meant=not_meant,
        not_shown=sum(name_of[i] not in shown for i, _, _ in written),
    )


def to_next(seen: Mapping[str, Any]) -> float:
    """Milliseconds from the press that a picture got to the next picture; the median."""
    waits = []
    for (_, since), (_, then) in itertools.pairwise(seen["drawn"]):
        presses = [
            press["at"]
            for press in seen["presses"]
            if since <= press["at"] < then and not press["repeat"]
        ]
        if presses:
            waits.append(then - presses[0])
    return statistics.median(waits) if waits else math.nan
