"""Digests of feeds, computed from everything that any format may show: they tell without rendering if a feed changed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from feedsvc.catalog import Catalog, IssueRow, Listing, Row
from feedsvc.content.markdown.feed_markdown import FEED_MARKDOWN_VERSION
from feedsvc.content.markdown.render import RENDER_VERSION
from feedsvc.content.media import THUMBNAIL_WIDTH, fitting_variant
from feedsvc.extensions import plugins_fingerprint
from feedsvc.feed_model import Entry, Feed
from feedsvc.feeds import builder
from feedsvc.feeds.formats import suffixes_of
from feedsvc.feeds.issue_content import MAX_FEED_ARTICLES
from feedsvc.model import Article, FeedContent
from feedsvc.routes import FeedAt, ListingRef, path_of
from feedsvc.support.bounded_cache import BoundedCache
from feedsvc.support.digest import sha256

# The formats of a listing differ in their own addresses only, so one digest serves all of them.
_REFERENCE_FORMAT: Final = ("atom", "application/atom+xml")
_IssueDigests = BoundedCache[str, tuple[IssueRow, Entry]]  # id of an issue -> the issue and its entry in _DigestEntries
_MAX_ISSUE_DIGESTS: Final = 2000
_FEED_FIELDS: Final = tuple(name for name in Feed.__slots__ if name != "items")


class FeedDigests:
    """Digests of the feeds of a catalog, computed incrementally from those of the former call of `compute`. Not thread-safe.

    The digest of a Listing is reused if `content.settings` are equal and the Listing is the same object as in the former call:
    a catalog has a new Row if anything in the row's entries changes, and a new Listing if one of its rows is new.
    """

    def __init__(self) -> None:
        self._settings: tuple[object, ...] = ()
        self._digests: dict[ListingRef, tuple[Listing, str]] = {}
        self._issue_digests: _IssueDigests = BoundedCache(_MAX_ISSUE_DIGESTS)

    def compute(self, catalog: Catalog) -> Mapping[str, str]:
        """Return the digest of the newest document of each public feed, in each format, by path: one digest for all formats.

        Digests are equal in every process and on every machine. If the digest at a path is as before, the document has the same
        bytes. A digest may change although a format's bytes do not: only Atom has tombstones; feeds of summaries do not show
        captions; a new summary may equal the text's beginning.
        """
        settings = catalog.content.settings
        if settings != self._settings:
            self._settings, self._digests = settings, {}
            self._issue_digests = BoundedCache(_MAX_ISSUE_DIGESTS)
        entries = _DigestEntries(catalog, self._issue_digests)
        self._digests = {
            ref: (listing, self._reusable_digest(listing) or _digest_feed(listing, entries))
            for ref, listing in catalog.listings.items()
        }
        return {path_of(FeedAt(ref, suffix)): digest for ref, (_, digest) in self._digests.items() for suffix in suffixes_of(ref)}

    def _reusable_digest(self, listing: Listing) -> str:
        former_listing, digest = self._digests.get(listing.ref, (None, ""))
        return digest if former_listing is listing else ""


class _DigestEntries(builder.EntryCache):
    """Entry cache for `build_feed`. Its entries have a digest as `content`, of everything that feeds show of the article."""

    def __init__(self, catalog: Catalog, issue_digests: _IssueDigests) -> None:
        """Reuse the entries in `issue_digests`, and add those of new issues to it."""
        super().__init__(catalog)
        self._issue_digests = issue_digests
        self._digest_entries: Mapping[tuple[FeedContent, bool], dict[str, Entry]] = defaultdict(dict)

    def get(self, row: Row, content: FeedContent, *, markdown: bool = False) -> Entry:
        if isinstance(row, IssueRow):
            return self._issue_entry(row, content)
        entries = self._digest_entries[content, markdown]
        entry = entries.get(row.article.id)
        if entry is None:
            entry = entries[row.article.id] = _digest_entry(self.catalog, row, content, markdown=markdown)
        return entry

    def _issue_entry(self, issue: IssueRow, content: FeedContent) -> Entry:
        cached = self._issue_digests.get(issue.article.id)
        if cached and cached[0] is issue:
            return cached[1]
        entry = _digest_issue(self.catalog, issue, content)
        self._issue_digests.put(issue.article.id, (issue, entry))
        return entry


def _image_variant_paths(catalog: Catalog, article: Article) -> Iterator[str]:
    """Yield the path of the thumbnail of each of the article's media files, "" for one without. It changes with the bytes."""
    for path in article.media:
        thumbnail = fitting_variant(catalog.media.get(path), THUMBNAIL_WIDTH)
        yield thumbnail.path if thumbnail else ""


def _digest_entry(catalog: Catalog, row: Row, content: FeedContent, *, markdown: bool) -> Entry:
    article = row.article
    is_text_hidden = not article.text or (content == "summary" and article.summary)
    text_digest = "" if is_text_hidden else f"{RENDER_VERSION}:{article.text.hex()}"
    if markdown and content == "full" and text_digest:
        text_digest += f" as Markdown {FEED_MARKDOWN_VERSION}"
    if article.embeds and content == "full" and text_digest:
        text_digest += f" with links {[(embed.url, embed.title) for embed in article.embeds]}"
    row = replace(row, article=_without_text(article, text_digest))
    digest = _digest([text_digest, *_image_variant_paths(catalog, article), builder.build_entry(catalog, row, content)])
    return _entry_of(row, digest)


def _digest_issue(catalog: Catalog, issue: IssueRow, content: FeedContent) -> Entry:
    articles = [
        replace(row, article=_without_text(row.article, f"{RENDER_VERSION}:{row.article.text.hex()}"))
        for row in issue.articles[:MAX_FEED_ARTICLES]
    ]
    return _entry_of(issue, _digest(builder.build_entry(catalog, replace(issue, articles=tuple(articles)), content)))


def _without_text(article: Article, text_digest: str) -> Article:
    """Return an article without its text, because HTML and excerpt cost more than everything else.

    In place of an excerpt, its summary is `text_digest`. That includes the renderer's version, because after an upgrade the same
    Markdown may become other HTML, and hubs must be notified.
    """
    return replace(article, text=b"", summary=article.summary or text_digest or article.title)


def _entry_of(row: Row, digest: str) -> Entry:
    return Entry(id="", url="", title="", published=row.last_changed, updated=row.last_changed, summary="", content=digest)


def _digest_feed(listing: Listing, entries: builder.EntryCache) -> str:
    feed = builder.build_feed(listing, entries, *_REFERENCE_FORMAT)
    items = [item.content if isinstance(item, Entry) else item for item in feed.items]
    # Without plug-ins, digests are as in versions that had none: hubs are not notified after the upgrade.
    plugins = plugins_fingerprint()
    return _digest([[getattr(feed, name) for name in _FEED_FIELDS], items, *([plugins] if plugins else [])])


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, default=_json_default)).hex()


def _json_default(value: Any) -> Any:
    """Return a datetime as ISO 8601 text, a dataclass with slots as the list of its values. AttributeError for other types."""
    return value.isoformat() if isinstance(value, datetime) else [getattr(value, name) for name in value.__slots__]
