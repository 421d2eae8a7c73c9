"""A process that does one long work of an operator beside the App; started by ``background.py``.

It is started as a script, by its path, and loads the plugin as FiftyOne does. It reads one line of
JSON from standard input: the operator, FiftyOne's request, and the job that is kept for it.
"""

from __future__ import annotations

import os
import sys
import traceback

from bson import json_util

NICER = 5


def main() -> None:
    """Do what standard input names."""
    order = json_util.loads(sys.stdin.buffer.readline())
    # After the line was read: an order that never comes costs no second of computing.
    import fiftyone.operators as foo

    operator = foo.get_operator(order["uri"])
    if hasattr(os, "nice"):
        os.nice(NICER)  # whoever clicks goes first, once it is there
    code = 1
    try:
        operator.carry_out(order, sys.stdin.fileno())
        code = 0
    finally:
        # What is kept is in the database. Libraries' threads may hold up an ordinary end for a
        # minute, with all their memory.
        if code:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
