"""The examples in the engine's docstrings run."""

import doctest
import importlib
from pathlib import Path

import pytest

PLUGIN = Path(__file__).resolve().parent.parent / "plugin"
MODULES = [
    ".".join(("plugin", *path.relative_to(PLUGIN).with_suffix("").parts))
    for path in sorted(PLUGIN.rglob("*.py"))
    if path.stem != "__init__"
]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert results.failed == 0, f"{results.failed} of {results.attempted} examples; see above"


@pytest.mark.parametrize("name", ["cies", "iies", "margin", "probabilities"])
def test_equations_have_examples(name: str) -> None:
    module = importlib.import_module(f"plugin.scoring.{name}")
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [found for found in finder.find(module) if found.examples]
    assert examples, f"plugin.scoring.{name} shows none of its functions by example"
