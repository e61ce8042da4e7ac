"""The icon of site.yaml stands at /favicon.ico, which browsers and search engines ask for on their own."""

from __future__ import annotations

from pathlib import Path

from feedsvc.publication.document import Document, FileResource
from tests.conftest import SETTINGS, Newsroom
from tests.helpers.http_client import ask
from tests.helpers.newsrooms import load_publication, picture
from tests.helpers.running_server import build_tree, serving

ICON = picture(64, 64, "PNG")
FILES = {"site.yaml": SETTINGS["site.yaml"] + "icon: media/icon.png\n", "media/icon.png": ICON}


def test_server_and_tree_have_the_icon_at_favicon_ico(newsroom: Newsroom, tmp_path: Path) -> None:
    content = newsroom(FILES)
    build_tree(tmp_path / "tree", content)
    with serving(content, tmp_path / "state") as server:
        icon, favicon = ask(server.url, "/media/icon.png"), ask(server.url, "/favicon.ico")
    assert (favicon.status, favicon["Content-Type"], favicon.body) == (200, "image/png", icon.body)
    assert (tmp_path / "tree/favicon.ico").read_bytes() == icon.body


def test_favicon_of_root_comes_before_the_icon(newsroom: Newsroom) -> None:
    document = load_publication(newsroom({**FILES, "root/favicon.ico": b"own"})).resolve("/favicon.ico")
    assert isinstance(document, Document)
    assert document.body == b"own"


def test_site_without_an_icon_of_its_own_has_no_favicon(newsroom: Newsroom) -> None:
    assert load_publication(newsroom({})).resolve("/favicon.ico") is None
    at_another_site = SETTINGS["site.yaml"] + "icon: https://pictures.example/icon.png\n"
    assert load_publication(newsroom({"site.yaml": at_another_site})).resolve("/favicon.ico") is None


def test_new_icon_changes_favicon_ico(newsroom: Newsroom) -> None:
    before = load_publication(newsroom(FILES))
    now = load_publication(newsroom({**FILES, "media/icon.png": picture(32, 32, "PNG")}))
    assert isinstance(now.resolve("/favicon.ico"), FileResource)
    assert "/favicon.ico" in now.changed_since(before)
