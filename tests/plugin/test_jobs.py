"""Jobs: one at a time on a run, seen and cancelled from anywhere, replaced once they are dead."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import fiftyone as fo
import fiftyone.core.odm as foo
import pytest

from plugin.errors import Cancelled, InputError
from plugin.keeping import jobs
from plugin.keeping.jobs import COLLECTION, Job, cancel_job, current_job
from tests.plugin.decided import make_dataset
from tests.plugin.forked import died, fork


@pytest.fixture(scope="module")
def dataset() -> Iterator[fo.Dataset]:
    made = make_dataset(["ant"])
    yield made
    made.delete()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(jobs, "BEAT_SECONDS", 0.05)
    yield
    assert documents() == []


def documents() -> list[dict[str, Any]]:
    return list(foo.get_db_conn()[COLLECTION].find())


def until(condition: Callable[[], Any], seconds: float = 10) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not come true")


def test_others_see_what_is_being_done(dataset: fo.Dataset) -> None:
    told: list[tuple[float | None, str]] = []
    assert current_job(dataset, "a") is None
    with Job(
        dataset, "a", "Finding", lambda progress, label: told.append((progress, label))
    ) as job:
        job(0.25, "a quarter")
        seen = until(lambda: (j := current_job(dataset, "a")) and j["progress"] and j)
        assert (seen["task"], seen["progress"], seen["label"]) == ("Finding", 0.25, "a quarter")
        assert seen["cancelling"] is False
    assert told == [(0.25, "a quarter")]
    assert current_job(dataset, "a") is None


def test_listeners_are_not_flooded_but_hear_of_the_end(dataset: fo.Dataset) -> None:
    told: list[float | None] = []
    with Job(dataset, "a", "Finding", lambda progress, label: told.append(progress)) as job:
        for i in range(1, 1_001):
            job(i / 1_000, "")
    assert told[-1] == 1.0
    assert len(told) < 100


def test_one_at_a_time(dataset: fo.Dataset) -> None:
    with (
        Job(dataset, "a", "Finding label errors"),
        pytest.raises(InputError, match=r"'a' is being worked on: Finding label errors .*cancel"),
        Job(dataset, "a", "Another"),
    ):
        raise AssertionError
    with Job(dataset, "a", "Another"):
        pass


def test_runs_do_not_wait_for_each_other(dataset: fo.Dataset) -> None:
    with Job(dataset, "a", "one"), Job(dataset, "b", "two"):
        assert current_job(dataset, "b") is not None


def test_only_one_of_many_that_start_together_gets_it(dataset: fo.Dataset) -> None:
    entered, refused, release = [], [], threading.Event()
    ready = threading.Barrier(8)

    def start(at: int) -> None:
        ready.wait()
        try:
            with Job(dataset, "a", f"job {at}"):
                entered.append(at)
                release.wait(10)
        except InputError:
            refused.append(at)

    threads = [threading.Thread(target=start, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: len(refused) == 7)
    release.set()
    for thread in threads:
        thread.join()
    assert len(entered) == 1


def test_a_job_can_be_cancelled_from_another_thread(dataset: fo.Dataset) -> None:
    assert cancel_job(dataset, "a") is False
    with (
        pytest.raises(Cancelled, match="Finding was cancelled"),
        Job(dataset, "a", "Finding") as job,
    ):
        threading.Timer(0.1, cancel_job, (dataset, "a")).start()
        until(lambda: job(0.5, "working"))


def test_a_job_can_be_cancelled_from_another_process(dataset: fo.Dataset) -> None:
    def cancel() -> None:
        assert cancel_job(dataset, "a")

    with pytest.raises(Cancelled), Job(dataset, "a", "Finding") as job:
        assert not died(fork(cancel))
        until(lambda: job(0.5, "working"))


def killed_job(dataset: fo.Dataset) -> None:
    def work() -> None:
        Job(dataset, "a", "Doomed").__enter__()
        os.kill(os.getpid(), signal.SIGKILL)

    assert died(fork(work))
    assert [d["task"] for d in documents()] == ["Doomed"]


def test_the_job_of_a_killed_process_is_no_job_and_is_replaced(dataset: fo.Dataset) -> None:
    killed_job(dataset)
    assert current_job(dataset, "a") is None
    assert cancel_job(dataset, "a") is False
    with Job(dataset, "a", "Next") as job:
        job(0.5, "fine")


def elsewhere(dataset: fo.Dataset, silent_for: timedelta) -> None:
    """Pretend that a process of another machine holds the run."""
    killed_job(dataset)
    beat = datetime.now(UTC) - silent_for
    change = {"process.host": "another", "beat": beat}
    foo.get_db_conn()[COLLECTION].update_one({}, {"$set": change})


def test_a_job_of_another_machine_counts_as_dead_after_half_a_minute(dataset: fo.Dataset) -> None:
    elsewhere(dataset, timedelta(seconds=20))
    assert current_job(dataset, "a") is not None
    with pytest.raises(InputError, match="being worked on"), Job(dataset, "a", "Next"):
        raise AssertionError
    elsewhere_again = datetime.now(UTC) - timedelta(seconds=31)
    foo.get_db_conn()[COLLECTION].update_one({}, {"$set": {"beat": elsewhere_again}})
    assert current_job(dataset, "a") is None
    with Job(dataset, "a", "Next"):
        pass


def test_a_heartbeat_keeps_a_silent_job_alive(dataset: fo.Dataset) -> None:
    with Job(dataset, "a", "Long step"):
        first = documents()[0]["beat"]
        until(lambda: documents()[0]["beat"] > first)


def test_a_job_that_was_replaced_stops_and_leaves_its_successor_alone(dataset: fo.Dataset) -> None:
    with pytest.raises(Cancelled), Job(dataset, "a", "Was suspended") as job:
        foo.get_db_conn()[COLLECTION].update_one({}, {"$set": {"token": "another's"}})
        until(lambda: job(0.5, "working"))
    assert [d["token"] for d in documents()] == ["another's"]
    foo.get_db_conn()[COLLECTION].delete_many({})


def test_an_error_in_the_work_ends_the_job(dataset: fo.Dataset) -> None:
    with pytest.raises(ZeroDivisionError), Job(dataset, "a", "Failing"):
        raise ZeroDivisionError
