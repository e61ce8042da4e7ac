"""Feed builder: builds the neutral Feed of a Listing. The decisions that all formats share are made in this module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import lru_cache
from html import escape
from itertools import islice, product
from typing import Final, get_args

from feedsvc.catalog import Catalog, IssueRow, Listing, Row, Visibility, translation_url
from feedsvc.content.media import THUMBNAIL_WIDTH, fit_image
from feedsvc.feed_model import Alternate, Entry, Feed, Link, Person, Term, Tombstone
from feedsvc.feeds.content_html import article_language, content_html, lead_image
from feedsvc.feeds.content_markdown import content_markdown
from feedsvc.feeds.issue_content import headlines, issue_html, issue_title
from feedsvc.feeds.rsl import RSL_MEDIA_TYPE
from feedsvc.language import native_name
from feedsvc.model import Article, FeedContent, FeedOptions, Image, Site, Thumbnail
from feedsvc.routes import ArticleAt, FeedAt, ListingRef, PageAt, SiteDocumentAt, path_of
from feedsvc.support.bounded_cache import BoundedCache
from feedsvc.uris import absolute, path_below, root_relative

STYLESHEET: Final = "static/feed.css"
GENERATOR: Final = "feedsvc"

_STYLED_FORMATS: Final = ("rss", "atom")
_KINDS_WITHOUT_PAGE: Final = ("combination", "private")
MAX_CACHED_ENTRIES: Final = 2_000  # entries of each kind, shared by successive editions
_EntryKind = tuple[FeedContent, bool]  # content, and whether entries have Markdown
_KINDS: Final[tuple[_EntryKind, ...]] = tuple(product(get_args(FeedContent), (False, True)))
_CachedEntries = BoundedCache[str, tuple[Row, Entry]]  # article id -> row and entry
_MAX_CACHED_ISSUE_TEXT: Final = 4 * 1024 * 1024  # characters of HTML of cached issues, which are many times as long as articles


class EntryCache:
    """Cache of the Entry objects of a catalog's rows, because an article is in several listings. Thread-safe.

    An article has an entry of each kind: for feeds of full texts or of summaries, with Markdown or without. Each kind has a
    cache of its own, and all entries of issues, each of which is in one feed only, share another.
    """

    def __init__(
        self, catalog: Catalog, entries: Mapping[_EntryKind, _CachedEntries] | None = None, issues: _CachedEntries | None = None
    ) -> None:
        """Take the `entries` and `issues` of another cache to share them; None creates new ones."""
        self.catalog = catalog
        self._entries = {kind: BoundedCache(MAX_CACHED_ENTRIES) for kind in _KINDS} if entries is None else entries
        self._issues: _CachedEntries = BoundedCache(_MAX_CACHED_ISSUE_TEXT, _text_length) if issues is None else issues

    def for_catalog(self, catalog: Catalog) -> EntryCache:
        """Return a cache that shares all entries, for a catalog with the same settings. Entries of the same rows stay valid."""
        return EntryCache(catalog, self._entries, self._issues)

    def clear(self) -> None:
        """Remove all entries, also from caches that share them. Call it if images may have other variants than before."""
        for entries in (*self._entries.values(), self._issues):
            entries.clear()

    def get(self, row: Row, content: FeedContent, *, markdown: bool = False) -> Entry:
        """Return the entry of a visible row, cached or new. Raises FeedsvcError if the article's text cannot be read."""
        entries = self._issues if isinstance(row, IssueRow) else self._entries[content, markdown]
        cached = entries.get(row.article.id)
        if cached and cached[0] is row:
            return cached[1]
        entry = build_entry(self.catalog, row, content, markdown=markdown)
        entries.put(row.article.id, (row, entry))
        return entry


def _text_length(cached: tuple[Row, Entry]) -> int:
    return len(cached[1].content) + 1


def listing_title(listing: Listing) -> str:
    """Return the title of a listing as people read it. That of a language is its own name for itself, such as 한국어."""
    return native_name(listing.ref.id) if listing.ref.kind == "language" else listing.title


def listing_language(site: Site, ref: ListingRef) -> str:
    """Return the language tag of a listing's feeds and pages: the listing's own for a language, else the site's."""
    return ref.id if ref.kind == "language" else site.language


def feed_title(site: Site, listing: Listing) -> str:
    """Return the title of a listing's feed: "listing – site", or only the site's title for the listing of the whole site."""
    return site.title if listing.ref == ListingRef() else f"{listing_title(listing)} – {site.title}"


def feed_id(site: Site, ref: ListingRef) -> str:
    """Return the id of all documents of a feed, public or private: a tag: URI (RFC 4151) that stays when the site moves."""
    # The name is the percent-encoded path without the slashes at both ends. The site's name ends in a slash: no article id
    # made from a file's name does, so they cannot be equal.
    # A private feed keeps its id if it is made public, and the other way round.
    page = PageAt(ListingRef("custom", ref.id) if ref.kind == "private" else ref)
    path = f"/feed/{ref.id}" if ref.kind == "combination" else path_of(page)
    name = absolute("", path).strip("/") or "site/"
    return f"tag:{site.id_domain},{site.since.year}:{name}"


