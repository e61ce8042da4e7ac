"""Reduction of a site to its newest articles, for a theme trial (theme_trial.py) in another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from itertools import chain, islice
from operator import attrgetter
from typing import Final

from feedsvc.catalog import Catalog, RowBuilder, build_catalog
from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.markdown import TextStore
from feedsvc.errors import FeedsvcError
from feedsvc.model import Article, Author, Category, CustomFeed, MediaFile, Site, TagSettings
from feedsvc.page_model import PageFrame
from feedsvc.support.digest import blake2b

_MAX_ARTICLES: Final = 20
_MAX_CANDIDATES: Final = 200  # articles, of which some are not public
_MAX_TEXT_LENGTH: Final = 256 * 1024  # characters of a text; longer ones are cut


@dataclass(frozen=True, kw_only=True, slots=True)
class NewestArticles:
    """The newest articles of a site and what their pages need, in the fields of ContentSnapshot. Can be pickled.

    The pages need the settings and menus of the site, the authors of these articles, and the media of the site, the authors and
    the articles. `texts` are Markdown texts by their keys (`Article.text`). The catalog is built at the moment `now`; with
    `preview`, it includes drafts and scheduled articles.
    """

    site: Site
    categories: Mapping[str, Category]
    authors: Mapping[str, Author]
    tags: Mapping[str, TagSettings]
    custom_feeds: Mapping[str, CustomFeed]
    frame: PageFrame
    articles: tuple[Article, ...]
    media: Mapping[str, MediaFile]
    texts: Mapping[bytes, str]
    now: datetime
    preview: bool

    @property
    def digest(self) -> str:
        """Digest of `site` and `articles`, 32 hexadecimal digits, the same in every process."""
        return blake2b(repr((self.site, self.articles)).encode(errors="replace")).hex()

    def build_catalog(self) -> Catalog:
        """Return the catalog of a site with only these articles, at `now`."""
        texts = TextStore()
        texts.add(self.texts)
        content = ContentSnapshot(
            site=self.site,
            categories=self.categories,
            authors=self.authors,
            tags=self.tags,
            custom_feeds=self.custom_feeds,
            frame=self.frame,
            articles=self.articles,
            media=self.media,
            texts=texts,
        )
        return build_catalog(content, self.now, is_preview=self.preview)


def collect_newest_articles(content: ContentSnapshot, now: datetime, *, preview: bool) -> NewestArticles:
    """Return the newest articles, up to _MAX_ARTICLES, of those that have a row in a catalog at `now`.

    Withdrawn and expired articles have one, too, with `preview` also drafts and scheduled ones. Articles whose text is
    unreadable are left out; texts are cut at _MAX_TEXT_LENGTH characters. Only the _MAX_CANDIDATES articles with the latest
    `published` are examined.
    """
    row_builder = RowBuilder(content.site, now, is_preview=preview)
    candidates = nlargest(_MAX_CANDIDATES, content.articles, key=attrgetter("published", "id"))
    texts: dict[bytes, str] = {}
    public = (article for article in candidates if row_builder.build(article) and _add_text(content, article, texts))
    articles = tuple(islice(public, _MAX_ARTICLES))
    author_names = {name for article in articles for name in article.authors}
    authors = {name: author for name, author in content.authors.items() if author.id in author_names or name in author_names}
    author_media = (author.media for author in authors.values())
    media = frozenset(chain(content.site.media, *author_media, *(article.media for article in articles)))
    return NewestArticles(
        site=content.site,
        categories=dict(content.categories),
        authors=authors,
        tags=dict(content.tags),
        custom_feeds=dict(content.custom_feeds),
        frame=content.frame,
        articles=articles,
        media={path: content.media[path] for path in media if path in content.media},
        texts=texts,
        now=now,
        preview=preview,
    )


def _add_text(content: ContentSnapshot, article: Article, texts: dict[bytes, str]) -> bool:
    """Add an article's text, if any, to `texts`, cut at _MAX_TEXT_LENGTH. Return False if it could not be read, else True."""
    try:
        text = content.texts.markdown(article)
    except FeedsvcError:
        return False
    if text:
        texts[article.text] = text[:_MAX_TEXT_LENGTH]
    return True
