"""The form on /subscribe/: POST /feed/ answers 303 with the address of the chosen feed, or a page that says why there is none."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedsvc.web.combination_form import MAX_FORM_BYTES
from feedsvc.web.rate_limit import PollLimit
from feedsvc.web.request_stats import RequestStats
from tests.helpers.http_client import ask, exchange_bytes, statuses
from tests.helpers.newsrooms import article, write

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.helpers.running_server import ServerProcess
    from tests.web.conftest import SiteFixture

MANY_LANGUAGES: Final = (
    "af ar az bg bn bs ca cs cy da de el es et fa fi fr ga he hi hr "
    "hu id is it ja ka kk km ko lt lv mk ms nb nl pl pt pt-BR ro ru sk"
)
FORM_TYPE: Final = "application/x-www-form-urlencoded"
NOTHING: Final = "Nothing was chosen. Go back and choose at least one name."
UNKNOWN: Final = "The name “{}” is unknown here. Go back and choose another one."
BOTH: Final = "“bridges” is both included and left out. Go back and choose one of the two."
UNREADABLE: Final = "The form could not be read. Go back and send it again."


@pytest.fixture
def flask_app(app: Flask) -> Flask:
    return app


def post(app: Flask, body: bytes | str, content_type: str = FORM_TYPE, path: str = "/feed/") -> TestResponse:
    return app.test_client().post(path, data=body, content_type=content_type)


def sentence(response: TestResponse) -> str:
    """Return the sentence of an error page."""
    match = re.search(r'<h1>This feed cannot be created</h1>\s*<p class="standfirst">(.*?)</p>', response.text, re.DOTALL)
    assert match, response.text
    return unescape(match[1])


@pytest.mark.parametrize(
    ("fields", "location"),
    [
        ([("include", "category:business"), ("include", "category:culture")], "/feed/category:business+category:culture.rss"),
        (
            [("include", "category:culture"), ("exclude", "author:tuan-le"), ("format", "atom")],
            "/feed/category:culture-author:tuan-le.atom",
        ),
        ([("include", "category:money"), ("format", "json")], "/category/business/feed.json"),
        ([("include", "category:business"), ("include", "category:economy")], "/category/business/feed.rss"),
        ([("include-author-1", " Mina Park "), ("include-author-2", "")], "/author/mina-park/feed.rss"),
        ([("include-author", "LÊ TUẤN"), ("exclude-tag", "Bridges")], "/feed/author:tuan-le-tag:bridges.rss"),
        ([("include-tag", "서울"), ("include-author", "m-park")], f"/feed/author:mina-park+tag:{quote('서울')}.rss"),
        ([("exclude", "category:business")], "/feed/-category:business.rss"),
        ([("include-category", "nothing yet"), ("include-tag", "bridges")], "/feed/category:empty+tag:bridges.rss"),
    ],
)
def test_the_form_leads_to_the_canonical_address_of_the_feed(
    flask_app: Flask, fields: list[tuple[str, str]], location: str
) -> None:
    response = post(flask_app, urlencode(fields))
    assert (response.status_code, response.headers["Location"]) == (303, location)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.data == b""
    assert flask_app.test_client().get(location).status_code == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", NOTHING),
        ("format=atom&include-author=&include-tag=+++", NOTHING),
        ("include=nothing:business", UNKNOWN.format("business")),
        ("include=business", UNKNOWN.format("")),
        ("include-custom=x", UNKNOWN.format("x")),
        ("include-language=en-GB", UNKNOWN.format("en-GB")),
        ("include-tag=%00%1b%3Cb%3E%E2%80%AE", UNKNOWN.format("<b>")),
        ("include=tag:bridges&exclude=tag:Bridges", BOTH),
        ("include=category:business&format=pdf", UNREADABLE),
        ("include=tag:%ff", UNREADABLE),
        (b"include=tag:\xff", UNREADABLE),
    ],
)
def test_a_choice_without_a_feed_is_answered_with_a_sentence(flask_app: Flask, body: bytes | str, expected: str) -> None:
    response = post(flask_app, body)
    assert (response.status_code, response.headers["Cache-Control"]) == (400, "no-store")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert sentence(response) == expected


def test_more_than_eight_names_are_too_many(site: SiteFixture) -> None:
    categories = "".join(f"c{number}: {{title: C {number}}}\n" for number in range(9))
    file = site.content / "categories.yaml"
    file.write_text(file.read_text() + categories)
    app = site.start_app()
    fields = [("include", f"category:c{number}") for number in range(9)]
    assert post(app, urlencode(fields[:8])).status_code == 303
    assert sentence(post(app, urlencode(fields))) == "Too many names were chosen. Go back and choose at most 8."


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        *(
            ("include=category:business", kind)
            for kind in ("", "text/plain", "multipart/form-data; boundary=x", "application/json")
        ),
        *(
            (body, FORM_TYPE)
            for body in ("include=" + "x" * MAX_FORM_BYTES, "&" * (MAX_FORM_BYTES - 1), "a=b&" * 3000, "%25" * 5000)
        ),
    ],
    ids=lambda text: text[:20],
)
def test_another_media_type_and_a_large_body_are_refused(flask_app: Flask, body: str, content_type: str) -> None:
    response = post(flask_app, body, content_type)
    assert (response.status_code, response.headers["Cache-Control"]) == (400, "no-store")
    assert len(response.data) < 8_000
    assert content_type == FORM_TYPE or sentence(response) == UNREADABLE


def test_a_site_below_a_path_has_the_form_there_in_its_language(site: SiteFixture) -> None:
    file, mount = site.content / "site.yaml", "/le%20journal/%C3%A9"
    file.write_text(file.read_text().replace("https://news.example", "https://news.example/le%20journal/é") + "language: ko\n")
    app = site.start_app()
    page = unescape(app.test_client().get(f"{mount}/subscribe/").text)
    assert f'<form method="post" action="{mount}/feed/">' in page
    assert "form-action 'self'" in page
    assert "form-action 'none'" in unescape(app.test_client().get(f"{mount}/").text)
    response = post(app, "include=category:business", path=f"{mount}/feed/")
    assert (response.status_code, response.headers["Location"]) == (303, f"{mount}/category/business/feed.rss")
    assert post(app, "include=category:business").status_code == 404
    assert "아무것도 고르지 않았습니다." in post(app, "", path=f"{mount}/feed/").text


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("category:business+tag:%3Cb%3E", UNKNOWN.format("<b>")),
        ("tag:bridges-tag:Bridges", BOTH),
        ("language:en+language:en-GB", UNKNOWN.format("en-GB")),
    ],
)
def test_a_mistyped_name_in_the_address_of_a_combined_feed_is_named(flask_app: Flask, expression: str, expected: str) -> None:
    response = flask_app.test_client().get(f"/feed/{expression}.rss")
    assert (response.status_code, sentence(response)) == (404, expected)


def test_addresses_that_are_no_combination_get_the_ordinary_404(flask_app: Flask) -> None:
    client = flask_app.test_client()
    ordinary = client.get("/nothing/here/").text
    for path in ("/feed/nosuch.rss", "/feed/custom:nosuch.rss", "/feed/category:business.pdf", "/feed/category:nosuch/"):
        assert (client.get(path).status_code, client.get(path).text) == (404, ordinary), path


def test_get_and_other_methods(flask_app: Flask) -> None:
    client = flask_app.test_client()
    for method in ("GET", "HEAD"):
        response = client.open("/feed/", method=method)
        assert (response.status_code, response.headers["Location"]) == (301, "/feed.rss")
    allowed = "GET, HEAD, OPTIONS, POST"
    assert (client.options("/feed/").status_code, client.options("/feed/").headers["Allow"]) == (204, allowed)
    assert (client.put("/feed/").status_code, client.put("/feed/").headers["Allow"]) == (405, allowed)
    for path in ("/feed", "/subscribe/", "/category/business/feed/", "/feed/category:business.rss"):
        assert client.post(path).status_code == 405, path
    assert client.post("/nowhere/feed/").status_code == 404


def test_a_site_without_combinations_has_no_form_and_accepts_none(site: SiteFixture) -> None:
    file = site.content / "site.yaml"
    file.write_text(file.read_text().replace("entries: 3", "entries: 3, combinations: false"))
    app = site.start_app()
    response = post(app, "include=category:business")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    page = unescape(app.test_client().get("/subscribe/").text)
    assert "<form" not in page
    assert "form-action 'none'" in page


def test_every_use_counts_for_the_limit(site: SiteFixture) -> None:
    app = site.start_app()
    app.wsgi_app = PollLimit(app.wsgi_app, RequestStats(), per_hour=2)  # type: ignore[method-assign]
    assert [post(app, "include=category:business").status_code for _ in range(3)] == [303, 303, 429]
    assert app.test_client().get("/feed/").status_code == 301


def test_a_reader_of_a_site_in_very_many_languages_types_the_name_that_the_form_suggests(site: SiteFixture) -> None:
    for language in MANY_LANGUAGES.split():
        write(site.content, article(f"in-{language.lower()}", "2026-01-02T12:00:00", language=language))
    app = site.start_app()
    page = app.test_client().get("/subscribe/").text
    suggestions = re.search(r'<datalist id="names-language">(.*?)</datalist>', page, re.DOTALL)
    assert suggestions
    names = [unescape(name) for name in re.findall("<option>(.*?)</option>", suggestions[1])]
    assert {"Deutsch", "한국어", "português (Brasil)"} <= {*names}
    locations = {name: post(app, urlencode([("include-language-1", name)])).headers.get("Location") for name in names}
    assert locations["한국어"] == "/language/ko/feed.rss"
    assert locations["português (Brasil)"] == "/language/pt-BR/feed.rss"
    assert len({*locations.values()} - {None}) == len(names)
    response = post(app, urlencode([("exclude-language-1", "pt_br"), ("exclude-language-2", "DEUTSCH")]))
    assert response.headers["Location"] == "/feed/-language:de-language:pt-br.rss"


@given(fields=st.lists(st.tuples(st.sampled_from(["include", "exclude", "include-tag", "exclude-author", "format"]), st.text())))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_fields_lead_to_a_feed_of_the_site_or_to_a_sentence(flask_app: Flask, fields: list[tuple[str, str]]) -> None:
    response = post(flask_app, urlencode(fields, errors="replace"))
    assert response.status_code in (303, 400)
    assert response.headers["Cache-Control"] == "no-store"
    if response.status_code == 303:
        assert re.match(r"/(?!/)", response.headers["Location"])


@pytest.mark.parametrize(
    ("field", "body", "status"),
    [
        ("Content-Length: 25", b"include=category:business", 303),
        ("Transfer-Encoding: chunked", b"c\r\ninclude=tag:\r\n7\r\nbridges\r\n0\r\n\r\n", 411),
        ("X: no length", b"", 400),
        ("Content-Length: 11", b"include=\x00\xff\xfe", 400),
        ("Content-Length: 16384", b"x" * 16_384, 400),
        ("Content-Length: 16385", b"", 413),
        ("Content-Length: -8", b"include=", 400),
    ],
)
def test_a_real_server_reads_no_more_than_a_form(server: ServerProcess, field: str, body: bytes, status: int) -> None:
    head = ("POST /feed/ HTTP/1.1", "Host: news.example", "Connection: close", f"Content-Type: {FORM_TYPE}", field)
    assert statuses(exchange_bytes(server.url, "\r\n".join((*head, "", "")).encode() + body)) == [status]
    assert ask(server.url, "/healthz").status == 200
