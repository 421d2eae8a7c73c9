"""FiftyOne's App server as a process of its own, on the database of the calling process."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 180


@contextmanager
def app_server(port: int, log: Path, address: str = "127.0.0.1") -> Iterator[str]:
    """Serve the App inside a ``with`` block, whose value is the App's address.

    Args:
        port: where to serve
        log: file for what the server prints
        address: the address to bind to

    Raises:
        RuntimeError: if the server does not answer; the message ends with its log
    """
    import fiftyone as fo
    import fiftyone.server

    fo.list_datasets()  # starts the database, whose port the server finds in the environment
    main = Path(fiftyone.server.__path__[0]) / "main.py"
    command = [sys.executable, str(main), "--port", str(port), "--address", address]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    url = f"http://{'127.0.0.1' if address == '0.0.0.0' else address}:{port}"
    try:
        wait_until_it_answers(url, process, log)
        yield url
    finally:
        stop(process)


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/fiftyone", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            if process.poll() is None:
                return
    raise RuntimeError(f"the App server did not start; its log:\n{log.read_text()[-4000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server, with force if it must be."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
