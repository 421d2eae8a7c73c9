"""Whatever a user can call or see is documented in ``docs/guide``."""

import inspect
import re
from pathlib import Path

import fiftyone.operators as foo
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
GUIDE = {page: page.read_text() for page in sorted((ROOT / "docs" / "guide").glob("*.md"))}
NAMES = yaml.safe_load((ROOT / "fiftyone.yml").read_text())["operators"]
ABSORBED = {"self", "sample_collection", "dataset", "options", "kwargs"}


def _page_of(operator: str) -> str:
    pages = [text for text in GUIDE.values() if f"`{operator}`" in text]
    assert pages, f"no page of docs/guide names `{operator}`"
    return "\n".join(pages)


@pytest.mark.parametrize("name", NAMES)
def test_each_operator_and_its_parameters_are_documented(name):
    operator = foo.get_operator(f"@deconfuse/label-errors/{name}")
    page = _page_of(name)
    for parameter in inspect.signature(operator.__call__).parameters:
        if parameter not in ABSORBED:
            assert f"`{parameter}`" in page, f"`{parameter}` of {name} is not documented"


def test_each_setting_of_find_label_errors_is_documented():
    from plugin.classify.settings import Settings

    page = _page_of("find_label_errors")
    for name in Settings.__dataclass_fields__:
        assert f"| `{name}` |" in page, f"`{name}` has no row in the table of parameters"


def test_each_field_on_samples_is_documented():
    from plugin.store.fields import OWN_FIELDS

    page = "\n".join(GUIDE.values())
    for name in OWN_FIELDS:
        assert f"`{{run}}_{name}`" in page


def test_each_documented_operator_exists():
    for text in GUIDE.values():
        for name in re.findall(r"label-errors/(\w+)\"", text):
            assert name in NAMES
