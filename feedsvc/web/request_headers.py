"""Parsers of request headers (RFC 9110 sections 12.5.3 and 13.1). Results are cached by text, because clients repeat headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeVar

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_date, parse_etags

from feedsvc.support.compression import CODINGS

T = TypeVar("T")

_CACHE_SIZE: Final = 2048
_MAX_CACHED_LENGTH: Final = 256  # characters; longer headers are parsed without the cache
_CODING_SUFFIX: Final = re.compile(rf"[-;](?:{'|'.join(CODINGS)}|deflate)$")


def _memoize(parse: Callable[[str], T]) -> Callable[[str], T]:
    parse_cached = lru_cache(_CACHE_SIZE)(parse)
    return lambda text: parse_cached(text) if len(text) <= _MAX_CACHED_LENGTH else parse(text)


def _parse_accept_encoding(accepted: str) -> tuple[str, ...]:
    """Return the names in CODINGS that an Accept-Encoding accepts, by descending quality, then in the order of CODINGS.

    Codings of quality 0 are left out. If the field names identity, codings of lower quality than identity are left out, too.
    """
    accept = parse_accept_header(accepted, Accept)
    # identity is acceptable even if it is not named. Only a named one can be preferred.
    identity_quality = next((quality for name, quality in accept if name.lower() == "identity"), 0.0)
    qualities = {name: accept.quality(name) for name in CODINGS}
    return tuple(
        sorted(
            (name for name, quality in qualities.items() if quality > 0 and quality >= identity_quality),
            key=lambda name: -qualities[name],
        )
    )


def _parse_if_none_match(field: str) -> frozenset[str] | None:
    """Return the tags of an If-None-Match field without quotes, None for "*".

    W/ and the name of a coding at the end of a tag are removed, because nginx weakens tags and Apache appends the coding.
    """
    if field.strip() == "*":
        return None
    # werkzeug parses "" as None.
    return frozenset(_CODING_SUFFIX.sub("", tag or "") for tag in parse_etags(field).as_set(include_weak=True))


def _parse_date(field: str) -> datetime | None:
    try:
        return parse_date(field)
    except OverflowError:  # of a zone or an hour with very many digits
        return None


accepted_codings: Final = _memoize(_parse_accept_encoding)
_if_none_match_tags: Final = _memoize(_parse_if_none_match)
_http_date: Final[Callable[[str], datetime | None]] = _memoize(_parse_date)


def is_not_modified(none_match: str, modified_since: str, tag: str, modified: datetime | None) -> bool:
    """Return whether the response to a GET or HEAD is a 304 (RFC 9110 section 13.2.2). If-None-Match alone decides, if given.

    `none_match` and `modified_since` are header fields, "" if missing; `tag` is the ETag without W/ and quotes. Tags are compared
    weakly, and "*" matches. If-Modified-Since must equal `modified`, because a Last-Modified here identifies one version and does
    not order versions; None never matches.
    """
    if none_match:
        tags = _if_none_match_tags(none_match)
        return tags is None or tag in tags
    return bool(modified_since) and modified is not None and _http_date(modified_since) == modified
