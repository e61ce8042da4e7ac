"""Checks of values. Each check returns the fault of a text, in words that follow "is", or "".

Addresses: RFC 3986, RFC 4151 (tag), RFC 8141 (urn), RFC 4122 (uuid). Dates: RFC 822 with RFC 1123's four-digit year;
RFC 3339. Languages: RFC 5646. Media types: RFC 6838. Addresses are ASCII here even if Atom allows an IRI, because RSS does not
and readers differ.
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


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def any_text(_text: str) -> str:
    return ""


def non_blank(text: str) -> str:
    return "" if text.strip() else "blank"


def one_of(*allowed: str) -> Check:
    return lambda text: "" if text in allowed else f"none of {', '.join(allowed)}"


def matching(pattern: str, meaning: str) -> Check:
    return lambda text: "" if re.fullmatch(pattern, text, re.ASCII) else f"not {meaning}"


whole_number: Final = matching(r"\d+", "a whole number")
positive_number: Final = matching(r"0*[1-9]\d*", "a whole number above 0")
decimal_number: Final = matching(r"\d+(?:\.\d+)?", "a number")
boolean: Final = one_of("true", "false")


def number_up_to(maximum: int) -> Check:
    return lambda text: positive_number(text) or ("" if int(text) <= maximum else f"more than {maximum}")


def uri(text: str) -> str:
    """Any absolute URI."""
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
    """A person's page, or mailto: with an e-mail address."""
    if text.startswith("mailto:"):
        return email(text.removeprefix("mailto:"))
    return web_address(text)


def _tag(text: str) -> str:
    match = _TAG.fullmatch(text)
    if not match:
        return "not a tag URI (RFC 4151): tag:authority,YYYY-MM-DD:name in lower-case ASCII"
    year, month, day = (int(part or 1) for part in match.groups())
    return "" if _date_exists(year, month, day) else "a tag URI with an impossible date"


def _urn(text: str) -> str:
    pattern = _UUID if text.lower().startswith("urn:uuid:") else _URN
    return "" if pattern.fullmatch(text) else "not a URN (RFC 8141)"


def _canonical(text: str) -> str:
    """RFC 4287 4.2.6.1: ids are compared as strings, so that an address has to be in its normal form."""
    parts = urlsplit(text)
    is_not_normal = (
        not text.startswith(f"{parts.scheme}://{parts.netloc.lower()}")
        or "@" in parts.netloc
        or parts.netloc.endswith((":80", ":443"))
        or not parts.path
        or any(segment in {".", ".."} for segment in parts.path.split("/"))
        or re.search(r"%(?:[0-9A-F]?[a-f]|2[DE]|3\d|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])", text)
    )
    return "an id that is not in normal form (RFC 4287 4.2.6.1)" if is_not_normal else ""


def identifier(text: str) -> str:
    """A permanent id of an entry or feed: tag:, urn: or a web address in normal form."""
    check_of_scheme = {"tag": _tag, "urn": _urn}.get(text.partition(":")[0].lower())
    return uri(text) or (check_of_scheme(text) if check_of_scheme else web_address(text) or _canonical(text))


def email(text: str) -> str:
    return "" if _EMAIL.fullmatch(text) else "not an e-mail address"


def person_name(text: str) -> str:
    return non_blank(text) or ("a name with an e-mail address in it" if _EMAIL.search(text) else "")


def contact(text: str) -> str:
    """A person in RSS 2.0: the e-mail address, then the name in parentheses."""
    match = re.fullmatch(r"(\S+) \(([^()]+)\)", text)
    return "" if match and not email(match[1]) else "not of the form address@host (Real Name)"


def language(text: str) -> str:
    return "" if _LANGUAGE.fullmatch(text) else "not a language tag (RFC 5646)"


def media_type(text: str) -> str:
    return "" if _MEDIA_TYPE.fullmatch(text) else "not a media type (RFC 6838)"


def _date_exists(year: int, month: int, day: int) -> bool:
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
    month_number = _MONTHS.index(month) + 1
    if not _date_exists(int(year), month_number, int(day)) or int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        return "a date that does not exist"
    if int(zone or 0) > 14:
        return "in a zone that does not exist"
    actual_weekday = _DAYS[date(int(year), month_number, int(day)).weekday()]
    return f"on a {actual_weekday}, not a {weekday}" if weekday and weekday != actual_weekday else ""


def rfc3339(text: str) -> str:
    if not _RFC3339.fullmatch(text):
        return "not an RFC 3339 date (2026-01-02T04:00:00Z)"
    try:
        parsed_date = datetime.fromisoformat(text)
    except ValueError:
        return "a date that does not exist"
    offset = parsed_date.utcoffset() or timedelta()
    return "in a zone that does not exist" if abs(offset) > _WIDEST_OFFSET else ""


def parse_date(text: str) -> datetime | None:
    """Parse a valid date of either kind; None for any other text."""
    if not rfc3339(text):
        return datetime.fromisoformat(text)
    return None if rfc822(text) else parsedate_to_datetime(text)


def check_plausible_date(parsed_date: datetime, now: datetime) -> str:
    """A date is after 1990, when syndication did not exist yet, and not later than a day after `now`."""
    if parsed_date < _EARLIEST:
        return "before 1990"
    return "in the future" if parsed_date > now + timedelta(days=1) else ""
