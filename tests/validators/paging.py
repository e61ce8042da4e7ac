"""RFC 5005, feed paging and archiving, in RSS and Atom alike."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.validators.atom import links
from tests.validators.document import Document, children, where

_PAGES: Final = ("first", "last", "next", "previous")
_ARCHIVES: Final = ("current", "next-archive", "prev-archive")


def _href(document: Document, rel: str) -> str:
    return next((link.get("href", "") for link in links(document.feed, rel)), "")


def _is(document: Document, marker: str) -> bool:
    return bool(children(document.feed, f"fh:{marker}"))


def complete_alone(document: Document) -> Iterator[str]:
    """2: a complete feed is one document, without pages or archives."""
    if not _is(document, "complete"):
        return
    for rel in (*_PAGES, "next-archive", "prev-archive"):
        if links(document.feed, rel):
            yield f"{where(document.feed)} is fh:complete, yet has a link rel={rel}"
    if links(document.feed, "current") and _href(document, "current") != document.address:
        yield f"{where(document.feed)} is fh:complete, yet current is another document"
    if _is(document, "archive"):
        yield f"{where(document.feed)} is both fh:complete and fh:archive"


def archive_leads_back(document: Document) -> Iterator[str]:
    """4: whoever comes upon an archive finds the feed it belongs to, which is another document."""
    if not _is(document, "archive"):
        return
    current = _href(document, "current")
    if not current:
        yield f"{where(document.feed)} is fh:archive without a link rel=current"
    if current == document.address:
        yield f"{where(document.feed)} is fh:archive, yet current is its own address"


def archive_date(document: Document) -> Iterator[str]:
    """4: an archive says when it was last changed (lastBuildDate or atom:updated)."""
    dated = children(document.feed, "atom:updated") + children(document.feed, "lastBuildDate")
    if _is(document, "archive") and not dated:
        yield f"{where(document.feed)} is fh:archive without a date of its last change"


def next_of_archive(document: Document) -> Iterator[str]:
    """4.2: next-archive leads from an archive to a newer one; the feed itself is newer than all of them."""
    if links(document.feed, "next-archive") and not _is(document, "archive"):
        yield f"{where(document.feed)} has a link rel=next-archive without being fh:archive"


def one_of_each(document: Document) -> Iterator[str]:
    """3, 4: each of these relations stands at most once."""
    counted = Counter(link.get("rel", "alternate") for link in children(document.feed, "atom:link"))
    for rel in (*_PAGES, *_ARCHIVES):
        if counted[rel] > 1:
            yield f"{where(document.feed)} has {counted[rel]} links rel={rel}"


def no_circle(document: Document) -> Iterator[str]:
    """3, 4: no chain leads back to where it started."""
    for rel in ("next", "previous", "next-archive", "prev-archive"):
        if _href(document, rel) == document.address:
            yield f"{where(document.feed)}: rel={rel} is the document itself"
    if _href(document, "prev-archive") and _href(document, "prev-archive") == _href(document, "next-archive"):
        yield f"{where(document.feed)}: prev-archive and next-archive are one document"


def of_feeds_only(document: Document) -> Iterator[str]:
    """1: these relations speak of feeds, never of an entry."""
    for entry in document.entries:
        for rel in (*_PAGES, *_ARCHIVES):
            if links(entry, rel):
                yield f"{where(entry)} has a link rel={rel}"
