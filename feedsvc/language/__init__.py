"""The languages of the pages: their words, dates, numbers and direction. The only room with Babel.

`words/TAG.json` is a catalogue: key -> text with {placeholders}, or key -> {plural category: text with {count}}.
All texts are plain, never HTML. A language without a catalogue is worded in English, but keeps its own dates and numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

Direction = Literal["ltr", "rtl"]
Day = date  # in the class, `date` is a method

_LAST_RESORT: Final = "en"
_TAG: Final = re.compile(
    r"(?P<language>[a-z]{2,8})(?P<extended>(?:-[a-z]{3}){0,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|[0-9]{3}))?(?![^-])",
    re.IGNORECASE | re.ASCII,
)
_RIGHT_TO_LEFT: Final = frozenset(
    ("Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Syre", "Syrj", "Syrn", "Thaa", "Yezi")
)
_BRACKETS: Final = re.compile(r"[\[\]]")  # CLDR's mark for what may be left out
# Languages that are read in the words of another one where they have none of their own.
_READ_AS: Final = {
    **dict.fromkeys(("hak", "nan", "wuu", "yue"), "zh"),
    **dict.fromkeys(("acm", "aeb", "apc", "apd", "arq", "ary", "arz"), "ar"),
}
# Babel groups digits by the language, but always writes 0 to 9: the zeros of the others.
_ZEROS: Final = {
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
_UNITS: Final = ("B", "kB", "MB", "GB")  # SI prefixes
# Where a newsroom writes otherwise than CLDR's own patterns.
_DAYS: Final = {"en": "EEE, dd MMM yyyy", "hi": "E, d MMMM y"}
_TIMES: Final = {"en": "HH:mm", "hi": "HH:mm", "ko": "aaaa h:mm"}


class _Words(NamedTuple):
    texts: Mapping[str, str]
    plurals: Mapping[str, Mapping[str, str]]
    locale: Locale


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Language:
    """One language at one place, safe to share between threads. The process's own locale and zone have no say.

    `tag` is as given, for `lang`; `words` is the tag of the catalogue: what Intl.PluralRules is to be made with.
    Moments are aware; they are told in `zone`.
    """

    tag: str
    direction: Direction
    words: str
    zone: ZoneInfo
    _words: _Words = field(repr=False)
    _locale: Locale = field(repr=False)
    _digits: Mapping[int, int] = field(repr=False)

    def say(self, key: str, **facts: str) -> str:
        """The text with its placeholders filled. Raises KeyError for an unknown key or a missing fact."""
        text = self._words.texts[key]
        return text if "{" not in text and "}" not in text else text.format_map(facts)

    def around(self, key: str) -> tuple[str, str]:
        """What stands before and after the text's one placeholder, for a template that puts markup in its place.

        Raises ValueError where there is not exactly one.
        """
        return _around(self._words.texts[key])

    def forms(self, key: str) -> Mapping[str, str]:
        """CLDR's plural categories -> text, with {count} to be filled; "other" is always there."""
        return self._words.plurals[key]

    def count(self, key: str, number: int) -> str:
        """The plural text for a number, which is written as `number` does."""
        return _counted(self, key, number)

    def number(self, number: int) -> str:
        """Grouped, in the language's digits: 1,234,567 or 12,34,567."""
        return _grouped(self, number)

    def file_size(self, length: int) -> str:
        """A number of bytes in the largest unit that it fills: 7 kB, 12 MB; "" for 0."""
        unit = min(len(_UNITS) - 1, max(0, (len(str(length)) - 1) // 3))
        return f"{self.number(round(length / 1000**unit))} {_UNITS[unit]}" if length else ""

    def date(self, moment: datetime) -> str:
        """The day with its weekday: Fri, 02 Jan 2026."""
        return self._day(moment.astimezone(self.zone).date())

    def date_time(self, moment: datetime) -> str:
        """The day, the time and how far that is from Greenwich: Fri, 02 Jan 2026, 14:35 (GMT+5:30)."""
        local = moment.astimezone(self.zone)
        clock = f"{self._time(local.time())} ({self._offset(local)})"
        both = self._locale.datetime_formats["medium"].replace("'", "")
        return str(both.replace("{0}", clock).replace("{1}", self._day(local.date())))

    def month(self, period: str) -> str:
        """YYYY as 2026, YYYY-MM as January 2026; YYYY-MM-DD as `date` does."""
        if len(period) > len("YYYY-MM"):
            return self._day(Day.fromisoformat(period))
        pattern = self._locale.datetime_skeletons["yMMMM" if "-" in period else "y"].pattern
        return self._dated(Day.fromisoformat(f"{period}-01-01"[:10]), pattern)

    def _day(self, day: Day) -> str:
        pattern = _DAYS.get(self._locale.language) or self._locale.datetime_skeletons["yMMMEd"].pattern
        return self._dated(day, pattern)

    def _dated(self, day: Day, pattern: str) -> str:
        return _formatted(self, day, pattern)

    def _time(self, clock: time) -> str:
        pattern = _TIMES.get(self._locale.language) or self._locale.time_formats["short"].pattern
        return format_time(clock, pattern, locale=self._locale).translate(self._digits)

    def _offset(self, local: datetime) -> str:
        """CLDR's short localised GMT format: GMT, GMT+9, GMT-3:30."""
        minutes = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
        hours, rest = divmod(abs(minutes), 60)
        shown = f"{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "") if minutes else ""
        return _BRACKETS.sub("", self._locale.zone_formats["gmt"] % shown).strip().translate(self._digits)


# Pages tell the same few days and numbers over and over, and Babel reads its pattern anew for each.


@lru_cache(maxsize=8192)
def _formatted(lang: Language, day: Day, pattern: str) -> str:
    return format_date(day, pattern, lang._locale).translate(lang._digits)  # noqa: SLF001 - of this very module


@lru_cache(maxsize=4096)
def _grouped(lang: Language, number: int) -> str:
    text = format_decimal(number, locale=lang._locale, numbering_system="default")  # noqa: SLF001
    return text.translate(lang._digits)  # noqa: SLF001


@lru_cache(maxsize=4096)
def _counted(lang: Language, key: str, number: int) -> str:
    category = lang._words.locale.plural_form(number)  # noqa: SLF001
    return lang.forms(key)[category].format(count=lang.number(number))


@lru_cache(maxsize=256)
def _around(text: str) -> tuple[str, str]:
    before, after = re.split(r"\{\w+\}", text)
    return before, after


@lru_cache(maxsize=256)
def language(tag: str, timezone: str) -> Language:
    """The language of an RFC 5646 tag, or the nearest that is known, English at last: never an exception for a tag.

    Raises ZoneInfoNotFoundError for an unknown zone.
    """
    locale, catalogue = _locale(tag), _catalogue(tag)
    zero = _ZEROS.get(locale.default_numbering_system, ord("0"))
    return Language(
        tag=tag,
        direction=direction(tag),
        words=catalogue,
        zone=ZoneInfo(timezone),
        _words=_WORDS[catalogue],
        _locale=locale,
        _digits={ord("0") + digit: zero + digit for digit in range(10)},
    )


@lru_cache(maxsize=1024)
def direction(tag: str) -> Direction:
    """How the language of an RFC 5646 tag runs: by its script subtag, else by the script it is usually written in."""
    return "rtl" if _script(tag) in _RIGHT_TO_LEFT else "ltr"


def _languages(tag: str) -> Iterator[tuple[str, str, str]]:
    """(language, script, region) of a tag, "" where it has none, and those of its parents: the nearest first."""
    found = _TAG.match(tag.replace("_", "-"))
    if not found:
        return
    script, region = (found["script"] or "").title(), (found["region"] or "").upper()
    extended = found["extended"].split("-")[1:]
    for part in (*reversed(extended), found["language"]):
        name = get_global("language_aliases").get(part.lower(), part.lower())
        for one in filter(None, (name, _READ_AS.get(name))):
            yield one, script, region


def _script(tag: str) -> str:
    """The ISO 15924 code of what the language is written in, "" if nobody knows."""
    likely = get_global("likely_subtags")
    for name, script, region in _languages(tag):
        full = likely.get(f"{name}_{region}") or likely.get(name)
        if script or full:
            return script or str(full).split("_")[1]
    return ""


def _catalogue(tag: str) -> str:
    script = _script(tag)
    names = (name for one, _, _ in _languages(tag) for name in (f"{one}-{script}", one))
    return next((name for name in names if name in _WORDS), _LAST_RESORT)


def _locale(tag: str) -> Locale:
    """CLDR's nearest locale that has names for the months; without, Babel says M01."""
    for name, script, region in _languages(tag):
        for parts in ((name, script, region), (name, script), (name, region), (name,)):
            locale = _known("_".join(filter(None, parts)))
            if locale and locale.months["format"]["wide"][1] != "M01":
                return locale
    return _alone(Locale.parse(_LAST_RESORT))


def _known(identifier: str) -> Locale | None:
    try:
        return _alone(Locale.parse(identifier))
    except (UnknownLocaleError, ValueError):
        return None


def _alone(locale: Locale) -> Locale:
    """The locale with data of its own.

    Babel's locales share what they inherit, and write into it what they found for themselves: after Hebrew, French has
    Hebrew months (python-babel/babel issue 1234).
    """
    _ = locale.character_order  # has the data read
    return deepcopy(locale)


def _read() -> Iterator[tuple[str, _Words]]:
    for file in resources.files(__package__).joinpath("words").iterdir():
        name = file.name.removesuffix(".json")
        given: dict[str, str | dict[str, str]] = json.loads(file.read_text("utf-8"))
        texts = {key: text for key, text in given.items() if isinstance(text, str)}
        plurals = {key: forms for key, forms in given.items() if isinstance(forms, dict)}
        yield name, _Words(texts, plurals, Locale.parse(name, sep="-"))


_WORDS: Final = dict(_read())
