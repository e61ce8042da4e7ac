"""Every feed decision, once, for all formats: Listing -> Feed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, time
from functools import lru_cache
from html import escape
from itertools import islice
from typing import Final

from feedsvc.catalog.catalog import Catalog, Listing, Row, Standing
from feedsvc.content.media import offered_widths
from feedsvc.language import Language, language
from feedsvc.model import (
    Article,
    Correction,
    Enclosure,
    Entry,
    Feed,
    Image,
    Link,
    Person,
    Site,
    Source,
    Term,
    Thumbnail,
    Tombstone,
    enclosure_name,
)
from feedsvc.routes import ArticleAt, FeedAt, ListingRef, PageAt, path_of
from feedsvc.uris import absolute, rooted

STYLESHEET: Final = "static/feed.css"
GENERATOR: Final = "feedsvc"

MOST_ENTRIES: Final = 2_000  # at hand, beyond their edition, too


class Entries:
    """Articles as feeds show them, each made once for a row, since it stands in several listings."""

    def __init__(self, catalog: Catalog, made: OrderedDict[str, tuple[Row, Entry]] | None = None) -> None:
        self.catalog = catalog
        self._made = OrderedDict() if made is None else made

    def after(self, catalog: Catalog) -> Entries:
        """Those of a catalog with the same settings; rows that are the same object keep their entries."""
        return Entries(catalog, self._made)

    def forget(self) -> None:
        """Make each entry anew, since its pictures may have other copies."""
        self._made.clear()

    def ahead(self, rows: Iterable[Row]) -> None:
        """All of these are about to be asked for."""
        visible = (row for row in rows if row.standing is Standing.VISIBLE)
        new = [row.article for row in visible if self._made.get(row.article.id, (None, None))[0] is not row]
        content = self.catalog.content
        if content.site.feed.content == "full":
            content.ready(new)
        else:
            content.texts.ahead(new)

    def of(self, row: Row) -> Entry:
        known, made = self._made.get(row.article.id, (None, None))
        if known is not row or made is None:
            made = entry(self.catalog, row)
            self._made[row.article.id] = (row, made)
            self._forget()
        return made

    def _forget(self) -> None:
        while len(self._made) > MOST_ENTRIES:
            with suppress(KeyError):  # another thread was faster
                self._made.popitem(last=False)


def feed_title(site: Site, listing: Listing) -> str:
    """A listing's name that also tells whose it is."""
    return site.title if listing.ref == ListingRef() else f"{listing.title} – {site.title}"


def feed_id(site: Site, ref: ListingRef) -> str:
    """A tag: URI (RFC 4151) that no move changes; all documents of one feed share it."""
    # The path is percent-encoded as in an address, without the slash at either end.
    # The site's own name ends in a slash, which no article's id does that is made of a file's name.
    name = absolute("", path_of(PageAt(ref))).strip("/") or "site/"
    return f"tag:{site.id_domain},{site.since.year}:{name}"


def feed(listing: Listing, entries: Entries, suffix: str, media_type: str, period: str = "") -> Feed:
    """One document: the newest entries, or those of an archive's period (which must be in `listing.archive`)."""
    site = entries.catalog.site
    rows = listing.archive[period] if period else listing.newest
    entries.ahead(rows)
    return Feed(
        id=feed_id(site, listing.ref),
        title=feed_title(site, listing),
        subtitle=listing.description or feed_title(site, listing),
        language=site.language,
        updated=updated(site, rows),
        links=tuple(_links(site, listing, suffix, media_type, period)),
        items=tuple(_items(rows, entries, listing.size)),
        author=publisher(site),
        generator=GENERATOR,
        generator_url="",
        rights=site.copyright,
        logo=site.logo,
        icon=site.icon,
        ttl=site.feed.ttl,
        archive=bool(period),
        stylesheet=rooted(site.base_url, f"/{STYLESHEET}") if site.feed.browser_view and suffix != "json" else "",
    )


