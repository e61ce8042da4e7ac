"""What a request's headers ask for (RFC 9110 sections 12.5.3 and 13.1). Clients repeat themselves: what one text means is
found out once.
"""

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

_MOST_TEXTS: Final = 2048
_LONGEST_TEXT: Final = 256  # characters; who sends more gets an answer, too, but no memory
_CODING_MARK: Final = re.compile(rf"[-;](?:{'|'.join(CODINGS)}|deflate)$")


def _remembered(read: Callable[[str], T]) -> Callable[[str], T]:
    kept = lru_cache(_MOST_TEXTS)(read)
    return lambda text: kept(text) if len(text) <= _LONGEST_TEXT else read(text)


def _codings(accepted: str) -> tuple[str, ...]:
    """The codings of an Accept-Encoding that may be sent, the most wanted first; of equals, the one that packs best."""
    asked = parse_accept_header(accepted, Accept)
    # identity is acceptable without being named; only a named one can be preferred.
    plain = next((quality for name, quality in asked if name.lower() == "identity"), 0.0)
    wanted = {name: asked.quality(name) for name in CODINGS}
    return tuple(sorted((name for name, quality in wanted.items() if quality > 0 and quality >= plain), key=lambda n: -wanted[n]))


def _tags(asked: str) -> frozenset[str] | None:
    """The opaque tags of an If-None-Match, None for any; nginx weakens tags on the way, Apache marks them with the coding."""
    if asked.strip() == "*":
        return None
    # werkzeug reads "" as None.
    return frozenset(_CODING_MARK.sub("", one or "") for one in parse_etags(asked).as_set(include_weak=True))


codings: Final = _remembered(_codings)
_tags_of: Final = _remembered(_tags)
_moment: Final[Callable[[str], datetime | None]] = _remembered(parse_date)


def not_modified(none_match: str, modified_since: str, tag: str, modified: datetime | None) -> bool:
    """RFC 9110 section 13.2.2: If-None-Match decides alone where it is given; weak comparison.

    If-Modified-Since counts only by equality: a date is a name for one text here, not a point on a line.
    """
    if none_match:
        tags = _tags_of(none_match)
        return tags is None or tag in tags
    return bool(modified_since) and modified is not None and _moment(modified_since) == modified
