"""Record: the cached result of reading one article file, in memory and on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from feedsvc.content.file_signature import FileSignature
from feedsvc.content.reading import ParseResult
from feedsvc.model import Article

NO_MEDIA: Final[Mapping[str, FileSignature]] = {}
_set_field: Final = object.__setattr__

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """Cached result of reading one article file.

    `signature` is that of the file, None if it must be read again in any case. `digest` is a digest of its bytes, b"" if they
    could not be read. `reading` is the result of parsing them, `site` the fingerprint of those settings of site.yaml that the
    result depends on. `media` has the paths of the usable media files that the article of `reading` refers to, with their
    signatures at that time.
    `stood` is true if the article of `reading` is active (`content.folder.active`): valid, and no conflict excludes it.
    Otherwise `good` is the last valid version: the file's article that was active last, None if there was none.
    """

    signature: FileSignature | None
    digest: bytes
    reading: ParseResult
    site: str = ""
    media: Mapping[str, FileSignature] = field(default_factory=dict)
    stood: bool = False
    good: Article | None = None

    @property
    def last_valid(self) -> Article | None:
        """The file's article that was active last: that of `reading` if it is active, else `good`; None if there was none."""
        return self.reading.article if self.stood else self.good

    @property
    def candidate(self) -> Article | None:
        """The file's article that may be active: that of `reading`, else its last valid version; None if it has neither."""
        return self.reading.article or self.good

    def with_active_state(self, *, is_active: bool) -> Record:
        """Return the record with `stood` set to `is_active`. `good` becomes None if that is true, else `last_valid`."""
        return self._replace(stood=is_active, good=None if is_active else self.last_valid)

    def as_never_active(self) -> Record:
        """Return the record with `stood` False and without a last valid version.

        Use it if the file's article was never active, or if the text of its last valid version is lost.
        """
        return self._replace(stood=False, good=None)

    def _replace(self, *, stood: bool, good: Article | None) -> Record:
        return Record(
            signature=self.signature,
            digest=self.digest,
            reading=self.reading,
            site=self.site,
            media=self.media,
            stood=stood,
            good=good,
        )


class Interner:
    """Table that replaces equal parts of articles by one object, because authors, categories and tags repeat in many articles."""

    def __init__(self) -> None:
        self._values: dict[object, Any] = {}

    def intern(self, value: _T) -> _T:
        """Return the first of all values passed that is equal to this one; this one if it is the first.

        Values must be hashable, and equal ones must have the same type.
        """
        first: _T = self._values.setdefault(value, value)
        return first

    def intern_record(self, record: Record) -> Record:
        """Intern parts of a record in place, and return the same record.

        The parts are authors, categories, tags and dates of both articles (that of `reading` and `good`), `site`, the positions
        of `reading`, and `media` if it is empty. If another record has equal positions, the `markdown` of `reading` becomes "".
        Only for a new record that no other code refers to yet.
        """
        article, problems, positions, alias_references, _ = record.reading
        for version in (article, record.good):
            if version:
                self._intern_article(version)
        interned_positions = self.intern(positions)
        if interned_positions is not positions:
            _set_field(record, "reading", ParseResult(article, problems, interned_positions, alias_references))
        _set_field(record, "site", self.intern(record.site))
        if not record.media:
            _set_field(record, "media", NO_MEDIA)
        return record

    def _intern_article(self, article: Article) -> None:
        for name in ("categories", "authors"):
            _set_field(article, name, self.intern(getattr(article, name)))
        if article.tags:
            _set_field(article, "tags", tuple(map(self.intern, article.tags)))
        self.intern_dates(article)

    def intern_dates(self, article: Article) -> None:
        """Replace `updated` by the object of `published`, in place, if both are equal. Only for a new article."""
        if article.updated == article.published:
            _set_field(article, "updated", article.published)
