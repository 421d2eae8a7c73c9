"""Work in a thread of its own: it is reported on, and left at once when somebody cancels."""

import threading
import time
import warnings

import numpy as np
import pytest
import torch

from plugin.abandonable import abandonable
from plugin.errors import Cancelled
from plugin.progress import Report, silent
from plugin.tensors import tensor_of


def test_what_it_answers_and_raises() -> None:
    assert abandonable(lambda report: "answer", silent, "Working") == "answer"
    with pytest.raises(ZeroDivisionError):
        abandonable(lambda report: 1 / 0, silent, "Working")


def test_the_caller_reports_and_from_its_own_thread() -> None:
    told: list[tuple[float | None, str]] = []
    threads: set[int] = set()

    def report(progress: float | None, label: str) -> None:
        told.append((progress, label))
        threads.add(threading.get_ident())

    def work(inner: Report) -> None:
        time.sleep(0.5)
        inner(0.5, "half")
        time.sleep(0.5)
        inner(1.0, "all")

    abandonable(work, report, "Beginning", 0.1)
    assert told[0] == (0.1, "Beginning")
    assert (0.5, "half") in told
    assert told[-1] == (1.0, "all")
    assert threads == {threading.get_ident()}


def test_a_cancelled_job_does_not_wait_for_native_code() -> None:
    release, ended = threading.Event(), threading.Event()

    def work(inner: Report) -> None:
        try:
            release.wait(20)  # as in a library that cannot be interrupted
            inner(1.0, "done")
        finally:
            ended.set()

    def stop(progress: float | None, label: str) -> None:
        raise Cancelled("stop")

    begun = time.monotonic()
    with pytest.raises(Cancelled, match="stop"):
        abandonable(work, stop, "Working")
    assert time.monotonic() - begun < 5
    assert not ended.is_set()
    release.set()
    assert ended.wait(5), "it ends by itself with its next report"


def test_torch_neither_warns_of_an_array_nor_writes_into_it() -> None:
    always = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            frozen = np.frombuffer(bytes(8), np.float32)
            tensor_of(frozen).add_(1)
            own = np.zeros(2, np.float32)
            tensor_of(own).add_(1)
    finally:
        torch.set_warn_always(always)
    assert frozen.tolist() == [0, 0]
    assert own.tolist() == [1, 1]
