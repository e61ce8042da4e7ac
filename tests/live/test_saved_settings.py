"""Settings, a page or a file of root/ are saved while a server runs: the next edition shows them without a changed article."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.document import Document
from tests.helpers.newsrooms import article, write

SETTINGS: Final = {
    "site.yaml": "title: The Daily\nbase_url: https://t.example\nid_domain: t.example\n",
    "categories.yaml": "money: {title: Money}\n",
    "authors.yaml": "mina: {name: Mina Park}\n",
    "feeds.yaml": "waves: {title: Ripples, include: {all: true}, content: summary}\n",
    "pages/about.md": "---\ntitle: About\n---\n",
    "pages/imprint.md": "---\ntitle: Imprint\n---\n",
    "root/ads.txt": "x",
    "root/.well-known/security.txt": "x",
}
# File -> its new text, path of a page that shows it, and what the page shows then.
SAVES: Final = {
    "site.yaml": (SETTINGS["site.yaml"].replace("The Daily", "The Evening"), "/", "The Evening"),
    "categories.yaml": ("money: {title: Cash and coins}\n", "/category/money/", "Cash and coins"),
    "authors.yaml": ("mina: {name: Mina K. Park}\n", "/author/mina/", "Mina K. Park"),
    "feeds.yaml": ("waves: {title: Waves of news, include: {all: true}, content: summary}\n", "/feeds/waves/", "Waves of news"),
    "tags.yaml": ("sea: {title: The seven seas}\n", "/tag/sea/", "The seven seas"),
    "pages/about.md": ("---\ntitle: About\n---\nWe write about waves.\n", "/about/", "We write about waves."),
    "pages/imprint.md": ("---\ntitle: Who prints this\n---\n", "/articles/one/", "Who prints this"),
    "root/ads.txt": ("sea.example, 1, DIRECT\n", "/ads.txt", "sea.example"),
    "root/.well-known/security.txt": ("Contact: sea\n", "/.well-known/security.txt", "Contact: sea"),
}


def page(live: Live, path: str) -> str:
    document = live.edition.publication.resolve(path)
    assert isinstance(document, Document)
    return document.body.decode()


@pytest.mark.parametrize("is_named", [True, False], ids=["one path", "full scan"])
@pytest.mark.parametrize("file", SAVES)
def test_a_saved_settings_file_is_shown_although_no_article_changed(tmp_path: Path, file: str, *, is_named: bool) -> None:
    text, path, shown = SAVES[file]
    root = write(tmp_path / "content", SETTINGS)
    write(root, article("one", tags="[sea]", category="money", author="mina"))
    live = Live(ContentFolder(root), None)
    assert shown not in page(live, path)
    write(root, {file: text})
    live.reload(frozenset({file}) if is_named else None)
    assert not live.edition.content.errors
    assert shown in page(live, path)
