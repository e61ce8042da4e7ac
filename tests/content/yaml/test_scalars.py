"""Scalars that programs write: YAML of any version reads the value again."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.yaml import format_scalar, parse_yaml, quote_scalar


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("ferries", "ferries"),
        ("no", '"no"'),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T09:30:00+01:00", "2026-01-31T09:30:00+01:00"),
        ("12", '"12"'),
        ('a "b"', "'a \"b\"'"),
        ('it\'s "b"', '"it\'s \\"b\\""'),
        (12, "12"),
        (True, "true"),
    ],
)
def test_scalar(value: str | int, text: str) -> None:
    assert format_scalar(value) == text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff\u2028\u2029\x85")))
def test_any_text_is_read_again(value: str) -> None:
    for text in (format_scalar(value), quote_scalar(value)):
        document = parse_yaml("a.yaml", f"key: {text}\n")
        assert ([*document.problems], document.value) == ([], {"key": value})
        assert str(yaml.load(f"key: {text}\n", yaml.BaseLoader)["key"]) == value
