"""Which samples stay in one fold, on a real dataset."""

from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from PIL import Image

from plugin.classify.kept_together import check_fold_groups, groups_to_keep
from plugin.classify.settings import Settings
from plugin.errors import InputError
from plugin.progress import silent


@pytest.fixture
def dataset(tmp_path: Path) -> Iterator[fo.Dataset]:
    """Twelve pictures; 3 is a copy of 0, 4 of 1; patients a, b, c and none."""
    made = fo.Dataset()
    generator = np.random.default_rng(0)
    for i in range(12):
        path = tmp_path / f"{i}.png"
        if i in (3, 4):
            path.write_bytes((tmp_path / f"{i - 3}.png").read_bytes())
        else:
            Image.fromarray(generator.integers(0, 255, (8, 8, 3), np.uint8)).save(path)
        patient = "abc"[i % 3] if i < 9 else None
        label = fo.Classification(label="xy"[i % 2])
        made.add_sample(
            fo.Sample(filepath=str(path), label=label, patient=patient, numbers=[i], n=i)
        )
    yield made
    made.delete()


def _groups(dataset: fo.Dataset, wanted: str, features: np.ndarray | None = None) -> list[int]:
    settings = Settings.from_mapping({"label_field": "label", "fold_groups": wanted})
    check_fold_groups(dataset, settings)
    ids, paths = dataset.values(["id", "filepath"])
    found = groups_to_keep(dataset, settings, ids, paths, features, silent)
    assert found is not None
    return found.tolist()


def test_copies_fields_and_features_keep_together(dataset: fo.Dataset) -> None:
    assert _groups(dataset, "copies") == [0, 1, 2, 0, 1, *range(5, 12)]
    assert _groups(dataset, "patient") == [0, 1, 2] * 3 + [9, 10, 11], "none is no value"
    features = 9 * np.eye(12, dtype=np.float32)
    features[11] = features[10] + 0.1
    assert _groups(dataset, "copies", features) == [0, 1, 2, 0, 1, *range(5, 11), 10]


def test_none_keeps_nothing_together(dataset: fo.Dataset) -> None:
    settings = Settings.from_mapping({"label_field": "label", "fold_groups": "none"})
    ids, paths = dataset.values(["id", "filepath"])
    assert groups_to_keep(dataset, settings, ids, paths, None, silent) is None


@pytest.mark.parametrize("wanted", ["nothere", "numbers"])
def test_fields_that_cannot_tell_are_refused(dataset: fo.Dataset, wanted: str) -> None:
    with pytest.raises(InputError, match=rf"fold_groups: .*'{wanted}'"):
        _groups(dataset, wanted)
