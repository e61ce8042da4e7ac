"""HTML elements and attributes that an article may hold, and a tokenizer of HTML (WHATWG HTML, section 13.2.5)."""

from __future__ import annotations

import re
from typing import Final

# Strict feed validators list each of these elements as safe.
ALLOWED_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "a": {"href", "title", "hreflang"},
    "abbr": {"title"},
    "audio": {"src", "controls", "preload"},
    "blockquote": {"cite"},
    "del": {"cite", "datetime"},
    "img": {"src", "alt", "title", "width", "height"},
    "ins": {"cite", "datetime"},
    "ol": {"start", "reversed"},
    "q": {"cite"},
    "source": {"src", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "video": {"src", "controls", "poster", "preload", "width", "height"},
    "*": {"lang", "dir"},
}
URL_ATTRIBUTES: Final = frozenset({"href", "src", "cite", "poster"})
VOID_ELEMENTS: Final = frozenset({"br", "hr", "img", "source", "wbr"})
# Elements whose start tag closes an open paragraph, and whose end tag closes the elements that are open inside them.
BLOCK_ELEMENTS: Final = frozenset(
    {
        *("blockquote", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "li"),
        *("ol", "pre", "section", "summary", "ul"),
    }
)
TABLE_ELEMENTS: Final = frozenset({"caption", "tbody", "td", "tfoot", "th", "thead", "tr"})
ALLOWED_ELEMENTS: Final = frozenset(
    {
        *(name for name in ALLOWED_ATTRIBUTES if name != "*"),
        *BLOCK_ELEMENTS,
        *TABLE_ELEMENTS,
        *VOID_ELEMENTS,
        *("b", "bdi", "cite", "code", "dfn", "em", "i", "kbd", "mark", "p", "rp", "rt", "ruby", "s", "samp", "small", "span"),
        *("strong", "sub", "sup", "table", "u", "var"),
    }
)
# Elements that are removed together with their text, because it is code.
CODE_ELEMENTS: Final = frozenset({"script", "style"})

SPACE: Final = r"\t\n\f\r "
_VALUE: Final = rf"[{SPACE}]*=[{SPACE}]*(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|(?![\"'])[^{SPACE}>]*+)"
_ATTRIBUTE: Final = rf"[^{SPACE}/>][^{SPACE}/>=]*+(?:{_VALUE})?+"
# One tag, comment or other markup, ending where a browser's tokenizer ends it; everything else is text. An unclosed tag, comment
# or quoted value extends to the end of the text.
TOKEN: Final = re.compile(
    rf"<(?:(?P<end>/?)(?P<name>[A-Za-z][^{SPACE}/>]*+)(?:[{SPACE}/]|{_ATTRIBUTE})*+(?:>|\Z)"
    r"|!--(?:-?>|(?:[^-]|-(?!-!?>))*+(?:--!?>|\Z))"
    r"|[!?/][^>]*+>?)"
)
