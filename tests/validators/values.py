"""What a value may look like. Each check answers what is wrong with a text, in words that follow "is", or "".

Addresses: RFC 3986, RFC 4151 (tag), RFC 8141 (urn), RFC 4122 (uuid). Dates: RFC 822 with RFC 1123's four-digit year;
RFC 3339. Languages: RFC 5646. Media types: RFC 6838. Addresses are ASCII here even where Atom would take an IRI,
since RSS takes none and readers differ.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

Check = Callable[[str], str]

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")
_TAG: Final = re.compile(
    r"tag:(?:[a-z0-9._-]+@)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?,(\d{4})(?:-(\d\d))?(?:-(\d\d))?:[^\s#]*(?:#.*)?"
)
_URN: Final = re.compile(r"urn:(?!urn:)[a-z0-9][a-z0-9-]{0,30}[a-z0-9]:\S+", re.IGNORECASE)
_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LANGUAGE: Final = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|\d{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))*(?:-[A-WYZa-wyz0-9](?:-[A-Za-z0-9]{2,8})+)*(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?"
)
_MEDIA_TYPE: Final = re.compile(
    r"(?:application|audio|font|image|message|model|multipart|text|video)/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
    r"(?:\s*;\s*[A-Za-z0-9!#$&^_.+-]+=(?:[A-Za-z0-9!#$&^_.+-]+|\"[^\"]*\"))*"
)
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RFC822: Final = re.compile(
    rf"(?:({'|'.join(_DAYS)}), )?(\d\d?) ({'|'.join(_MONTHS)}) (\d{{4}}) (\d\d):(\d\d)(?::(\d\d))? "
    r"(?:GMT|UT|([+-])(\d\d)([03]0))"
)
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_WIDEST_OFFSET: Final = timedelta(hours=14)


def names(text: str) -> frozenset[str]:
    """A vocabulary written as one text."""
    return frozenset(text.split())


def anything(_text: str) -> str:
    return ""


def words(text: str) -> str:
    return "" if text.strip() else "blank"


def one_of(*allowed: str) -> Check:
    return lambda text: "" if text in allowed else f"none of {', '.join(allowed)}"


def matching(pattern: str, meaning: str) -> Check:
    return lambda text: "" if re.fullmatch(pattern, text, re.ASCII) else f"not {meaning}"


whole_number: Final = matching(r"\d+", "a whole number")
positive_number: Final = matching(r"0*[1-9]\d*", "a whole number above 0")
decimal_number: Final = matching(r"\d+(?:\.\d+)?", "a number")
boolean: Final = one_of("true", "false")


def number_up_to(most: int) -> Check:
    return lambda text: positive_number(text) or ("" if int(text) <= most else f"more than {most}")


def uri(text: str) -> str:
    """Any absolute URI whatever."""
    if text != text.strip():
        return "surrounded by white space"
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text):
        return "not an absolute address"
    return "" if _URI.fullmatch(text) else "not a URI (RFC 3986): a character must be percent-encoded"


def web_address(text: str) -> str:
    if fault := uri(text):
        return fault
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"}:
        return "not an http or https address"
    return "" if parts.hostname and text[len(parts.scheme) :].startswith("://") else "an address without a host"


def person_address(text: str) -> str:
    """The page of a person, or their mailbox."""
    if text.startswith("mailto:"):
        return email(text.removeprefix("mailto:"))
    return web_address(text)


def _tag(text: str) -> str:
    match = _TAG.fullmatch(text)
    if not match:
        return "not a tag URI (RFC 4151): tag:authority,YYYY-MM-DD:name in lower-case ASCII"
    year, month, day = (int(part or 1) for part in match.groups())
    return "" if _is_date(year, month, day) else "a tag URI with an impossible date"


def _urn(text: str) -> str:
    pattern = _UUID if text.lower().startswith("urn:uuid:") else _URN
    return "" if pattern.fullmatch(text) else "not a URN (RFC 8141)"


def _canonical(text: str) -> str:
    """RFC 4287 4.2.6.1: ids are compared letter by letter, so an address has to stand in its one normal form."""
    parts = urlsplit(text)
    spoiled = (
        not text.startswith(f"{parts.scheme}://{parts.netloc.lower()}")
        or "@" in parts.netloc
        or parts.netloc.endswith((":80", ":443"))
        or not parts.path
        or any(segment in {".", ".."} for segment in parts.path.split("/"))
        or re.search(r"%(?:[0-9A-F]?[a-f]|2[DE]|3\d|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])", text)
    )
    return "an id that is not in normal form (RFC 4287 4.2.6.1)" if spoiled else ""


def identifier(text: str) -> str:
    """What an entry or a feed is known by for ever: tag:, urn: or a web address in its normal form."""
    special = {"tag": _tag, "urn": _urn}.get(text.partition(":")[0].lower())
    return uri(text) or (special(text) if special else web_address(text) or _canonical(text))


def email(text: str) -> str:
    return "" if _EMAIL.fullmatch(text) else "not an e-mail address"


def person_name(text: str) -> str:
    return words(text) or ("a name with an e-mail address in it" if _EMAIL.search(text) else "")


def contact(text: str) -> str:
    """RSS 2.0's way to write a person: the e-mail address first."""
    match = re.fullmatch(r"(\S+) \(([^()]+)\)", text)
    return "" if match and not email(match[1]) else "not of the form address@host (Real Name)"


def language(text: str) -> str:
    return "" if _LANGUAGE.fullmatch(text) else "not a language tag (RFC 5646)"


def media_type(text: str) -> str:
    return "" if _MEDIA_TYPE.fullmatch(text) else "not a media type (RFC 6838)"


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def rfc822(text: str) -> str:
    match = _RFC822.fullmatch(text)
    if not match:
        return "not an RFC 822 date with a zone of GMT or whole or half hours (Fri, 02 Jan 2026 04:00:00 GMT)"
    weekday, day, month, year, hour, minute, second, _, zone, _ = match.groups()
    number = _MONTHS.index(month) + 1
    if not _is_date(int(year), number, int(day)) or int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        return "a date that does not exist"
    if int(zone or 0) > 14:
        return "in a zone that does not exist"
    right = _DAYS[date(int(year), number, int(day)).weekday()]
    return f"on a {right}, not a {weekday}" if weekday and weekday != right else ""


def rfc3339(text: str) -> str:
    if not _RFC3339.fullmatch(text):
        return "not an RFC 3339 date (2026-01-02T04:00:00Z)"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return "a date that does not exist"
    offset = moment.utcoffset() or timedelta()
    return "in a zone that does not exist" if abs(offset) > _WIDEST_OFFSET else ""


def instant(text: str) -> datetime | None:
    """The moment a well-formed date of either kind names; None for any other text."""
    if not rfc3339(text):
        return datetime.fromisoformat(text)
    return None if rfc822(text) else parsedate_to_datetime(text)


def plausible(moment: datetime, now: datetime) -> str:
    """Syndication is younger than 1990, and news does not come from tomorrow."""
    if moment < _EARLIEST:
        return "before 1990"
    return "in the future" if moment > now + timedelta(days=1) else ""
