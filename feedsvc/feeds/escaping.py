"""Escaping of text and attributes for XML 1.0 (sections 2.4, 3.1 and 3.3.3).

Equivalent to xml.sax.saxutils, whose import loads a dozen modules for URLs and HTTP.
"""

from __future__ import annotations

from typing import Final

_TEXT_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Parsers normalise line ends and tabs in attributes to spaces (section 3.3.3).
_ATTRIBUTE_ESCAPES: Final = _TEXT_ESCAPES | str.maketrans({"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def escape(text: str) -> str:
    """Escape text for use between tags."""
    return text.translate(_TEXT_ESCAPES)


def quote_attribute(text: str) -> str:
    """Return an escaped attribute value with quotes: double ones, or single ones if the text has double quotes only."""
    told = text.translate(_ATTRIBUTE_ESCAPES)
    if '"' not in told:
        return f'"{told}"'
    return f"'{told}'" if "'" not in told else '"{}"'.format(told.replace('"', "&quot;"))
