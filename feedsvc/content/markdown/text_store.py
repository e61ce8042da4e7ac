"""Store of article texts: holds Markdown by key in a backend, the content store (`content.store`), and renders it when needed.

So 100,000 texts need not be in memory while readers request fifty.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final, Protocol

from feedsvc import routes, uris
from feedsvc.content.markdown import render
from feedsvc.content.markdown.feed_markdown import FitImage, render_feed_markdown
from feedsvc.errors import TextUnavailableError
from feedsvc.model import Article
from feedsvc.support.bounded_cache import BoundedCache
from feedsvc.support.digest import blake2b

_DAY_SIZE: Final = 3  # bytes of a key for the day
_MAX_UNWRITTEN: Final = 4_000_000  # characters that are collected before they are written to the backend
_MAX_HTML: Final = 4_000_000  # characters of HTML that are cached
_HtmlKey = tuple[bytes, str, str, tuple[str, ...]]  # text, slug, base_url, media
_MAX_EXCERPTS: Final = 5_000  # articles whose excerpt is cached


class TextBackend(Protocol):
    """Storage of texts outside memory. A text's name is its key (`text_key`).

    `text` returns None for a missing text. `store_texts` returns False if it did not store the texts.
    """

    def text(self, name: bytes) -> str | None: ...
    def store_texts(self, texts: Mapping[bytes, str]) -> bool: ...


def text_key(markdown: str, published: datetime) -> bytes:
    """Return the key of a text: the day of `published`, then a digest of the Markdown; b"" for an empty text.

    The day comes first, so that texts of one day, which are often loaded together, are neighbours in the database's index.
    """
    if not markdown:
        return b""
    return published.toordinal().to_bytes(_DAY_SIZE, "big") + blake2b(markdown)


def is_text_of_key(key: object, markdown: object) -> bool:
    """Return whether `key` has the digest of `markdown`, on any day. Both may be of any type, as from a damaged database."""
    if not (isinstance(key, bytes) and isinstance(markdown, str)):
        return False
    try:
        return key[_DAY_SIZE:] == blake2b(markdown)
    except UnicodeEncodeError:  # lone surrogates
        return False


class TextStore:
    """Texts (Markdown) of articles by key, with caches of HTML and excerpts. Safe to share between threads.

    Added texts that the backend has not stored stay in memory.
    """

    def __init__(
        self,
        backend: TextBackend | None = None,
        reread: Callable[[Article], str] = lambda _: "",
    ) -> None:
        """Start without texts. Without `backend`, all added texts stay in memory.

        `reread` reads an article's Markdown from its file if the backend lost it; it returns "" if the file is missing.
        """
        self._backend, self._reread = backend, reread
        self._unwritten: dict[bytes, str] = {}
        self._unwritten_size = 0  # characters in memory that the backend does not have yet
        self._flush_size = _MAX_UNWRITTEN  # value of _unwritten_size above which `add` flushes
        self._lock = threading.Lock()
        # The oldest are dropped first, because mostly new ones are used again.
        self._html_cache: BoundedCache[_HtmlKey, str] = BoundedCache(_MAX_HTML, lambda html: len(html) + 1)
        self._excerpt_cache: BoundedCache[_HtmlKey, str] = BoundedCache(_MAX_EXCERPTS)
        self._lost_paths: frozenset[str] = frozenset()

    @property
    def lost_paths(self) -> frozenset[str]:
        """Paths of the articles for which `markdown` raised TextUnavailableError since the last `take_lost_paths`."""
        return self._lost_paths

    def take_lost_paths(self) -> frozenset[str]:
        """Return `lost_paths`, the paths of the articles whose text could not be found, and empty it."""
        with self._lock:
            paths, self._lost_paths = self._lost_paths, frozenset()
        return paths

    def add(self, texts: Mapping[bytes, str]) -> None:
        """Add texts by key. Once the unwritten texts exceed 4 million characters, write all of them to the backend.

        Until then, or until `flush`, they are in memory only. If the backend does not store them, try again after each further 4
        million characters.
        """
        if not texts:
            return
        with self._lock:
            self._unwritten |= texts
            self._unwritten_size += sum(map(len, texts.values()))
        if self._unwritten_size > self._flush_size:
            self.flush()

    def flush(self) -> None:
        """Write all unwritten texts to the backend. They stay in memory if there is no backend or it does not store them."""
        with self._lock:
            texts = dict(self._unwritten) if self._backend else {}
        is_stored = bool(texts and self._backend and self._backend.store_texts(texts))
        with self._lock:
            if is_stored:
                for key in texts:
                    self._unwritten.pop(key, None)  # another thread may have flushed it, too
                self._unwritten_size = sum(map(len, self._unwritten.values()))
            self._flush_size = (0 if is_stored else self._unwritten_size) + _MAX_UNWRITTEN

    def markdown(self, article: Article) -> str:
        """Return an article's Markdown, "" without a body.

        If memory and backend lack it, read it from the article's file and add it again. If the file lacks it, too, or has
        another text, add the article's path to `lost_paths` and raise TextUnavailableError.
        """
        if not article.text:
            return ""
        text = self._unwritten.get(article.text)
        if text is None and self._backend:
            text = self._backend.text(article.text)
        if text is None:
            text = self._reread(article)
            if text_key(text, article.published) != article.text:
                with self._lock:
                    self._lost_paths |= {article.path}
                reason = "the state folder does not have it, and the file is missing or has another text"
                raise TextUnavailableError(f"the text of {article.path} is lost: {reason}")
            self.add({article.text: text})
        return text

    def find_missing(self, articles: Iterable[Article]) -> list[Article]:
        """Return the articles for which `markdown` raises TextUnavailableError. Their paths are added to `lost_paths`."""
        missing_articles = []
        for article in articles:
            try:
                self.markdown(article)
            except TextUnavailableError:
                missing_articles.append(article)
        return missing_articles

    def html(self, article: Article, base_url: str) -> str:
        """Return an article's body as safe HTML with absolute URLs, "" without a body. Raises TextUnavailableError if lost."""
        key = (article.text, article.slug, base_url, article.media)
        return self._html_cache.get_or_create(key, lambda: self._render(article, base_url))

    def _render(self, article: Article, base_url: str) -> str:
        return render.render(self.markdown(article), base_url=base_url, page=_page(article, base_url), files=article.media).html

    def feed_markdown(self, article: Article, base_url: str, fit_image: FitImage) -> str:
        """Return an article's body as Markdown with absolute URLs for feeds. Raises TextUnavailableError if it is lost.

        Return "" for a body of over 100,000 characters, and for one whose Markdown cannot show the same as its HTML. `fit_image`
        returns the address in feeds for the address of an image.
        """
        markdown, page = self.markdown(article), _page(article, base_url)
        return render_feed_markdown(markdown, base_url=base_url, page=page, fit_image=fit_image, files=article.media)

    def excerpt(self, article: Article, base_url: str) -> str:
        """Return the beginning of an article's body as plain text, at most 280 characters and "…"; "" without text.

        Raises TextUnavailableError if the body is lost.
        """
        key = (article.text, article.slug, base_url, article.media)
        return self._excerpt_cache.get_or_create(key, lambda: render.excerpt(render.plain_text(self.html(article, base_url))))


def _page(article: Article, base_url: str) -> str:
    """Return the URL of an article's own page."""
    return uris.absolute(base_url, routes.path_of(routes.ArticleAt(article.slug)))
