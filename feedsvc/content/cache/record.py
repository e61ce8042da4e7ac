"""How one article file read, as it is kept in memory and on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from feedsvc.content.file_signature import Stamp
from feedsvc.content.reading.article import Reading
from feedsvc.model import Article

NO_MEDIA: Final[Mapping[str, Stamp]] = {}
_put: Final = object.__setattr__

_T = TypeVar("_T")


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
        return self._with(stood=stood, good=None if stood else self.last)

    def lost(self) -> Record:
        """The article was taken for one that is going to stand, and does not."""
        return self._with(stood=False, good=None)

    def _with(self, *, stood: bool, good: Article | None) -> Record:
        return Record(
            stamp=self.stamp, digest=self.digest, reading=self.reading, site=self.site, media=self.media, stood=stood, good=good
        )


class Shared:
    """Makes equal parts of many articles one object: authors, sections and tags are named again and again."""

    def __init__(self) -> None:
        self._known: dict[object, Any] = {}

    def value(self, value: _T) -> _T:
        """The first of all that are equal to it, which are of one type."""
        known: _T = self._known.setdefault(value, value)
        return known

    def record(self, record: Record) -> Record:
        """The record itself, which nobody has seen yet: only so may it be changed."""
        article, problems, places, named, _ = record.reading
        for one in (article, record.good):
            if one:
                self._article(one)
        known = self.value(places)
        if known is not places:
            _put(record, "reading", Reading(article, problems, known, named))
        _put(record, "site", self.value(record.site))
        if not record.media:
            _put(record, "media", NO_MEDIA)
        return record

    def _article(self, article: Article) -> None:
        for name in ("categories", "authors"):
            _put(article, name, self.value(getattr(article, name)))
        if article.tags:
            _put(article, "tags", tuple(map(self.value, article.tags)))
        self.moments(article)

    def moments(self, article: Article) -> None:
        """Most articles were published as they are."""
        if article.updated == article.published:
            _put(article, "updated", article.published)
