"""Plain text in one line, from values of a source that may hold HTML, entities and characters that no feed can carry."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Final

from feedsvc.content.text import FORBIDDEN_CHARACTER

_TAG: Final = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>")
_END_TAG: Final = re.compile(r"</[A-Za-z][A-Za-z0-9]*>|<(?:br|hr|img|wbr)\b[^<>]*>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);")


def one_line(text: str) -> str:
    """Return a text in one line: characters that no feed can carry become spaces, and each run of white space one space."""
    return " ".join(FORBIDDEN_CHARACTER.sub(" ", text).split())


def line_of(*, is_exact: bool) -> Callable[[str], str]:
    """Return `one_line` if the texts are exactly what the source shows, else `plain_line`, because they may be HTML."""
    return one_line if is_exact else plain_line


def plain_line(text: str) -> str:
    """Return a text in one line, without HTML tags if it seems to be HTML, and with entities as their characters."""
    if _END_TAG.search(text):
        text = _TAG.sub("", text)
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    return one_line(text)
