"""The paper's user study with a simulated annotator: corrupted MNIST, three iterations.

``python benchmarks/mnist_study.py [--data FOLDER] [--iterations 3] [--images N]``

70,000 digits with 3,330 wrong labels and five copied images, as in section 6 of the paper, in a
real FiftyOne dataset. The annotator is played by the true labels and keeps to these rules:

- It sees what the product shows, in the order that it shows it: the overview's rows, in each the
  misclassified cells from left to right, in a cell its images; at the end the duplicates.
- Of every image that is on screen it can tell the true digit. Each counts as looked at.
- In a cell it first decides on the exceptions, one by one, each a gesture: an image whose digit is
  not what most of the cell's images are. Then one gesture takes the rest of the cell: relabel if
  they are wrong, confirm if they are right.
- Of what the classifier agrees with it sees the 50 samples that the map's *Stand out most* selects
  by suspicion; it decides on the wrong ones one by one and confirms the others. As long as there
  was an error among them it asks for the next 50.
- A group of duplicates takes one gesture: keep one.

``--audit N`` plays the first iteration a second way, on paper: of cells with more than four times
N images only N random ones are looked at, and if all of them are alike the rest follows unseen.

The accuracy on true test labels is that of a classifier trained on the cleaned *training* split
alone, which no test image was part of.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402
import own_database  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from real_data import ImageSet, corrupted_mnist, data_folder, load  # noqa: E402

COPIES = 5
OUTSTANDING = 50
FIRST_GESTURES = 150
Cell = tuple[int, int, NDArray[np.int64]]


@dataclass
class Effort:
    """What the annotator has done so far."""

    looked: int = 0
    gestures: int = 0
    fixed: int = 0
    wrong_changes: int = 0
    fixed_by_gesture: list[int] = field(default_factory=list)
    wrong_by_gesture: list[int] = field(default_factory=list)

    def gesture(self, fixed: int, wrong: int) -> None:
        """Count one gesture and what it changed."""
        self.gestures += 1
        self.fixed += fixed
        self.wrong_changes += wrong
        self.fixed_by_gesture.append(self.fixed)
        self.wrong_by_gesture.append(self.wrong_changes)

    def after(self, gestures: int) -> tuple[int, int]:
        """Errors fixed and wrong changes made within the first gestures."""
        at = min(gestures, self.gestures) - 1
        return (self.fixed_by_gesture[at], self.wrong_by_gesture[at]) if at >= 0 else (0, 0)


class Study:
    """The dataset, its true labels, and the annotator."""

    def __init__(self, images: ImageSet, count: int | None):
        import fiftyone as fo

        chosen = np.arange(len(images.paths))
        if count:
            chosen = np.sort(np.random.default_rng(3).choice(chosen, count, replace=False))
        true = images.labels["label"][chosen]
        wrong = _corrupted(true)
        paths = [images.paths[i] for i in chosen]
        self.folder = Path(tempfile.mkdtemp(prefix="deconfuse-study-"))
        copied = np.random.default_rng(9).choice(
            np.flatnonzero(true == wrong), COPIES, replace=False
        )
        copies = [shutil.copy(paths[i], self.folder / f"copy{i}.png") for i in copied]
        self.dataset: Any = fo.Dataset()
        rows = [
            *zip(paths, images.splits[chosen], wrong, strict=True),
            *zip(copies, images.splits[chosen][copied], true[copied], strict=True),
        ]
        samples = [
            fo.Sample(filepath=str(p), tags=[str(s)], ground_truth=fo.Classification(label=str(y)))
            for p, s, y in rows
        ]
        self.ids: list[str] = self.dataset.add_samples(samples, progress=False)
        self.true = dict(zip(self.ids, [*true.tolist(), *true[copied].tolist()], strict=True))
        self.copies = set(self.ids[-COPIES:])
        self.planted = int((true != wrong).sum())
        self.effort = Effort()

    def labels(self) -> dict[str, str]:
        """The labels as they are now."""
        return dict(zip(*self.dataset.values(["id", "ground_truth.label"]), strict=True))

    def left(self) -> int:
        """Wrong labels left."""
        return sum(self.true[i] != label for i, label in self.labels().items())

    def train(self) -> dict[str, Any]:
        """The next iteration."""
        from plugin.classify.job import find_label_errors
        from plugin.classify.settings import Settings

        options = {"label_field": "ground_truth", "duplicates": False}
        return find_label_errors(self.dataset, Settings.from_mapping(options), _progress)

    def cells(self) -> list[Cell]:
        """The misclassified cells with open samples, as the overview orders them."""
        from plugin.decisions.state import current_state
        from plugin.scoring.overview import cells_of_labels, expected_errors, label_rows
        from plugin.store.runs import load_run

        run = load_run(self.dataset, "deconfuse")
        iteration = run.iteration()
        state = current_state(run, iteration)
        cells = iteration.cells
        errors = expected_errors(iteration.column("p_label"), cells.start)
        rows = label_rows(cells, state.open_count, errors)
        order = cells_of_labels(cells, state.open_count, rows.label[rows.order("count")])
        found = []
        for cell in order.tolist():
            label, prediction = int(cells.label[cell]), int(cells.prediction[cell])
            held = np.arange(int(cells.start[cell]), int(cells.start[cell + 1]))
            if label != prediction:
                found.append((label, prediction, held[state.kind[held] == 0]))
        return found

    def review(self) -> int:
        """Go through all that is shown once; how many images that was."""
        from plugin.store.iterations import unpack_ids
        from plugin.store.runs import load_run

        iteration = load_run(self.dataset, "deconfuse").iteration()
        ids = unpack_ids(iteration.column("sample_id"))
        shown = 0
        for label, _, rows in self.cells():
            held = [ids[row] for row in rows]
            shown += len(held)
            self.effort.looked += len(held)
            digits = [self.true[i] for i in held]
            usual = max(sorted(set(digits)), key=digits.count)
            said = iteration.classes[label]
            for sample, digit in zip(held, digits, strict=True):
                if digit != usual:
                    self.decide([sample], said, digit)
            self.decide([i for i, d in zip(held, digits, strict=True) if d == usual], said, usual)
        return shown

    def outstanding(self) -> int:
        """Look at what stands out most until 50 hold no error; how many errors there were."""
        found = 0
        while wrong := self.fifty():
            found += wrong
        return found

    def fifty(self) -> int:
        """Look at the open samples with the highest suspicion; how many of them were wrong."""
        from plugin.decisions.state import current_state
        from plugin.store.iterations import unpack_ids
        from plugin.store.runs import load_run

        run = load_run(self.dataset, "deconfuse")
        iteration = run.iteration()
        open_rows = np.flatnonzero(current_state(run, iteration).kind == 0)
        suspicion = iteration.column("suspicion")[open_rows]
        rows = open_rows[np.argsort(-suspicion, kind="stable")[:OUTSTANDING]]
        ids = unpack_ids(iteration.column("sample_id")[rows])
        said = [iteration.classes[i] for i in iteration.column("label")[rows]]
        self.effort.looked += len(ids)
        wrong = [(i, y) for i, y in zip(ids, said, strict=True) if self.true[i] != y]
        for sample, label in wrong:
            self.decide([sample], label, self.true[sample])
        self.confirm([i for i in ids if i not in dict(wrong)])
        return len(wrong)

    def confirm(self, ids: list[str]) -> None:
        """One gesture: the labels of all of them are right."""
        from plugin.decisions.resolve import resolve
        from plugin.store.runs import load_run

        resolve(load_run(self.dataset, "deconfuse"), "confirm", ids)
        self.effort.gesture(0, 0)

    def decide(self, ids: list[str], said: str, digit: str) -> None:
        """One gesture: all of them are that digit."""
        from plugin.decisions.resolve import resolve
        from plugin.store.runs import load_run

        if digit == said:
            self.confirm(ids)
            return
        run = load_run(self.dataset, "deconfuse")
        done = resolve(run, "relabel", ids, label=digit, expected_label=said)
        assert done.applied == len(ids), done
        right = sum(self.true[i] == digit for i in ids)
        self.effort.gesture(right, len(ids) - right)

    def duplicates(self) -> dict[str, int]:
        """Find the copies and keep one of each; how many groups there were to look at."""
        import fiftyone.operators as foo

        find: Any = foo.get_operator("@deconfuse/label-errors/find_duplicates")
        found = find(self.dataset, scope="all")
        self.dataset.reload()
        held = self.dataset.exists("deconfuse_duplicates")
        with_copy = set(held.match({"deconfuse_ses": {"$gte": 1.0 - 1e-9}}).values("id"))
        return {
            "groups": found["groups"],
            "copies_found": len(with_copy & self.copies),
            "exact": found["exact_copies"],
        }

    def test_accuracy(self) -> float:
        """Of a classifier trained on the cleaned training split, on the true test labels."""
        from plugin.images.decoded import Pixels
        from plugin.learning.classifiers import Architecture
        from plugin.learning.device import choose_device, reproducible
        from plugin.learning.pictures import Normalisation, Pictures
        from plugin.learning.recipe import Recipe
        from plugin.learning.training import Trainer

        now = self.labels()
        ids, paths, tags = self.dataset.values(["id", "filepath", "tags"])
        label = np.array([int(now[i]) for i in ids], np.int64)
        is_test = np.array(["test" in t for t in tags])
        recipe = Recipe(6, 128, 1, choose_device("auto"), 51)
        with Pixels(paths, 28, 1, _progress) as pixels, reproducible(51):
            training = np.flatnonzero(~is_test)
            pictures = Pictures(pixels, Normalisation.of(pixels, training), recipe.device)
            trainer = Trainer(Architecture("simple_cnn", 10, 1, 28), pictures, label, recipe)
            trainer.train(training, _progress)
            said = _predicted(trainer, np.flatnonzero(is_test))
        true = np.array([int(self.true[i]) for i in ids])[is_test]
        return float((said == true).mean())


def _predicted(trainer: Any, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    parts = trainer.classify(rows, _progress)
    return np.concatenate([log_p[-1].argmax(axis=1) for _, log_p, _ in parts])


def _corrupted(true: NDArray[Any]) -> NDArray[Any]:
    """The study's wrong labels, fewer of them where there are fewer images."""
    if len(true) == 70_000:
        return corrupted_mnist(true)
    share = len(true) / 70_000
    generator = np.random.default_rng(0)
    wrong = true.copy()
    for actual, said, count in (("9", "6", 1400), ("1", "4", 700), ("3", "1", 700)):
        held = np.flatnonzero(true == actual)
        wrong[generator.choice(held, int(count * share), replace=False)] = said
    return wrong


