"""Answers from CVAT and Labelbox, as FiftyOne downloads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .answers import Answer
from .store import Annotation


def answers(results: Any, annotation: Annotation) -> Iterator[Answer]:
    """What FiftyOne reads from the backend, without writing it into the dataset.

    A hint is a label like any other to CVAT, so hinted tasks count once all their jobs are
    completed. Their assignee is taken for the annotator; Labelbox's are not known.
    """
    downloaded = results.backend.download_annotations(results)
    (field,) = results.config.label_schema
    labels_of = downloaded.get(field, {}).get("classifications", {})
    done, names = cvat_tasks(results) if annotation.backend == "cvat" else (None, {})
    hinted = annotation.suggestion == "hint"
    for sample_id, labels in labels_of.items():
        if hinted and done is not None and sample_id not in done:
            continue
        chosen = tuple(sorted({label.label for label in labels.values() if label.label}))
        yield Answer(sample_id, chosen, names.get(sample_id))


def cvat_tasks(results: Any) -> tuple[set[str], dict[str, str]]:
    """The samples of tasks whose jobs are all completed, and each sample's annotator."""
    done: set[str] = set()
    names: dict[str, str] = {}
    for tasks in results.get_status().values():
        for task_id, task in tasks.items():
            ids = {frame["sample_id"] for frame in results.frame_id_map[task_id].values()}
            jobs = list(task["jobs"].values())
            if jobs and all("completed" in (j.get("state"), j.get("status")) for j in jobs):
                done |= ids
            people = {_username(job.get("assignee")) for job in jobs} - {None}
            name = people.pop() if len(people) == 1 else _username(task["assignee"])
            names |= dict.fromkeys(ids, name) if name else {}
    return done, names


def _username(person: Any) -> str | None:
    return person.get("username") if isinstance(person, dict) else person or None
