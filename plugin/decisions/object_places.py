"""Places: where a label that comes back belongs in its image's list, whatever else went meanwhile.

Each time that something leaves a list, the order of the list before it is kept. Two labels that
ever were in it together are in their order of the last time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bson import ObjectId


def packed(ids: Iterable[ObjectId]) -> bytes:
    """Ids as they are kept, 12 bytes each."""
    return b"".join(i.binary for i in ids)


def unpacked(kept: bytes) -> list[ObjectId]:
    """What :func:`packed` gave."""
    return [ObjectId(kept[i : i + 12]) for i in range(0, len(kept), 12)]


def with_returned(
    present: Sequence[ObjectId], returning: Sequence[ObjectId], orders: Sequence[Sequence[ObjectId]]
) -> list[ObjectId]:
    """The order of a list once some labels are back in it.

    One that was never in it goes to its end.

    Args:
        present: what is in it
        returning: what comes back or is new, in its own order
        orders: of the list at earlier times, the latest first

    Example:
        >>> a, b, c = (ObjectId(bytes(11) + bytes([i])) for i in range(3))
        >>> with_returned([b, c], [a], [[a, b]]) == [a, b, c]
        True
        >>> with_returned([a, c], [b], [[b, c], [a, b, c]]) == [a, b, c]
        True
    """
    places = [{item: at for at, item in enumerate(order)} for order in orders]
    known = [place for place in places if any(item in place for item in returning)]
    found = list(present)
    for item in _in_order(returning, known):
        found.insert(_place(item, found, known), item)
    return found


def _in_order(
    returning: Sequence[ObjectId], known: Sequence[dict[ObjectId, int]]
) -> Sequence[ObjectId]:
    """Those that return in the order of the latest list that holds them all, else as given."""
    for place in known:
        if all(item in place for item in returning):
            return sorted(returning, key=place.__getitem__)
    return returning


def _place(item: ObjectId, found: Sequence[ObjectId], known: Sequence[dict[ObjectId, int]]) -> int:
    mine = [place for place in known if item in place]
    after, before = None, None
    for at, other in enumerate(found):
        together = next((place for place in mine if other in place), None)
        if together is None:
            continue
        if together[other] < together[item]:
            after = at
        elif before is None:
            before = at
    if after is not None:
        return after + 1
    if before is not None:
        return before
    return 0 if mine else len(found)
