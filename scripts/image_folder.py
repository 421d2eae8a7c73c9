"""A folder of images as people have it: which files are images, of which class and split."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from plugin.splits import split_named

HIDDEN = {"__macosx", "thumbs.db", "desktop.ini", "$recycle.bin", "system volume information"}
"""What systems leave behind, in small letters; names that begin with a dot are left out as well."""

LAYOUT = "expected is one sub-folder a class, alone or in folders such as train and test"

NAMED = 3
"""Files that are named of those that were left out for one reason."""


def left_out_note(count: int, why: str, names: Sequence[str]) -> str:
    """A line on files that were left out for one reason.

    Example:
        >>> left_out_note(4, "no image by its name", ["a.txt", "b.txt", "c.txt"])
        '4 left out: no image by its name (a.txt, b.txt, c.txt, …)'
    """
    some = [*names[:NAMED], *(["…"] if count > NAMED else [])]
    return f"{count:,} left out: {why} ({', '.join(some)})"


@dataclass(frozen=True)
class LabelledImage:
    """An image of the folder; `split` is empty where it is in none."""

    path: Path
    label: str
    split: str


@dataclass
class ImageFolder:
    """What a folder holds.

    Attributes:
        images: those that are in a class's folder, by their path
        left_out: how many files were left out, by the reason
        named: the first of them, by the reason
        nested: folders within those of classes, whose images got the class above
    """

    images: list[LabelledImage] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    named: dict[str, list[str]] = field(default_factory=dict)
    nested: set[str] = field(default_factory=set)

    def leave_out(self, name: str, why: str) -> None:
        """Count a file, or a folder, that is left out."""
        self.left_out[why] += 1
        self.named.setdefault(why, [])
        if len(self.named[why]) < NAMED:
            self.named[why].append(name)

    def notes(self) -> list[str]:
        """What a person should know of it, a line each."""
        notes = [
            left_out_note(count, why, self.named[why])
            for why, count in sorted(self.left_out.items())
        ]
        if self.nested:
            some = ", ".join(sorted(self.nested)[:3]) + (", …" if len(self.nested) > 3 else "")
            notes.append(f"Folders within a class's folder were read as that class: {some}")
        return notes


def read_folder(folder: Path) -> ImageFolder:
    """What is in `folder/<class>/*` and `folder/<split>/<class>/*`, folders that links lead to too.

    Raises:
        SystemExit: if the folder is missing, or does not hold two classes; the message says what it
            holds
    """
    if not folder.is_dir():
        raise SystemExit(f"DATA={folder}: no such folder")
    found = ImageFolder()
    files = sorted(_files(folder, found))
    parts = [path.relative_to(folder).parts for path in files]
    with_classes = {above[0] for *above, _ in parts if len(above) > 1}
    splits = {name: split_named(name) for name in with_classes if split_named(name)}
    for path, (*above, _) in zip(files, parts, strict=True):
        why = _no_image(path)
        split = splits.get(above[0]) if above else None
        folders = above[1:] if split else above
        if why is None and not folders:
            why = "in no class's folder"
        if why is not None:
            found.leave_out(path.relative_to(folder).as_posix(), why)
            continue
        found.images.append(LabelledImage(path, folders[0], split or ""))
        if len(folders) > 1:
            found.nested.add("/".join(folders))
    _check(folder, found)
    return found


def _check(folder: Path, found: ImageFolder) -> None:
    classes = {image.label for image in found.images}
    said = "".join(f"\n  {note}" for note in found.notes())
    if not classes:
        raise SystemExit(f"DATA={folder}: no images in folders of classes; {LAYOUT}{said}")
    if len(classes) == 1 or all(split_named(name) for name in classes):
        names = ", ".join(sorted(classes))
        raise SystemExit(
            f"DATA={folder}: no two classes found, only the folder {names}; {LAYOUT}. Is it one "
            f"of its sub-folders that should be given?{said}"
        )


def _files(folder: Path, found: ImageFolder, above: frozenset[str] = frozenset()) -> Iterator[Path]:
    """The files in a folder and below; a link to a folder that it is in is not followed."""
    above |= {os.path.realpath(folder)}
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        found.leave_out(str(folder), "in a folder that cannot be read")
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name.lower() in HIDDEN:
            continue
        if not entry.is_dir():
            yield Path(entry.path)
        elif os.path.realpath(entry.path) in above:
            found.leave_out(entry.path, "a link to a folder that it is in")
        else:
            yield from _files(Path(entry.path), found, above)


def _no_image(path: Path) -> str | None:
    """Why a file is none of the images, None where it is one."""
    if path.is_symlink() and not path.exists():
        return "a link that leads nowhere"
    if not path.is_file():
        return "no regular file"
    if path.suffix.lower() not in Image.registered_extensions():
        return "no image by its name"
    try:
        with Image.open(path):
            return None
    except Image.DecompressionBombError:
        return None  # large, but an image; the operators say what becomes of it
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError):
        return "an image by its name that cannot be read"
