"""Shortcodes of WordPress and Jetpack as HTML: `[name key="value"]`, perhaps with `[/name]`; `[[name]]` is the text "[name]"."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from feedsvc.importing.markup import find_elements, page_address
from feedsvc.importing.wordpress.export_index import Attachment
from feedsvc.importing.wordpress.figures import NOT_EXPORTED, PostMedia, captioned_html, gallery_html, player_html
from feedsvc.importing.wordpress.items import parse_number

_TAG: Final = re.compile(r"(\[?)\[(/?)([A-Za-z][A-Za-z0-9_-]{0,60})(?![\w-])([^\[\]]{0,10000}+)\](\]?)")
_CLOSING: Final = re.compile(r"\[/([A-Za-z][A-Za-z0-9_-]{0,60})\s*\]")
_ATTRIBUTE: Final = re.compile(
    r"([\w-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|“([^”\"]*+)[”\"]|([^\s\"']++))|\"([^\"]*+)\"|'([^']*+)'|(\S++)"
)
_MAX_DEPTH: Final = 20
# Shortcodes whose inner text is code, in which brackets mean nothing.
_VERBATIM: Final = frozenset({"code", "sourcecode", "pre"})
_SOURCE_NAMES: Final = {
    "audio": ("src", "mp3", "m4a", "ogg", "oga", "wav", "wma", "flac"),
    "video": ("src", "mp4", "m4v", "webm", "ogv", "wmv", "flv", "mov"),
}
# Shortcodes of embedded pages by the address of a page whose name is given instead of its address.
_PAGES: Final = {
    "youtube": "https://www.youtube.com/watch?v={}",
    "vimeo": "https://vimeo.com/{}",
    "dailymotion": "https://www.dailymotion.com/video/{}",
    "tweet": "https://twitter.com/i/status/{}",
    **dict.fromkeys(("embed", "instagram", "soundcloud", "spotify", "ted", "slideshare", "twitter", "facebook"), ""),
    **dict.fromkeys(("googlemaps", "googlevideo", "scribd"), ""),
}
_ADDRESS: Final = re.compile(r"(?:https?:)?//[^\s<>\"'\]]+")
_PAGE_NAME: Final = re.compile(r"=?[\"']?([\w-]{3,40})[\"']?")


@dataclass(frozen=True, slots=True)
class Shortcode:
    """A shortcode: `values` by name, `positional` values without name in order, and `inner`, the text up to its end tag, or "".

    Names are in lower case.
    """

    name: str
    values: Mapping[str, str]
    positional: tuple[str, ...]
    inner: str

    def first(self, *names: str) -> str:
        """Return the first value under these names (lower case) that is not empty, stripped; "" if there is none."""
        return next((value for name in names if (value := self.values.get(name, "").strip())), "")


# Function that returns the HTML of a shortcode; None if it must stay as it is.
_Handler = Callable[[Shortcode, PostMedia], str | None]


def replace_early_shortcodes(text: str, media: PostMedia) -> str:
    """Return the text of a classic post with the shortcodes replaced that come before paragraphs; others stay."""
    return _Replacer(_EARLY, media, keeps_unknown=True).replace(text)


def replace_shortcodes(text: str, media: PostMedia) -> str:
    """Return HTML with all shortcodes replaced; an unknown one, by its inner text, is reported.

    "[sic]" and the like are text: an unknown name counts as a shortcode only with a named value, an inner text, a slash at its
    end, or "_" or "-" in its name and no value without name; and not in code.
    """
    return _Replacer(_LATE, media, keeps_unknown=False).replace(text)


class _Replacer:
    """Replacer of shortcodes by the HTML of their handlers."""

    def __init__(self, handlers: Mapping[str, _Handler], media: PostMedia, *, keeps_unknown: bool) -> None:
        self._handlers, self._media, self._keeps_unknown = handlers, media, keeps_unknown

    def replace(self, text: str, depth: int = 0) -> str:
        """Return the text with shortcodes replaced, also those in others. `depth` is the number of shortcodes around the text.

        With a `depth` above 20, the text stays as it is.
        """
        if "[" not in text or depth > _MAX_DEPTH:
            return text
        code = [(element.start, element.end) for element in find_elements(text, "pre", "code")]
        closings = {match[1].lower(): match.start() for match in _CLOSING.finditer(text)}
        pieces, pos, search = [], 0, 0
        while tag := _TAG.search(text, search):
            start, end, replacement = tag.start(), tag.end(), None
            if tag[1] and tag[5]:  # [[name]]
                is_known = tag[3].lower() in self._handlers and not self._keeps_unknown
                replacement, search = tag[0][1:-1] if is_known else None, end
            else:
                start, search = start + len(tag[1]), end - len(tag[5])
                while code and code[0][1] <= start:
                    code.pop(0)
                if not tag[2]:
                    shortcode, end = _parse(text, tag, closings)
                    replacement = self._replacement(shortcode, tag, depth, is_code=bool(code) and code[0][0] <= start)
            if replacement is not None:
                pieces += [text[pos:start], replacement]
                pos = search = end
        return "".join((*pieces, text[pos:]))

    def _replacement(self, shortcode: Shortcode, tag: re.Match[str], depth: int, *, is_code: bool) -> str | None:
        if handler := self._handlers.get(shortcode.name):
            inner = shortcode.inner if shortcode.name in _VERBATIM else self.replace(shortcode.inner, depth + 1)
            return handler(replace(shortcode, inner=inner), self._media)
        if self._keeps_unknown or is_code or not _is_shortcode(shortcode, tag):
            return None
        self._media.report(f"shortcode [{shortcode.name}]", "a plug-in or theme made its content; text within it is kept")
        return self.replace(shortcode.inner, depth + 1)


def _parse(text: str, tag: re.Match[str], closings: Mapping[str, int]) -> tuple[Shortcode, int]:
    """Return the shortcode whose start tag is `tag`, and the index of its end in `text`.

    `closings` has, by name, the index at which the last end tag begins.
    """
    name, arguments = tag[3].lower(), tag[4]
    inner, end = "", tag.end() - len(tag[5])
    if closings.get(name, -1) >= end and not arguments.rstrip().endswith("/"):
        closing = re.compile(rf"\[/{re.escape(name)}\s*\]", re.IGNORECASE).search(text, end)
        if closing:
            inner, end = text[end : closing.start()], closing.end()
    values, positional = {}, []
    if '"' not in arguments:
        arguments = arguments.replace("&quot;", '"').replace("&#8221;", '"')
    for key, *found in _ATTRIBUTE.findall(arguments.strip().removesuffix("/")):
        if key:
            values[key.lower()] = "".join(found)
        else:
            positional.append("".join(found))
    return Shortcode(name, values, tuple(positional), inner), end


def _is_shortcode(shortcode: Shortcode, tag: re.Match[str]) -> bool:
    """Return True if an unknown name in brackets is a shortcode, not text."""
    has_form = bool(shortcode.values) or shortcode.inner != "" or tag[4].endswith("/")
    return has_form or (not shortcode.positional and bool(re.search(r"[_-]", shortcode.name)))


def _attachments(shortcode: Shortcode, media: PostMedia, kind: str) -> list[Attachment]:
    """Return the attachments that a shortcode lists; if it lists none, the media of one kind of the post, or of its `id`.

    `kind` is "image", "audio" or "video". If listed media are not in the export, or the post has none, one report is made.
    """
    numbers = [parse_number(text) for text in re.split(r"[\s,]+", shortcode.first("ids", "include")) if text]
    found = [attachment for number in numbers if (attachment := media.index.attachments.get(number))]
    if not numbers:
        excluded = {parse_number(text) for text in shortcode.first("exclude").split(",")}
        of_post = media.index.attachments_of(parse_number(shortcode.first("id")) or media.number)
        found = [one for one in of_post if one.medium.media_type.startswith(f"{kind}/") and one.number not in excluded]
        found = found[::-1] if shortcode.first("order").upper() == "DESC" else found
    if len(found) < max(len(numbers), 1):
        media.report(f"shortcode [{shortcode.name}]", NOT_EXPORTED)
    return found


def _gallery(shortcode: Shortcode, media: PostMedia) -> str:
    kind = "image" if shortcode.name == "gallery" else shortcode.first("type") or "audio"
    return gallery_html(_attachments(shortcode, media, kind))


def _player(shortcode: Shortcode, media: PostMedia) -> str:
    found = _ADDRESS.search(shortcode.inner)
    address = (
        shortcode.first(*_SOURCE_NAMES[shortcode.name]) or next(iter(shortcode.positional), "") or (found[0] if found else "")
    )
    if not address:
        return gallery_html(_attachments(Shortcode(shortcode.name, {}, (), ""), media, shortcode.name)[:1])
    player = player_html(shortcode.name, html.unescape(address), html.unescape(shortcode.first("poster")))
    return f"<figure>{player}</figure>"


def _page(shortcode: Shortcode, media: PostMedia) -> str:
    arguments = (*shortcode.values.values(), *shortcode.positional, shortcode.inner)
    found = next((found[0] for value in arguments if (found := _ADDRESS.search(value))), "")
    address, template = page_address(html.unescape(found).strip()), _PAGES[shortcode.name]
    if not address and template:
        named = shortcode.first("id", "video") or next(iter(shortcode.positional), "") or shortcode.inner.strip()
        name = _PAGE_NAME.fullmatch(named.strip())
        address = template.format(name[1]) if name else ""
    if not address:
        media.report(f"shortcode [{shortcode.name}]", "it names no address")
        return shortcode.inner
    return media.page_link(address, shortcode.first("title"))


def _caption(shortcode: Shortcode, _: PostMedia) -> str:
    return captioned_html(shortcode.inner, html.unescape(shortcode.first("caption")))


def _code(shortcode: Shortcode, _: PostMedia) -> str | None:
    code = html.escape(html.unescape(shortcode.inner.strip("\n")), quote=False)
    return f"<pre><code>{code}</code></pre>" if shortcode.inner else None


_EARLY: Final[Mapping[str, _Handler]] = {"embed": _page, "code": _code, "sourcecode": _code}
_LATE: Final[Mapping[str, _Handler]] = {
    **dict.fromkeys(("caption", "wp_caption"), _caption),
    **dict.fromkeys(("gallery", "playlist"), _gallery),
    **dict.fromkeys(_SOURCE_NAMES, _player),
    **dict.fromkeys(_PAGES, _page),
}
