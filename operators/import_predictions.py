"""The operator ``import_predictions``: any model's predictions, from a file onto the samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.box_files.job import import_boxes
from ..plugin.box_files.settings import BoxSettings, is_of_boxes
from ..plugin.errors import InputError
from ..plugin.predictions.job import import_predictions
from ..plugin.predictions.settings import ImportSettings
from ..plugin.store.samples import Collection
from .base import LongOperator, Work, long_config
from .caller import discreet, file_to_read, may_be_read
from .checked import Target
from .forms import form
from .import_predictions_form import add_inputs, chosen_path
from .terminal import in_terminal

OF_BOXES = ("images", "boxes", "units", "numbers_from", "unseen")
OPTIONS = (*ImportSettings.__dataclass_fields__, *OF_BOXES)
FILES = ("path", "keys", "classes", "images")


class ImportPredictions(LongOperator):
    """Fills a field of predictions from a file, for ``source="predictions"`` to read."""

    TASK = "Importing predictions"
    IN_PROCESS = True

    FORM: ClassVar[dict[str, Any]] = {
        "path": str | Path | Mapping[str, Any],
        "keys": str | Path | Mapping[str, Any],
        "classes": str | Path | Sequence[str] | Mapping[str, Any],
        "images": str | Path | Mapping[str, Any],
        "class_names": Sequence[str],
        "target": Target,
        "show_advanced": bool,
    }

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return long_config(
            name="import_predictions",
            label="Label errors: import predictions",
            description="Fill a field with a model's predictions from CSV, JSON lines or NumPy; "
            "boxes from COCO JSON or YOLO text",
            icon="upload_file",
        )

    def __call__(
        self,
        sample_collection: Collection,
        path: str | Path,
        field: str = "predictions",
        *,
        classes: Sequence[str] | Mapping[str, Any] | str | Path | None = None,
        keys: str | Path | None = None,
        values: str = "auto",
        match: str = "auto",
        root: str | Path | None = None,
        label_field: str | None = None,
        foreign: str = "keep",
        overwrite: bool = False,
        images: str | Path | None = None,
        boxes: str = "auto",
        units: str = "auto",
        numbers_from: int | None = None,
        unseen: str = "skip",
        preview: bool = False,
        delegate: bool = False,
    ) -> dict[str, Any]:
        """Run from Python; see the user guide for the parameters.

        Returns:
            what became of the rows; with ``delegate=True`` the queued operation
        """
        listed = _plain_classes(classes)
        params = {
            "path": str(path),
            "field": field,
            "classes": listed,
            "keys": None if keys is None else str(keys),
            "values": values,
            "match": match,
            "root": None if root is None else str(root),
            "label_field": label_field,
            "foreign": foreign,
            "overwrite": overwrite,
            "preview": preview,
            "images": None if images is None else str(images),
            "boxes": boxes,
            "units": units,
            "numbers_from": numbers_from,
            "unseen": unseen,
        }
        doing = _import_of(sample_collection, params)
        if delegate:
            # The form's file inputs are objects, and know no list.
            files = {name: params[name] for name in ("path", "keys", "images")}
            if isinstance(listed, list):
                params |= {"classes": None, "class_names": listed}
            elif isinstance(listed, str):
                files["classes"] = listed
            params |= {name: {"absolute_path": path} for name, path in files.items() if path}
            return self.queue(sample_collection, params)
        return in_terminal(doing)

    def run_key(self, ctx: Any) -> str:
        """None: predictions are a field of the dataset's."""
        return ""

    def work(self, ctx: Any) -> Work:
        """Check the parameters and say what to do with them."""
        given = {name: ctx.params.get(name) for name in OPTIONS}
        for name in FILES:
            given[name] = chosen_path(given[name], folder_of_texts=name == "path")
            if isinstance(given[name], str):
                given[name] = file_to_read(ctx, given[name], name, folders=name == "path")
        files = [given[name] for name in FILES if isinstance(given[name], str)]
        listed = ctx.params.get("class_names")
        if listed is not None and not isinstance(listed, list):
            raise InputError(f"class_names: expected a list of class names, got {listed!r}")
        given["classes"] = listed or given["classes"]
        samples = ctx.view if ctx.params.get("target", "view") == "view" else ctx.dataset
        doing = _import_of(samples, {"field": "predictions", **_filled(given)}, may_be_read(ctx))
        return discreet(ctx, doing, *files)

    def finished(self, ctx: Any, result: dict[str, Any]) -> Iterator[Any]:
        """Say what was done and let the grid and the sidebar follow."""
        left = result["unmatched"] + result["repeated"] + sum(result["skipped"].values())
        warned = bool((result.get("compared") or {}).get("warning"))
        yield ctx.ops.reload_dataset()
        yield ctx.ops.notify(
            summary(result),
            variant="warning" if left or warned or result["without_row"] else "success",
        )

    def resolve_input(self, ctx: Any) -> types.Property:
        """The form: which file, which field, and how its samples are found."""
        inputs = types.Object()
        add_inputs(ctx, inputs)
        return form(inputs, "Import predictions")


def _import_of(
    samples: Collection, params: dict[str, Any], may_read: Callable[[Path], bool] = lambda _: True
) -> Work:
    """What reads the file that the parameters name: of boxes, or of one class a sample."""
    if is_of_boxes(params.get("path")):
        settings = BoxSettings.from_mapping(params)
        return lambda report: import_boxes(samples, settings, report, may_read)
    known = {"boxes": "auto", "units": "auto", "unseen": "skip"}
    for name in OF_BOXES:
        if params.get(name) not in (None, "", known.get(name)):
            raise InputError(
                f"{name}: it belongs to files of boxes, which are .json or folders of .txt"
            )
    given = {name: value for name, value in params.items() if name not in OF_BOXES}
    of_classes = ImportSettings.from_mapping(given)
    return lambda report: import_predictions(samples, of_classes, report)


def _plain_classes(classes: Any) -> Any:
    """Class names as the form's parameters hold them."""
    if classes is None or isinstance(classes, str | Path):
        return None if classes is None else str(classes)
    return dict(classes) if isinstance(classes, Mapping) else list(classes)


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def summary(result: dict[str, Any]) -> str:
    """One sentence on what an import did.

    Args:
        result: what it returned
    """
    parts = {
        "rows without their sample": result["unmatched"],
        "rows about a sample that came before": result["repeated"],
        "rows that cannot be used": sum(result["skipped"].values()),
        "samples without a row": result["without_row"],
        "classes that no label has": len(result["foreign_classes"]),
    }
    if "objects" in result:
        parts["rows that come twice"] = parts.pop("rows about a sample that came before")
        parts["samples that the file says nothing of"] = parts.pop("samples without a row")
        parts["images of a name that several samples have"] = len(result["ambiguous_images"])
    found = [f"{number:,} {what}" for what, number in parts.items() if number]
    many = f"{result['written']:,} predictions"
    if "objects" in result:
        many = f"{result['objects']:,} objects on {result['written']:,} samples"
    would = "Nothing was written. There would be " if result["preview"] else ""
    warning = (result.get("compared") or {}).get("warning")
    return "; ".join(
        [
            f"{would}{many} in '{result['field']}'",
            *found,
            f"read as {result['read_as']}",
            *([warning] if warning else []),
        ]
    )
