"""A view function of another program answers with a feed as the service itself does."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest
from flask import Flask, Response

from feedsvc.api import Format, new_entry, new_feed, render
from feedsvc.flask import feed_response

HOME = "https://harbour.example/"
FEED = new_feed(
    title="Harbour Notes",
    url=HOME,
    entries=[
        new_entry(title=f"Tide {day}", url=f"{HOME}{day}", published=datetime(2026, 1, day, tzinfo=UTC)) for day in range(1, 30)
    ],
)
CSV = Format(suffix="csv", name="CSV", media_type="text/csv", render=lambda feed: feed.title.encode())


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)

    @app.route("/notes.<suffix>")
    def notes(suffix: str) -> Response:
        return feed_response(FEED, CSV if suffix == "csv" else suffix, url=f"{HOME}notes.{suffix}")

    return app


@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [("rss", "application/rss+xml"), ("atom", "application/atom+xml"), ("json", "application/feed+json"), ("csv", "text/csv")],
)
def test_feed_response_has_media_type_and_etag_and_a_second_poll_gets_304(app: Flask, suffix: str, media_type: str) -> None:
    client = app.test_client()
    response = client.get(f"/notes.{suffix}")
    assert (response.status_code, response.mimetype) == (200, media_type)
    assert response.data == (b"Harbour Notes" if suffix == "csv" else render(FEED, suffix, url=f"{HOME}notes.{suffix}"))
    again = client.get(f"/notes.{suffix}", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", response.headers["ETag"])
    assert client.head(f"/notes.{suffix}").headers["Content-Length"] == str(len(response.data))


def test_feed_response_is_compressed_for_a_client_that_accepts_it(app: Flask) -> None:
    response = app.test_client().get("/notes.rss", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.data) == render(FEED, "rss", url=f"{HOME}notes.rss")


def test_feed_response_in_an_unknown_format_is_a_404_that_names_the_others(app: Flask) -> None:
    """A view function that passes what stands in its address answered 500."""
    response = app.test_client().get("/notes.atmo")
    assert (response.status_code, "There is no feed format &#39;atmo&#39;, only rss, atom, json" in response.text) == (404, True)


def test_feed_response_has_the_date_of_the_feed_which_a_tag_outranks(app: Flask) -> None:
    client = app.test_client()
    date = client.get("/notes.rss").headers["Last-Modified"]
    assert date == "Thu, 29 Jan 2026 00:00:00 GMT"
    asked = [{"If-Modified-Since": date}, {"If-Modified-Since": date, "If-None-Match": '"other"'}]
    assert [client.get("/notes.rss", headers=headers).status_code for headers in asked] == [304, 200]
