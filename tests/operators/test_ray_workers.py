"""Label errors found by a Ray cluster of two nodes: the same to the last bit, also after a kill."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import pytest

from plugin.errors import InputError
from plugin.workers.on_ray import place_of
from tests.conftest import ROOT, DatasetFactory
from tests.operators.test_delegated_workers import (
    FEATURES,
    TRAINING,
    columns,
    module,
    searched,
    traces,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a cluster whose two nodes have one processor each."""
    import ray
    from ray.cluster_utils import Cluster

    fo.list_datasets()  # starts the database
    # A socket's path may have 107 characters, and the tests' own folder lies deep.
    with (
        tempfile.TemporaryDirectory(dir="/tmp", prefix="ray-", ignore_cleanup_errors=True) as near,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("RAY_TMPDIR", near)
        # Nodes have a cache of their own, and leave no token in the home of whoever tests.
        patch.setenv("DECONFUSE_CACHE_DIR", str(tmp_path_factory.mktemp("nodes")))
        patch.setenv("RAY_AUTH_MODE", "disabled")
        head = {"num_cpus": 1, "include_dashboard": False}
        made = Cluster(initialize_head=True, head_node_args=head)
        made.add_node(num_cpus=1)
        yield str(made.address)
        ray.shutdown()
        made.shutdown()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody listens to a port."""
    for _ in range(120):
        assert process.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(1)
    raise AssertionError("nobody listens")


def be_patient(found: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that has nothing loaded takes minutes for its answer where much else runs."""
    monkeypatch.setattr(module(found, "workers.on_ray"), "HELLO_SECONDS", 300)


@pytest.mark.parametrize("options", [TRAINING, FEATURES], ids=["training", "features"])
def test_the_same_to_the_last_bit_though_a_process_is_killed(
    cluster: str,
    dataset: DatasetFactory,
    operator: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: dict[str, Any],
) -> None:
    found, samples = operator("find_label_errors"), dataset(120)
    monkeypatch.setenv("RAY_ADDRESS", cluster)
    monkeypatch.setattr(module(found, "classify.spread_training"), "PIECE_IMAGES", 60)
    monkeypatch.setattr(module(found, "vectors.spread_features"), "PART_IMAGES", 40)
    monkeypatch.setattr(module(found, "classify.spread_heads"), "WORTH_ROWS", 0)
    be_patient(found, monkeypatch)
    store, killed = module(found, "workers.store"), list[int]()
    look_at = store.look_at

    def looked_at(ids: Any) -> Any:
        """Kills the first process that is seen to work on a part that takes a while."""
        parts = look_at(ids)
        for part in parts:
            if not killed and part["state"] == "taken" and part["kind"] in ("fold", "features"):
                killed.append(part["process"]["pid"])
                os.kill(part["process"]["pid"], signal.SIGKILL)
        return parts

    monkeypatch.setenv("DECONFUSE_CACHE_DIR", str(tmp_path / "here"))
    found(samples, "ground_truth", "here", **options)
    monkeypatch.setattr(store, "look_at", looked_at)
    monkeypatch.setenv("DECONFUSE_CACHE_DIR", str(tmp_path / "elsewhere"))
    result = found(samples, "ground_truth", "elsewhere", workers="ray", **options)
    assert len(killed) == 1
    assert "in parts by 2 workers" in result["chosen"]
    assert columns(samples, "here") == columns(samples, "elsewhere")
    assert traces(samples) == {}


def test_near_duplicates_are_the_same_to_the_last_bit(
    cluster: str,
    dataset: DatasetFactory,
    operator: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster)
    found, samples = operator("find_duplicates"), dataset(200, scale=2)
    be_patient(found, monkeypatch)
    here = searched(found, samples, monkeypatch, "local")
    assert searched(found, samples, monkeypatch, "ray") == here
    assert traces(samples) == {}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """The address, for clients, of a cluster that this process belongs to no more than a laptop."""
    client, head = free_port(), free_port()
    bin_folder = Path(sys.executable).parent
    fo.list_datasets()  # starts the database
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="ray-", ignore_cleanup_errors=True) as near:
        node = subprocess.Popen(
            [
                *(bin_folder / "ray", "start", "--head", "--block", f"--port={head}"),
                *(f"--ray-client-server-port={client}", f"--temp-dir={near}"),
                *("--num-cpus=1", "--include-dashboard=false", "--disable-usage-stats"),
            ],
            env={
                **os.environ,
                "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
                "RAY_AUTH_MODE": "disabled",
                # With it, the server that it forks for a client now and then dies at once.
                "GRPC_ENABLE_FORK_SUPPORT": "0",
                # Half a minute is what it gives itself to begin, which a busy machine needs.
                "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S": "120",
                "DECONFUSE_CACHE_DIR": str(tmp_path / "nodes"),
            },
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_for(client, node)
            yield f"ray://127.0.0.1:{client}"
        finally:
            node.terminate()
            node.wait(60)
            for log in sorted(Path(near).glob("session_*/logs/ray_client_server*")):
                print(log.name, log.read_text(errors="replace"), sep="\n")  # told of a failure


def test_a_cluster_elsewhere_is_asked_by_its_address(
    elsewhere: str,
    dataset: DatasetFactory,
    operator: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, samples = operator("find_label_errors"), dataset(120)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(module(found, "classify.spread_training"), "PIECE_IMAGES", 60)
    be_patient(found, monkeypatch)
    found(samples, "ground_truth", "here", **TRAINING)
    asked = {"run_key": "elsewhere", "workers": elsewhere, **TRAINING}
    result = found(samples, "ground_truth", **asked)
    assert "in parts by 1 worker." in result["chosen"]
    assert columns(samples, "here") == columns(samples, "elsewhere")
    assert traces(samples) == {}


def test_without_rays_client_it_is_said(
    dataset: DatasetFactory, operator: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = operator("find_label_errors")
    monkeypatch.setattr(module(found, "workers.on_ray"), "find_spec", lambda name: None)
    with pytest.raises(Exception, match=r"needs Ray's client.*pip install 'ray\[client\]"):
        found(dataset(60), "ground_truth", workers="ray://127.0.0.1:1", **TRAINING)


def test_without_a_cluster_it_is_said(
    dataset: DatasetFactory, operator: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(Exception, match=r"workers: no Ray cluster answers.*ray start --head"):
        operator("find_label_errors")(dataset(60), "ground_truth", workers="ray", **TRAINING)


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ("ray", "at 127.0.0.1:1, which RAY_ADDRESS names"),
        ("ray://127.0.0.1:2", "at ray://127.0.0.1:2"),
    ],
)
def test_it_is_said_where_a_cluster_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, asked: str, where: str
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    told: list[str] = []
    with pytest.raises(InputError, match=rf"no Ray cluster answers {re.escape(where)} \("):
        place_of(asked, lambda progress, label: told.append(label))
    assert told == [f"Connecting to Ray {where}"]


def test_a_server_that_died_at_its_start_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    def init(**options: Any) -> None:
        raise ConnectionAbortedError(
            "Initialization failure from server:\nTraceback (most recent call last):\n"
            "psutil.ZombieProcess: PID still exists but it's a zombie (pid=7)\n"
        )

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr("plugin.workers.on_ray._knock", lambda address: None)
    with pytest.raises(
        InputError,
        match=r"at ray://big:10001 could not start a server for this client \(psutil\.Zombie.*7\)\)"
        r"\. Ask again; .*GRPC_ENABLE_FORK_SUPPORT=0 ray start --head",
    ):
        place_of("ray://big:10001", lambda progress, label: None)


def test_the_app_may_not_name_an_address(
    dataset: DatasetFactory, operator: Callable[[str], Any], context: Callable[..., Any]
) -> None:
    ctx = context(
        dataset(60), "find_label_errors", label_field="ground_truth", workers="ray://10.0.0.9:10001"
    )
    with pytest.raises(Exception, match="from the App may ask for 'ray', and not for an address"):
        operator("find_label_errors").execute(ctx)


def test_nothing_of_ray_is_imported_unless_it_is_asked_for() -> None:
    script = """if True:
        import sys
        from plugin.workers import choices, delegated, on_ray, opened, part, work, worker, node
        assert not [name for name in sys.modules if name.partition(".")[0] == "ray"]
        sys.modules["ray"] = None
        from plugin.errors import InputError
        try:
            on_ray.place_of("ray")
        except InputError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "the package ray is not installed: pip install 'ray" in done.stdout
