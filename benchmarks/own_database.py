"""A FiftyOne with a database of its own, for a benchmark to fill and leave."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.private_database import PrivateDatabase  # noqa: E402


def start() -> None:
    """Start it and point FiftyOne to it; call this before fiftyone is imported."""
    folder = Path(tempfile.mkdtemp(prefix="deconfuse-benchmark-"))
    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "deconfuse").symlink_to(ROOT)
    database = PrivateDatabase(folder / "database")
    os.environ.update(database.environment())
    os.environ["FIFTYONE_PLUGINS_DIR"] = str(plugins)
    os.environ["FIFTYONE_PLUGINS_CACHE_ENABLED"] = "true"
    os.environ["FIFTYONE_DO_NOT_TRACK"] = "true"
    database.wait()

    def end() -> None:
        database.stop()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
