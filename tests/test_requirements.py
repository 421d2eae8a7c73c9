"""What is said in more than one place, of versions and of what is needed, is the same."""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RANGES = {Requirement(line).name: Requirement(line) for line in PROJECT["project"]["dependencies"]}
PINS = {
    group: {Requirement(line).name: Requirement(line) for line in lines}
    for group, lines in PROJECT["dependency-groups"].items()
}
MANIFEST = yaml.safe_load((ROOT / "fiftyone.yml").read_text())
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_requirements_txt_repeats_the_dependencies() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    asked = [line for line in lines if line and not line.startswith("#")]
    assert asked == PROJECT["project"]["dependencies"]


def test_every_dependency_has_both_ends() -> None:
    for requirement in RANGES.values():
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators == {">=", "<"}, f"{requirement}: a lower and an upper bound are expected"


def test_every_dependency_is_pinned_within_its_range() -> None:
    assert PINS["runtime"].keys() == RANGES.keys()
    for name, pin in PINS["runtime"].items():
        (specifier,) = pin.specifier
        assert RANGES[name].specifier.contains(specifier.version), f"{pin} is not in {RANGES[name]}"


@pytest.mark.parametrize("group", PINS)
def test_pins_are_exact(group: str) -> None:
    for pin in PINS[group].values():
        assert [specifier.operator for specifier in pin.specifier] == ["=="], str(pin)


def test_the_manifest_asks_for_the_same_fiftyone() -> None:
    assert SpecifierSet(MANIFEST["fiftyone"]["version"]) == RANGES["fiftyone"].specifier


def test_every_place_has_the_project_version() -> None:
    package = json.loads((ROOT / "panels" / "web" / "package.json").read_text())
    places = {"fiftyone.yml": MANIFEST, "package.json": package, "CITATION.cff": CITATION}
    versions = {place: told["version"] for place, told in places.items()}
    assert versions == dict.fromkeys(places, PROJECT["project"]["version"])


def test_the_newest_release_of_the_changelog_is_the_project_version() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    newest = next(heading for heading in headings if heading != "Unreleased")
    assert newest == f"{PROJECT['project']['version']} - {CITATION['date-released']}"


def test_every_python_that_is_promised_is_tested() -> None:
    classifiers = PROJECT["project"]["classifiers"]
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(classifiers))
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == promised
    assert PROJECT["project"]["requires-python"] == f">={promised[0]}"


def test_pre_commit_runs_every_part_of_make_check() -> None:
    recipe = (ROOT / "Makefile").read_text().partition("\ncheck: setup\n")[2].partition("\n\n")[0]
    parts = re.findall(r"^\t(?:\.venv/bin/|\$\(NPM\) )(.+?)(?: --quiet \.)?$", recipe, re.MULTILINE)
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = [hook["entry"] for hook in local["hooks"]]
    assert len(parts) == len(hooks) >= 5
    assert all(part in hook for part, hook in zip(parts, hooks, strict=True))


def test_the_tests_run_on_a_version_in_range() -> None:
    for name, requirement in RANGES.items():
        assert requirement.specifier.contains(version(name), prereleases=True), name


OPTIONAL = {
    Requirement(line).name
    for lines in PROJECT["project"]["optional-dependencies"].values()
    for line in lines
}


def _imports() -> dict[str, set[str]]:
    """The packages of others that the plugin imports, and the files that do."""
    found: dict[str, set[str]] = {}
    for room in ("plugin", "operators", "panels"):
        for file in sorted((ROOT / room).rglob("*.py")):
            for name in _packages(file) - set(sys.stdlib_module_names) - {"plugin"}:
                found.setdefault(name, set()).add(str(file.relative_to(ROOT)))
    return found


def _packages(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module).partition(".")[0])
    return found


@lru_cache
def _owners() -> Mapping[str, list[str]]:
    return packages_distributions()


def _distributions(package: str) -> set[str]:
    return {name.lower() for name in _owners().get(package, [package])}


def test_what_is_imported_is_declared() -> None:
    for package, files in _imports().items():
        declared = _distributions(package) & (RANGES.keys() | OPTIONAL)
        assert declared, f"{package} is imported by {sorted(files)} and not declared"


def test_what_is_declared_is_imported() -> None:
    imported = {name for package in _imports() for name in _distributions(package)}
    # Weights are found, and a client that FiftyOne's backend imports is asked for, by name.
    named = {name for text in _strings() for name in (text, *_distributions(text))}
    assert (RANGES.keys() | OPTIONAL) - imported - named == set()


def _strings() -> set[str]:
    files = [file for room in ("plugin", "operators") for file in (ROOT / room).rglob("*.py")]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
