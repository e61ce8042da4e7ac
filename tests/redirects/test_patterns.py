"""Patterns match old addresses segment by segment, lead nowhere else than their target says, and can be turned around."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.redirects import GONE, RedirectPattern, RedirectRules, parse_pattern, parse_target, plain_host_gaps

ENCODED = "gr%C3%B6%C3%9Fe/%EC%84%9C%20a"


def match(source: str, target: str, path: str) -> str:
    return next(RedirectRules({}, (parse_pattern(source, target),)).pattern_targets(path), "")


@pytest.mark.parametrize(
    ("source", "target", "path", "result"),
    [
        ("/blog/{slug}/", "/articles/{slug}/", "/blog/a-b/", "/articles/a-b/"),
        ("/blog/{slug}/", "/articles/{slug}/", "/blog/a-b", "/articles/a-b/"),
        ("/blog/{slug}", "/articles/{slug}/", "/blog/a-b/", "/articles/a-b/"),
        ("/blog/{slug}/", "/articles/{slug}/", "/blog/", ""),
        ("/blog/{slug}/", "/articles/{slug}/", "/blog/a/b/", ""),
        ("/{year}/{month}/{slug}.html", "/articles/{slug}/", "/2014/05/x.html", "/articles/x/"),
        ("/{year}/{month}/{slug}.html", "/articles/{slug}/", "/14/05/x.html", ""),
        ("/{number}-{slug}/", "/articles/{slug}/", "/12-a-1/", "/articles/a-1/"),
        ("/category/{parents...}/{id}/feed/", "/category/{id}/feed.rss", "/category/a/b/c/feed/", "/category/c/feed.rss"),
        ("/category/{parents...}/{id}/feed/", "/category/{id}/feed.rss", "/category/c/feed/", ""),
        ("/files/{path...}", "/media/{path...}", "/files/2014/05/a.jpg", "/media/2014/05/a.jpg"),
        ("/files/{path...}", "/media/{path...}", "/files//a.jpg", ""),
        ("/old/{path...}", "https://old.example/{path...}", "/old/a b/c?d", ""),
        ("/old/{path...}", "https://old.example/{path...}", "/old/a b/서", "https://old.example/a%20b/%EC%84%9C"),
        (
            "/old/{x}",
            "https://old.example/größe/서 a/{x}/é?q={x}#ü",
            "/old/y",
            f"https://old.example/{ENCODED}/y/%C3%A9?q=y#%C3%BC",
        ),
        ("/old/{x}", "https://Bücher.example/?{x}", "/old/y", "https://xn--bcher-kva.example/?y"),
        ("/old/{x}", "https://old.example/%20%{x}", "/old/y", "https://old.example/%20%25y"),
        ("/spam/{path...}", "gone", "/spam/a/b", "gone"),
        ("/서울/{slug}/", "/articles/{slug}/", "/서울/x/", "/articles/x/"),
        ("/a.b/{slug}/", "/articles/{slug}/", "/axb/x/", ""),
    ],
)
def test_pattern_matches_and_builds_its_target(source: str, target: str, path: str, result: str) -> None:
    assert match(source, target, path) == result


def test_pattern_with_a_query_takes_whole_values() -> None:
    rules = RedirectRules({}, (parse_pattern("/?feed=rss2&author_name={id}", "/author/{id}/feed.rss"),))
    assert [*rules.query_targets("/", "author_name=mina-park&x=1&feed=rss2")] == ["/author/mina-park/feed.rss"]
    assert [*rules.query_targets("/", "author_name=a%20b&feed=rss2")] == ["/author/a b/feed.rss"]
    for query in (
        "author_name=mina-park",
        "feed=atom&author_name=x",
        "author_name=a%2Fb&feed=rss2",
        "author_name=%5Ca&feed=rss2",
    ):
        assert [*rules.query_targets("/", query)] == []


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("gone", GONE),
        ("/articles/%EC%84%9C/", "/articles/서/"),
        ("https://other.example/a b", "https://other.example/a%20b"),
    ],
)
def test_target_is_a_path_an_address_or_gone(text: str, target: str) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize(
    "text", ["", "Gone", "articles/x", "//evil.example/", "/a?b", "https://", "javascript:alert(1)", "/{x}/"]
)
def test_any_other_target_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_target(text)


# Captured texts decide where a redirect leads: whatever a client sends, it stays on the host.
HOSTILE = st.lists(
    st.sampled_from(
        ["/", "//", "\\", "evil.example", "..", ".", "@", ":", "%2f", "%5c", "x", "?", "#", "\r\n", "서", " ", "&", "="]
    ),
    max_size=8,
).map("".join)


@given(HOSTILE)
def test_no_request_leads_to_another_host(text: str) -> None:
    patterns = [
        parse_pattern("/old/{path...}", "/{path...}"),
        parse_pattern("/one/{x}", "/{x}"),
        parse_pattern("/?to={x}", "/{x}"),
        parse_pattern("/far/{path...}", "https://other.example/{path...}"),
    ]
    rules = RedirectRules({}, tuple(patterns))
    for prefix in ("/old/", "/one/", "/far/", "/"):
        for target in rules.pattern_targets(prefix + text):
            assert_stays(target)
    for target in rules.query_targets("/", f"to={text}"):
        assert_stays(target)


def assert_stays(target: str) -> None:
    if target.startswith("https:"):
        assert urlsplit(target).netloc == "other.example"
        assert target.isascii()
        assert target.isprintable()
    else:
        assert target.startswith("/")
        assert not target.startswith("//")


def test_gaps_of_a_plain_host_are_queries_names_of_the_tree_and_patterns_without_a_known_source() -> None:
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
    patterns = (
        parse_pattern("/blog/{slug}/", "/articles/{slug}/"),
        parse_pattern("/{year}/{slug}/", "/articles/{slug}/"),
        parse_pattern("/spam/{path...}", GONE),
    )
    assert plain_host_gaps(RedirectRules(exact, patterns)) == (
        *("/?p=1", "/feed.rss.gz", "/_redirects", "/.feedsvc-build.journal", "/b.html/c/", "/c/?p=2", f"/{'서' * 90}/"),
        "/{year}/{slug}/",
    )


def test_rules_of_two_objects_differ_in_some_addresses() -> None:
    one = RedirectRules({"/a/": "/x/", "/b/": "/x/", "/?p=1": "/x/"}, (RedirectPattern("/{x}/", "gone"),))
    other = RedirectRules({"/b/": "/y/", "/c/": "/x/"})
    assert {*one.changed_addresses(other)} == {"/a/", "/b/", "/c/"}
    assert one.digest != other.digest
    assert RedirectRules().digest == ""
