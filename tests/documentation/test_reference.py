"""docs/reference.md has every key of every file, as the schemas describe them."""

import re

import pytest

from feedsvc.content.schema import SCHEMA_NAMES, models
from feedsvc.content.schema.descriptions import KEY_DESCRIPTIONS
from feedsvc.editing.schema_files import FILE_PATTERNS
from tests.documentation import reference


def _values_by_key(text: str) -> dict[str, str]:
    """Return the value column of each row by its key; rows without a meaning are left out."""
    return dict(re.findall(r"^\| `([\w.\[\]]+)` \| ([^|]+) \| \S", text, re.MULTILINE))


def test_the_reference_is_up_to_date() -> None:
    assert reference.FILE.read_text() == reference.build_reference(), f"run {reference.UPDATE_COMMAND}"


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_the_reference_has_a_section_for_each_file(name: str) -> None:
    assert f"\n## {FILE_PATTERNS[name]}\n" in reference.build_reference()


@pytest.mark.parametrize("model", sorted(KEY_DESCRIPTIONS))
def test_the_reference_describes_each_key_of_a_model(model: str) -> None:
    keys = {name.rpartition(".")[2] for name in _values_by_key(reference.build_reference())}
    assert set(getattr(models, model).model_fields) - keys == set()


def test_the_reference_names_required_keys_defaults_limits_and_allowed_values() -> None:
    rows = _values_by_key(reference.build_reference().partition("## categories")[0])
    assert rows["title"] == "text; required"
    assert rows["feed.entries"] == "whole number, 1 to 1000; default `50`"
    assert rows["feed.content"] == "`full`, `summary`; default `full`"
    assert rows["feed.browser_view"] == "`true` or `false`; default `true`"
    assert rows["feed.markdown"] == "`true` or `false`; default `false`"
    assert rows["timezone"] == "text; default `UTC`"
    assert rows["license.payment.type"].startswith("`purchase`, `subscription`")


def test_the_reference_has_no_default_where_the_value_of_the_site_counts() -> None:
    rows = _values_by_key(reference.build_reference().partition("## feeds.yaml")[2].partition("## article")[0])
    assert rows["browser_view"] == "`true` or `false`"
    assert rows["entries"] == "whole number, 1 to 1000"
