"""The annotation backends: what each needs before it can be talked to, and what went wrong."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import requests

from ..errors import InputError


@dataclass(frozen=True)
class Backend:
    """One backend.

    Attributes:
        title: its name for people
        package: what FiftyOne imports to talk to it, with the way to install it; none for CVAT
        needs: the options without which FiftyOne would wait for somebody to type them
        takes_hints: whether FiftyOne can send it a label to begin with
    """

    title: str
    package: tuple[str, str] | None
    needs: tuple[str, ...]
    takes_hints: bool = True


BACKENDS = {
    "labelstudio": Backend(
        "Label Studio",
        ("label_studio_sdk", "pip install 'label-studio-sdk>=1.0.11,<3'"),
        ("url", "api_key"),
    ),
    "cvat": Backend("CVAT", None, ("url", "username", "password")),
    "labelbox": Backend(
        "Labelbox", ("labelbox", "pip install labelbox"), ("api_key",), takes_hints=False
    ),
}
CREDENTIALS = ("url", "api_key", "username", "password", "email", "headers")
"""Options that FiftyOne does not keep, and wants again when results are fetched."""

NO_SERVER = "https://labelstud.io"
"""FiftyOne's default for Label Studio: a web site, not a server."""


def check_backend(name: str, options: Mapping[str, Any]) -> Backend:
    """The backend, ready to be called.

    Raises:
        InputError: if it is unknown, its package is missing, or an option is
    """
    backend = BACKENDS.get(name)
    if backend is None:
        raise InputError(f"backend must be one of {', '.join(BACKENDS)}, got {name!r}")
    if backend.package is not None and importlib.util.find_spec(backend.package[0]) is None:
        package, install = backend.package
        raise InputError(
            f"{backend.title} needs the Python package {package}, which is not installed: {install}"
        )
    for option in backend.needs:
        value = option_of(name, option, options)
        if not value or value == NO_SERVER:
            raise InputError(
                f"{option}: {backend.title} needs it. Pass {option}=..., or set "
                f"FIFTYONE_{name.upper()}_{option.upper()} before FiftyOne starts."
            )
        if not isinstance(value, str):
            raise InputError(f"{option}: expected a text, got {value!r}")
    return backend


def option_of(name: str, option: str, options: Mapping[str, Any]) -> Any:
    """An option as given, or as FiftyOne's annotation config or the environment has it."""
    given = options.get(option) or fo.annotation_config.backends.get(name, {}).get(option)
    return given or os.environ.get(f"FIFTYONE_{name.upper()}_{option.upper()}")


def stated(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options to pass on: those given, and what the backend needs, wherever it is set."""
    needed = {o: option_of(name, o, options) for o in BACKENDS[name].needs}
    return needed | {k: v for k, v in options.items() if v not in (None, "")}


@contextmanager
def explained(name: str, url: str | None) -> Iterator[None]:
    """Turn what goes wrong between here and a backend into messages for people."""
    title = BACKENDS[name].title
    where = f"{title} at {url}" if url else title
    try:
        yield
    except requests.HTTPError as error:
        raise InputError(_refusal(where, title, error)) from error
    except (requests.ConnectionError, requests.Timeout) as error:
        raise InputError(
            f"{where} cannot be reached. Is the server running, and the url right?"
        ) from error
    except requests.RequestException as error:
        raise InputError(f"{where}: {error}") from error
    except Exception as error:
        if not type(error).__module__.startswith("labelbox"):
            raise
        raise InputError(f"{where}: {error}") from error


def _refusal(where: str, title: str, error: requests.HTTPError) -> str:
    response: Any = error.response
    status = response.status_code
    if status in (401, 403):
        hint = (
            " FiftyOne uses legacy tokens: allow them under Organization, Access token settings, "
            "and take yours from Account & settings."
            if title == "Label Studio"
            else ""
        )
        return f"{where} refused the credentials (HTTP {status}).{hint}"
    if status == 404:
        return f"{where} knows no such project or address (HTTP 404). Was the project deleted?"
    return f"{where} answered with HTTP {status}: {response.text[:300]}"
