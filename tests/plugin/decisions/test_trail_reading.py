"""Files of decisions that cannot be used: refused in words, as a whole, with nothing changed."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest
from bson import ObjectId
from fiftyone.core.odm import get_db_conn

from plugin.decisions.decision_file import COLUMNS, write_rows
from plugin.decisions.exchange import export_decisions, import_decisions
from plugin.decisions.journal import ENTRIES, HEADERS
from plugin.decisions.resolve import resolve
from plugin.decisions.trail_reading import LARGEST_FILE, LONGEST_ROW, read_rows
from plugin.decisions.undo import undo
from plugin.errors import InputError
from plugin.store.runs import Run, create_run
from tests.plugin.decided import all_raw, ids_of, make_iteration, make_run

Rows = list[dict[str, Any]]
RELABEL, CONFIRM, TAG, REMOVE, UNDONE = 0, 3, 5, 6, 7
"""The first row of each decision of the file."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Rows]]:
    """A copy of a dataset on which nothing is decided, and the rows of the other's decisions."""
    source = make_run(12)
    copy = source.dataset.clone()
    if copy.has_run("deconfuse"):
        copy.delete_run("deconfuse")
    other = create_run(copy, "deconfuse", "ground_truth")
    make_iteration(other)
    other.dataset.add_sample_field("deconfuse_decision", fo.StringField)
    ids = ids_of(source)
    resolve(source, "relabel", ids[:3], label="dog", note="n", author="ann")
    resolve(source, "confirm", ids[3:5], basis={"kind": "audit", "number": 1})
    resolve(source, "tag", ids[5:6], tag="odd")
    resolve(source, "remove", ids[6:7])
    undo(source)
    path = tmp_path_factory.mktemp("trail") / "t.json"
    export_decisions(source, path, "json")
    rows = list(read_rows(path))
    actions = "relabel relabel relabel confirm confirm tag remove undo"
    assert " ".join(row["action"] for row in rows) == actions
    yield other, rows
    source.dataset.delete()
    copy.delete()


def everything(run: Run) -> Any:
    """The dataset's and the journal's documents as the database holds them."""
    query = {"dataset_id": run.owner["dataset_id"]}
    kept = [list(get_db_conn()[name].find(query)) for name in (HEADERS, ENTRIES)]
    return all_raw(run, whole=True), kept


def setting(at: int | slice, **values: Any) -> Callable[[Rows], Any]:
    """Give one row, or some, other values."""

    def change(rows: Rows) -> None:
        for row in rows[at] if isinstance(at, slice) else [rows[at]]:
            row.update(values)

    return change


def repeated(rows: Rows) -> None:
    rows.append(rows[0])


def without(name: str) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        del rows[-1][name]

    return change


