"""Rendering of Markdown as safe HTML with absolute URLs, and extraction of plain text and excerpts."""

from __future__ import annotations

import html
import re
import threading
import unicodedata
from dataclasses import dataclass, field
from typing import Final

import nh3

from feedsvc import uris
from feedsvc.content.markdown import commonmark, figures, footnotes, nesting
from feedsvc.content.markdown.elements import ALLOWED_ATTRIBUTES, ALLOWED_ELEMENTS, URL_ATTRIBUTES
from feedsvc.content.markdown.nesting import TooDeep
from feedsvc.content.text import remove_forbidden_characters

# Version of the rendered HTML. Increase it with every change of that HTML, so that hubs are notified of the changed feeds.
RENDER_VERSION: Final = 3
MAX_HTML_BYTES: Final = 2_000_000  # of the HTML of one text
_MAX_PLAIN_LENGTH: Final = 100_000  # characters of a text beyond the limits that `render` returns
_DIMENSION: Final = re.compile(r"[1-9][0-9]{0,4}")
_BLOCK_END: Final = re.compile(r"</(?:p|h[1-6]|li|dd|dt|td|th|figcaption|blockquote|pre|div|summary)>|<br>|<hr>")

_NON_PROSE_ELEMENTS: Final = {"pre", "script", "style", "table"}
# Tags in cleaned HTML that neither hide nor change the text inside them.
_TAG: Final = re.compile(
    r"</?(?:p|a|b|i|em|strong|code|s|del|br|hr|h[1-6]|ul|ol|li|blockquote|figure|figcaption|span|sub|sup|img)"
    r"(?: [a-z]+=\"[^\"<>]*\")*>"
)
_OTHER_ENTITY: Final = re.compile(r"&(?!(?:amp|lt|gt|nbsp);)")
_IMAGE_WITHOUT_SRC: Final = re.compile(r'<(?:img|source)(?: (?!src=)[a-z]+="[^"]*")*>')
# nh3 takes quadratic time for entities and non-breaking spaces in one text node (0.3.8: 500,000 of them in 15 s).
_LONG_TEXT: Final = re.compile(r"(?:\A|>)[^<>]{8000,}+(?=<|\Z)")
_TEXT_CHUNK: Final = re.compile(r"[\s\S]{4000}[^&\s]{0,200}+")  # does not end inside an entity
# In cleaned HTML each "<" begins a tag, and no attribute value contains a quote or ">".
_IMAGE_WITHOUT_ALT: Final = re.compile(r'<img(?![^>]* alt=")')
_HEADING: Final = re.compile(r"(</?h)([1-6])(?=[ >])")

# URLs that `uris.resolve` returns unchanged, like most links.
_NORMALIZED_URL: Final = re.compile(
    # A longer host may be invalid, because DNS limits its labels to 63 characters.
    r"https?://(?=[a-z0-9.-]{1,63}(?:/|\Z))(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]+"
    r"(?:/[A-Za-z0-9/._~+,=@-]*(?:\?[A-Za-z0-9/._~+,=@&-]+)?(?:#[A-Za-z0-9/._~+,=@&-]+)?)?"
)

# Spellings of "media/": percent escapes, entities, and in raw HTML line breaks (followed by the ">" of block quotes).
_GAP: Final = r"(?:[\t\r\n][\s>]*+)?+"
_MEDIA_REFERENCE: Final = re.compile(
    # No word character may precede "m", except hexadecimal digits, because they can end an entity.
    rf"m(?<![^\W0-9A-Fa-f]m){_GAP}{_GAP.join('edia')}{_GAP}[/\\%&]"
    rf"|%{_GAP}6{_GAP}[14569Dd]"
    r"|&(?:Tab|NewLine|percnt|sol);"
    r"|&#0*+(?:9|1[03]|37|4[7-9]|5[0-7]|6[5-9]|70|9[7-9]|10[0-9])(?![0-9])"
    r"|&#[xX]0*+(?:[9aAdD]|2[5fF]|3[0-9]|4[1-6]|6[1-9a-dA-D])(?![0-9A-Fa-f])"
)
_MEDIA_HINTS: Final = ("media", "<", "%", "&")


