"""A FiftyOne of its own for the tests: own database, own plugin folder, no settings of the user's.

The environment is set while this file is imported, before any test can import fiftyone.
"""

import gc
import os
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest

from scripts.private_database import PrivateDatabase, temporary_folder

ROOT = Path(__file__).resolve().parent.parent
HOME = temporary_folder("deconfuse-tests-")
# mongod flushes its journal ten times a second and looks at itself while nothing is asked of it.
FEW_FLUSHES = ("--journalCommitInterval", "500")
NO_DIAGNOSTICS = ("--setParameter", "diagnosticDataCollectionEnabled=false")
DATABASE = PrivateDatabase(HOME / "db", *FEW_FLUSHES, *NO_DIAGNOSTICS)
PLUGIN = "@deconfuse/label-errors"
MOST_WORKERS = 4


def isolate() -> None:
    """Point FiftyOne at folders of this session, and forget what the user has set for it.

    Temporary files too: tests count what is left behind, and others may work beside them.
    """
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    (HOME / "tmp").mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(HOME / "tmp")
    # Where nothing compiled is kept, each of the many processes takes twice as long to start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if "PYTEST_XDIST_WORKER" in os.environ:  # as many threads as there are cores, and not more
        threads = cores() // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, threads)))
    for name in [name for name in os.environ if name.startswith("FIFTYONE_")]:
        del os.environ[name]
    plugins = HOME / "plugins"
    plugins.mkdir()
    (plugins / "deconfuse").symlink_to(ROOT, target_is_directory=True)
    os.environ.update(
        FIFTYONE_CONFIG_PATH=str(HOME / "config.json"),
        FIFTYONE_APP_CONFIG_PATH=str(HOME / "app_config.json"),
        FIFTYONE_ANNOTATION_CONFIG_PATH=str(HOME / "annotation_config.json"),
        FIFTYONE_EVALUATION_CONFIG_PATH=str(HOME / "evaluation_config.json"),
        FIFTYONE_DATABASE_DIR=str(HOME / "db"),
        **DATABASE.environment(),
        FIFTYONE_PLUGINS_DIR=str(plugins),
        FIFTYONE_PLUGINS_CACHE_ENABLED="true",
        FIFTYONE_DEFAULT_DATASET_DIR=str(HOME / "datasets"),
        FIFTYONE_DATASET_ZOO_DIR=str(HOME / "dataset_zoo"),
        FIFTYONE_MODEL_ZOO_DIR=str(HOME / "model_zoo"),
        FIFTYONE_DO_NOT_TRACK="true",
        # Some thirty pictures in the App's grid: a hundred take a third of what a page costs.
        FIFTYONE_APP_GRID_ZOOM="9",
        DECONFUSE_CACHE_DIR=str(HOME / "cache"),
        FIFTYONE_SHOW_PROGRESS_BARS="false",
        FIFTYONE_ALLOW_LEGACY_ORCHESTRATORS="true",
    )


def cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


isolate()
# How long an example takes says more about what else the machine does than about the code.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")


class PlainRoot:
    """Collects the root as a plain folder: its __init__.py is for FiftyOne to import."""

    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Dir | None:
        """Answer for the root alone."""
        return pytest.Dir.from_parent(parent, path=path) if path == ROOT else None


def pytest_configure(config: pytest.Config) -> None:
    """Register PlainRoot for all paths; a hook of this conftest is asked about tests/ only."""
    config.pluginmanager.register(PlainRoot())


def pytest_xdist_auto_num_workers() -> int:
    """One process a core for ``-n auto`` and one more, for a third of the time is waiting.

    Each has a database, and a browser, of its own.
    """
    return min(MOST_WORKERS, cores() + 1)


# Files that go to one process: each would start the same server or worker anew.
TOGETHER = (
    ("tests/annotation/test_label_studio.py", "tests/annotation/test_label_studio_objects.py"),
    ("tests/operators/test_map_dataset.py", "tests/panels/test_layout_events.py"),
)


def together(file: str) -> str:
    """The file, or the first of those that go to one process with it."""
    return next((files[0] for files in TOGETHER if file in files), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file in one process, as ``--dist loadfile`` has it, and some together."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(super()._split_scope(nodeid))

    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


# Imports make millions of objects that stay: looking through them for garbage again and again takes
# a quarter of the time of collecting the tests, and a second each time while they run.
gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage from now on, but not in what was imported."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run first what forks hundreds of times, while there is little in memory, then slow files.

    A fork copies the tables of all pages, and a process holds twice as much in the end. A slow file
    that came last would leave the other processes idle.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (not item.path.stem.endswith("_killed"), item.path not in slow))


# --- the session ----------------------------------------------------------------------------------

