"""Everything that the plugin could change, read raw: to see that nothing was, or is left."""

import tempfile
from pathlib import Path
from typing import Any

import fiftyone.core.odm as foo

VOLATILE = {"last_modified_at", "last_loaded_at"}


def documents(name: str, **query: Any) -> list[dict[str, Any]]:
    """The documents of one of the database's collections."""
    return list(foo.get_db_conn()[name].find(query).sort("_id", 1))


def plugin_documents() -> dict[str, list[dict[str, Any]]]:
    """Every document of the plugin's collections, GridFS chunks by their number only.

    The journal's lock stays with the dataset until it goes.
    """
    names = [n for n in foo.get_db_conn().list_collection_names() if n.startswith("deconfuse.")]
    kept = {
        name: documents(name)
        for name in sorted(names)
        if not name.endswith(".chunks") and name != "deconfuse.turns"
    }
    chunks = foo.get_db_conn()["deconfuse.columns.chunks"].count_documents({})
    return {name: found for name, found in kept.items() if found} | {"chunks": [{"n": chunks}]}


def temporary() -> set[Path]:
    """The plugin's temporary files and folders; not those of other test sessions."""
    found = Path(tempfile.gettempdir()).glob("deconfuse-*")
    return {path for path in found if not path.name.startswith("deconfuse-tests-")}


def database_of(dataset: Any) -> dict[str, Any]:
    """The samples, the dataset's own document, FiftyOne's runs and what the plugin keeps."""
    return {
        "samples": documents(dataset._sample_collection_name),
        "dataset": [
            {k: v for k, v in d.items() if k not in VOLATILE}
            for d in documents("datasets", _id=dataset._doc.id)
        ],
        "runs": documents("runs", dataset_id=str(dataset._doc.id)),
        "operations": documents("delegated_ops"),
        "plugin": plugin_documents(),
    }
