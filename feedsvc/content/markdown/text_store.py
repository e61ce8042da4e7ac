"""Articles' texts: Markdown, kept by its name where the records are, and made HTML when somebody wants to see it.

A hundred thousand texts need not stand in memory while readers ask for fifty.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Final, Protocol

from feedsvc import routes, uris
from feedsvc.content.markdown import render
from feedsvc.errors import TextLostError
from feedsvc.model import Article

_DAY: Final = 3  # bytes of a name that stand for the day
_MOST_WAITING: Final = 4_000_000  # characters that no disk has yet
_MOST_SHOWN: Final = 300  # articles, as HTML
_MANY_SHOWN: Final = 4_000  # the same where all of them are going to be, in pages and in feeds
_MOST_NEAR: Final = 8_000_000  # characters that the shelf has, too
_MOST_BEGUN: Final = 5_000  # articles, as their first words


class Shelf(Protocol):
    """Where texts lie when they are not in memory."""

    def text(self, name: bytes) -> str | None: ...
    def texts(self, names: Collection[bytes]) -> Mapping[bytes, str]: ...
    def keep_texts(self, texts: Mapping[bytes, str]) -> bool: ...


def text_name(markdown: str, published: datetime) -> bytes:
    """Stands for a text: the same for the same Markdown of the same day, on every machine. Of no text it is b"".

    The day comes first: what is written down together, and asked for together, is of one time, and so has its place together in
    an index of these names.
    """
    if not markdown:
        return b""
    return published.toordinal().to_bytes(_DAY, "big") + _digest(markdown)


def is_text(name: object, markdown: object) -> bool:
    """Return whether these are a text and its name: what was read from a damaged file may be of any type."""
    if not (isinstance(name, bytes) and isinstance(markdown, str)):
        return False
    try:
        return name[_DAY:] == _digest(markdown)
    except UnicodeEncodeError:  # it was no UTF-8
        return False


def _digest(markdown: str) -> bytes:
    return blake2b(markdown.encode(), digest_size=16).digest()


class Texts:
    """Safe in threads. What the shelf does not take stays in memory."""

    def __init__(self, shelf: Shelf | None = None, again: Callable[[Article], str] = lambda _: "") -> None:
        """`again` reads an article's Markdown from its file, "" if that is gone, should the shelf have lost it."""
        self._shelf, self._again = shelf, again
        self._waiting: dict[bytes, str] = {}
        self._size = 0
        self._ahead: Mapping[bytes, str] = {}
        self._lock = threading.Lock()
        self._near: dict[bytes, str] = {}
        self._room, self._most_shown = 0, _MOST_SHOWN
        self._shown: dict[tuple[bytes, str, str], str] = {}
        self._begun: dict[tuple[bytes, str, str], str] = {}
        self._lost: frozenset[str] = frozenset()

    @property
    def lost(self) -> frozenset[str]:
        """The paths of articles whose text was asked for in vain, since `take_lost`."""
        return self._lost

    def take_lost(self) -> frozenset[str]:
        with self._lock:
            found, self._lost = self._lost, frozenset()
        return found

    def add(self, texts: Mapping[bytes, str]) -> None:
        """Take texts in, by their names, for as long as some article has them."""
        if not texts:
            return
        with self._lock:
            self._waiting |= texts
            self._size += sum(map(len, texts.values()))
        if self._size > _MOST_WAITING:
            self.put_away()

    def put_away(self) -> None:
        """Leave to the shelf what is in memory, if there is one and it takes it."""
        with self._lock:
            waiting, self._size = dict(self._waiting), 0
        if waiting and self._shelf and self._shelf.keep_texts(waiting):
            with self._lock:
                for key in waiting:
                    self._waiting.pop(key, None)  # somebody else may have put it away, too

    def stay(self) -> None:
        """From now on more of them stay in memory: for who is going to show them all."""
        self._room, self._most_shown = _MOST_NEAR, _MANY_SHOWN

    @property
    def may_stay(self) -> bool:
        return self._room > 0

    def keep_near(self, texts: Mapping[bytes, str]) -> None:
        """Those that the shelf has, too, as far as there is room."""
        with self._lock:
            for key, text in texts.items():
                if (size := len(text)) <= self._room and key not in self._near:
                    self._near[key] = text
                    self._room -= size

    def ahead(self, articles: Iterable[Article]) -> None:
        """The texts of these are about to be asked for: fetch together what would be fetched one by one."""
        waiting, near = self._waiting, self._near  # of which one set less the other would look at every text there is
        wanted = {text for one in articles if (text := one.text) and text not in waiting and text not in near}
        if self._shelf and len(wanted) > 1:
            self._ahead = self._shelf.texts(wanted)

    def markdown(self, article: Article) -> str:
        """An article's text as its editor wrote it. Raises TextLostError if it is in no place any more."""
        if not article.text:
            return ""
        found = self._waiting.get(article.text) or self._near.get(article.text) or self._ahead.get(article.text)
        if found is None and self._shelf:
            found = self._shelf.text(article.text)
        if found is None:
            found = self._again(article)
            if text_name(found, article.published) != article.text:
                with self._lock:
                    self._lost |= {article.path}
                raise TextLostError(f"the text of {article.path} is lost: the state folder has it no more, and the file another")
            self.add({article.text: found})
        return found

    def missing(self, articles: Collection[Article]) -> list[Article]:
        """Return the articles whose text can be read in no place."""
        self.ahead(articles)
        missing = []
        for article in articles:
            try:
                self.markdown(article)
            except TextLostError:
                missing.append(article)
        return missing

    def html(self, article: Article, base_url: str) -> str:
        """Safe HTML with absolute addresses. Raises as `markdown` does."""
        key = (article.text, article.slug, base_url)
        found = self._shown.get(key)
        if found is None:
            page = uris.absolute(base_url, routes.path_of(routes.ArticleAt(article.slug)))
            found = render.render(self.markdown(article), base_url=base_url, page=page).html
            self._remember(self._shown, key, found, self._most_shown)
        return found

    def ready(self, articles: Sequence[Article], base_url: str) -> None:
        """Have the HTML of these at hand, unless they would push each other out. Raises as `markdown` does."""
        self.ahead(articles)
        for article in articles if 2 * len(articles) <= self._most_shown else ():
            self.html(article, base_url)

    def beginning(self, article: Article, base_url: str) -> str:
        """The first words, as plain text. Raises as `markdown` does."""
        key = (article.text, article.slug, base_url)
        found = self._begun.get(key)
        if found is None:
            found = render.excerpt(render.plain(self.html(article, base_url)))
            self._remember(self._begun, key, found, _MOST_BEGUN)
        return found

    def _remember(self, made: dict[tuple[bytes, str, str], str], key: tuple[bytes, str, str], found: str, most: int) -> None:
        """The oldest goes first: what is asked for again is most often what was asked for just now."""
        with self._lock:
            made[key] = found
            while len(made) > most:
                del made[next(iter(made))]
