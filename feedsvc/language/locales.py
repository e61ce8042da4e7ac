"""Locales of language tags: text direction, native name, the nearest locale of CLDR and the nearest message catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from functools import lru_cache
from typing import Final, Literal

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.localtime import get_localzone

from feedsvc.language.messages import CATALOGUE_TAGS, ENGLISH

Direction = Literal["ltr", "rtl"]

_TAG: Final = re.compile(
    r"(?P<language>[a-z]{2,8})(?P<extended>(?:-[a-z]{3}){0,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|[0-9]{3}))?(?![^-])",
    re.IGNORECASE | re.ASCII,
)
_RIGHT_TO_LEFT: Final = frozenset(
    ("Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Syre", "Syrj", "Syrn", "Thaa", "Yezi")
)
# Languages that use the catalogue of another one if they have none of their own.
_MESSAGE_FALLBACKS: Final = {
    **dict.fromkeys(("hak", "nan", "wuu", "yue"), "zh"),
    **dict.fromkeys(("acm", "aeb", "apc", "apd", "arq", "ary", "arz"), "ar"),
}


@lru_cache(maxsize=1024)
def direction(tag: str) -> Direction:
    """Return the text direction for an RFC 5646 tag: by its script subtag, else by the usual script of its language.

    It is "ltr" for an unknown language.
    """
    return "rtl" if _script(tag) in _RIGHT_TO_LEFT else "ltr"


@lru_cache(maxsize=1024)
def native_name(tag: str) -> str:
    """Return the name of an RFC 5646 tag's language in that language, as CLDR has it: 한국어, français (Canada).

    Script and region are in it only if CLDR has the language with them. It is the tag itself if CLDR does not have the language.
    """
    for name, script, region in _language_candidates(tag):
        for parts in ((name, script, region), (name, script), (name, region), (name,)):
            if locale := _parse_locale("_".join(filter(None, parts))):
                return locale.get_display_name(locale) or tag
    return tag


def _language_candidates(tag: str) -> Iterator[tuple[str, str, str]]:
    """Yield (language, script, region) for each language that may stand for a tag, the nearest first; "" for missing parts.

    The languages are the tag's extended languages and its primary language, each followed by its entry in _MESSAGE_FALLBACKS.
    There are none for a malformed tag.
    CLDR may have a language under another name, also with a script or region that the tag need not have: prs is fa in AF.
    """
    match = _TAG.match(tag.replace("_", "-"))
    if not match:
        return
    script, region = (match["script"] or "").title(), (match["region"] or "").upper()
    extended = match["extended"].split("-")[1:]
    for part in (*reversed(extended), match["language"]):
        alias = get_global("language_aliases").get(part.lower(), part.lower())
        known = _TAG.match(alias.replace("_", "-"))
        name = known["language"] if known else alias
        yield name, script or (known and known["script"]) or "", region or (known and known["region"]) or ""
        if fallback := _MESSAGE_FALLBACKS.get(name):
            yield fallback, script, region


def _script(tag: str) -> str:
    """Return the ISO 15924 code of the script of a tag's language, "" if it is unknown."""
    likely = get_global("likely_subtags")
    for name, script, region in _language_candidates(tag):
        full = likely.get(f"{name}_{region}") or likely.get(name)
        if script or full:
            return script or str(full).split("_")[1]
    return ""


def messages_tag(tag: str) -> str:
    """Return the tag, one of CATALOGUE_TAGS, of the message catalogue for a language tag: the nearest one, else English."""
    script = _script(tag)
    names = (name for language, _, region in _language_candidates(tag) for name in _catalogue_names(language, script, region))
    return next((name for name in names if name in CATALOGUE_TAGS), ENGLISH)


def _catalogue_names(name: str, script: str, region: str) -> Iterator[str]:
    """Yield the tags of message catalogues that may serve a language, the nearest first; no catalogue exists for most of them.

    Portuguese has one for each norm: pt-AO uses that of its parent pt-PT, pt that of its likely region, pt-BR.
    """
    yield f"{name}-{script}"
    yield f"{name}-{region}"
    yield get_global("parent_exceptions").get(f"{name}_{region}", "").replace("_", "-")
    yield name
    yield f"{name}-{get_global('likely_subtags').get(name, '').rpartition('_')[2]}"


def nearest_locale(tag: str) -> Locale:
    """Return the locale of the first of `_language_candidates` that has one with names of months; English if none has.

    A malformed tag gives English, too. Script and region are dropped if CLDR lacks them for the language. In a locale without
    names of months, Babel would write January as M01.
    """
    for name, script, region in _language_candidates(tag):
        for parts in ((name, script, region), (name, script), (name, region), (name,)):
            locale = _parse_locale("_".join(filter(None, parts)))
            if locale and locale.months["format"]["wide"][1] != "M01":
                return locale
    return _detach_locale(Locale.parse(ENGLISH))


def _parse_locale(identifier: str) -> Locale | None:
    try:
        return _detach_locale(Locale.parse(identifier))
    except (UnknownLocaleError, ValueError):
        return None


def _detach_locale(locale: Locale) -> Locale:
    """Return a deep copy of a locale.

    Babel's locales share inherited data and write computed values into it: once Hebrew is used, French has Hebrew months
    (python-babel/babel issue 1234).
    """
    _ = locale.character_order  # loads the data
    return deepcopy(locale)


def windows_time_zone() -> str:
    """Return the name of the system's time zone in the IANA database, such as Europe/Berlin; "" if Babel does not know it.

    Babel translates the names of Windows.
    """
    try:
        return str(getattr(get_localzone(), "key", ""))
    except LookupError:
        return ""
