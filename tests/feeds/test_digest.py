"""Digests of feeds: a digest changes exactly if the bytes of the feed change."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from feedsvc.catalog.catalog import Catalog, build_catalog
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.extensions import BUILT_IN_SUFFIXES
from feedsvc.feeds.digest import FeedDigests
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.routes import FeedAt, path_of
from tests.helpers import newsrooms
from tests.helpers.newsrooms import NOW

# Key -> its possible lines, "" for none; an edit replaces the line of a key by another.
SITE: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("title: Daily", "title: Asia"),
    "description": ("", "description: News", "description: Daily"),
    "base_url": ("base_url: https://t.example", "base_url: https://t.example/news"),
    "id_domain": ("id_domain: t.example", "id_domain: u.example"),
    "since": ("", "since: 2020-05-01"),
    "timezone": ("", "timezone: Asia/Seoul", "timezone: America/New_York"),
    "copyright": ("", "copyright: © Daily"),
    "logo": ("", "logo: https://t.example/logo.png"),
    "icon": ("", "icon: https://t.example/icon.png"),
    "hubs": ("", "hubs: [https://hub.example/]", "hubs: [https://hub.example/, https://other.example/]"),
    "license": (
        "",
        "license: {prohibits: [ai-train]}",
        "license: {prohibits: [ai-all]}",
        "license: {permits: [search], payment: {type: crawl, amount: 1, currency: EUR}}",
    ),
    "crawlers": ("", "crawlers: {disallow: [GPTBot]}"),
    "feed": (
        "feed: {entries: 2}",
        "feed: {entries: 2, markdown: true}",
        "feed: {entries: 3}",
        "feed: {entries: 2, archives: none}",
        "feed: {entries: 2, archives: site}",
        "feed: {entries: 2, ttl: 5}",
        "feed: {entries: 2, browser_view: false}",
    ),
}
CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "asia": ("asia: {title: Asia}", "asia: {title: Far East}", "asia: {title: Asia, description: From the East}"),
    "money": (
        "money: {title: Money}",
        "money: {title: Money, aliases: [cash]}",
        "money: {title: Money, feed: {entries: 1}}",
        "money: {title: Money, feed: {archives: none}}",
        "money: {title: Money, feed: {ttl: 9}}",
        "money: {title: Money, feed: {browser_view: false}}",
        "money: {title: Money, feed: {markdown: true}}",
        "money: {title: Money, feed: {withdrawals: silent}}",
    ),
}
AUTHORS: Final[Mapping[str, tuple[str, ...]]] = {
    "mina": (
        "mina: {name: Mina}",
        "mina: {name: Mina Park}",
        "mina: {name: Mina, email: mina@t.example, show_email: true}",
        "mina: {name: Mina, url: 'https://mina.example/'}",
        "mina: {name: Mina, bio: Writes}",
        "mina: {name: Mina, avatar: 'https://t.example/mina.png'}",
    ),
}
TAGS: Final[Mapping[str, tuple[str, ...]]] = {
    "korea": (
        "korea: {description: ''}",
        "korea: {title: Corea}",
        "korea: {title: Corea, description: From Seoul}",
        "korea: {aliases: [corea]}",
        "korea: {feed: {entries: 1}}",
    ),
}
ARTICLE: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("title: A", "title: B"),
    "published": ("published: 2026-02-01T23:30:00Z", "published: 2026-01-10", "published: 2026-03-01T13:00:00Z"),
    "updated": ("", "updated: 2026-02-20", "updated: 2026-03-01T13:00:00Z"),
    "expires": ("", "expires: 2026-02-25", "expires: 2026-03-01T13:00:00Z"),
    "category": ("category: asia", "category: money", "categories: [asia, money]"),
    "author": ("author: mina", ""),
    "tags": ("", "tags: [Korea]", "tags: [korea]", "tags: [KOREA, North]"),
    "summary": ("", "summary: Short.", "summary: Shorter."),
    "body": ("body: Text.", "body: Text. More text.", "body: ''", f"body: '{'word ' * 100}'", f"body: '{'word ' * 101}'"),
    "image": (
        "",
        "image: {src: 'https://t.example/a.png', type: image/png, width: 4, height: 4}",
        "image: {src: 'https://t.example/a.png', type: image/png, width: 5, height: 4, alt: x, caption: y, credit: z}",
        "image: {src: 'https://t.example/a.png', type: image/png, width: 5, height: 4, alt: x, caption: y, disclaimer: z}",
    ),
    "enclosures": ("", "enclosures: [{src: media/a.mp3}]", "enclosures: [{src: media/a.mp3, title: Talk}]"),
    "sources": ("", "sources: [{name: Yonhap}]", "sources: [{name: Yonhap, url: 'https://y.example/'}]"),
    "corrections": ("", "corrections: [{date: 2026-02-02, text: Wrong.}]", "corrections: [{date: 2026-02-03, text: Wrong.}]"),
    "language": ("", "language: ko"),
    "link": ("", "link: https://elsewhere.example/a"),
    "status": ("", "status: draft", "status: withdrawn", "status: withdrawn\nwithdrawn: {date: 2026-02-26, notice: Wrong.}"),
}


def _lines_of_unique_keys(stem: str) -> Mapping[str, tuple[str, ...]]:
    """Return the possible lines of keys whose values must differ between articles."""
    language, original = {"one": ("ko", "two"), "two": ("ja", "three"), "three": ("fr", "one")}[stem]
    translation = f"language: {language}\ntranslation_of: tag:t.example,2026:{original}"
    return {
        "slug": ("", f"slug: other-{stem}"),
        "aliases": ("", f"aliases: [former-{stem}]"),
        "language": ("", f"language: {language}", translation),
    }


FILES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "site.yaml": SITE,
    "categories.yaml": CATEGORIES,
    "authors.yaml": AUTHORS,
    "tags.yaml": TAGS,
    **{f"articles/{stem}.yaml": {**ARTICLE, **_lines_of_unique_keys(stem)} for stem in ("one", "two", "three")},
}
HOURS: Final = (0, 2, 48)
Edit = tuple[str, str, str]
# The keys of one article represent those of the others.
KEYS: Final = [(file, key) for file in list(FILES)[:5] for key in FILES[file]]
EDITS: Final = [(file, key, line) for file, keys in FILES.items() for key, lines in keys.items() for line in lines]


class Newsroom:
    """A content folder with edits, and the catalogs that a running server builds of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = ContentFolder(root)
        self.lines = {(file, key): lines[0] for file, keys in FILES.items() for key, lines in keys.items()}
        newsrooms.write(root, {"media/a.mp3": b"mp3"})

    def read(self, hours: int = 0, before: Catalog | None = None) -> Catalog:
        for file in FILES:
            self._write(file)
        change, now = self.folder.read(), NOW + timedelta(hours=hours)
        assert not change.content.errors, change.content.errors
        if before:
            return before.apply_changes(change.content, now, removed=change.removed, added=change.added)
        return build_catalog(change.content, now)

    @property
    def is_valid(self) -> bool:
        """False if an article of the future expires, which it does in no line after its publication."""
        articles = [file for file in FILES if file.startswith("articles/")]
        future = ARTICLE["published"][-1]
        return not any(self.lines[file, "expires"] and self.lines[file, "published"] == future for file in articles)

    def _write(self, file: str) -> None:
        identity = f"id: tag:t.example,2026:{Path(file).stem}" if file.startswith("articles/") else ""
        lines = [line for (name, _), line in self.lines.items() if name == file]
        data = "\n".join(filter(None, (identity, *lines))).encode() + b"\n"
        path = self.root / file
        if not path.exists() or path.read_bytes() != data:
            path.unlink(missing_ok=True)
            newsrooms.write(self.root, {file: data})


