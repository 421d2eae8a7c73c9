"""Exports: whole or not at all, and never over what is no export of ours."""

import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from plugin.errors import InputError, content
from plugin.outside.exported_file import SIGNATURES, export_path, exported_file
from plugin.outside.folders import export_folder, named_export, named_import

OURS = SIGNATURES[0].decode("utf-8-sig") + '"x"\n'


def export(path: object, text: str = OURS, **options: bool) -> None:
    with exported_file(path, bom=True, **options) as file:
        file.write(text)


def test_a_new_file_has_the_mode_that_others_have(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        export(tmp_path / "new.csv")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new.csv").stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["new.csv"]


@pytest.mark.parametrize("begin", SIGNATURES)
def test_an_earlier_export_is_replaced_and_keeps_its_mode(tmp_path: Path, begin: bytes) -> None:
    path = tmp_path / "o.csv"
    path.write_bytes(begin + b"old")
    path.chmod(0o600)
    export(path, OURS + "new")
    assert path.read_text("utf-8-sig") == OURS + "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("was", [b"", b"ssh-rsa ORIGINAL me\n", SIGNATURES[0][:-1]])
def test_what_is_no_export_is_left_alone_unless_asked(tmp_path: Path, was: bytes) -> None:
    path = tmp_path / "authorized_keys"
    path.write_bytes(was)
    path.chmod(0o640)
    with pytest.raises(InputError, match="no earlier export of Deconfuse"):
        export(path)
    assert path.read_bytes() == was
    export(path, overwrite=True)
    assert path.read_text("utf-8-sig") == OURS
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["authorized_keys"]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "socket", "device", "folder"])
def test_links_devices_pipes_and_folders_stay(tmp_path: Path, kind: str, overwrite: bool) -> None:
    path, behind = tmp_path / "there", tmp_path / "behind.csv"
    if kind == "link":
        behind.write_bytes(SIGNATURES[0])
    if kind in ("link", "dangling"):
        path.symlink_to(behind)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        socket.socket(socket.AF_UNIX).bind(str(path))
    elif kind == "device":
        path = Path("/dev/full")
    else:
        path.mkdir()
    before = path.lstat()
    with pytest.raises(InputError, match=r"left alone|is a folder"):
        export(path, overwrite=overwrite)
    assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert behind.exists() == (kind == "link")
    assert kind != "link" or behind.read_bytes() == SIGNATURES[0]
    assert not list(tmp_path.glob(".deconfuse*"))


@pytest.mark.parametrize("become", ["file", "link"])
def test_what_comes_into_being_while_it_is_written_stays(tmp_path: Path, become: str) -> None:
    path = tmp_path / "o.csv"
    with pytest.raises(InputError, match=r"no earlier export|is a link"), exported_file(path) as f:
        f.write(OURS)
        if become == "file":
            path.write_text("theirs")
        else:
            path.symlink_to(tmp_path / "elsewhere")
    assert path.is_symlink() or path.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["o.csv"]


def test_the_last_look_is_not_the_last_word(tmp_path: Path, monkeypatch) -> None:
    """Somebody makes the file between the look and the name."""
    path, link = tmp_path / "o.csv", os.link

    def late(*args: Any, **options: Any) -> None:
        path.write_text("theirs")
        link(*args, **options)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(InputError, match="has come into being meanwhile"):
        export(path)
    assert path.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["o.csv"]


def test_file_systems_without_hard_links(tmp_path: Path, monkeypatch) -> None:
    def unable(*_: object, **__: object) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(os, "link", unable)
    export(tmp_path / "o.csv")
    assert (tmp_path / "o.csv").read_text("utf-8-sig") == OURS
    assert os.listdir(tmp_path) == ["o.csv"]


