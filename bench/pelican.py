"""Run Pelican: its simple theme, no cache, RSS and Atom for the site and for every section, author and tag."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from bench import corpus
from bench.measure import Cost, measure_command

_SETTINGS: Final = f"""
SITENAME = "Bench News"
SITEURL = FEED_DOMAIN = "{corpus.BASE_URL}"
PATH = "content"
TIMEZONE = "UTC"
DEFAULT_LANG = "en"
THEME = "simple"
SLUGIFY_SOURCE = "basename"
STATIC_PATHS = []
FEED_MAX_ITEMS = 50
RSS_FEED_SUMMARY_ONLY = False
FEED_RSS, FEED_ATOM = "feed.rss", "feed.atom"
CATEGORY_FEED_RSS, CATEGORY_FEED_ATOM = "category/{{slug}}/feed.rss", "category/{{slug}}/feed.atom"
AUTHOR_FEED_RSS, AUTHOR_FEED_ATOM = "author/{{slug}}/feed.rss", "author/{{slug}}/feed.atom"
TAG_FEED_RSS, TAG_FEED_ATOM = "tag/{{slug}}/feed.rss", "tag/{{slug}}/feed.atom"
FEED_ALL_ATOM = TRANSLATION_FEED_ATOM = None
DEFAULT_PAGINATION = 50
# Pelican's default address of the second page of topic-6 is topic-62, which is the first page of another tag.
PAGINATION_PATTERNS = [
    (1, "{{url}}", "{{save_as}}"),
    (2, "{{base_name}}/page/{{number}}.html", "{{base_name}}/page/{{number}}.html"),
]
"""


def write_site(folder: Path, count: int) -> None:
    """Write a Pelican site with `count` articles."""
    corpus.write_articles(folder / "content", count, ".md", corpus.as_pelican)
    (folder / "pelicanconf.py").write_text(_SETTINGS)


def build(folder: Path, out: Path, log: Path) -> Cost:
    """Measure a build into a new folder."""
    return measure_command([sys.executable, "-m", "pelican", "-s", "pelicanconf.py", "-o", str(out), "-q"], log, folder=folder)
