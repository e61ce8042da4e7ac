"""Old addresses have one spelling, whether an editor or a client wrote them."""

from __future__ import annotations

import pytest

from feedsvc.redirects import RedirectRules, normalize_address

LATIN_1 = "/caf%E9/"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/2014/05/old-title/", "/2014/05/old-title/"),
        ("/2014/05/old-title", "/2014/05/old-title/"),
        ("/about.html", "/about.html"),
        ("/v1.2/", "/v1.2/"),
        ("/blog/index.html", "/blog/"),
        ("/%EC%84%9C%EC%9A%B8/", "/서울/"),
        ("/caf\u0065\u0301/", "/café/"),
        ("/100%25/", "/100%/"),
        ("/a%20b/", "/a b/"),
        ("/?p=12", "/?p=12"),
        ("/?p=12&feed=rss2", "/?feed=rss2&p=12"),
        ("/news?tag=a%26b", "/news/?tag=a%26b"),
        ("/index.php?id=서울", "/index.php?id=%EC%84%9C%EC%9A%B8"),
        ("/blog/*", "/blog/*"),
        ("/*", "/*"),
        ("/caf%C3%A9/v1.2/*", "/café/v1.2/*"),
    ],
)
def test_address_has_one_spelling(text: str, address: str) -> None:
    assert normalize_address(text) == address
    assert normalize_address(address.replace("%/", "%25/")) == address


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("https://old.example/a/", "is not a path of this site; write it without the host"),
        ("old-title/", "is not a path of this site"),
        ("", "is not a path of this site"),
        ("/a#b", "has a #, which no request contains"),
        ("/100%/", "'%/' is no percent-encoded character; write % as %25"),
        (LATIN_1, "is not percent-encoded UTF-8"),
        ("/a%00/", "has a control character"),
        ("/a%0D%0AX-Header:1/", "has a control character"),
        ("/a//b/", "has an empty segment"),
        ("/a/../b/", "has an empty segment, . or .."),
        ("/a%3Fb/", "has a %3F"),
        ("/{slug}/", "has braces; write them as %7B and %7D"),
        ("/blog*", "has a * that is not its last part; write it after a slash at the end, like /blog/*"),
        ("/*/feed/", "has a * that is not its last part"),
        ("/a%2A/", "has a * that is not its last part"),
        ("/a/*/*", "has a * that is not its last part"),
        ("/blog/?p=*", "has a * that is not its last part"),
        ("/*?p=1", "has a * that is not its last part"),
        ("//*", "has an empty segment"),
        ("/?p", "is not a query like ?p=12"),
        ("/?p=", "is not a query like ?p=12"),
        ("/?a-b=1", "is not a query like ?p=12"),
        ("/?p=1&p=2", "has a parameter twice"),
        ("/?a=1&b=2&c=3&d=4&e=5", "more than 4"),
        (f"/{'x' * 2000}/", "the address has 2,002 characters, at most 2,000 are allowed"),
    ],
)
def test_impossible_address_is_refused_with_a_sentence_for_the_editor(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        normalize_address(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "path", ["/old", "/old/", "/old/index.html", "/서울", "/서울/", "/caf\u0065\u0301", "/café/", "/about.html", "/about.html/"]
)
def test_request_finds_a_rule_with_or_without_a_slash_and_in_both_unicode_forms(path: str) -> None:
    rules = RedirectRules({"/old/": "/x/", "/서울/": "/x/", "/café/": "/x/", "/about.html": "/x/"})
    assert rules.exact_target(path) == "/x/"


@pytest.mark.parametrize("path", ["/Old/", "/old/x/", "/old?p=1/", "//old/", "/old.html", "", "/private/x/"])
def test_request_for_another_path_finds_no_rule(path: str) -> None:
    assert RedirectRules({"/old/": "/x/", "/?p=1": "/x/", "/private/x/": "/x/"}).exact_target(path) == ""


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("p=12", "/articles/a/"),
        ("utm_source=mail&p=12", "/articles/a/"),
        ("p=12&p=13", "/articles/a/"),
        ("p=%31%32", "/articles/a/"),
        ("p=12&feed=rss2", "/category/a/feed.rss"),
        ("feed=rss2&p=12", "/category/a/feed.rss"),
        ("p=13", ""),
        ("P=12", ""),
        ("q=p=12", ""),
        ("", ""),
        ("p=12" + "&x=1" * 5000, ""),
        ("%ff=%ff&p=12", "/articles/a/"),
    ],
)
def test_query_decides_by_the_named_parameters_the_larger_set_first(query: str, target: str) -> None:
    rules = RedirectRules({"/?p=12": "/articles/a/", "/?feed=rss2&p=12": "/category/a/feed.rss"})
    assert next(rules.query_targets("/", query), "") == target
    assert next(rules.query_targets("/index.html", query), "") == target
    assert next(rules.query_targets("/other/", query), "") == ""


def test_query_finds_a_rule_in_both_unicode_forms() -> None:
    address = normalize_address("/?tag=Cafe%CC%81")  # as a log file of the former site has it
    rules = RedirectRules({address: "/tag/caf\u00e9/"})
    for name in ("Cafe%CC%81", "Caf%C3%A9"):
        assert [*rules.query_targets("/", f"tag={name}")] == ["/tag/caf\u00e9/"]
