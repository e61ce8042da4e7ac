"""Rules of RFC 5005, feed paging and archiving, for RSS and Atom."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.validators.atom import links
from tests.validators.document import Document, children, path_of

_PAGES: Final = ("first", "last", "next", "previous")
_ARCHIVES: Final = ("current", "next-archive", "prev-archive")


def _href(document: Document, rel: str) -> str:
    return next((link.get("href", "") for link in links(document.feed, rel)), "")


def _has_marker(document: Document, marker: str) -> bool:
    return bool(children(document.feed, f"fh:{marker}"))


def complete_feed_with_pages(document: Document) -> Iterator[str]:
    """2: a complete feed is one document, without pages or archives."""
    if not _has_marker(document, "complete"):
        return
    for rel in (*_PAGES, "next-archive", "prev-archive"):
        if links(document.feed, rel):
            yield f"{path_of(document.feed)} is fh:complete, yet has a link rel={rel}"
    if links(document.feed, "current") and _href(document, "current") != document.address:
        yield f"{path_of(document.feed)} is fh:complete, yet current is another document"
    if _has_marker(document, "archive"):
        yield f"{path_of(document.feed)} is both fh:complete and fh:archive"


def archive_current_link(document: Document) -> Iterator[str]:
    """4: an archive links to its feed, which is another document."""
    if not _has_marker(document, "archive"):
        return
    current = _href(document, "current")
    if not current:
        yield f"{path_of(document.feed)} is fh:archive without a link rel=current"
    if current == document.address:
        yield f"{path_of(document.feed)} is fh:archive, yet current is its own address"


def archive_date(document: Document) -> Iterator[str]:
    """4: an archive has the date of its last change (lastBuildDate or atom:updated)."""
    dated = children(document.feed, "atom:updated") + children(document.feed, "lastBuildDate")
    if _has_marker(document, "archive") and not dated:
        yield f"{path_of(document.feed)} is fh:archive without a date of its last change"


def next_archive_outside_archive(document: Document) -> Iterator[str]:
    """4.2: next-archive links from an archive to a newer one; the feed itself is newer than all archives."""
    if links(document.feed, "next-archive") and not _has_marker(document, "archive"):
        yield f"{path_of(document.feed)} has a link rel=next-archive without being fh:archive"


def repeated_paging_link(document: Document) -> Iterator[str]:
    """3, 4: each of these relations occurs at most once."""
    counted = Counter(link.get("rel", "alternate") for link in children(document.feed, "atom:link"))
    for rel in (*_PAGES, *_ARCHIVES):
        if counted[rel] > 1:
            yield f"{path_of(document.feed)} has {counted[rel]} links rel={rel}"


def link_cycle(document: Document) -> Iterator[str]:
    """3, 4: no chain of links leads back to its start."""
    for rel in ("next", "previous", "next-archive", "prev-archive"):
        if _href(document, rel) == document.address:
            yield f"{path_of(document.feed)}: rel={rel} is the document itself"
    if _href(document, "prev-archive") and _href(document, "prev-archive") == _href(document, "next-archive"):
        yield f"{path_of(document.feed)}: prev-archive and next-archive are the same document"


def paging_link_in_entry(document: Document) -> Iterator[str]:
    """1: these relations apply to feeds, not to entries."""
    for entry in document.entries:
        for rel in (*_PAGES, *_ARCHIVES):
            if links(entry, rel):
                yield f"{path_of(entry)} has a link rel={rel}"
