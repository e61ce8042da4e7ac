"""The list of all tags: one page, or several and a page that leads to them."""

from __future__ import annotations

from typing import NamedTuple

from feedsvc.catalog.catalog import Catalog
from feedsvc.pages import metadata
from feedsvc.pages.layout import Frame
from feedsvc.routes import ListingRef, PageAt, TagsAt, path_of
from feedsvc.uris import absolute


class Part(NamedTuple):
    """A page of tags: its name in addresses, and the titles of its first and its last tag."""

    start: str
    first: str
    last: str


class TagCount(NamedTuple):
    """A tag's id, its title and how many visible articles have it."""

    id: str
    title: str
    articles: int


class TagPage(NamedTuple):
    """The facts of one page of the list of all tags; all of them are plain, so that they can be compared and digested.

    Either `tags` or `parts` is empty. `before` and `after` are the pages beside one of several.
    """

    tags: tuple[TagCount, ...] = ()
    parts: tuple[Part, ...] = ()
    before: Part | None = None
    after: Part | None = None


def tag_page(catalog: Catalog, start: str = "") -> TagPage | None:
    """Return the facts of the page of a name, "" for the one at /tags/; None if there is no such page."""
    starts = catalog.tags.starts
    if not start:
        single = len(starts) == 1
        return TagPage(tags=_counts(catalog, 0) if single else (), parts=() if single else _parts(catalog)) if starts else None
    place = catalog.tags.page_of(start)
    if len(starts) <= 1 or starts[place] != start:
        return None
    return TagPage(
        tags=_counts(catalog, place),
        before=_part(catalog, place - 1) if place else None,
        after=_part(catalog, place + 1) if place + 1 < len(starts) else None,
    )


def _counts(catalog: Catalog, place: int) -> tuple[TagCount, ...]:
    tags = catalog.tags
    return tuple(TagCount(tag, catalog.tagged(tag).title, tags.count(tag)) for tag in tags.pages[place])


def _parts(catalog: Catalog) -> tuple[Part, ...]:
    return tuple(_part(catalog, place) for place in range(len(catalog.tags.starts)))


def _part(catalog: Catalog, place: int) -> Part:
    page = catalog.tags.pages[place]
    return Part(catalog.tags.starts[place], catalog.tagged(page[0]).title, catalog.tagged(page[-1]).title)


class Link(NamedTuple):
    """A tag as it is shown: `articles` is their number, said in the site's language."""

    title: str
    href: str
    articles: str


class Range(NamedTuple):
    """A page as it is shown: it holds the tags from `first` to `last`."""

    first: str
    last: str
    href: str


def tags(frame: Frame, start: str = "") -> bytes:
    """Render a page of the list of all tags. Raises ValueError if there is no such page."""
    page = tag_page(frame.catalog, start)
    if page is None:
        raise ValueError(f"no page of tags begins with '{start}'")
    return tags_page(frame, start, page)


def tags_page(frame: Frame, start: str, page: TagPage) -> bytes:
    """Render the page of such facts at the address of a start."""
    site, lang = frame.site, frame.lang
    address, title = absolute(site.base_url, path_of(TagsAt(start))), lang.say("all_topics")
    span = f"{page.tags[0].title} – {page.tags[-1].title}" if start else ""
    full = f"{lang.say('archive', title=title, month=span) if span else title} – {site.title}"
    return frame.page(
        "tags.html",
        metadata.Head(
            title=full,
            canonical=address,
            feeds=frame.feeds(frame.catalog.listings[ListingRef()]),
            graph=metadata.listing_graph(frame.catalog, full, "", address),
        ),
        title=title,
        range=Range(page.tags[0].title, page.tags[-1].title, "") if start else None,
        all=frame.href(TagsAt()),
        tags=[_link(frame, tag) for tag in page.tags],
        parts=[_range(frame, part) for part in page.parts],
        previous=_range(frame, page.before) if page.before else None,
        next=_range(frame, page.after) if page.after else None,
    )


def _link(frame: Frame, tag: TagCount) -> Link:
    return Link(tag.title, frame.href(PageAt(ListingRef("tag", tag.id))), frame.lang.count("articles", tag.articles))


def _range(frame: Frame, part: Part) -> Range:
    return Range(part.first, part.last, frame.href(TagsAt(part.start)))
