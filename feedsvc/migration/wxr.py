"""WXR 1.2, the export format of WordPress: https://wordpress.org/documentation/article/tools-export-screen/.

Facts that it has no place for are postmeta `_feedsvc_KEY` with JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from feedsvc import __version__
from feedsvc.catalog import pages_by_slug
from feedsvc.content.folder import ContentSnapshot
from feedsvc.free_places import StaticPageAt
from feedsvc.migration.articles import ExportedArticle, ExportState, facts_of, page_facts, to_json, unique_entries
from feedsvc.model import Image, Site
from feedsvc.page_model import StaticPage
from feedsvc.routes import path_of
from feedsvc.support.date_formats import rfc822
from feedsvc.uris import absolute

# Keys of an article file that elements of WXR hold.
_OWN_KEYS: Final = frozenset(
    {"id", "guid", "title", "published", "updated", "category", "categories", "author", "authors", "tags", "summary"}
)
_NAMESPACES: Final = {
    "excerpt": "http://wordpress.org/export/1.2/excerpt/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "wp": "http://wordpress.org/export/1.2/",
    "feedsvc": "urn:feedsvc:export",
}


def write_wxr(content: ContentSnapshot, articles: Iterable[ExportedArticle], now: datetime) -> Iterator[str]:
    """Yield the document in parts: authors, categories, tags, articles, then static pages.

    The item of a lead image comes before the first article that has the image. Only one article is in memory at a time; media
    are named by their addresses.
    """
    site = content.site
    namespaces = " ".join(f'xmlns:{prefix}="{address}"' for prefix, address in _NAMESPACES.items())
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {namespaces}>\n<channel>\n'
    yield from _channel(site, now)
    yield from _terms(content)
    pages = [*pages_by_slug(content.pages)]
    first, numbers = len(content.articles) + len(pages) + 1, dict[str, int]()  # of lead images, by address
    for exported in articles:
        if (image := exported.article.image) and image.url not in numbers:
            numbers[image.url] = first + len(numbers)
            yield _attachment(site, numbers[image.url], image)
        yield from _item(content, exported, numbers)
    for number, page in enumerate(pages, len(content.articles) + 1):
        yield from _page_item(content, page, number, now)
    yield "</channel>\n</rss>\n"


def _channel(site: Site, now: datetime) -> Iterator[str]:
    for name, value in (
        ("title", escape(escape(site.title))),
        ("link", escape(site.base_url)),
        ("description", escape(escape(site.description))),
        ("pubDate", rfc822(now)),
        ("language", escape(site.language)),
        ("wp:wxr_version", "1.2"),
        ("wp:base_site_url", escape(site.base_url)),
        ("wp:base_blog_url", escape(site.base_url)),
        ("feedsvc:timezone", escape(site.timezone)),  # dates without a time in facts are in this zone
        ("generator", f"feedsvc {__version__}"),
    ):
        yield f"<{name}>{value}</{name}>\n"


def _terms(content: ContentSnapshot) -> Iterator[str]:
    """Yield the authors, the categories and the tags; categories and tags share their numbers."""
    for number, author in enumerate(unique_entries(content.authors), 1):
        texts = {"login": author.id, "email": author.email or author.hidden_email, "display_name": escape(author.name)}
        elements = ((f"wp:author_{name}", _cdata(text)) for name, text in texts.items())
        yield _lines("wp:author", (("wp:author_id", str(number)), *elements))
    categories = unique_entries(content.categories)
    for number, category in enumerate(categories, 1):
        texts = {"category_nicename": category.id, "category_parent": "", "cat_name": escape(category.title)}
        texts["category_description"] = escape(category.description)
        elements = ((f"wp:{name}", _cdata(text)) for name, text in texts.items())
        yield _lines("wp:category", (("wp:term_id", str(number)), *elements))
    titles = {tag.id: tag.title for article in content.articles for tag in article.tags}
    for number, (slug, title) in enumerate(sorted(titles.items()), len(categories) + 1):
        name = _cdata(escape(title))
        yield _lines("wp:tag", (("wp:term_id", str(number)), ("wp:tag_slug", _cdata(slug)), ("wp:tag_name", name)))


def _item(content: ContentSnapshot, exported: ExportedArticle, images: Mapping[str, int]) -> Iterator[str]:
    """Yield the item of an article in parts. `images` are the numbers of lead images by address."""
    article, site = exported.article, content.site
    meta = [(f"_feedsvc_{name}", to_json(value)) for name, value in facts_of(exported, _OWN_KEYS)]
    if article.image:
        meta.append(("_thumbnail_id", str(images[article.image.url])))
    meta += [("enclosure", f"{file.url}\n{file.length}\n{file.type}\n") for file in article.enclosures]
    author_ids = [content.authors[name].id for name in article.authors if name in content.authors]
    elements = [
        ("title", _cdata(escape(article.title))),
        ("link", escape(exported.address)),
        ("pubDate", rfc822(article.published)),
        ("dc:creator", _cdata(author_ids[0] if author_ids else "")),
        ("guid", escape(article.guid or article.id)),
        ("description", ""),
        ("content:encoded", _cdata(exported.html)),
        ("excerpt:encoded", _cdata(escape(article.summary))),
        *_post_elements(exported.number, _dates(site, article.published, article.updated), article.slug, exported.state, "post"),
    ]
    terms = [
        *(("category", content.categories[name].id, content.categories[name].title) for name in article.categories),
        *(("post_tag", tag.id, tag.title) for tag in article.tags),
        *(("author", f"cap-{name}", content.authors[name].name) for name in author_ids),
    ]
    yield "<item>\n"
    yield from (_element(name, value) for name, value in elements)
    for domain, nicename, title in terms:
        yield f'<category domain="{domain}" nicename="{escape(nicename)}">{_cdata(escape(title))}</category>\n'
    yield from _meta_lines(meta)
    yield "</item>\n"


def _post_elements(
    number: int, dates: Iterable[tuple[str, str]], slug: str, state: ExportState, post_type: str, *, order: int = 0
) -> Iterator[tuple[str, str]]:
    """Yield the elements of WordPress's own namespace that each post and page has."""
    yield "wp:post_id", str(number)
    yield from dates
    yield "wp:comment_status", _cdata("closed")
    yield "wp:ping_status", _cdata("closed")
    yield "wp:post_name", _cdata(slug)
    yield "wp:status", _cdata(state.value)
    yield "wp:post_parent", "0"
    yield "wp:menu_order", str(order)
    yield "wp:post_type", _cdata(post_type)
    yield "wp:post_password", _cdata("")
    yield "wp:is_sticky", "0"


