"""Which files the App may name: exports by name in one folder, imports as FiftyOne reads them.

FiftyOne's server does what any client of its port asks. So what comes by the App is held to these
rules, and nothing in a request can lift them; only the environment of the server can.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fiftyone as fo

from ..errors import InputError

EXPORT_DIR = "DECONFUSE_EXPORT_DIR"
IMPORT_DIR = "DECONFUSE_IMPORT_DIR"
PLAIN_NAME = re.compile(r"\w[\w .()+=,@-]*")
LONGEST_NAME = 200


def export_folder() -> Path:
    """Where the App's exports go: ``DECONFUSE_EXPORT_DIR``, or beside FiftyOne's datasets."""
    chosen = os.environ.get(EXPORT_DIR)
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(fo.config.default_dataset_dir).expanduser().absolute() / "deconfuse-exports"


def import_folders() -> list[Path]:
    """The folders of ``DECONFUSE_IMPORT_DIR``, where it is set, and the export folder."""
    chosen = os.environ.get(IMPORT_DIR, "").split(os.pathsep)
    return [Path(one).expanduser().absolute() for one in chosen if one] + [export_folder()]


def exports(endings: Sequence[str]) -> list[str]:
    """The names of the files in the export folder, the newest first; none where it is missing.

    Args:
        endings: those that end in one of these
    """
    try:
        found = [(entry.stat().st_mtime, entry.name) for entry in os.scandir(export_folder())]
    except OSError:
        return []
    return [name for _, name in sorted(found, reverse=True) if name.endswith(tuple(endings))]


def named_export(name: Any, endings: Sequence[str]) -> Path:
    """The file of the export folder that a name from the App means; the folder is made.

    Args:
        name: a plain name: no folders, no leading dot
        endings: the name must end in one of these, such as ``.csv``

    Raises:
        InputError: if it is no such name, or the folder cannot be made
    """
    folder = export_folder()
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"path is missing: name the file to write, such as decisions{endings[0]}")
    if not PLAIN_NAME.fullmatch(name) or len(os.fsencode(name)) > LONGEST_NAME:
        raise InputError(
            f"path: from the App, files are written into '{folder}' alone, and path is a plain "
            f"name such as decisions{endings[0]}, got {name[:80]!r}. Scripts call the operator "
            "itself, and may name any file."
        )
    if not name.endswith(tuple(endings)):
        raise InputError(f"path: from the App, it must end in {' or '.join(endings)}: {name!r}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The folder for exports, '{folder}', cannot be made ({error.strerror}). Set "
            f"{EXPORT_DIR} to one that can be written."
        ) from None
    return folder / name


def download_name(name: str, ending: str) -> str:
    """What a file is called that a browser downloads: a plain name with the right ending.

    Args:
        name: as somebody typed it, with the ending or without
        ending: such as ``.html``

    Raises:
        InputError: if it is no plain name

    Example:
        >>> download_name(" our report", ".html")
        'our report.html'
    """
    asked = name.strip()
    full = asked if asked.endswith(ending) else f"{asked}{ending}"
    if not PLAIN_NAME.fullmatch(full) or len(os.fsencode(full)) > LONGEST_NAME:
        raise InputError(
            f"file_name: expected a plain name such as report{ending}, without folders, got "
            f"{name[:80]!r}"
        )
    return full


def may_import(path: Path) -> bool:
    """Whether the App may read a file that lies beside one that it named."""
    return not os.environ.get(IMPORT_DIR) or in_import_folder(path)


def named_import(path: Any, option: str, *, folders: bool = False) -> Path:
    """The file that the App may read under a path or the name of an export.

    FiftyOne's server gives any ordinary file to whoever asks (``/media``), so that such files may
    be read here too, unless ``DECONFUSE_IMPORT_DIR`` is set: then those in its folders alone.

    Args:
        path: a path, or the plain name of a file in an import folder
        option: the parameter, for messages
        folders: whether it may be a folder too

    Raises:
        InputError: if there is no such ordinary file, or it may not be read
    """
    if not isinstance(path, str) or not path or "\0" in path:
        raise InputError(f"{option}: expected the path of a file, got {str(path)[:80]!r}")
    file = Path(path)
    try:
        file = file.expanduser()
        if PLAIN_NAME.fullmatch(path):
            there = [folder / path for folder in import_folders()]
            file = next((o for o in there if o.is_file() or (folders and o.is_dir())), file)
        if os.environ.get(IMPORT_DIR) and not in_import_folder(file):
            listed = ", ".join(f"'{folder}'" for folder in import_folders())
            raise InputError(f"{option}: from the App, files are read in {listed} alone")
        ordinary = file.is_file() or (folders and file.is_dir())
    except (OSError, RuntimeError, UnicodeEncodeError):
        ordinary = False
    if not ordinary:
        raise InputError(f"{option}: there is no file '{path}' that can be read")
    return file


def in_import_folder(path: Path) -> bool:
    """Whether a file lies in an import folder; links are followed first."""
    real = path.resolve()
    return any(real.is_relative_to(folder.resolve()) for folder in import_folders())
