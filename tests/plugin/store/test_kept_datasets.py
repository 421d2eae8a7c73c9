"""A dataset stays loaded while its document is the same, and is never an old one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import fiftyone as fo
import fiftyone.core.odm as foo
import pytest
from fiftyone.core.dataset import DatasetNotFoundError

from plugin.store import kept_datasets
from plugin.store.kept_datasets import kept_dataset, use_kept_dataset


@pytest.fixture
def made(dataset_name: str) -> Any:
    dataset = fo.Dataset(dataset_name)
    dataset.add_samples([fo.Sample(filepath=f"/nowhere/{i}.png", at=i) for i in range(3)])
    yield dataset
    if not dataset.deleted:
        dataset.delete()


def elsewhere(dataset: Any, script: str) -> None:
    """What another process does to a dataset."""
    load = f"import fiftyone as fo; dataset = fo.load_dataset({dataset.name!r}); "
    subprocess.run([sys.executable, "-c", load + script], check=True)


def test_it_stays_while_its_document_is_the_same(made: Any) -> None:
    kept = kept_dataset(made.name)
    made.first().save()
    fo.load_dataset(made.name)  # which notes that it was loaded
    made._doc._update_last_modified_at()
    assert kept_dataset(made.name) is kept
    assert kept_dataset(made._doc.id) is kept
    assert kept == made
    assert kept is not made
    assert [s.at for s in kept or ()] == [0, 1, 2]


def add_field(dataset: Any) -> None:
    dataset.add_sample_field("later", fo.StringField)


def rename_field(dataset: Any) -> None:
    dataset.rename_sample_field("at", "later")


def describe_field(dataset: Any) -> None:
    field = dataset.get_field("at")
    field.read_only = True
    field.save()


def rename(dataset: Any) -> None:
    dataset.name += "-renamed"


def add_info(dataset: Any) -> None:
    dataset.info["by"] = "somebody"
    dataset.save()


def note_a_run(dataset: Any) -> None:
    dataset.register_run("somebody_s", dataset.init_run(method="theirs"))


def save_a_view(dataset: Any) -> None:
    dataset.save_view("some", dataset.limit(1))


def told_of(dataset: Any) -> list[Any]:
    """What a dataset declares of its fields."""
    return [(name, str(f), f.read_only) for name, f in dataset.get_field_schema().items()]


CHANGES = [add_field, rename_field, describe_field, rename, add_info, note_a_run, save_a_view]


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_it_is_seen(made: Any, change: Callable[[Any], None]) -> None:
    before = kept_dataset(made.name)
    change(made)
    now = kept_dataset(made.name)
    assert now is not None
    assert now is not before
    assert now.name == made.name
    assert told_of(now) == told_of(made)
    assert (now.info, now.list_runs()) == (made.info, made.list_runs())
    assert now.list_saved_views() == made.list_saved_views()
    assert kept_dataset(made.name) is now


def test_what_another_process_changes_is_seen(made: Any) -> None:
    kept_dataset(made.name)
    elsewhere(made, "dataset.add_sample_field('later', fo.StringField)")
    now = kept_dataset(made.name)
    assert now is not None
    assert now.has_field("later")
    elsewhere(made, "dataset.delete()")
    with pytest.raises(DatasetNotFoundError):
        kept_dataset(made._doc.id)


def test_one_that_is_made_anew_under_its_name_is_another(made: Any) -> None:
    before = kept_dataset(made.name)
    name, copy = made.name, made.clone(f"{made.name}-copy")
    made.delete()
    copy.name = name
    now = kept_dataset(name)
    assert now is not None
    assert now is not before
    assert now._sample_collection_name == copy._sample_collection_name
    copy.delete()


def test_it_is_none_of_fiftyones_own(made: Any) -> None:
    kept = kept_dataset(made.name)
    assert fo.load_dataset(made.name) is made
    made.add_sample_field("later", fo.StringField)
    assert kept is not None
    assert not kept.has_field("later")


def test_a_grouped_dataset_is_left_to_fiftyone(dataset_name: str) -> None:
    dataset = fo.Dataset(dataset_name)
    dataset.add_group_field("group", default="left")
    group = fo.Group()
    dataset.add_samples([fo.Sample(filepath="/nowhere/1.png", group=group.element("left"))])
    assert kept_dataset(dataset.name) is None
    dataset.delete()


def test_over_another_connection_it_is_loaded_anew(
    made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept_dataset(made.name)
    other = foo.get_async_db_client()
    monkeypatch.setattr(kept_datasets, "connection", lambda: other)
    assert kept_dataset(made.name) is not before


@pytest.mark.parametrize("name", [{"$ne": None}, ["a"], 5, None])
def test_what_is_no_name_is_left_to_fiftyone(made: Any, name: Any) -> None:
    ctx = SimpleNamespace(request_params={"dataset_name": name}, _dataset=None)
    use_kept_dataset(ctx)
    assert ctx._dataset is None
