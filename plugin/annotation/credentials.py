"""Which credentials go where: those that are configured go to the configured server alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import fiftyone as fo
import requests

from ..errors import InputError, content

SECRETS = ("api_key", "username", "password", "email", "headers", "organization")
"""Options that say who one is; FiftyOne would fill in each that is configured."""

NO_SERVER = "https://labelstud.io"
"""FiftyOne's default for Label Studio: a web site, not a server."""

PORTS = {"http": 80, "https": 443}


def configured(name: str, option: str) -> Any:
    """An option as FiftyOne's annotation config has it, or else the environment."""
    kept = fo.annotation_config.backends.get(name, {}).get(option)
    told = os.environ.get(f"FIFTYONE_{name.upper()}_{option.upper()}")
    # FiftyOne's own defaults are no wish of anybody's; what came into the environment later is.
    default = fo.annotation_config._BUILTIN_BACKENDS.get(name, {}).get(option)
    return kept if kept not in (None, "", default) else told or kept


def option_of(name: str, option: str, options: Mapping[str, Any]) -> Any:
    """An option as given, or else as configured."""
    return options.get(option) or configured(name, option)


def credentials(
    name: str, title: str, needs: tuple[str, ...], options: Mapping[str, Any]
) -> dict[str, Any]:
    """All options to call a backend with; each secret that must not be filled in is None.

    Without a ``url``, or with the configured one, what is configured fills in what was not given.
    Any other ``url`` gets what was given with it, and nothing else.

    Args:
        name: of the backend
        title: its name for people
        needs: the options without which it cannot be called
        options: as given

    Raises:
        InputError: if another server than the configured one is named without its credentials
    """
    given = {k: v for k, v in options.items() if v not in (None, "", {})}
    _check_types(given)
    home, url = configured(name, "url"), given.get("url")
    if url is None or same_place(url, home):
        return {option: configured(name, option) for option in needs} | given | {"url": home}
    missing = [option for option in needs if option not in given]
    if missing:
        server = "no server is" if home in (None, "", NO_SERVER) else f"'{home}' is"
        raise InputError(
            f"{missing[0]}: what is configured is not sent to '{url}', since {server} configured "
            f"for {title}. Pass {missing[0]}=... with the url, or set FIFTYONE_{name.upper()}_URL "
            "before FiftyOne starts."
        )
    filled = fo.annotation_config.backends.get(name, {})
    return {option: None for option in SECRETS if option in filled} | given


def _check_types(given: Mapping[str, Any]) -> None:
    for option in (*SECRETS, "url", "project_name"):
        kind, what = (Mapping, "names and values") if option == "headers" else (str, "a text")
        if option in given and not isinstance(given[option], kind):
            raise InputError(f"{option}: expected {what}, got {given[option]!r}")


def same_place(one: Any, other: Any) -> bool:
    """Whether two URLs mean one place: scheme, user, host, port and path.

    Example:
        >>> same_place("http://LS.local:80/", "http://ls.local")
        True
        >>> [same_place(u, "http://ls.local") for u in ("https://ls.local", "http://ls.local@e.vil")]
        [False, False]
    """
    if not isinstance(one, str) or not isinstance(other, str) or not one or not other:
        return False
    if one == other:
        return True
    places = [_place(one), _place(other)]
    return None not in places and places[0] == places[1]


def _place(url: str) -> tuple[Any, ...] | None:
    if not url.isprintable() or "\\" in url or " " in url:  # read in more than one way
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname or "?" in url or "#" in url:
        return None
    user = (parts.username, parts.password)
    return parts.scheme, user, parts.hostname, port, parts.path.rstrip("/")


def stay_home(session: requests.Session) -> None:
    """Have a session refuse to be sent on to another server: it would take credentials along.

    From http to https of one host is no other server.
    """
    follow = session.get_redirect_target

    def followed(resp: requests.Response) -> str | None:
        target = follow(resp)
        if target and session.should_strip_auth(resp.url, urljoin(resp.url, target)):
            raise InputError(
                f"url: {resp.url} sends on to another server, {content(target)}, which is not "
                "followed, since credentials would go along. Give that server's url if it is the "
                "right one."
            )
        return target

    session.get_redirect_target = followed
