"""Long work from the App, through FiftyOne's real server: the App is free, and nothing is lost.

Workers are forks of the test process but in one test, since a started one imports for long.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import fiftyone as fo
import fiftyone.core.odm as foo
import psutil
import pytest
from bson import ObjectId

from plugin.processes import this_process
from plugin.store.current_jobs import COLLECTION, cancel_job, current_job
from plugin.store.jobs import Job
from plugin.store.outcomes import Outcome, forget_outcome, note_start, outcomes_of
from tests.conftest import PLUGIN
from tests.plugin.forked import died, fork

pytestmark = pytest.mark.usefixtures("background")

LONG = {"label_field": "ground_truth", "epochs": 10_000, "duplicates": False}
SHORT = {**LONG, "epochs": 2}


def until(condition: Callable[[], Any], seconds: float = 300) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come true")


@pytest.fixture
def ask(server: Any) -> Callable[..., str]:
    """Execute an operator as the App's form does; what is answered, as text."""
    server.post("/operators", json={"dataset_name": None})  # the plugin is loaded

    def asked(samples: fo.Dataset, name: str, **params: Any) -> str:
        request = {
            "operator_uri": f"{PLUGIN}/{name}",
            "dataset_name": samples.name,
            "view": [],
            "extended": {},
            "filters": {},
            "selected": [],
            "params": params,
        }
        return server.post("/operators/execute/generator", json=request).text

    return asked


@pytest.fixture
def samples(dataset: Any) -> Iterator[fo.Dataset]:
    made = dataset(40)
    yield made
    for document in jobs(made):
        os.kill(document["process"]["pid"], signal.SIGKILL)
    until(lambda: not jobs(made))


def jobs(samples: fo.Dataset) -> list[dict[str, Any]]:
    found = foo.get_db_conn()[COLLECTION].find({"dataset_id": samples._doc.id})
    return [job for job in found if job["process"]["pid"] != os.getpid()]


def outcome(samples: fo.Dataset, seconds: float = 300) -> Outcome:
    (found,) = until(lambda: outcomes_of(samples), seconds)
    return found


def training(samples: fo.Dataset) -> dict[str, Any]:
    """The job once it reports of training."""
    return until(lambda: (j := current_job(samples, "deconfuse")) and "Epoch" in j["label"] and j)


def test_the_app_is_free_at_once_and_the_work_is_done(samples: fo.Dataset, ask: Any) -> None:
    began = time.monotonic()
    text = ask(samples, "find_label_errors", **SHORT)
    assert time.monotonic() - began < 5
    assert "set_progress" not in text  # FiftyOne's dialog covers the App
    assert "Started: finding label errors" in text
    assert "open_panel" in text
    job = current_job(samples, "deconfuse")
    assert job is not None, "it is seen from the start"
    (document,) = jobs(samples)
    assert document["process"]["pid"] != os.getpid(), "another process computes"
    found = outcome(samples)
    assert (found.state, found.run_key, found.task) == ("done", "deconfuse", "Finding label errors")
    ((variant, said),) = found.messages
    assert variant in ("success", "warning")
    assert "open samples were found suspect" in said
    samples.reload()
    assert samples.exists("deconfuse_suspicion").count() == 40
    assert current_job(samples, "deconfuse") is None
    assert forget_outcome(samples, found.id)
    assert outcomes_of(samples) == []


def test_the_panel_says_no_more_than_it_shows_itself(samples: fo.Dataset, ask: Any) -> None:
    assert ask(samples, "find_label_errors", **SHORT, in_panel=True) == ""
    assert outcome(samples).state == "done"


def test_what_is_refused_later_is_told_with_its_words(dataset: Any, ask: Any) -> None:
    alike = dataset(20, labels=["a"] * 20)
    ask(alike, "find_label_errors", label_field="ground_truth")
    found = outcome(alike)
    assert found.state == "refused"
    ((variant, said),) = found.messages
    assert variant == "error"
    assert "Finding label errors:" in said
    assert "one class only" in said
    assert not alike.list_runs()