browser_tests_passed = 0


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count the browser tests that ran to a good end."""
    global browser_tests_passed
    if report.when == "call" and report.passed and "browser" in report.keywords:
        browser_tests_passed += 1


def browser_tests_missing() -> bool:
    """Whether they were asked for and none passed."""
    return os.environ.get("DECONFUSE_REQUIRE_BROWSER") == "1" and browser_tests_passed == 0


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session that was asked for browser tests and had none."""
    if (
        browser_tests_missing()
        and not hasattr(session.config, "workerinput")  # a part of the session
        and session.exitstatus in (0, 5)
        and not session.config.option.collectonly
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say why a session failed that shows no failed test."""
    if browser_tests_missing() and not terminalreporter.config.option.collectonly:
        terminalreporter.write_line(
            "DECONFUSE_REQUIRE_BROWSER=1, and no browser test passed", red=True
        )


# --- datasets -------------------------------------------------------------------------------------


@pytest.fixture
def dataset_name() -> Iterator[str]:
    """A dataset name that nothing else uses; what bears it is deleted afterwards."""
    import fiftyone as fo

    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name
    if fo.dataset_exists(name):
        fo.delete_dataset(name)


DatasetFactory = Callable[..., Any]


@pytest.fixture
def dataset(tmp_path: Path) -> Iterator[DatasetFactory]:
    """A factory of datasets with real images: scikit-learn's handwritten digits as 8×8 grey PNG.

    ``dataset(n=200, label_field="ground_truth", labels=None, fields=None, scale=1)``: the first
    ``n`` digits, every fifth tagged ``test`` and the others ``train``, labelled with the digit's
    name (``"7"``) or with ``labels`` (``None`` in it: no label), and with ``fields``, a mapping of
    field names to one value a sample. ``scale`` enlarges the images by a whole number.
    """
    import fiftyone as fo

    made: list[Any] = []

    def make(
        n: int = 200,
        *,
        label_field: str = "ground_truth",
        labels: Sequence[str | None] | None = None,
        fields: Mapping[str, Sequence[Any]] | None = None,
        scale: int = 1,
        persistent: bool = False,
    ) -> Any:
        paths, digits = write_digits(tmp_path / f"images{len(made)}", n, scale)
        names = [str(digit) for digit in digits] if labels is None else list(labels)
        new = fo.Dataset(f"test-{uuid.uuid4().hex[:12]}", persistent=persistent)
        made.append(new)
        samples = []
        for i, path in enumerate(paths):
            sample = fo.Sample(filepath=str(path), tags=["test" if i % 5 == 4 else "train"])
            for field, values in (fields or {}).items():
                sample[field] = values[i]
            samples.append(sample)
        if label_field:
            new.add_sample_field(
                label_field, fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification
            )
        new.add_samples(samples, progress=False)
        if label_field:  # labels that are added with their samples are read back, one by one
            given = [None if name is None else fo.Classification(label=name) for name in names]
            new.set_values(label_field, given)
        return new

    yield make
    for old in made:
        if fo.dataset_exists(old.name):
            old.delete()


def write_digits(folder: Path, n: int, scale: int = 1) -> tuple[list[Path], list[int]]:
    """Write the first n of scikit-learn's 1,797 digits as PNG; paths and digits."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    images, digits = load_digits(return_X_y=True)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for i, image in enumerate(np.reshape(images, (-1, 8, 8))[:n]):
        pixels = np.kron(image * 15.9375, np.ones((scale, scale))).astype(np.uint8)
        path = folder / f"{i:05d}.png"
        Image.fromarray(pixels).save(path)
        paths.append(path)
    return paths, [int(digit) for digit in np.asarray(digits)[:n]]


# --- operators ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def operator() -> Callable[[str], Any]:
    """``operator("find_label_errors")``: an operator of the plugin, as a script gets it.

    Opening a panel warms no process up for layouts, which takes 15 seconds of a core; asking for a
    layout starts it.
    """
    import fiftyone.operators as foo

    foo.get_operator(f"{PLUGIN}/find_label_errors")  # imports the plugin
    for name in [name for name in sys.modules if name.endswith(".panels.overview_events")]:
        sys.modules[name].warm = SimpleNamespace(start=lambda: None)  # pyright: ignore[reportAttributeAccessIssue]
    return lambda name: foo.get_operator(f"{PLUGIN}/{name}")


@pytest.fixture(scope="session")
def context() -> Callable[..., Any]:
    """``context(dataset, name, selected=[…], **params)``: a real ExecutionContext.

    What the operator asked of the App is in ``ctx.executor.to_json()["requests"]``.
    """
    from fiftyone.operators.executor import ExecutionContext, Executor

    def make(
        dataset: Any,
        name: str,
        *,
        view: Any = None,
        selected: Sequence[str] = (),
        **params: Any,
    ) -> Any:
        request = {
            "dataset_name": dataset.name,
            "view": [] if view is None else view._serialize(),
            "selected": list(selected),
            "params": params,
        }
        return ExecutionContext(
            request_params=request, executor=Executor(), operator_uri=f"{PLUGIN}/{name}"
        )

    return make


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    """FiftyOne's App server in this process, as a starlette TestClient."""
    import fiftyone as fo
    from starlette.testclient import TestClient

    fo.list_datasets()  # starts the database
    from fiftyone.server.app import app

    with TestClient(app) as client:
        yield client


# --- annotation -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A running Label Studio, in an environment of its own (scripts/setup.py labelstudio).

    Skipped where there is none, unless it was asked for.
    """
    from tests.annotation import label_studio as studio

    if not studio.PROGRAM.exists():
        message = "no Label Studio: python3 scripts/setup.py labelstudio"
        if os.environ.get("DECONFUSE_REQUIRE_LABEL_STUDIO") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with studio.serve(tmp_path_factory.mktemp("label_studio")) as server:
        yield server
