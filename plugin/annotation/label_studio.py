"""Label Studio: uploading many images through FiftyOne's backend, and reading who answered what."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import requests
from fiftyone.utils import labelstudio

from ..errors import InputError
from .answers import Answer, name_of
from .credentials import stay_home

FILES_A_REQUEST = 50
"""Label Studio takes at most 100 files in one request, and a process holds few open."""
TASKS_A_PAGE = 100
WAIT_FOR_TASKS = 120.0
PRELABELS = "Deconfuse"
"""What annotators begin with is told from other predictions by this name."""
STOCK = "fiftyone.utils.labelstudio.LabelStudioBackendConfig"


class BackendConfig(labelstudio.LabelStudioBackendConfig):
    """FiftyOne's configuration, with an upload in portions.

    It is kept as FiftyOne's own, so that the annotation run opens without this plugin.
    """

    @property
    def cls(self) -> str:
        """The class that FiftyOne will open the annotation run with."""
        return STOCK

    def build(self) -> Backend:
        """The backend that uploads."""
        return Backend(self)


class Backend(labelstudio.LabelStudioBackend):
    """FiftyOne's backend on the API below."""

    def _connect_to_api(self) -> Api:
        return connected(self.config)


class Api(labelstudio.LabelStudioAnnotationAPI):
    """FiftyOne's API, that uploads in portions and knows each task by its sample's id."""

    def _setup(self) -> None:
        super()._setup()
        stay_home(self._client.session)

    def upload_samples(self, samples: Any, anno_key: str, backend: Any) -> Any:
        """Upload; a project that could not be filled is deleted."""
        self._started: int | None = None
        try:
            return super().upload_samples(samples, anno_key, backend)
        except BaseException:
            if self._started is not None:
                with suppress(requests.RequestException):
                    self.delete_project(self._started)
            raise

    def _init_project(self, config: Any, samples: Any) -> Any:
        project = super()._init_project(config, samples)
        self._started = project.id
        return project

    def _upload_tasks(
        self, project: Any, tasks: Sequence[dict[str, Any]], predictions: Any = None
    ) -> dict[int, str]:
        for start in range(0, len(tasks), FILES_A_REQUEST):
            self._upload_files(project.id, tasks[start : start + FILES_A_REQUEST])
        task_of = self._tasks_by_sample(project.id, len(tasks))
        for hints in (predictions or {}).values():
            known = [
                {"task": task_of[i], "result": result, "model_version": PRELABELS}
                for i, result in hints.items()
                if result and result[0].get("type")
            ]
            for start in range(0, len(known), FILES_A_REQUEST):
                project.create_predictions(known[start : start + FILES_A_REQUEST])
            if known:  # otherwise nobody is shown what was sent
                shown = {"show_collab_predictions": True, "model_version": PRELABELS}
                self._client.make_request("PATCH", f"/api/projects/{project.id}", json=shown)
        return {task: sample_id for sample_id, task in task_of.items()}

    def _upload_files(self, project: int, tasks: Sequence[dict[str, Any]]) -> None:
        with ExitStack() as opened:
            files = [
                (
                    task["source_id"],
                    (
                        task["source_id"] + Path(task["image"]).suffix.lower(),
                        opened.enter_context(Path(task["image"]).open("rb")),
                    ),
                )
                for task in tasks
            ]
            self._client.make_request(
                "POST",
                f"/api/projects/{project}/import",
                params={"commit_to_project": True},
                files=files,
            )

    def _tasks_by_sample(self, project: int, expected: int) -> dict[str, int]:
        """The task of each sample, by the name that its file was sent under."""
        until = time.monotonic() + WAIT_FOR_TASKS
        while True:
            found = {}
            for task in _tasks(self._client, project, "task_only"):
                name = Path(task["data"]["image"].partition("?")[0]).stem
                found[name.rpartition("-")[2]] = task["id"]
            if len(found) >= expected:
                return found
            if time.monotonic() > until:
                raise InputError(
                    f"Label Studio has made {len(found)} of {expected} tasks after "
                    f"{WAIT_FOR_TASKS:.0f} s. Nothing was kept; try fewer samples."
                )
            time.sleep(1.0)


def connected(config: Any) -> Api:
    """The API, signed in, for a configuration of FiftyOne's."""
    return Api(url=config.url, api_key=config.api_key)


def answers(results: Any) -> Iterator[Answer]:
    """What annotators submitted, each one's last word on each task; skipped tasks have none.

    FiftyOne's own import takes a hint for an answer where nobody has answered, and only the last
    of several annotators.
    """
    (field,) = results.config.label_schema
    for sample_id, annotator, annotation in last_words(results):
        labels = tuple(_choices(annotation.get("result") or (), field))
        if labels:
            yield Answer(sample_id, labels, annotator)


def last_words(results: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The last annotation of each annotator that was not skipped: sample, annotator, annotation."""
    client = results.connect_to_api()._client
    people: dict[int, str] = {}
    for task in _tasks(client, results.project_id, "all"):
        sample_id = results.uploaded_tasks.get(task["id"])
        if sample_id is None:
            continue
        given = [a for a in task.get("annotations") or () if not a.get("was_cancelled")]
        last = {_user(a): a for a in sorted(given, key=lambda a: a["updated_at"])}
        if last and not people:
            people = _people(client)
        for user, annotation in last.items():
            yield sample_id, people.get(user, f"user {user}"), annotation


def _tasks(client: Any, project: int, fields: str) -> Iterator[dict[str, Any]]:
    page = 1
    while True:
        answer = client.make_request(
            "GET",
            "/api/tasks",
            params={"project": project, "page": page, "page_size": TASKS_A_PAGE, "fields": fields},
        ).json()
        yield from answer["tasks"]
        if page * TASKS_A_PAGE >= answer["total"]:
            return
        page += 1


def _user(annotation: dict[str, Any]) -> Any:
    by = annotation.get("completed_by")
    return by["id"] if isinstance(by, dict) else by


def _people(client: Any) -> dict[int, str]:
    found = client.make_request("GET", "/api/users").json()
    users = found["results"] if isinstance(found, dict) else found
    return {user["id"]: name_of(user) for user in users}


def _choices(result: Iterable[dict[str, Any]], field: str) -> Iterator[str]:
    for part in result:
        if part.get("type") == "choices" and part.get("from_name") == field:
            yield from part["value"]["choices"]
