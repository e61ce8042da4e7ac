"""Google's news sitemap: the articles of the last two days.

Specification: https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap
"""

from __future__ import annotations

from typing import Final

from feedsvc.catalog import Catalog, Row
from feedsvc.discovery.sitemap_xml import loc_and_lastmod, xml_document
from feedsvc.feeds import escape
from feedsvc.model import Site
from feedsvc.routes import ArticleAt, path_of
from feedsvc.support.date_formats import rfc3339

MAX_NEWS_ARTICLES: Final = 1_000  # articles in a news sitemap
_NAMESPACE: Final = "http://www.google.com/schemas/sitemap-news/0.9"
_TRADITIONAL_CHINESE_SUBTAGS: Final = frozenset({"hant", "tw", "hk", "mo"})


def render_news_sitemap(catalog: Catalog, max_articles: int = MAX_NEWS_ARTICLES) -> bytes | None:
    """Render the news sitemap: articles published less than two days before the catalog's `now`, newest first.

    Left out are articles with a `link`, those that only a preview shows, and all after the first `max_articles`. None if no
    article is left, because a urlset needs at least one url.
    """
    urls = "".join(_news_url(catalog.site, row) for row in _news_rows(catalog)[:max_articles])
    return xml_document("urlset", urls, f' xmlns:news="{_NAMESPACE}"') if urls else None


def has_news_sitemap(catalog: Catalog) -> bool:
    """Return True if `render_news_sitemap` returns a document: it has an article to list. Return False if it returns None."""
    return bool(_news_rows(catalog))


def _news_rows(catalog: Catalog) -> list[Row]:
    return [row for row in catalog.recent if not row.article.link]


def _news_url(site: Site, row: Row) -> str:
    """Render a url element: address and last change; `news:news` with the site's name and language, and date and title."""
    publication = f"<news:name>{escape(site.title)}</news:name><news:language>{_news_language(site.language)}</news:language>"
    return (
        f"<url>{loc_and_lastmod(site, path_of(ArticleAt(row.article.slug)), row.last_changed)}\n"
        f"<news:news><news:publication>{publication}</news:publication>"
        f"<news:publication_date>{rfc3339(row.article.published)}</news:publication_date>"
        f"<news:title>{escape(row.article.title)}</news:title></news:news></url>\n"
    )


def _news_language(tag: str) -> str:
    """Return the ISO 639 code (two or three letters) of a language tag, without script and region.

    Chinese is zh-tw if the tag implies the traditional script, else zh-cn, as Google requires.
    """
    language, *subtags = tag.lower().split("-")
    if language != "zh":
        return language
    return "zh-tw" if "hans" not in subtags and not _TRADITIONAL_CHINESE_SUBTAGS.isdisjoint(subtags) else "zh-cn"
