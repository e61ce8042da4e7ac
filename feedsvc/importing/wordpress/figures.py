"""Media of posts as HTML: figures of pictures, sounds and films, and links in place of embedded pages."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qs

from feedsvc.importing.addresses import host_of, split_address
from feedsvc.importing.markup import attributes_of, link_html, page_address, to_plain_text
from feedsvc.importing.wordpress.export_index import Attachment, ExportIndex
from feedsvc.importing.wordpress.items import ItemFields

# Reason of an omission: an export of all content has it, unless it was deleted in WordPress.
NOT_EXPORTED: Final = "it is not in the export, at least in part; export all content"
_CAPTION_MEDIUM: Final = re.compile(r"\s*((?:<a\b[^<>]*+>\s*)?<img\b[^<>]*+>(?:\s*</a>)?)(.*)\Z", re.DOTALL | re.IGNORECASE)
# Hosts whose pages WordPress embeds (oEmbed providers), without "www.", "m." and the like. Subdomains belong to them, too.
_HOSTS: Final = frozenset(
    {
        *("youtube.com", "youtu.be", "vimeo.com", "dailymotion.com", "dai.ly", "flickr.com", "flic.kr", "smugmug.com"),
        *("scribd.com", "wordpress.tv", "crowdsignal.net", "polldaddy.com", "poll.fm", "twitter.com", "x.com", "soundcloud.com"),
        *("spotify.com", "imgur.com", "issuu.com", "mixcloud.com", "ted.com", "animoto.com", "video214.com", "tumblr.com"),
        *("kickstarter.com", "kck.st", "cloudup.com", "reverbnation.com", "videopress.com", "reddit.com", "speakerdeck.com"),
        *("screencast.com", "amazon.com", "amazon.de", "amazon.co.uk", "a.co", "amzn.to", "tiktok.com", "pinterest.com"),
        *("wolframcloud.com", "pca.st", "bsky.app", "canva.com", "slideshare.net", "hulu.com", "instagram.com", "instagr.am"),
        *("facebook.com", "fb.watch", "meetup.com", "meetu.ps", "collegehumor.com", "funnyordie.com", "vine.co", "rdio.com"),
        *("photobucket.com", "blip.tv", "viddler.com", "revision3.com", "qik.com", "someecards.com", "chirb.it", "anghami.com"),
    }
)
_LONE_ADDRESS: Final = re.compile(
    r"^(?P<before>[ \t]*)(?P<line>https?://[^\s<>\"]++)(?P<after>[ \t]*\r?)$|<p>\s*+(?P<paragraph>https?://[^\s<>\"]++)\s*+</p>",
    re.MULTILINE | re.IGNORECASE,
)
_CACHED_FRAME: Final = re.compile(r"<iframe\b[^<>]*+>", re.IGNORECASE)
_CACHED_LINK: Final = re.compile(r"<a\b[^<>]*?href=[\"']([^\"']*)[\"'][^<>]*+>([^<]++)</a>", re.IGNORECASE)
_MIN_TOKEN: Final = 5  # characters of a name of a video or a message


class PostMedia:
    """Media of one post: the index of the export, and titles of the pages that its body embeds.

    `omissions` maps each part of the body that is left out to the reason, in order. The titles are those in the oEmbed answers
    that WordPress stored in the post's meta.
    """

    def __init__(self, item: ItemFields, index: ExportIndex) -> None:
        self.index, self.number, self.footnotes = index, item.number("wp:post_id"), item.meta_value("footnotes")
        self.omissions: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        for key, value in item.meta:
            if key.startswith("_oembed_") and not key.startswith("_oembed_time_"):
                self._add_titles(value)

    def report(self, what: str, reason: str) -> None:
        """Note a part that is left out; the first reason counts."""
        self.omissions.setdefault(what, reason)

    def _add_titles(self, markup: str) -> None:
        for frame in _CACHED_FRAME.finditer(markup):
            attributes = attributes_of(frame[0])
            if title := attributes.get("title", "").strip():
                self._titles.setdefault(_token(page_address(attributes.get("src", ""))), title)
        text = to_plain_text(markup)
        for link in _CACHED_LINK.finditer(markup):
            # A message in a blockquote ends with a link to itself, whose text is a date.
            title = text if "<blockquote" in markup else to_plain_text(link[2])
            self._titles.setdefault(_token(html.unescape(link[1])), title)

    def title_of(self, address: str) -> str:
        """Return the title of a page, "" if it is unknown. Other addresses of the same video have its title, too."""
        token = _token(address)
        return self._titles.get(token, "") if len(token) >= _MIN_TOKEN else ""

    def page_link(self, address: str, title: str = "") -> str:
        """Return a link to an embedded page; its text is `title`, else the known title, else the address."""
        return link_html(address, title or self.title_of(address))

    def link_lone_addresses(self, text: str) -> str:
        """Return text or HTML with links for addresses of embeddable pages that are alone on a line or in a `p`."""

        def link(match: re.Match[str]) -> str:
            address = html.unescape(match["line"] or match["paragraph"])
            if not is_embeddable(address):
                return match[0]
            markup = self.page_link(address)
            return f"<p>{markup}</p>" if match["paragraph"] else f"{match['before']}{markup}{match['after']}"

        return _LONE_ADDRESS.sub(link, text)


def _token(address: str) -> str:
    """Return the part of an address that names a video or message: the parameter `v`, else the last segment of the path."""
    parts = split_address(address)
    try:
        video = parse_qs(parts.query).get("v", [""])[0]
    except ValueError:  # too many parameters
        video = ""
    return video or parts.path.rstrip("/").rpartition("/")[2]


def is_embeddable(address: str) -> bool:
    """Return whether WordPress embeds pages of the host of an address, such as YouTube's; subdomains count, too."""
    labels = host_of(address).split(".")
    return any(".".join(labels[index:]) in _HOSTS for index in range(len(labels)))


def _figure(medium: str, caption: str) -> str:
    caption_markup = f"<figcaption>{caption.strip()}</figcaption>" if caption.strip() else ""
    return f"<figure>{medium}{caption_markup}</figure>"


def _attachment_figure(attachment: Attachment) -> str:
    """Return the figure of a picture, sound or film with its caption; a sound or film without one has its title as caption.

    Any other file is taken for a picture.
    """
    medium = attachment.medium
    kind = medium.media_type.partition("/")[0]
    if kind in ("audio", "video"):
        return _figure(player_html(kind, medium.address), medium.caption or html.escape(attachment.title, quote=False))
    return _figure(f'<img src="{html.escape(medium.address)}" alt="{html.escape(medium.alt)}">', medium.caption)


def player_html(kind: str, address: str, poster: str = "") -> str:
    """Return an `audio` or `video` element; `kind` is its name. The addresses are not escaped yet; `poster` is "" for none."""
    poster_attribute = f' poster="{html.escape(poster)}"' if poster else ""
    return f'<{kind} src="{html.escape(address)}" controls{poster_attribute}></{kind}>'


def gallery_html(attachments: Iterable[Attachment]) -> str:
    """Return a figure for each attachment, one a line."""
    return "\n".join(map(_attachment_figure, attachments))


def captioned_html(inner: str, caption: str) -> str:
    """Return the figure of the shortcode `caption`. `inner` is its inner HTML, `caption` its attribute of that name, or "".

    If `inner` begins with a picture, what follows is the caption if the attribute is "", else it is left out. If `inner` does
    not begin with a picture, all of it is the medium of the figure.
    """
    match = _CAPTION_MEDIUM.match(inner)
    return _figure(match[1], caption or match[2]) if match else _figure(inner.strip(), caption)
