"""Feed as the source of an import: neutral records of its items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from feedsvc.content.schema.field_types import is_article_id
from feedsvc.importing.addresses import split_address
from feedsvc.importing.feed_source.documents import FeedDocuments, FeedLimits, is_address, open_documents
from feedsvc.importing.feed_source.markup import plain_text, title_text
from feedsvc.importing.feed_source.records import PAGE, FeedDocument, FeedItem, FeedKind, FeedTerm
from feedsvc.importing.feed_source.shared_elements import unique_authors
from feedsvc.importing.frames import replace_frames
from feedsvc.importing.source import (
    Omission,
    SourceAuthor,
    SourceFilePage,
    SourcePost,
    SourceSite,
    SourceSystem,
    SourceTerm,
    TermKind,
)
from feedsvc.support.http import HostAccess

_TAG_SEGMENTS: Final = frozenset({"tag", "tags", "topic", "topics", "keyword", "keywords"})
# Suffix of the feed that replaces one of each kind.
_SUFFIXES: Final = {FeedKind.RSS: "rss", FeedKind.RDF: "rss", FeedKind.ATOM: "atom", FeedKind.JSON: "json"}
_OLDEST: Final = datetime.min.replace(tzinfo=UTC)
_MAX_TITLE_FROM_TEXT: Final = 80  # characters


class FeedSource:
    """A feed with all its documents (`ImportSource`). They are parsed one at a time; ids, dates and names of all are in memory.

    If an item is in the documents several times, the one with the latest date (of change, else of publication) counts; of
    equal dates, the first.
    """

    def __init__(self, documents: FeedDocuments, site: SourceSite, places: dict[str, str]) -> None:
        """Create a source; use `open_feed_source`. `places` has the place of the item that counts for each `_key`."""
        self._documents, self.site, self._places = documents, site, places

    def file_pages(self) -> Iterator[SourceFilePage]:
        """Yield nothing: a feed has no pages of files."""
        return iter(())

    def posts(self, _main_language: str = "") -> Iterator[SourcePost | Omission]:
        """Yield the items in the order of the documents, and an omission for each part that cannot be carried over.

        An item without title and text becomes an omission. One that does not count, because another one with its id does,
        becomes an omission if its own document has the id several times; else it is skipped silently.
        """
        yield from list(self._documents.omissions)
        omission_count = len(self._documents.omissions)
        for document in self._documents.parsed():
            yield from (Omission(document.place, "the document", fault) for fault in document.faults)
            counts = Counter(map(_key, document.items))
            for item in document.items:
                key = _key(item)
                if self._places.get(key) == item.place:
                    yield from _records(item, document)
                elif counts[key] > 1:
                    yield Omission(item.place, f"'{_title(item)}'", f"another item of the document has the id '{key[:200]}', too")
            for kind, count in Counter(item.kind for item in document.left_out).items():
                yield Omission(document.place, f"entries of the kind '{kind}' ({count:,})", "only posts and pages are imported")
            yield from _damaged(document)
            if document.early_end:
                yield Omission(document.place, "what may follow", document.early_end, is_end=True)
        yield from self._documents.omissions[omission_count:]


def open_feed_source(
    where: str,
    *,
    access: HostAccess | None = None,
    limits: FeedLimits | None = None,
) -> FeedSource:
    """Open a feed: a file, a folder of files, or an http or https address with all its older documents, which are fetched now.

    All documents are parsed once. `access` says which hosts may be asked, None for every public one; a plainly internal host in
    `where` (localhost, an IP address) may be asked, too. Raises ImportSourceError if there is no feed.
    """
    documents = open_documents(where, access=access or HostAccess(), limits=limits or FeedLimits())
    survey = _Survey()
    for document in documents.parsed():
        survey.add(document)
    return FeedSource(documents, survey.site(where), survey.places)


class _Survey:
    """First pass over all documents: facts of the site, and in `places` the place of the item that counts for each `_key`.

    Call `add` for each document in order, then `site`. Facts such as the title are those of the first document; `feed_entries`
    is the number of items of the document that has the item with the latest date.
    """

    def __init__(self) -> None:
        self.places: dict[str, str] = {}
        self._dates: dict[str, datetime] = {}
        self._first: FeedDocument | None = None
        self._newest = _OLDEST
        self._entries = 0
        self._authors: dict[str, SourceAuthor] = {}
        self._terms: dict[tuple[TermKind, str], SourceTerm] = {}
        self._feeds: dict[str, str] = {}  # address -> suffix

    def add(self, document: FeedDocument) -> None:
        self._first = self._first or document
        newest = max((_date(item) for item in document.public_items), default=_OLDEST)
        if newest > self._newest or not self._entries:
            self._newest, self._entries = newest, len(document.public_items) + len(document.damaged_items)
        if document.own_address:
            self._feeds.setdefault(document.own_address, _SUFFIXES[document.kind])
        for category in document.categories:
            self._add_term(category, TermKind.CATEGORY)
        for item in document.items:
            self._add_item(item, document)

    def _add_term(self, term: FeedTerm, kind: TermKind) -> None:
        key = term.key or term.name
        self._terms.setdefault((kind, key), SourceTerm(kind, key, term.name, term.description, has_id=bool(term.key)))

    def _add_item(self, item: FeedItem, document: FeedDocument) -> None:
        key, date = _key(item), _date(item)
        if key not in self.places or date > self._dates[key]:
            self.places[key], self._dates[key] = item.place, date
        for author in _authors(item, document):
            self._authors[author.key] = unique_authors((self._authors.get(author.key), author))[0]
        for term in item.terms:
            self._add_term(term, term_kind(term, document))

    def site(self, where: str) -> SourceSite:
        first = self._first
        feeds = {where: _SUFFIXES[first.kind], **self._feeds} if first and is_address(where) else self._feeds
        return SourceSite(
            SourceSystem.FEED,
            title=first.title if first else "",
            address=first.address if first else "",
            description=first.description if first else "",
            language=first.language if first else "",
            time_zone=first.time_zone if first else "",
            feed_entries=self._entries,
            feeds=tuple(feeds),
            feed_suffixes=tuple(feeds.values()),
            authors=tuple(self._authors.values()),
            terms=tuple(self._terms.values()),
            has_exact_texts=bool(first and first.time_zone),  # which only an export of feedsvc names
        )


def term_kind(term: FeedTerm, document: FeedDocument) -> TermKind:
    """Return the kind of a feed's category. One with a key, which only exports of feedsvc have, is a category.

    One without is a tag in JSON Feed, or if its scheme is a word for tags ("topic") or an address with such a segment in its
    path; else a category.
    """
    if term.key:
        return TermKind.CATEGORY
    segments = split_address(term.scheme).path.lower().split("/") if "://" in term.scheme else [term.scheme.lower()]
    return TermKind.TAG if _TAG_SEGMENTS & set(segments) or document.kind is FeedKind.JSON else TermKind.CATEGORY


def _key(item: FeedItem) -> str:
    """Return the text by which feed readers know an item: its id, else its link, else its title and its date as written."""
    return item.id.strip() or item.link.strip() or f"{item.title.strip()} {item.published_text}"


def _date(item: FeedItem) -> datetime:
    return item.updated or item.published or _OLDEST


def _title(item: FeedItem) -> str:
    """Return the title as plain text; of an item without one, its text, if longer than 80 characters cut and with "…" added.

    The result is "" if the item has no text, either.
    """
    title = title_text(item.title, item.title_form)
    if title:
        return title
    text = plain_text(item.summary or item.content)
    return text if len(text) <= _MAX_TITLE_FROM_TEXT else f"{text[:_MAX_TITLE_FROM_TEXT].rsplit(' ', 1)[0]}…"


def _authors(item: FeedItem, document: FeedDocument) -> tuple[SourceAuthor, ...]:
    """Return the authors of an item, except one whose name is the document's title: many feeds name the site as the author."""
    return tuple(author for author in item.authors if author.name != document.title)


