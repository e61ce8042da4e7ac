"""Rendering of Markdown as safe HTML with absolute URLs, and extraction of plain text and excerpts.

Footnotes have ids that are unique across articles, and absolute links to the article's page, valid in feeds and listings.
"""

from __future__ import annotations

import html
import re
import secrets
import threading
import unicodedata
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote

import nh3

from feedsvc import uris
from feedsvc.content.markdown import commonmark, figures, nesting
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
_IMAGE_WITHOUT_SRC: Final = re.compile(r'<(?:img|source)(?: (?!src=)[a-z]+="[^"]*")*>')
# nh3 takes quadratic time for entities and non-breaking spaces in one text node (0.3.8: 500,000 of them in 15 s).
_LONG_TEXT: Final = re.compile(r"(?:\A|>)[^<>]{8000,}+(?=<|\Z)")
_TEXT_CHUNK: Final = re.compile(r"[\s\S]{4000}[^&\s]{0,200}+")  # does not end inside an entity
# In cleaned HTML each "<" begins a tag, and no attribute value contains a quote or ">".
_IMAGE_WITHOUT_ALT: Final = re.compile(r'<img(?![^>]* alt=")')
_HEADING: Final = re.compile(r"(</?h)([1-6])(?=[ >])")

# A text without any of these has no image, sound or film, and no link to media/ as editors write it.
_MEDIA_REFERENCES: Final = ("![", "media/", "media\\")
_MEDIA_ELEMENT: Final = re.compile(r"<(?:img|video|audio|source)\b", re.IGNORECASE)
# UTF-8 without the characters that `is_simple` counts. Deleting it first takes a fifth of the time of counting in the whole text.
_OTHER_BYTES: Final = bytes({*range(256)}.difference(b"*_~<[^|\n\r"))
# A text within these limits has HTML within the limits, so `is_simple` need not render it. Lines that begin with fewer than 16
# markers and spaces nest at most 60 elements, and each emphasis marker adds one.
_SIMPLE_MAX_LENGTH: Final = 16_000  # characters
_SIMPLE_MAX_MARKERS: Final = 30
_SIMPLE_MAX_FOOTNOTES: Final = 100
_SIMPLE_MAX_CELLS: Final = 50_000
_DEEP_LINE: Final = re.compile(r"\n[ \t>*+\-0-9.)]{16}")  # "\n" instead of "^", because searching for a literal is fast
# Random for each process, so that no text can contain it. Only `_mark_footnotes` writes ids and classes with this prefix.
_GENERATED_PREFIX: Final = f"note{secrets.token_hex(8)}-"
_FOOTNOTE: Final = re.compile(
    r'<sup class="footnote-ref"><a href="#fn-([^"]*)" id="fnref-\1(?:-([0-9]+))?" data-footnote-ref>([0-9]+)</a></sup>'
)
_BACK_REFERENCE: Final = re.compile(
    r'<a href="#fnref-[^"]*" class="footnote-backref" data-footnote-backref data-footnote-backref-idx="([0-9]+)(?:-([0-9]+))?"'
)
_FOOTNOTE_LIST: Final = '<section class="footnotes" data-footnotes>'
_NOTE: Final = re.compile(r'<li id="fn-([^"]*)">')
_FOOTNOTE_CLASSES: Final = frozenset({"footnote-ref", "footnote-backref", "footnotes"})
# Footnotes in cleaned HTML.
_CLEAN_FOOTNOTE: Final = re.compile(r'<sup class="footnote-ref">(?:<a [^<>]*>[0-9]+</a>)?</sup>')
_CLEAN_FOOTNOTE_LIST: Final = '<section class="footnotes">'
_FOOTNOTE_ATTRIBUTES: Final = {"a": {"id", "class"}, "li": {"id"}, "section": {"class"}, "sup": {"class"}}


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


def render(markdown: str, *, base_url: str, page: str, files: Container[str] | None = None) -> RenderedMarkdown:
    """Render Markdown as safe HTML; `page` is the article's own URL, `files` those of `ReferenceResolver`.

    Of a text beyond the limits of `render_within_limits`, which `content.reading` rejects in article files, return the first
    100,000 characters of the Markdown as one paragraph of plain text.
    """
    result = render_within_limits(markdown, base_url=base_url, page=page, files=files)
    if isinstance(result, LimitExceeded):
        return RenderedMarkdown(html=f"<p>{html.escape(markdown[:_MAX_PLAIN_LENGTH], quote=False)}</p>")
    return result