def updated(site: Site, rows: Iterable[Row]) -> datetime:
    """When these rows last changed, comings and goings alike; the site's `since` if there are none."""
    return max((row.touched for row in rows), default=datetime.combine(site.since, time(), UTC))


def _links(site: Site, listing: Listing, suffix: str, media_type: str, period: str) -> Iterator[Link]:
    """RFC 4287 section 4.2.7 and RFC 5005 section 4; an archive is never pushed, so it names no hub."""

    def at(page: str) -> str:
        return absolute(site.base_url, path_of(FeedAt(listing.ref, suffix, page)))

    yield Link(rel="self", href=at(period), type=media_type)
    yield Link(rel="alternate", href=absolute(site.base_url, path_of(PageAt(listing.ref))), type="text/html")
    if period:
        older, newer = listing.months.neighbours[period]
        yield Link(rel="current", href=at(""), type=media_type)
    else:
        older, newer = listing.prev_archive, ""
        yield from (Link(rel="hub", href=hub) for hub in site.hubs)
    yield from (
        Link(rel=rel, href=at(page), type=media_type) for rel, page in (("prev-archive", older), ("next-archive", newer)) if page
    )


def _items(rows: Iterable[Row], entries: Entries, most: int) -> Iterator[Entry | Tombstone]:
    """Yield the newest `most` tombstones, so that a bulk withdrawal does not bury the feed, then the entries.

    The schema of RFC 4287 (Appendix B) has every element of another namespace before the entries.
    """
    rows = list(rows)
    withdrawn = (row for row in rows if row.standing is Standing.WITHDRAWN)
    for row in islice(withdrawn, most):
        yield Tombstone(id=row.article.id, when=row.touched, comment=row.article.notice)
    yield from (entries.of(row) for row in rows if row.standing is Standing.VISIBLE)


def entry(catalog: Catalog, row: Row) -> Entry:
    """What every feed says of a visible article."""
    article, site = row.article, catalog.site
    url = article.link or absolute(site.base_url, path_of(ArticleAt(article.slug)))
    summary = catalog.content.summary(article)
    # Where an entry names nobody, some readers show a blank to be filled in, and none the same as another.
    authors = tuple(person(catalog, name) for name in article.authors) or (publisher(site),)
    return Entry(
        id=article.id,
        url=url,
        title=article.title,
        published=article.published,
        updated=row.touched,
        summary=summary,
        content=_content(catalog, article, summary),
        authors=authors,
        byline=_language_of(site, article).say("comma").join(author.name for author in authors),
        categories=tuple(_terms(catalog, article)),
        image=_image(catalog, article.image),
        thumbnail=_thumbnail(catalog, article.image),
        enclosures=article.enclosures,
        sources=article.sources,
        language=article.language,
        permalink=article.id == url,
    )


def _image(catalog: Catalog, image: Image | None) -> Image | None:
    return offered_widths.fitted(catalog.media, catalog.site.base_url, image) if image else None


def _thumbnail(catalog: Catalog, image: Image | None) -> Thumbnail | None:
    if image is None:
        return None
    small = offered_widths.fitted(catalog.media, catalog.site.base_url, image, offered_widths.THUMBNAIL)
    return Thumbnail(url=small.url, width=small.width, height=small.height)


def _content(catalog: Catalog, article: Article, summary: str) -> str:
    """Return the whole article, or in a feed of summaries the summary, with the enclosures listed at its end.

    Most readers offer one enclosure of an entry at the most. An entry with nothing to list has no content in such a feed.
    """
    lang = _language_of(catalog.site, article)
    listed = _enclosures(lang, article.enclosures)
    if catalog.site.feed.content == "full":
        shown = content(catalog, article) or f"<p>{escape(summary)}</p>"
    else:
        shown = f"<p>{escape(summary)}</p>" if listed else ""
    return "\n".join(filter(None, (shown, listed)))


