"""Jobs: one at a time on a run, seen and cancelled from anywhere, replaced once they are dead."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import fiftyone as fo
import fiftyone.core.odm as foo
import psutil
import pytest
from pymongo.errors import AutoReconnect

from plugin.errors import Cancelled, InputError
from plugin.processes import has_died, this_process
from plugin.progress import Waiting
from plugin.store import current_jobs, jobs
from plugin.store.current_jobs import COLLECTION, cancel_job, current_job
from plugin.store.jobs import Job
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
    monkeypatch.setattr(current_jobs, "WATCH_SECONDS", 1.0)
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


def test_no_time_is_left_while_somebody_is_waited_for(
    dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.time_left.FIRST_SECONDS", 0.0)
    told: list[str] = []
    with Job(dataset, "a", "Finding", lambda progress, label: told.append(label)) as job:
        for i in range(4):
            job(0.1 + i / 100, "Training")
            time.sleep(0.25)
        assert told[-1].startswith("Training, about ")
        until(lambda: (current_job(dataset, "a") or {}).get("left"))
        waiting = Waiting("Training: 1 of 4 parts done. No worker answers.")
        job(0.13, waiting)
        assert told[-1] == waiting
        seen = until(lambda: (j := current_job(dataset, "a")) and j["label"] == waiting and j)
        assert (seen["progress"], seen["left"]) == (0.13, None)
        for i in range(4):
            job(0.2 + i / 100, "Training")
            time.sleep(0.25)
        assert told[-1].startswith("Training, about ")


def test_one_at_a_time(dataset: fo.Dataset) -> None:
    with (
        Job(dataset, "a", "Finding label errors"),
        pytest.raises(InputError, match=r"'a' is being worked on: Finding label errors .*cancel"),
        Job(dataset, "a", "Another"),
    ):
        raise AssertionError
    with Job(dataset, "a", "Another"):
        pass


def test_a_follow_up_is_waited_for(dataset: fo.Dataset) -> None:
    """It is in no way of a person who has begun neither of the two and asks for something else."""
    ended = []

    def follow_up() -> None:
        with Job(dataset, "a", "Writing", follow_up=True):
            begun.set()
            with pytest.raises(InputError), Job(dataset, "a", "Writing", follow_up=True):
                raise AssertionError
            time.sleep(0.3)
            ended.append(True)

    for wait in (lambda: jobs.job_in_the_way(dataset, "a"), Job(dataset, "a", "A").__enter__):
        begun = threading.Event()
        thread = threading.Thread(target=follow_up)
        thread.start()
        begun.wait(10)
        job = wait()
        assert ended.pop()
        thread.join()
    assert isinstance(job, Job)
    assert (jobs.job_in_the_way(dataset, "a") or {})["task"] == "A"
    job.__exit__(None, None, None)


def test_a_follow_up_that_does_not_end_is_not_waited_for_for_ever(
    dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "FOLLOW_UP_SECONDS", 0.1)
    with Job(dataset, "a", "Writing", follow_up=True):
        assert (jobs.job_in_the_way(dataset, "a") or {})["task"] == "Writing"
        with pytest.raises(InputError, match="being worked on: Writing"), Job(dataset, "a", "A"):
            raise AssertionError


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
    """Pretend that a process of another machine holds the run, and beat for the last time then."""
    killed_job(dataset)
    foo.get_db_conn()[COLLECTION].update_one({}, {"$set": {"process.host": "another"}})
    stamp(silent_for)


def stamp(ago: timedelta) -> None:
    """Change when the last beat was, by the database's clock."""
    moment = {"$subtract": ["$$NOW", int(ago.total_seconds() * 1_000)]}
    foo.get_db_conn()[COLLECTION].update_one({}, [{"$set": {"beat": moment}}])


def test_a_job_of_another_machine_counts_as_dead_after_half_a_minute(dataset: fo.Dataset) -> None:
    elsewhere(dataset, timedelta(seconds=20))
    assert current_job(dataset, "a") is not None
    with pytest.raises(InputError, match="being worked on"), Job(dataset, "a", "Next"):
        raise AssertionError
    stamp(timedelta(seconds=31))
    until(lambda: current_job(dataset, "a") is None)
    with Job(dataset, "a", "Next"):
        pass


@pytest.mark.parametrize("off", [timedelta(minutes=1), timedelta(days=-365), timedelta(days=365)])
def test_a_dead_job_is_replaced_however_the_databases_clock_was_set(
    dataset: fo.Dataset, off: timedelta
) -> None:
    elsewhere(dataset, off)
    assert current_job(dataset, "a") is not None, "a stamp alone proves nothing"
    with Job(dataset, "a", "Next"):
        pass


