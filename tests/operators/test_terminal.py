"""Progress for whoever waits at a terminal: never silent for long, and no flood."""

import sys
import time
from typing import Any

import fiftyone as fo
import pytest


@pytest.fixture
def terminal(operator: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, as FiftyOne has loaded it with the plugin; quick."""
    package = type(operator("find_label_errors")).__module__.rpartition(".")[0]
    module = sys.modules[f"{package}.terminal"]
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(fo.config, "show_progress_bars", True)
    return module


def test_silent_work_is_told_again_with_its_time(terminal: Any, capfd: Any) -> None:
    def work(report: Any) -> str:
        report(0.25, "Reading labels")
        time.sleep(1.1)
        return "done"

    assert terminal.in_terminal(work) == "done"
    lines = capfd.readouterr().err.splitlines()
    assert 3 <= len(lines) <= 6
    assert lines[0].strip() == "25% Reading labels"
    assert all("Reading labels (" in line and "s so far)" in line for line in lines[1:])


def test_work_that_says_nothing_at_all_is_told_too(terminal: Any, capfd: Any) -> None:
    terminal.in_terminal(lambda report: time.sleep(0.6))
    assert "Starting (" in capfd.readouterr().err


def test_much_talk_is_a_line_each_two_seconds_and_the_end(terminal: Any, capfd: Any) -> None:
    def work(report: Any) -> None:
        for i in range(1, 501):
            report(i / 500, f"Step {i}")
            time.sleep(0.001)

    terminal.in_terminal(work)
    lines = capfd.readouterr().err.splitlines()
    assert 2 <= len(lines) <= 8
    assert lines[-1].strip() == "100% Step 500"


def test_whoever_wants_no_progress_gets_none(
    terminal: Any, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fo.config, "show_progress_bars", False)
    terminal.in_terminal(lambda report: report(0.5, "half"))
    assert capfd.readouterr().err == ""


def test_an_error_goes_through(terminal: Any) -> None:
    def work(report: Any) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        terminal.in_terminal(work)
