"""One file exported: written whole or not at all, and never over what is not an export."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from ..errors import InputError

SIGNATURES = (
    b'\xef\xbb\xbf"decision","seq","time","author",',
    b'{"format": "deconfuse-',
    b'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    b'<meta name="generator" content="Deconfuse">\n',
)
"""How the files begin that are exported: by these an earlier export is known."""


@contextmanager
def exported_file(path: Any, *, overwrite: bool = False, bom: bool = False) -> Iterator[TextIO]:
    """Open a text file (UTF-8, line ends as written) that appears when the block ends well.

    A file of that name is replaced if it is an earlier export, or on ``overwrite``; it keeps its
    mode, and its owner where that may be set. Links, devices and pipes are never followed or
    replaced. Where anything fails, what was there is as it was, and no other file is left.

    Args:
        path: the file; ``~`` is a home folder
        overwrite: replace an ordinary file that is no earlier export
        bom: begin with a byte order mark, by which Excel knows UTF-8

    Raises:
        InputError: if there can be no such file, or what is there may not be replaced
    """
    target = export_path(path)
    try:
        earlier = _replaceable(target, overwrite)
        partial = target.parent / f".deconfuse-{secrets.token_hex(8)}"
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if earlier else 0o666)
    except OSError as error:
        raise _unwritable(target, error) from None
    try:
        with open(handle, "w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
            yield file
        _put(partial, target, overwrite)
    except OSError as error:
        raise _unwritable(target, error) from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def export_path(path: Any) -> Path:
    """The file that a path means, absolute.

    Raises:
        InputError: if it means none
    """
    if not isinstance(path, str | Path):
        raise InputError(f"path: expected the name of a file, got {path!r}")
    text = str(path)
    if not text.strip():
        raise InputError("path is empty: name the file to write")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise InputError(f"path: {text!r} is no text, and names no file") from None
    if "\0" in text:
        raise InputError(f"path: {text!r} holds a null byte, and names no file")
    try:
        target = Path(text).expanduser().absolute()
    except RuntimeError:
        raise InputError(f"path: '{text}' begins with a home folder that nobody has") from None
    if text.endswith(("/", os.sep)) or target.name in ("", ".."):
        raise InputError(f"path must name a file, and '{text}' is a folder; name a file in it")
    return target


def with_ending(target: Path, endings: Sequence[str], holds: str) -> Path:
    """A file of the kind that is written: its name gets an ending where it has none.

    Args:
        target: the file, absolute
        endings: that fit, such as ``.html``; the first one is given
        holds: what is written, in words

    Raises:
        InputError: if its name says that it is of another kind
    """
    ending = target.suffix.lower()
    if ending in endings:
        return target
    if ending in ("", ".") or ending[1:].isdigit():  # a date or a version is no kind of file
        return target if os.path.lexists(target) else target.with_name(target.name + endings[0])
    by_hand = "; a browser prints that page as PDF" if ending == ".pdf" else ""
    raise InputError(
        f"path: '{target.name}' ends in {ending}, and {holds} is written, for which it must end in "
        f"{' or '.join(endings)}{by_hand}"
    )


def _replaceable(target: Path, overwrite: bool) -> os.stat_result | None:
    """What is there and may be replaced, None where nothing is; else InputError."""
    if not target.parent.is_dir():
        raise InputError(
            f"path: there is no folder '{target.parent}'; it does not exist, and is not made"
        )
    try:
        found = target.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise InputError(f"path must name a file, and '{target}' is a folder; name a file in it")
    if not stat.S_ISREG(found.st_mode):
        kind = "a link" if stat.S_ISLNK(found.st_mode) else "a device, pipe or socket"
        raise InputError(f"path: '{target}' is {kind}, and is left alone; name another file")
    if not os.access(target, os.W_OK):
        raise InputError(f"path: '{target}' is there and may not be written")
    if not overwrite and not _is_export(target):
        raise InputError(
            f"path: '{target}' is there and is no earlier export of Deconfuse, so it is left "
            "alone. Name another file; from Python, overwrite=True replaces it."
        )
    return found


def _is_export(path: Path) -> bool:
    # Opened without waiting and without following: it may have become a pipe or a link by now.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags), "rb") as file:
        return file.read(max(map(len, SIGNATURES))).startswith(SIGNATURES)


def _put(partial: Path, target: Path, overwrite: bool) -> None:
    """Give the finished file its name, if what bears it now may still be replaced."""
    earlier = _replaceable(target, overwrite)
    if earlier is None:
        try:  # unlike a rename, a link fails where somebody has been quicker
            os.link(partial, target, follow_symlinks=False)
            return
        except FileExistsError:
            raise InputError(f"path: '{target}' has come into being meanwhile") from None
        except (OSError, NotImplementedError):
            pass  # a file system without hard links
    else:
        if (earlier.st_uid, earlier.st_gid) != (os.stat(partial).st_uid, os.stat(partial).st_gid):
            with suppress(OSError, AttributeError):
                os.chown(partial, earlier.st_uid, earlier.st_gid)
        partial.chmod(stat.S_IMODE(earlier.st_mode))
    os.replace(partial, target)


def _unwritable(target: Path, error: OSError) -> InputError:
    return InputError(f"path: '{target}' cannot be written: {error.strerror or error}")
