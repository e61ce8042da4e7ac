"""Frames in HTML (`iframe`, `object`, `embed`), such as players of videos, as links: an article has no frames."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Final

from feedsvc.importing.markup import MarkupElement, attributes_of, replace_elements

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
