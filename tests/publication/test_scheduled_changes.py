"""Documents that change by time in the same step in which an editor changes others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from typing import Final

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.catalog.schedule import NEWS_AGE
from feedsvc.model import Article, ArticleStatus, Tag
from feedsvc.publication.publication import Publication
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import START

HOUR: Final = timedelta(hours=1)
LATER: Final = START + HOUR
SEA: Final = Tag(id="sea", title="Sea")
OTHERS: Final = model_newsrooms.ten_years_of_articles(60, categories=2, authors=2, tags=6)
KEYS: Final = {"categories": ("c2",), "tags": (SEA,), "aliases": ("announced",)}

OLD: Final = START - timedelta(days=30)
# What time alone does within the hour, and paths that change by it.
SCHEDULED: Final = {
    "it appears": (
        model_newsrooms.article(900, LATER, **KEYS),
        {"/articles/a900/", "/", "/feed.rss", "/category/c2/feed.atom", "/tag/sea/", "/sitemap.xml", "/tags/"},
    ),
    "it expires": (
        model_newsrooms.article(900, OLD, expires=LATER, **KEYS),
        {"/articles/a900/", "/category/c2/", "/tag/sea/feed.json", "/sitemap.xml"},
    ),
    "it is withdrawn": (
        model_newsrooms.article(900, OLD, status=ArticleStatus.WITHDRAWN, withdrawn_at=LATER, **KEYS),
        {"/category/c2/feed.atom", "/tag/sea/feed.atom", "/sitemap.xml"},
    ),
    "it is updated": (
        model_newsrooms.article(900, OLD, updated=LATER, **KEYS),
        {"/category/c2/feed.atom", "/tag/sea/feed.atom", "/sitemap.xml"},
    ),
    "it appears and is a translation": (
        model_newsrooms.article(900, LATER, language="ko", translation_of=OTHERS[30].id, **KEYS),
        {"/articles/a900/", f"/articles/{OTHERS[30].slug}/", "/archive/2021-03/feed.atom", "/feed.json", "/sitemap.xml"},
    ),
    "it is too old for the news sitemap": (
        model_newsrooms.article(900, LATER - NEWS_AGE, **KEYS),
        {"/news-sitemap.xml", "/robots.txt"},
    ),
}


EDITS: Final = ({"title": "Another title"}, {"tags": (SEA,)}, {"text": b""})


def edit(scheduled: Article, edited: Article, new: Article) -> tuple[Publication, Publication, Publication]:
    """Return the publication before, that after an hour and an edit in one step, and one of a new start."""
    articles = (*OTHERS, scheduled)
    before = Publication(build_catalog(model_newsrooms.snapshot(articles, entries=5), START))
    for path in before.paths_with_redirects():
        before.resolve(path)
    content = replace(before.catalog.content, articles=tuple(new if one is edited else one for one in articles))
    after = before.next_edition(before.catalog.apply_changes(content, LATER, removed=(edited,), added=(new,)))
    return before, after, Publication(build_catalog(content, LATER))


@pytest.mark.slow
@pytest.mark.parametrize(("event", "keys"), [*zip(SCHEDULED, cycle(EDITS), strict=False)])
def test_documents_of_an_article_and_of_an_edit_of_another_change_in_one_step(event: str, keys: dict[str, object]) -> None:
    scheduled, expected = SCHEDULED[event]
    edited = OTHERS[40]
    before, after, fresh = edit(scheduled, edited, replace(edited, **keys))  # type: ignore[arg-type]
    paths = {*before.paths_with_redirects(), *fresh.paths_with_redirects()}
    resources = {path: fresh.resolve(path) for path in paths}
    assert {path: after.resolve(path) for path in paths} == resources
    different = {path for path in paths if before.resolve(path) != resources[path]}
    assert expected | {f"/articles/{edited.slug}/"} <= different
    assert different <= after.changed_since(before)
