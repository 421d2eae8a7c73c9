"""The examples in the engine's docstrings run."""

import doctest
import importlib
from pathlib import Path

import pytest

PLUGIN = Path(__file__).resolve().parent.parent / "plugin"
MODULES = [f"plugin.{path.stem}" for path in sorted(PLUGIN.glob("*.py")) if path.stem != "__init__"]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert results.failed == 0, f"{results.failed} of {results.attempted} examples; see above"


def test_measures_have_examples() -> None:
    module = importlib.import_module("plugin.measures")
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [found for found in finder.find(module) if found.examples]
    assert examples, "plugin.measures shows none of its functions by example"
