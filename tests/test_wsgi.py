"""The application for other WSGI servers: what `flask --app feedsvc.wsgi` and an embedding application see."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask, Response, abort, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from feedsvc.errors import FeedsvcError
from feedsvc.wsgi import create_app
from tests import ROOT
from tests.audience.waiting import wait_until
from tests.helpers import newsrooms
from tests.helpers.http_client import call
from tests.helpers.newsrooms import article, write


def test_flask_lists_an_endpoint_for_every_kind_of_address(tmp_path: Path) -> None:
    root = newsrooms.write_sample(tmp_path / "content")
    command = [sys.executable, "-m", "flask", "--app", f"feedsvc.wsgi:create_app('{root}')", "routes"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    endpoints = {line.split()[0] for line in result.stdout.splitlines()[2:]}
    assert {"site_page", "category_feed", "author_archive_feed", "tag_page", "article", "media_file"} <= endpoints
    assert {"sitemap_xml", "feeds_opml", "subscribe", "tag_list", "robots_txt", "status", "metrics", "healthz"} <= endpoints


def test_flask_finds_the_folder_of_the_variables_and_shows_that_documents_are_only_read(tmp_path: Path) -> None:
    """`flask --app feedsvc.wsgi run` opened that folder twice, and then looked for ./content."""
    root = newsrooms.write_sample(tmp_path / "newsroom")
    environment = {**os.environ, "FEEDSVC_CONTENT": str(root), "FEEDSVC_STATE": str(tmp_path / "state"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "flask", "--app", "feedsvc.wsgi", "routes"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=True)
    rows = [line.split() for line in result.stdout.splitlines()[2:]]
    methods = {endpoint: words[:-1] for endpoint, *words in rows}
    assert methods.pop("combination_form") == ["POST"]
    assert {"healthz", "readyz", "status", "metrics", "private_feed", "article", "static_page"} <= {*methods}
    assert [*methods.values()] == [["GET"]] * len(methods)
    assert "serving" not in result.stderr


def test_embedded_application_serves_below_the_path_of_base_url_and_follows_saves(tmp_path: Path) -> None:
    root = newsrooms.write_sample(tmp_path / "content")
    newsroom = create_app(str(root), base_url="https://example.org/news", state=str(tmp_path / "state"))
    own_app = Flask("own")
    own_app.add_url_rule("/", view_func=lambda: "own page")
    own_app.wsgi_app = DispatcherMiddleware(own_app.wsgi_app, {"/news": newsroom})  # type: ignore[method-assign]
    assert call(own_app, "/").body == b"own page"
    feed = call(own_app, "/news/feed.rss")
    assert (feed.status, b"https://example.org/news/feed.rss" in feed.body) == (200, True)
    assert call(own_app, "/news/nothing").status == 404
    assert call(own_app, "/news/category/asia")["Location"] in ("", "/news/category/asia/")
    write(root, article("late", "2026-02-25"))
    wait_until(lambda: call(own_app, "/news/articles/late/").status == 200)


@pytest.mark.parametrize("base_url", ["example.org", "https://example.org/?page=1", "ftp://example.org"])
def test_embedded_application_refuses_a_wrong_address_with_a_sentence(tmp_path: Path, base_url: str) -> None:
    root = newsrooms.write_sample(tmp_path / "content")
    with pytest.raises(
        FeedsvcError, match=r"^base_url '.*' is not the address of a site; give one such as https://example.org or "
    ):
        create_app(str(root), base_url=base_url)


def test_embedded_application_finds_an_unusable_state_folder_before_it_reads_the_content(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(FeedsvcError, match="state"):
        create_app(str(tmp_path / "nowhere"), state=str(tmp_path / "state"))


def test_embedded_application_keeps_the_last_valid_theme_for_its_next_start(tmp_path: Path) -> None:
    root = write(newsrooms.write_sample(tmp_path / "content"), {"theme/templates/article.html": "<p>own theme</p>"})
    newsroom = create_app(str(root), base_url="https://example.org", state=str(tmp_path / "state"))
    assert b"own theme" in call(newsroom, "/articles/older/").body
    assert (tmp_path / "state" / "theme.zip").is_file()


def test_functions_of_the_embedding_application_run_for_each_repeated_request(tmp_path: Path) -> None:
    """The response cache answered a repeated request before they ran: a check of access let everybody in."""
    newsroom = create_app(str(newsrooms.write_sample(tmp_path / "content")), base_url="https://example.org")
    newsroom.before_request(lambda: None if request.headers.get("X-Key") == "key" else abort(403))

    def add_header(response: Response) -> Response:
        response.headers["X-Own"] = "1"
        return response

    newsroom.after_request(add_header)
    for _ in range(3):
        allowed = call(newsroom, "/feed.rss", {"X-Key": "key"})
        assert (allowed.status, allowed["X-Own"]) == (200, "1")
        assert call(newsroom, "/feed.rss").status == 403