# A text without any of these has no image, sound or film.
_EMBEDDED_MEDIA: Final = re.compile(r"!\[|<(?:img|video|audio|source)\b", re.IGNORECASE)
_EMBEDDED_MEDIA_HINTS: Final = (b"![", b"<")
# UTF-8 without the characters that `is_simple` counts. Deleting it first takes a fifth of the time of counting in the whole text.
_OTHER_BYTES: Final = bytes({*range(256)}.difference(b"*_~<[^|\n\r!"))
# A text within these limits has HTML within the limits, so `is_simple` need not render it. Lines that begin with fewer than 16
# markers and spaces nest at most 60 elements, and each emphasis marker adds one.
_SIMPLE_MAX_LENGTH: Final = 16_000  # characters
_SIMPLE_MAX_MARKERS: Final = 30
_SIMPLE_MAX_FOOTNOTES: Final = 100
_SIMPLE_MAX_CELLS: Final = 50_000
_DEEP_LINE: Final = re.compile(r"\n[ \t>*+\-0-9.)]{16}")  # "\n" instead of "^", because searching for a literal is fast


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedMarkdown:
    """Safe HTML with absolute URLs only.

    `media` maps each reference to a file in media/, as in the uncleaned HTML, to a path (media/a.jpg). The file may be missing.
    `misplaced_references` are references without a host, of images, sounds and films, to paths outside media/ and static/.
    """

    html: str
    media: dict[str, str] = field(default_factory=dict)
    misplaced_references: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitExceeded:
    """Result for a text beyond the limits. `index` is the offset in its uncleaned HTML at which it exceeds one, 0 if unknown.

    `is_too_deep` is True for the limits on nesting (depth, reopened elements), False for that on size.
    """

    is_too_deep: bool
    index: int = 0


def render(markdown: str, *, base_url: str, page: str) -> RenderedMarkdown:
    """Render Markdown as safe HTML; `page` is the article's own URL.

    Of a text beyond the limits of `render_within_limits`, which `content.reading` rejects in article files, return the first
    100,000 characters of the Markdown as one paragraph of plain text.
    """
    result = render_within_limits(markdown, base_url=base_url, page=page)
    if isinstance(result, LimitExceeded):
        return RenderedMarkdown(html=f"<p>{html.escape(markdown[:_MAX_PLAIN_LENGTH], quote=False)}</p>")
    return result


def render_within_limits(markdown: str, *, base_url: str, page: str) -> RenderedMarkdown | LimitExceeded:
    """Render Markdown as safe HTML; return LimitExceeded for over `MAX_HTML_BYTES` bytes of HTML or too deep nesting.

    `page` is the article's own URL. The limits are checked before the cleaner (nh3) runs, because the cleaner's time and memory
    may grow with length times depth; the size also after it.
    """
    raw_html = commonmark.to_html(markdown)
    return _clean_within_limits(raw_html, ReferenceResolver(base_url, page), is_generated="<" not in markdown)


def clean_html(markup: str, *, base_url: str, page: str, keeps_references: bool = False) -> RenderedMarkdown | LimitExceeded:
    """Return HTML with allowed elements and URLs only; LimitExceeded if it is too large or nested too deeply.

    URLs become absolute; with `keeps_references`, valid ones do not change, even relative ones. `page` is the HTML's own URL.
    """
    references = ReferenceKeeper(base_url, page) if keeps_references else ReferenceResolver(base_url, page)
    return _clean_within_limits(markup, references, is_generated=False)


