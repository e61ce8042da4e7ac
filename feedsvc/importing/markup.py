"""Elements and plain text of HTML that has not been cleaned, found by tags in one pass without a tree; frames become links."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, NamedTuple

_VOID_ELEMENTS: Final = frozenset({"embed", "img", "input"})
_ATTRIBUTE: Final = re.compile(r"(?<![\w:.-])([A-Za-z_:][\w:.-]*+)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]++))")
_COMMENT: Final = re.compile(r"<!--(?:[^-]|-(?!->))*+(?:-->|\Z)")
_BREAK: Final = re.compile(
    r"<(?:br|hr|/?(?:address|article|aside|blockquote|d[dlt]|div|figcaption|figure|footer|h[1-6]|header|li|main|nav|ol|p|pre"
    r"|section|table|td|th|tr|ul))\b[^<>]*+>",
    re.IGNORECASE,
)
_INVISIBLE: Final = ("script", "style", "template", "noscript", "iframe", "object")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*+>")
_INNER_SOURCE: Final = re.compile(r"<embed\b[^<>]*?\bsrc\s*=\s*[\"']?([^\s\"'>]+)", re.IGNORECASE)
_YOUTUBE: Final = r"(?:https?:)?//(?:www\.)?youtube(?:-nocookie)?\.com"
_PLAYERS: Final = (
    (re.compile(rf"\A{_YOUTUBE}/embed/videoseries\?(?:.*&)?list=([\w-]+)"), "https://www.youtube.com/playlist?list={}"),
    (re.compile(rf"\A{_YOUTUBE}/embed/live_stream\?(?:.*&)?channel=([\w-]+)"), "https://www.youtube.com/channel/{}/live"),
    (re.compile(rf"{_YOUTUBE}/(?:embed|v)/(?!videoseries|live_stream)([\w-]{{5,20}})"), "https://www.youtube.com/watch?v={}"),
    (re.compile(r"(?:https?:)?//player\.vimeo\.com/video/([0-9]{3,15})"), "https://vimeo.com/{}"),
    (re.compile(r"(?:https?:)?//(?:www\.)?dailymotion\.com/embed/video/(\w{3,20})"), "https://www.dailymotion.com/video/{}"),
    (re.compile(r"(?:https?:)?//open\.spotify\.com/embed/(\w+/\w+)"), "https://open.spotify.com/{}"),
    (
        re.compile(r"\A(?:https?:)?//platform\.twitter\.com/embed/Tweet\.html\?(?:.*&)?id=([0-9]+)"),
        "https://twitter.com/i/status/{}",
    ),
)


class MarkupElement(NamedTuple):
    """An element from its start tag to the first end tag of its name; a void element is only its tag.

    `name` is in lower case, `tag` is the start tag, `inner` the markup up to the end tag, "" for a void element. `start` and
    `end` are indexes in the markup.
    """

    name: str
    tag: str
    inner: str
    start: int
    end: int


def find_elements(markup: str, *names: str) -> Iterator[MarkupElement]:
    """Yield the elements of these names (given in lower case, found in any) in order, none within another of them.

    An element ends at the first end tag of its name. One without end tag is left out, except the void `embed`, `img`, `input`.
    """
    opening, pos = _opening(names), 0
    unclosed: set[str] = set()  # names without an end tag in the rest, which is searched once for each
    while match := opening.search(markup, pos):
        name, pos = match[1].lower(), match.end()
        if name in _VOID_ELEMENTS:
            yield MarkupElement(name, match[0], "", match.start(), pos)
            continue
        closing = None if name in unclosed else _closing(name).search(markup, pos)
        if closing is None:
            unclosed.add(name)
            continue
        yield MarkupElement(name, match[0], markup[pos : closing.start()], match.start(), closing.end())
        pos = closing.end()


def replace_elements(markup: str, function: Callable[[MarkupElement], str], *names: str) -> str:
    """Return HTML with the result of `function`, which is HTML, in place of each element that `find_elements` yields."""
    pieces, pos = [], 0
    for element in find_elements(markup, *names):
        pieces += [markup[pos : element.start], function(element)]
        pos = element.end
    return "".join((*pieces, markup[pos:])) if pieces else markup


def attributes_of(tag: str) -> dict[str, str]:
    """Return the attributes of a start tag by lower-case name, with entities decoded. Those without a value are left out."""
    return {
        match[1].lower(): html.unescape(next((value for value in match.group(2, 3, 4) if value is not None), ""))
        for match in _ATTRIBUTE.finditer(tag)
    }


def to_plain_text(markup: str) -> str:
    """Return the text of HTML in one line, with entities decoded; without comments and elements that show no text.

    Starts and ends of blocks and `br` become spaces.
    """
    if "<" in markup:
        spaced = _BREAK.sub(" ", replace_elements(_COMMENT.sub("", markup), lambda _: "", *_INVISIBLE))
        markup = _TAG.sub("", spaced)
    return " ".join(html.unescape(markup).split())


@cache
def _opening(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"<({'|'.join(names)})(?=[\s/>])[^<>]*+>", re.IGNORECASE)


@cache
def _closing(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}\s*+>", re.IGNORECASE)


def link_html(address: str, title: str) -> str:
    """Return an `a` element with the title as its text, or the address if the title is "". Both are not escaped yet."""
    return f'<a href="{html.escape(address)}">{html.escape(title or address, quote=False)}</a>'


def page_address(source: str) -> str:
    """Return the absolute http or https address of the page for the `src` of a frame; "" for a relative `src` or another scheme.

    Of known players, such as YouTube's, it is the page of what they play; else the `src` itself, with https if it begins with
    //.
    """
    for pattern, template in _PLAYERS:
        if match := pattern.match(source):
            return template.format(match[1])
    if source.startswith("//"):
        return f"https:{source}"
    return source if source.lower().startswith(("http://", "https://")) else ""


def _no_title(_: str) -> str:
    return ""


def replace_frames(markup: str, title_of: Callable[[str], str] = _no_title) -> str:
    """Return HTML with a link in place of each `iframe`, `object` and `embed` whose `page_address` is not ""; others stay.

    The source of a frame is its `src`, `data-src` or `data`, else the `src` of an `embed` in it. The text of the link is the
    frame's title, else what `title_of` returns for the page's address ("" if it knows no title), else that address.
    """

    def link(frame: MarkupElement) -> str:
        attributes, inner = attributes_of(frame.tag), frame.inner
        source = attributes.get("src") or attributes.get("data-src") or attributes.get("data") or ""
        if not source and (inner_source := _INNER_SOURCE.search(inner)):
            source = html.unescape(inner_source[1])
        address = page_address(source)
        title = attributes.get("title", "").strip() or title_of(address)
        return link_html(address, title) if address else markup[frame.start : frame.end]

    return replace_elements(markup, link, "iframe", "object", "embed")
