"""The panel in the browser, beside FiftyOne's own grid, and UMAP beside umap-learn's defaults.

Usage: .venv/bin/python benchmarks/panel.py [--samples 10000 1000000] [--classes 10 1000]
           [--repeat 5] [--umap-images FOLDER]

Makes synthetic runs on raw documents that share 2,000 image files, their scores written onto the
samples as find_label_errors does, opens the real App in Chromium and measures, as medians: opening
the panel (click to first cells), opening a cell (click to first pictures on the map), a decision
(key to the cell's new count, and to the refreshed overview), and FiftyOne's own grid showing the
same cell (click to its new count, and to its first picture). Then the overview is scrolled for 200
frames: the share that took more than 33 ms, beside as many frames in which nothing is done.
Prints a table and a JSON line.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import socket
import statistics
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.private_fiftyone import isolated  # noqa: E402
from scripts.screenshots import FLAGS, PANEL  # noqa: E402

FILES = 2_000
CHUNK = 20_000
PATIENCE_MS = 15_000
PAINTED = """() => {
  const c = document.querySelector('.dcf-map canvas');
  if (!c || !c.width || c.dataset.points === '0') return false;
  const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  for (let i = 0; i < d.length; i += 4) {
    if (d[i + 3] > 0 && (d[i] !== d[i + 1] || d[i] !== d[i + 2])) return true;
  }
  return false;
}"""

CHANGED = "([element, text]) => element.innerText !== text"
REFRESHED = """(revision) =>
  document.querySelector('.dcf-cellscreen').dataset.revision !== revision"""
GRID_PAINTED = """([element, text]) => {
  if (element.innerText === text) return false;
  for (const c of document.querySelectorAll('[data-cy="fo-grid"] canvas')) {
    if (!c.width) continue;
    try {
      const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
      for (let i = 0; i < d.length; i += 4) {
        if (d[i + 3] > 0 && (d[i] !== d[i + 1] || d[i] !== d[i + 2])) return true;
      }
    } catch { return true; }
  }
  return false;
}"""
FRAMES = """async (pixels) => {
  const list = document.querySelector('.dcf-list');
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  let last = await frame();
  let slow = 0;
  for (let i = 0; i < 200; i++) {
    list.scrollTop += pixels;
    const now = await frame();
    if (now - last > 33.4) slow++;
    last = now;
  }
  return slow / 200;
}"""
COLUMNS = ("panel", "cell", "decision", "overview", "grid", "grid_picture")


def write_images(folder: Path) -> list[str]:
    """Coloured images of 96 pixels, like small photographs in what they cost to decode."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    folder.mkdir()
    paths = []
    for i in range(FILES):
        coarse = rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)
        path = folder / f"{i}.jpg"
        Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC).save(path, quality=90)
        paths.append(str(path))
    return paths


