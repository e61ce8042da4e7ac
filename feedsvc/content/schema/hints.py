"""Hints of validation messages: the key, word or example that an editor may mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from feedsvc.content.text import did_you_mean, nearest_name
from feedsvc.content.yaml import KeyPath

# Key of other programs -> keys that may be meant; the first that the model has is suggested.
_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "abstract": ("summary",),
    "address": ("url", "link", "base_url"),
    "attachments": ("enclosures",),
    "byline": ("author",),
    "color": ("accent",),
    "colour": ("accent",),
    "content": ("body",),
    "date": ("published",),
    "description": ("summary", "bio"),
    "excerpt": ("summary",),
    "guid": ("id",),
    "headline": ("title",),
    "homepage": ("url",),
    "keywords": ("tags",),
    "lang": ("language",),
    "lastmod": ("updated",),
    "lead": ("summary",),
    "limit": ("entries",),
    "length_in_bytes": ("length",),
    "mail": ("email",),
    "menu": ("navigation",),
    "modified": ("updated",),
    "name": ("title",),
    "permalink": ("slug",),
    "photo": ("image", "avatar"),
    "picture": ("image", "avatar"),
    "pubdate": ("published",),
    "redirect_from": ("aliases",),
    "section": ("category",),
    "subtitle": ("summary", "description"),
    "teaser": ("summary",),
    "text": ("body",),
    "thumbnail": ("image",),
    "title": ("name", "caption"),
    "tz": ("timezone",),
    "url": ("src", "link", "base_url"),
}
# Key of other programs or places -> a key that the mapping must have, and a hint, if another key alone is not enough.
_REPLACEMENT_HINTS: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(("categories", "authors", "tags", "languages"), ("include", "write it below include:")),
    **dict.fromkeys(("category", "author", "tag", "language"), ("include", "write it below include:, as a list")),
    "draft": ("status", "write status: draft, or nothing for a published article"),
    "share": ("show", "write show: {share: false}"),
    "show_dates": ("show", "write show: {dates: false}"),
    "theme": ("accent", "a theme is the folder theme/ beside this file; accent chooses a color"),
}
# Keys for sentences and names, which may begin with a bracket: [Opinion].
SENTENCE_KEYS: Final = frozenset(
    {"title", "summary", "description", "body", "name", "bio", "alt", "caption", "credit", "disclaimer", "text", "notice"}
)
PLURAL_KEYS: Final = {"author": "authors", "category": "categories"}
# Key -> first key of its mappings, for an example in a hint.
_FIRST_KEYS: Final[Mapping[str | int, str]] = {
    "image": "src",
    "enclosures": "src",
    "embeds": "url",
    "sources": "name",
    "corrections": "date: 2026-01-02, text",
    "license": "url",
    "digest": 'at: "06:00", every',
    "payment": "type",
    "withdrawn": "notice",
    "footer": "text",
    "include": "categories",
}
_MENU_KEYS: Final = ("links", "navigation")
_DATE: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SIMPLE_SCALAR: Final = re.compile(r"[A-Za-z0-9/.][A-Za-z0-9/._ -]*(?::[A-Za-z0-9/._ -]+)?")
# Required key -> a hint if it is missing.
MISSING_KEY_HINTS: Final[Mapping[str, str]] = {
    "include": "write include: {all: true} for every article, or name categories, authors, tags or languages",
}
# Word for `status` of other programs, or of `feedsvc list` -> the words that may be meant.
_STATUS_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "deleted": ("withdrawn", "draft"),
    "live": ("published",),
    "pending": ("draft",),
    "private": ("draft",),
    "public": ("published",),
    "removed": ("withdrawn", "draft"),
    "retracted": ("withdrawn", "draft"),
}
_STATUS_HINTS: Final[Mapping[str, str]] = {
    "expired": "delete this line, and write in expires: when that was",
    "scheduled": "delete this line: a later date in published: schedules the article",
}


def suggest_key(key: str, names: Sequence[str]) -> str:
    """Return a hint on an unknown key of a mapping that may have the keys `names`: the key that is meant, or all of them."""
    required_name, hint = _REPLACEMENT_HINTS.get(key.casefold(), ("", ""))
    if required_name in names:
        return hint
    if key.startswith("/") and "exact" in names:
        return "write it below exact:, two spaces further right"
    meant = meant_key(key, names)
    return f"did you mean '{meant}'?" if meant else f"the keys are {', '.join(names)}"


def meant_key(key: str, names: Sequence[str]) -> str:
    """Return the key that an unknown one stands for: its synonym, or the one with the most similar name; "" if there is none."""
    meant = (*_SYNONYMS.get(key.casefold(), ()), *_REPLACEMENT_HINTS.get(key.casefold(), ())[:1])
    return next((name for name in meant if name in names), "") or nearest_name(key, names)


def suggest_word(word: str, names: Sequence[str]) -> str:
    """Return a hint on a word that is none of `names`: the one that is meant, or the most similar; "" if none is similar.

    If `names` are those of an article's or a page's status, words of other programs are known, such as "live".
    """
    if "published" in names:
        if "withdrawn" in names and (hint := _STATUS_HINTS.get(word.casefold(), "")):
            return hint
        if meant := next((name for name in _STATUS_WORDS.get(word.casefold(), ()) if name in names), ""):
            return f"did you mean '{meant}'?"
    return did_you_mean(word, names)


def entry_example(location: KeyPath, raw: str) -> str:
    """Return an example of an entry of the list in whose place the text `raw` stands at a key path; "" if none is known.

    An entry of a menu may be a name, others are mappings.
    """
    if location[-1] in _MENU_KEYS:
        return raw if _SIMPLE_SCALAR.fullmatch(raw) else ""
    return mapping_example(location, raw)


def mapping_example(location: KeyPath, raw: str) -> str:
    """Return an example, such as {src: media/a.jpg}, of the mapping in whose place the text `raw` stands at a key path.

    Its last value is the text, or ... if the text would need quotes. Return "" if no example is known for the mapping, or if
    `raw` is "", except for `include` and `exact`.
    """
    if location[-1] == "exact":
        return "{/old/: /new/}"
    first_key = next((_FIRST_KEYS[step] for step in reversed(location) if step in _FIRST_KEYS), "")
    if first_key == "categories":
        return "{all: true}" if raw in ("all", "") else f"{{categories: [{raw}]}}"
    if first_key == "notice" and _DATE.match(raw):
        return f"{{date: {raw}}}"
    value = raw if _SIMPLE_SCALAR.fullmatch(raw) else "..."
    return f"{{{first_key}: {value}}}" if raw and first_key else ""
