"""The hand of the scripted annotator: how long a person takes, and how a person's fingers slip.

Times are lognormal around the operators of the keystroke-level model (Card, Moran and Newell
1980): .2 s for a key, 1.1 s to point with the mouse. The time that a look at a picture takes is the
caller's choice, and the same for every tool.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

KEY = 0.2
POINT = 1.1
SPREAD = 0.35
BOUNCE = (0.02, 0.15)
HELD = (0.6, 1.3)
REPEAT = 1 / 30
HIT = 0.01


@dataclass(frozen=True)
class Slips:
    """How often fingers slip, as shares of all presses.

    Attributes:
        double: the same key once more within .02 to .15 s
        held: the key stays down for .6 to 1.3 s and repeats thirty times a second
        neighbour: another key that decides follows within .02 to .15 s
    """

    double: float = 0.1
    held: float = 0.05
    neighbour: float = 0.05


@dataclass
class Hand:
    """Presses keys and clicks in a page at a person's pace.

    Attributes:
        page: Playwright's page
        rng: where chance comes from
        look_seconds: median of the time that a look at one picture takes
        slips: how often fingers slip
        made: presses, and slips of each kind
        began: when the first picture was there
        ended: when the last act was done
    """

    page: Any
    rng: np.random.Generator
    look_seconds: float
    slips: Slips
    made: dict[str, int] = field(default_factory=dict)
    began: float = 0.0
    ended: float = 0.0

    def begin(self) -> None:
        """Start the clock: the first picture is there."""
        self.began = self.ended = time.monotonic()

    def seconds(self) -> float:
        """From the first picture to the last act."""
        return self.ended - self.began

    def wait(self, median: float) -> None:
        """A lognormal time."""
        time.sleep(median * float(np.exp(SPREAD * self.rng.normal())))

    def look(self, pictures: int = 1, seconds: float | None = None) -> None:
        """The time that a look at so many pictures takes, by default the hand's own for each."""
        for _ in range(pictures):
            self.wait(seconds or self.look_seconds)

    def key(self, key: str, neighbour: str | None = None) -> None:
        """Press a key, which may bounce, be held, or be followed by a neighbour."""
        self.wait(KEY)
        self.count("presses")
        chance = self.rng.random()
        keyboard = self.page.keyboard
        if chance < self.slips.held:
            self.count("held")
            end = time.monotonic() + self.rng.uniform(*HELD)
            while time.monotonic() < end:
                keyboard.down(key)  # again and again without up: the browser's key repeat
                time.sleep(REPEAT)
            keyboard.up(key)
            return
        chance -= self.slips.held
        if chance < self.slips.double:
            self.count("double")
            again = key
        elif neighbour is not None and chance < self.slips.double + self.slips.neighbour:
            self.count("neighbour")
            again = neighbour
        else:
            keyboard.press(key)
            return
        pressed = time.time()
        self.press_at(key, pressed)
        self.press_at(again, pressed + float(self.rng.uniform(*BOUNCE)))

    def press_at(self, key: str, at: float) -> None:
        """Press a key at a time, which is the event's own however late a busy machine sends it.

        So it is for a person: the system notes when a key went down, not when it was handled.

        Args:
            key: a letter, a digit, a space or Enter
            at: seconds since 1970
        """
        time.sleep(max(0.0, at - time.time()))
        text = "\r" if key == "Enter" else key
        place = {"Enter": "Enter", " ": "Space"}.get(key)
        code = place or (f"Digit{key}" if key.isdigit() else f"Key{key.upper()}")
        about = {"key": key, "code": code, "windowsVirtualKeyCode": ord(text.upper())}
        cdp = self.page.context.new_cdp_session(self.page)
        down = {"type": "keyDown", "text": text, "timestamp": at, **about}
        cdp.send("Input.dispatchKeyEvent", down)
        cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", "timestamp": at + HIT, **about})
        cdp.detach()

    def click(self, target: Any, *, rests: bool = False) -> None:
        """Point at something, unless the mouse rests on it, and click it."""
        self.wait(KEY if rests else POINT)
        self.count("clicks")
        target.click()

    def count(self, what: str) -> None:
        """Note one more of something."""
        self.made[what] = self.made.get(what, 0) + 1
        self.ended = time.monotonic()
