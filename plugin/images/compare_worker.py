"""A process that looks at or decodes images to be compared; started by ``comparable.py``.

It is a script for the reasons that ``decode_worker.py`` gives. It reads
``{"task", "file", "shape", "windows", "first", "paths"}`` as JSON from standard input, and writes
one JSON line ``{"done", "problems"}`` after each chunk.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from plugin.images.comparable import CHUNK, work_on


def main() -> None:
    """Work on the images that standard input names."""
    warnings.simplefilter("ignore")
    job = json.loads(sys.stdin.buffer.read())
    first, paths = job["first"], job["paths"]
    for start in range(0, len(paths), CHUNK):
        part = paths[start : start + CHUNK]
        problems = work_on(job, first + start, part)
        print(json.dumps({"done": len(part), "problems": problems}), flush=True)


if __name__ == "__main__":
    main()
