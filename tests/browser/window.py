"""Windows of the App, one of which can go from dataset to dataset as the App does: by no reload.

Loading the App costs several seconds of CPU. So a window goes on to the next dataset by the App's
own history, as on a press of "Back": all that hangs on the dataset is made anew there, and the
views, selections and panels are those of a window that was just opened.
"""

from __future__ import annotations

import os
import re
from typing import Any

import fiftyone as fo
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Locator,
    Page,
    TimeoutError,
    expect,
)

from tests.browser.label_errors_panel import toggle_theme

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
# The App sets it when its promotion, which covers the page at some later time, is dismissed.
NO_PROMOTION = "localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')"
# FiftyOne's grid asks in each frame, for ever, whether it was scrolled, and so the browser draws 60
# frames a second, which takes a fifth of a core a window. What asks for that long does so rarely.
RARE_FRAMES = """
  const [soon, asked] = [window.requestAnimationFrame.bind(window), new WeakMap()];
  window.requestAnimationFrame = (draw) => {
    const times = (asked.get(draw) ?? 0) + 1;
    asked.set(draw, times);
    if (times < 200) return soon(draw);
    setTimeout(() => soon(draw), 200);
    return 0;
  };
"""
# What moves (FiftyOne's dots and skeletons while it loads, ripples and sliders of MUI) is drawn
# 60 times a second, which took a third of the browser's time.
NO_ANIMATION = """
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`*, *::before, *::after {
    animation-duration: 0s !important;
    animation-delay: 0s !important;
    animation-iteration-count: 1 !important;
    transition-duration: 0s !important;
    transition-delay: 0s !important;
    scroll-behavior: auto !important;
  }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
"""
# How many times slower the browser's scripts run: what fails on a busy machine fails here at once.
SLOWDOWN = float(os.environ.get("DECONFUSE_BROWSER_SLOWDOWN", "1"))
# 0: each test has a window of its own, which takes several seconds of CPU more.
ONE_WINDOW = os.environ.get("DECONFUSE_ONE_WINDOW", "1") == "1"
# FiftyOne's router throws it where a message of the server comes while a page is being loaded.
ROUTER_BUSY = "entry is loading"
PANEL = "label_errors"
# The entry of the history that the App makes for a dataset; `workspace` is null for the grid alone.
GO = """([name, workspace]) => {
  const idx = (history.state?.idx ?? 0) + 1;
  const usr = {view: [], workspace};
  history.pushState({usr, key: `test-${idx}`, idx}, '', `/datasets/${name}`);
  dispatchEvent(new PopStateEvent('popstate', {state: history.state}));
}"""
# What the browser keeps of the last test is forgotten.
FORGET = """() => {
  sessionStorage.clear();
  for (const key of Object.keys(localStorage))
    if (!/^mui-|^fiftyone-enterprise/.test(key)) localStorage.removeItem(key);
}"""
THEME = "localStorage.getItem('mui-mode')"
# Nothing of the last test is open that stays so on another dataset, as notices are for a while.
NOTHING_OPEN = """(open) => ![...document.querySelectorAll(open)].some(
    (e) => e.checkVisibility() && !e.closest('.dcf'))"""
CLOSED_BY_ESCAPE = "[role=dialog], [role=menu], [role=listbox]"
OPEN = (
    f"{CLOSED_BY_ESCAPE}, [role=alertdialog], [role=alert], #modal.modalon,"
    " [data-cy=operators-browser], [data-cy=error-boundary]"
)
SWITCH_MS = 60_000
NOTICE_MS = 8_000


