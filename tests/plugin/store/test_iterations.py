"""Iterations: what is written is read, sorted into cells; an abandoned one leaves nothing."""

from collections.abc import Iterator
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from bson import ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.scoring.cies import cies
from plugin.store import iteration_writer, iterations
from plugin.store.columns import delete_columns
from plugin.store.iteration_writer import IterationWriter
from plugin.store.iterations import Iteration, Rows, load_iteration, pack_ids, unpack_ids
from tests.traces import plugin_documents, temporary

pytestmark = pytest.mark.slow

HEADER = {"number": 1, "settings": {"seed": 1}, "counts": {}, "skipped": {}}
seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(autouse=True)
def _database() -> None:
    fo.list_datasets()


def random_ids(generator: np.random.Generator, n: int) -> list[str]:
    """Distinct ids; some end in zero bytes, which numpy's strings are careless of."""
    found: set[str] = set()
    while len(found) < n:
        raw = generator.integers(0, 256, 12).astype(np.uint8)
        raw[12 - generator.integers(0, 4) :] = 0
        found.add(raw.tobytes().hex())
    return sorted(found, key=lambda i: i[::-1])


def random_rows(seed: int, n: int, classes: int) -> Rows:
    generator = np.random.default_rng(seed)
    p = generator.dirichlet(np.full(classes, 0.3), n).astype(np.float32)
    label = generator.integers(classes, size=n).astype(np.int32)
    k = min(classes, 5)
    order = np.argsort(-p, axis=1, kind="stable")[:, :k].astype(np.int32)
    return Rows(
        sample_id=pack_ids(random_ids(generator, n)),
        label=label,
        prediction=order[:, 0].copy(),
        p_label=p[np.arange(n), label],
        p_max=p.max(1),
        suspicion=generator.integers(-3, 3, n).astype(np.float32),
        top_class=order,
        top_probability=np.take_along_axis(p, order, axis=1),
        features=generator.normal(size=(n, 3)).astype(np.float16),
    )


def part(rows: Rows, start: int, stop: int) -> Rows:
    return Rows(**{name: getattr(rows, name)[start:stop] for name in Rows.columns()})


def names(classes: int) -> list[str]:
    return [f"class {i}" for i in range(classes)]


def written(rows: Rows, classes: int, size: int = 10**9, weights: bytes | None = None) -> Iteration:
    with IterationWriter(ObjectId(), "run", names(classes)) as writer:
        for start in range(0, max(len(rows), 1), size):
            writer.append(part(rows, start, start + size))
        return writer.commit(HEADER, weights)


def forget(iteration: Iteration) -> None:
    delete_columns({"iteration_id": iteration.id})
    iterations.collection_of(iterations.COLLECTION).delete_one({"_id": iteration.id})


@pytest.fixture
def clean() -> Iterator[None]:
    """Nothing that was not there before is there afterwards."""
    before, folders = plugin_documents(), temporary()
    yield
    assert plugin_documents() == before
    assert temporary() == folders


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(1, 60), st.integers(2, 8), st.integers(1, 25))
def test_what_is_written_is_read_sorted(seed: int, n: int, classes: int, size: int) -> None:
    rows = random_rows(seed, n, classes)
    iteration = written(rows, classes, size)
    try:
        position = sorted(
            range(n),
            key=lambda i: (rows.label[i], rows.prediction[i], -rows.suspicion[i], i),
        )
        read = iteration.rows()
        for name in Rows.columns():
            expected = getattr(rows, name)[position]
            found = getattr(read, name)
            assert found.dtype == expected.dtype
            assert found.tobytes() == expected.tobytes(), name
        check_cells(iteration, rows, classes)
        check_index(iteration, rows)
    finally:
        forget(iteration)


def check_cells(iteration: Iteration, rows: Rows, classes: int) -> None:
    expected = cies(rows.label, rows.prediction, classes)
    for label in range(classes):
        for prediction in range(classes):
            cell = iteration.cell_slice(label, prediction)
            held = iteration.rows(cell.start, cell.stop)
            assert len(held) == expected[label, prediction]
            assert (held.label == label).all()
            assert (held.prediction == prediction).all()
            assert (np.diff(held.suspicion) <= 0).all()


