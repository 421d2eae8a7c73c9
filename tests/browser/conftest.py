"""The real App in headless Chromium: one server and one browser a session, one page a test.

The server is a process of its own on the tests' database, as for a user. A page goes to a dataset
by URL (``app.open(dataset)``), so tests share nothing but the server.
"""

import os
import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from scripts import chromium
from scripts.app_server import app_server
from tests.browser.label_errors_panel import planted_digits

HERE = Path(__file__).resolve().parent
FAILURES = HERE / "failures"
# FiftyOne's router throws it where a message of the server comes while a page is being loaded.
ROUTER_BUSY = "entry is loading"
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

# How many times slower the browser's scripts run: what fails on a busy machine fails here at once.
SLOWDOWN = float(os.environ.get("DECONFUSE_BROWSER_SLOWDOWN", "1"))

# The App sets it when its promotion, which covers the page at some later time, is dismissed.
NO_PROMOTION = "localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')"

expect.set_options(timeout=60_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder as a browser test, and run it last, the largest files first.

    A file runs in one process: a large one that came last would leave the others idle.

    Playwright leaves an event loop running in the main thread, where FiftyOne's executor would
    hand the other tests a task in place of a result.
    """
    here = [item for item in items if HERE in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.browser)
    size = Counter(item.path for item in here)
    here.sort(key=lambda item: -size[item.path])  # stable: a file stays together, in its order
    items[:] = [item for item in items if HERE not in item.path.parents] + here


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Leave a mark on a test that failed, for the fixture that takes the screenshot."""
    report = yield
    if report.failed:  # pyright: ignore[reportAttributeAccessIssue]
        item.stash[failed] = True
    return report


failed = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start FiftyOne's App server on the tests' database; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with app_server(port, tmp_path_factory.mktemp("app") / "server.log") as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for the session."""
    path = chromium.find()
    if path is None:
        message = "no Chromium found: install one or set DECONFUSE_CHROMIUM=path"
        if os.environ.get("DECONFUSE_REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


class App:
    """One window of the App."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        page.on("pageerror", self._note)

    def _note(self, error: Any) -> None:
        if ROUTER_BUSY not in str(error):
            self.errors.append(str(error))

    def open(self, dataset: Any) -> Page:
        """Go to a dataset and wait until its grid shows samples."""
        self.page.goto(f"{self.url}/datasets/{dataset.name}", wait_until="domcontentloaded")
        expect(self.by("fo-grid")).to_be_visible(timeout=120_000)
        expect(self.by("entry-counts").first).to_have_text(re.compile(r"\d"), timeout=60_000)
        return self.page

    def by(self, data_cy: str) -> Locator:
        """What bears a data-cy attribute."""
        return self.page.locator(f'[data-cy="{data_cy}"]')

    def open_panel(self, name: str) -> Locator:
        """Open a panel from the + menu; its content. ``name`` is the panel's, not its label."""
        self.by("new-panel-btn").first.click()
        self.by(f"new-panel-option-{name}").click()
        content = self.by(f"panel-content-{name}")
        expect(content).to_be_visible()
        expect(self.by("error-boundary")).to_have_count(0)
        return content


@pytest.fixture
def new_window(browser: Browser, app_url: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A factory of App windows, each with storage of its own; a failed test leaves screenshots."""
    opened: list[tuple[Any, App]] = []

    def make(width: int = 1600, height: int = 1000, **settings: Any) -> App:
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        context.add_init_script(NO_PROMOTION)
        app = App(context.new_page(), app_url)
        opened.append((context, app))
        if SLOWDOWN > 1:
            devtools = context.new_cdp_session(app.page)
            devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        return app

    yield make
    for number, (context, app) in enumerate(opened):
        if failed in request.node.stash:
            FAILURES.mkdir(exist_ok=True)
            name = re.sub(r"[^\w.-]+", "_", request.node.name)
            app.page.screenshot(path=FAILURES / f"{name}-{number}.png")
        context.close()


@pytest.fixture
def app(new_window: Any) -> App:
    """One App window: ``app.open(dataset)``, ``app.open_panel(name)``, ``app.page``."""
    return new_window()


@pytest.fixture
def digits_run(dataset: Callable[..., Any]) -> tuple[Any, Any]:
    """A dataset of digits with planted errors and a run on it; what its classifier said (n, 10)."""
    new, _, p = planted_digits(dataset, 400, share=0.15)
    return new, p
