"""Markdown -> safe HTML with absolute addresses, and the plain text of either."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

import nh3

from feedsvc import urls
from feedsvc.content import prose
from feedsvc.content.text import UNFIT

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# What an article's text needs; each is among the elements that strict validators call safe.
_ATTRIBUTES: Final[dict[str, set[str]]] = {
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
_TAGS: Final = {
    *(tag for tag in _ATTRIBUTES if tag != "*"),
    *("b", "bdi", "br", "caption", "cite", "code", "dd", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "kbd", "li", "mark", "p", "pre", "rp", "rt", "ruby", "s", "samp"),
    *(
        "section",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "u",
        "ul",
        "var",
        "wbr",
    ),
}
_ADDRESSES: Final = frozenset({"href", "src", "cite", "poster"})
_WHOLE: Final = re.compile(r"[1-9][0-9]{0,4}")
_BLOCK_END: Final = re.compile(r"</(?:p|h[1-6]|li|dd|dt|td|th|figcaption|blockquote|pre|div|summary)>|<br>|<hr>")

_NO_PROSE: Final = {"pre", "script", "style", "table"}
# As clean HTML has them, none of which hides or changes the text within.
_TAG: Final = re.compile(
    r"</?(?:p|a|b|i|em|strong|code|s|br|hr|h[1-6]|ul|ol|li|blockquote|figure|figcaption|span|sub|sup|img)"
    r"(?: [a-z]+=\"[^\"<>]*\")*>"
)
_OTHER_ENTITY: Final = re.compile(r"&(?!(?:amp|lt|gt|nbsp);)")
_LOST_PICTURE: Final = re.compile(r'<(?:img|source)(?: (?!src=)[a-z]+="[^"]*")*>')
# In clean HTML each "<" begins a tag, and no value holds a quote or ">".
_UNTOLD_PICTURE: Final = re.compile(r'<img(?![^>]* alt=")')
_HEADING: Final = re.compile(r"(</?h)([1-6])(?=[ >])")

# Addresses that stay as they are, whoever normalises them; most links of an article are such.
_SETTLED: Final = re.compile(
    # A host of more characters may be none: DNS limits its parts.
    r"https?://(?=[a-z0-9.-]{1,63}(?:/|\Z))(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]+"
    r"(?:/[A-Za-z0-9/._~+,=@-]*(?:\?[A-Za-z0-9/._~+,=@&-]+)?(?:#[A-Za-z0-9/._~+,=@&-]+)?)?"
)
_AS_WRITTEN: Final = re.compile(rf"{_SETTLED.pattern}|/?[A-Za-z0-9._~-][A-Za-z0-9/._~-]*")

# What "media/" can be spelled with: percents, entities, in raw HTML line ends (with the marks of a quote behind them).
_GAP: Final = r"(?:[\t\r\n][\s>]*+)?+"
_MEDIA: Final = re.compile(
    # Not within another name; but a digit, also a hexadecimal one, can be an entity's last.
    rf"m(?<![^\W0-9A-Fa-f]m){_GAP}{_GAP.join('edia')}{_GAP}[/\\%&]"
    rf"|%{_GAP}6{_GAP}[14569Dd]"
    r"|&(?:Tab|NewLine|percnt|sol);"
    r"|&#0*+(?:9|1[03]|37|4[7-9]|5[0-7]|6[5-9]|70|9[7-9]|10[0-9])(?![0-9])"
    r"|&#[xX]0*+(?:[9aAdD]|2[5fF]|3[0-9]|4[1-6]|6[1-9a-dA-D])(?![0-9A-Fa-f])"
)
_MEDIA_HINTS: Final = ("media", "<", "%", "&")


@dataclass(frozen=True, kw_only=True, slots=True)
class Markup:
    """`html` is safe and refers to absolute addresses only; `media` are the media paths it refers to, as written -> path."""

    html: str
    media: dict[str, str] = field(default_factory=dict)


def render(markdown: str, *, base_url: str, page: str) -> Markup:
    """Markdown (CommonMark with tables and strikethrough, HTML cleaned) as HTML; `page` is the article's own address."""
    media: dict[str, str] = {}
    parts = [_passage(passage, base_url, page, media) for passage in prose.passages(markdown)]
    return Markup(html=_below_title("\n".join(filter(None, parts))), media=media)