def bodies_of_feeds(catalog: Catalog) -> Mapping[str, tuple[bytes, ...]]:
    """Return path -> bodies of the three documents of its listing, which have one digest."""
    publication = Publication(catalog)
    bodies_by_path = {}
    for ref in catalog.listings:
        paths = [path_of(FeedAt(ref, suffix)) for suffix in BUILT_IN_SUFFIXES]
        documents = [publication.resolve(path) for path in paths]
        bodies = tuple(document.body for document in documents if isinstance(document, Document))
        assert len(bodies) == 3
        bodies_by_path |= dict.fromkeys(paths, bodies)
    return bodies_by_path


def assert_digests_match_bytes(before: Catalog, after: Catalog, digests: FeedDigests, *, exact: bool = True) -> None:
    """Assert that digests changed where the bytes of feeds changed, and with `exact` only there."""
    old, new = FeedDigests().compute(before), digests.compute(after)
    old_bytes, new_bytes = bodies_of_feeds(before), bodies_of_feeds(after)
    assert set(new) == set(new_bytes)
    assert new == FeedDigests().compute(after)  # digests computed from caches equal new ones
    for path in old.keys() & new.keys():
        if old_bytes[path] != new_bytes[path]:
            assert old[path] != new[path], path
        elif exact:
            assert old[path] == new[path], path


@pytest.mark.slow
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(EDITS), st.sampled_from(HOURS)), min_size=1, max_size=6))
def test_digests_change_exactly_when_the_bytes_do(edits: list[tuple[Edit, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        newsroom, digests = Newsroom(Path(folder)), FeedDigests()
        before = newsroom.read()
        digests.compute(before)
        for (file, key, line), hours in edits:
            newsroom.lines[file, key] = line
            assume(newsroom.is_valid)
            after = newsroom.read(hours, before)
            assert_digests_match_bytes(before, after, digests)
            before = after


@pytest.mark.parametrize("content", ["full", "summary"])
@pytest.mark.parametrize(("file", "key"), KEYS)
def test_a_change_of_every_key_changes_the_digests_if_it_changes_the_bytes(
    tmp_path: Path, file: str, key: str, content: str
) -> None:
    newsroom, digests = Newsroom(tmp_path), FeedDigests()
    feed_line = f"feed: {{entries: 2, content: {content}}}"
    newsroom.lines["site.yaml", "feed"] = feed_line
    newsroom.lines["articles/two.yaml", "tags"] = "tags: [KOREA]"
    newsroom.lines["articles/one.yaml", "tags"] = "tags: [Korea]"
    before = newsroom.read()
    digests.compute(before)
    for line in (*FILES[file][key], FILES[file][key][0]):
        newsroom.lines[file, key] = line.replace("{entries: 2", f"{{content: {content}, entries: 2")
        after = newsroom.read(0, before)
        # A feed of summaries has no captions, but the digest includes them.
        assert_digests_match_bytes(before, after, digests, exact=content == "full")
        before = after


def test_a_summary_equal_to_the_beginning_of_the_text_may_change_the_digest(tmp_path: Path) -> None:
    newsroom, digests = Newsroom(tmp_path), FeedDigests()
    before = newsroom.read()
    newsroom.lines["articles/one.yaml", "summary"] = "summary: Text."
    after = newsroom.read(0, before)
    assert bodies_of_feeds(before) == bodies_of_feeds(after)
    assert_digests_match_bytes(before, after, digests, exact=False)
