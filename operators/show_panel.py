"""The operator ``show_panel``: opens the panel by the keyboard, which reaches no + button."""

from __future__ import annotations

from typing import Any, NoReturn

import fiftyone.operators as foo

from ..plugin.errors import InputError
from ..plugin.store.samples import Collection
from .checked import CheckedOperator


class ShowPanel(CheckedOperator):
    """Opens the Label errors panel beside the samples, or goes to it."""

    @property
    def config(self) -> foo.OperatorConfig:
        """The operator as FiftyOne lists it."""
        return foo.OperatorConfig(
            name="show_panel",
            label="Label errors: open the panel",
            description="Open the Label errors panel, or go to it",
            icon="troubleshoot",
        )

    def __call__(self, sample_collection: Collection) -> NoReturn:
        """Refuse: a script has no App.

        Raises:
            InputError: always
        """
        raise InputError("show_panel opens the panel in the App; from Python there is nothing open")

    def execute(self, ctx: Any) -> dict[str, Any]:
        """Ask the App for it."""
        ctx.ops.open_panel("label_errors", is_active=True, layout="horizontal")
        return {}