def build_feed(listing: Listing, entries: EntryCache, suffix: str, media_type: str, period: str = "", *, path: str = "") -> Feed:
    """Build the Feed of a listing's newest document or, unless `period` is "", of that period's archive document.

    `suffix` and `media_type` are the format's. `path` is the path, with the token, of a private feed, "" for other feeds.
    Raises KeyError for a period without archive document, FeedsvcError if the text of an article cannot be read.
    """
    site, options = entries.catalog.site, listing.feed
    rows = listing.archive[period] if period else listing.feed_rows
    return Feed(
        id=feed_id(site, listing.ref),
        title=feed_title(site, listing),
        subtitle=listing.description or feed_title(site, listing),
        language=listing_language(site, listing.ref),
        updated=last_updated(site, rows or listing.dated_rows),
        links=tuple(_links(site, listing, FeedAt(listing.ref, suffix, period), media_type, path)),
        items=tuple(_items(rows, entries, options)),
        author=publisher(site),
        generator=GENERATOR,
        generator_url="",
        rights=site.copyright,
        logo=listing.image or site.logo,
        icon=site.icon,
        ttl=options.ttl,
        is_archive=bool(period),
        stylesheet=root_relative(site.base_url, f"/{STYLESHEET}") if options.browser_view and suffix in _STYLED_FORMATS else "",
    )


def last_updated(site: Site, rows: Iterable[Row]) -> datetime:
    """Return the latest `last_changed` of rows of any visibility; without rows, midnight UTC of the site's `since`."""
    return max((row.last_changed for row in rows), default=datetime.combine(site.since, time(), UTC))


def _links(site: Site, listing: Listing, place: FeedAt, media_type: str, path: str) -> Iterator[Link]:
    """Yield the feed's links (RFC 4287 section 4.2.7, RFC 5005 section 4). Archives, combinations, private feeds have no hubs."""
    period = place.period

    def address(document_period: str) -> str:
        return absolute(site.base_url, path or path_of(replace(place, period=document_period)))

    yield Link(rel="self", href=address(period), type=media_type)
    is_listed = listing.ref.kind not in _KINDS_WITHOUT_PAGE
    page = PageAt(listing.ref if is_listed else ListingRef())
    yield Link(rel="alternate", href=absolute(site.base_url, path_of(page)), type="text/html")
    if period:
        older, newer = listing.in_feeds.archive_index.neighbours[period]
        yield Link(rel="current", href=address(""), type=media_type)
    else:
        older, newer = listing.prev_archive, ""
        # Hubs are not told of changes of combinations and private feeds.
        yield from (Link(rel="hub", href=hub) for hub in site.hubs if is_listed)
    if site.license:
        yield license_link(site)
    for rel, archive in (("prev-archive", older), ("next-archive", newer)):
        if archive:
            yield Link(rel=rel, href=address(archive), type=media_type)


def license_link(site: Site) -> Link:
    """Return the link to license.xml (RFC 4946, RSL 1.0 section 4.5). Call it only for a site that has a license."""
    return Link(rel="license", href=absolute(site.base_url, path_of(SiteDocumentAt("license.xml"))), type=RSL_MEDIA_TYPE)


def _items(rows: Iterable[Row], entries: EntryCache, options: FeedOptions) -> Iterator[Entry | Tombstone]:
    """Yield the tombstones of the first `options.entries` withdrawn rows, then the entries of all visible rows, in their order.

    The limit keeps the feed short after a bulk withdrawal. The schema of RFC 4287 (Appendix B) requires elements of other
    namespaces before the entries.
    """
    rows = list(rows)
    withdrawn = (row for row in rows if row.visibility is Visibility.WITHDRAWN)
    for row in islice(withdrawn, options.entries):
        notice = _build_notice(entries.catalog.site, row, options.content) if options.withdrawals == "shown" else None
        yield Tombstone(id=row.article.id, when=row.last_changed, comment=row.article.notice, notice=notice)
    visible = (row for row in rows if row.visibility is Visibility.VISIBLE)
    yield from (entries.get(row, options.content, markdown=options.markdown) for row in visible)


def _build_notice(site: Site, row: Row, content: FeedContent) -> Entry:
    """Build the Entry that says that an article, or an issue, was withdrawn. It has nothing of the article but id and date."""
    article, lang, url = row.article, article_language(site, row.article), absolute(site.base_url, path_of(row.place))
    title, text = lang.say("withdrawn_title"), article.notice or lang.say("withdrawn_text")
    if isinstance(row, IssueRow):
        title, text = issue_title(site, row), lang.say("issue_gone")
    return Entry(
        id=article.id,
        url=url,
        title=title,
        published=article.published,
        updated=row.last_changed,
        summary=text,
        content=f"<p>{escape(text)}</p>" if content == "full" else "",
        authors=(publisher(site),),
        byline=site.title,
        language=article.language,
        is_permalink=(article.guid or article.id) == (article.link or url),
        guid=article.guid,
    )