def write_run(paths: list[str], samples: int, classes: int) -> Any:
    """A dataset of raw documents with an iteration whose classifier confuses neighbours."""
    import datetime

    import fiftyone as fo
    import numpy as np
    from bson import ObjectId

    from plugin.progress import silent
    from plugin.store.iteration_writer import IterationWriter
    from plugin.store.iterations import Rows
    from plugin.store.runs import create_run
    from plugin.store.write_fields import write_scores

    rng = np.random.default_rng(samples + classes)
    names = [f"class {i:04d}" for i in range(classes)]
    dataset = fo.Dataset(f"bench-{samples}-{classes}", persistent=True)
    dataset.media_type = "image"
    dataset.add_sample_field(
        "ground_truth", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification
    )
    run = create_run(dataset, "deconfuse", "ground_truth")
    now = datetime.datetime.now(datetime.UTC)
    owner: Any = dataset._doc
    header: dict[str, Any] = {"number": 1, "settings": {"source": "benchmark"}, "skipped": {}}
    wrong = 0
    with IterationWriter(owner.id, run.key, names) as writer:
        for start in range(0, samples, CHUNK):
            n = min(CHUNK, samples - start)
            label = rng.integers(0, classes, n).astype(np.int32)
            away = np.where(rng.random(n) < 0.9, 0, rng.geometric(min(0.5, 20 / classes), n))
            prediction = ((label + away) % classes).astype(np.int32)
            p_max = (0.4 + 0.6 * rng.random(n)).astype(np.float32)
            same = label == prediction
            p_label = np.where(same, p_max, (1 - p_max) * rng.random(n)).astype(np.float32)
            other = np.where(same, 1 - p_max, p_max) + 1e-6
            top = np.stack([(prediction + k) % classes for k in range(5)], 1).astype(np.int32)
            ids = [ObjectId() for _ in range(n)]
            writer.append(
                Rows(
                    sample_id=np.frombuffer(b"".join(i.binary for i in ids), "S12"),
                    label=label,
                    prediction=prediction,
                    p_label=p_label,
                    p_max=p_max,
                    suspicion=np.log(other / (p_label + 1e-6)).astype(np.float32),
                    top_class=top,
                    top_probability=np.tile(p_max[:, None], (1, 5)) * [1, 0, 0, 0, 0],
                    features=rng.normal(size=(n, 32)).astype(np.float16),
                )
            )
            wrong += int((~same).sum())
            dataset._sample_collection.insert_many(
                {
                    "_id": ids[i],
                    "_media_type": "image",
                    "_rand": float(rng.random()),
                    "_dataset_id": owner.id,
                    "filepath": paths[(start + i) % FILES],
                    "tags": [],
                    "metadata": None,
                    "created_at": now,
                    "last_modified_at": now,
                    "ground_truth": {
                        "_id": ObjectId(),
                        "_cls": "Classification",
                        "tags": [],
                        "label": names[label[i]],
                    },
                }
                for i in range(n)
            )
        iteration = writer.commit({**header, "counts": {"misclassified": wrong}})
    write_scores(run, iteration, iteration.cells.count, silent)
    return dataset


def timed(act: Any, done: Any) -> float:
    """Milliseconds from an act to its result."""
    start = time.perf_counter()
    act()
    done()
    return 1000 * (time.perf_counter() - start)


