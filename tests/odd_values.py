"""Values that a client may send in place of any other."""

from typing import Any

ODD: dict[str, Any] = {
    "None": None,
    "True": True,
    "1.7": 1.7,
    "0 as a text": "0",
    "NaN": float("nan"),
    "infinity": float("inf"),
    "9 bytes": 2**64,
    "400 digits": 10**400,
    "-1": -1,
    "empty text": "",
    "a long text": "x" * 200_000,
    "half a surrogate pair": "\ud800",
    "a null character": "a\0b",
    "dots": "../../x",
    "dollar": "$where",
    "mapping": {"$ne": None},
    "empty mapping": {},
    "list": [0],
    "empty list": [],
    "list of lists": [[0]],
    "list of true": [True],
    "list of texts": ["0"],
    "list of odd texts": ["\ud800"],
    "list of mappings": [{"$gt": ""}],
    "list of huge": [2**64],
    "list of None": [None],
    "pair": [0, 1],
}
"""By what is odd about them, as the messages of tests say it."""