def test_what_is_refused_at_once_starts_nothing(samples: fo.Dataset, ask: Any) -> None:
    assert "epochs" in ask(samples, "find_label_errors", label_field="ground_truth", epochs=-1)
    assert "source" in ask(samples, "find_label_errors", label_field="ground_truth", source="x")
    assert jobs(samples) == []
    assert outcomes_of(samples) == []


def test_a_second_work_on_the_run_is_refused(samples: fo.Dataset, ask: Any, operator: Any) -> None:
    ask(samples, "find_label_errors", **LONG)
    refused = ask(samples, "find_label_errors", **LONG)
    assert "Run 'deconfuse' is being worked on: Finding label errors" in refused
    assert "cancel it" in refused
    with pytest.raises(ValueError, match="is being worked on: Finding label errors"):
        operator("find_label_errors")(samples, **SHORT)
    assert len(jobs(samples)) == 1


def test_cancel_ends_it_within_seconds(samples: fo.Dataset, ask: Any) -> None:
    ask(samples, "find_label_errors", **LONG)
    job = training(samples)
    assert job["progress"] > 0
    (document,) = jobs(samples)
    assert cancel_job(samples, "deconfuse")
    found = outcome(samples, 10)
    assert found.state == "cancelled"
    assert found.messages == (("warning", "Finding label errors was cancelled; nothing was kept"),)
    until(lambda: not psutil.pid_exists(document["process"]["pid"]), 10)
    assert not samples.list_runs()


def test_cancel_before_the_process_has_begun(samples: fo.Dataset, ask: Any) -> None:
    ask(samples, "find_label_errors", **LONG)
    assert cancel_job(samples, "deconfuse")
    assert outcome(samples).state == "cancelled"
    assert not samples.list_runs()


def test_a_killed_process_is_told_and_can_be_started_again(samples: fo.Dataset, ask: Any) -> None:
    ask(samples, "find_label_errors", **LONG)
    training(samples)
    (document,) = jobs(samples)
    os.kill(document["process"]["pid"], signal.SIGKILL)
    found = outcome(samples, 10)
    assert found.state == "ended"
    assert "Finding label errors ended before it was done" in found.messages[0][1]
    until(lambda: "killed; memory may have run out. Start it again." in str(outcomes_of(samples)))
    assert current_job(samples, "deconfuse") is None
    assert "Started" in ask(samples, "find_label_errors", **SHORT)
    assert until(lambda: (o := outcomes_of(samples)) and o[0].state == "done" and o)
    assert len(outcomes_of(samples)) == 1, "the earlier end is forgotten"


@pytest.mark.slow
def test_a_started_worker_ends_with_the_server_and_says_so(
    samples: fo.Dataset, operator: Any, context: Any, background: Any
) -> None:
    background.subprocess = subprocess
    find, ctx = operator("find_label_errors"), context(samples, "find_label_errors", **LONG)
    ctx.request_params["extended"] = {}  # as the App asks

    def serve() -> None:
        list(find.execute(ctx))
        time.sleep(600)

    server = fork(serve)
    try:
        training(samples)
        (document,) = jobs(samples)
        assert psutil.Process(document["process"]["pid"]).cmdline()[2] == str(background.WORKER)
    finally:
        os.kill(server, signal.SIGKILL)
        assert died(server)
    found = outcome(samples, 20)
    assert found.state == "ended"
    assert "ended with the App's server; nothing was kept. Start it again." in found.messages[0][1]
    until(lambda: not psutil.pid_exists(document["process"]["pid"]), 15)


