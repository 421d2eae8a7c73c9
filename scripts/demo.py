"""`make demo`: a dataset with label errors, scored, in the FiftyOne App.

Everything it writes is in .demo, database included. The second run finds the dataset of the first,
with all decisions made in it; --fresh begins anew.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.heartbeat import Heartbeat  # noqa: E402
from scripts.private_database import DatabaseInUse, PrivateDatabase  # noqa: E402

PLUGIN = "@deconfuse/label-errors"
RUN = "deconfuse"
WORKSPACE = "label-errors"
FIRST = 10
RUNNING = "running"
"""The file that says which process the demo is and where it serves."""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="A dataset with label errors in the FiftyOne App")
    parser.add_argument("--data", type=Path, help="folder with one sub-folder a class")
    parser.add_argument("--objects", action="store_true", help="boxes, not whole images")
    parser.add_argument("--home", type=Path, default=ROOT / ".demo", help="where all is written")
    parser.add_argument("--port", type=int, default=5151)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--fresh", action="store_true", help="forget the dataset of last time")
    parser.add_argument("--no-serve", action="store_true", help="end before the App is served")
    return parser.parse_args()


def isolate(home: Path) -> None:
    """Give FiftyOne a database and a plugin folder of the demo's own, before it is imported."""
    plugins = home / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    link = plugins / "deconfuse"
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT, target_is_directory=True)
    database = PrivateDatabase(home / "db")
    try:
        database.wait()
    except DatabaseInUse:
        raise SystemExit(already_running(home)) from None
    note_running(home)
    os.environ.pop("FIFTYONE_PRIVATE_DATABASE_PORT", None)
    os.environ.update(
        **database.environment(),
        FIFTYONE_CONFIG_PATH=str(home / "config.json"),
        FIFTYONE_DATABASE_DIR=str(home / "db"),
        FIFTYONE_PLUGINS_DIR=str(plugins),
        # an event of the panel takes 5 ms with it and 93 ms without
        FIFTYONE_PLUGINS_CACHE_ENABLED="true",
        FIFTYONE_DO_NOT_TRACK="true",
    )


def note_running(home: Path, url: str = "") -> None:
    """Keep for others which process the demo is, and where it serves as soon as it does."""
    (home / RUNNING).write_text(f"{os.getpid()}\n{url}\n")


def already_running(home: Path) -> str:
    """What to say where another demo is at work on the folder."""
    noted = home / RUNNING
    lines = noted.read_text().splitlines() if noted.exists() else []
    process, url = [*lines, "", ""][:2]
    at = f", at {url}" if url else ""
    end = f" (or: kill {process})" if process else ""
    return (
        f"The demo is already running on {home}{at}: open that, or end it with Ctrl-C where it was "
        f"started{end} and try again."
    )


def say(text: str = "") -> None:
    """Print a line at once."""
    print(text, flush=True)


def prepare(options: argparse.Namespace) -> Any:
    """The dataset, built and scored unless last time's is there."""
    from scripts import demo_data, last_time

    if options.objects:
        return prepare_objects(options)
    folder = None if options.data is None else options.data.resolve()
    name = "deconfuse-demo" if folder is None else demo_data.name_for(folder)
    dataset = opened(name, options)
    if dataset is not None:
        return dataset
    if folder is None:
        say("Writing scikit-learn's 1,797 handwritten digits, some with wrong labels …")
        dataset = demo_data.digits_dataset(name, options.home / "digits")
    else:
        say(f"Reading {options.data} …")
        dataset = demo_data.folder_dataset(name, folder, say)
    say(f"Classifying {len(dataset):,} images …")
    result = classified(dataset, demo_data.FIELD, folder)
    last_time.finish(dataset)
    for note in left_out(result, folder):
        say(note)
    report(dataset, demo_data.FIELD, result)
    show_duplicates(dataset)
    return dataset


def show_duplicates(dataset: Any) -> None:
    """Look for near-duplicates and print how many groups there are."""
    say("Looking for near-duplicates …")
    found = operator("find_duplicates")(dataset, run_key=RUN)
    say(f"{found['groups']:,} groups of near-duplicates.")


def opened(name: str, options: argparse.Namespace) -> Any | None:
    """The dataset of last time, with how far it is; None where one is to be built."""
    from scripts.last_time import dataset_of_last_time, how_far

    dataset = None if options.fresh else dataset_of_last_time(name)
    if dataset is not None:
        say(f"Here is the dataset of last time, {name!r} (begin anew: make demo FRESH=1).")
        for line in how_far(dataset):
            say(line)
    return dataset


def prepare_objects(options: argparse.Namespace) -> Any:
    """The dataset of boxes, built and scored unless last time's is there."""
    from scripts import demo_objects, last_time

    name = "deconfuse-demo-objects"
    dataset = opened(name, options)
    if dataset is not None:
        return dataset
    say("Drawing scikit-learn's handwritten digits on canvases, some of their boxes wrong …")
    dataset = demo_objects.objects_dataset(name, options.home / "canvases")
    say("The detector is simulated: what it says of each digit is drawn at random.")
    field, predictions = demo_objects.FIELD, demo_objects.PREDICTIONS
    find = operator("find_label_errors")
    result = find(
        dataset, field, run_key=RUN, source="predictions", prediction_fields=[predictions]
    )
    last_time.finish(dataset)
    for note in left_out(result, None):
        say(note)
    say(f"{result['objects']:,} boxes on {result['samples']:,} images were judged.")
    planted: Counter[str] = Counter()
    for counted in dataset.values("planted"):
        planted.update(counted)
    for kind, suspects in result["suspects"].items():
        say(f"  {kind}: {suspects} suspects, {planted[kind]} planted")
    say()
    return dataset


