"""Finds a Chromium that starts: DECONFUSE_CHROMIUM, the machine's, or Playwright's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def starts(path: str) -> bool:
    """Whether the file is a browser that answers (Ubuntu's chromium-browser is only a notice)."""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def playwrights_own() -> str | None:
    """The Chromium that `playwright install chromium` put down, if it did."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find() -> str | None:
    """Path of a Chromium that starts, or None.

    Raises:
        FileNotFoundError: if DECONFUSE_CHROMIUM names a file that does not start as a browser
    """
    named = os.environ.get("DECONFUSE_CHROMIUM")
    if named:
        if not starts(named):
            raise FileNotFoundError(f"DECONFUSE_CHROMIUM={named} does not start as a browser")
        return named
    for name in NAMES:
        path = shutil.which(name)
        if path and starts(path):
            return path
    return playwrights_own()


if __name__ == "__main__":
    found = find()
    print(found or "")
    sys.exit(0 if found else 1)
