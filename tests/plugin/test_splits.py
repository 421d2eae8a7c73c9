"""Names of splits, the ways to say what they are, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from plugin.errors import InputError
from plugin.splits import SplitRule, note_on, split_named


@pytest.mark.parametrize(
    ("names", "split"),
    [
        (["train", "Training", "TRAIN", " train ", "train2017", "train_set", "trainval"], "train"),
        (["val", "Valid", "validation", "dev", "eval", "val2017", "minival"], "validation"),
        (["test", "TESTING", "holdout", "hold-out", "held_out", "test-dev", "test2015"], "test"),
        (["split:train", "split=train", "subset/train", "Split: Train"], "train"),
        (["fold0", "Fold 0", "fold_00", "split:fold0"], "fold0"),
        (["fold12", "cv12", "kfold-12"], "fold12"),
        (["night", "latest", "contrast", "device", "notest", "set", "split"], None),
        (["7", "", "tésting"], None),
        ([None, 3, True, ["train"]], None),
    ],
)
def test_what_a_name_means(names: list[Any], split: str | None) -> None:
    assert [split_named(name) for name in names] == [split] * len(names)


def test_tags_come_before_fields_and_any_of_the_usual_fields_does() -> None:
    rule = SplitRule.of_option(None)
    assert rule.split_of({"tags": ["night", "Test"], "split": "train"}) == "test"
    for field in ("split", "subset", "partition"):
        assert rule.split_of({"tags": ["night"], field: "Holdout"}) == "test"
        assert rule.split_of({"tags": None, field: {"label": "dev"}}) == "validation"
    assert rule.split_of({"split": "street"}) is None
    assert rule.split_of({}) is None


def test_a_field_or_tags_can_be_named_and_then_anything_is_a_split() -> None:
    document = {"tags": ["b", "a", "train"], "site": {"label": "Hall 3"}, "fold": 2}
    assert SplitRule.of_option({"field": "site"}).split_of(document) == "Hall 3"
    assert SplitRule.of_option("site").split_of(document) == "Hall 3"
    assert SplitRule.of_option({"field": "fold"}).split_of(document) == "2"
    assert SplitRule.of_option({"field": "meta.part"}).split_of({"meta": {"part": "x"}}) == "x"
    for option in (["a", "b"], {"tags": ["a", "b"]}, "a, b", ("a", "b")):
        assert SplitRule.of_option(option).split_of(document) == "a"
    assert SplitRule.of_option(["c", "d"]).split_of(document) is None


def test_a_rule_can_be_kept() -> None:
    for option in (None, {"field": "site"}, ["a", "b"], "usual"):
        rule = SplitRule.of_option(option)
        assert SplitRule.of_document(rule.as_document()) == rule
    assert SplitRule.of_document(None) == SplitRule.of_option("usual") == SplitRule()


@pytest.mark.parametrize(
    "option",
    [["a"], [], ["a", "a"], ["a", 3], {"field": 3}, {"field": "a", "tags": []}, {}, 7, {"x": "y"}],
)
def test_what_is_no_rule_is_refused(option: Any) -> None:
    with pytest.raises(InputError, match="splits: expected a field as"):
        SplitRule.of_option(option)


def test_names_that_there_are_and_what_is_said_where_there_are_too_few() -> None:
    rule = SplitRule()
    assert rule.names({"tags": ["night", None, "val"], "split": ["Train", 3]}) == [
        "train",
        "validation",
    ]
    assert note_on(["test", "train"]) is None
    assert str(note_on([])).startswith("No splits were found, so no leaks")
    assert "Only one split was found (train)" in str(note_on(["train"]))
