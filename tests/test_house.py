"""The rules of the house: imports run one way, what computes is pure, git holds sources only."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENGINE = sorted((ROOT / "plugin").rglob("*.py"))
SOURCES = [
    path for room in ("plugin", "operators", "panels") for path in (ROOT / room).rglob("*.py")
]

ROOMS = [path for path in ENGINE if path.name == "__init__.py"]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def computing() -> set[str]:
    """The files that compute, as their rooms list them: ``scoring/cies.py``."""
    found: set[str] = set()
    for path in ROOMS:
        for node in parsed(path).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "COMPUTES":
                room = path.parent.relative_to(ROOT / "plugin")
                found |= {(room / f"{name}.py").as_posix() for name in ast.literal_eval(node.value)}
    return found


COMPUTE = computing()
KEEP = {path.relative_to(ROOT / "plugin").as_posix() for path in ENGINE} - COMPUTE
DATABASE = {"fiftyone", "pymongo", "bson", "gridfs", "mongoengine", "motor", "eta"}


@cache
def imports(path: Path) -> set[str]:
    """Every module that a file imports, relative ones as ``plugin.scoring.cies``."""
    package = path.relative_to(ROOT).parent.parts
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *filter(None, [node.module])))
            found |= {module} if node.module else {f"{module}.{a.name}" for a in node.names}
    return {name.lstrip(".") for name in found}


def tops(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def in_engine(path: Path) -> str:
    return path.relative_to(ROOT / "plugin").as_posix()


def tracked() -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    return [name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_every_file_that_a_room_lists_is_there() -> None:
    assert {name for name in COMPUTE if not (ROOT / "plugin" / name).is_file()} == set()


def test_the_architecture_has_a_paragraph_a_room() -> None:
    rooms = {path.parent.name for path in ROOMS} - {"plugin"}
    assert {room for room in rooms if f"**`{room}/`**" not in ARCHITECTURE} == set()


def arrows() -> dict[str, set[str]]:
    """The other rooms that each room of the engine imports."""
    found: dict[str, set[str]] = {path.parent.name: set() for path in ROOMS} | {"plugin": set()}
    for path in ENGINE:
        room = path.relative_to(ROOT).parent.parts[:2][-1]
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "plugin" and len(parts) > 1 and (ROOT / "plugin" / parts[1]).is_dir():
                found[room].add(parts[1])
    return {room: others - {room} for room, others in found.items() if room != "plugin"}


def test_rooms_import_one_way() -> None:
    """From capabilities to what they stand on, and never round in a circle."""
    left = arrows()
    while free := {room for room, others in left.items() if not others & left.keys()}:
        left = {room: others for room, others in left.items() if room not in free}
    assert left == {}, "these import each other"


def test_the_architecture_shows_the_arrows_between_rooms() -> None:
    """From each room to those below it, as the imports are."""
    picture = ARCHITECTURE.partition("what a person asks for\n")[2].partition("\n```")[0]
    shown = re.findall(r"^ +([\w, ]+?) *(?:─► *([\w, ]+))?$", picture, re.MULTILINE)
    told = {
        room: set(re.findall(r"\w+", others))
        for names, others in shown
        for room in re.findall(r"\w+", names)
    }
    assert told == arrows()
    above: set[str] = set()
    for room, others in told.items():
        above.add(room)
        assert not others & above, f"{room} has an arrow upwards"


def test_the_architecture_has_a_paragraph_for_each_folder_of_the_panel() -> None:
    part = ARCHITECTURE.partition("\n## The panel")[2].partition("\n## ")[0]
    source = ROOT / "panels" / "web" / "src"
    folders = {f"{path.name}/" for path in source.iterdir() if path.is_dir()}
    assert set(re.findall(r"\*\*`([\w/]+/)`\*\*", part)) == folders | {"panels/", "web/src/"}


def test_the_files_that_the_architecture_names_are_there() -> None:
    text = ARCHITECTURE + (ROOT / "docs" / "kept.md").read_text()
    for name in re.findall(r"`((?:[\w-]+/)*[\w-]+\.(?:py|ts|tsx|html))`", text):
        assert [path for path in tracked() if f"/{path}".endswith(f"/{name}")], name


def test_the_engine_knows_neither_operators_nor_panels() -> None:
    assert [named(path) for path in ENGINE if tops(path) & {"operators", "panels"}] == []


def test_what_computes_knows_nothing_of_the_database() -> None:
    kept = {f"plugin.{name.removesuffix('.py').replace('/', '.')}" for name in KEEP}
    computes = [path for path in ENGINE if in_engine(path) in COMPUTE]
    assert [named(path) for path in computes if tops(path) & DATABASE] == []
    assert [named(path) for path in computes if imports(path) & kept] == [], (
        "these import what keeps"
    )


def test_one_file_opens_the_collection_of_samples() -> None:
    """It is where what is written is fitted to the schema, and what a new FiftyOne can break."""
    assert files_with(r"\._sample_collection\b(?!_name)") == ["plugin/store/samples.py"]


def test_one_file_opens_the_database() -> None:
    assert files_with(r"\bget_(async_)?db_(conn|client)\b") == ["plugin/store/database.py"]


def files_with(pattern: str) -> list[str]:
    """The sources in which a pattern is found."""
    return [named(path) for path in SOURCES if re.search(pattern, path.read_text())]


def test_types_of_arrays_and_the_walk_through_documents_are_declared_once() -> None:
    shared = set(
        re.findall(r"^(\w+) = ", (ROOT / "plugin" / "arrays.py").read_text(), re.MULTILINE)
    )
    declared = [
        f"{named(path)}: {name}"
        for path in ENGINE
        for name in re.findall(r"^(?:def )?(\w+)(?: = |\()", path.read_text(), re.MULTILINE)
        if name in shared | {"value_at"}
    ]
    assert {place.rpartition(": ")[2] for place in declared} == shared | {"value_at"}
    assert len(declared) == len(shared) + 1, declared


def test_panels_do_not_import_operators() -> None:
    panels = (ROOT / "panels").rglob("*.py")
    assert [named(path) for path in panels if "operators" in tops(path)] == []


def runs_as_a_script(path: Path) -> bool:
    """A worker that is started by its path has no package above it to import from."""
    return '__name__ == "__main__"' in path.read_text()


def test_the_plugin_imports_itself_relatively() -> None:
    absolute = [
        f"{named(path)}, line {node.lineno}"
        for path in SOURCES
        if not runs_as_a_script(path)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module
        if node.module.partition(".")[0] in {"plugin", "operators", "panels"}
    ]
    assert absolute == [], "FiftyOne gives the plugin another name; import relatively"


def test_the_first_line_says_what_a_file_is() -> None:
    first = {named(p): (ast.get_docstring(parsed(p)) or "").partition("\n")[0] for p in SOURCES}
    assert [name for name, line in first.items() if not line.strip()] == []


def test_git_holds_no_caches_locks_or_environments() -> None:
    unwanted = re.compile(
        r"(^|/)(\.venv|\.demo|node_modules|__pycache__|\.[a-z]+_cache|\.hypothesis)/"
        r"|(^|/)(package-lock\.json|npm-shrinkwrap\.json|uv\.lock|yarn\.lock|\.npmrc|pip\.conf)$"
        r"|\.(pyc|pyo|tsbuildinfo|ckpt|pth?|zip|tar|gz|whl)$"
    )
    assert [name for name in tracked() if unwanted.search(name)] == []


def test_git_holds_no_large_files() -> None:
    large = [name for name in tracked() if (ROOT / name).stat().st_size > 1_500_000]
    assert large == [], "what is in git is what every user downloads"


def test_text_names_no_registry() -> None:
    registry = re.compile(
        rb"registry\.npm"
        + rb"js|pypi\."
        + rb"org/simple|--index-url +http|files\.python"
        + rb"hosted"
    )
    assert [name for name in tracked() if registry.search((ROOT / name).read_bytes())] == []
