"""Removed samples come back as the journal has them, fitted to what is declared by now."""

from __future__ import annotations

from collections import Counter
from typing import Any

import bson
from bson import ObjectId
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument
from pymongo.errors import BulkWriteError

from ..store.samples import Schema
from . import steps
from .apply_work import Refused, Work
from .journal import LONGEST_REASON, Entry, headers, kept_documents
from .run_names import names_now

EXACT: CodecOptions[Any] = CodecOptions(
    document_class=RawBSONDocument, datetime_conversion=DatetimeConversion.DATETIME_MS
)
DUPLICATE_KEY = 11000


def restore_samples(work: Work, chunk: list[Entry], refused: Refused) -> list[Entry]:
    """One attempt at bringing removed documents back.

    Ordered, so that what a writer thought dead still sends stops at the first document that is
    there again.
    """
    ids = [entry["sample_id"] for entry in chunk]
    source = {e["sample_id"]: e.get("kept_in", work.header["undoes"]) for e in chunk}
    kept: dict[ObjectId, bytes] = {}
    for removal in set(source.values()):
        kept |= kept_documents(removal, [i for i in ids if source[i] == removal])
    keep = dict.fromkeys(("created_at", "filepath", "last_modified_at"), 1)
    found = work.samples.find({"_id": {"$in": ids}}, keep)
    present = {document["_id"]: document for document in found}
    fitting = {removal: _Fitting(work, removal) for removal in set(source.values())}
    left, documents = [], []
    for entry in chunk:
        document = present.get(entry["sample_id"])
        before = RawBSONDocument(kept[entry["sample_id"]], EXACT)
        if document is None:
            left.append(entry)
            documents.append(fitting[source[entry["sample_id"]]].restored(before))
        elif not _brought_back(work, document, before):
            refused[entry["sample_id"]] = {"reason": "exists", "found": document.get("filepath")}
    if not left:
        return []
    work.begun |= {entry["sample_id"] for entry in left}
    steps.reached("insert")
    try:
        work.samples.insert_many(documents, ordered=True)
    except BulkWriteError as error:
        failed = error.details["writeErrors"][0]
        if failed["code"] != DUPLICATE_KEY or "_id" not in failed.get("keyPattern", {}):
            why = {"reason": "error", "found": failed["errmsg"][:LONGEST_REASON]}
            refused[left[failed["index"]]["sample_id"]] = why
        return [entry for entry in left if entry["sample_id"] not in refused]
    for fitted in fitting.values():
        work.left_out.update(fitted.left_out)
    return []


class _Fitting:
    """Removed documents as they fit into what the dataset declares by now."""

    def __init__(self, work: Work, decision: ObjectId):
        self._work = work
        self.left_out: Counter[str] = Counter()
        removal = headers().find_one({"_id": decision}) or work.header
        self._names = names_now(removal, work.run)
        earlier = Schema.from_list(removal["schema"]) if "schema" in removal else work.schema
        self._places = work.schema.places(earlier)

    def restored(self, kept: RawBSONDocument) -> RawBSONDocument:
        """A document to be written: renamed fields renamed, others left out, stamped."""
        document: dict[str, Any] = {}
        for name, value in kept.items():
            place = self._places.get(name) or self._place_now(name)
            if place is None:
                self.left_out[name] += value is not None
            else:
                document[place] = value
        document["last_modified_at"] = self._work.stamp
        self._work.written |= document.keys()
        return RawBSONDocument(bson.encode(document), EXACT)

    def _place_now(self, name: str) -> str | None:
        """Where a field is now that the run writes, or its labels are in."""
        place = self._names.get(name, name)
        return place if place != name and self._work.schema.holds(place) else None


def _brought_back(work: Work, document: Any, kept: RawBSONDocument) -> bool:
    if work.stamped(document.get("last_modified_at")):
        return True
    created = kept.get("created_at")
    same = isinstance(created, DatetimeMS) and document.get("created_at") == created.as_datetime(
        work.samples.codec_options
    )
    return work.may_have_done(document["_id"]) and same
