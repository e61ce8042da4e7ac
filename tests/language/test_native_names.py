"""The name of each language in that language."""

from __future__ import annotations

import re

import pytest
from babel.localedata import locale_identifiers

from feedsvc.language import native_name

REGION = re.compile(r"_([A-Z]{2}|\d{3})\b")


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("en", "English"),
        ("en-GB", "English (United Kingdom)"),
        ("ko", "한국어"),
        ("KO-kr", "한국어 (대한민국)"),
        ("zh-Hant", "中文 (繁體)"),
        ("ar", "العربية"),
        ("fr", "français"),
        ("pt-BR", "português (Brasil)"),
        ("sr-Latn", "srpski (latinica)"),
        ("xx", "xx"),
        ("tlh", "tlh"),
    ],
)
def test_a_language_is_named_in_itself(tag: str, name: str) -> None:
    assert native_name(tag) == name


def test_every_language_and_script_of_cldr_has_a_name() -> None:
    """A language in a region is not looked at: it has the words of its language, and reading 700 more files takes seconds."""
    tags = [identifier.replace("_", "-") for identifier in locale_identifiers() if not REGION.search(identifier)]
    assert len(tags) > 300
    assert all(native_name(tag) for tag in tags)
