"""CVAT through FiftyOne's backend, with a session that stays with its server."""

from __future__ import annotations

from typing import Any

from fiftyone.utils import cvat

from .credentials import stay_home

STOCK = "fiftyone.utils.cvat.CVATBackendConfig"


class BackendConfig(cvat.CVATBackendConfig):
    """FiftyOne's configuration; kept as such, so that the annotation run opens without us."""

    @property
    def cls(self) -> str:
        """The class that FiftyOne will open the annotation run with."""
        return STOCK

    def build(self) -> Backend:
        """The backend that connects by the API below."""
        return Backend(self)


class Backend(cvat.CVATBackend):
    """FiftyOne's backend on the API below."""

    def _connect_to_api(self) -> Api:
        return connected(self.config)


class Api(cvat.CVATAnnotationAPI):
    """FiftyOne's API: signing in comes first, and its password goes to no other server."""

    def _login(self, username: Any, password: Any, email: Any = None) -> None:
        stay_home(self._session)
        super()._login(username, password, email=email)


def connected(config: Any) -> Api:
    """The API, signed in, for a configuration of FiftyOne's."""
    names = ("username", "email", "password", "headers", "organization")
    return Api(config.name, config.url, **{name: getattr(config, name) for name in names})