class App:
    """One window of the App."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        self.theme = ""
        """As it was when the App was loaded first."""
        self.loaded = False
        self.dataset = ""
        """The name of the dataset that it went to last."""
        page.on("pageerror", self._note)

    def _note(self, error: Any) -> None:
        if ROUTER_BUSY not in str(error):
            self.errors.append(str(error))

    def open(self, dataset: Any) -> Page:
        """Go to a dataset and wait until its grid shows samples."""
        return self.page if self._switch(dataset, None) else self.load(dataset)

    def load(self, dataset: Any) -> Page:
        """The same by its address, with which the page is loaded anew."""
        self.page.goto(f"{self.url}/datasets/{dataset.name}", wait_until="domcontentloaded")
        self._arrive(dataset, 120_000)
        self.theme = self.theme or str(self.page.evaluate(THEME))
        self.loaded = True
        return self.page

    def open_with_panel(self, dataset: Any) -> Locator:
        """Go to a dataset with the panel beside its grid, as a workspace has it; the panel."""
        content = self.by(f"panel-content-{PANEL}")
        if not self._switch(dataset, beside_the_grid()):
            self.load(dataset)
        if content.count() == 0:
            return self.open_panel(PANEL)
        expect(content).to_be_visible()
        return content

    def _switch(self, dataset: Any, workspace: dict[str, Any] | None) -> bool:
        """Go to a dataset without a reload; whether that was possible.

        Another dataset by the name of the last one is none to the App: all would stay as it was.
        """
        if not self.loaded or self.dataset == dataset.name:
            return False
        self.page.evaluate(GO, [dataset.name, workspace])
        try:
            self._arrive(dataset, SWITCH_MS)
        except TimeoutError:
            self.loaded = False
        return self.loaded

    def _arrive(self, dataset: Any, timeout: float) -> None:
        # A locator's own waiting costs the page less than an assertion that fails until it holds.
        shown = f'[data-cy="selector-dataset"][value="{dataset.name}"]'
        self.page.locator(shown).wait_for(timeout=timeout)
        self.by("fo-grid").wait_for(timeout=timeout)
        counts = self.by("entry-counts").first
        counts.filter(has_text=re.compile(r"\d")).wait_for(timeout=timeout)
        self.dataset = dataset.name

    def by(self, data_cy: str) -> Locator:
        """What bears a data-cy attribute."""
        return self.page.locator(f'[data-cy="{data_cy}"]')

    def open_panel(self, name: str) -> Locator:
        """Open a panel from the + menu; its content. ``name`` is the panel's, not its label."""
        self.by("new-panel-btn").first.click()
        self.by(f"new-panel-option-{name}").click()
        content = self.by(f"panel-content-{name}")
        content.wait_for(timeout=SWITCH_MS)
        expect(content).to_be_visible()
        expect(self.by("error-boundary")).to_have_count(0)
        return content


def beside_the_grid() -> dict[str, Any]:
    """The App's spaces with the grid to the left and the panel to the right."""
    grid, panel = fo.Panel(type="Samples", pinned=True), fo.Panel(type=PANEL)
    halves = [fo.Space(children=[one], active_child=one.component_id) for one in (grid, panel)]
    return fo.Space(children=halves, orientation="horizontal").to_dict()


class Windows:
    """The windows of a browser: one is kept from test to test, others last as long as a test."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self._kept: tuple[BrowserContext, App] | None = None

    def new(self, width: int, height: int, **settings: Any) -> tuple[BrowserContext, App]:
        """A window that was just opened."""
        settings["viewport"] = {"width": width, "height": height}
        context = self.browser.new_context(**settings)
        context.add_init_script(NO_PROMOTION)
        context.add_init_script(RARE_FRAMES)
        context.add_init_script(NO_ANIMATION)
        app = App(context.new_page(), self.url)
        if SLOWDOWN > 1:
            devtools = context.new_cdp_session(app.page)
            devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        return context, app

    def kept(self, width: int, height: int) -> tuple[BrowserContext, App]:
        """The window that is kept, as if it was just opened; a new one where it cannot be so."""
        if self._kept is not None and not self._is_as_new(width, height):
            self.drop()
        if self._kept is None:
            self._kept = self.new(width, height)
        return self._kept

    def _is_as_new(self, width: int, height: int) -> bool:
        """Put the kept window back into the state of a new one; whether that was possible."""
        assert self._kept is not None
        app = self._kept[1]
        if not app.loaded or app.errors:
            return False
        try:
            app.page.unroute_all()
            app.page.mouse.move(0, 0)
            app.page.set_viewport_size({"width": width, "height": height})
            if not app.page.evaluate(NOTHING_OPEN, CLOSED_BY_ESCAPE):
                app.page.keyboard.press("Escape")
            app.page.wait_for_function(NOTHING_OPEN, arg=OPEN, polling=250, timeout=NOTICE_MS)
            app.page.evaluate(FORGET)
            if app.page.evaluate(THEME) != app.theme:
                toggle_theme(app)
            app.page.evaluate("document.activeElement?.blur()")  # the panel has the keyboard then
            return app.page.evaluate(THEME) == app.theme
        except Error:  # it does not answer, or something stays open
            return False

    def done(self, context: BrowserContext, app: App, failed: bool) -> None:
        """Close a window after its test, unless it goes on to the next one."""
        if self._kept is None or self._kept[1] is not app:
            context.close()
        elif failed or not ONE_WINDOW:
            self.drop()

    def drop(self) -> None:
        """Close the window that is kept."""
        if self._kept is not None:
            self._kept[0].close()
        self._kept = None
