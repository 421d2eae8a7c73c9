"""A FiftyOne of one's own for a script: its database, its plugins and its caches in one folder."""

from __future__ import annotations

import os
from pathlib import Path

from scripts.private_database import PrivateDatabase, temporary_folder

ROOT = Path(__file__).resolve().parent.parent


def isolated(prefix: str) -> Path:
    """Point FiftyOne at a new folder that goes when this process ends; the folder.

    Call it before fiftyone is imported.
    """
    home = temporary_folder(prefix)
    plugins = home / "plugins"
    plugins.mkdir()
    (plugins / "deconfuse").symlink_to(ROOT, target_is_directory=True)
    database = PrivateDatabase(home / "db")
    os.environ.update(
        **database.environment(),
        FIFTYONE_PLUGINS_DIR=str(plugins),
        FIFTYONE_PLUGINS_CACHE_ENABLED="true",
        FIFTYONE_DO_NOT_TRACK="true",
        FIFTYONE_SHOW_PROGRESS_BARS="false",
        DECONFUSE_CACHE_DIR=str(home / "cache"),
    )
    database.wait()
    return home
