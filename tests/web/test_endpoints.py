"""Every kind of address is an endpoint of the Flask application, and Flask's own means work on all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from flask import Flask, Response, request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import NotFound

from feedsvc.errors import TextUnavailableError
from feedsvc.extensions import BUILT_IN_SUFFIXES
from feedsvc.free_places import RootFileAt, StaticPageAt
from feedsvc.publication.publication import Publication
from feedsvc.routes import (
    SITE_DOCUMENTS,
    WELL_KNOWN_FEEDS,
    ArchiveAt,
    ArticleAt,
    FeedAt,
    FileAt,
    ListingRef,
    PageAt,
    SiteDocumentAt,
    SitemapAt,
    TagsAt,
    VariantAt,
    path_of,
    place_of,
)
from tests.helpers.http_client import call

if TYPE_CHECKING:
    from feedsvc.routes import Place
    from tests.web.conftest import SiteFixture

NAMES = st.text(st.characters(exclude_characters="/", codec="utf-8"), min_size=1)
PERIODS = st.sampled_from(["2026-01", "2026-01-02"])
LISTINGS = st.just(ListingRef()) | st.builds(ListingRef, st.sampled_from(["category", "author", "tag"]), NAMES)
FILE_PATHS = st.text(st.characters(codec="utf-8"), min_size=1)
PLACES = st.one_of(
    st.builds(PageAt, LISTINGS, st.just("") | PERIODS | st.just("2026")),
    st.builds(FeedAt, LISTINGS, st.sampled_from(BUILT_IN_SUFFIXES), st.just("") | PERIODS),
    st.builds(ArticleAt, NAMES),
    st.builds(FileAt, st.sampled_from(["media/", "static/"]).flatmap(lambda folder: FILE_PATHS.map(lambda path: folder + path))),
    st.builds(VariantAt, st.just("0f"), st.integers(1, 9999), FILE_PATHS.map(lambda path: f"media/{path}")),
    st.builds(SiteDocumentAt, st.sampled_from(SITE_DOCUMENTS)),
    st.builds(TagsAt, st.just("") | NAMES),
    st.builds(ArchiveAt, st.just("") | PERIODS),
    st.builds(SitemapAt, st.sampled_from(["listings", "2026-01", "2026-01.01"])),
    st.builds(StaticPageAt, NAMES),
    st.builds(RootFileAt, FILE_PATHS.map(lambda path: f".well-known/{path}")),
)


@pytest.fixture
def flask_app(site: SiteFixture) -> Flask:
    return site.start_app()


def endpoint_of(app: Flask, path: str) -> str:
    endpoint, _ = app.url_map.bind("news.example").match(path, method="GET")
    return str(endpoint)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=PLACES, cut=st.booleans())
def test_every_address_that_is_parsed_matches_the_rule_of_its_kind(flask_app: Flask, place: Place, *, cut: bool) -> None:
    path = path_of(place)
    path = path.rstrip("/") or "/" if cut else path
    parsed = place_of(path)
    if parsed is None:
        return
    kinds: dict[type[Place], str | tuple[str, ...]] = {
        StaticPageAt: "static_page",
        RootFileAt: ("static_page", "root_file"),
        PageAt: "_page",
        FeedAt: "_feed",
        ArticleAt: "article",
        FileAt: "_file",
        VariantAt: "image_variant",
        SiteDocumentAt: "",
        TagsAt: "tag_list",
        ArchiveAt: "archive",
        SitemapAt: "sitemap_part",
    }
    endpoint = endpoint_of(flask_app, path)
    assert endpoint.endswith(kinds[type(parsed)])
    if isinstance(parsed, PageAt | FeedAt):
        assert endpoint.startswith(f"{parsed.listing.kind}_")
        assert ("archive" in endpoint) == bool(parsed.period)


def test_well_known_feed_names_have_endpoints_and_other_addresses_none(flask_app: Flask) -> None:
    for home in ("/", "/category/asia/", "/author/mina/", "/tag/sea/"):
        for name in WELL_KNOWN_FEEDS:
            assert endpoint_of(flask_app, f"{home}{name}").endswith("_well_known_feed")
    with pytest.raises(NotFound):
        endpoint_of(flask_app, "/nothing/at/all")


def test_before_and_after_request_functions_run_for_documents_and_media(flask_app: Flask) -> None:
    seen: list[str] = []
    flask_app.before_request(lambda: seen.append(str(request.endpoint)))

    def add_header(response: Response) -> Response:
        response.headers["X-Own"] = "1"
        return response

    flask_app.after_request(add_header)
    client = flask_app.test_client()
    for path in ("/feed.rss", "/articles/fish/", "/media/photo.png", "/feed", "/nothing", "/healthz"):
        assert client.get(path).headers["X-Own"] == "1", path
    assert seen == ["site_feed", "article", "media_file", "site_well_known_feed", "static_page", "healthz"]


def test_unexpected_error_is_a_500_that_no_cache_stores(
    flask_app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Publication, __: str) -> None:
        raise ZeroDivisionError("a programming error")

    monkeypatch.setattr(Publication, "resolve", fail)
    response = call(flask_app, "/feed.rss")
    assert (response.status, response["Cache-Control"]) == (500, "no-store")
    assert b"programming" not in response.body
    assert "no response to GET /feed.rss" in caplog.text
    assert "ZeroDivisionError: a programming error" in caplog.text


def test_text_that_is_read_again_is_a_503_for_a_second(flask_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Publication, path: str) -> None:
        raise TextUnavailableError(path)

    monkeypatch.setattr(Publication, "resolve", fail)
    response = call(flask_app, "/articles/fish/")
    assert (response.status, response["Retry-After"], response["Cache-Control"]) == (503, "1", "no-store")


def test_odd_addresses_get_404(flask_app: Flask) -> None:
    for path in ("/\0", "/articles/\ufffd", "/media/a\nb", "/category/%2e%2e/", "/feed.rss/x", "/archive//"):
        assert call(flask_app, quote(path)).status == 404, path