def test_nothing_is_left_of_what_fails(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    export(path)
    for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):
        expected = InputError if isinstance(error, OSError) else KeyboardInterrupt
        with pytest.raises(expected), exported_file(path) as file:
            file.write("half")
            raise error
    assert path.read_text("utf-8-sig") == OURS
    assert os.listdir(tmp_path) == ["o.csv"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "path is empty"),
        ("  ", "path is empty"),
        (None, "expected the name of a file, got None"),
        (7, "expected the name of a file"),
        (["a.csv"], "expected the name of a file"),
        (".", "is a folder"),
        ("..", "is a folder"),
        ("/", "is a folder"),
        ("~", "is a folder"),
        ("new/", "is a folder"),
        ("none/o.csv", "there is no folder"),
        ("o.csv/x.csv", "there is no folder"),
        ("a\0b", "null byte"),
        ("\ud83d.csv", "is no text"),
        ("~nobody-of-this-name/o.csv", "home folder that nobody has"),
        ("n" * 300, "cannot be written: File name too long"),
        ("/proc/o.csv", "cannot be written"),
        ("/dev/null", "is a device"),
        ("/proc/self/comm", "no earlier export"),
    ],
)
def test_impossible_places(tmp_path: Path, monkeypatch, path: object, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    export("o.csv")
    with pytest.raises(InputError, match=message):
        export(path)
    assert os.listdir(tmp_path) == ["o.csv"]
    export("~/home.csv")
    assert (tmp_path / "home.csv").is_file()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_where_one_may_not_write(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.raises(InputError, match="Permission denied"):
        export(tmp_path / "shut" / "o.csv")
    export(tmp_path / "o.csv")
    (tmp_path / "o.csv").chmod(0o400)
    with pytest.raises(InputError, match="may not be written"):
        export(tmp_path / "o.csv")


def test_paths_are_absolute(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert export_path("o.csv") == tmp_path / "o.csv"


# --- what the App may name ------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("DECONFUSE_EXPORT_DIR", str(tmp_path / "exports"))
    return tmp_path / "exports"


NO_NAMES = (
    *("", None, 3, ["o.csv"], {"absolute_path": "/tmp/o.csv"}, ".", "..", ".hidden.csv", "~.csv"),
    *("/tmp/o.csv", "../o.csv", "a/../../o.csv", "a/o.csv", "a\\o.csv", "C:o.csv", "~/o.csv"),
    *("o\n.csv", "o.csv\n", "o\0.csv", "-rf.csv", "n" * 300 + ".csv", "\ud83d.csv", "%2e%2e.csv"),
)


@pytest.mark.parametrize("name", NO_NAMES, ids=repr)
def test_the_app_names_no_other_folder(folder: Path, name: object) -> None:
    with pytest.raises(InputError, match="path"):
        named_export(name, (".csv",))
    assert not folder.exists()


def test_the_app_s_exports_are_in_one_folder(folder: Path, monkeypatch) -> None:
    assert named_export("Ärzte (2).v1.csv", (".csv",)) == folder / "Ärzte (2).v1.csv"
    assert folder.is_dir()
    with pytest.raises(InputError, match=r"must end in \.html"):
        named_export("page.py", (".html",))
    monkeypatch.delenv("DECONFUSE_EXPORT_DIR")
    assert export_folder().name == "deconfuse-exports"
    (folder.parent / "file").touch()
    monkeypatch.setenv("DECONFUSE_EXPORT_DIR", str(folder.parent / "file"))
    with pytest.raises(InputError, match="cannot be made"):
        named_export("o.csv", (".csv",))


def test_the_app_reads_ordinary_files_and_confined_ones_where_so_set(
    folder: Path, monkeypatch
) -> None:
    outside, inside = folder.parent / "p.csv", folder.parent / "in" / "q.csv"
    inside.parent.mkdir()
    for file in (outside, inside):
        file.touch()
    os.mkfifo(folder.parent / "pipe.csv")
    (inside.parent / "way-out.csv").symlink_to(outside)
    assert named_import(str(outside), "path") == outside
    for bad in ("pipe.csv", "none.csv", "in"):
        with pytest.raises(InputError, match="keys: there is no file"):
            named_import(str(folder.parent / bad), "keys")
    for bad in (None, "", 3, ["x"], "a\0b"):
        with pytest.raises(InputError, match="weights: expected the path of a file"):
            named_import(bad, "weights")
    named_export("mine.csv", (".csv",)).touch()
    assert named_import("mine.csv", "path") == folder / "mine.csv"

    monkeypatch.setenv("DECONFUSE_IMPORT_DIR", str(inside.parent))
    assert named_import(str(inside), "path") == inside
    assert named_import("q.csv", "path") == inside
    assert named_import("mine.csv", "path") == folder / "mine.csv"
    for bad in (outside, inside.parent / "way-out.csv", f"{inside.parent}/../p.csv", "/etc/passwd"):
        with pytest.raises(InputError, match=r"are read in .* alone"):
            named_import(str(bad), "path")


def test_content_can_be_left_out_of_a_message() -> None:
    error = InputError(f"a {content('secret' + chr(0xFDD1) + ' words')} b {content('two')}")
    assert str(error) == "a secret words b two"
    assert error.without_content == "a … b …"
