"""Content of the entry of an issue, made for mail services: HTML without styles, with absolute addresses.

Each article, newest first, has a heading with a link, its lead image, byline, summary and corrections.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Final

from feedsvc.catalog import Catalog, IssueRow, Row
from feedsvc.content.media import THUMBNAIL_WIDTH, fit_image
from feedsvc.feeds.content_html import article_language, corrections_html, figure
from feedsvc.language import Language, direction, get_language
from feedsvc.model import Article, Image, Site
from feedsvc.routes import path_of
from feedsvc.uris import absolute

MAX_FEED_ARTICLES: Final = 100  # articles of an issue in its entry; its page has the others
_MAX_HEADLINES: Final = 10
_MAX_IMAGE_WIDTH: Final = 600  # pixels; mail programs show messages in a column about as wide, and some of them do not scale
_SEPARATOR: Final = " · "


def issue_title(site: Site, issue: IssueRow) -> str:
    """Return the title of an issue: that of its periodical, with the date of the issue in words, in the site's language."""
    lang = _site_language(site)
    return lang.say("archive", title=issue.article.title, month=lang.period_name(issue.date))


def headlines(site: Site, issue: IssueRow) -> str:
    """Return the titles of up to _MAX_HEADLINES newest articles of an issue, and the number of the others, as one plain text.

    "" for an issue without articles.
    """
    titles = [row.article.title for row in issue.articles[:_MAX_HEADLINES]]
    return _SEPARATOR.join((*titles, *_others(_site_language(site), issue, len(titles))))


def issue_html(catalog: Catalog, issue: IssueRow) -> str:
    """Return the HTML of up to MAX_FEED_ARTICLES newest articles of an issue, and a link to its page if it has more.

    Raises FeedsvcError if the text of an article without summary cannot be read.
    """
    site, rows = catalog.site, issue.articles[:MAX_FEED_ARTICLES]
    address = escape(absolute(site.base_url, path_of(issue.place)))
    others = [f'<p><a href="{address}">{escape(text)}</a></p>' for text in _others(_site_language(site), issue, len(rows))]
    parts = [_article_html(catalog, row) for row in rows] + [_with_direction(site, site.language, text) for text in others]
    return "\n".join(parts)


def _others(lang: Language, issue: IssueRow, shown_count: int) -> tuple[str, ...]:
    """Return a tuple of one text, the number of an issue's articles that are not shown; () if all are shown."""
    count = issue.article_count - shown_count
    return (lang.count("and_more", count),) if count else ()


def _article_html(catalog: Catalog, row: Row) -> str:
    site, article = catalog.site, row.article
    lang = article_language(site, article)
    address = escape(article.link or absolute(site.base_url, path_of(row.place)))
    summary = catalog.content.summary(article)
    parts = (
        f'<h2><a href="{address}">{escape(article.title)}</a></h2>',
        figure(_fitted_image(catalog, article.image)) if article.image else "",
        _byline(catalog, lang, article),
        f"<p>{escape(summary)}</p>" if summary != article.title else "",
        corrections_html(lang, article.corrections),
    )
    return _with_direction(site, article.language, "\n".join(filter(None, parts)))


def _with_direction(site: Site, language: str, text: str) -> str:
    """Return HTML marked with its language and direction; unchanged if it is in the site's language and written left to right.

    `language` is "" for the site's. Mail programs show text without a direction from left to right.
    """
    tag = language or site.language
    if tag == site.language and direction(tag) == "ltr":
        return text
    return f'<div lang="{escape(tag)}" dir="{direction(tag)}">\n{text}\n</div>'


def _byline(catalog: Catalog, lang: Language, article: Article) -> str:
    names = lang.say("comma").join(catalog.content.authors[name].name for name in article.authors)
    return f"<p><small>{escape(lang.say('by', names=names))}</small></p>" if names else ""


def _fitted_image(catalog: Catalog, image: Image) -> Image:
    """Return a lead image with its size in a message, at most _MAX_IMAGE_WIDTH pixels wide, and the address of its thumbnail.

    The address stays if the image has no thumbnail.
    """
    fitted = fit_image(catalog.media, catalog.site.base_url, image, THUMBNAIL_WIDTH)
    if fitted.width <= _MAX_IMAGE_WIDTH:
        return fitted
    return replace(fitted, width=_MAX_IMAGE_WIDTH, height=max(1, round(fitted.height * _MAX_IMAGE_WIDTH / fitted.width)))


def _site_language(site: Site) -> Language:
    return get_language(site.language, site.timezone)
