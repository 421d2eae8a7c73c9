"""Vectors as FiftyOne stores them, against FiftyOne's own reader."""

import io
import os
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import fiftyone.core.utils as fou
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from plugin.vectors.stored import common_length, decode_rows, decode_vector

kinds = st.sampled_from(["<f8", "<f4", "<f2", ">f8", "<i8", "<i4", "u1", "?"])


@given(kinds.flatmap(lambda k: st_numpy.arrays(k, st.integers(0, 30))))
def test_vectors_are_read_as_fiftyone_reads_them(vector: np.ndarray) -> None:
    stored = fou.serialize_numpy_array(vector)
    theirs = fou.deserialize_numpy_array(stored)
    ours = decode_vector(stored)
    assert ours is not None
    np.testing.assert_array_equal(ours, theirs.astype(np.float64))
    assert ours.dtype == np.float64


@given(st.lists(st.floats(allow_nan=False, width=32), max_size=20))
def test_lists_are_read(values: list[float]) -> None:
    assert decode_vector(values).tolist() == values  # pyright: ignore[reportOptionalMemberAccess]


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    assert decode_vector(data) is None
    assert decode_vector(zlib.compress(data)) is None


@given(st.data())
def test_damaged_vectors_are_none_or_numbers(data: st.DataObject) -> None:
    raw = bytearray(zlib.decompress(fou.serialize_numpy_array(np.arange(5.0))))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    found = decode_vector(zlib.compress(bytes(raw[:cut])))
    assert found is None or found.dtype == np.float64


@pytest.mark.parametrize("value", [None, "text", 3.0, {"a": 1}, [1, "x"], [[1, 2], [3]], [None]])
def test_what_is_no_vector_is_none_or_not_finite(value: Any) -> None:
    found = decode_vector(value)
    assert found is None or np.isnan(found).any()


def test_an_array_of_objects_is_not_unpickled() -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}, []], dtype=object), allow_pickle=True)
    assert decode_vector(zlib.compress(buffer.getvalue())) is None


def test_the_most_frequent_length_counts() -> None:
    assert common_length([[1, 2], [1, 2, 3], None, "x", [3, 4]]) == 2
    assert common_length([None, "x"]) is None


def test_rows_say_what_is_wrong_with_each() -> None:
    values = [[1, 2], None, "x", [1, 2, 3], [np.nan, 1], [np.inf, 1]]
    matrix, problems = decode_rows(values, 2)
    assert problems == [
        None,
        "is missing",
        "is not a vector of numbers",
        "has length 3, expected 2",
        "holds NaN or infinite numbers",
        "holds NaN or infinite numbers",
    ]
    np.testing.assert_array_equal(matrix, [[1, 2], *[[0, 0]] * 5])


def test_a_few_bytes_that_unpack_to_very_many_are_no_vector() -> None:
    """128 MB of zeros are 128 kB compressed; they are never unpacked."""
    packing = zlib.compressobj()
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f8", "fortran_order": False, "shape": (1 << 24,)}
    )
    packed = packing.compress(head.getvalue())
    for _ in range(8):
        packed += packing.compress(bytes(1 << 24))
    packed += packing.flush()
    tracemalloc.start()
    assert decode_vector(packed) is None
    assert tracemalloc.get_traced_memory()[1] < 1 << 26
    tracemalloc.stop()
    long_header = b"\x93NUMPY\x02\x00" + (1 << 20).to_bytes(4, "little") + b"[" * (1 << 20)
    assert decode_vector(zlib.compress(long_header)) is None
    cut_off = fou.serialize_numpy_array(np.arange(500.0))[:-20]
    assert decode_vector(cut_off) is None


class Runs:
    """What makes a folder where it is unpickled."""

    def __init__(self, folder: Path):
        self._folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._folder),)


def test_vectors_of_python_objects_run_nothing(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([Runs(tmp_path / "ran")], dtype=object), allow_pickle=True)
    assert decode_vector(zlib.compress(buffer.getvalue())) is None
    assert not (tmp_path / "ran").exists()
