"""Routes: path and place convert into each other. URIs: any address becomes a valid URI or an error."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from feedsvc import routes, uris
from feedsvc.extensions import BUILT_IN_SUFFIXES
from feedsvc.free_places import RootFileAt, StaticPageAt
from feedsvc.routes import ArchiveAt, ArticleAt, FeedAt, FileAt, ListingRef, PageAt, SiteDocumentAt, SitemapAt, VariantAt

# RFC 3986, appendix A, as far as http addresses use it.
PCHAR: Final = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})"
URI: Final = re.compile(
    rf"https?://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::\d+)?(?:/{PCHAR}*)?(?:\?(?:{PCHAR}|\?)*)?(?:#(?:{PCHAR}|\?)*)?"
    rf"|(?:mailto|tel):{PCHAR}+(?:\?(?:{PCHAR}|\?)*)?"
)
SEGMENTS: Final = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1)
SLUGS: Final = st.text().map(uris.slugify).filter(bool)
LISTINGS: Final = st.just(ListingRef()) | st.builds(ListingRef, st.sampled_from(["category", "author", "tag"]), SLUGS)
PERIODS: Final = st.just("") | st.dates().map(lambda day: f"{day:%Y-%m}".rjust(7, "0")) | st.dates().map(str)
PLACES: Final = (
    st.builds(PageAt, LISTINGS, PERIODS)
    | st.builds(FeedAt, LISTINGS, st.sampled_from(BUILT_IN_SUFFIXES), PERIODS)
    | st.builds(ArchiveAt, PERIODS)
    | st.builds(ArticleAt, SLUGS)
    | st.builds(SiteDocumentAt, st.sampled_from(routes.SITE_DOCUMENTS))
    | st.builds(SitemapAt, PERIODS.filter(bool) | st.just("listings"))
    | st.builds(VariantAt, st.sampled_from(["0", "c0ffee"]), st.integers(1, 99999), SEGMENTS.map(lambda name: f"media/{name}"))
    | st.builds(StaticPageAt, SLUGS.filter(lambda slug: slug not in routes.RESERVED_NAMES))
    | st.builds(RootFileAt, SLUGS.map(lambda name: f".well-known/{name}"))
    | st.builds(FileAt, st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(lambda name: f"media/{name}"))
)


@given(PLACES)
def test_place_of_inverts_path_of(place: routes.Place) -> None:
    assert routes.place_of(routes.path_of(place)) == place


@given(
    st.text()
    | st.lists(st.sampled_from(["/", "feed", "rss", ".xml", "tag", "a", "archive", "2026-01", "articles", "media"])).map("".join)
)
def test_any_path_has_a_place_with_a_stable_path_or_none(path: str) -> None:
    place = routes.place_of(path)
    if place is not None:
        assert routes.place_of(routes.path_of(place)) == place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", PageAt(ListingRef())),
        ("/tag/정상", PageAt(ListingRef("tag", "정상"))),
        ("/tag/정상/", PageAt(ListingRef("tag", "정상"))),
        ("/feed.rss", FeedAt(ListingRef(), "rss")),
        ("/author/a/feed.json", FeedAt(ListingRef("author", "a"), "json")),
        ("/category/a/archive/2026-01/feed.atom", FeedAt(ListingRef("category", "a"), "atom", "2026-01")),
        ("/archive/2026-01-02/feed.rss", FeedAt(ListingRef(), "rss", "2026-01-02")),
        *((f"/{name}", FeedAt(ListingRef(), suffix)) for name, suffix in routes.WELL_KNOWN_FEEDS.items()),
        *((f"/tag/a/{name}/", FeedAt(ListingRef("tag", "a"), suffix)) for name, suffix in routes.WELL_KNOWN_FEEDS.items()),
        ("/articles/a", ArticleAt("a")),
        ("/media/a/b.png", FileAt("media/a/b.png")),
        ("/static/x.css", FileAt("static/x.css")),
        ("/feeds.opml", SiteDocumentAt("feeds.opml")),
        ("/subscribe", SiteDocumentAt("subscribe/")),
        ("/sitemap.xml/", SiteDocumentAt("sitemap.xml")),
        ("/license.xml/", SiteDocumentAt("license.xml")),
        ("/sitemap-2026-01.xml", SitemapAt("2026-01")),
        ("/sitemap-listings.01.xml", SitemapAt("listings.01")),
        ("/archive/2026-01", PageAt(ListingRef(), "2026-01")),
        ("/archive/2026/", PageAt(ListingRef(), "2026")),
        ("/tag/a/archive/2026-01-02/", PageAt(ListingRef("tag", "a"), "2026-01-02")),
        ("/sized/0af-640/a/b.png", VariantAt("0af", 640, "media/a/b.png")),
        ("", None),
        ("/about/", StaticPageAt("about")),
        ("/정보/", StaticPageAt("정보")),
        ("/about", RootFileAt("about")),  # `canonical_place` knows whether there is such a page instead
        ("/.well-known/security.txt", RootFileAt(".well-known/security.txt")),
        ("/app/a b.json", RootFileAt("app/a b.json")),
        ("/sitemap-x.xml", RootFileAt("sitemap-x.xml")),
        ("/feed.XLS", RootFileAt("feed.XLS")),
        ("/app/", StaticPageAt("app")),
        ("/app/a/", None),
        ("/app/index.html", None),
        ("/404.html", None),
        ("/status", None),
        ("/archive/", routes.ArchiveAt()),
        ("/views.json", None),
        ("//a", None),
        ("/tag/", None),
        ("/tag/a/b", None),
        ("/tag/aarchive/2026-01/", None),
        ("/sized/x-640/a.png", None),
        ("/sized/a-0/a.png", None),
        ("/media/", None),
        ("/articles/a/b/", None),
        ("/archive/2026-1/feed.rss", None),
        ("/archive/2026/feed.rss", None),
        ("/archive/202/", None),
        ("/feed.xls", FeedAt(ListingRef(), "xls")),  # no format; a plug-in may add it
    ],
)
def test_place_of_a_path(path: str, place: routes.Place | None) -> None:
    assert routes.place_of(path) == place


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("https://x.example", "https://x.example"),
        (" HTTP://X.Example/A ", "http://x.example/A"),
        ("https://x.example/a b?c d#e f", "https://x.example/a%20b?c%20d#e%20f"),
        ("https://x.example/100%", "https://x.example/100%25"),
        ("https://x.example/%41%zz", "https://x.example/%41%25zz"),
        ('https://x.example/"<>\\^`{|}[]', "https://x.example/%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D"),
        ("https://정.example:8080/정", "https://xn--2y5b.example:8080/%EC%A0%95"),
        ("http://[2001:db8::1]:80/", "http://[2001:db8::1]:80/"),
        ("https://me:secret@x.example/", "https://x.example/"),
        ("mailto:a@b.example?subject=a b", "mailto:a@b.example?subject=a%20b"),
        ("tel:+82 2", "tel:+82%202"),
        ("https://m%C3%BCnchen.example/", "https://xn--mnchen-3ya.example/"),
        (f"https://{'a.' * 126}b/", f"https://{'a.' * 126}b/"),
    ],
)
def test_uri_normalizes_addresses(text: str, uri: str) -> None:
    assert uris.uri(text) == uri
    assert uris.uri(uri) == uri


@pytest.mark.parametrize(
    "text",
    [
        *("", "x.example", "/a", "https://", "https:///a", "https:x", "ftp://x.example", "javascript:x", "mailto:", "data:,x"),
        *("https://a b/", "https://-/", "https://x..example", "https://x.example:port/", "https://x.example:99999/"),
        *("http://[::1", "http://[x]/", 'http://[fe80::1%"<x>]/', "https://%41/", "https://" + "ü" * 80),
        *(f"https://{'a.' * 127}b/", f"https://{'A.' * 127}b", "https://" + "ü." * 50 + "example/"),
    ],
)
def test_uri_of_an_invalid_address_raises_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        uris.uri(text)


def test_uri_escapes_a_second_number_sign() -> None:
    assert uris.uri("https://x.example/#a#b") == "https://x.example/#a%23b"


ADDRESSES: Final = st.text() | st.builds(
    "{}{}".format, st.sampled_from(["https://x.example/", "http://정/", "mailto:", "https://[::1]/", "//"]), st.text()
)


@given(ADDRESSES)
def test_uri_is_well_formed_and_idempotent(text: str) -> None:
    try:
        uri = uris.uri(text)
    except (ValueError, UnicodeError):
        assume(False)
    assert URI.fullmatch(uri), uri
    assert uris.uri(uri) == uri


@given(ADDRESSES, st.sampled_from(["https://a.example", "https://a.example/b/c"]))
def test_reference_resolves_to_a_uri_or_an_empty_string(reference: str, base: str) -> None:
    uri = uris.resolve(base, f"{base}/articles/x/", reference)
    assert uri == "" or URI.fullmatch(uri), uri


@given(SEGMENTS, st.sampled_from(["https://a.example", "https://a.example/b/c"]))
def test_path_below_inverts_absolute(name: str, base: str) -> None:
    assert uris.path_below(base, uris.absolute(base, f"/media/{name}")) == f"/media/{name}"


@pytest.mark.parametrize(
    ("base", "mount_path", "root_relative_path"),
    [("https://a.example", "", "/tag/%EC%A0%95/"), ("https://a.example/%C3%BC/b", "/ü/b", "/%C3%BC/b/tag/%EC%A0%95/")],
)
def test_root_relative_path_includes_the_mount_path(base: str, mount_path: str, root_relative_path: str) -> None:
    assert (uris.mount_path(base), uris.root_relative(base, "/tag/정/")) == (mount_path, root_relative_path)
    assert unquote(root_relative_path).startswith(f"{mount_path}/")


@pytest.mark.parametrize("address", ["https://b.example/media/x", "https://a.example", "https://a.examples/x", ""])
def test_path_below_of_a_foreign_address_is_empty(address: str) -> None:
    assert uris.path_below("https://a.example", address) == ""


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("South Korea", "south-korea"),
        ("  --A  b/c-- ", "a-b-c"),
        ("C++ & C#", "c-c"),
        ("ＦＵＬＬ", "full"),
        ("Straße", "strasse"),
        ("정상 회담", "정상-회담"),
        ("हिन्दी", "हिन्दी"),
        ("عَرَبِيّ", "عَرَبِيّ"),
        ("cafe\u0301", "café"),
        ("!!!", ""),
        ("🎉", ""),
        ("\u0301", ""),
        ("a" * 300, "a" * 200),
    ],
)
def test_slugify(text: str, slug: str) -> None:
    assert uris.slugify(text) == slug


@given(st.text() | st.text(st.characters(categories=["L", "M", "N"])))
def test_slug_is_a_valid_path_segment_and_stable(text: str) -> None:
    slug = uris.slugify(text)
    assert uris.slugify(slug) == slug
    assert slug == "" or uris.is_slug(slug)


@pytest.mark.parametrize("text", ["¯0", "\u0301a"])
def test_slug_begins_with_a_letter_or_digit(text: str) -> None:
    assert uris.is_slug(uris.slugify(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a", True), ("a.b_c~d-e", True), ("정", True), ("", False), (".", False), ("..", False), ("-a", False)],
)
def test_is_slug(text: str, expected: bool) -> None:
    assert uris.is_slug(text) is expected


@pytest.mark.parametrize("text", ["a/b", "a b", "a?b", "a\n", "a%20", "a#b", "é" * 101])
def test_is_slug_refuses_reserved_characters_and_long_texts(text: str) -> None:
    assert not uris.is_slug(text)
