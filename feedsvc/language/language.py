"""Language of pages and feeds: its words, dates and numbers in one time zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from feedsvc.language.locales import Direction, direction, messages_tag, nearest_locale
from feedsvc.language.messages import Messages, read_messages
from feedsvc.support.date_formats import rfc3339

Day = date  # in the class, `date` is a method

_OPTIONAL_MARKS: Final = re.compile(r"[\[\]]")  # CLDR's marks around optional text
# Zeros of other numbering systems, by CLDR's names. Babel groups digits as the language does, but always writes 0 to 9.
_ZERO_DIGITS: Final = {
    "adlm": 0x1E950,
    "arab": 0x660,
    "arabext": 0x6F0,
    "beng": 0x9E6,
    "cakm": 0x11136,
    "deva": 0x966,
    "hmnp": 0x1E140,
    "mtei": 0xABF0,
    "mymr": 0x1040,
    "nkoo": 0x7C0,
    "olck": 0x1C50,
    "tibt": 0xF20,
}
_SIZE_UNIT_RATIO: Final = 1000
_SIZE_UNITS: Final = ("B", "kB", "MB", "GB")  # SI prefixes
# Exceptions in which newsrooms do not follow CLDR's own patterns.
_DATE_PATTERNS: Final = {"en": "EEE, dd MMM yyyy", "hi": "E, d MMMM y"}
_DAY_PATTERNS: Final = {"en": "EEE d"}
_TIME_PATTERNS: Final = {"en": "HH:mm", "hi": "HH:mm", "ko": "aaaa h:mm"}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Language:
    """Words and formats of one language in one time zone. Thread-safe. The process's own locale and zone have no effect.

    `tag` is the caller's language tag, for the `lang` attribute. `words` is the tag of the message catalogue: scripts in pages
    pass it to Intl.PluralRules. Moments must be aware datetimes; they are shown in `zone`, such as Asia/Seoul.
    """

    tag: str
    direction: Direction
    words: str
    zone: str
    _zone: ZoneInfo = field(repr=False)
    _messages: Messages = field(repr=False)
    _locale: Locale = field(repr=False)
    _digits: Mapping[int, int] = field(repr=False)

    def say(self, key: str, **values: str) -> str:
        """Return the text of a key with its placeholders filled. Raises KeyError for an unknown key or a missing value."""
        text = self._messages.texts[key]
        return text if "{" not in text and "}" not in text else text.format_map(values)

    def split_at_placeholder(self, key: str) -> tuple[str, str]:
        """Return the parts of a text before and after its placeholder, for a template that puts markup between them.

        Raises ValueError unless the text has exactly one placeholder, KeyError for an unknown key.
        """
        return _split_at_placeholder(self._messages.texts[key])

    def plural_forms(self, key: str) -> Mapping[str, str]:
        """Return a mapping of CLDR's plural categories to texts with an unfilled {count}. It always has "other".

        Raises KeyError for an unknown key.
        """
        return self._messages.plurals[key]

    def count(self, key: str, number: int) -> str:
        """Return the text of a key in the plural form for a number. {count} becomes the number as `number` formats it.

        Raises KeyError for an unknown key.
        """
        return _format_count(self, key, number)

    def number(self, number: int) -> str:
        """Return a number in the digits of the language, which are grouped as is usual in it: 1,234,567 or 12,34,567."""
        return _format_number(self, number)

    def file_size(self, length: int) -> str:
        """Return a size of `length` bytes, rounded, in the largest unit of which it has at least one: 7 kB, 12 MB. "" for 0."""
        rounded = ((round(length / _SIZE_UNIT_RATIO**exponent), unit) for exponent, unit in enumerate(_SIZE_UNITS))
        number, unit = next(pair for pair in rounded if pair[0] < _SIZE_UNIT_RATIO or pair[1] == _SIZE_UNITS[-1])
        return f"{self.number(number)} {unit}" if length else ""

    def date(self, moment: datetime) -> str:
        """Return the day of a moment in `zone`, with its weekday: Fri, 02 Jan 2026."""
        return self._day(moment.astimezone(self._zone).date())

    def date_time(self, moment: datetime, *, with_offset: bool = True) -> str:
        """Return the day and the time of a moment in `zone`, and unless `with_offset` is False, its offset from GMT.

        An example is Fri, 02 Jan 2026, 14:35 (GMT+5:30). The first moment of a day is shown as the day alone.
        """
        if not self.has_time(moment):
            return self.date(moment)
        local = moment.astimezone(self._zone)
        time_text = self._time(local.time()) + (f" ({self._offset(local)})" if with_offset else "")
        pattern = self._locale.datetime_formats["medium"].replace("'", "")
        return str(pattern.replace("{0}", time_text).replace("{1}", self._day(local.date())))

    def has_time(self, moment: datetime) -> bool:
        """Return whether a moment is not the first of its day in `zone`, which a date without a time stands for."""
        # Two dates of one zone are compared by their clocks, which an hour that does not exist has wrong.
        return datetime.combine(moment.astimezone(self._zone), time(), self._zone).astimezone(UTC) != moment

    def machine_date(self, moment: datetime) -> str:
        """Return a moment for a time element: 2026-01-02T09:05:00Z, but 2026-01-02 if `date_time` shows the day alone."""
        return rfc3339(moment) if self.has_time(moment) else moment.astimezone(self._zone).date().isoformat()

    def period_name(self, period: str) -> str:
        """Return the name of a period: 2026 for YYYY, January 2026 for YYYY-MM, for YYYY-MM-DD the same as `date`."""
        if len(period) > len("YYYY-MM"):
            return self._day(Day.fromisoformat(period))
        pattern = self._locale.datetime_skeletons["yMMMM" if "-" in period else "y"].pattern
        return self._format_pattern(Day.fromisoformat(f"{period}-01-01"[:10]), pattern)

    def month_name(self, month: str) -> str:
        """Return the name of a month YYYY-MM without its year, as a heading: January."""
        return self._format_pattern(Day.fromisoformat(f"{month}-01"), "LLLL")

    def day_name(self, day: str) -> str:
        """Return the name of a day YYYY-MM-DD without its month and year, as a heading: Fri 2."""
        pattern = _DAY_PATTERNS.get(self._locale.language) or self._locale.datetime_skeletons["Ed"].pattern
        return self._format_pattern(Day.fromisoformat(day), pattern)

    def _day(self, day: Day) -> str:
        pattern = _DATE_PATTERNS.get(self._locale.language) or self._locale.datetime_skeletons["yMMMEd"].pattern
        return self._format_pattern(day, pattern)

    def _format_pattern(self, day: Day, pattern: str) -> str:
        return _format_day(self, day, pattern)

    def _time(self, local_time: time) -> str:
        return _format_time(self, local_time.replace(second=0, microsecond=0))

    def _offset(self, local: datetime) -> str:
        """Return the offset from GMT in CLDR's short localised format: GMT, GMT+9, GMT-3:30."""
        total_minutes = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
        hours, minutes = divmod(abs(total_minutes), 60)
        sign = "-" if total_minutes < 0 else "+"
        offset = f"{sign}{hours}" + (f":{minutes:02}" if minutes else "") if total_minutes else ""
        return _OPTIONAL_MARKS.sub("", self._locale.zone_formats["gmt"] % offset).strip().translate(self._digits)