def check_index(iteration: Iteration, rows: Rows) -> None:
    ids = unpack_ids(rows.sample_id)
    in_order = unpack_ids(iteration.column("sample_id"))
    assert iteration.rows_of(ids).tolist() == [in_order.index(i) for i in ids]
    assert iteration.rows_of(["f" * 24, ids[0], "0" * 23 + "1"])[[0, 2]].tolist() == [-1, -1]
    assert iteration.rows_of([]).tolist() == []


@given(seeds, st.integers(0, 30))
def test_ids_keep_all_their_bytes(seed: int, n: int) -> None:
    ids = random_ids(np.random.default_rng(seed), n)
    assert unpack_ids(pack_ids(ids)) == ids


def test_more_rows_than_a_chunk_and_weights(monkeypatch: pytest.MonkeyPatch, clean: None) -> None:
    monkeypatch.setattr(iteration_writer, "ROWS_PER_CHUNK", 16)
    rows = random_rows(3, 50, 3)
    iteration = written(rows, 3, weights=b"\x00weights\xff")
    assert iteration.weights() == b"\x00weights\xff"
    assert sorted(unpack_ids(iteration.rows().sample_id)) == sorted(unpack_ids(rows.sample_id))
    forget(iteration)


def test_an_opened_iteration_is_the_written_one(clean: None) -> None:
    iteration = written(random_rows(1, 20, 3), 3)
    document = iterations.collection_of(iterations.COLLECTION).find_one({"_id": iteration.id})
    assert document is not None
    assert document["fields_written"] is False
    opened = load_iteration(document)
    assert opened.classes == ("class 0", "class 1", "class 2")
    assert (opened.number, opened.samples, opened.settings) == (1, 20, {"seed": 1})
    assert opened.weights() is None
    assert opened.rows().sample_id.tobytes() == iteration.rows().sample_id.tobytes()
    forget(iteration)


def test_empty_slices_have_their_columns_dtypes(clean: None) -> None:
    iteration = written(random_rows(1, 20, 3), 3)
    for start, stop in [(5, 5), (20, 30), (7, 3)]:
        empty = iteration.rows(start, stop)
        assert len(empty) == 0
        assert empty.top_class.shape == (0, 3)
        assert empty.suspicion.dtype == np.float32
    forget(iteration)


def test_a_part_without_rows_changes_nothing(clean: None) -> None:
    rows = random_rows(1, 20, 3)
    with IterationWriter(ObjectId(), "run", names(3)) as writer:
        writer.append(part(rows, 0, 0))
        writer.append(rows)
        writer.append(part(rows, 20, 20))
        iteration = writer.commit(HEADER)
    assert iteration.samples == 20
    forget(iteration)


def test_no_features_are_possible(clean: None) -> None:
    rows = random_rows(1, 20, 3)
    none = Rows(**{**vars(rows), "features": np.empty((20, 0), np.float16)})
    iteration = written(none, 3)
    assert iteration.rows().features.shape == (20, 0)
    forget(iteration)


def test_leaving_without_commit_leaves_nothing(clean: None) -> None:
    with IterationWriter(ObjectId(), "run", names(3)) as writer:
        writer.append(random_rows(1, 20, 3))


@pytest.mark.parametrize("fails_at", ["top_class", "cell_histogram", "weights"])
def test_a_failed_commit_leaves_nothing(
    fails_at: str, clean: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = iteration_writer.write_column

    def full(name: str, *rest: Any) -> Any:
        if name == fails_at:
            raise OSError(28, "No space left on device")
        return write(name, *rest)

    monkeypatch.setattr(iteration_writer, "write_column", full)
    with (
        pytest.raises(OSError, match="No space"),
        IterationWriter(ObjectId(), "run", names(3)) as writer,
    ):
        writer.append(random_rows(1, 20, 3))
        writer.commit(HEADER, b"weights")


def test_a_spool_that_cannot_be_flushed_leaves_nothing(
    clean: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def write(self, data: bytes) -> None:
            raise OSError(28, "No space left on device")

        close = flush = lambda self: self.write(b"")

    with (
        pytest.raises(OSError, match="No space"),
        IterationWriter(ObjectId(), "run", names(3)) as writer,
    ):
        for file in writer._files.values():
            file.close()
        monkeypatch.setattr(writer, "_files", dict.fromkeys(Rows.columns(), Full()))
        writer.append(random_rows(1, 20, 3))
