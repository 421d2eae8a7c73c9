"""Where labels that come back belong, for any order of leaving and coming back."""

from __future__ import annotations

from bson import ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.decisions.object_places import packed, unpacked, with_returned


def item(number: int) -> ObjectId:
    return ObjectId(bytes(10) + number.to_bytes(2, "big"))


@settings(max_examples=400)
@given(st.data())
def test_all_are_in_their_order_once_all_are_back(data: st.DataObject) -> None:
    start = [item(i) for i in range(data.draw(st.integers(1, 7)))]
    now, gone, orders = list(start), list[ObjectId](), list[list[ObjectId]]()
    for _ in range(data.draw(st.integers(1, 14))):
        if gone and data.draw(st.booleans()):
            back = data.draw(st.lists(st.sampled_from(gone), min_size=1, unique=True))
            now = with_returned(now, back, orders[::-1])
            gone = [i for i in gone if i not in back]
        elif now:
            leave = data.draw(st.lists(st.sampled_from(now), min_size=1, unique=True))
            orders.append(list(now))
            now = [i for i in now if i not in leave]
            gone += leave
        assert now == [i for i in start if i in now]
    assert with_returned(now, gone, orders[::-1]) == start


def test_what_was_never_there_goes_to_the_end() -> None:
    a, b, c, new = (item(i) for i in range(4))
    assert with_returned([a, b], [new], []) == [a, b, new]
    assert with_returned([a, c, new], [b], [[a, b, c]]) == [a, b, c, new]
    assert with_returned([new], [a], [[a]]) == [a, new]


def test_the_latest_order_counts() -> None:
    """Somebody may have sorted the list by hand."""
    a, b, c = (item(i) for i in range(3))
    assert with_returned([a, c], [b], [[c, b, a], [a, b, c]]) == [a, c, b]
    assert with_returned([c, a], [b], [[c, b, a], [a, b, c]]) == [c, b, a]


def test_orders_are_kept_as_they_are() -> None:
    ids = [ObjectId() for _ in range(5)]
    assert unpacked(packed(ids)) == ids