def publisher(site: Site) -> Person:
    """Whose words an article is that names nobody."""
    return Person(name=site.title, url=absolute(site.base_url, "/"))


def person(catalog: Catalog, name: str) -> Person:
    author = catalog.content.authors[name]
    return _person(author.name, author.url, author.email, catalog.site.base_url, author.id)


@lru_cache(maxsize=4096)  # people and terms stand in many entries each
def _person(name: str, url: str, email: str, base_url: str, author: str) -> Person:
    return Person(name=name, url=url or _page(base_url, ListingRef("author", author)), email=email)


def _terms(catalog: Catalog, article: Article) -> Iterator[Term]:
    """The section first, then further categories, then tags; readers show only the term, so it is the title."""
    refs = [ListingRef("category", name) for name in article.categories]
    refs += [ListingRef("tag", tag.id) for tag in article.tags]
    for ref in refs:
        yield _term(catalog.listings[ref].title, catalog.site.base_url, ref)


@lru_cache(maxsize=4096)
def _term(title: str, base_url: str, ref: ListingRef) -> Term:
    return Term(term=title, scheme=_page(base_url, ref))


def _page(base_url: str, ref: ListingRef) -> str:
    return absolute(base_url, path_of(PageAt(ref)))


def content(catalog: Catalog, article: Article) -> str:
    """The whole article as HTML: picture, text, sources, corrections, in the words of its own language."""
    lang, image = _language_of(catalog.site, article), _image(catalog, article.image)
    parts = (
        figure(image) if image else "",
        offered_widths.fitted_html(catalog.media, catalog.site.base_url, catalog.content.html(article)),
        _sources(lang, article.sources),
        _corrections(lang, article.corrections),
    )
    return "\n".join(filter(None, parts))


def figure(image: Image) -> str:
    disclaimer = f"<small>{escape(image.disclaimer)}</small>" if image.disclaimer else ""
    caption = " ".join(filter(None, (escape(image.caption), _credit(image), disclaimer)))
    shown = f"<figcaption>{caption}</figcaption>" if caption else ""
    size = f'width="{image.width}" height="{image.height}"'
    return f'<figure><img src="{escape(image.url)}" alt="{escape(image.alt)}" {size}>{shown}</figure>'


def _credit(image: Image) -> str:
    return f"<small>{_linked(image.credit, image.credit_url)}</small>" if image.credit else ""


def _linked(name: str, url: str) -> str:
    return f'<a href="{escape(url)}">{escape(name)}</a>' if url else escape(name)


def _language_of(site: Site, article: Article) -> Language:
    return language(article.language or site.language, site.timezone)


def _enclosures(lang: Language, enclosures: tuple[Enclosure, ...]) -> str:
    """A list of links to the enclosures, each with its media type and size; "" without any."""
    items = "\n".join(f"<li>{_enclosure(lang, one)}</li>" for one in enclosures)
    return f"<p><strong>{escape(lang.say('attachments'))}:</strong></p>\n<ul>\n{items}\n</ul>" if items else ""


def _enclosure(lang: Language, one: Enclosure) -> str:
    facts = lang.say("comma").join(filter(None, (one.type, lang.file_size(one.length))))
    return f"{_linked(enclosure_name(one), one.url)} ({escape(facts)})"


def _sources(lang: Language, sources: tuple[Source, ...]) -> str:
    names = lang.say("comma").join(_linked(source.name, source.url) for source in sources)
    return f"<p><strong>{escape(lang.say('sources'))}:</strong> {names}</p>" if names else ""


def _corrections(lang: Language, corrections: tuple[Correction, ...]) -> str:
    return "\n".join(f"<p><strong>{_corrected(lang, one)}:</strong> {escape(one.text)}</p>" for one in corrections)


def _corrected(lang: Language, one: Correction) -> str:
    return escape(lang.say("correction", date=lang.month(one.date.isoformat())))