def classified(dataset: Any, field: str, folder: Path | None) -> dict[str, Any]:
    """What ``find_label_errors`` returns; what it cannot work with is said without a traceback."""
    find = operator("find_label_errors")
    try:
        return find(dataset, label_field=field, run_key=RUN, duplicates=False)
    except Exception as error:
        if type(error).__name__ != "InputError":  # FiftyOne loads the plugin under its own name
            raise
        dataset.delete()
        raise SystemExit(f"DATA={folder}: {error}" if folder else str(error)) from None


def left_out(result: dict[str, Any], folder: Path | None) -> list[str]:
    """What ``find_label_errors`` could not use, a line for each reason."""
    from scripts.image_folder import left_out_note

    named: dict[str, list[str]] = {}
    for sample in result["skipped_samples"]:
        name = sample["filepath"]
        if folder is not None:
            name = name.removeprefix(f"{folder}{os.sep}")
        named.setdefault(sample["reason"], []).append(name)
    counts = sorted(result["skipped"].items())
    return [left_out_note(count, why, named.get(why, [])) for why, count in counts]


def operator(name: str) -> Any:
    """An operator as any script gets it."""
    import fiftyone.operators as foo

    return foo.get_operator(f"{PLUGIN}/{name}")


def report(dataset: Any, field: str, result: dict[str, Any]) -> None:
    """Print what was found."""
    columns = [f"{field}.label", f"{RUN}_prediction.label", f"{RUN}_suspicion"]
    labels, predictions, suspicion = dataset.values(columns)
    pairs = zip(labels, predictions, strict=True)
    cells = Counter((a, b) for a, b in pairs if None not in (a, b) and a != b)
    suspects = cells.total()
    say()
    say(f"{result['samples']:,} images in {result['classes']} classes were classified.")
    if result["chosen"]:
        say(result["chosen"])
    agreement = f"The classifier agrees with {result['accuracy']:.2%} of the labels"
    say(f"{agreement}: {suspects:,} suspects are left to look at.")
    if dataset.has_field("true_label"):
        wrong = [a != b for a, b in zip(labels, dataset.values("true_label"), strict=True)]
        found = sum(w and a != b for w, a, b in zip(wrong, labels, predictions, strict=True))
        ranked = sorted(range(len(wrong)), key=lambda i: -(suspicion[i] or float("-inf")))
        first = sum(wrong[i] for i in ranked[: sum(wrong)])
        say(f"{sum(wrong)} labels were planted wrong; {found} of them are among the suspects,")
        say(f"and {first} among the {sum(wrong)} images that are ranked first.")
    say()
    show_first(dataset, field)
    say()
    if not cells:
        return
    say("Largest cells (label → prediction, images):")
    for (label, prediction), count in cells.most_common(5):
        say(f"  {label} → {prediction}  {count}")
    say()


def show_first(dataset: Any, field: str) -> None:
    """Print the first suspects."""
    columns = [f"{field}.label", f"{RUN}_prediction.label", "filepath"]
    first = dataset.sort_by(f"{RUN}_suspicion", reverse=True).limit(FIRST)
    rows = [row for row in zip(*first.values(columns), strict=True) if row[0] != row[1]]
    if not rows:
        say("No image is suspect: the classifier agrees with every label that it can judge.")
        return
    say("The first suspects (label → what the classifier sees):")
    for label, prediction, path in rows:
        say(f"  {label} → {prediction}  {path}")


def add_workspace(dataset: Any) -> str:
    """Save a workspace with grid and panel side by side; the URL's query that opens it."""
    import fiftyone as fo
    import yaml

    panels = yaml.safe_load((ROOT / "fiftyone.yml").read_text()).get("panels") or []
    if not panels:
        return ""
    shown = [fo.Panel(type="Samples", pinned=True), fo.Panel(type=panels[0])]
    spaces = fo.Space(
        orientation="horizontal",
        sizes=[0.35, 0.65],
        children=[fo.Space(children=[panel], active_child=panel.component_id) for panel in shown],
    )
    dataset.save_workspace(WORKSPACE, spaces, overwrite=True)
    return f"?workspace={WORKSPACE}"


def serve(dataset: Any, options: argparse.Namespace) -> None:
    """Serve the App until Ctrl-C."""
    from scripts.app_server import app_server

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((options.address, options.port))
        except OSError as error:
            reason = f"cannot serve on port {options.port}: {error.strerror}"
            raise SystemExit(f"{reason}. Another one: make demo PORT=5152") from None
    query = add_workspace(dataset)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    say("Starting the FiftyOne App …")
    with app_server(options.port, options.home / "server.log", options.address) as url:
        shown = f"{url}/datasets/{dataset.name}{query}"
        note_running(options.home, shown)
        say(f"\n    {shown}\n")
        say(
            "Open it in a browser. Ctrl-C ends the demo; what you decide is kept for the next time."
        )
        try:
            signal.pause()
        except KeyboardInterrupt:
            say("\nBye.")


def main() -> None:
    """Build, report, serve."""
    options = arguments()
    with Heartbeat():
        isolate(options.home)
        dataset = prepare(options)
    if not options.no_serve:
        serve(dataset, options)


if __name__ == "__main__":
    main()