LAST = -1
BOTH = slice(CONFIRM, CONFIRM + 2)
DEEP = '{"a":' * 3_000 + "1" + "}" * 3_000
LATE = "2024-02-29T12:00:00Z"
MUTATIONS: list[tuple[Callable[[Rows], Any], str]] = [
    # Times
    (setting(LAST, time="0001-01-01T00:00:00+23:59"), "row 8: time must be a time"),
    (setting(LAST, time="0001-01-01T00:00:00"), "row 8: time must be between 1970 and 2999"),
    (setting(LAST, time="9999-12-31T23:59:59-23:59"), "row 8: time must be a time"),
    (setting(LAST, time="9999-12-31T23:59:59"), "row 8: time must be between"),
    (setting(LAST, time="noon"), "row 8: time must be a time"),
    (setting(LAST, time=1_700_000_000), "row 8: time must be a text"),
    (setting(LAST, time=None), "row 8: time is empty"),
    (setting(LAST, time="9" * 400), "row 8: time must be a time"),
    # Texts
    (setting(LAST, note="\ud800"), "row 8: note is no valid Unicode text"),
    (setting(LAST, author="\udfff"), "row 8: author is no valid Unicode text"),
    (setting(LAST, filepath="/a/\udc80.png"), "row 8: filepath is no valid"),
    (setting(LAST, dataset="\ud800"), "row 8: dataset is no valid"),
    (setting(LAST, label_before="\ud800"), "row 8: label_before is no valid"),
    (setting(slice(0, 3), label_after="\ud800"), "row 1: label_after is no valid"),
    (setting(TAG, tag="\ud800"), "row 6: tag is no valid"),
    (setting(slice(0, 3), label_after="x" * 3_000_000), "row 1: label_after must have at most"),
    (setting(slice(0, 3), label_after="x" * 17_000_000), "row 1: label_after must have at most"),
    (setting(TAG, tag="x" * 200_000), "row 6: tag must have at most 100,000"),
    (setting(LAST, note="x" * 10_001), "row 8: note must have at most 10,000"),
    (setting(LAST, author="x" * 1_001), "row 8: author must have at most 1,000"),
    # What a decision rests on
    (setting(BOTH, basis='{"a":1' + "0" * 30 + "}"), "row 4: basis cannot be kept"),
    (setting(BOTH, basis='{"a":-9223372036854775809}'), "row 4: basis cannot be kept"),
    (setting(BOTH, basis='{"a":' + "9" * 5_000 + "}"), "row 4: basis must be a JSON object"),
    (setting(BOTH, basis='{"a\\u0000":1}'), "row 4: basis has the name"),
    (setting(BOTH, basis='{"a":{"b":[{"c\\u0000":1}]}}'), "row 4: basis has the name"),
    (setting(BOTH, basis='{"$ref":"a","$id":1}'), "row 4: basis has the name"),
    (setting(BOTH, basis='{"a":"\\ud800"}'), "row 4: basis cannot be kept"),
    (setting(BOTH, basis='{"\\ud800":1}'), "row 4: basis cannot be kept"),
    (setting(BOTH, basis='{"a":NaN}'), "row 4: basis must be a JSON object"),
    (setting(BOTH, basis='{"a":1,"a":2}'), "row 4: basis must be a JSON object"),
    (setting(BOTH, basis=DEEP), "row 4: basis must be a JSON object|row 4: basis is nested"),
    (setting(BOTH, basis='{"a":' * 30 + "1" + "}" * 30), "row 4: basis is nested deeper"),
    (setting(BOTH, basis="[1]"), "row 4: basis must be a JSON object"),
    (setting(BOTH, basis="{"), "row 4: basis must be a JSON object"),
    (setting(BOTH, basis={"kind": "audit"}), "row 4: basis must be a text"),
    # Numbers
    (setting(LAST, seq="soon"), "row 8: seq must be a whole number"),
    (setting(LAST, seq=1.5), "row 8: seq must be a whole number"),
    (setting(LAST, seq=True), "row 8: seq must be a whole number"),
    (setting(LAST, seq=None), "row 8: seq is empty"),
    (setting(LAST, seq=-1), "row 8: seq must be a whole number"),
    (setting(LAST, seq=2**63), "row 8: seq must be a whole number"),
    (setting(LAST, seq="9" * 400), "row 8: seq must be a whole number"),
    (setting(LAST, seq="9" * 5_000), "row 8: seq must be a whole number"),
    (setting(LAST, seq="١"), "row 8: seq must be a whole number"),
    (setting(LAST, iteration=2**70), "row 8: iteration must be a whole number"),
    (setting(LAST, iteration=[1]), "row 8: iteration must be a whole number"),
    # Names of decisions and samples
    (setting(LAST, action="rename"), "row 8: action must be one of"),
    (setting(LAST, action=None), "row 8: action is empty"),
    (setting(LAST, action={"$gt": ""}), "row 8: action must be a text"),
    (setting(LAST, decision="x"), "row 8: decision must be an id"),
    (setting(LAST, decision="１" * 24), "row 8: decision must be an id"),
    (setting(LAST, sample_id="0" * 23), "row 8: sample_id must be an id"),
    (setting(LAST, sample_id=7), "row 8: sample_id must be a text"),
    (setting(LAST, undoes=None), "row 8: undoes must be an id"),
    (setting(LAST, undoes="the last"), "row 8: undoes must be an id"),
    (setting(TAG, undoes="0" * 24), "row 6: undoes goes with action 'undo'"),
    (setting(TAG, tag=None), "row 6: tag is empty"),
    (setting(TAG, tag=""), "row 6: tag is empty"),
    (setting(LAST, tag="odd"), "row 8: tag goes with action 'tag'"),
    (setting(slice(0, 3), label_after=None), "row 1: label_after is empty"),
    (setting(TAG, label_after="dog"), "row 6: label_after must be the label before"),
    (setting(REMOVE, label_after="dog"), "row 7: label_after must be empty"),
    (setting(LAST, label_field="other"), "row 8: label_field is 'other'"),
    (setting(LAST, label_field=3), "row 8: label_field must be a text"),
    # Rows of one decision that differ
    (setting(1, label_after="cat"), "row 2: label_after is 'cat', and row 1 of the same"),
    (setting(1, note="m"), "row 2: note is 'm', and row 1 of the same decision says 'n'"),
    (setting(1, author="bob"), "row 2: author is 'bob'"),
    (setting(1, time=LATE), "row 2: time is"),
    (setting(1, seq=77), "row 2: seq is 77"),
    (setting(1, action="confirm", label_after="bee", label_before="bee"), "row 2: action is"),
    (setting(CONFIRM + 1, basis=None), "row 5: basis is None"),
    (setting(1, iteration=9), "row 2: iteration is 9"),
    (setting(1, run_key="r"), "row 2: run_key is 'r'"),
    (repeated, "row 9: sample_id .* comes twice in decision"),
    (lambda rows: rows[1].update(sample_id=rows[0]["sample_id"].upper()), "row 2: .* comes twice"),
    (lambda rows: rows[TAG].update(seq=rows[0]["seq"]), "row 6: seq . is that of row 1 too"),
    (lambda rows: rows[LAST].update(seq=0), "row 8: undoes names a decision whose seq is not"),
    (lambda rows: rows[LAST].update(undoes=rows[LAST]["decision"]), "row 8: undoes names the"),
    (lambda rows: rows[LAST].update(sample_id=rows[0]["sample_id"]), "row 8: sample_id .* undone"),
    # Columns
    (setting(LAST, extra="x"), "row 8: unknown column 'extra'"),
    (without("note"), "row 8: expected decision, seq"),
    (lambda rows: rows.append(3), "row 9: expected decision, seq"),  # type: ignore[arg-type]
    (lambda rows: rows.append(None), "row 9: expected decision"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("at", range(len(MUTATIONS)))
def test_a_bad_value_anywhere_changes_nothing(
    file: tuple[Run, Rows], tmp_path: Path, at: int
) -> None:
    run, good = file
    change, message = MUTATIONS[at]
    rows = [{**row} for row in good]
    change(rows)
    head = {"format": "deconfuse-decisions", "version": 1}
    (tmp_path / "bad").write_text(json.dumps({**head, "rows": rows}))
    before = everything(run)
    with pytest.raises(InputError, match=message) as refused:
        import_decisions(run, tmp_path / "bad")
    assert len(str(refused.value)) < 1_000
    assert everything(run) == before


def as_json(rows: Rows) -> bytes:
    head = {"format": "deconfuse-decisions", "version": 1}
    return json.dumps({**head, "rows": rows}).encode()


def as_csv(rows: Rows, folder: Path) -> bytes:
    write_rows(rows, folder / "good.csv", "csv")
    return (folder / "good.csv").read_bytes()


BOM = b"\xef\xbb\xbf"
HEAD = b'{"format": "deconfuse-decisions", "version": 1, "rows": ['
BYTES: list[tuple[Callable[[Rows, Path], bytes], str]] = [
    (lambda r, f: as_json(r)[:-1], "no JSON"),
    (lambda r, f: as_json(r)[:-400], "no JSON"),
    (lambda r, f: as_json(r)[:20], "no JSON"),
    (lambda r, f: as_json(r) + b"x", "there is more after its end"),
    (lambda r, f: as_json(r) * 2, "there is more after its end"),
    (lambda r, f: HEAD + b"[" * 100_000, "no JSON: it is nested too deeply"),
    (lambda r, f: HEAD + b'{"a":' * 100_000, "no JSON: it is nested too deeply"),
    (lambda r, f: HEAD + b"9" * 6_000_000 + b"]}", "no JSON"),
    (lambda r, f: HEAD[:-11].rstrip(b", ") + b"}", "has no rows"),
    (lambda r, f: HEAD + b'{"seq": 1, "seq": 2}]}', "a name comes twice"),
    (lambda r, f: HEAD + b'], "rows": []}', "a name comes twice"),
    (lambda r, f: HEAD + b'], "more": 1}', "unknown name 'more'"),
    (lambda r, f: HEAD.replace(b"1,", b"true,") + b"]}", "of version True"),
    (lambda r, f: HEAD.replace(b"1,", b"2,") + b"]}", "of version 2"),
    (lambda r, f: BOM + BOM + as_json(r), "no column 'decision'"),
    (lambda r, f: BOM + BOM + as_csv(r, f)[3:], "no column 'decision'"),
    (lambda r, f: as_json(r).decode().encode("utf-16"), "is no audit trail"),
    (lambda r, f: as_csv(r, f).decode("utf-8-sig").encode("utf-16"), "is no audit trail"),
    (lambda r, f: as_csv(r, f)[:-3], "row 8: this is no audit trail"),
    (lambda r, f: as_csv(r, f)[:-40], "row 8"),
    (lambda r, f: as_csv(r, f)[:50], "no audit trail"),
    (lambda r, f: as_csv(r, f).replace(b'"basis"', b'"Basis"'), "unknown column 'Basis'"),
    (lambda r, f: as_csv(r, f).replace(b'"basis"', b'"note"'), "column 'note' comes twice"),
    (lambda r, f: as_csv(r, f).replace(b'"basis"', b'"x","y"'), "unknown column 'x'"),
    (lambda r, f: as_csv(r, f) + b'"a","b"\r\n', "row 9: expected 17 cells, got 2"),
    (lambda r, f: as_csv(r, f) + b"," * (LONGEST_ROW + 1), "row 9: .*longer than"),
    (lambda r, f: as_csv(r, f) + b'"' + b"x\n" * 200_000, "row 9: this is no audit trail"),
    (lambda r, f: ",".join(COLUMNS).encode() + b"\xff\n", "is no audit trail"),
    (lambda r, f: os.urandom(5_000), "no audit trail|no JSON"),
    (lambda r, f: b"\0" * 100_000, "is no audit trail"),
    (lambda r, f: b"", "no column 'decision'"),
    (lambda r, f: b"\x1f\x8b" + os.urandom(100), "is no audit trail"),
]


@pytest.mark.parametrize("at", range(len(BYTES)))
def test_a_file_that_is_none_changes_nothing(
    file: tuple[Run, Rows], tmp_path: Path, at: int
) -> None:
    run, rows = file
    make, message = BYTES[at]
    (tmp_path / "bad").write_bytes(make(rows, tmp_path))
    before = everything(run)
    with pytest.raises(InputError, match=message) as refused:
        import_decisions(run, tmp_path / "bad")
    assert len(str(refused.value)) < 1_000
    assert everything(run) == before


def test_what_is_no_file_changes_nothing(file: tuple[Run, Rows], tmp_path: Path) -> None:
    run, _ = file
    os.mkfifo(tmp_path / "fifo")
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(LARGEST_FILE + 1)
    bad: list[tuple[Any, str]] = [
        (tmp_path, "is a folder"),
        (tmp_path / "none", "there is no file"),
        (tmp_path / "fifo", "is no regular file"),
        ("/dev/zero", "is no regular file"),
        (tmp_path / "huge", "at most 1,073,741,824 are read"),
        ("x" * 5_000, "cannot be read"),
        ("a\0b", "there is no file|cannot be read"),
        ("~nobody-of-that-name/x", "cannot be read"),
        (7, "path must name a file"),
        ("", "path must name a file"),
    ]
    before = everything(run)
    for path, message in bad:
        with pytest.raises(InputError, match=message):
            import_decisions(run, path)
    wrong: list[dict[str, Any]] = [{"match": ["id"]}, {"old_root": 1, "new_root": 2}]
    for options in wrong:
        with pytest.raises(InputError, match=r"match must be|old_root must be"):
            import_decisions(run, tmp_path / "none", **options)
    assert everything(run) == before


def test_the_good_file_is_made(file: tuple[Run, Rows], tmp_path: Path) -> None:
    """What is refused above is refused for its mutation; files of other tools are read."""
    run, good = file
    renamed = {row["decision"]: str(ObjectId()) for row in good}
    rows = [
        {**row, "decision": renamed[row["decision"]], "undoes": renamed.get(row["undoes"])}
        for row in good
    ]
    ordered = {"rows": rows, "version": 1, "format": "deconfuse-decisions"}
    (tmp_path / "good.json").write_text(json.dumps(ordered, indent=2))
    result = import_decisions(run, tmp_path / "good.json")
    assert (result.decisions, result.applied, result.conflict_count) == (5, 8, 0)
    (tmp_path / "good.csv").write_bytes(as_csv(rows, tmp_path))
    assert import_decisions(run, tmp_path / "good.csv").already_here == 5
