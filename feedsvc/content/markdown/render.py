"""Markdown -> safe HTML with absolute addresses, and the plain text of either."""

from __future__ import annotations

import html
import re
import threading
import unicodedata
from dataclasses import dataclass, field
from typing import Final

import nh3

from feedsvc import uris
from feedsvc.content.markdown import commonmark, footnotes, nesting
from feedsvc.content.markdown.elements import ADDRESSES, ATTRIBUTES, TAGS
from feedsvc.content.markdown.nesting import TooDeep
from feedsvc.content.text import UNFIT

# The version of the HTML that a text becomes. Increase it with every change of that HTML: hubs hear of the feeds then.
RENDERING: Final = 2
LARGEST: Final = 2_000_000  # bytes of HTML made of one text
_SHOWN_PLAIN: Final = 100_000  # characters of a text beyond the limits
_WHOLE: Final = re.compile(r"[1-9][0-9]{0,4}")
_BLOCK_END: Final = re.compile(r"</(?:p|h[1-6]|li|dd|dt|td|th|figcaption|blockquote|pre|div|summary)>|<br>|<hr>")

_NO_PROSE: Final = {"pre", "script", "style", "table"}
# As clean HTML has them, none of which hides or changes the text within.
_TAG: Final = re.compile(
    r"</?(?:p|a|b|i|em|strong|code|s|del|br|hr|h[1-6]|ul|ol|li|blockquote|figure|figcaption|span|sub|sup|img)"
    r"(?: [a-z]+=\"[^\"<>]*\")*>"
)
_OTHER_ENTITY: Final = re.compile(r"&(?!(?:amp|lt|gt|nbsp);)")
_LOST_PICTURE: Final = re.compile(r'<(?:img|source)(?: (?!src=)[a-z]+="[^"]*")*>')
# nh3 takes quadratic time for entities and non-breaking spaces in one node of text (0.3.8: 500,000 of them in 15 s).
_LONG_TEXT: Final = re.compile(r"(?:\A|>)[^<>]{8000,}+(?=<|\Z)")
_PIECE: Final = re.compile(r"[\s\S]{4000}[^&\s]{0,200}+")  # ends within no entity
# In clean HTML each "<" begins a tag, and no value holds a quote or ">".
_UNTOLD_PICTURE: Final = re.compile(r'<img(?![^>]* alt=")')
_HEADING: Final = re.compile(r"(</?h)([1-6])(?=[ >])")

# Addresses that stay as they are, whoever normalises them; most links of an article are such.
_SETTLED: Final = re.compile(
    # A host of more characters may be none: DNS limits its parts.
    r"https?://(?=[a-z0-9.-]{1,63}(?:/|\Z))(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]+"
    r"(?:/[A-Za-z0-9/._~+,=@-]*(?:\?[A-Za-z0-9/._~+,=@&-]+)?(?:#[A-Za-z0-9/._~+,=@&-]+)?)?"
)

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


