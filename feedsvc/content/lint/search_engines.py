"""Lint of what Google News and Google Search take from a site by themselves: its name and its news sitemap (`icons`: its icon).

Since March 2025 a publisher cannot register feeds or logos with Google News: its pages are made from these.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from feedsvc.content.lint.context import LintContext
from feedsvc.content.lint.positions import EntryPositions
from feedsvc.content.reading import SITE_FILE
from feedsvc.errors import Problem, Rule

_MAX_NAME_LENGTH: Final = 60  # characters
_NEWS_AGE: Final = timedelta(days=2)
_MAX_NEWS_ARTICLES: Final = 1_000
_Fault = tuple[Rule, str, str]  # rule, message, hint


def lint_search_engines(context: LintContext) -> Iterator[Problem]:
    """Yield a warning about a title of the site of over 60 characters, and one about over 1,000 new articles.

    Search engines cut such a title, and a news sitemap names no more articles. New are published articles without `link` whose
    date is within the last two days.
    """
    faults = [*_name_faults(context), *_news_faults(context)]
    if not faults:
        return
    positions = EntryPositions(context.root, SITE_FILE)
    for rule, message, hint in faults:
        yield positions.warning(rule, "title", (), message, hint)


def _name_faults(context: LintContext) -> Iterator[_Fault]:
    site = context.content.site
    if len(site.title) > _MAX_NAME_LENGTH:
        message = f"title: has {len(site.title)} characters; search engines cut the name of a site after about {_MAX_NAME_LENGTH}"
        yield "long-site-title", message, "shorten it; a longer sentence can stand in description:"


def _news_faults(context: LintContext) -> Iterator[_Fault]:
    start = context.now - _NEWS_AGE
    recent = sum(start < article.published <= context.now and not article.link for article in context.public_articles)
    if recent > _MAX_NEWS_ARTICLES:
        message = (
            f"site: {recent} articles appeared within two days; the news sitemap names the newest {_MAX_NEWS_ARTICLES}, "
            "because Google reads no more"
        )
        yield "news-sitemap", message, "move what is no news, such as listings and weather, to another site"
