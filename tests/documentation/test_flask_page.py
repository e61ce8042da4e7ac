"""The programs of docs/how-to/flask.md run as they are; only the state folder is the test's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from feedsvc.api import new_entry
from feedsvc.flask import NewsroomBlueprint
from tests import ROOT
from tests.web.newsroom import write_newsroom

PAGE: Final = (ROOT / "docs/how-to/flask.md").read_text("utf-8")
PROGRAMS: Final = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    write_newsroom(tmp_path / "content", base_url="https://example.org/news")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_application_of_the_page_serves_the_newsroom(folder: Path) -> None:
    names: dict[str, Any] = {"__name__": "portal"}
    exec(PROGRAMS[0].replace("/var/lib/news", str(folder / "state")), names)
    app = names["create_app"]()
    assert "https://example.org/news/articles/" in app.test_client().get("/news/feed.rss").text
    app.blueprints["feedsvc"].close()


@pytest.mark.usefixtures("folder")
def test_login_check_of_the_page_guards_the_newsroom() -> None:
    names: dict[str, Any] = {"__name__": "portal"}
    exec(PROGRAMS[1], names)
    app, site = names["app"], names["site"]
    assert isinstance(site, NewsroomBlueprint)
    client = app.test_client()
    assert client.get("/news/feed.rss").status_code == 401
    with client.session_transaction() as state:
        state["user"] = "alice"
    feed = client.get("/news/feed.rss")
    assert (feed.status_code, feed.headers["Cache-Control"]) == (200, "private, no-store")
    site.close()


def test_feed_of_the_page_is_answered_with_its_media_type() -> None:
    entry = new_entry(title="Tide", url="https://example.org/notes/1", published=datetime(2026, 1, 2, tzinfo=UTC))
    names: dict[str, Any] = {"__name__": "portal", "notes_of_my_database": lambda: [entry]}
    exec(PROGRAMS[2], names)
    client = names["app"].test_client()
    assert client.get("/notes/feed.csv").status_code == 404
    response = client.get("/notes/feed.atom")
    assert (response.status_code, response.mimetype) == (200, "application/atom+xml")
    assert b"https://example.org/notes/feed.atom" in response.data


def test_each_argument_of_the_blueprint_has_a_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert rows == ["content", "url_prefix", "base_url", "state", "name"]
