"""The audit trail as a file: what a spreadsheet sees, what comes back, and what is refused."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.decisions.decision_file import COLUMNS, escape_cell, unescape_cell, write_rows
from plugin.decisions.trail_reading import read_rows
from plugin.errors import InputError

texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]))


def row(**values: Any) -> dict[str, Any]:
    base = dict.fromkeys(COLUMNS) | {
        "decision": "64b7f0c2a1d3e4f5a6b7c800",
        "seq": 1,
        "time": "2024-02-29T12:00:00.000Z",
        "action": "confirm",
        "sample_id": "64b7f0c2a1d3e4f5a6b7c801",
    }
    return base | values


@given(texts)
def test_a_cell_comes_back_and_starts_no_formula(value: str | None) -> None:
    cell = escape_cell(value)
    assert unescape_cell(cell) == value
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("form", ["csv", "json"])
@given(texts, texts, st.text("=+-@'\"\t\r\n,; a\0", max_size=6))
def test_any_text_survives_a_file(
    tmp_path_factory: pytest.TempPathFactory, form: str, one: str, two: str, three: str
) -> None:
    rows = [row(label_before=one, label_after=two, note=three, iteration=3), row(tag=one)]
    path = tmp_path_factory.getbasetemp() / f"any.{form}"
    assert write_rows(rows, path, form) == 2
    assert list(read_rows(path)) == rows


def test_no_cell_of_a_file_starts_a_formula(tmp_path: Path) -> None:
    bad = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1", " =1", "'=1"]
    path = tmp_path / "o.csv"
    write_rows([row(label_after=b, note=b, author=b, filepath=b, tag=b) for b in bad], path, "csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        for cells in csv.reader(file):
            assert not [c for c in cells if c.lstrip(" ")[:1] in set("=+-@\t\r\n＝＋－＠")]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert [r["label_after"] for r in read_rows(path)] == bad


def test_an_empty_trail_is_a_file_too(tmp_path: Path) -> None:
    for form in ("csv", "json"):
        assert write_rows([], tmp_path / "empty", form) == 0
        assert list(read_rows(tmp_path / "empty")) == []


def test_a_file_is_replaced_only_when_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    write_rows([row()], path, "csv")
    before = path.read_bytes()

    def broken() -> Any:
        yield row()
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        write_rows(broken(), path, "csv")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["o.csv"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no column 'decision'"),
        ("a,b\n1,2\n", "no column 'decision'"),
        (",".join(COLUMNS) + "\nx\n", "row 1: expected 17 cells, got 1"),
        (",".join(COLUMNS) + "\n" + "," * 16 + "\n", "row 1: decision is empty"),
        (",".join(COLUMNS) + "\nd,many" + "," * 15 + "\n", "row 1: seq must be a whole number"),
        ("{", "is no JSON"),
        ("{}", "its format is not given"),
        (json.dumps({"format": "deconfuse-decisions", "version": 9}), "version 9; expected 1"),
        (
            json.dumps({"format": "deconfuse-decisions", "version": 1, "rows": [{"seq": 1}]}),
            "row 1: expected decision, seq",
        ),
        (
            json.dumps(
                {"format": "deconfuse-decisions", "version": 1, "rows": [row(label_after=3)]}
            ),
            "row 1: label_after must be a text, got 3",
        ),
    ],
)
def test_what_is_no_audit_trail_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "file"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        list(read_rows(path))


def test_binary_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        list(read_rows(tmp_path / "none"))
    (tmp_path / "b").write_bytes(b"\xff\xfe\0")
    with pytest.raises(InputError, match="is no audit trail"):
        list(read_rows(tmp_path / "b"))


def test_paths_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        write_rows([], tmp_path, "csv")
    with pytest.raises(InputError, match="does not exist"):
        write_rows([], tmp_path / "none" / "o.csv", "csv")
