"""A content folder with hubs, and a publisher that gets its editions as from a server."""

from collections.abc import Mapping
from pathlib import Path

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.websub.publisher import Publisher
from tests.helpers import newsrooms
from tests.helpers.newsrooms import NOW, article

BASE_URL = "https://news.example/daily"
ASIA_FEEDS = tuple(f"{BASE_URL}/category/asia/feed.{suffix}" for suffix in ("atom", "json", "rss"))
SITE_FEEDS = tuple(f"{BASE_URL}/feed.{suffix}" for suffix in ("atom", "json", "rss"))
MONEY_FEEDS = tuple(f"{BASE_URL}/category/money/feed.{suffix}" for suffix in ("atom", "json", "rss"))
ALL_FEEDS = {*ASIA_FEEDS, *MONEY_FEEDS, *SITE_FEEDS}


def write(root: Path, *hubs: str, files: Mapping[str, str | bytes] | None = None) -> Path:
    """Write a site with two sections of one article each, which has nine feeds."""
    site = f"title: Daily\nbase_url: {BASE_URL}\nid_domain: news.example\nhubs: [{', '.join(hubs)}]\n"
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


def change_article(root: Path, text: str) -> None:
    """Change the text of the article in section asia, which changes six feeds."""
    newsrooms.write(root, article("bridge", "2026-02-01", category="asia", body=text))


class PublishedSite:
    """A content folder and its publisher. `publish` gives the publisher the current edition, as a server does."""

    def __init__(self, root: Path, publisher: Publisher) -> None:
        self.root = root
        self.publisher = publisher

    def publish(self, *changed_paths: str, base_url: str = "") -> None:
        self.publisher.publish(build_catalog(load_content(self.root, base_url), NOW), changed_paths)