def _clean_within_limits(raw_html: str, references: ReferenceResolver, *, is_generated: bool) -> RenderedMarkdown | LimitExceeded:
    if _is_too_large(raw_html):
        return LimitExceeded(is_too_deep=False, index=MAX_HTML_BYTES)
    check_result = nesting.check(raw_html, is_generated=is_generated)
    if isinstance(check_result, TooDeep):
        return LimitExceeded(is_too_deep=True, index=check_result.offset)
    clean_html = _clean(footnotes.mark_footnotes(check_result.html, references.page), references)
    if _is_too_large(clean_html):
        return LimitExceeded(is_too_deep=False)
    return RenderedMarkdown(
        html=_demote_headings(figures.mark_figures(clean_html)),
        media=references.media,
        misplaced_references=tuple(references.misplaced_references),
    )


def is_simple(markdown: str) -> bool:
    """Return True only if a text's HTML is certainly within the limits and has no image, sound, film or reference to media/.

    Does not render. If the result is False, the HTML may still meet these conditions. The result is valid for any base URL, and
    for any `page` outside media/.
    """
    if len(markdown) > _SIMPLE_MAX_LENGTH:
        return False
    marks = markdown.encode(errors="surrogatepass").translate(None, _OTHER_BYTES)
    count = marks.count
    return (
        count(b"*") + count(b"_") + count(b"~") + count(b"<") <= _SIMPLE_MAX_MARKERS
        and count(b"[^") <= _SIMPLE_MAX_FOOTNOTES
        and count(b"|") * (count(b"\n") + count(b"\r") + 1) <= _SIMPLE_MAX_CELLS
        and not _DEEP_LINE.search(f"\n{markdown}")
        and not (any(map(marks.__contains__, _EMBEDDED_MEDIA_HINTS)) and _EMBEDDED_MEDIA.search(markdown))
        and not may_show_media(markdown)
    )


def may_show_media(markdown: str) -> bool:
    """Return False only if a text's HTML certainly has no reference to media/, for any base URL and any `page` outside it."""
    return any(map(markdown.__contains__, _MEDIA_HINTS)) and bool(_MEDIA_REFERENCE.search(markdown))


def removed_elements(markdown: str) -> tuple[nesting.RemovedElement, ...]:
    """Return the start tags of raw HTML that rendering removes, with offsets in the uncleaned HTML; () if that is too deep."""
    if "<" not in markdown:
        return ()
    check_result = nesting.check(commonmark.to_html(markdown), is_generated=False)
    return () if isinstance(check_result, TooDeep) else check_result.removed


