"""What a client of the App's port can do through our operators, over FiftyOne's real server.

Any web page may post to that port: as plain text a browser asks nobody before. So no parameter may
lift what holds here.
"""

import asyncio
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone.operators as foo
import numpy as np
import pytest
import torch

from plugin.errors import InputError
from plugin.learning.classifiers import check_model
from plugin.store.current_jobs import current_job
from plugin.store.runs import Run
from tests.plugin.decided import make_run

pytestmark = pytest.mark.slow

PREFIX = "@deconfuse/label-errors"
EXPORTS = {"export_decisions": "decisions.csv", "export_report": "report.html"}
LIFTED = {"overwrite": True, "delegated": False, "script": True, "extended": False}
"""What somebody might try to be taken for a script by."""


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    made = make_run(12)
    made.dataset.persistent = True
    yield made
    made.dataset.delete()


@pytest.fixture
def exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DECONFUSE_EXPORT_DIR", str(tmp_path / "exports"))
    return tmp_path / "exports"


@pytest.fixture
def post(server: Any, run: Run) -> Callable[..., str]:
    """Execute an operator as any web page can; everything that is answered, as text."""

    def posted(name: str, route: str = "", **given: Any) -> str:
        body = {
            "operator_uri": f"{PREFIX}/{name}",
            "dataset_name": run.dataset.name,
            "view": [],
            "selected": [],
            "filters": {},
            "params": {"run_key": "deconfuse", **given.pop("params", {})},
            **given,
        }
        answer = server.post(
            f"/operators/execute{route}",
            content=json.dumps(body),
            headers={"content-type": "text/plain", "origin": "http://evil.example"},
        )
        return answer.text

    return posted


