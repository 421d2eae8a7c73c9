"""A real Label Studio for the tests: one server, people who sign up, and what they annotate."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

VENV = Path(__file__).resolve().parent.parent.parent / ".venv-labelstudio"
PROGRAM = VENV / "bin" / "label-studio"
EMPTY = VENV / "empty"
CURATOR = "curator@example.org"
TOKEN = "0123456789abcdef0123456789abcdef01234567"
PASSWORD = "correct horse battery staple"
START = 180.0


def _settings(data: Path) -> dict[str, str]:
    """An environment without the user's settings of Label Studio, that sends nothing anywhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LABEL_STUDIO_", "DJANGO_"))}
    return kept | {
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "COLLECT_ANALYTICS": "False",
        "LATEST_VERSION_CHECK": "False",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "HOME": str(data),
    }


def empty_server() -> Path:
    """The data of a server with one user, made once: its migrations take most of a minute."""
    with (VENV / "empty.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        if EMPTY.exists():
            return EMPTY
        making = EMPTY.with_suffix(".new")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        user = ("--username", CURATOR, "--password", PASSWORD, "--user-token", TOKEN)
        subprocess.run(
            [PROGRAM, "init", "-q", *user, "--enable-legacy-api-token"],
            env=_settings(making),
            cwd=making,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=600,
        )
        making.rename(EMPTY)
    return EMPTY


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        url: its address
        token: of its administrator
    """

    url: str
    token: str = TOKEN

    @property
    def credentials(self) -> dict[str, str]:
        """What the operators want."""
        return {"url": self.url, "api_key": self.token}

    def session(self) -> requests.Session:
        """Requests as the administrator."""
        session = requests.Session()
        session.headers["Authorization"] = f"Token {self.token}"
        return session

    def projects(self) -> list[str]:
        """The titles of its projects."""
        found = self.session().get(f"{self.url}/api/projects").json()
        return [project["title"] for project in found["results"]]

    def annotator(self, first: str, last: str) -> Annotator:
        """A new person, who signs up by an invitation and gives their name."""
        invitation = self.session().get(f"{self.url}/api/invite").json()["invite_url"]
        session = requests.Session()
        page = session.get(self.url + invitation)
        form = {
            "csrfmiddlewaretoken": session.cookies["csrftoken"],
            "email": f"{first}.{last}.{time.time_ns()}@example.org".lower(),
            "password": PASSWORD,
            "allow_newsletters": "false",
        }
        session.post(page.url, data=form, headers={"Referer": page.url}).raise_for_status()
        token = session.get(f"{self.url}/api/current-user/token").json()["token"]
        person = Annotator(self.url, token)
        me = person.request("GET", "/api/current-user/whoami")["id"]
        person.request("PATCH", f"/api/users/{me}", {"first_name": first, "last_name": last})
        return person


@dataclass(frozen=True)
class Annotator:
    """A person at work in Label Studio."""

    url: str
    token: str

    def request(self, method: str, path: str, content: Any = None) -> Any:
        """One request as this person."""
        headers = {"Authorization": f"Token {self.token}"}
        answer = requests.request(
            method, self.url + path, json=content, headers=headers, timeout=60
        )
        answer.raise_for_status()
        return answer.json()

    def tasks(self, project: int) -> list[dict[str, Any]]:
        """The tasks of a project."""
        query = f"project={project}&page_size=1000&fields=all"
        return self.request("GET", f"/api/tasks?{query}")["tasks"]

    def choose(self, task: int, field: str, labels: Sequence[str], **more: Any) -> int:
        """Submit an annotation; its id."""
        result = _result(field, labels)
        made = self.request("POST", f"/api/tasks/{task}/annotations/", {"result": result, **more})
        return made["id"]

    def draw(self, task: int, regions: Sequence[Mapping[str, Any]], **more: Any) -> int:
        """Submit an annotation of boxes; its id."""
        content = {"result": list(regions), **more}
        return self.request("POST", f"/api/tasks/{task}/annotations/", content)["id"]

    def redraw(self, annotation: int, regions: Sequence[Mapping[str, Any]]) -> None:
        """Leave other boxes."""
        self.request("PATCH", f"/api/annotations/{annotation}/", {"result": list(regions)})

    def change(self, annotation: int, field: str, labels: Sequence[str]) -> None:
        """Choose otherwise."""
        result = _result(field, labels)
        self.request("PATCH", f"/api/annotations/{annotation}/", {"result": result})


def _result(field: str, labels: Sequence[str]) -> list[Mapping[str, Any]]:
    if not labels:
        return []
    value = {"choices": list(labels)}
    return [{"type": "choices", "from_name": field, "to_name": "image", "value": value}]


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """A server on a free port with its data in ``folder``."""
    data = folder / "label-studio"
    shutil.copytree(empty_server(), data)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "label-studio.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [PROGRAM, "start", "-b", "--port", str(port), "--internal-host", "127.0.0.1"],
            env=_settings(data),
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        server = Server(f"http://127.0.0.1:{port}")
        _wait(server.url, process, log)
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        with suppress(requests.RequestException):
            if requests.get(f"{url}/health", timeout=5).ok:
                return
        time.sleep(0.5)
    raise RuntimeError(f"Label Studio did not start:\n{log.read_text()[-3000:]}")