def may_show_media(markdown: str) -> bool:
    """Whether `render` could find a file of media/ in a text at all, under any address: False is certain, True a guess.

    `page` must not itself lie below media/.
    """
    return any(map(markdown.__contains__, _MEDIA_HINTS)) and bool(_MEDIA.search(markdown))


def _passage(passage: str, base_url: str, page: str, media: dict[str, str]) -> str:
    """Ordinary prose is written at once; everything else takes the way through parser and cleaner."""
    shown: dict[str, str] = {}
    html = prose.html(passage, lambda reference: _destination(base_url, page, reference, shown))
    media |= shown if html is not None else {}
    return _parsed(passage, base_url, page, media) if html is None else html


@cache
def _parser() -> MarkdownIt:
    """Made when the first passage asks for it: ordinary prose does not."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - a start need not wait for it

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _parsed(markdown: str, base_url: str, page: str, media: dict[str, str]) -> str:
    cleaned = nh3.clean(
        _parser().render(markdown),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_filter(base_url, page, media),
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
    # An entity such as &#7; becomes a character only here, and a picture may have lost its address.
    clean = _LOST_PICTURE.sub("", UNFIT.sub("", cleaned)).strip()
    return _UNTOLD_PICTURE.sub('<img alt=""', clean)


def _below_title(clean: str) -> str:
    """The first heading of a page is the article's title: a text with headings of that rank is moved below it."""
    return _HEADING.sub(lambda tag: f"{tag[1]}{min(6, int(tag[2]) + 1)}", clean) if "</h1>" in clean else clean


def _filter(base_url: str, page: str, media: dict[str, str]) -> Callable[[str, str, str], str | None]:
    def keep(_tag: str, attribute: str, value: str) -> str | None:
        if attribute in ("width", "height"):
            return value if _WHOLE.fullmatch(value) else None
        if attribute not in _ADDRESSES:
            return value
        # No text keeps an id that it could lead to.
        if attribute == "href" and value.strip().startswith("#"):
            return None
        return _address(base_url, page, value, media) or None

    return keep


def _address(base_url: str, page: str, reference: str, media: dict[str, str]) -> str:
    """Where a reference leads, "" if nowhere; one to a file of media/ is noted."""
    address = reference if _SETTLED.fullmatch(reference) else urls.resolve(base_url, page, reference)
    path = urls.path_below(base_url, address)
    if path.startswith("/media/"):
        media[reference] = path[1:]
    return address


def _destination(base_url: str, page: str, written: str, media: dict[str, str]) -> str:
    """The same for a reference as prose takes it from the text: what the parser would hand to the filter, or ""."""
    if written.startswith("#"):
        return ""
    reference = written if _AS_WRITTEN.fullmatch(written) else _parser().normalizeLink(written)
    return _address(base_url, page, reference, media)


def plain(markup: str) -> str:
    """HTML's text in one line."""
    spaced = _BLOCK_END.sub(r"\g<0> ", markup)
    bare = _TAG.sub("", spaced)
    # Text alone is left, spelled as a cleaner spells it; else a parser has to look.
    if "<" in bare or "\0" in bare or _OTHER_ENTITY.search(bare):
        bare = nh3.clean(spaced, tags=set(), attributes={}, clean_content_tags=_NO_PROSE)
    return UNFIT.sub("", " ".join(html.unescape(bare).split())).strip()


def excerpt(text: str, longest: int = 280) -> str:
    """The beginning of a text, cut between words (or between characters where a script has no spaces)."""
    if len(text) <= longest:
        return text
    cut = text[:longest]
    if " " in cut[longest // 2 :]:
        return cut.rsplit(" ", 1)[0].rstrip(" ,;:-–—") + "…"
    while cut and _joins(text[len(cut)], cut[-1]):
        cut = cut[:-1]
    return f"{cut}…"


def _joins(after: str, before: str) -> bool:
    """Whether a cut here would split what readers see as one character (UAX #29, the common cases)."""
    joiner = "\u200d"
    return joiner in (after, before) or unicodedata.category(after).startswith("M") or "\U0001f3fb" <= after <= "\U0001f3ff"
