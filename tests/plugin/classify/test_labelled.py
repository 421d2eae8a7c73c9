"""The samples that carry a usable label."""

from collections.abc import Iterator

import fiftyone as fo
import fiftyone.core.odm as foo
import pytest

from plugin.classify.labelled import read_labelled
from plugin.errors import InputError
from plugin.skipped import LISTED, Skipped
from tests.plugin.decided import make_dataset


@pytest.fixture
def dataset() -> Iterator[fo.Dataset]:
    made = make_dataset(["bee", None, "ant", "", "bee", "c.at"])
    yield made
    made.delete()


def test_labels_are_read_in_order_and_the_others_are_listed(dataset: fo.Dataset) -> None:
    skipped = Skipped()
    found = read_labelled(dataset, "ground_truth", "run_decision", skipped)
    ids = dataset.values("id")
    assert found.classes == ("ant", "bee", "c.at")
    assert [found.classes[i] for i in found.label] == ["bee", "ant", "bee", "c.at"]
    assert found.sample_ids == [ids[i] for i in (0, 2, 4, 5)]
    assert found.filepaths == [dataset.values("filepath")[i] for i in (0, 2, 4, 5)]
    assert not found.decided.any()
    assert dict(skipped.reasons) == {
        "no label in 'ground_truth'": 1,
        "empty label in 'ground_truth'": 1,
    }
    assert [s["sample_id"] for s in skipped.samples] == [ids[1], ids[3]]


def test_a_view_is_read_in_its_own_order(dataset: fo.Dataset) -> None:
    view = dataset.match({"ground_truth.label": {"$ne": "ant"}}).sort_by("weight", reverse=True)
    found = read_labelled(view, "ground_truth", "run_decision", Skipped())
    assert [found.classes[i] for i in found.label] == ["c.at", "bee", "bee"]


def test_decided_samples_are_told(dataset: fo.Dataset) -> None:
    collection = foo.get_db_conn()[dataset._sample_collection_name]
    collection.update_one({"ground_truth.label": "ant"}, {"$set": {"run_decision": "confirmed"}})
    found = read_labelled(dataset, "ground_truth", "run_decision", Skipped())
    assert found.decided.tolist() == [False, True, False, False]


def test_less_than_two_classes_are_refused(dataset: fo.Dataset) -> None:
    with pytest.raises(InputError, match="'ground_truth' holds one class only \\('bee'\\)"):
        bees = dataset.match({"ground_truth.label": "bee"})
        read_labelled(bees, "ground_truth", "run_decision", Skipped())
    with pytest.raises(InputError, match=r"no sample of '.*' has a label in 'ground_truth'"):
        none = dataset.match({"ground_truth.label": None})
        read_labelled(none, "ground_truth", "run_decision", Skipped())


def test_all_skipped_samples_are_counted_and_a_thousand_listed() -> None:
    skipped = Skipped()
    for i in range(LISTED + 5):
        skipped.add(i, None, "odd" if i % 3 else "third")
    skipped.add("x", "/a.png", "odd", detail="very")
    assert len(skipped) == LISTED + 6
    assert len(skipped.samples) == LISTED
    assert skipped.most_common() == "odd"
    assert skipped.samples[0] == {"sample_id": "0", "filepath": "", "reason": "third"}
    assert Skipped().most_common() == "there are none"
