"""List of all tags: one page with up to `catalog.tags.PAGE_SIZE` tags.

If there are more tags, several pages in the order of tag ids, and an overview at /tags/ that links to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Final, NamedTuple, TypedDict

from feedsvc.catalog import Catalog, is_visible
from feedsvc.language import direction, get_language
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.views import LinkView
from feedsvc.routes import ListingRef, PageAt, Place, TagsAt, path_of
from feedsvc.uris import root_relative

_MOST_USED: Final = 6


class TagView(NamedTuple):
    """A tag on a page; `articles` is the number of its articles with the noun, like "3 articles", in the site's language.

    `newest` is its newest article that no topic above it has; None except in the list of the most used tags.
    """

    title: str
    href: str
    articles: str
    newest: LinkView | None = None


class TagRangeView(NamedTuple):
    """A link to the page with the tags from `first` to `last` (titles); `href` is "" if it is the page that is rendered."""

    first: str
    last: str
    href: str


class TagPage(NamedTuple):
    """The content of one page of the list of all tags, as plain values, so that it can be compared and digested.

    A page lists `tags`; the overview at /tags/, if there are several pages, has the `ranges` of these pages instead. `most_used`
    are the _MOST_USED tags with the most articles, on /tags/ only. `previous` and `next` are the pages before and after this
    one, None if there is none.
    """

    most_used: tuple[TagView, ...] = ()
    tags: tuple[TagView, ...] = ()
    ranges: tuple[TagRangeView, ...] = ()
    previous: TagRangeView | None = None
    next: TagRangeView | None = None


def tag_page(catalog: Catalog, start: str = "") -> TagPage | None:
    """Return the content of the page of tags whose address has this start ("" for /tags/); None if there is no such page.

    A site with at most `catalog.tags.PAGE_SIZE` tags has only /tags/, which is empty without tags in visible articles.
    """
    starts = catalog.tags.starts
    if not start:
        page = TagPage(most_used=tuple(_most_used(catalog)))
        ranges = tuple(_tag_range(catalog, index) for index in range(len(starts)))
        return page._replace(ranges=ranges) if len(starts) > 1 else page._replace(tags=_tag_views(catalog, 0))
    index = catalog.tags.page_of(start)
    if len(starts) <= 1 or starts[index] != start:
        return None
    return TagPage(
        tags=_tag_views(catalog, index),
        previous=_tag_range(catalog, index - 1) if index else None,
        next=_tag_range(catalog, index + 1) if index + 1 < len(starts) else None,
    )


def _tag_views(catalog: Catalog, index: int) -> tuple[TagView, ...]:
    return tuple(_tag_view(catalog, tag) for tag in (catalog.tags.pages[index] if catalog.tags.pages else ()))


def _tag_view(catalog: Catalog, tag: str, newest: LinkView | None = None) -> TagView:
    site = catalog.site
    articles = get_language(site.language, site.timezone).count("articles", catalog.tags.count(tag))
    return TagView(catalog.tag_listing(tag).title, _href(catalog, PageAt(ListingRef("tag", tag))), articles, newest)


def _most_used(catalog: Catalog) -> Iterator[TagView]:
    """Yield the most used tags, each with its newest article, or the newest that is not that of a tag before, if there is one."""
    shown: set[str] = set()
    for tag in catalog.tags.most_used[:_MOST_USED]:
        rows = [*islice(filter(is_visible, catalog.tag_listing(tag).stories.rows), _MOST_USED)]
        row = next((row for row in rows if row.article.id not in shown), rows[0])
        shown.add(row.article.id)
        language = row.article.language
        newest = LinkView(
            title=row.article.title,
            href=_href(catalog, row.place),
            language=language,
            direction=language and direction(language),
        )
        yield _tag_view(catalog, tag, newest)


def _tag_range(catalog: Catalog, index: int) -> TagRangeView:
    page = catalog.tags.pages[index]
    href = _href(catalog, TagsAt(catalog.tags.starts[index]))
    return TagRangeView(catalog.tag_listing(page[0]).title, catalog.tag_listing(page[-1]).title, href)


def _href(catalog: Catalog, place: Place) -> str:
    return root_relative(catalog.site.base_url, path_of(place))


class TagsVariables(TypedDict):
    """Variables of the pages /tags/ and /tags/from/TAG/."""

    title: Annotated[str, "heading of the list of all tags"]
    range: Annotated[TagRangeView | None, "first and last tag of the page, if it is one of several"]
    all: Annotated[str, "link to /tags/"]
    most_used: Annotated[tuple[TagView, ...], "the six tags with the most articles, on /tags/; else empty"]
    tags: Annotated[
        tuple[TagView, ...], "the tags of the page, those of `most_used` included; empty on the overview of several pages"
    ]
    parts: Annotated[tuple[TagRangeView, ...], "links to the pages, on the overview of several pages; else empty"]
    previous: Annotated[TagRangeView | None, "link to the page before"]
    next: Annotated[TagRangeView | None, "link to the page after"]


def render_tag_page(layout: PageLayout, start: str, page: TagPage) -> bytes:
    """Render a page of tags with the content `page`; `start` is the part of its address, "" for /tags/."""
    site, lang = layout.site, layout.lang
    title = lang.say("all_topics")
    titles = f"{page.tags[0].title} – {page.tags[-1].title}" if start else ""
    full_title = f"{lang.say('archive', title=title, month=titles) if titles else title} – {site.title}"
    trail = layout.trail(*(((TagsAt(), title),) if start else ()), own_title=titles or title)
    return layout.render(
        "tags.html",
        layout.head(TagsAt(start), full_title, trail=trail),
        TagsVariables(
            title=title,
            range=TagRangeView(page.tags[0].title, page.tags[-1].title, "") if start else None,
            all=layout.href(TagsAt()),
            most_used=page.most_used,
            tags=page.tags,
            parts=page.ranges,
            previous=page.previous,
            next=page.next,
        ),
    )
