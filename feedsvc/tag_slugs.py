"""The slug of a tag, made from its spelling alone: no other tag, file or setting changes an address."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from feedsvc.uris import slugify

_WORDS: Final = {"+": "plus", "#": "sharp", "&": "and", "@": "at"}
_TABLE: Final = str.maketrans({sign: f"-{word}-" for sign, word in _WORDS.items()})
# NFKC makes each of these one of the signs, or a text that begins with a dot.
_SIGNS: Final = re.compile(
    "[+\u207a\u208a\ufb29\ufe62\uff0b#\ufe5f\uff03&\ufe60\uff06@\ufe6b\uff20.\u2024-\u2026\ufe19\ufe30\ufe52\uff0e]"
)
# At the beginning of a tag, and before a word after a space; behind a letter it is "sharp", as in C#.
_HASHTAG: Final = re.compile(r"\A[#\s]+|(?<!\S)#+(?=[^\s#])")
# Marks of direction and the like, which come along when a text in another script is copied.
_INVISIBLE: Final = re.compile(r"\A[\s\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_DOT: Final = re.compile(r"\A\.(?=[^\W_])")  # several are an ellipsis
_BETWEEN: Final = re.compile(r"[\s_\-\u2010]+")  # what people put between words that are one name


@lru_cache(maxsize=4096)
def tag_slug(title: str) -> str:
    """Return `slugify` of a tag in which `+ # & @` and a leading dot are words; "" if nothing is left.

    A `#` before a word is the mark of a hashtag and no part of the name.
    """
    if not _SIGNS.search(title):
        return slugify(title)
    name = _DOT.sub("dot-", _without_marks(unicodedata.normalize("NFKC", title)))
    return slugify(name.translate(_TABLE))


def former_slug(title: str) -> str:
    """Return the slug that earlier versions gave a tag, "" if they gave it none or the same."""
    if not _SIGNS.search(title):  # nearly all: as a catalog asks for each spelling, no slug is made of these
        return ""
    slug = slugify(title)
    return slug if slug != tag_slug(title) else ""


def tag_name(title: str) -> str:
    """Return a spelling without its letter case, spaces, hyphens, underscores and hashtag marks.

    Two spellings with one slug and one name mean one tag. Where the names differ, punctuation alone tells the two apart.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).casefold())
    return _BETWEEN.sub("", _without_marks(folded))


def _without_marks(text: str) -> str:
    return _HASHTAG.sub("", _INVISIBLE.sub("", text).rstrip())