def _meta_lines(meta: Iterable[tuple[str, str]]) -> Iterator[str]:
    for key, value in meta:
        yield _lines("wp:postmeta", (("wp:meta_key", _cdata(key)), ("wp:meta_value", _cdata(value))))


def _page_item(content: ContentSnapshot, page: StaticPage, number: int, now: datetime) -> Iterator[str]:
    """Yield the item of a page in parts.

    Its date, which WordPress demands, is `updated` of the page if that is not after `now`, else `now`.
    """
    address = absolute(content.site.base_url, path_of(StaticPageAt(page.slug)))
    date = min(page.updated or now, now)
    state = ExportState.NOT_PUBLIC if page.is_draft else ExportState.PUBLIC
    elements = (
        ("title", _cdata(escape(page.title))),
        ("link", escape(address)),
        ("pubDate", rfc822(date)),
        ("dc:creator", _cdata("")),
        ("guid", escape(address)),
        ("description", ""),
        ("content:encoded", _cdata(content.page_html(page))),
        ("excerpt:encoded", _cdata(escape(page.description))),
        *_post_elements(number, _dates(content.site, date, date), page.slug, state, "page", order=page.order),
    )
    yield "<item>\n"
    yield from (_element(name, value) for name, value in elements)
    yield from _meta_lines((f"_feedsvc_{name}", to_json(fact)) for name, fact in page_facts(page))
    yield "</item>\n"


def _attachment(site: Site, number: int, image: Image) -> str:
    address = image.url if "://" in image.url else absolute(site.base_url, image.url)
    elements = (
        ("title", _cdata(escape(address.rpartition("/")[2]))),
        ("link", escape(address)),
        ("guid", escape(address)),
        ("excerpt:encoded", _cdata(escape(image.caption))),
        ("wp:post_id", str(number)),
        ("wp:status", _cdata("inherit")),
        ("wp:post_type", _cdata("attachment")),
        ("wp:attachment_url", _cdata(address)),
    )
    meta = _lines("wp:postmeta", (("wp:meta_key", _cdata("_wp_attachment_image_alt")), ("wp:meta_value", _cdata(image.alt))))
    return f"<item>\n{''.join(_element(name, value) for name, value in elements)}{meta}</item>\n"


def _dates(site: Site, published: datetime, updated: datetime) -> Iterator[tuple[str, str]]:
    """Yield (element, CDATA section) of the dates in the site's zone and in UTC, as WordPress writes them."""
    zone = ZoneInfo(site.timezone)
    for name, moment in (("post_date", published), ("post_modified", updated)):
        yield f"wp:{name}", _cdata(f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}")
        yield f"wp:{name}_gmt", _cdata(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}")


def _lines(name: str, elements: Iterable[tuple[str, str]]) -> str:
    return f"<{name}>{''.join(f'<{child}>{value}</{child}>' for child, value in elements)}</{name}>\n"


def _element(name: str, value: str) -> str:
    attributes = ' isPermaLink="false"' if name == "guid" else ""
    return f"<{name}{attributes}>{value}</{name}>\n"


def _cdata(text: str) -> str:
    """Return a CDATA section; one that contains its own end is split in two (XML 1.0 section 2.7)."""
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
