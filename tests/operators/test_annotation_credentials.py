"""Credentials that are configured go to the configured server, and nowhere else."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import fiftyone as fo
import numpy as np
import pytest
from fiftyone.utils import cvat, labelstudio

from plugin.annotation.credentials import credentials, same_place
from plugin.annotation.store import Sent, keep_annotation
from plugin.errors import InputError
from plugin.store.runs import load_run
from tests.panels.made_runs import write_iteration

PREFIX = "@deconfuse/label-errors"
CLASSES = [str(i) for i in range(10)]
SECRET = "S3CRET"
CONFIGURED = {
    "cvat": {
        "username": f"{SECRET}-curator",
        "password": f"{SECRET}-cvat",
        "email": f"{SECRET}@example.org",
        "headers": {"X-Access": f"{SECRET}-proxy"},
    },
    "labelstudio": {"api_key": f"{SECRET}-ls"},
}
OWN = {"cvat": {"username": "u", "password": "p"}, "labelstudio": {"api_key": "k"}}
NEEDS = {"cvat": ("url", "username", "password"), "labelstudio": ("url", "api_key")}


class Web:
    """A web server that notes what it is sent.

    Attributes:
        seen: everything of each request, as text
        onward: where it sends on to, if anywhere
    """

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.onward = ""
        web = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                web.seen.append(f"{self.command} {self.path}\n{self.headers}\n{body!r}")
                self.send_response(307 if web.onward else 500)
                if web.onward:
                    self.send_header("location", web.onward + self.path)
                answer = b"an internal page"
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def webs() -> Iterator[tuple[Web, Web]]:
    """The server that is configured, and a stranger's."""
    both = Web(), Web()
    yield both
    for web in both:
        web.close()


@pytest.fixture
def home(webs: tuple[Web, Web], monkeypatch: pytest.MonkeyPatch) -> Web:
    for name, values in CONFIGURED.items():
        for option, value in {**values, "url": webs[0].url}.items():
            monkeypatch.setitem(fo.annotation_config.backends[name], option, value)
    return webs[0]


@pytest.fixture
def stranger(webs: tuple[Web, Web]) -> Web:
    return webs[1]


@pytest.fixture
def digits(dataset: Callable[..., Any]) -> Any:
    samples = dataset(10, persistent=True)
    write_iteration(samples, np.full((10, 10), 0.1), CLASSES)
    return samples


@pytest.fixture
def post(server: Any, digits: Any) -> Callable[..., str]:
    def posted(name: str, **params: Any) -> str:
        body = {
            "operator_uri": f"{PREFIX}/{name}",
            "dataset_name": digits.name,
            "view": [],
            "params": {"run_key": "deconfuse", **params},
        }
        return server.post(
            "/operators/execute", content=json.dumps(body), headers={"content-type": "text/plain"}
        ).text

    return posted


def sent_by_a_client(samples: Any, name: str, url: str) -> None:
    """An annotation run as a client may have made it, by sending to a server of its own."""
    key = "deconfuse_annotation_1"
    if name == "cvat":
        config: Any = cvat.CVATBackendConfig(name, {}, url=url)
        results: Any = cvat.CVATAnnotationResults(
            samples, config, key, {}, {}, [], [], {}, {}, {}, {}
        )
    else:
        config = labelstudio.LabelStudioBackendConfig(name, {}, url=url)
        results = labelstudio.LabelStudioAnnotationResults(samples, config, key, {}, 1, {})
    backend = config.build()
    backend.register_run(samples, key)
    backend.save_run_results(samples, key, results)
    sent = [Sent(i, "1", None) for i in samples.values("_id")[:2]]
    keep_annotation(load_run(samples, "deconfuse"), key, name, "hidden", CLASSES, sent)


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_client_s_url_gets_nothing_that_is_configured(
    post: Callable[..., str], digits: Any, home: Web, stranger: Web, name: str
) -> None:
    ids = digits.values("id")[:1]
    for url in (stranger.url, stranger.url + "/", home.url.replace("http://", f"{stranger.url}/")):
        answer = post("send_to_annotation", sample_ids=ids, backend=name, url=url)
        assert f"is not sent to '{url}'" in answer
    assert stranger.seen == home.seen == []
    assert "HTTP 500" in post(
        "send_to_annotation", sample_ids=ids, backend=name, url=stranger.url, **OWN[name]
    )
    assert stranger.seen
    assert SECRET not in str(stranger.seen)


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_url_that_was_kept_with_the_dataset_gets_nothing_either(
    post: Callable[..., str], operator: Any, digits: Any, home: Web, stranger: Web, name: str
) -> None:
    sent_by_a_client(digits, name, stranger.url)
    assert "is not sent to" in post("fetch_annotation")
    with pytest.raises(ValueError, match="is not sent to"):
        operator("fetch_annotation")(digits)
    assert stranger.seen == []
    assert "HTTP 500" in post("fetch_annotation", **OWN[name])
    assert stranger.seen
    assert SECRET not in str(stranger.seen)
    assert home.seen == []


