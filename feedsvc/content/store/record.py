"""Record: the result of reading one article file, in memory and as MessagePack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final, NamedTuple

import msgspec

from feedsvc.content.file_signature import FileSignature
from feedsvc.content.reading.article import ParseResult
from feedsvc.errors import Problem
from feedsvc.model import Article, Tag

NO_MEDIA: Final[Mapping[str, FileSignature]] = {}


class Record(NamedTuple):
    """Result of reading one article file.

    `signature` is that of the file, None if it must be read again in any case. `digest` is a digest of its bytes, b"" if they
    could not be read. `reading` is the result of parsing them, `site` the fingerprint of those settings of site.yaml that the
    result depends on. `media` has the paths of the usable media files that the article of `reading` refers to, with their
    signatures at that time.
    `is_active` is true if the article of `reading` is active (`content.folder.active`): valid, and no conflict excludes it.
    Otherwise `last_active` is the last valid version: the file's article that was active last, None if there was none.
    """

    signature: FileSignature | None
    digest: bytes
    reading: ParseResult
    site: str = ""
    media: Mapping[str, FileSignature] = NO_MEDIA
    is_active: bool = False
    last_active: Article | None = None

    @property
    def last_valid(self) -> Article | None:
        """The file's article that was active last: that of `reading` if it is active, else `last_active`; None without any."""
        return self.reading.article if self.is_active else self.last_active

    @property
    def candidate(self) -> Article | None:
        """The file's article that may be active: that of `reading`, else its last valid version; None if it has neither."""
        return self.reading.article or self.last_active

    @property
    def is_settled(self) -> bool:
        """True if the file was read, has no problems, and its own article is active."""
        return self.is_active and self.last_active is None and self.signature is not None and not self.reading.problems

    def with_active_state(self, *, is_active: bool) -> Record:
        """Return the record with this `is_active`; `last_active` becomes None if that is true, else `last_valid`."""
        return self._replace(is_active=is_active, last_active=None if is_active else self.last_valid)

    def as_never_active(self) -> Record:
        """Return the record without a last valid version, and with an article that is not active.

        Use it if the file's article was never active, or if the text of its last valid version is lost.
        """
        return self._replace(is_active=False, last_active=None)

    def as_former(self) -> Record | None:
        """Return a record with only the last valid version, whose file is read again; None if there is no such version."""
        article = self.last_valid
        return Record(signature=None, digest=b"", reading=ParseResult(None, ()), last_active=article) if article else None


@dataclass(frozen=True, slots=True)
class _StoredArticle:
    """Article without the values that many articles share, which are encoded apart: authors, categories and each tag."""

    article: Article
    authors: bytes
    categories: bytes
    tags: tuple[bytes, ...]


class _StoredRecord(NamedTuple):
    """Record as it is encoded. `shared` is encoded apart, because most records have the same: problems, positions, references by
    alias, fingerprint of site.yaml, and media.
    """

    signature: FileSignature | None
    digest: bytes
    article: _StoredArticle | None
    shared: bytes
    is_active: bool
    last_active: _StoredArticle | None


_Shared = tuple[tuple[Problem, ...], tuple[int, ...], tuple[tuple[str, str, str], ...], str, dict[str, FileSignature]]

_ENCODER: Final = msgspec.msgpack.Encoder()
_RECORD_DECODER: Final = msgspec.msgpack.Decoder(_StoredRecord)
_NAMES_DECODER: Final = msgspec.msgpack.Decoder(tuple[str, ...])
_TAG_DECODER: Final = msgspec.msgpack.Decoder(Tag)
_SHARED_DECODER: Final = msgspec.msgpack.Decoder(_Shared)
# For invalid UTF-8 msgspec raises UnicodeDecodeError, a ValueError. For values other than bytes it raises TypeError.
_DECODE_ERRORS: Final = (msgspec.DecodeError, ValueError, TypeError, OverflowError)
# Fields of an article with other values in its encoded form: the path is the key of the record, and the rest is encoded apart.
# The form has all other fields, because msgspec takes three times as long to add defaults as to decode them.
_ENCODED_APART: Final = {"path": "", "categories": (), "authors": (), "tags": ()}
_FIELDS: Final = tuple(item.name for item in fields(Article))
_get_values: Final = attrgetter(*_FIELDS)
_set_field: Final = object.__setattr__


def encode_record(record: Record) -> bytes:
    """Return a record as MessagePack. The path of its articles, which is the key that it is stored under, is left out."""
    article, problems, positions, alias_references, _ = record.reading
    shared = _ENCODER.encode((problems, positions, alias_references, record.site, record.media))
    articles = (_encode_article(item) if item else None for item in (article, record.last_active))
    return _ENCODER.encode((record.signature, record.digest, next(articles), shared, record.is_active, next(articles)))


def _encode_article(article: Article) -> dict[str, object]:
    return {
        "article": dict(zip(_FIELDS, _get_values(article), strict=True)) | _ENCODED_APART,
        "authors": _ENCODER.encode(article.authors),
        "categories": _ENCODER.encode(article.categories),
        "tags": [_ENCODER.encode(tag) for tag in article.tags],
    }


class RecordDecoder:
    """Decoder of many records. Equal authors, categories, tags and other repeated values become one object."""

    def __init__(self) -> None:
        self._names: dict[bytes, tuple[str, ...]] = {}
        self._tags: dict[bytes, Tag] = {}
        self._shared: dict[bytes, _Shared] = {}

    def decode(self, path: str, data: bytes) -> Record | None:
        """Return the record of a path that `encode_record` encoded; None if the bytes are not a valid record."""
        try:
            signature, digest, stored, shared_data, is_active, last_active = _RECORD_DECODER.decode(data)
            shared = self._shared.get(shared_data)
            if shared is None:
                shared = self._shared[shared_data] = _SHARED_DECODER.decode(shared_data)
            problems, positions, alias_references, site, media = shared
            article = self._complete(stored, path) if stored else None
            other = self._complete(last_active, path) if last_active else None
        except _DECODE_ERRORS:
            return None
        return Record(
            signature, digest, ParseResult(article, problems, positions, alias_references), site, media, is_active, other
        )

    def _complete(self, stored: _StoredArticle, path: str) -> Article:
        """Return the article with the values that were encoded apart. Raises _DECODE_ERRORS."""
        article = stored.article
        _set_field(article, "path", path)
        _set_field(article, "authors", self._decode_names(stored.authors))
        _set_field(article, "categories", self._decode_names(stored.categories))
        if stored.tags:
            _set_field(article, "tags", tuple(map(self._decode_tag, stored.tags)))
        if article.updated == article.published:
            _set_field(article, "updated", article.published)
        return article

    def _decode_names(self, data: bytes) -> tuple[str, ...]:
        names = self._names.get(data)
        if names is None:
            names = self._names[data] = _NAMES_DECODER.decode(data)
        return names

    def _decode_tag(self, data: bytes) -> Tag:
        tag = self._tags.get(data)
        if tag is None:
            tag = self._tags[data] = _TAG_DECODER.decode(data)
        return tag
