"""Escaping of text and attributes for XML 1.0 (sections 2.4, 2.7, 3.1 and 3.3.3), for OPML, sitemaps and rendered entries.

`escape` and `quote_attribute` are equivalent to xml.sax.saxutils, whose import loads a dozen modules for URLs and HTTP.
`ESCAPERS` are equivalent to lxml, except for texts for which `needs_fallback` returns True.
"""

from __future__ import annotations

from typing import Final

# Characters that XML 1.0 forbids, and the carriage return, which is escaped differently in text and attributes.
_CONTROLS: Final = bytes({*range(32)} - {*b"\t\n"})
_NONCHARACTERS: Final = ("\ufffe", "\uffff")


def escape(text: str) -> str:
    """Escape &, < and > in a text for use between tags. Quotes stay: for attributes there is `quote_attribute`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quote_attribute(text: str) -> str:
    """Return a text as an attribute value, escaped and with its quotes: double, or single if it has only double ones inside."""
    # Parsers normalise line ends and tabs in attributes to spaces (section 3.3.3).
    value = escape(text).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
    if '"' not in value:
        return f'"{value}"'
    return f"'{value}'" if "'" not in value else '"{}"'.format(value.replace('"', "&quot;"))


def escape_plain_text(text: str) -> str:
    """Escape the text of an element that holds neither HTML nor an address: < and & as hexadecimal references, > as &gt;.

    The RSS Profile advises these references.
    """
    return text.replace("&", "&#x26;").replace("<", "&#x3C;").replace(">", "&gt;")


def _escape_attribute(text: str) -> str:
    return escape(text).replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")


def _escape_cdata(text: str) -> str:
    return text.replace("]]>", "]]]]><![CDATA[>")


# All ways in which lxml escapes a text.
ESCAPERS: Final = (escape, escape_plain_text, _escape_attribute, _escape_cdata)


def needs_fallback(text: str, data: bytes) -> bool:
    """Return whether lxml might escape `text` differently from ESCAPERS, or reject it; `data` is the same text in UTF-8."""
    return len(data.translate(None, _CONTROLS)) < len(data) or any(map(text.__contains__, _NONCHARACTERS))
