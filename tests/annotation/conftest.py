"""A Label Studio for the tests, in an environment of its own (scripts/setup.py labelstudio)."""

import os
from collections.abc import Iterator

import pytest

from tests.annotation import label_studio as studio


@pytest.fixture(scope="module")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[studio.Server]:
    """A running server; skipped where there is none, unless it was asked for."""
    if not studio.PROGRAM.exists():
        message = "no Label Studio: python3 scripts/setup.py labelstudio"
        if os.environ.get("DECONFUSE_REQUIRE_LABEL_STUDIO") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with studio.serve(tmp_path_factory.mktemp("label_studio")) as server:
        yield server
