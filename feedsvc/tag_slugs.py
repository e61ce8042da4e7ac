"""Slugs of tags, made from their spelling alone: no other tag, file or setting changes the address of a tag."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from feedsvc.uris import slugify

_SIGN_WORDS: Final = {"+": "plus", "#": "sharp", "&": "and", "@": "at"}
_SIGN_TRANSLATION: Final = str.maketrans({sign: f"-{word}-" for sign, word in _SIGN_WORDS.items()})
# NFKC turns each of these into one of the signs, or into a text that begins with a dot.
_SIGNS: Final = re.compile(
    "[+\u207a\u208a\ufb29\ufe62\uff0b#\ufe5f\uff03&\ufe60\uff06@\ufe6b\uff20.\u2024-\u2026\ufe19\ufe30\ufe52\uff0e]"
)
# At the beginning of a tag, and before a word that follows a space. After a letter, "#" means "sharp", as in C#.
_HASHTAG: Final = re.compile(r"\A[#\s]+|(?<!\S)#+(?=[^\s#])")
# Direction marks and similar characters, which are copied along with text in other scripts.
_INVISIBLE: Final = re.compile(r"\A[\s\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_DOT: Final = re.compile(r"\A\.(?=[^\W_])")  # several are an ellipsis
_SEPARATORS: Final = re.compile(r"[\s_\-\u2010]+")  # characters that people put between the words of one name


@lru_cache(maxsize=4096)
def tag_slug(title: str) -> str:
    """Return the slug of a tag: `slugify` of the title, in which words replace `+ # & @` and a leading dot.

    So C# gets "c-sharp". The dot is replaced only before a letter or digit, as in .NET. A `#` at the beginning of the title, or
    before a word that follows a space, is a hashtag mark and is dropped. Returns "" if then neither a letter or digit nor one
    of `+ # & @` is left.
    """
    if not _SIGNS.search(title):
        return slugify(title)
    name = _DOT.sub("dot-", _without_marks(unicodedata.normalize("NFKC", title)))
    return slugify(name.translate(_SIGN_TRANSLATION))


def spelling_key(title: str) -> str:
    """Return a tag's title casefolded, without spaces, hyphens, underscores and hashtag marks, as a key for comparison.

    Spellings with the same slug share one page. If their keys are equal, too, they name the same thing. If the keys differ, the
    spellings differ in punctuation, so they may name two things, and editors are warned.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).casefold())
    return _SEPARATORS.sub("", _without_marks(folded))


def _without_marks(text: str) -> str:
    return _HASHTAG.sub("", _INVISIBLE.sub("", text).rstrip())
