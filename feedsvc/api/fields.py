"""Fields of feeds: each function checks the value of one field and returns it as feeds have it, or raises FieldError."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from feedsvc.content.text import did_you_mean, remove_forbidden_characters
from feedsvc.errors import FieldError
from feedsvc.extensions import ABSOLUTE_URI, MEDIA_TYPE
from feedsvc.uris import uri

# RFC 5646 section 2.1 without extensions.
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_EMAIL: Final = re.compile(r"\A[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_GUID: Final = re.compile(r"(?=\S)[^\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]{1,1000}(?<=\S)")  # as `guid` of an article
_RELATION: Final = re.compile(rf"[A-Za-z0-9._~!$&'()*+,;=@-]+|{ABSOLUTE_URI.pattern}")
_OLDEST_YEAR: Final = 1000  # RFC 3339 has four digits for a year

_T = TypeVar("_T")


def text(field: str, value: object) -> str:
    """Return a text without the characters that XML 1.0 forbids. Raises FieldError if the value is no text."""
    return remove_forbidden_characters(instance(field, value, str))


def line(field: str, value: object, *, required: bool = True) -> str:
    """Return a `text` without white space at its ends, and with each run of white space as one space.

    Raises FieldError if the value is no text, or if it is `required` and only white space.
    """
    cleaned = " ".join(text(field, value).split())
    if required and not cleaned:
        raise FieldError(field, "is empty; give a text")
    return cleaned


def moment(field: str, value: object) -> datetime:
    """Return a datetime in UTC, cut to whole seconds.

    Raises FieldError if the value is no datetime, has no zone, or has a year before 1000 or after 9999 in UTC.
    """
    given = instance(field, value, datetime)
    if given.utcoffset() is None:
        raise FieldError(field, f"{given.isoformat()} has no zone; give one, for example datetime(2026, 1, 2, 9, 30, tzinfo=UTC)")
    try:
        at = given.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        at = datetime.min.replace(tzinfo=UTC)
    if at.year < _OLDEST_YEAR:
        raise FieldError(field, f"{given.isoformat()} cannot stand in a feed; give a date from the year {_OLDEST_YEAR} to 9999")
    return at


def address(field: str, value: object, *, required: bool = True) -> str:
    """Return an http or https address as a URI (`uris.uri`); "" for white space unless an address is `required`.

    Raises FieldError for any other value.
    """
    given = instance(field, value, str).strip()
    if not given and not required:
        return ""
    try:
        encoded = uri(given)
    except (ValueError, UnicodeError):
        encoded = ""
    if not encoded.startswith(("http://", "https://")):
        raise FieldError(
            field, f"{given!r} is no absolute http or https address; give one such as 'https://example.org/feed.rss'"
        )
    return encoded


def permanent_id(field: str, value: object) -> str:
    """Return an id: an absolute URI that must never change (RFC 4287 section 4.2.6). Raises FieldError if it is none."""
    given = instance(field, value, str)
    if not ABSOLUTE_URI.fullmatch(given) or not given.isascii():
        raise FieldError(field, f"{given!r} is no absolute URI; give one such as 'tag:example.org,2026:first' or 'urn:uuid:…'")
    return given


def guid(field: str, value: object) -> str:
    """Return a guid of RSS unchanged, any text on one line; "" is allowed. Raises FieldError for another value."""
    return _match(field, value, _GUID, "a text on one line, without spaces at its ends") if value != "" else ""


def language(field: str, value: object) -> str:
    """Return a language tag unchanged; "" is allowed. Raises FieldError for a text of another form."""
    return _match(field, value, _LANGUAGE, "a language tag such as 'en' or 'ko-KR'") if value != "" else ""


def media_type(field: str, value: object) -> str:
    return _match(field, value, MEDIA_TYPE, "a media type in lower case such as 'audio/mpeg'")


def relation(field: str, value: object) -> str:
    """Return a link relation unchanged (RFC 4287 section 4.2.7.2). Raises FieldError for a text of another form."""
    return _match(field, value, _RELATION, "a link relation: a name without a colon such as 'prev-archive', or a URI")


def email(field: str, value: object) -> str:
    """Return an e-mail address unchanged; "" is allowed. Raises FieldError for a text of another form."""
    return _match(field, value, _EMAIL, "an e-mail address such as 'desk@example.org'") if value != "" else ""


def tokens(field: str, value: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the items of an iterable that are all in `known`. Raises FieldError for another item."""
    given = tuple(items(field, value))
    if unknown := [one for one in given if one not in known]:
        hint = did_you_mean(str(unknown[0]), known) or f"write one such as '{known[0]}'"
        raise FieldError(field, f"{unknown[0]!r} is no token of RSL 1.0; {hint}")
    return given


def number(field: str, value: object, *, minimum: int) -> int:
    """Return the value if it is an integer, not a bool, and not below `minimum`; else raise FieldError."""
    given = instance(field, value, int)
    if isinstance(value, bool) or given < minimum:
        raise FieldError(field, f"expected a whole number of {minimum} or more, not {value!r}")
    return given


def items(field: str, value: Iterable[_T]) -> list[_T]:
    """Return the items of an iterable. Raises FieldError for a text, too, because its characters would be the items."""
    given: object = value
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise FieldError(field, f"expected a list or another iterable, not {type(given).__name__}")
    return [*value]


def instance(field: str, value: object, expected: type[_T]) -> _T:
    """Return the value if it is of the type `expected`, else raise FieldError."""
    if not isinstance(value, expected):
        given: Any = "None" if value is None else type(value).__name__
        raise FieldError(field, f"expected {expected.__name__}, not {given}")
    return value


def _match(field: str, value: object, pattern: re.Pattern[str], expectation: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise FieldError(field, f"expected {expectation}, not {value!r}")
    return value