def build_entry(catalog: Catalog, row: Row, content: FeedContent, *, markdown: bool = False) -> Entry:
    """Build the Entry of a visible row for feeds of full texts or of summaries (`content`). With `markdown`, an entry of full
    texts has Markdown, too, unless it is an issue. Raises FeedsvcError if the article's text cannot be read.
    """
    if isinstance(row, IssueRow):
        return _build_issue_entry(catalog, row, content)
    article, site = row.article, catalog.site
    url = article.link or absolute(site.base_url, path_of(ArticleAt(article.slug)))
    summary = catalog.content.summary(article)
    # A license covers the addresses of its own origin only (RSL 1.0 section 4.7).
    site_license = site.license if path_below(site.base_url, url) else None
    # Readers treat an entry without an author differently; some show an empty field.
    authors = tuple(author_person(catalog, name) for name in article.authors) or (publisher(site),)
    return Entry(
        id=article.id,
        url=url,
        title=article.title,
        published=article.published,
        updated=row.last_changed,
        summary=summary,
        content=content_html(catalog, article, summary, content),
        authors=authors,
        byline=article_language(site, article).say("comma").join(author.name for author in authors),
        categories=tuple(_terms(catalog, article)),
        image=lead_image(catalog, article.image),
        thumbnail=_thumbnail(catalog, article.image),
        enclosures=article.enclosures,
        sources=article.sources,
        language=article.language,
        alternates=tuple(_alternates(site, row)) if row.translations else (),
        is_permalink=(article.guid or article.id) == url,
        guid=article.guid,
        markdown=content_markdown(catalog, article) if markdown and content == "full" else "",
        license=site_license,
        is_unlicensed=site_license is not site.license,
    )


def _build_issue_entry(catalog: Catalog, issue: IssueRow, content: FeedContent) -> Entry:
    """Build the Entry of a visible issue. In a feed of summaries, it has only headlines. It never has Markdown."""
    article, site = issue.article, catalog.site
    authors = (publisher(site),)
    return Entry(
        id=article.id,
        url=absolute(site.base_url, path_of(issue.place)),
        title=issue_title(site, issue),
        published=article.published,
        updated=issue.last_changed,
        summary=headlines(site, issue),
        content=issue_html(catalog, issue) if content == "full" else "",
        authors=authors,
        byline=site.title,
        image=lead_image(catalog, article.image),
        thumbnail=_thumbnail(catalog, article.image),
        license=site.license,
    )


def _alternates(site: Site, row: Row) -> Iterator[Alternate]:
    """Yield an Alternate for each of `row.translations`, sorted by language tag, but the row's own language last.

    Nothing if the row has no translations.
    """
    own_language = row.article.language or site.language
    for translation in sorted(row.translations, key=lambda translation: translation.language == own_language):
        yield Alternate(language=translation.language, url=translation_url(site, translation))


def _thumbnail(catalog: Catalog, image: Image | None) -> Thumbnail | None:
    if image is None:
        return None
    variant = fit_image(catalog.media, catalog.site.base_url, image, THUMBNAIL_WIDTH)
    return Thumbnail(url=variant.url, width=variant.width, height=variant.height)


def publisher(site: Site) -> Person:
    """Return the site as a Person: the author of every feed, of issues, and of articles without authors."""
    return Person(name=site.title, url=absolute(site.base_url, "/"))


def author_person(catalog: Catalog, name: str) -> Person:
    """Return an author as a Person; `name` is an id or alias in authors.yaml, else KeyError. The default URL is the page's."""
    author = catalog.content.authors[name]
    return _person(author.name, author.url, author.email, catalog.site.base_url, author.id)


@lru_cache(maxsize=4096)  # each person and term occurs in many entries
def _person(name: str, url: str, email: str, base_url: str, author: str) -> Person:
    return Person(name=name, url=url or _page_url(base_url, ListingRef("author", author)), email=email)


def _terms(catalog: Catalog, article: Article) -> Iterator[Term]:
    """Yield the article's section (first category), other categories and tags. Readers show only `term`, so it is the title."""
    refs = [ListingRef("category", name) for name in article.categories]
    refs += [ListingRef("tag", tag.id) for tag in article.tags]
    for ref in refs:
        yield _term(catalog.listings[ref].title, catalog.site.base_url, ref)


@lru_cache(maxsize=4096)
def _term(title: str, base_url: str, ref: ListingRef) -> Term:
    return Term(term=title, scheme=_page_url(base_url, ref))


def _page_url(base_url: str, ref: ListingRef) -> str:
    return absolute(base_url, path_of(PageAt(ref)))
