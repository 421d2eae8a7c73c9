"""Files that the App's browser saves: they go with the answer, and none stays on the server."""

from __future__ import annotations

import base64
from typing import Any


def download(ctx: Any, name: str, kind: str, content: bytes) -> Any:
    """Let the browser that asked save a file; what a generator yields for it.

    Args:
        ctx: the App's context
        name: what the file is called
        kind: its media type, such as ``text/html``
        content: all of it
    """
    url = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    return ctx.ops.browser_download(url, filename=name)
