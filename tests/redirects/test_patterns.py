"""Patterns match old addresses segment by segment, lead nowhere else than their target says, and can be turned around."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.redirects import GONE, RedirectPattern, RedirectRules, parse_pattern, parse_target, plain_host_gaps, without_slash

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


def test_number_in_a_query_stands_for_digits_only() -> None:
    patterns = parse_pattern("/?p={number}", GONE), parse_pattern("/?p={slug}", "/articles/{slug}/")
    rules = RedirectRules({}, patterns)
    assert [*rules.query_targets("/", "p=12")] == [GONE, "/articles/12/"]
    assert [*rules.query_targets("/", "p=bay")] == ["/articles/bay/"]
    assert patterns[0].shape != patterns[1].shape


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("/a/", "/b/", "has no placeholder; write it below exact:"),
        ("/{a}/{a}/", "/{a}/", "has {a} twice"),
        ("/{a...}/{b...}/", "/{a...}/", "has two placeholders like {path...}"),
        ("/x{a...}/", "/{a...}/", "stands for whole segments"),
        ("/{a}-{b}/", "/{a}/", "has two placeholders for any text in one segment"),
        ("/{number}{slug}/", "/{slug}/", "need text without digits between them"),
        ("/{number}1{slug}/", "/{slug}/", "need text without digits between them"),
        ("/{slug}/", "/{id}/", "has {id}, which '/{slug}/' does not have"),
        ("/{a...}/", "/{a}/", "has {a}, which"),
        ("/{slug}/", "https://{slug}.example/", "has a placeholder in its host"),
        ("/{slug}/", "https://a@{slug}/", "has a placeholder in its host"),
        ("/{slug}/", "//{slug}/", "has an empty segment"),
        ("/{slug}/", "/a?b={slug}", "has a ? or #"),
        ("/{slug}/", "ftp://a/{slug}", "is no target"),
        ("/{Slug}/", "/{Slug}/", "is no placeholder"),
        ("/{year...}/", "/{year...}/", "is no placeholder"),
        ("/{slug/", "/x/", "has a single brace"),
        ("/?p={id}x", "/{id}/", "one whole placeholder"),
        ("{slug}", "/x/", "is not a path of this site"),
    ],
)
def test_impossible_pattern_is_refused_with_a_sentence_for_the_editor(source: str, target: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_pattern(source, target)
    assert message in str(caught.value)


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


NAMES = st.text("ab.-1", min_size=1, max_size=6)


@given(NAMES, NAMES)
def test_source_of_a_target_leads_back_to_it(first: str, second: str) -> None:
    for source, target in (
        ("/blog/{slug}/", "/articles/{slug}/"),
        ("/feeds/{id}.atom.xml", "/category/{id}/feed.atom"),
        ("/p/{path...}/end", "/q/{path...}/"),
        ("/{a}/{b}/", "/{b}/{a}/{b}/"),
    ):
        pattern = parse_pattern(source, target)
        for path in (
            f"/articles/{first}/",
            f"/category/{first}/feed.atom",
            f"/q/{first}/{second}/",
            f"/{first}/{second}/{first}/",
        ):
            if address := pattern.source_of(path):
                assert pattern.match(without_slash(address)).rstrip("/") == path.rstrip("/")


def test_source_of_a_target_is_known_if_the_target_has_all_placeholders() -> None:
    assert (
        parse_pattern("/feeds/{id}.atom.xml", "/category/{id}/feed.atom").source_of("/category/asia/feed.atom")
        == "/feeds/asia.atom.xml"
    )
    assert parse_pattern("/{year}/{slug}/", "/articles/{slug}/").source_of("/articles/x/") == ""
    assert parse_pattern("/{slug}/?feed=atom", "/articles/{slug}/").source_of("/articles/x/") == ""


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


@pytest.mark.parametrize(
    ("source", "target", "is_gap"),
    [
        ("/{year}/{month}/", "/archive/{year}/{month}/", True),
        ("/uploads/{path...}", "/media/{path...}", True),
        ("/topic/{id}/feed/", "/tag/{id}/feed.rss", True),
        ("/writer/{id}/", "/author/{id}/", True),
        ("/old/{slug}/", "/{slug}/", True),
        ("/?attachment_id={number}", GONE, True),
        ("/old/{path...}", GONE, False),
        ("/rss/{id}/", "/category/{id}/feed.rss", False),
        ("/section/{id}/", "/category/{id}/", False),
        ("/blog/{slug}/", "/articles/{slug}/", False),
        ("/blog/{slug}/", "https://blog.example/{slug}/", True),
    ],
)
def test_pattern_without_files_in_a_tree_is_listed_as_what_a_plain_host_cannot_answer(
    source: str, target: str, *, is_gap: bool
) -> None:
    assert plain_host_gaps(RedirectRules({}, (parse_pattern(source, target),))) == ((source,) if is_gap else ())


def test_rules_of_two_objects_differ_in_some_addresses() -> None:
    one = RedirectRules({"/a/": "/x/", "/b/": "/x/", "/?p=1": "/x/"}, (RedirectPattern("/{x}/", "gone"),))
    other = RedirectRules({"/b/": "/y/", "/c/": "/x/"})
    assert {*one.changed_addresses(other)} == {"/a/", "/b/", "/c/"}
    assert one.digest != other.digest
    assert RedirectRules().digest == ""
