"""A process that decodes some of a run's images into a shared file; started by ``pixels.py``.

It is started as a script, by its path: a process that multiprocessing spawns could not import a
plugin's modules, and one that it forks would inherit the threads of torch and the database client.
Threads are no alternative for small images, where Python itself is the larger part of the work.

It reads ``{"paths", "first", "shape", "file", "windows"}`` as JSON from standard input, and writes
one JSON line ``{"done", "problems"}`` after each chunk.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from plugin.images.decode import UnreadableImageError, decode_image

CHUNK = 256


def main() -> None:
    """Decode the images that standard input names."""
    warnings.simplefilter("ignore")
    job = json.loads(sys.stdin.buffer.read())
    _, channels, size, _ = shape = tuple(job["shape"])
    pixels = np.memmap(job["file"], np.uint8, "r+", shape=shape)
    first, paths = job["first"], job["paths"]
    for start in range(0, len(paths), CHUNK):
        problems = {}
        for i in range(start, min(start + CHUNK, len(paths))):
            try:
                pixels[first + i] = decode_image(paths[i], size, channels, job["windows"])
            except UnreadableImageError as error:
                problems[first + i] = str(error)
        print(
            json.dumps({"done": min(CHUNK, len(paths) - start), "problems": problems}), flush=True
        )


if __name__ == "__main__":
    main()
