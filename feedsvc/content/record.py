"""How one article file read, as it is kept in memory and on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from feedsvc.content.reader import Reading
from feedsvc.content.stamps import Stamp
from feedsvc.model import Article, Tag

NO_MEDIA: Final[Mapping[str, Stamp]] = {}
_put: Final = object.__setattr__


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """How one article file read. `stamp` None means: not to be trusted; `digest` stands for its bytes.

    `site` stands for the settings that it was read under, `media` are the stamps that the files it refers to had then.
    `good` is what stood in an edition before, where the reading itself does not stand in one (`stood`).
    """

    stamp: Stamp | None
    digest: bytes
    reading: Reading
    site: str = ""
    media: Mapping[str, Stamp] = field(default_factory=dict)
    stood: bool = False
    good: Article | None = None

    @property
    def last(self) -> Article | None:
        """The file's last article that stood in an edition."""
        return self.reading.article if self.stood else self.good

    def noted(self, *, stood: bool) -> Record:
        """Whether the article stands from now on."""
        good = None if stood else self.last
        return Record(
            stamp=self.stamp, digest=self.digest, reading=self.reading, site=self.site, media=self.media, stood=stood, good=good
        )


class Shared:
    """Makes equal parts of many articles one object: authors, sections and tags are named again and again."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._tags: dict[tuple[str, str], Tag] = {}
        self._places: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._sites: dict[str, str] = {}

    def record(self, record: Record) -> Record:
        """The record itself, which nobody has seen yet: only so may it be changed."""
        article, problems, places, named, _ = record.reading
        if article:
            self._article(article)
        if record.good:
            self._article(record.good)
        known = self._places.setdefault(places, places)
        if known is not places:
            _put(record, "reading", Reading(article, problems, known, named))
        _put(record, "site", self._sites.setdefault(record.site, record.site))
        if not record.media:
            _put(record, "media", NO_MEDIA)
        return record

    def _article(self, article: Article) -> None:
        _put(article, "categories", self._names.setdefault(article.categories, article.categories))
        _put(article, "authors", self._names.setdefault(article.authors, article.authors))
        if article.tags:
            _put(article, "tags", tuple([self._tags.setdefault((tag.id, tag.title), tag) for tag in article.tags]))
        if article.updated == article.published:
            _put(article, "updated", article.published)