def test_a_server_and_a_worker_that_die_together_are_noticed(samples: fo.Dataset) -> None:
    dead = {**this_process(), "pid": 2**22 - 3}
    note_start(samples, "deconfuse", ObjectId(), "Mapping the dataset", dead)
    found = outcome(samples, 1)
    assert found.state == "ended"
    assert "Mapping the dataset ended before it was done" in found.messages[0][1]
    assert forget_outcome(samples, found.id)
    assert outcomes_of(samples) == []


def test_a_delegated_operation_is_seen_as_well(dataset: Any, operator: Any) -> None:
    from fiftyone.operators.delegated import DelegatedOperationService

    kept = dataset(40, persistent=True)
    operator("find_label_errors")(kept, "ground_truth", epochs=1, duplicates=False, delegate=True)
    DelegatedOperationService().execute_queued_operations(limit=1, dataset_name=kept.name)
    assert outcome(kept, 5).state == "done"
    alike = dataset(20, labels=["a"] * 20, persistent=True)
    queued = operator("find_label_errors")(alike, "ground_truth", delegate=True)
    service = DelegatedOperationService()
    service.execute_queued_operations(limit=1, dataset_name=alike.name)
    assert service.get(queued["id"]).run_state == "failed"
    assert "one class only" in outcome(alike, 5).messages[0][1]


def test_a_script_gets_its_result_and_leaves_no_outcome(samples: Any, operator: Any) -> None:
    assert operator("find_label_errors")(samples, **SHORT)["samples"] == 40
    assert outcomes_of(samples) == []


class _Slow:
    """An operator whose work in a thread takes as long as it is told to."""

    name, TASK, IN_PROCESS = "slow", "Waiting", False

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def run_key(self, ctx: Any) -> str:
        return "a"

    def finished(self, ctx: Any, result: dict[str, Any]) -> Iterator[Any]:
        yield ctx.ops.notify(f"waited {result['seconds']}", variant="success")

    def work(self, report: Any) -> dict[str, Any]:
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            report(0.5, "waiting")
            time.sleep(0.05)
        return {"seconds": self.seconds}


def test_what_waits_in_a_thread_answers_at_once_where_it_is_quick(
    samples: fo.Dataset, context: Any, background: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "QUICK_SECONDS", 0.5)

    def said(operator: _Slow) -> str:
        return str([m.to_json() for m in background.start(operator, ctx, operator.work)])

    ctx = context(samples, "export_decisions")
    assert "waited 0.1" in said(_Slow(0.1))
    assert outcomes_of(samples) == []
    assert "Started: waiting" in said(_Slow(1.0))
    with pytest.raises(ValueError, match="Run 'a' is being worked on: Waiting"):
        background.start(_Slow(0.1), ctx, _Slow(0.1).work)
    assert outcome(samples, 5).messages == (("success", "waited 1.0"),)
    said(_Slow(60))
    assert cancel_job(samples, "a")
    assert outcome(samples, 5).state == "cancelled"


def test_the_worker_is_told_who_asks(
    samples: fo.Dataset, context: Any, operator: Any, background: Any
) -> None:
    class User:
        def __init__(self) -> None:
            self.id, self.name, self._request_token = "u1", "Ann", "secret"
            self.other = object()

    find = operator("find_label_errors")
    ctx = context(samples, "find_label_errors", run_key="a")
    assert background._user(ctx) is None
    ctx.user = User()
    order = {"request": ctx.request_params, "user": background._user(ctx)}
    there = background._context(find, order)
    assert there.user_id == "u1"
    assert there.user_request_token == "secret"
    assert there.dataset.name == samples.name
    assert there.params == {"run_key": "a"}


def test_the_place_is_kept_until_the_worker_takes_it(samples: fo.Dataset) -> None:
    with Job(samples, "deconfuse", "Finding", process=this_process()) as kept:
        with Job(samples, "deconfuse", "Finding", token=kept.token) as taken:
            taken(0.5, "half")
            assert until(lambda: (j := current_job(samples, "deconfuse")) and j["progress"] == 0.5)
        assert current_job(samples, "deconfuse") is None
