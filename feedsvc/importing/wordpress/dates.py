"""Dates of WordPress: local time and UTC without zone, from which the zone's offset follows."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Final

from feedsvc.importing.wordpress.item_fields import ItemFields

_NO_YEAR: Final = "-0001"
_LENGTH: Final = len("2020-01-31 12:00:00")
_MAX_OFFSET: Final = timedelta(hours=14)
_OFFSET_STEP: Final = timedelta(minutes=15)


def parse_date(text: str) -> datetime | None:
    """Return a date of WordPress without zone; None for "", "0000-00-00 00:00:00" and other text."""
    text = text.strip()
    try:
        return datetime.fromisoformat(text) if len(text) == _LENGTH and text[10] == " " else None
    except ValueError:
        return None


def _offset(local: datetime, utc: datetime) -> timedelta | None:
    """Return local time minus UTC if a zone can have it: at most 14 hours, in quarters of an hour. Else return None."""
    offset = local - utc
    return offset if abs(offset) <= _MAX_OFFSET and not offset % _OFFSET_STEP else None


class SiteOffsets:
    """Offsets of the site's time from UTC, one for each month, from posts that have both times."""

    def __init__(self) -> None:
        self._offsets: dict[int, timedelta] = {}  # by month: 12 * year + month
        self._months: list[int] = []

    def add(self, item: ItemFields) -> None:
        """Record the offset of an item that has both times, if a zone can have it and its month has no offset yet."""
        local, utc = parse_date(item.text("wp:post_date")), parse_date(item.text("wp:post_date_gmt"))
        if local and utc and _month(local) not in self._offsets:
            offset = _offset(local, utc)
            if offset is not None:
                self._offsets[_month(local)] = offset
                self._months = []

    def at(self, local: datetime) -> timedelta:
        """Return the offset of the month nearest to that of `local` that has one; 0 if none has. First `add` all items."""
        if not self._offsets:
            return timedelta()
        self._months = self._months or sorted(self._offsets)
        index = bisect_left(self._months, _month(local))
        nearest = min(self._months[max(0, index - 1) : index + 1], key=lambda month: abs(month - _month(local)))
        return self._offsets[nearest]


def _month(date: datetime) -> int:
    return 12 * date.year + date.month


def _with_zone(utc: datetime, offset: timedelta) -> datetime | None:
    try:
        return utc.replace(tzinfo=UTC).astimezone(timezone(offset) if offset else UTC)
    except OverflowError:
        return None


def published_date(item: ItemFields, offsets: SiteOffsets) -> datetime | None:
    """Return when an item was published, with the offset of the site's time from UTC; None if it has no date.

    It is `wp:post_date_gmt`, else `pubDate`, else `wp:post_date` with the offset of the nearest month. For an item with the
    status draft, pending or auto-draft, `wp:post_date` does not count.
    """
    local, utc = parse_date(item.text("wp:post_date")), parse_date(item.text("wp:post_date_gmt"))
    if not utc:
        utc = _pub_date(item.text("pubDate"))
    if utc:
        own_offset = _offset(local, utc) if local else None
        return _with_zone(utc, offsets.at(utc) if own_offset is None else own_offset)
    if not local or item.text("wp:status") in ("draft", "pending", "auto-draft"):
        return None
    return _from_local(local, offsets)


def updated_date(item: ItemFields, offsets: SiteOffsets) -> datetime | None:
    """Return when an item was changed, with the offset of the site's time from UTC; None if unknown.

    It is `wp:post_modified_gmt` (WordPress 5.7 or later), else `wp:post_modified` with the offset of the nearest month.
    """
    local, utc = parse_date(item.text("wp:post_modified")), parse_date(item.text("wp:post_modified_gmt"))
    if utc:
        own_offset = _offset(local, utc) if local else None
        return _with_zone(utc, offsets.at(utc) if own_offset is None else own_offset)
    return _from_local(local, offsets) if local else None


def _from_local(local: datetime, offsets: SiteOffsets) -> datetime | None:
    try:
        offset = offsets.at(local)
        return local.replace(tzinfo=timezone(offset) if offset else UTC)
    except OverflowError:
        return None


def _pub_date(text: str) -> datetime | None:
    """Return the date of `pubDate` in UTC without zone; None if it is no date, as in drafts ("-0001")."""
    if _NO_YEAR in text:
        return None
    try:
        date = parsedate_to_datetime(text)
        return date.astimezone(UTC).replace(tzinfo=None) if date.tzinfo else date
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
