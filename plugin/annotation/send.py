"""Sending samples to annotators: FiftyOne's annotation run, and how the samples stood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.utils.annotations as foua
from bson import ObjectId

from ..decisions.changes import label_of
from ..decisions.journal import chunked, heads
from ..decisions.recovery import recover_abandoned
from ..decisions.state import current_state
from ..errors import InputError
from ..progress import Report, silent
from ..store.iterations import unpack_ids
from ..store.jobs import Job
from ..store.raw_documents import labels_of
from ..store.runs import Run
from ..store.samples import samples_of
from .backends import check_backend, explained
from .credentials import credentials
from .store import Sent, forget_annotation, free_key, keep_annotation

SUGGESTIONS = ("hidden", "hint")


def send_to_annotation(
    run: Run,
    sample_ids: Sequence[str],
    backend: str = "labelstudio",
    suggestion: str = "hidden",
    options: Mapping[str, Any] | None = None,
    report: Report = silent,
) -> dict[str, Any]:
    """Hand samples to annotators through FiftyOne's ``annotate``.

    The label field is neither sent nor written: the annotators work on a field of their own, named
    like the annotation run. Nothing is kept where this raises.

    Args:
        run: the run
        sample_ids: the samples, in the order that they are presented in
        backend: ``labelstudio``, ``cvat`` or ``labelbox``
        suggestion: ``hidden``, or ``hint``: the prediction is there to begin with
        options: what FiftyOne's backend takes, such as ``url``, ``api_key`` and ``project_name``
        report: told how far it is

    Returns:
        ``run_key``, ``annotation`` (the key), ``backend``, ``suggestion``, ``samples``, ``classes``

    Raises:
        InputError: on bad input, or where the backend cannot be reached or refuses
    """
    kind = check_backend(backend, options or {})
    if suggestion not in SUGGESTIONS:
        raise InputError(f"suggestion must be one of {', '.join(SUGGESTIONS)}, got {suggestion!r}")
    if suggestion == "hint" and not kind.takes_hints:
        raise InputError(
            f"suggestion: FiftyOne cannot send {kind.title} a label to begin with. Use 'hidden'."
        )
    extra = credentials(backend, kind.title, kind.needs, options or {})
    with Job(run.dataset, run.key, "Sending to annotation", report) as job:
        recover_abandoned(run)
        sent = _as_they_stand(run, sample_ids)
        classes = _classes(run)
        key = free_key(run)
        job(0.2, f"Uploading {len(sent)} images to {kind.title}")
        try:
            if suggestion == "hint":
                _write_hints(run, key, sent)
            with explained(backend, extra["url"]):
                annotate(run, key, backend, classes, [str(s.sample_id) for s in sent], extra)
            keep_annotation(run, key, backend, suggestion, classes, sent)
        except BaseException:
            forget_annotation(run, key)
            raise
    return {
        "run_key": run.key,
        "annotation": key,
        "backend": backend,
        "suggestion": suggestion,
        "samples": len(sent),
        "classes": len(classes),
    }


def open_in_cell(run: Run, label: str, prediction: str, limit: int | None = None) -> list[str]:
    """The open samples of a cell in order of suspicion.

    Raises:
        InputError: if a class is unknown, or none is open
    """
    iteration = run.iteration()
    state = current_state(run, iteration.number)
    index = {name: i for i, name in enumerate(iteration.classes)}
    for option, name in (("label", label), ("prediction", prediction)):
        if name not in index:
            raise InputError(f"{option}: run '{run.key}' has no class {name!r}")
    cell = iteration.cell_slice(index[label], index[prediction])
    ids = unpack_ids(iteration.column("sample_id", cell.start, cell.stop))
    found = [i for i, kind in zip(ids, state.kind[cell], strict=True) if not kind]
    if not found:
        raise InputError(f"No sample labelled '{label}' and predicted '{prediction}' is open")
    return found[:limit]


def _as_they_stand(run: Run, sample_ids: Sequence[str]) -> list[Sent]:
    bad = [i for i in sample_ids if not isinstance(i, str) or not ObjectId.is_valid(i)]
    if bad:
        raise InputError(f"sample_ids: {bad[0]!r} is not the id of a sample")
    ids = [ObjectId(i) for i in dict.fromkeys(sample_ids)]
    if not ids:
        raise InputError("sample_ids: no samples were given; select some, or name a cell")
    labels: dict[ObjectId, str | None] = {}
    decisions: dict[ObjectId, ObjectId | None] = {}
    for part in chunked(ids):
        query = {"_id": {"$in": list(part)}}
        for document in samples_of(run.dataset).find(query, {run.label_field: 1, "filepath": 1}):
            labels[document["_id"]] = label_of(document, run.label_field)
            if not Path(document["filepath"]).is_file():
                raise InputError(
                    f"The image of sample {document['_id']} is not there to be sent: "
                    f"{document['filepath']}"
                )
        decisions |= {i: head["top_after"] for i, head in heads(run, part).items()}
    gone = [i for i in ids if i not in labels]
    if gone:
        raise InputError(f"sample_ids: dataset '{run.dataset.name}' has no sample {gone[0]}")
    return [Sent(i, labels[i], decisions.get(i)) for i in ids]


def _classes(run: Run) -> list[str]:
    known = labels_of(run.dataset, run.label_field)
    return sorted({*known, *run.iteration().classes})


def _write_hints(run: Run, key: str, sent: Sequence[Sent]) -> None:
    iteration = run.iteration()
    ids = [str(s.sample_id) for s in sent]
    rows = iteration.rows_of(ids)
    predicted = iteration.column("prediction")
    hints = {
        i: fo.Classification(label=iteration.classes[predicted[row]])
        for i, row in zip(ids, rows.tolist(), strict=True)
        if row >= 0
    }
    run.dataset.add_sample_field(
        key,
        fo.EmbeddedDocumentField,
        embedded_doc_type=fo.Classification,
        description="What annotators are shown to begin with",
    )
    run.dataset.set_values(key, hints, key_field="id", progress=False)


def annotate(
    run: Run,
    key: str,
    backend: str,
    classes: list[str],
    sample_ids: Sequence[str],
    options: Mapping[str, Any],
    label_type: str = "classification",
) -> None:
    """Make FiftyOne's annotation run, which uploads images, and what is in its field to begin with.

    Args:
        run: the run
        key: of the annotation run, and the name of its field
        backend: where to
        classes: that annotators choose from
        sample_ids: the samples, in the order that they are presented in
        options: what the backend takes
        label_type: FiftyOne's word for what is annotated
    """
    extra = dict(options)
    if backend == "labelstudio":
        from .label_studio import BackendConfig

        extra["config_cls"] = BackendConfig
    elif backend == "cvat":
        from .cvat import BackendConfig as CvatConfig

        extra["config_cls"] = CvatConfig
    foua.annotate(
        run.dataset.select(list(sample_ids), ordered=True),
        key,
        label_field=key,
        label_type=label_type,
        classes=classes,
        attributes=False,
        backend=backend,
        **extra,
    )
