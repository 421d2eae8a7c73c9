"""requirements.txt, pyproject.toml and fiftyone.yml say the same about what the plugin needs."""

import tomllib
from importlib.metadata import version
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


def test_the_manifest_has_the_project_version() -> None:
    assert MANIFEST["version"] == PROJECT["project"]["version"]


def test_the_changelog_knows_the_version() -> None:
    assert f"## {PROJECT['project']['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_tests_run_on_a_version_in_range() -> None:
    for name, requirement in RANGES.items():
        assert requirement.specifier.contains(version(name), prereleases=True), name