def render_within_limits(
    markdown: str, *, base_url: str, page: str, files: Container[str] | None = None
) -> RenderedMarkdown | LimitExceeded:
    """Render Markdown as safe HTML; return LimitExceeded for over `MAX_HTML_BYTES` bytes of HTML or too deep nesting.

    `page` is the article's own URL, `files` those of `ReferenceResolver`. The limits are checked before the cleaner (nh3) runs,
    because the cleaner's time and memory may grow with length times depth; the size also after it.
    """
    raw_html = commonmark.to_html(markdown)
    return _clean_within_limits(raw_html, ReferenceResolver(base_url, page, files), is_generated="<" not in markdown)


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
    clean_html = _clean(_mark_footnotes(check_result.html, references.page), references)
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
    for any `page` outside media/. A link whose address has letters of "media" as escapes counts as none to media/.
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
        and not any(map(markdown.__contains__, _MEDIA_REFERENCES))
        and not (b"<" in marks and _MEDIA_ELEMENT.search(markdown))
    )


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
    A reference to a file in media/ that is not in `files` is removed, unless `files` is None.
    """

    def __init__(self, base_url: str, page: str, files: Container[str] | None = None) -> None:
        self.base_url, self.page, self._files = base_url, page, files
        self.media: dict[str, str] = {}
        self.misplaced_references: dict[str, None] = {}

    def filter_attribute(self, attribute: str, value: str) -> str | None:
        """Return the new value of an allowed attribute, None to remove it. Collect references to files."""
        if attribute in URL_ATTRIBUTES:
            # Cleaned HTML has no ids except those of footnotes, whose links are absolute: a bare fragment has no target.
            return None if attribute == "href" and value.strip().startswith("#") else self._resolve(attribute, value) or None
        if attribute in ("width", "height"):
            return value if _DIMENSION.fullmatch(value) else None
        return _generated_value(attribute, value) if attribute in ("id", "class") else value

    def _resolve(self, attribute: str, reference: str) -> str:
        address = uris.resolve(self.base_url, self.page, reference)
        path = uris.path_below(self.base_url, address)
        if path.startswith("/media/"):
            if self._files is not None and path[1:] not in self._files:
                return ""
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
        name: own | _FOOTNOTE_ATTRIBUTES.get(name, set()) for name, own in (_FOOTNOTE_ATTRIBUTES | ALLOWED_ATTRIBUTES).items()
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
    clean, removed_images = _IMAGE_WITHOUT_SRC.subn("", remove_forbidden_characters(cleaner_output).strip())
    clean = clean.replace("<p></p>", "").strip() if removed_images else clean
    return _IMAGE_WITHOUT_ALT.sub('<img alt=""', clean)


def _split_long_text(html: str) -> str:
    """Return the HTML with comments inside long text nodes, which the cleaner removes again (see _LONG_TEXT)."""
    if not _LONG_TEXT.search(html):
        return html
    return _LONG_TEXT.sub(lambda text: _TEXT_CHUNK.sub(lambda piece: f"{piece[0]}<!---->", text[0]), html)


def _mark_footnotes(markup: str, page: str) -> str:
    """Return comrak's HTML with absolute footnote links to `page`, the article's own URL, and with unique footnote ids.

    Ids are `fn-NUMBER-SLUG` and `fnref-NUMBER-OCCURRENCE-SLUG`, each once in a text; SLUG is the last segment of `page`. Ids
    and classes get a secret prefix, by which `_generated_value` tells them from those in an author's raw HTML. HTML without
    footnotes is returned unchanged.
    """
    if "data-footnote-ref" not in markup:
        return markup
    slug = unquote(page.rstrip("/").rpartition("/")[2])
    numbers: dict[str, str] = {}
    ids: set[str] = set()

    def unique_id(name: str) -> str:
        if name in ids:
            return ""
        ids.add(name)
        return f' id="{_GENERATED_PREFIX}{name}"'

    def rewrite_reference(match: re.Match[str]) -> str:
        name, occurrence, number = match.groups()
        numbers.setdefault(name, number)
        id_attribute = unique_id(f"fnref-{number}-{occurrence or 1}-{slug}")
        link = f'<a href="{page}#fn-{number}-{quote(slug)}"{id_attribute}>{number}</a>'
        return f'<sup class="{_GENERATED_PREFIX}footnote-ref">{link}</sup>'

    def rewrite_back_reference(match: re.Match[str]) -> str:
        return f'<a href="{page}#fnref-{match[1]}-{match[2] or 1}-{quote(slug)}" class="{_GENERATED_PREFIX}footnote-backref"'

    def rewrite_note(match: re.Match[str]) -> str:
        return f"<li{unique_id(f'fn-{numbers[match[1]]}-{slug}')}>" if match[1] in numbers else match[0]

    text, section, notes = _FOOTNOTE.sub(rewrite_reference, markup).rpartition(_FOOTNOTE_LIST)
    return (
        text
        + section.replace(_FOOTNOTE_LIST, f'<section class="{_GENERATED_PREFIX}footnotes">')
        + _NOTE.sub(rewrite_note, _BACK_REFERENCE.sub(rewrite_back_reference, notes))
    )


def _generated_value(attribute: str, value: str) -> str | None:
    """Return an id or class that `_mark_footnotes` wrote, without its prefix; None for any other. `attribute` is id or class."""
    if not value.startswith(_GENERATED_PREFIX):
        return None
    name = value.removeprefix(_GENERATED_PREFIX)
    return name if attribute == "id" or name in _FOOTNOTE_CLASSES else None


def _remove_footnotes(clean: str) -> str:
    """Return cleaned HTML without the references to footnotes, and without the list of footnotes and all that follows it."""
    if 'class="footnote' not in clean:
        return clean
    return _CLEAN_FOOTNOTE.sub("", clean.partition(_CLEAN_FOOTNOTE_LIST)[0])


def _demote_headings(clean: str) -> str:
    """Turn h1 into h2, h2 into h3 and so on (h6 stays) if HTML has an h1, because the title is the h1 of an article's page."""
    return _HEADING.sub(lambda tag: f"{tag[1]}{min(6, int(tag[2]) + 1)}", clean) if "</h1>" in clean else clean


def plain_text(markup: str) -> str:
    """Return the text of cleaned HTML in one line, without footnotes, captions, pull quotes, tables and preformatted text.

    HTML from elsewhere must be short: for deeply nested elements, which cleaned HTML has not, the time is quadratic.
    """
    prose = figures.without_figure_texts(_remove_footnotes(markup))
    spaced = _BLOCK_END.sub(r"\g<0> ", prose)
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