@pytest.mark.parametrize("name", sorted(OWN))
def test_the_configured_server_gets_what_is_configured(
    post: Callable[..., str], operator: Any, digits: Any, home: Web, name: str
) -> None:
    ids = digits.values("id")[:1]
    sent_by_a_client(digits, name, home.url)
    for ask in (
        lambda: post("send_to_annotation", sample_ids=ids, backend=name),
        lambda: post("send_to_annotation", sample_ids=ids, backend=name, url=home.url + "/"),
        lambda: post("fetch_annotation"),
    ):
        home.seen.clear()
        assert "HTTP 500" in ask()
        for secret in CONFIGURED[name].values():
            value = secret["X-Access"] if isinstance(secret, dict) else secret
            assert value in str(home.seen)


@pytest.mark.parametrize("name", sorted(OWN))
def test_nobody_is_followed_to_another_server(
    operator: Any, digits: Any, home: Web, stranger: Web, name: str
) -> None:
    home.onward = stranger.url
    sent_by_a_client(digits, name, home.url)
    for ask in (
        lambda: operator("send_to_annotation")(digits.limit(1), backend=name),
        lambda: operator("fetch_annotation")(digits),
    ):
        with pytest.raises(ValueError, match=r"sends on to another server|HTTP 500"):
            ask()
    assert SECRET not in str(stranger.seen)
    assert name == "labelstudio" or stranger.seen == []


def test_what_a_server_says_is_not_told_to_the_app(
    post: Callable[..., str], operator: Any, digits: Any, stranger: Web
) -> None:
    given = {"backend": "cvat", "url": stranger.url, **OWN["cvat"]}
    answer = post("send_to_annotation", sample_ids=digits.values("id")[:1], **given)
    assert "HTTP 500" in answer
    assert "internal page" not in answer
    with pytest.raises(ValueError, match="an internal page"):
        operator("send_to_annotation")(digits.limit(1), **given)


@pytest.mark.parametrize(
    "other",
    [
        "http://ls.internal:8080@evil.example",
        "http://ls.internal:8080.evil.example",
        "http://ls.internal:8080\\@evil.example",
        "http://ls.internal:8080/../..//evil.example",
        "http://ls.internal:8080/?x",
        "http://ls.internal:8080#@evil.example",
        "http://ls.internal:8080 ",
        "http://ls.internal",
        "https://ls.internal:8080",
        "http://u:p@ls.internal:8080",
        "//ls.internal:8080",
        "ls.internal:8080",
        "http://ls.internal:99999",
        "",
        None,
        7,
    ],
)
def test_what_is_another_place(other: Any) -> None:
    home = "http://ls.internal:8080"
    assert not same_place(other, home)
    assert same_place("http://LS.internal:8080/", home)


def test_no_url_configured_is_nobody_s_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIFTYONE_LABELSTUDIO_API_KEY", SECRET)
    with pytest.raises(InputError, match=r"no server is configured.*FIFTYONE_LABELSTUDIO_URL"):
        credentials("labelstudio", "Label Studio", NEEDS["labelstudio"], {"url": "http://x"})
    monkeypatch.setenv("FIFTYONE_LABELSTUDIO_URL", "http://x")
    told = credentials("labelstudio", "Label Studio", NEEDS["labelstudio"], {"url": "http://x/"})
    assert told == {"url": "http://x", "api_key": SECRET}


def test_options_of_the_wrong_type_are_named() -> None:
    for option, value in (("headers", "X: y"), ("email", 3), ("password", ["p"])):
        with pytest.raises(InputError, match=f"{option}: expected"):
            credentials("cvat", "CVAT", NEEDS["cvat"], {**OWN["cvat"], option: value})