def measure(browser: Any, url: str, dataset: Any, repeat: int) -> dict[str, float]:
    """Medians in milliseconds for one dataset."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000}, reduced_motion="reduce")
    context.add_init_script("localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true')")
    page = context.new_page()
    page.set_default_timeout(180_000)
    taken: dict[str, list[float]] = {name: [] for name in (*COLUMNS, "scroll", "still")}
    cells = page.locator(".dcf-cell:not(.dcf-cell-correct) .dcf-cell-open")
    for turn in range(repeat):
        page.goto(f"{url}/datasets/{dataset.name}")
        page.locator('[data-cy="fo-grid"]').wait_for()
        page.locator('[data-cy="entry-counts"]').first.wait_for()
        if page.locator(PANEL).count():
            tab = page.locator('[data-cy^="panel-tab"]', has_text="Label errors")
            tab.locator("svg").last.click()
            page.locator(PANEL).wait_for(state="detached")
        page.locator('[data-cy="new-panel-btn"]').first.click()
        option = page.locator('[data-cy="new-panel-option-label_errors"]')
        option.wait_for()
        taken["panel"].append(timed(option.click, cells.first.wait_for))
        page.mouse.move(5, 5)
        taken["still"].append(100 * page.evaluate(FRAMES, 0))
        taken["scroll"].append(100 * page.evaluate(FRAMES, 35))
        page.evaluate("document.querySelector('.dcf-list').scrollTop = 0")
        cell = cells.nth(turn)
        cell.wait_for()
        taken["cell"].append(timed(cell.click, lambda: page.wait_for_function(PAINTED)))
        page.keyboard.press("g")
        page.locator(".dcf-tile").first.click()
        page.get_by_text("1 sample selected").wait_for()
        head = page.locator('[data-testid="cell-open"]')
        before = head.inner_text()
        element = head.element_handle()
        screen = page.locator(".dcf-cellscreen")
        revision = screen.get_attribute("data-revision")
        start = time.perf_counter()
        page.keyboard.press("c")
        page.wait_for_function(CHANGED, arg=[element, before])
        taken["decision"].append(1000 * (time.perf_counter() - start))
        page.wait_for_function(REFRESHED, arg=revision)
        taken["overview"].append(1000 * (time.perf_counter() - start))
        count, picture = grid(page)
        taken["grid"].append(count)
        taken["grid_picture"].append(picture)
        page.evaluate("__foo__.executeOperator('@voxel51/operators/clear_view')")
        page.wait_for_function("!location.search.includes('view')")
    context.close()
    seen = {name: [v for v in values if not math.isnan(v)] for name, values in taken.items()}
    return {
        name: round(statistics.median(values), 0) if values else math.nan
        for name, values in seen.items()
    }


def grid(page: Any) -> tuple[float, float]:
    """Milliseconds until FiftyOne's grid shows the cell's count, and until its first picture.

    The second is NaN where no picture was seen within ``PATIENCE_MS``.
    """
    from playwright.sync_api import TimeoutError

    counts = page.locator('[data-cy="entry-counts"]').first
    arg = [counts.element_handle(), counts.inner_text()]
    button = page.get_by_role("button", name="Show in grid")
    start = time.perf_counter()
    button.click()
    page.wait_for_function(CHANGED, arg=arg)
    counted = 1000 * (time.perf_counter() - start)
    try:
        page.wait_for_function(GRID_PAINTED, arg=arg, timeout=PATIENCE_MS)
    except TimeoutError:  # it shows pictures that it had already on other canvases
        return counted, math.nan
    return counted, 1000 * (time.perf_counter() - start)


def umap_table(folder: str | None) -> dict[str, float]:
    """2,000 images: umap-learn's defaults on raw pixels beside the panel's layout."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits
    from sklearn.manifold import trustworthiness
    from umap import UMAP

    from plugin.layout.projection import principal_components, umap_layout

    if folder:
        paths = sorted(p for p in Path(folder).rglob("*") if p.suffix in (".png", ".jpg"))
        paths = np.random.default_rng(0).permutation([str(p) for p in paths])[:2000]
        pixels = np.stack([np.asarray(Image.open(p).convert("RGB")).ravel() for p in paths])
    else:
        pixels = np.asarray(load_digits(return_X_y=True)[0])
    pixels = pixels.astype(np.float32)
    features = principal_components(pixels, 32)
    makers = {
        "umap_learn": lambda: UMAP(random_state=51).fit_transform(pixels),
        "panel": lambda: umap_layout(features),
    }
    out: dict[str, float] = {"images": len(pixels)}
    for name, make in makers.items():
        make()  # compiles
        times = []
        layout = None
        for _ in range(3):
            start = time.perf_counter()
            layout = make()
            times.append(time.perf_counter() - start)
        out[f"{name}_seconds"] = round(statistics.median(times), 2)
        out[f"{name}_trustworthiness"] = round(
            float(trustworthiness(pixels, np.asarray(layout), n_neighbors=15)), 4
        )
    return out


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, nargs="*", default=[10_000, 1_000_000])
    parser.add_argument("--classes", type=int, nargs="*", default=[10, 1_000])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--umap-images", help="folder of images of one size; else 1,797 digits")
    asked = parser.parse_args()
    results: dict[str, Any] = {"cores": os.cpu_count(), "app": []}
    home = isolated("deconfuse-bench-")
    from playwright.sync_api import sync_playwright

    from scripts import chromium
    from scripts.app_server import app_server

    paths = write_images(home / "images")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    titles = (*COLUMNS, "scroll %", "still %")
    print(f"{'samples':>9} {'classes':>8} " + " ".join(f"{name:>12}" for name in titles))
    for samples in asked.samples:
        for classes in asked.classes:
            dataset = write_run(paths, samples, classes)
            with (
                app_server(port, home / "server.log") as url,
                sync_playwright() as playwright,
            ):
                path = chromium.find()
                browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
                row = measure(browser, url, dataset, asked.repeat)
                browser.close()
            results["app"].append({"samples": samples, "classes": classes, **row})
            values = " ".join(f"{value:>12.0f}" for value in row.values())
            print(f"{samples:>9} {classes:>8} {values}", flush=True)
            dataset.delete()
    results["umap"] = umap_table(asked.umap_images)
    print(results["umap"])
    print(json.dumps(results))


if __name__ == "__main__":
    main()
