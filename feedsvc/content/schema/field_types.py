"""What a key may hold: annotated types for pydantic 2. Every validator raises ValueError with a sentence for the editor."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from feedsvc import uris
from feedsvc.content.text import nearest

_INVISIBLE: Final = ("Zs", "Zl", "Zp", "Cf")
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
# RFC 5646 section 2.1, as far as feeds use it: language, script, region, variants.
_LANGUAGE: Final = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
)
# RFC 3986 section 3 without a fragment; RFC 4151 for tag: URIs.
_OF_URI: Final = r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=]*"
# Run by run, which takes a third of the time of sign by sign; editors' programs read it, too, in their JavaScript.
URI: Final = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:(?=.){_OF_URI}(?:%[0-9A-Fa-f]{{2}}{_OF_URI})*")
TAG_URI: Final = re.compile(r"tag:[A-Za-z0-9][A-Za-z0-9._-]*(?:@[A-Za-z0-9.-]+)?,\d{4}(?:-\d{2}(?:-\d{2})?)?:.*")
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9][a-z0-9!#$&^_.+-]*")


def _flat(text: str) -> str:
    return " ".join(text.split())


def line(text: str) -> str:
    """A text in one line. Raises ValueError if nothing of it can be seen."""
    text = _flat(text)
    if not text[:1].isalnum() and not any(unicodedata.category(char) not in _INVISIBLE for char in text):
        raise ValueError("is empty")
    return text


@dataclass(frozen=True, slots=True)
class Matching:
    """A validator of texts that are wholly like a pattern; `sentence` tells of another one."""

    pattern: re.Pattern[str]
    sentence: str

    def __call__(self, text: str) -> str:
        if not self.pattern.fullmatch(text):
            raise ValueError(self.sentence.format(text))
        return text


class _MatchingAscii(Matching):
    """The same for what mail programs and feed readers take in ASCII alone."""

    def __call__(self, text: str) -> str:
        if foreign := next((char for char in text if not char.isascii()), ""):
            raise ValueError(f"{self.sentence.format(text)} in ASCII; write it without '{foreign}', a domain as xn--...")
        return super().__call__(text)


def web(text: str) -> str:
    """An http or https address as a URI. Raises ValueError with a sentence for the editor."""
    try:
        address = uris.uri(text)
    except (ValueError, UnicodeError):
        address = ""
    if not address.startswith(("http://", "https://")):
        raise ValueError(f"'{text}' is not a web address, which begins with https:// and names a host")
    return address


def _base(text: str) -> str:
    address = web(text)
    path = address.partition("//")[2].partition("/")[2].rstrip("/")
    if "?" in address or "#" in address or (path and not {"", ".", ".."}.isdisjoint(path.split("/"))):
        raise ValueError(f"'{text}' is no address of a front page; write it like https://example.org or https://example.org/news")
    return address.rstrip("/")


def is_host(text: str) -> bool:
    """Whether a text is a domain name that ids can be made of (RFC 4151 section 2.1)."""
    return bool(_HOST.fullmatch(text))


def is_base(text: str) -> bool:
    """Whether a text can be a base_url."""
    try:
        return bool(_base(text))
    except ValueError:
        return False


def _uri(text: str) -> str:
    if not URI.fullmatch(text) or (text.startswith("tag:") and not TAG_URI.fullmatch(text)):
        raise ValueError(f"'{text}' is not a URI, as an id must be; write it like tag:example.org,2026:a-name")
    return text


def _zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        hint = nearest(text, zoneinfo.available_timezones()) or "write it like Asia/Kolkata or UTC"
        raise ValueError(f"no time zone '{text}'; {hint}") from None
    return text


def _cased(text: str) -> str:
    """RFC 5646 section 2.1.1: the usual letter case, so that one language has one spelling."""
    head, *rest = text.split("-")
    cased = (part.title() if len(part) == 4 else part.upper() if len(part) == 2 else part.lower() for part in rest)  # noqa: PLR2004
    return "-".join((head.lower(), *cased))


def _slug(text: str) -> str:
    if not uris.is_slug(text):
        raise ValueError(
            f"'{text}' cannot stand in an address; use letters, digits and '-', like '{uris.slugify(text) or 'a-name'}'"
        )
    return unicodedata.normalize("NFC", text)


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) else value


def _dated(value: Any) -> Any:
    """YAML reads 2026 or 20260102 as a number, but quotes would not make a date of it."""
    if not isinstance(value, str):
        raise PydanticCustomError("date_type", "not a date")
    return value


@lru_cache(maxsize=4096)
def _name(text: str) -> str:
    """An id of authors.yaml or categories.yaml, spelled as those files' own ids are."""
    return unicodedata.normalize("NFC", line(text))


Flat = Annotated[str, AfterValidator(_flat)]
Line = Annotated[str, AfterValidator(line)]
Web = Annotated[str, AfterValidator(web)]
Slug = Annotated[str, AfterValidator(_slug)]
Date = Annotated[str, BeforeValidator(_dated), AfterValidator(line)]
Name = Annotated[str, AfterValidator(_name)]
Language = Annotated[
    str,
    AfterValidator(Matching(_LANGUAGE, "'{}' is not a language tag; write it like en, ko or zh-Hant")),
    AfterValidator(_cased),
]
MediaType = Annotated[str, AfterValidator(Matching(_MEDIA_TYPE, "'{}' is not a media type; write it like image/jpeg"))]
Email = Annotated[str, AfterValidator(_MatchingAscii(_EMAIL, "'{}' is not an e-mail address"))]
# One page names all of them, and a file of 1 MiB has room for 100,000 of each.
MOST_NAMED: Final = 100
MOST_LISTED: Final = 1000
LONGEST_TAG: Final = 200  # characters

TagTitle = Annotated[str, Field(max_length=LONGEST_TAG), AfterValidator(line)]
Tags = Annotated[list[TagTitle], Field(max_length=MOST_NAMED), BeforeValidator(_one_or_many)]
Names = Annotated[list[Name], Field(max_length=MOST_NAMED), BeforeValidator(_one_or_many)]
Slugs = Annotated[list[Slug], Field(max_length=MOST_LISTED), BeforeValidator(_one_or_many)]
Uri = Annotated[str, AfterValidator(_uri)]
Base = Annotated[str, AfterValidator(_base)]
Host = Annotated[str, AfterValidator(Matching(_HOST, "'{}' is not a domain name; write it like example.org"))]
Zone = Annotated[str, AfterValidator(_zone)]
Webs = Annotated[list[Web], BeforeValidator(_one_or_many)]
