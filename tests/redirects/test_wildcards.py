"""A "*" at the end of an address stands for what follows, and leads nowhere else than its target says."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.redirects import GONE, RedirectRules, normalize_address, parse_target


def rules_of(**rules: str) -> RedirectRules:
    return RedirectRules.from_addresses(
        {normalize_address(old): parse_target(new, has_wildcard=True) for old, new in rules.items()}
    )


@pytest.mark.parametrize(
    ("source", "target", "path", "result"),
    [
        ("/blog/*", "/articles/*", "/blog/a-b/", "/articles/a-b/"),
        ("/blog/*", "/articles/*", "/blog/a-b", "/articles/a-b/"),
        ("/blog/*", "/articles/*", "/blog/a-b/index.html", "/articles/a-b/"),
        ("/blog/*", "/articles/*", "/blog/", "/articles/"),
        ("/blog/*", "/articles/*", "/blog", "/articles/"),
        ("/blog/*", "/articles/*", "/blogs/a/", ""),
        ("/blog/*", "/articles/*", "/Blog/a/", ""),
        ("/files/*", "/media/*", "/files/2014/05/a.jpg", "/media/2014/05/a.jpg"),
        ("/files/*", "/media/*", "/files//a.jpg", ""),
        ("/category/x/page/*", "/category/x/", "/category/x/page/7/", "/category/x/"),
        ("/old/*", "https://old.example/*", "/old/a b/c?d", ""),
        ("/old/*", "https://old.example/*", "/old/a b/서", "https://old.example/a%20b/%EC%84%9C/"),
        ("/old/*", "https://old.example/größe/*", "/old/y.html", "https://old.example/gr%C3%B6%C3%9Fe/y.html"),
        ("/old/*", "https://Bücher.example/*", "/old", "https://xn--bcher-kva.example/"),
        ("/spam/*", "gone", "/spam/a/b", GONE),
        ("/서울/*", "/articles/*", "/서울/x/", "/articles/x/"),
        ("/a.b/*", "/articles/*", "/axb/x/", ""),
        ("/*", "/articles/*", "/x", "/articles/x/"),
    ],
)
def test_rule_matches_and_builds_its_target(source: str, target: str, path: str, result: str) -> None:
    assert rules_of(**{source: target}).wildcard_target(path) == result


def test_longest_address_decides() -> None:
    rules = rules_of(**{"/*": "gone", "/a/*": "/x/", "/a/b/*": "/y/"})
    assert [rules.wildcard_target(path) for path in ("/a/b/c/", "/a/b", "/a/c/", "/a/", "/c/d")] == [
        *("/y/", "/y/", "/x/", "/x/", GONE)
    ]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("gone", GONE),
        ("/articles/%EC%84%9C/", "/articles/서/"),
        ("https://other.example/a b", "https://other.example/a%20b"),
        ("https://other.example/a*b", "https://other.example/a*b"),
    ],
)
def test_target_is_a_path_an_address_or_gone(text: str, target: str) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize(
    "text", ["", "Gone", "articles/x", "//evil.example/", "/a?b", "https://", "javascript:alert(1)", "/{x}/", "/articles/*"]
)
def test_any_other_target_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_target(text)


@pytest.mark.parametrize("text", ["*", "/a*", "https://*", "https:///*", "https://evil.example*", "//*", "gone*"])
def test_any_other_target_with_an_asterisk_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_target(text, has_wildcard=True)


# Captured texts decide where a redirect leads: whatever a client sends, it stays on the host.
HOSTILE = st.lists(
    st.sampled_from(
        ["/", "//", "\\", "evil.example", "..", ".", "@", ":", "%2f", "%5c", "x", "?", "#", "\r\n", "서", " ", "&", "="]
    ),
    max_size=8,
).map("".join)


@given(HOSTILE)
def test_no_request_leads_to_another_host(text: str) -> None:
    rules = rules_of(**{"/old/*": "/*", "/far/*": "https://other.example/*"})
    for prefix in ("/old/", "/far/", "/"):
        target = rules.wildcard_target(prefix + text)
        if target.startswith("https:"):
            assert urlsplit(target).netloc == "other.example"
            assert target.isascii()
            assert target.isprintable()
        elif target:
            assert target.startswith("/")
            assert not target.startswith("//")


def test_gaps_of_a_plain_host_are_queries_names_of_the_tree_and_wildcards() -> None:
    exact = {
        "/a/": "/x/",
        "/?p=1": "/x/",
        "/feed.rss.gz": "/x/",
        "/_redirects": "/x/",
        "/.feedsvc-build.journal": "/x/",
        "/b.html": "/x/",
        "/b.html/c/": "/x/",
        "/c/?p=2": GONE,
        f"/{'서' * 90}/": "/x/",
    }
    assert [*RedirectRules(exact, {"/blog/": "/articles/*", "/spam/": GONE}).plain_host_gaps] == [
        *("/?p=1", "/feed.rss.gz", "/_redirects", "/.feedsvc-build.journal", "/b.html/c/", "/c/?p=2", f"/{'서' * 90}/"),
        "/blog/*",
    ]


def test_rules_of_two_objects_differ_in_some_addresses() -> None:
    one = RedirectRules({"/a/": "/x/", "/b/": "/x/", "/?p=1": "/x/"}, {"/x/": "gone"})
    other = RedirectRules({"/b/": "/y/", "/c/": "/x/"})
    assert {*one.changed_addresses(other)} == {"/a/", "/b/", "/c/"}
    assert one.digest != other.digest
    assert RedirectRules().digest == ""
