"""The operator ``repair_dataset``: fields that stop FiftyOne from reading a dataset."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.store.sample_collection import root_dataset
from ..plugin.store.samples import Collection, repair
from .checked import CheckedOperator


class RepairDataset(CheckedOperator):
    """Takes fields off the samples that the dataset does not declare."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="repair_dataset",
            label="Repair a dataset that cannot be read",
            description="Take off fields that samples hold and the dataset does not declare",
            icon="healing",
            dynamic=True,
        )

    def __call__(self, sample_collection: Collection) -> dict[str, Any]:
        """Repair a dataset.

        Args:
            sample_collection: the dataset, or a view of it

        Returns:
            ``undeclared``: the fields that were taken off, with the number of samples of each
        """
        return {"undeclared": repair(root_dataset(sample_collection))}

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Repair it and say what was found."""
        result = self(ctx.dataset)
        found = ", ".join(f"'{name}' ({count:,})" for name, count in result["undeclared"].items())
        message = f"Taken off: {found}" if found else "Nothing to repair"
        ctx.ops.notify(message, variant="success")
        ctx.ops.reload_dataset()
        return result

    def resolve_input(self, ctx: Any) -> types.Property:
        """What it will do."""
        inputs = types.Object()
        inputs.view(
            "what",
            types.Notice(
                label="For a dataset that FiftyOne cannot read (FieldDoesNotExist)",
                description="Values of fields that the dataset does not declare are taken off its "
                "samples and kept aside in the database.",
            ),
        )
        return types.Property(inputs, view=types.View(label="Repair a dataset"))

    def resolve_output(self, ctx: Any) -> types.Property:
        """The fields, as JSON."""
        outputs = types.Object()
        outputs.obj("undeclared", label="Fields taken off", view=types.JSONView())
        return types.Property(outputs, view=types.View(label="Repaired"))
