"""FiftyOne loads the plugin: it only logs what goes wrong, so these tests look."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = yaml.safe_load((ROOT / "fiftyone.yml").read_text())


def listing(server: Any) -> dict[str, Any]:
    response = server.post("/operators", json={"dataset_name": None})
    assert response.status_code == 200, response.text
    return response.json()


def test_plugin_loads_without_errors(server: Any) -> None:
    assert listing(server)["errors"] == []


def test_what_the_manifest_names_is_registered_and_nothing_else(server: Any) -> None:
    prefix = MANIFEST["name"] + "/"
    uris = [operator["uri"] for operator in listing(server)["operators"]]
    registered = {uri.removeprefix(prefix) for uri in uris if uri.startswith(prefix)}
    assert registered == {*MANIFEST.get("operators", []), *MANIFEST.get("panels", [])}


def test_scripts_get_every_operator(operator: Any) -> None:
    for name in MANIFEST.get("operators", []):
        assert operator(name).uri == f"{MANIFEST['name']}/{name}"


def test_loading_it_loads_no_torch() -> None:
    """It takes four seconds of CPU, in the App's server and in every worker."""
    code = (
        "import sys, fiftyone.operators as foo\n"
        "registry = foo.OperatorRegistry()\n"
        f"assert registry.operator_exists({MANIFEST['name'] + '/rank_by_importance'!r})\n"
        "print(sorted({'torch', 'torchvision', 'umap', 'ray'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip().splitlines()[-1] == "[]"
