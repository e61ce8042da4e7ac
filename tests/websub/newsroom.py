"""A newsroom with hubs, and what a server would tell the announcer of it."""

from collections.abc import Mapping
from pathlib import Path

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.feeds.digest import FeedDigests
from feedsvc.websub.publisher import Publisher
from tests.helpers import newsrooms
from tests.helpers.newsrooms import NOW, article

BASE = "https://news.example/daily"
ASIA = tuple(f"{BASE}/category/asia/feed.{suffix}" for suffix in ("atom", "json", "rss"))
SITE = tuple(f"{BASE}/feed.{suffix}" for suffix in ("atom", "json", "rss"))
MONEY = tuple(f"{BASE}/category/money/feed.{suffix}" for suffix in ("atom", "json", "rss"))
ALL = {*ASIA, *MONEY, *SITE}


def write(root: Path, *hubs: str, files: Mapping[str, str | bytes] | None = None) -> Path:
    """Two sections, one article in each: nine feeds."""
    site = f"title: Daily\nbase_url: {BASE}\nid_domain: news.example\nhubs: [{', '.join(hubs)}]\n"
    return newsrooms.write(
        root,
        {
            "site.yaml": site,
            "categories.yaml": "asia: {title: Asia}\nmoney: {title: Money}\n",
            **article("bridge", "2026-02-01", category="asia"),
            **article("coin", "2026-02-02", category="money"),
            **(files or {}),
        },
    )


def correct(root: Path, text: str) -> None:
    """Another text for the article in asia: six feeds change."""
    newsrooms.write(root, article("bridge", "2026-02-01", category="asia", body=text))


class Desk:
    """Tells an announcer of each edition, as a server does."""

    def __init__(self, root: Path, announcer: Publisher) -> None:
        self.root = root
        self.announcer = announcer
        self.digests = FeedDigests()

    def publish(self, *changed: str, base_url: str = "") -> None:
        current = build_catalog(load_content(self.root, base_url), NOW)
        self.announcer.set_edition(current.site.base_url, current.site.hubs, lambda: self.digests.compute(current), changed)
