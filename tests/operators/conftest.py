"""What tests of operators share."""

import sys
from typing import Any

import pytest

from tests.operators import forked_worker


@pytest.fixture
def background(operator: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, as FiftyOne has loaded it with the plugin; its workers are forks."""
    package = type(operator("find_label_errors")).__module__.rpartition(".")[0]
    module = sys.modules[f"{package}.background"]
    monkeypatch.setattr(module, "subprocess", forked_worker)
    return module