def audited(study: Study, size: int) -> dict[str, Any]:
    """The first iteration's cells with an audit of the large ones, on paper: nothing is changed."""
    from plugin.store.iterations import unpack_ids
    from plugin.store.runs import load_run

    iteration = load_run(study.dataset, "deconfuse").iteration()
    ids = unpack_ids(iteration.column("sample_id"))
    generator = np.random.default_rng(1)
    effort = Effort()
    for label, _, rows in study.cells():
        said = iteration.classes[label]
        digits = np.array([study.true[ids[row]] for row in rows])
        looked = np.arange(len(rows))
        if len(rows) > 4 * size:
            looked = generator.choice(len(rows), size, replace=False)
            if len(set(digits[looked].tolist())) > 1:
                effort.looked += size
                looked = np.arange(len(rows))
        effort.looked += len(looked)
        seen = digits[looked].tolist()
        usual = max(sorted(set(seen)), key=seen.count)
        bulk = digits == usual if len(looked) == len(rows) else np.ones(len(rows), bool)
        for digit in digits[~bulk]:
            effort.gesture(int(digit != said), 0)
        right = int((digits[bulk] == usual).sum())
        changed = usual != said
        effort.gesture(right if changed else 0, int(bulk.sum()) - right if changed else 0)
    fixed, wrong = effort.after(FIRST_GESTURES)
    return {
        "audit": size,
        "looked": effort.looked,
        "fixed": effort.fixed,
        "wrong_changes": effort.wrong_changes,
        "gestures": effort.gestures,
        "fixed_in_150": fixed,
        "wrong_in_150": wrong,
    }


