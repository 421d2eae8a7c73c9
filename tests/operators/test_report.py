"""The report through the operator and the panel: what was fixed, its pictures, and the download."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plugin.decisions.resolve import resolve
from plugin.decisions.undo import undo
from plugin.store.runs import load_run
from tests.panels.made_runs import write_iteration

CLASSES = ["cat <1>", "dog", "owl", "yak"]


@pytest.fixture
def made(dataset: Any) -> Any:
    """40 samples, of which ten are called cat and predicted dog."""
    labels = [CLASSES[0]] * 20 + [CLASSES[1]] * 20
    samples = dataset(40, labels=labels, scale=8)
    p = np.full((40, 4), 0.02)
    p[np.arange(40), [1] * 10 + [0] * 10 + [1] * 20] = 0.94
    write_iteration(samples, p, CLASSES)
    return samples, samples.values("id")


def table(html: str, title: str) -> list[tuple[str, str, int, int]]:
    """Rows of a table of classes: before, after, samples, pictures."""
    part = html[html.index(title) :].partition("</table>")[0]
    rows = []
    for row in part.split('<tr role="row">')[2:]:
        cells = [cell.partition(">")[2].partition("</t")[0] for cell in row.split('role="')[1:]]
        words = [cell.replace("<", ">").split(">") for cell in cells]
        texts = ["".join(word[::2]).strip() for word in words]
        rows.append((texts[0], texts[2], int(texts[3]), row.count("<img")))
    return rows


def test_it_shows_what_became_of_each_label(made: Any, operator: Any) -> None:
    samples, ids = made
    run = load_run(samples, "deconfuse")
    resolve(run, "relabel", ids[:8], label="dog", author="ann")
    resolve(run, "relabel", ids[7:8], label="owl", author="bob")  # once more: cat, now owl
    resolve(run, "relabel", ids[8:9], label="owl", author="ann")
    undo(run, author="ann")  # never happened
    resolve(run, "remove", ids[9:10], author="ann")
    resolve(run, "relabel", ids[20:21], label="yak", author="ann")
    resolve(run, "relabel", ids[20:21], label="dog", author="ann")  # as it was
    resolve(run, "confirm", ids[:1], author="ann")
    html = operator("export_report")(samples)["report"].html
    assert table(html, "What was fixed") == [
        ("cat &lt;1&gt;", "dog", 7, 6),
        ("cat &lt;1&gt;", "owl", 1, 1),
        ("cat &lt;1&gt;", "removed", 1, 1),
    ]
    assert table(html, "What is left") == [("cat &lt;1&gt;", "dog", 1, 1)]
    assert "10 samples were judged by a person, and 9 wrong labels were fixed" in html
    assert "8 relabelled, 1 sample removed" in html
    assert html.count("data:image/") == 9


def test_pictures_that_cannot_be_read_are_left_out(made: Any, operator: Any) -> None:
    samples, ids = made
    for path in samples.limit(9).values("filepath"):
        Path(path).unlink()
    assert table(operator("export_report")(samples)["report"].html, "What is left") == [
        ("cat &lt;1&gt;", "dog", 10, 0)
    ]
    resolve(load_run(samples, "deconfuse"), "relabel", ids[9:10], label="dog")
    html = operator("export_report")(samples)["report"].html
    assert table(html, "What was fixed") == [("cat &lt;1&gt;", "dog", 1, 1)]


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({}, None),
        ({"file_name": "for the boss"}, "for the boss.html"),
        ({"file_name": "a.html"}, "a.html"),
    ],
)
def test_the_app_s_browser_downloads_it_and_nothing_is_written(
    made: Any,
    operator: Any,
    context: Any,
    tmp_path: Path,
    monkeypatch: Any,
    asked: dict[str, Any],
    name: str | None,
) -> None:
    monkeypatch.setenv("DECONFUSE_EXPORT_DIR", str(tmp_path / "exports"))
    samples, _ = made
    ctx = context(samples, "export_report", **asked)
    default = operator("export_report").resolve_input(ctx).type.properties["file_name"].default
    result = operator("export_report").execute(ctx)
    (request,) = json.loads(json.dumps(ctx.executor.to_json()["requests"]))
    kind, _, content = request["params"]["url"].partition(";base64,")
    assert kind == "data:text/html"
    assert base64.b64decode(content).decode().startswith("<!doctype html>")
    assert request["params"]["filename"] == (name or default)
    assert result == {"path": None, "name": name or default}
    assert default == f"label-report-{samples.name}-deconfuse.html"
    assert not (tmp_path / "exports").exists()


@pytest.mark.parametrize("name", ["../x", "a/b.html", ".hidden", "x" * 300, "a\nb", " "])
def test_a_name_that_is_none_is_refused(made: Any, operator: Any, context: Any, name: str) -> None:
    ctx = context(made[0], "export_report", file_name=name)
    with pytest.raises(ValueError, match="file_name: expected a plain name"):
        operator("export_report").execute(ctx)
    assert ctx.executor.to_json()["requests"] == []


def test_the_panel_gets_the_same_page(made: Any, operator: Any, context: Any) -> None:
    samples, _ = made
    ctx = context(samples, "label_errors", __method__="report", request={"run": "deconfuse"})
    reply = operator("label_errors").execute(ctx)
    assert reply["name"] == f"label-report-{samples.name}-deconfuse.html"
    html = operator("export_report")(samples)["report"].html
    assert reply["html"].partition(" UTC")[2] == html.partition(" UTC")[2]


def test_the_form_says_what_keeps_it(dataset: Any, operator: Any, context: Any) -> None:
    samples = dataset(4)
    ctx = context(samples, "export_report")
    ctx.executor = None  # as FiftyOne does where the App asks for a form
    form = operator("export_report").resolve_input(ctx)
    assert "no run yet" in json.dumps(form.to_json())
    held = [p for p in form.type.properties.values() if p.invalid]
    assert len(held) == 1, "the button waits"
