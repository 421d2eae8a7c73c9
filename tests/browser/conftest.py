"""The real App in headless Chromium: one server, one browser and one window a session.

The server is a process of its own on the tests' database, as for a user. A window goes to a dataset
by ``app.open(dataset)``. It goes on to the next test as if it was just opened; after a test that
failed, or left something open, there is a new one. DECONFUSE_ONE_WINDOW=0: one window a test.
"""

import os
import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from scripts import chromium
from scripts.app_server import app_server
from scripts.demo_objects import FIELD, PREDICTIONS, objects_dataset
from tests.browser.label_errors_panel import planted_digits
from tests.browser.window import FLAGS, App, Windows
from tests.doubled_labels import doubled

HERE = Path(__file__).resolve().parent
FAILURES = HERE / "failures"
expect.set_options(timeout=60_000)


# Few tests that take minutes: a person's whole way through a screen. The longest come first.
LONG_WAYS = (
    *("test_object_queue", "test_image_queue", "test_progress", "test_importance", "test_objects"),
    *("test_annotators", "test_tags", "test_annotation", "test_map", "test_working"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder as a browser test, and run it last, the longest files first.

    A file runs in one process: a large one that came last would leave the others idle.

    Playwright leaves an event loop running in the main thread, where FiftyOne's executor would
    hand the other tests a task in place of a result.
    """
    here = [item for item in items if HERE in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.browser)
    size = Counter(item.path for item in here)
    # Stable: a file stays together, in its order.
    first = {stem: at for at, stem in enumerate(LONG_WAYS)}
    here.sort(key=lambda item: (first.get(item.path.stem, len(first)), -size[item.path]))
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


@pytest.fixture(scope="session")
def windows(browser: Browser, app_url: str) -> Windows:
    """The windows of the session's browser, of which one goes from test to test."""
    return Windows(browser, app_url)


@pytest.fixture
def new_window(windows: Windows, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A factory of App windows, each with storage of its own; a failed test leaves screenshots.

    The first is the one that can go from test to test, unless it is asked for with settings.
    """
    opened: list[tuple[BrowserContext, App]] = []

    def make(width: int = 1600, height: int = 1000, **settings: Any) -> App:
        kept = not opened and not settings
        opened.append(
            windows.kept(width, height) if kept else windows.new(width, height, **settings)
        )
        return opened[-1][1]

    yield make
    for number, (context, app) in enumerate(opened):
        if failed in request.node.stash:
            FAILURES.mkdir(exist_ok=True)
            name = re.sub(r"[^\w.-]+", "_", request.node.name)
            app.page.screenshot(path=FAILURES / f"{name}-{number}.png")
        windows.done(context, app, failed in request.node.stash)


@pytest.fixture
def app(new_window: Any) -> App:
    """One App window: ``app.open(dataset)``, ``app.open_panel(name)``, ``app.page``."""
    return new_window()


@pytest.fixture
def digits_run(dataset: Callable[..., Any]) -> tuple[Any, Any]:
    """A dataset of digits with planted errors and a run on it; what its classifier said (n, 10)."""
    new, _, p = planted_digits(dataset, 400, share=0.15)
    return new, p


@pytest.fixture
def objects(dataset_name: str, tmp_path: Any, operator: Any) -> Iterator[Any]:
    """A dataset of canvases with boxes, and a run on them."""
    dataset = objects_dataset(dataset_name, tmp_path, images=60, persistent=True)
    doubled(dataset, FIELD, same=1, other=1)
    find = operator("find_label_errors")
    find(dataset, FIELD, source="predictions", prediction_fields=[PREDICTIONS])
    yield dataset
    dataset.delete()