_last = [time.monotonic()]


def _progress(progress: float | None, label: str) -> None:
    if time.monotonic() - _last[0] > 30:
        _last[0] = time.monotonic()
        print(f"  {progress or 0:.0%} {label}", file=sys.stderr, flush=True)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data")
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--images", type=int)
    parser.add_argument("--audit", type=int, default=60)
    options = parser.parse_args()
    own_database.start()
    study = Study(load("mnist", data_folder(options.data)), options.images)
    total = len(study.ids)
    print(f"{total:,} images, {study.planted:,} wrong labels, {COPIES} copies")
    rows: list[dict[str, Any]] = []
    on_paper: dict[str, Any] = {}
    for number in range(1, options.iterations + 1):
        result = study.train()
        if number == 1 and options.audit:
            on_paper = audited(study, options.audit)
            print("on paper, with audits:", on_paper)
        shown = study.review()
        outstanding = study.outstanding()
        effort = study.effort
        rows.append(
            {
                "iteration": number,
                "agreement": round(result["accuracy"], 4),
                "shown": shown,
                "outstanding_wrong": outstanding,
                "left": study.left(),
                "fixed_share": round(1 - study.left() / study.planted, 5),
                "wrong_changes": effort.wrong_changes,
                "looked_share": round(effort.looked / total, 4),
                "gestures": effort.gestures,
            }
        )
        print(rows[-1], flush=True)
    fixed, wrong = study.effort.after(FIRST_GESTURES)
    summary = {
        "fixed_in_150_gestures": round(fixed / max(study.effort.fixed, 1), 4),
        "wrong_in_150_gestures": wrong,
        "duplicates": study.duplicates(),
        "test_accuracy": round(study.test_accuracy(), 4),
    }
    print(summary)
    print(
        json.dumps(
            {"benchmark": "mnist_study", "rows": rows, "audited": on_paper, "summary": summary}
        )
    )
    study.dataset.delete()
    shutil.rmtree(study.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
