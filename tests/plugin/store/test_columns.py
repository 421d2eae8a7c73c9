"""Columns in GridFS: written in parts, read in slices."""

from typing import Any

import fiftyone as fo
import fiftyone.core.odm as foo
import numpy as np
import pytest
from bson import ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.store.columns import BUCKET, CHUNK_BYTES, delete_columns, read_column, write_column


@pytest.fixture(autouse=True)
def _database() -> None:
    fo.list_datasets()


def owner() -> dict[str, Any]:
    return {"dataset_id": ObjectId(), "run_key": "run", "iteration_id": ObjectId()}


kinds = st.sampled_from(["<i4", "<f4", "<f2", "<i8", "S12", "u1"])


@settings(max_examples=25, deadline=None)
@given(st.data(), kinds, st.sampled_from([(), (1,), (5,), (0,)]), st.lists(st.integers(0, 400)))
def test_any_slice_of_what_was_written_is_read_back(
    data: st.DataObject, kind: str, tail: tuple[int, ...], parts: list[int]
) -> None:
    generator = np.random.default_rng(sum(parts))
    chunks = [generator.integers(0, 100, (n, *tail)).astype(kind) for n in (*parts, 3)]
    who = owner()
    ref = write_column("numbers", chunks, who)
    whole = np.concatenate(chunks)
    n = len(whole)
    start, stop = data.draw(st.integers(0, n + 2)), data.draw(st.none() | st.integers(0, n + 2))
    found = read_column(ref, start, stop)
    assert found.dtype == whole.dtype
    np.testing.assert_array_equal(found, whole[start:stop])
    assert delete_columns(who) == 1


def test_a_slice_touches_only_its_own_chunks() -> None:
    who = owner()
    values = np.arange(CHUNK_BYTES // 8 * 4, dtype=np.int64)
    ref = write_column("long", [values], who)
    chunks = foo.get_db_conn()[f"{BUCKET}.chunks"]
    chunks.delete_one({"files_id": ref["file"], "n": 3})
    chunks.delete_one({"files_id": ref["file"], "n": 0})
    first = CHUNK_BYTES // 8 + 7
    np.testing.assert_array_equal(read_column(ref, first, first + 5), np.arange(first, first + 5))
    delete_columns(who)


def test_deleting_takes_the_owners_columns_and_no_others() -> None:
    mine, other = owner(), owner()
    ref = write_column("a", [np.arange(3)], other)
    write_column("a", [np.arange(3)], mine)
    write_column("b", [np.arange(3)], mine)
    assert delete_columns(mine) == 2
    assert delete_columns(mine) == 0
    assert read_column(ref).tolist() == [0, 1, 2]
    assert delete_columns({"dataset_id": other["dataset_id"]}) == 1


def test_a_column_that_fails_halfway_is_not_kept() -> None:
    who = owner()

    def parts() -> Any:
        yield np.zeros(100_000)
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        write_column("half", parts(), who)
    database = foo.get_db_conn()
    assert database[f"{BUCKET}.files"].count_documents({"metadata": who}) == 0
    files = database[f"{BUCKET}.files"].distinct("_id")
    assert database[f"{BUCKET}.chunks"].count_documents({"files_id": {"$nin": files}}) == 0


def test_a_column_without_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="'none' has no parts"):
        write_column("none", [], owner())
