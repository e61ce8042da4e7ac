"""HTML of the shortcodes of WordPress and Jetpack."""

from __future__ import annotations

import html
import re
from typing import Final

from feedsvc.importing.markup import link_html, page_address
from feedsvc.importing.wordpress.block_html import Report
from feedsvc.importing.wordpress.embeds import EmbedTitles
from feedsvc.importing.wordpress.export_index import Attachment, ExportIndex
from feedsvc.importing.wordpress.figures import NOT_EXPORTED, captioned_html, gallery_html, player_html
from feedsvc.importing.wordpress.items import parse_number
from feedsvc.importing.wordpress.shortcodes import Shortcode, ShortcodeHandler

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
    "instagram": "",
    "soundcloud": "",
    "spotify": "",
    "ted": "",
    "slideshare": "",
    "twitter": "",
    "facebook": "",
    "googlemaps": "",
    "googlevideo": "",
    "scribd": "",
}
_ADDRESS: Final = re.compile(r"(?:https?:)?//[^\s<>\"'\]]+")
_PAGE_NAME: Final = re.compile(r"=?[\"']?([\w-]{3,40})[\"']?")


class ShortcodeHtml:
    """HTML of the known shortcodes of one post. `report` is called for media that the export lacks, and pages without address.

    `early` has the shortcodes that are replaced before paragraphs are added, `late` those after that; `embed` is in both.
    """

    early: dict[str, ShortcodeHandler]
    late: dict[str, ShortcodeHandler]

    def __init__(self, index: ExportIndex, post_number: int, titles: EmbedTitles, report: Report) -> None:
        self._index, self._post_number, self._titles, self._report = index, post_number, titles, report
        self.early = {"embed": self._page, "code": _code, "sourcecode": _code}
        self.late = {
            "caption": _caption,
            "wp_caption": _caption,
            "gallery": self._gallery,
            "playlist": self._playlist,
            "audio": self._player,
            "video": self._player,
            "embed": self._page,
            **dict.fromkeys(_PAGES, self._page),
        }

    def _gallery(self, shortcode: Shortcode) -> str:
        return gallery_html(self._attachments(shortcode, "image"))

    def _playlist(self, shortcode: Shortcode) -> str:
        return gallery_html(self._attachments(shortcode, shortcode.first("type") or "audio"))

    def _attachments(self, shortcode: Shortcode, kind: str) -> list[Attachment]:
        """Return the attachments that a shortcode lists; if it lists none, the media of one kind of the post, or of its `id`.

        `kind` is "image", "audio" or "video". If listed media are not in the export, or the post has none, one report is made.
        """
        listed = shortcode.first("ids", "include")
        numbers = [parse_number(text) for text in re.split(r"[\s,]+", listed) if text]
        if numbers:
            found = [attachment for number in numbers if (attachment := self._index.attachments.get(number))]
            missing = len(numbers) - len(found)
        else:
            post_number = parse_number(shortcode.first("id")) or self._post_number
            excluded = {parse_number(text) for text in shortcode.first("exclude").split(",")}
            found = [
                attachment
                for attachment in self._index.attachments_of(post_number)
                if attachment.media_type.startswith(f"{kind}/") and attachment.number not in excluded
            ]
            missing = 0 if found else 1
        if missing:
            self._report(f"shortcode [{shortcode.name}]", NOT_EXPORTED)
        is_reversed = not listed and shortcode.first("order").upper() == "DESC"
        return found[::-1] if is_reversed else found

    def _player(self, shortcode: Shortcode) -> str:
        names = _SOURCE_NAMES[shortcode.name]
        found = _ADDRESS.search(shortcode.inner)
        address = shortcode.first(*names) or next(iter(shortcode.positional), "") or (html.unescape(found[0]) if found else "")
        if not address:
            attachments = self._attachments(Shortcode(shortcode.name, {}, (), ""), shortcode.name)
            return gallery_html(attachments[:1])
        player = player_html(shortcode.name, html.unescape(address), html.unescape(shortcode.first("poster")))
        return f"<figure>{player}</figure>"

    def _page(self, shortcode: Shortcode) -> str | None:
        arguments = (*shortcode.values.values(), *shortcode.positional, shortcode.inner)
        address = next((found[0] for value in arguments if (found := _ADDRESS.search(value))), "")
        address = page_address(html.unescape(address).strip())
        template = _PAGES.get(shortcode.name, "")
        if not address and template:
            named = shortcode.first("id", "video") or next(iter(shortcode.positional), "") or shortcode.inner.strip()
            name = _PAGE_NAME.fullmatch(named.strip())
            address = template.format(name[1]) if name else ""
        if not address:
            self._report(f"shortcode [{shortcode.name}]", "it names no address")
            return shortcode.inner
        return link_html(address, shortcode.first("title") or self._titles.title_of(address))


def _caption(shortcode: Shortcode) -> str:
    return captioned_html(shortcode.inner, html.unescape(shortcode.first("caption")) if shortcode.first("caption") else "")


def _code(shortcode: Shortcode) -> str | None:
    if not shortcode.inner:
        return None
    return f"<pre><code>{html.escape(html.unescape(shortcode.inner.strip(chr(10))), quote=False)}</code></pre>"
