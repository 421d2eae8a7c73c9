"""Embeddings by name: a vector field, a brain run, or a pretrained network."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
import numpy.typing as npt

from ..abandonable import abandonable
from ..documents import value_at
from ..errors import InputError, content, meant
from ..images.windows import windows_of
from ..learning.device import choose_device
from ..learning.networks import known_networks
from ..progress import Report
from ..store.raw_documents import read_documents
from ..store.sample_collection import root_dataset
from ..store.samples import Collection
from .field_survey import draw_vectors, vector_length
from .named_networks import known_zoo, named_network
from .network_features import network_features
from .stored import decode_rows, decode_vector
from .stored_vectors import vectors_of

VECTORS_IN_A_DIGEST = 100


class EmbeddingVectors:
    """The embeddings of some samples.

    Args:
        samples: the dataset or a view of it
        name: a vector field of the samples, a brain run that holds embeddings, or a pretrained
            network (``named_networks.py``)

    Attributes:
        kind: ``field``, ``brain run`` or ``network``

    Raises:
        InputError: if there is nothing of that name, or it holds no embeddings
    """

    def __init__(self, samples: Collection, name: str):
        self._samples = samples
        self._name = name
        self.kind = self._find()

    def _find(self) -> str:
        dataset = root_dataset(self._samples)
        schema = dataset.get_field_schema(flat=True)
        there = vectors_of(dataset)
        if self._name in schema:
            field = schema[self._name]
            if isinstance(field, (fo.VectorField, fo.ArrayField, fo.ListField)):
                return "field"
            raise InputError(
                f"embeddings: field '{self._name}' is of type {type(field).__name__}; expected "
                f"vectors.{meant(self._name, there)}"
            )
        if dataset.has_brain_run(self._name):
            return "brain run"
        if self._name in known_networks() or self._name in known_zoo():
            return "network"
        raise InputError(
            f"embeddings: '{self._name}' is neither a vector field of dataset '{dataset.name}', a "
            f"brain run of it ({', '.join(dataset.list_brain_runs()) or 'none'}), nor a pretrained "
            "network (efficientnet_lite0, or a model of torchvision or of FiftyOne's zoo)."
            f"{meant(self._name, [*there, *known_networks(), *known_zoo()])}"
        )

    def read(
        self, ids: list[str], folder: Path, report: Report
    ) -> tuple[npt.NDArray[np.float32], dict[int, str]]:
        """Read or compute the embeddings of samples.

        Args:
            ids: the samples
            folder: where embeddings are written, so that memory does not grow with them
            report: told how far it is

        Returns:
            float32 (n, d), in the order of ``ids``, zero where there is none; and what is wrong
            with an embedding, by place
        """
        if self.kind == "field":
            return self._from_field(ids, folder, report)
        if self.kind == "network":
            return self._from_network(ids, folder, report)
        rows = self._from_brain_run(ids)
        missing = f"embedding in '{self._name}' is missing, or is no vector of numbers"
        lengths = Counter(len(r) for r in rows if r is not None)
        width = lengths.most_common(1)[0][0] if lengths else 0
        vectors = np.zeros((len(rows), width), np.float32)
        problems = {}
        for i, row in enumerate(rows):
            if row is None:
                problems[i] = missing
            elif len(row) != width:
                problems[i] = f"embedding in '{self._name}' has length {len(row)}, expected {width}"
            elif not np.isfinite(row).all():
                problems[i] = f"embedding in '{self._name}' holds NaN or infinite numbers"
            else:
                vectors[i] = row
        return vectors, problems

    def sampled(self) -> str:
        """A digest of some stored embeddings of a field; empty for other kinds."""
        if self.kind != "field":
            return ""
        drawn = draw_vectors(self._samples, self._name, VECTORS_IN_A_DIGEST)
        stored = [repr(value_at(document, self._name)) for document in drawn]
        return hashlib.sha256("".join(stored).encode()).hexdigest()

    def _from_field(
        self, ids: list[str], folder: Path, report: Report
    ) -> tuple[npt.NDArray[np.float32], dict[int, str]]:
        position = {sample_id: i for i, sample_id in enumerate(ids)}
        width = vector_length(self._samples, self._name)
        if width is None:
            raise InputError(f"embeddings: no sample has a vector in field '{self._name}'")
        path = os.path.join(folder, "vectors")
        vectors = np.memmap(path, np.float32, "w+", shape=(len(ids), width))
        problems = dict.fromkeys(range(len(ids)), f"embedding in '{self._name}' is missing")
        done = 0
        for documents in read_documents(self._samples, [self._name], 1_000):
            found = [d for d in documents if str(d["_id"]) in position]
            stored = [value_at(d, self._name) for d in found]
            matrix, wrong = decode_rows(stored, width)
            for document, row, problem in zip(found, matrix, wrong, strict=True):
                i = position[str(document["_id"])]
                if problem is None:
                    vectors[i] = row
                    del problems[i]
                else:
                    problems[i] = f"embedding in '{self._name}' {problem}"
            done += len(documents)
            report(done / max(len(self._samples), 1), f"Read {done:,} embeddings")
        return vectors, problems

    def _from_brain_run(self, ids: list[str]) -> list[npt.NDArray[Any] | None]:
        try:
            results: Any = root_dataset(self._samples).load_brain_results(self._name)
            vectors = getattr(results, "embeddings", None)
            given = [] if vectors is None else list(map(str, results.sample_ids))
        except Exception as error:  # a service that is away, a damaged file, a missing package
            raise InputError(
                f"embeddings: brain run '{self._name}' cannot be read ({content(str(error)[:200])})"
            ) from error
        if vectors is None or len(given) != len(vectors):
            raise InputError(f"embeddings: brain run '{self._name}' holds no embeddings")
        found = {
            sample_id: decode_vector(row) for sample_id, row in zip(given, vectors, strict=True)
        }
        return [found.get(sample_id) for sample_id in ids]

    def _from_network(
        self, ids: list[str], folder: Path, report: Report
    ) -> tuple[npt.NDArray[np.float32], dict[int, str]]:
        network = abandonable(
            lambda _: named_network(self._name), report, f"Loading {self._name}", 0.0
        )
        paths = self._paths(ids)
        return network_features(
            paths, network, choose_device("auto"), folder, report, windows=windows_of(paths)
        )

    def _paths(self, ids: list[str]) -> list[str]:
        position = {sample_id: i for i, sample_id in enumerate(ids)}
        paths = [""] * len(ids)
        for documents in read_documents(self._samples, ["filepath"]):
            for document in documents:
                i = position.get(str(document["_id"]))
                if i is not None:
                    paths[i] = document["filepath"]
        return paths
