"""Serialised values of PHP."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.importing.wordpress.php_serialized import PhpFormatError, parse_php, php_member


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("N;", None),
        ("b:1;", True),
        ("i:-5;", -5),
        ("d:0.5;", 0.5),
        ('s:5:"caf\u00e9";', "caf\u00e9"),
        ('s:3:"a"b";', 'a"b'),
        ('a:2:{i:0;s:1:"x";s:1:"k";a:0:{}}', {0: "x", "k": {}}),
        ('O:8:"stdClass":1:{s:1:"a";i:1;}', {"a": 1}),
    ],
)
def test_value(text: str, value: object) -> None:
    assert parse_php(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        's:9:"short";',
        "a:1:{",
        "a:1:{a:0:{}i:1;}",
        "i:1;i:2;",
        "a:1:{i:0;" * 60 + "N;" + "}" * 60,
        "a:9999999:{}",
        "d:1e;",
    ],
)
def test_damaged_value_is_refused(text: str) -> None:
    with pytest.raises(PhpFormatError):
        parse_php(text)


def test_member_of_damaged_meta_is_missing() -> None:
    assert php_member('a:1:{s:8:"filesize";i:5;}', "filesize") == 5
    assert php_member('a:1:{s:8:"filesize";i:5;', "filesize") is None
    assert php_member("plain text", "filesize") is None


@given(st.text(alphabet='aOsidbN:;{}"0123456789', max_size=60))
def test_any_text_is_a_value_or_refused(text: str) -> None:
    try:
        parse_php(text)
    except PhpFormatError:
        return
