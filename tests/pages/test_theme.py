"""A newsroom's templates and static files take the place of the product's own, file by file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from feedsvc.cli import main
from feedsvc.cli.options import newsroom as read_newsroom
from feedsvc.document import Document
from tests import newsrooms

MESSAGE = "theme/templates/message.html"
OWN_MESSAGE = '{% extends "base.html" %}\n{% block main %}<h1 class="ours">{{ title }}</h1>{% endblock %}\n'


def _themed(root: Path, files: Mapping[str, str | bytes]) -> Path:
    return newsrooms.write(newsrooms.rich(root), files)


def _body(root: Path, path: str) -> str:
    publication = newsrooms.published(root)
    found = publication.at(path)
    assert isinstance(found, Document), path
    return found.body.decode()


def test_a_template_and_a_sheet_take_the_place_of_two_files_and_of_no_other(tmp_path: Path) -> None:
    root = _themed(tmp_path, {MESSAGE: OWN_MESSAGE, "theme/static/site.css": "body { color: teal }\n"})
    plain = newsrooms.published(newsrooms.rich(tmp_path / "plain"))
    themed = newsrooms.published(root)
    assert '<h1 class="ours">' in themed.missing().body.decode()
    assert '<h1 class="ours">' in _body(root, "/articles/gone/")
    assert _body(root, "/static/site.css") == "body { color: teal }\n"
    changed = {path for path in plain.paths() if path.endswith("/") and themed.at(path) != plain.at(path)}
    assert changed == set()
    assert themed.at("/static/site.js") == plain.at("/static/site.js")


def test_a_new_static_file_of_a_theme_is_served(tmp_path: Path) -> None:
    root = _themed(tmp_path, {"theme/static/mark.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>"})
    found = newsrooms.published(root).at("/static/mark.svg")
    assert isinstance(found, Document)
    assert found.media_type == "image/svg+xml"
    assert "/static/mark.svg" in set(newsrooms.published(root).paths())


@pytest.mark.parametrize(
    ("path", "text", "line", "part"),
    [
        (MESSAGE, "<p>\n\n{{ title | }}\n", 3, "no template"),
        (MESSAGE, "{% extends 'base.html' %}\n{% nonesuch %}\n", 2, "no template"),
        (MESSAGE, b"\xff\xfe", 1, "UTF-8"),
        ("theme/static/shop.exe", "x", 1, "no page uses"),
        ("theme/notes.txt", "x", 1, "templates/ and static/"),
    ],
)
def test_what_is_no_template_is_told_with_its_line_and_not_used(
    tmp_path: Path, path: str, text: str | bytes, line: int, part: str
) -> None:
    root = _themed(tmp_path, {path: text, "theme/templates/subscribe.html": "sound"})
    done = CliRunner().invoke(main, ["check", str(root)])
    [told] = [one for one in done.stdout.splitlines() if one.startswith("theme/")]
    assert (done.exit_code, told.startswith(f"{path}:{line}:"), part in told) == (1, True, True), told
    assert set(read_newsroom(root, "").theme) == {"templates/subscribe.html"}


@pytest.mark.parametrize(
    "text",
    [
        "{{ nonesuch }}",
        "{{ title | nonesuch }}",
        "{{ title.nonesuch }}",
        "{{ 1 / 0 }}",
        "{% include 'nonesuch.html' %}",
        "{% extends 'message.html' %}",
        "{{ title.__class__.__mro__ }}",
        "{{ title + 1 }}",
        "{{ title() }}",
    ],
)
def test_a_template_that_fails_at_its_page_gives_way(tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str) -> None:
    plain = newsrooms.published(newsrooms.rich(tmp_path / "plain")).missing()
    root = _themed(tmp_path / "themed", {MESSAGE: text})
    with caplog.at_level(logging.WARNING):
        assert newsrooms.published(root).missing().body == plain.body
    assert "theme/templates/message.html cannot make its page" in caplog.text
