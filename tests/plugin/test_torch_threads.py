"""The number of torch's threads is put back, whatever happens meanwhile."""

import threading
import time

import pytest
import torch

from plugin.torch_threads import lanes, torch_threads


def test_the_number_is_put_back_after_an_error() -> None:
    with torch_threads(3):
        with pytest.raises(ZeroDivisionError), torch_threads(1):
            assert torch.get_num_threads() == 1
            raise ZeroDivisionError
        assert torch.get_num_threads() == 3


def test_lanes_have_one_thread_each_and_leave_later_threads_as_many_as_before() -> None:
    with torch_threads(3):
        with lanes(2, "lane") as pool:
            assert list(pool.map(lambda _: torch.get_num_threads(), range(4))) == [1] * 4
        later: list[int] = []
        thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert [torch.get_num_threads(), *later] == [3, 3]


def test_what_waits_when_the_block_ends_with_an_error_is_never_begun() -> None:
    begun: list[int] = []

    def work(at: int) -> None:
        begun.append(at)
        time.sleep(0.05)

    with pytest.raises(ZeroDivisionError), lanes(1, "lane") as pool:
        for at in range(20):
            pool.submit(work, at)
        raise ZeroDivisionError
    assert len(begun) <= 2
