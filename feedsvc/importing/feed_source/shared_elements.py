"""Elements that RSS and Atom items share: dates, people, pictures and attachments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import unescape
from typing import Final

from lxml import etree

from feedsvc.importing.addresses import absolute
from feedsvc.importing.feed_source.dates import has_zone, parse_date
from feedsvc.importing.feed_source.elements import child, child_text, children, name_of, text
from feedsvc.importing.feed_source.markup import plain_text
from feedsvc.importing.source import SourceAuthor, SourceMedium

_MAX_FAULT_TEXT: Final = 60  # characters of a quoted value
_EMAIL: Final = r"[^\s()<>,;@]+@[^\s()<>,;@]+"
_PERSON_FORMS: Final = (
    re.compile(rf"\A(?P<email>{_EMAIL})\s*\((?P<name>[^()]*)\)\Z"),  # RSS 2.0: lawyer@boyer.net (Lawyer Boyer)
    re.compile(rf"\A(?P<name>[^<>()]*)[<(]\s*(?:mailto:)?(?P<email>{_EMAIL})\s*[>)]\Z"),
    re.compile(rf"\A(?P<email>{_EMAIL})(?P<name>)\Z"),
)
_IMAGE_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg")


def date_faults(texts: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each date, once, that cannot be read or has no known zone; nothing for ""."""
    for value in dict.fromkeys(filter(None, texts)):
        shown = value[:_MAX_FAULT_TEXT]
        if parse_date(value) is None:
            yield f"the date '{shown}' cannot be read"
        elif not has_zone(value):
            yield f"the date '{shown}' names no known time zone; it is read as UTC"


def parse_person(value: str) -> SourceAuthor | None:
    """Return the person that a text of RSS names, with the e-mail address if it has one; None for a text without either.

    Without a name, it is the part of the address before "@". The key is the name.
    """
    written = " ".join(unescape(value).split())
    for form in _PERSON_FORMS:
        if match := form.match(written):
            name = match["name"].strip(" ,\"'") or match["email"].partition("@")[0]
            return SourceAuthor(name, name, email=match["email"])
    name = plain_text(value)
    return SourceAuthor(name, name) if name else None


def unique_authors(authors: Iterable[SourceAuthor | None]) -> tuple[SourceAuthor, ...]:
    """Return the authors without None, each key once: the first, with e-mail, URL and bio of later ones where it lacks them."""
    unique: dict[str, SourceAuthor] = {}
    for author in authors:
        if author is not None:
            known = unique.setdefault(author.key, author)
            unique[author.key] = replace(
                known, email=known.email or author.email, url=known.url or author.url, bio=known.bio or author.bio
            )
    return tuple(unique.values())


def unique_media(media: Iterable[SourceMedium]) -> tuple[SourceMedium, ...]:
    """Return the media in order; of those with one address, the first."""
    found: dict[str, SourceMedium] = {}
    for medium in media:
        found.setdefault(medium.address, medium)
    return tuple(found.values())


def integer(value: str | None) -> int:
    """Return a number of bytes, such as 1,024; 0 for None, a text with a sign or other characters, and 16 or more digits."""
    value = (value or "").strip().replace(",", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else 0  # noqa: PLR2004


def media_of(item: etree._Element, base: str) -> tuple[SourceMedium | None, tuple[SourceMedium, ...]]:
    """Return the lead image of an item, None if it has none, and its other media: media:content elements that are no images.

    The lead image is the first image in media:content, else media:thumbnail, else itunes:image. Other images are left out.
    """
    contents = list(_media_contents(item))
    images = [_medium(found, base) for found in contents if _is_image(found)]
    thumbnails = [_medium(found, base) for found in _thumbnails(item)]
    cover = child(item, "itunes:image")
    covers = [_medium(cover, base)] if cover is not None else []
    lead = next((medium for medium in (*images, *thumbnails, *covers) if medium), None)
    others = tuple(medium for found in contents if not _is_image(found) and (medium := _medium(found, base)))
    return lead, others


def _media_contents(item: etree._Element) -> Iterator[etree._Element]:
    """Yield the media:content elements of an item, and one of each media:group in it: its default, else its first."""
    yield from children(item, "media:content")
    for group in children(item, "media:group"):
        versions = list(children(group, "media:content"))
        default = [version for version in versions if version.get("isDefault") == "true"]
        yield from (default or versions)[:1]


def _thumbnails(item: etree._Element) -> Iterator[etree._Element]:
    yield from children(item, "media:thumbnail")
    for parent in children(item, "media:group", "media:content"):
        yield from children(parent, "media:thumbnail")


def _is_image(content: etree._Element) -> bool:
    medium, media_type = content.get("medium", "").lower(), content.get("type", "").lower()
    if medium or media_type:
        return medium == "image" or media_type.startswith("image/")
    return content.get("url", "").partition("?")[0].lower().endswith(_IMAGE_SUFFIXES)


def _medium(element: etree._Element, base: str) -> SourceMedium | None:
    """Return the medium of a media:content, media:thumbnail or itunes:image with its texts, None without an address."""
    address = absolute(base, element.get("url") or element.get("href") or "")
    if not address:
        return None
    group = element.getparent()
    sources = [element, *([group] if group is not None and name_of(group) == "media:group" else [])]

    def first(*names: str) -> str:
        return next((plain_text(value) for source in sources if (value := child_text(source, *names))), "")

    credited = [credit for source in sources for credit in children(source, "media:credit")]
    return SourceMedium(
        address,
        alt=first("media:text", "media:title") if _is_image(element) else "",
        caption=first("media:description", "media:title"),
        credit=", ".join(dict.fromkeys(filter(None, map(text, credited)))),
        media_type=element.get("type", "").strip().lower(),
        length=integer(element.get("fileSize")),
    )