@pytest.mark.parametrize("name", sorted(EXPORTS))
@pytest.mark.parametrize("app", [{}, {"extended": None}, {"delegated": False, "script": True}])
def test_no_file_of_the_server_s_user_is_written(
    post: Callable[..., str], exports: Path, tmp_path: Path, name: str, app: dict[str, Any]
) -> None:
    keys = tmp_path / f"authorized_keys{Path(EXPORTS[name]).suffix}"
    keys.write_text("ssh-rsa ORIGINAL me\n")
    keys.chmod(0o600)
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / f"link{keys.suffix}").symlink_to(keys)
    (tmp_path / "exports" / f"theirs{keys.suffix}").write_text("not an export")
    targets = [str(keys), f"../{keys.name}", f"link{keys.suffix}", f"theirs{keys.suffix}"]
    targets += [f"~/new{keys.suffix}", str(tmp_path / f"new{keys.suffix}"), "/dev/null", "", "."]
    before = sorted(p.name for p in tmp_path.rglob("*"))
    for path in targets:
        for route in ("", "/generator"):
            post(name, route, params={"path": path, **LIFTED}, **app)
    if "extended" not in app:
        assert "plain name" in post(name, params={"path": str(keys), **LIFTED}, **app)
    assert keys.read_text() == "ssh-rsa ORIGINAL me\n"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert (tmp_path / "exports" / f"theirs{keys.suffix}").read_text() == "not an export"
    assert sorted(p.name for p in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_names_go_into_the_folder_of_exports(
    post: Callable[..., str], exports: Path, name: str
) -> None:
    file = EXPORTS[name]
    for _ in range(2):  # an earlier export is replaced
        assert str(exports / file) in post(name, params={"path": file})
        assert (exports / file).stat().st_size > 100
        (exports / file).chmod(0o600)
    assert stat.S_IMODE((exports / file).stat().st_mode) == 0o600
    assert "written to" in post(name, "/generator", params={"path": file}, extended=None) or (
        name == "export_report"
    )
    assert os.listdir(exports) == [file]


def test_what_the_app_queues_is_held_to_the_same(
    post: Callable[..., str], exports: Path, tmp_path: Path, run: Run
) -> None:
    from fiftyone.operators.delegated import DelegatedOperationService

    service, elsewhere = DelegatedOperationService(), str(tmp_path / "o.csv")
    for path in (elsewhere, "o.csv"):
        answer = post("export_decisions", params={"path": path, **LIFTED}, request_delegation=True)
        assert ("plain name" in answer) == (path == elsewhere), "refused at once, and not queued"
    (queued,) = service.list_operations(dataset_name=run.dataset.name)
    context = queued.context.serialize()
    context["request_params"]["params"]["path"] = elsewhere  # and whatever is in the queue
    service.queue_operation(operator=queued.operator, context=context)
    service.execute_queued_operations(limit=2)
    done = service.list_operations(dataset_name=run.dataset.name)
    assert sorted(op.run_state for op in done) == ["completed", "failed"]
    assert [p.name for p in tmp_path.rglob("*.csv")] == ["o.csv"]
    assert (exports / "o.csv").is_file()


def test_a_script_names_any_file_and_may_ask_to_overwrite(run: Run, tmp_path: Path) -> None:
    def execute(name: str, **params: Any) -> Any:
        ctx = {"dataset": run.dataset, "params": {"run_key": "deconfuse", **params}}
        return foo.execute_operator(f"{PREFIX}/{name}", ctx).result

    for name, file in EXPORTS.items():
        path = tmp_path / file
        path.write_text("mine")
        with pytest.raises(Exception, match="no earlier export"):
            execute(name, path=str(path))
        assert path.read_text() == "mine"
        execute(name, path=str(path), overwrite=True)
        assert path.stat().st_size > 100
        foo.get_operator(f"{PREFIX}/{name}")(run.dataset, path=path)
        path.write_text("mine")
        with pytest.raises(ValueError, match="no earlier export"):
            foo.get_operator(f"{PREFIX}/{name}")(run.dataset, path=path)
        foo.get_operator(f"{PREFIX}/{name}")(run.dataset, path=path, overwrite=True)


def test_what_only_looks_like_a_script_is_none(run: Run, exports: Path, tmp_path: Path) -> None:
    """The server runs operators in a loop of its own, and so does this."""
    request = {
        "dataset_name": run.dataset.name,
        "view": [],
        "params": {"run_key": "deconfuse", "path": str(tmp_path / "o.csv")},
    }
    coroutine = foo.executor.execute_or_delegate_operator(
        f"{PREFIX}/export_decisions", request, exhaust=True
    )
    result = asyncio.run(coroutine)
    assert "plain name" in result.error_message
    assert not (tmp_path / "o.csv").exists()


# --- what is read ---------------------------------------------------------------------------------

SECRET = "hunter2"


def chosen(path: Any) -> dict[str, str]:
    """A file as the App's file explorer names it."""
    return {"absolute_path": str(path)}


def secret_files(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Files that are none of what the operators read, with a secret where they are quoted."""
    texts = {
        "a.csv": f"{SECRET},b\n1,2\n",
        "b.csv": f"id,label,confidence\n{SECRET},x,0.5\n",
        "c.jsonl": f'"{SECRET}"\n',
        "d.jsonl": f'{{"{SECRET}": 1}}\n',
        "e.ndjson": f"{SECRET}\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
        yield "import_predictions", {"path": chosen(folder / name), "field": "stolen"}
    np.savez(folder / "f.npz", label=np.array(["a"]), ids=np.array([SECRET]))
    yield "import_predictions", {"path": chosen(folder / "f.npz"), "field": "stolen"}
    np.save(folder / "g.npy", np.zeros((1, 2)))
    (folder / "lines").write_text(f"{SECRET}\n{SECRET}\n")
    lines = folder / "lines"
    for listed in ({"classes": chosen(lines)}, {"class_names": str(lines)}):
        given = {"path": chosen(folder / "g.npy"), "keys": chosen(lines), "field": "stolen"}
        yield "import_predictions", {**given, **listed}
    columns = "decision,seq,time,author,action,undoes,sample_id,filepath,label_before,label_after,"
    columns += "tag,note,iteration,dataset,run_key,label_field"
    for text in (SECRET, f'{{"format": "deconfuse-decisions", "version": "{SECRET}"}}'):
        (folder / f"h{len(text)}.json").write_text(text)
        yield "import_decisions", {"path": str(folder / f"h{len(text)}.json")}
    row = ["d", "1", "t", "", SECRET, "", "s", *[""] * 9]
    (folder / "i.csv").write_text(f"{columns}\n{','.join(row)}\n")
    yield "import_decisions", {"path": str(folder / "i.csv")}
    (folder / "j.pt").write_text(SECRET)
    yield "find_label_errors", {"label_field": "ground_truth", "weights": str(folder / "j.pt")}


def test_errors_do_not_quote_files(
    post: Callable[..., str], exports: Path, tmp_path: Path, run: Run
) -> None:
    tried = 0
    for name, params in secret_files(tmp_path):
        for app in ({}, {"extended": None}):
            for route in ("", "/generator"):
                answer = post(name, route, params=params, **app)
                assert SECRET not in answer, (name, params)
                tried += "error" in answer
    assert tried > 20
    assert not run.dataset.has_field("stolen")


def test_what_lies_in_a_folder_for_imports_is_explained(
    post: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DECONFUSE_IMPORT_DIR", str(tmp_path / "in"))
    (tmp_path / "in").mkdir()
    for folder in (tmp_path, tmp_path / "in"):
        (folder / "p.csv").write_text("a,b\n1,2\n")
    answer = post("import_predictions", params={"path": chosen("p.csv"), "field": "new"})
    assert "its columns are a, b" in answer
    for path in (str(tmp_path / "p.csv"), "../p.csv", str(tmp_path / "in" / ".." / "p.csv")):
        answer = post("import_predictions", params={"path": chosen(path), "field": "new"})
        assert "files are read in" in answer


def test_pipes_are_not_waited_for(post: Callable[..., str], tmp_path: Path) -> None:
    for name in ("p.csv", "w.pt"):
        os.mkfifo(tmp_path / name)
    np.save(tmp_path / "p.npy", np.zeros((1, 2)))
    pipe, arrays = chosen(tmp_path / "p.csv"), chosen(tmp_path / "p.npy")
    for params in (
        {"path": pipe},
        {"path": arrays, "keys": pipe},
        {"path": arrays, "keys": arrays, "classes": pipe},
        {"path": arrays, "keys": arrays, "classes": chosen("/dev/zero")},
    ):
        assert "there is no file" in post("import_predictions", params={"field": "n", **params})
    assert "there is no file" in post("import_decisions", params={"path": str(tmp_path / "p.csv")})
    params = {"label_field": "ground_truth", "weights": str(tmp_path / "w.pt")}
    assert "there is no file" in post("find_label_errors", params=params)


class Runs:
    """What runs a command where it is unpickled."""

    def __init__(self, file: Path):
        self._file = file

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._file),)


def test_weights_and_arrays_run_nothing(
    post: Callable[..., str], tmp_path: Path, dataset: Callable[..., Any]
) -> None:
    samples = dataset(20, persistent=True)
    ran = tmp_path / "ran"
    torch.save({"state_dict": Runs(ran)}, tmp_path / "w.pt")
    np.save(tmp_path / "a.npy", np.array([Runs(ran)], dtype=object), allow_pickle=True)
    params = {"label_field": "ground_truth", "weights": str(tmp_path / "w.pt"), "duplicates": False}
    answer = post("find_label_errors", params=params, dataset_name=samples.name)
    assert "cannot be loaded as a checkpoint" in answer
    arrays = chosen(tmp_path / "a.npy")
    given = {"path": arrays, "keys": arrays, "classes": arrays, "field": "n"}
    assert "Python objects" in post("import_predictions", params={**given, "classes": None})
    assert "classes" in post("import_predictions", params=given)
    assert not ran.exists()


def test_weights_are_read_where_the_app_may_read_alone(
    post: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By path, over folders, by a link, by a home folder, by a name that is a file here."""
    inside = tmp_path / "in"
    inside.mkdir()
    monkeypatch.setenv("DECONFUSE_IMPORT_DIR", str(inside))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("w.pt", "DEFAULT"):
        torch.save({"w": torch.zeros(1)}, tmp_path / name)
    (inside / "link.pt").symlink_to(tmp_path / "w.pt")
    (inside / "folder").symlink_to(tmp_path)
    named = [tmp_path / "w.pt", "w.pt", "../w.pt", inside / ".." / "w.pt", "~/w.pt", "DEFAULT"]
    named += [inside / "link.pt", "link.pt", inside / "folder" / "w.pt", "file:///etc/passwd"]
    named += ["https://example.org/w.pt", "http://127.0.0.1:1/w", "/etc/passwd", "/proc/self/mem"]
    for weights in map(str, named):
        params = {"label_field": "ground_truth", "weights": weights, "source": "features"}
        answer = post("find_label_errors", params=params)
        assert "weights: from the App, files are read in" in answer or (
            "weights: there is no file" in answer
        ), (weights, answer)


def free(run: Run) -> None:
    """Wait until work that another test has started is over: one at a time is done on a run."""
    until = time.monotonic() + 60
    while current_job(run.dataset, run.key) is not None and time.monotonic() < until:
        time.sleep(0.1)


def test_the_app_loads_no_network_that_brings_code(post: Callable[..., str], run: Run) -> None:
    """Names that are none, modules, repositories and addresses, and zoo models with code."""
    free(run)
    with_code = ["dinov2-vits14-torch", "twelvelabs-marengo3.0"]
    none = ["os.system", "../resnet18", "https://example.org/m", "facebookresearch/dinov2"]
    for option, source in (("network", "features"), ("embeddings", "embeddings")):
        for name in with_code + none:
            params = {"label_field": "ground_truth", "source": source, option: name}
            answer = post("find_label_errors", params=params)
            assert f"{option}: " in answer, (name, answer)
            assert ("comes with code from outside" in answer) == (name in with_code), answer
    for operator in ("find_duplicates", "rank_by_importance"):
        for name in with_code:
            answer = post(operator, params={"embeddings": name})
            assert "comes with code from outside" in answer, (operator, answer)
    for model in ("os.system", "../simple_cnn", "torchvision.models.resnet18", "dinov2_vits14"):
        with pytest.raises(InputError, match=r"^model: "):
            check_model(model)