def _is_too_large(markup: str) -> bool:
    return len(markup) > MAX_HTML_BYTES or (len(markup) > MAX_HTML_BYTES // 4 and len(markup.encode()) > MAX_HTML_BYTES)


class ReferenceResolver:
    """Resolver of the references (URLs) in one text's HTML to absolute URLs. It collects references to files.

    `media` maps each reference to a file below media/ of the site, as written, to the file's path, such as media/a.jpg.
    `misplaced_references` has as keys those without host, of images, sounds and films, to paths outside of media/ and static/.
    """

    def __init__(self, base_url: str, page: str) -> None:
        self.base_url, self.page = base_url, page
        self.media: dict[str, str] = {}
        self.misplaced_references: dict[str, None] = {}

    def filter_attribute(self, attribute: str, value: str) -> str | None:
        """Return the new value of an allowed attribute, None to remove it. Collect references to files."""
        if attribute in URL_ATTRIBUTES:
            # Cleaned HTML has no ids except those of footnotes, whose links are absolute: a bare fragment has no target.
            return None if attribute == "href" and value.strip().startswith("#") else self._resolve(attribute, value) or None
        if attribute in ("width", "height"):
            return value if _DIMENSION.fullmatch(value) else None
        return footnotes.generated_value(attribute, value) if attribute in ("id", "class") else value

    def _resolve(self, attribute: str, reference: str) -> str:
        address = reference if _NORMALIZED_URL.fullmatch(reference) else uris.resolve(self.base_url, self.page, reference)
        path = uris.path_below(self.base_url, address)
        if path.startswith("/media/"):
            self.media[reference] = path[1:]
        elif address and attribute in ("src", "poster") and not path.startswith("/static/") and not _has_host(reference):
            self.misplaced_references[reference] = None
        return address


class ReferenceKeeper(ReferenceResolver):
    """Resolver that keeps valid references as they are, removes others, and collects references to files as its base does."""

    def _resolve(self, attribute: str, reference: str) -> str:
        return reference if super()._resolve(attribute, reference) else ""


def _has_host(reference: str) -> bool:
    return "//" in reference[:8]


_cleaner_state = threading.local()  # the resolver of the text that this thread is cleaning


def _filter_attribute(_tag: str, attribute: str, value: str) -> str | None:
    references: ReferenceResolver = _cleaner_state.references
    return references.filter_attribute(attribute, value)


_CLEANER: Final = nh3.Cleaner(
    tags=set(ALLOWED_ELEMENTS),
    attributes={
        name: own | footnotes.ATTRIBUTES.get(name, set()) for name, own in (footnotes.ATTRIBUTES | ALLOWED_ATTRIBUTES).items()
    },
    attribute_filter=_filter_attribute,
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel=None,
)


def _clean(markup: str, references: ReferenceResolver) -> str:
    _cleaner_state.references = references
    try:
        cleaner_output = _CLEANER.clean(_split_long_text(markup))
    finally:
        del _cleaner_state.references
    # The cleaner decodes entities such as &#7; and may have removed the src of an image.
    clean = _IMAGE_WITHOUT_SRC.sub("", remove_forbidden_characters(cleaner_output)).strip()
    return _IMAGE_WITHOUT_ALT.sub('<img alt=""', clean)


def _split_long_text(html: str) -> str:
    """Return the HTML with comments inside long text nodes, which the cleaner removes again (see _LONG_TEXT)."""
    if not _LONG_TEXT.search(html):
        return html
    return _LONG_TEXT.sub(lambda text: _TEXT_CHUNK.sub(lambda piece: f"{piece[0]}<!---->", text[0]), html)


def _demote_headings(clean: str) -> str:
    """Turn h1 into h2, h2 into h3 and so on (h6 stays) if HTML has an h1, because the title is the h1 of an article's page."""
    return _HEADING.sub(lambda tag: f"{tag[1]}{min(6, int(tag[2]) + 1)}", clean) if "</h1>" in clean else clean


def plain_text(markup: str) -> str:
    """Return the text of cleaned HTML in one line, without footnotes, captions, pull quotes, tables and preformatted text.

    HTML from elsewhere must be short: for deeply nested elements, which cleaned HTML has not, the time is quadratic.
    """
    prose = figures.without_figure_texts(footnotes.remove_footnotes(markup))
    spaced = _BLOCK_END.sub(r"\g<0> ", prose)
    bare = _TAG.sub("", spaced)
    # Tags and entities other than the known ones need a parser.
    if "<" in bare or "\0" in bare or _OTHER_ENTITY.search(bare):
        bare = nh3.clean(_split_long_text(spaced), tags=set(), attributes={}, clean_content_tags=_NON_PROSE_ELEMENTS)
    return remove_forbidden_characters(" ".join(html.unescape(bare).split())).strip()


def excerpt(text: str, max_length: int = 280) -> str:
    """Return a text of at most `max_length` characters unchanged; of a longer one, at most as many from its start and "…".

    It is cut between words, or between grapheme clusters if the second half of these characters has no spaces.
    """
    if len(text) <= max_length:
        return text
    start = text[:max_length]
    if " " in start[max_length // 2 :]:
        return start.rsplit(" ", 1)[0].rstrip(" ,;:-–—") + "…"
    while start and _is_inside_grapheme(text[len(start)], start[-1]):
        start = start[:-1]
    return f"{start}…"


def _is_inside_grapheme(after: str, before: str) -> bool:
    """Return True if a cut between two characters would split a grapheme cluster (UAX #29, the common cases)."""
    joiner = "\u200d"
    return joiner in (after, before) or unicodedata.category(after).startswith("M") or "\U0001f3fb" <= after <= "\U0001f3ff"
