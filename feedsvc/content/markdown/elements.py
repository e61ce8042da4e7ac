"""HTML elements and attributes that an article may hold, and a tokenizer of HTML (WHATWG HTML, section 13.2.5)."""

from __future__ import annotations

import re
from typing import Final

# Each element is among those that strict validators of feeds call safe.
ATTRIBUTES: Final[dict[str, set[str]]] = {
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
ADDRESSES: Final = frozenset({"href", "src", "cite", "poster"})
VOID: Final = frozenset({"br", "hr", "img", "source", "wbr"})
# Elements whose start closes an open paragraph, and whose end closes what is open within.
BLOCKS: Final = frozenset(
    {
        *("blockquote", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "li"),
        *("ol", "pre", "section", "summary", "ul"),
    }
)
TABLE_PARTS: Final = frozenset({"caption", "tbody", "td", "tfoot", "th", "thead", "tr"})
TAGS: Final = frozenset(
    {
        *(name for name in ATTRIBUTES if name != "*"),
        *BLOCKS,
        *TABLE_PARTS,
        *VOID,
        *("b", "bdi", "cite", "code", "dfn", "em", "i", "kbd", "mark", "p", "rp", "rt", "ruby", "s", "samp", "small", "span"),
        *("strong", "sub", "sup", "table", "u", "var"),
    }
)
# Elements whose text is code: it goes with them.
CODE: Final = frozenset({"script", "style"})

_SPACE: Final = r"\t\n\f\r "
_VALUE: Final = rf"[{_SPACE}]*=[{_SPACE}]*(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|(?![\"'])[^{_SPACE}>]*+)"
_ATTRIBUTE: Final = rf"[^{_SPACE}/>][^{_SPACE}/>=]*+(?:{_VALUE})?+"
# One tag, comment or other markup, as a browser's tokenizer ends it; whatever stands between is text. An unclosed one takes
# all that follows, and so do an unclosed comment and quote.
TOKEN: Final = re.compile(
    rf"<(?:(?P<end>/?)(?P<name>[A-Za-z][^{_SPACE}/>]*+)(?:[{_SPACE}/]|{_ATTRIBUTE})*+(?:>|\Z)"
    r"|!--(?:-?>|(?:[^-]|-(?!-!?>))*+(?:--!?>|\Z))"
    r"|[!?/][^>]*+>?)"
)
