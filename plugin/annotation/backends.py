"""The annotation backends: what each needs before it can be talked to, and what went wrong."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from ..errors import InputError, content
from .credentials import NO_SERVER, option_of


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
        raise InputError(f"{where}: {content(error)}") from error
    except Exception as error:
        if not type(error).__module__.startswith("labelbox"):
            raise
        raise InputError(f"{where}: {content(error)}") from error


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
    return f"{where} answered with HTTP {status}: {content(response.text[:300])}"
