"""A process that works on some of many image files; started by ``spread.py``.

It is started as a script, by its path: a process that multiprocessing spawns could not import a
plugin's modules, and one that it forks would inherit the threads of torch and the database client.

It reads ``{"job", "file", "shape", "rows", "paths"}`` as JSON from standard input, and
writes one JSON line ``{"done", "problems"}`` after each chunk.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from plugin.images.image_tasks import LOOK, work_on

CHUNK = 256


def main() -> None:
    """Work on the images that standard input names."""
    warnings.simplefilter("ignore")
    order = json.loads(sys.stdin.buffer.read())
    dtype = LOOK if order["job"]["task"] == "look" else np.uint8
    out = np.memmap(order["file"], dtype, "r+", shape=tuple(order["shape"]))
    rows, paths = order["rows"], order["paths"]
    for start in range(0, len(paths), CHUNK):
        part = slice(start, start + CHUNK)
        problems = work_on(order["job"], out, rows[part], paths[part])
        print(json.dumps({"done": len(paths[part]), "problems": problems}), flush=True)


if __name__ == "__main__":
    main()