def _damaged(document: FeedDocument) -> Iterator[Omission]:
    """Yield an omission for each item that is not well-formed, and one with their number, which changes the exit status."""
    for item in document.damaged_items:
        what = f"'{item.title}'" if item.title else "an item"
        reason = f"its XML is not well-formed ({item.reason}), so it is left out"
        yield Omission(f"{document.place}, line {item.line}", what, reason)
    if document.loss:
        yield Omission(document.place, "a part of the feed", document.loss, is_end=True)


def _records(item: FeedItem, document: FeedDocument) -> Iterator[SourcePost | Omission]:
    title, place = _title(item), item.place
    yield from (Omission(place, f"a part of '{title}'", fault) for fault in item.faults)
    if not title and not item.content:
        yield Omission(place, "an item", "it has neither a title nor a text")
        return
    if document.kind is FeedKind.ATOM and item.id.strip() and not is_article_id(item.id.strip()):
        reason = "it is no URI, as Atom demands: subscribers of the Atom feed will see the article as new"
        yield Omission(place, f"id {item.id.strip()}", reason)
    kinds = [(term.key or term.name, term_kind(term, document)) for term in item.terms]
    yield SourcePost(
        place=place,
        id=item.id.strip() or item.link.strip(),
        title=title,
        state=item.state,
        address=item.address,
        published=item.published or item.updated,
        updated=item.updated if item.published else None,
        authors=tuple(author.key for author in _authors(item, document)),
        categories=tuple(dict.fromkeys(name for name, kind in kinds if kind is TermKind.CATEGORY)),
        tags=tuple(dict.fromkeys(name for name, kind in kinds if kind is TermKind.TAG)),
        summary=plain_text(item.summary),
        has_exact_texts=bool(item.facts),
        body=replace_frames(item.content),
        language=item.language if item.language != document.language else "",
        lead_image=item.lead_image,
        enclosures=item.enclosures,
        is_page=item.kind == PAGE,
        facts=item.facts,
    )
