"""Rules of an import: each address has one rule, in whichever spelling it is stated."""

from __future__ import annotations

import pytest

from feedsvc.importing.writer.redirects import RedirectTable


@pytest.mark.parametrize(
    ("first", "second"),
    [("/old", "/old/"), ("/old.html/", "/old.html"), ("/?p=1", "/?p=1"), ("/100%25", "/100%25/"), ("/a/?q=1%25", "/a?q=1%25")],
)
def test_first_rule_stays_for_another_spelling_of_its_address(first: str, second: str) -> None:
    table = RedirectTable()
    table.add(first, "/one/")
    table.add(second, "/two/")
    assert [*table.rules.values()] == ["/one/"]
    table.add(second, "/three/", replaces=True)
    assert [*table.rules.values()] == ["/three/"]


def test_encoded_address_is_not_taken_for_the_one_that_its_text_would_be_if_decoded() -> None:
    table = RedirectTable()
    table.add("/100%25/", "/one/")
    table.add("/100%2525/", "/two/")
    assert table.rules == {"/100%25/": "/one/", "/100%2525/": "/two/"}