def test_a_dead_job_whose_stamp_looks_young_is_noticed(
    dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database's clock was set back a little, or somebody asks all the time."""
    monkeypatch.setattr(current_jobs, "DEAD_AFTER_SECONDS", 0.5)
    elsewhere(dataset, timedelta(0))
    until(lambda: stamp(timedelta(0)) or current_job(dataset, "a") is None)
    with Job(dataset, "a", "Next"):
        pass


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=365)])
def test_a_step_of_the_databases_clock_neither_hides_nor_kills_a_job(
    dataset: fo.Dataset, off: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two beats all stamps look old: whoever looks just then must not believe it."""
    with Job(dataset, "a", "Living") as job:
        foo.get_db_conn()[COLLECTION].update_one({}, {"$set": {"process.host": "another"}})
        end = time.monotonic() + 1.5 * current_jobs.WATCH_SECONDS
        while time.monotonic() < end:
            stamp(off)
            found = current_job(dataset, "a")
            assert found is not None
            with pytest.raises(InputError, match="being worked on"), Job(dataset, "a", "Other"):
                raise AssertionError
        job(0.5, "was not cancelled")


def test_the_clock_of_a_worker_does_not_matter(
    dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.0)
    with Job(dataset, "a", "Living"):
        (document,) = documents()
        assert abs(document["beat"] - document["started_at"]) < timedelta(seconds=5)
        assert document["beat"].year > 2000


def test_a_step_of_this_machines_clock_kills_no_process(
    dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Job(dataset, "a", "Living"):
        (document,) = documents()
        monkeypatch.setattr(psutil, "boot_time", lambda: 0.0)
        monkeypatch.setattr("psutil._pslinux.boot_time", lambda: 0.0)
        monkeypatch.setattr("psutil._pslinux.BOOT_TIME", None, raising=False)
        assert not has_died(document["process"])
        assert current_job(dataset, "a") is not None


def test_another_kernel_of_this_name_says_nothing_of_a_process() -> None:
    me = this_process()
    gone = {**me, "pid": 2**22 - 1}
    assert has_died(gone)
    assert has_died({**me, "started": me["started"] - 60}), "the pid was given to another"
    assert not has_died({**gone, "kernel": "another boot, or another container"})
    assert not has_died({key: gone[key] for key in ("host", "pid", "started")})


def test_a_database_that_is_away_for_a_moment_ends_no_heartbeat(
    dataset: fo.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failed = Job._told_of_life, []

    def away(self: Job) -> Any:
        if len(failed) < 3:
            failed.append(1)
            raise AutoReconnect("away")
        return real(self)

    monkeypatch.setattr(Job, "_told_of_life", away)
    with Job(dataset, "a", "Living") as job:
        until(lambda: documents()[0]["beats"] > 2)
        job(0.5, "was not cancelled")


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


def test_a_job_begun_inside_of_its_host_is_the_host(dataset: fo.Dataset) -> None:
    told: list[tuple[float | None, str]] = []
    with Job(
        dataset, "a", "Hosting", lambda progress, label: told.append((progress, label))
    ) as host:
        with jobs.hosting(host), Job(dataset, "a", "Finding", host) as job:
            job(0.5, "half")
            seen = until(lambda: (j := current_job(dataset, "a")) and j["progress"] and j)
            assert (seen["task"], seen["label"]) == ("Finding", "half")
        assert current_job(dataset, "a") is not None, "the host goes on"
        assert told == [(0.5, "half")], "once"
        with pytest.raises(InputError, match="being worked on"), Job(dataset, "a", "Other"):
            raise AssertionError
        with jobs.hosting(host), Job(dataset, "a", "Finding", host) as job:
            assert cancel_job(dataset, "a")
            until(lambda: host.is_cancelled)
            job.note(0.9, "what is kept is written")
            with pytest.raises(Cancelled, match="Finding was cancelled"):
                job(0.9, "what is not")


def test_only_its_own_thread_is_hosted(dataset: fo.Dataset) -> None:
    refused: list[str] = []

    def other() -> None:
        try:
            with Job(dataset, "a", "Other"):
                pass
        except InputError as error:
            refused.append(str(error))

    with Job(dataset, "a", "Hosting") as host, jobs.hosting(host):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(refused) == 1


def test_a_place_is_kept_for_another_process_until_it_takes_it(dataset: fo.Dataset) -> None:
    kept = Job(dataset, "a", "Finding", process=this_process()).__enter__()
    with Job(dataset, "a", "Finding", token=kept.token) as taken:
        taken(0.5, "half")
        assert until(lambda: (j := current_job(dataset, "a")) and j["progress"] == 0.5)
        time.sleep(0.2)  # whoever keeps the place beats, and reports nothing
        assert (current_job(dataset, "a") or {})["progress"] == 0.5
    assert current_job(dataset, "a") is None
    kept.__exit__(None, None, None)
    with pytest.raises(Cancelled), Job(dataset, "a", "Finding", token=kept.token):
        raise AssertionError


def test_a_place_that_was_cancelled_meanwhile_is_not_taken(dataset: fo.Dataset) -> None:
    with Job(dataset, "a", "Finding", process=this_process()) as kept:
        assert cancel_job(dataset, "a")
        with pytest.raises(Cancelled), Job(dataset, "a", "Finding", token=kept.token):
            raise AssertionError


def test_all_jobs_of_a_dataset_are_listed(dataset: fo.Dataset) -> None:
    with Job(dataset, "b", "two"), Job(dataset, "", "none"):
        found = current_jobs.current_jobs(dataset)
        assert [(key, job["task"]) for key, job in found.items()] == [("", "none"), ("b", "two")]
        with pytest.raises(InputError, match="The dataset is being worked on: none"):
            Job(dataset, "", "again").__enter__()
    assert current_jobs.current_jobs(dataset) == {}
