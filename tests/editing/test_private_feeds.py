"""check --against: a feed that became private or whose private feed is gone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from feedsvc.catalog import build_catalog
from feedsvc.content.folder import ContentSnapshot, load_content
from feedsvc.editing.comparison import CatalogPair, warnings
from tests.helpers import newsrooms

NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
SITE: Final = "title: T\nbase_url: https://t.example\nid_domain: t.example\n"
PUBLIC: Final = "wire: {title: W, include: {all: true}, content: summary}\n"
PRIVATE: Final = "wire: {title: W, include: {all: true}, access: private}\n"


def load(root: Path, feeds: str) -> ContentSnapshot:
    return load_content(newsrooms.write(root, {"site.yaml": SITE, "feeds.yaml": feeds}))


def compare(folder: Path, before: str, now: str) -> list[str]:
    previous, current = load(folder / "before", before), load(folder / "now", now)
    pair = CatalogPair(
        root=folder / "now", revision="main", previous=build_catalog(previous, NOW), current=build_catalog(current, NOW)
    )
    return [f"{problem.message}; {problem.hint}" for problem in warnings(pair)]


def test_a_public_feed_that_becomes_private_is_reported(tmp_path: Path) -> None:
    (warning,) = compare(tmp_path, PUBLIC, PRIVATE)
    assert warning.startswith("the custom feed 'wire' was public at main; its feeds would be gone; ")
    assert warning.endswith("or give its subscribers tokens: feedsvc token add wire NAME")


def test_a_private_feed_that_is_gone_is_reported_unless_another_has_its_id_as_alias(tmp_path: Path) -> None:
    (warning,) = compare(tmp_path / "gone", PRIVATE, PRIVATE.replace("wire", "other"))
    assert warning.startswith("the private feed 'wire' was there at main; its feeds would be gone; ")
    assert warning.endswith("write aliases: [wire] below the private feed that takes its place")
    assert (
        compare(tmp_path / "alias", PRIVATE, PRIVATE.replace("wire:", "other:").replace("{title", "{aliases: [wire], title"))
        == []
    )


def test_a_private_feed_that_becomes_public_is_no_breaking_change(tmp_path: Path) -> None:
    assert compare(tmp_path, PRIVATE, PUBLIC) == []
