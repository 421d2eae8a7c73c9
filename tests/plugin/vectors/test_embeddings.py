"""Embeddings of a brain run, whatever was stored there."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fiftyone as fo
import numpy as np
import pytest

from plugin.errors import InputError
from plugin.progress import silent
from plugin.vectors.embeddings import EmbeddingVectors


class Runs:
    """What makes a folder where it is unpickled."""

    def __init__(self, folder: Path):
        self._folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._folder),)


@pytest.fixture
def brain(monkeypatch: pytest.MonkeyPatch, dataset_name: str) -> Any:
    """``brain(results)``: the reader of a brain run that gives these, or raises them."""

    def made(results: Any) -> EmbeddingVectors:
        def load(self: Any, key: str) -> Any:
            if isinstance(results, Exception):
                raise results
            return results

        monkeypatch.setattr(fo.Dataset, "has_brain_run", lambda self, key: key == "near")
        monkeypatch.setattr(fo.Dataset, "load_brain_results", load)
        return EmbeddingVectors(fo.Dataset(dataset_name), "near")

    return made


def test_rows_that_are_no_vectors_are_said(brain: Any, tmp_path: Path) -> None:
    rows = [[1.0, 2.0], "text", Runs(tmp_path / "ran"), None, [1.0, float("nan")], [1.0], [3, 4]]
    ids = [f"{i:024x}" for i in range(len(rows))]
    vectors = brain(SimpleNamespace(sample_ids=ids, embeddings=rows))
    found, problems = vectors.read(ids, tmp_path, silent)
    np.testing.assert_array_equal(found, [[1, 2], *[[0, 0]] * 5, [3, 4]])
    assert sorted(problems) == [1, 2, 3, 4, 5]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "results",
    [
        ConnectionError("the service is away"),
        SimpleNamespace(embeddings=None),
        SimpleNamespace(embeddings=np.zeros((2, 3)), sample_ids=["a"]),
        SimpleNamespace(embeddings=np.zeros((2, 3))),
    ],
    ids=["away", "none", "too few", "no ids"],
)
def test_what_cannot_be_read_is_said(brain: Any, tmp_path: Path, results: Any) -> None:
    vectors = brain(results)
    with pytest.raises(InputError, match="embeddings: brain run 'near'"):
        vectors.read(["a"], tmp_path, silent)
