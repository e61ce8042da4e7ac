"""The name of each language in that language."""

from __future__ import annotations

import pytest
from babel.localedata import locale_identifiers

from feedsvc.language import native_name


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


def test_every_language_of_cldr_has_a_name() -> None:
    assert all(native_name(identifier.replace("_", "-")) for identifier in locale_identifiers())
