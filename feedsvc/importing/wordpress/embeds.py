"""Embedded pages as links: oEmbed addresses on their own lines, with the titles that WordPress stored."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qs

from feedsvc.importing.addresses import host_of, split_address
from feedsvc.importing.markup import attributes_of, link_html, page_address, to_plain_text

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
_LONE_ADDRESS: Final = re.compile(r"^([ \t]*)(https?://[^\s<>\"]++)([ \t]*)\r?$", re.MULTILINE | re.IGNORECASE)
_ADDRESS_PARAGRAPH: Final = re.compile(r"<p>\s*+(https?://[^\s<>\"]++)\s*+</p>", re.IGNORECASE)
_CACHED_FRAME: Final = re.compile(r"<iframe\b[^<>]*+>", re.IGNORECASE)
_CACHED_LINK: Final = re.compile(r"<a\b[^<>]*?href=[\"']([^\"']*)[\"'][^<>]*+>([^<]++)</a>", re.IGNORECASE)
_MIN_TOKEN: Final = 5  # characters of a name of a video or a message


class EmbedTitles:
    """Titles of the pages that a post embeds, from the oEmbed answers that WordPress stored in the post's meta."""

    def __init__(self, meta: Iterable[tuple[str, str]]) -> None:
        self._titles: dict[str, str] = {}
        for key, value in meta:
            if key.startswith("_oembed_") and not key.startswith("_oembed_time_"):
                self._add(value)

    def _add(self, markup: str) -> None:
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


def link_lone_addresses(text: str, titles: EmbedTitles) -> str:
    """Return the text or HTML of a post with links for addresses of embeddable pages that are alone on a line or in a `p`."""

    def link(match: re.Match[str]) -> str:
        address = html.unescape(match[2])
        return f"{match[1]}{link_html(address, titles.title_of(address))}{match[3]}" if is_embeddable(address) else match[0]

    def link_paragraph(match: re.Match[str]) -> str:
        address = html.unescape(match[1])
        return f"<p>{link_html(address, titles.title_of(address))}</p>" if is_embeddable(address) else match[0]

    return _ADDRESS_PARAGRAPH.sub(link_paragraph, _LONE_ADDRESS.sub(link, text))