# The results of the next functions are cached: pages show the same few days, times and numbers, and Babel parses a pattern each
# time.


@lru_cache(maxsize=8192)
def _format_day(lang: Language, day: Day, pattern: str) -> str:
    return format_date(day, pattern, lang._locale).translate(lang._digits)  # noqa: SLF001 - of this module


@lru_cache(maxsize=4096)
def _format_time(lang: Language, local_time: time) -> str:
    locale = lang._locale  # noqa: SLF001 - of this module
    pattern = _TIME_PATTERNS.get(locale.language) or locale.time_formats["short"].pattern
    return format_time(local_time, pattern, locale=locale).translate(lang._digits)  # noqa: SLF001 - of this module


@lru_cache(maxsize=4096)
def _format_number(lang: Language, number: int) -> str:
    text = format_decimal(number, locale=lang._locale, numbering_system="default")  # noqa: SLF001 - of this module
    return text.translate(lang._digits)  # noqa: SLF001 - of this module


@lru_cache(maxsize=4096)
def _format_count(lang: Language, key: str, number: int) -> str:
    category = lang._messages.plural_category(number)  # noqa: SLF001 - of this module
    return lang.plural_forms(key)[category].format(count=lang.number(number))


@lru_cache(maxsize=256)
def _split_at_placeholder(text: str) -> tuple[str, str]:
    before, after = re.split(r"\{\w+\}", text)
    return before, after


@lru_cache(maxsize=256)
def get_language(tag: str, timezone: str) -> Language:
    """Return the Language of an RFC 5646 tag in a time zone.

    If there are no words for the tag, those of the nearest message catalogue are used, and if there are no formats, those of
    the nearest locale. For an unknown or malformed tag, both are English. `Language.tag` is the tag as given. Raises
    ZoneInfoNotFoundError for an unknown time zone.
    """
    locale, catalogue = nearest_locale(tag), messages_tag(tag)
    zero = _ZERO_DIGITS.get(locale.default_numbering_system, ord("0"))
    return Language(
        tag=tag,
        direction=direction(tag),
        words=catalogue,
        zone=timezone,
        _zone=ZoneInfo(timezone),
        _messages=read_messages(catalogue),
        _locale=locale,
        _digits={ord("0") + digit: zero + digit for digit in range(10)},
    )