# A text without any of these shows no picture.
_PICTURE: Final = re.compile(r"!\[|<(?:img|video|audio|source)\b", re.IGNORECASE)
# A text within these limits makes HTML within the limits: it is not rendered to find out. Lines that begin with fewer signs
# and spaces nest no more than 60 elements, and each sign of emphasis brings one.
_ORDINARY_LENGTH: Final = 16_000  # characters
_MOST_SIGNS: Final = 30
_MOST_NOTES: Final = 100
_MOST_CELLS: Final = 50_000
_DEEP_LINE: Final = re.compile(r"^[ \t>*+\-0-9.)]{16}", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Markup:
    """HTML that is safe and refers to absolute addresses only.

    `media` maps each reference to a file of media/, as written, to its path; `strays` are the references of pictures, sounds
    and films that lie on this site but not in media/.
    """

    html: str
    media: dict[str, str] = field(default_factory=dict)
    strays: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Excess:
    """A text beyond the limits. `index` is where its uncleaned HTML exceeds them, 0 where that cannot be told."""

    is_deep: bool
    index: int = 0


def render(markdown: str, *, base_url: str, page: str) -> Markup:
    """Render Markdown as HTML; `page` is the article's own address.

    A text beyond the limits, which no reading accepts, is shown as plain text, and only its beginning.
    """
    made = render_within_limits(markdown, base_url=base_url, page=page)
    if isinstance(made, Excess):
        return Markup(html=f"<p>{html.escape(markdown[:_SHOWN_PLAIN], quote=False)}</p>")
    return made


def render_within_limits(markdown: str, *, base_url: str, page: str) -> Markup | Excess:
    """Render Markdown as HTML of at most `LARGEST` bytes in which elements lie at most `nesting.DEEPEST` deep.

    The limits come before the cleaner, which may take time and memory in proportion to length times depth.
    """
    made = commonmark.to_html(markdown)
    if _is_large(made):
        return Excess(is_deep=False, index=LARGEST)
    checked = nesting.check(made, is_generated="<" not in markdown)
    if isinstance(checked, TooDeep):
        return Excess(is_deep=True, index=checked.place)
    references = _References(base_url, page)
    clean = _clean(footnotes.mark(checked.html, page), references)
    if _is_large(clean):
        return Excess(is_deep=False)
    return Markup(html=_below_title(clean), media=references.media, strays=tuple(references.strays))


def is_ordinary(markdown: str) -> bool:
    """Return True only if a text's HTML is surely within the limits and shows no picture, sound or film, at little cost.

    `page` must not itself lie below media/.
    """
    count = markdown.count
    return (
        len(markdown) <= _ORDINARY_LENGTH
        and count("*") + count("_") + count("~") + count("<") <= _MOST_SIGNS
        and count("[^") <= _MOST_NOTES
        and count("|") * (count("\n") + count("\r") + 1) <= _MOST_CELLS
        and not _DEEP_LINE.search(markdown)
        and not _PICTURE.search(markdown)
        and not may_show_media(markdown)
    )


def may_show_media(markdown: str) -> bool:
    """Whether `render` could find a file of media/ in a text at all, under any address: False is certain, True a guess.

    `page` must not itself lie below media/.
    """
    return any(map(markdown.__contains__, _MEDIA_HINTS)) and bool(_MEDIA.search(markdown))


def removed_elements(markdown: str) -> tuple[nesting.Removed, ...]:
    """Return the start tags of raw HTML that the cleaner takes out, with their places in the uncleaned HTML."""
    if "<" not in markdown:
        return ()
    checked = nesting.check(commonmark.to_html(markdown), is_generated=False)
    return () if isinstance(checked, TooDeep) else checked.removed


def _is_large(made: str) -> bool:
    return len(made) > LARGEST or (len(made) > LARGEST // 4 and len(made.encode()) > LARGEST)


class _References:
    """Resolves the references of one text, and remembers those to files of the site."""

    def __init__(self, base_url: str, page: str) -> None:
        self.base_url, self.page = base_url, page
        self.media: dict[str, str] = {}
        self.strays: dict[str, None] = {}

    def attribute(self, attribute: str, value: str) -> str | None:
        """Return an attribute's value as it stays; None where the attribute goes."""
        if attribute in ADDRESSES:
            # No text keeps an id that a fragment could lead to, but those of notes, whose addresses are absolute.
            return None if attribute == "href" and value.strip().startswith("#") else self._address(attribute, value) or None
        if attribute in ("width", "height"):
            return value if _WHOLE.fullmatch(value) else None
        return footnotes.kept(attribute, value) if attribute in ("id", "class") else value

    def _address(self, attribute: str, reference: str) -> str:
        address = reference if _SETTLED.fullmatch(reference) else uris.resolve(self.base_url, self.page, reference)
        path = uris.path_below(self.base_url, address)
        if path.startswith("/media/"):
            self.media[reference] = path[1:]
        elif address and attribute in ("src", "poster") and not path.startswith("/static/") and not _has_host(reference):
            self.strays[reference] = None
        return address


def _has_host(reference: str) -> bool:
    return "//" in reference[:8]


_cleaning = threading.local()  # the references of the text that a thread cleans


def _filter(_tag: str, attribute: str, value: str) -> str | None:
    references: _References = _cleaning.references
    return references.attribute(attribute, value)


_CLEANER: Final = nh3.Cleaner(
    tags=set(TAGS),
    attributes={name: own | footnotes.ATTRIBUTES.get(name, set()) for name, own in (footnotes.ATTRIBUTES | ATTRIBUTES).items()},
    attribute_filter=_filter,
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel=None,
)


def _clean(made: str, references: _References) -> str:
    _cleaning.references = references
    try:
        cleaned = _CLEANER.clean(_in_pieces(made))
    finally:
        del _cleaning.references
    # An entity such as &#7; becomes a character only here, and a picture may have lost its address.
    clean = _LOST_PICTURE.sub("", UNFIT.sub("", cleaned)).strip()
    return _UNTOLD_PICTURE.sub('<img alt=""', clean)


def _in_pieces(html: str) -> str:
    """HTML in which comments, which the cleaner takes out, divide long texts."""
    if not _LONG_TEXT.search(html):
        return html
    return _LONG_TEXT.sub(lambda text: _PIECE.sub(lambda piece: f"{piece[0]}<!---->", text[0]), html)


def _below_title(clean: str) -> str:
    """The first heading of a page is the article's title: a text with headings of that rank is moved below it."""
    return _HEADING.sub(lambda tag: f"{tag[1]}{min(6, int(tag[2]) + 1)}", clean) if "</h1>" in clean else clean


def plain(markup: str) -> str:
    """HTML's text in one line, without footnotes."""
    spaced = _BLOCK_END.sub(r"\g<0> ", footnotes.without(markup))
    bare = _TAG.sub("", spaced)
    # Text alone is left, spelled as a cleaner spells it; else a parser has to look.
    if "<" in bare or "\0" in bare or _OTHER_ENTITY.search(bare):
        bare = nh3.clean(_in_pieces(spaced), tags=set(), attributes={}, clean_content_tags=_NO_PROSE)
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
