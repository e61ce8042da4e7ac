"""A newsroom reduced to its newest articles, to try a theme with in another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from heapq import nlargest
from itertools import chain, islice
from operator import attrgetter
from typing import Final

from feedsvc.catalog.catalog import Catalog, catalog
from feedsvc.catalog.visibility import Maker
from feedsvc.content.folder.snapshot import Content
from feedsvc.content.markdown.text_store import Texts
from feedsvc.errors import FeedsvcError
from feedsvc.model import Article, Author, Category, MediaFile, Site

_ARTICLES: Final = 20
_CONSIDERED: Final = 200  # of which some are not public
_LONGEST: Final = 256 * 1024  # characters of a text; of a longer one, its beginning


@dataclass(frozen=True, kw_only=True, slots=True)
class Newest:
    """The newest articles of a newsroom and what they refer to, as in Content, with their texts by name. Can be pickled."""

    site: Site
    categories: Mapping[str, Category]
    authors: Mapping[str, Author]
    articles: tuple[Article, ...]
    media: Mapping[str, MediaFile]
    texts: Mapping[bytes, str]
    now: datetime
    preview: bool

    @property
    def digest(self) -> str:
        """The same for the same articles in the same settings, in every process."""
        return blake2b(repr((self.site, self.articles)).encode(errors="replace"), digest_size=16).hexdigest()

    def catalog(self) -> Catalog:
        texts = Texts()
        texts.add(self.texts)
        content = Content(
            site=self.site,
            categories=self.categories,
            authors=self.authors,
            articles=self.articles,
            media=self.media,
            texts=texts,
        )
        return catalog(content, self.now, preview=self.preview)


def newest(content: Content, now: datetime, *, preview: bool) -> Newest:
    """The newest articles that have a page at a moment. An article whose text cannot be read is left out."""
    public = Maker(content.site, now, preview=preview)
    latest = nlargest(_CONSIDERED, content.articles, key=attrgetter("published"))
    texts: dict[bytes, str] = {}
    articles = tuple(islice((one for one in latest if public.row(one) and _add_text(content, one, texts)), _ARTICLES))
    named = {name for article in articles for name in article.authors}
    authors = {name: author for name, author in content.authors.items() if author.id in named or name in named}
    media = frozenset(chain(content.site.media, *(one.media for one in authors.values()), *(one.media for one in articles)))
    return Newest(
        site=content.site,
        categories=dict(content.categories),
        authors=authors,
        articles=articles,
        media={path: content.media[path] for path in media if path in content.media},
        texts=texts,
        now=now,
        preview=preview,
    )


def _add_text(content: Content, article: Article, texts: dict[bytes, str]) -> bool:
    """Add a text; return whether it could be read."""
    try:
        text = content.texts.markdown(article)
    except FeedsvcError:
        return False
    if text:
        texts[article.text] = text[:_LONGEST]
    return True
