"""feedsvc feeds: every feed with its address, number of entries, last change and access."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms
from tests.helpers.newsrooms import article


def write(root: Path) -> Path:
    settings = "title: T\nbase_url: https://t.example\nid_domain: t.example\ntimezone: Asia/Seoul\nfeed: {entries: 1}\n"
    feeds = "short: {title: In short, include: {all: true}, content: summary}\n"
    newsrooms.write(
        root, {"site.yaml": settings, "categories.yaml": "asia: {title: Asia}\nsea: {title: Sea}\n", "feeds.yaml": feeds}
    )
    for day in (1, 2):
        newsrooms.write(root, article(f"a{day}", f"2026-01-0{day}T09:00", category="asia"))
    return root


def test_the_table_has_a_line_for_each_feed(tmp_path: Path) -> None:
    result = run_feedsvc("feeds", write(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["ADDRESS", "ENTRIES", "ARTICLES", "LAST", "CHANGE", "ACCESS", "TITLE"],
        ["https://t.example/feed.rss", "1", "2", "2026-01-02", "09:00", "public", "T"],
        ["https://t.example/category/asia/feed.rss", "1", "2", "2026-01-02", "09:00", "public", "Asia"],
        ["https://t.example/category/sea/feed.rss", "0", "0", "-", "public", "Sea"],
        ["https://t.example/feeds/short/feed.rss", "1", "2", "2026-01-02", "09:00", "public", "In", "short"],
    ]


def test_a_language_has_its_own_name(tmp_path: Path) -> None:
    root = newsrooms.write(write(tmp_path), article("k", "2026-01-03T09:00", language="ko"))
    lines = run_feedsvc("feeds", root).stdout.splitlines()
    assert [line.split() for line in lines[-2:]] == [
        ["https://t.example/language/en/feed.rss", "1", "2", "2026-01-02", "09:00", "public", "English"],
        ["https://t.example/language/ko/feed.rss", "1", "1", "2026-01-03", "09:00", "public", "한국어"],
    ]


def test_json_has_the_addresses_of_all_formats(tmp_path: Path) -> None:
    result = run_feedsvc("feeds", write(tmp_path), "--json", "--base-url", "https://www.t.example/daily")
    feeds = json.loads(result.stdout)
    assert [feed["id"] for feed in feeds] == ["", "asia", "sea", "short"]
    assert feeds[1] == {
        "kind": "category",
        "id": "asia",
        "title": "Asia",
        "addresses": {suffix: f"https://www.t.example/daily/category/asia/feed.{suffix}" for suffix in ("rss", "atom", "json")},
        "entries": 1,
        "articles": 2,
        "last_change": "2026-01-02T00:00:00Z",
        "access": "public",
    }
    assert feeds[2]["last_change"] is None


def test_an_error_in_a_file_is_printed_and_gives_status_1(tmp_path: Path) -> None:
    root = write(tmp_path)
    (root / "feeds.yaml").write_text("short: [\n")
    result = run_feedsvc("feeds", root)
    assert result.returncode == 1
    assert result.stderr.startswith("feeds.yaml:1:9: error: a value is missing here")
    assert "/category/asia/feed.rss" in result.stdout
    assert "/feeds/short/" not in result.stdout
