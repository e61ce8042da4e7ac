"""References of posts: links, pictures and other files in their bodies, and what they lead to in the newsroom."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from feedsvc.importing.addresses import absolute, host_of
from feedsvc.importing.markup import MarkupElement, attributes_of, find_elements, replace_elements, to_plain_text
from feedsvc.importing.source import Omission, SourceMedium, SourcePost
from feedsvc.importing.writer.article_files import normalize_body
from feedsvc.uris import split_at_query

# An attribute as browsers read it (HTML section 13.2.5.33): after a quoted value, the next one needs no white space.
_NAME: Final = r"[^\s/>=<]++"
_VALUE: Final = r"\s*+=\s*+(?:\"{}[^\"]*+)\"|'{}[^']*+)'|{}[^\s\"'<>][^\s<>]*+))"
_ELEMENT: Final = re.compile(
    rf"<(img|source|video|audio|a)(?=[\s/>])((?:[\s/]++|{_NAME}(?:{_VALUE.format('(?:', '(?:', '(?:')})?+)*+)>", re.IGNORECASE
)
# The last branch takes white space without an attribute, of which each character would else begin a search to its end.
_ATTRIBUTE: Final = re.compile(
    rf"(?P<space>[\s/]*+)(?P<name>{_NAME})(?:{_VALUE.format('(?P<double>', '(?P<single>', '(?P<bare>')})?+|[\s/]++",
    re.IGNORECASE,
)
_ADDRESSES: Final = frozenset({"src", "href", "poster"})
_COPIES: Final = frozenset({"srcset", "sizes"})
_POSTER: Final = re.compile(r"\sposter\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'<>]++)", re.IGNORECASE)
_WEB_ADDRESS: Final = re.compile(r"https?://", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LINKED_MEDIA: Final = frozenset(
    f".{suffix}"
    for suffix in (
        *("jpg", "jpeg", "png", "gif", "webp", "avif", "svg"),
        *("mp3", "m4a", "ogg", "oga", "opus", "wav", "flac", "aac", "mp4", "m4v", "mov", "webm", "ogv"),
        *("pdf", "epub", "docx", "xlsx", "csv", "zip", "txt", "vtt"),
    )
)


class BodyReference(NamedTuple):
    """Reference in a body: an absolute address, and whether it is a link (`href`), not a file that the page shows."""

    address: str
    is_link: bool


def references_in(body: str, page: str) -> Iterator[BodyReference]:
    """Yield the references to http and https addresses in a body; relative ones are resolved against the address `page`.

    They are `href`, `src` and `poster` of `a`, `img`, `source`, `video` and `audio`, except fragments (#a).
    """
    for element in _ELEMENT.finditer(body):
        for attribute in _ATTRIBUTE.finditer(element[2]):
            name = (attribute["name"] or "").lower()
            if name in _ADDRESSES and (address := _absolute(_value(attribute), page)):
                yield BodyReference(address, is_link=name == "href")


def replace_references(body: str, page: str, replace: Callable[[BodyReference], str]) -> str:
    """Return a body in which the result of `replace`, not escaped yet, replaces each address that `references_in` yields.

    `srcset` and `sizes` of pictures are left out: they name copies at the source, and pages get copies of their own.
    """

    def change_attribute(attribute: re.Match[str]) -> str:
        name = (attribute["name"] or "").lower()
        if name in _COPIES:
            return ""
        address = _absolute(_value(attribute), page) if name in _ADDRESSES else ""
        if not address:
            return attribute[0]
        new = replace(BodyReference(address, is_link=name == "href"))
        return f'{attribute["space"] or " "}{name}="{html.escape(new)}"'

    def change_element(element: re.Match[str]) -> str:
        return f"<{element[1]}{_ATTRIBUTE.sub(change_attribute, element[2])}>"

    return _ELEMENT.sub(change_element, body) if "<" in body else body


def remove_missing_files(body: str, page: str, is_missing: Callable[[BodyReference], bool]) -> str:
    """Return a body with its `alt` in place of each picture, sound and film whose file is missing, and the text of such links.

    A film is not replaced only because its `poster` is missing: it loses the poster.
    """

    def is_lost(address: str, *, is_link: bool = False) -> bool:
        absolute_address = _absolute(address.strip(), page)
        return bool(absolute_address) and is_missing(BodyReference(absolute_address, is_link=is_link))

    def replace_medium(element: MarkupElement) -> str:
        own = attributes_of(element.tag)
        tags = [found[0] for found in _ELEMENT.finditer(element.inner) if found[1].lower() == "source"]
        if any(is_lost(source.get("src", "")) for source in (own, *map(attributes_of, tags))):
            return html.escape(own.get("alt", ""), quote=False)
        markup = body[element.start : element.end]
        return _POSTER.sub("", markup, count=1) if is_lost(own.get("poster", "")) else markup

    body = replace_elements(body, replace_medium, "img", "video", "audio")

    def replace_link(element: MarkupElement) -> str:
        is_removed = is_lost(attributes_of(element.tag).get("href", ""), is_link=True)
        return element.inner if is_removed else body[element.start : element.end]

    return replace_elements(body, replace_link, "a")


def _value(attribute: re.Match[str]) -> str:
    return html.unescape(attribute["double"] or attribute["single"] or attribute["bare"] or "").strip()


def _absolute(reference: str, page: str) -> str:
    """Return a reference as an absolute http or https address, "" if it is none, such as a fragment or a mailto: address."""
    if _WEB_ADDRESS.match(reference):
        return reference
    if not reference or reference.startswith("#") or (_SCHEME.match(reference)):
        return ""
    address = absolute(page, reference)
    return address if _WEB_ADDRESS.match(address) else ""


def media_of(post: SourcePost, hosts: frozenset[str], page: str) -> Iterator[tuple[str, str]]:
    """Yield the address, without fragment, and the media type of each file that the post at `page` shows or links to.

    The type is "" if it is unknown. The post's media come first, then those of its body. Links count only if they lead to files
    at `hosts`. An address may be yielded several times.
    """
    media: tuple[SourceMedium, ...] = (*([post.lead_image] if post.lead_image else []), *post.enclosures)
    yield from ((medium.address.partition("#")[0], medium.media_type) for medium in media if medium.address)
    for reference in references_in(post.body, page):
        if not reference.is_link or is_media_link(reference.address, hosts):
            yield reference.address.partition("#")[0], ""


def is_media_link(address: str, hosts: frozenset[str]) -> bool:
    """Return whether a link leads to a file at one of `hosts`, such as a picture in full size or a PDF, by its suffix."""
    path, _ = split_at_query(address)
    return PurePosixPath(path).suffix.lower() in _LINKED_MEDIA and host_of(address) in hosts


class ConvertedBody(NamedTuple):
    """Body in HTML, the paths of the articles and pages here that its links lead to, its pictures, and what it lost.

    `pictures` counts the pictures, sounds and films in the body, and the lead image; `kept_pictures` those whose file is here.
    """

    html: str
    links: tuple[str, ...]
    pictures: int
    kept_pictures: int
    omissions: tuple[Omission, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceTargets:
    """Targets in the newsroom for absolute addresses of the source.

    `site_path_of` returns the root-relative path at the new site for the address of a post or page, `media_path` the path
    "media/..." for that of a file; both return "" if there is none. `has_medium` returns whether the file of an address is here:
    not one that is still to be fetched, in a dry run. `is_missing` returns whether an address is below media/ of the new site,
    which has no such file.
    """

    site_path_of: Callable[[str], str]
    media_path: Callable[[str], str]
    has_medium: Callable[[str], bool]
    is_missing: Callable[[str], bool]


def convert_body(post: SourcePost, page: str, targets: ReferenceTargets) -> ConvertedBody:
    """Return the body of a post whose relative references are relative to the address `page`."""
    links, pictures, kept_pictures = list[str](), 0, 0
    omissions = dict[str, Omission]()

    def is_missing(reference: BodyReference) -> bool:
        nonlocal pictures
        address = reference.address
        if targets.media_path(address) or not targets.is_missing(address):
            return False
        pictures += not reference.is_link
        reason = "the new site has files of its own below /media/, and not this one; put it there, and import again"
        what = f"{'link to' if reference.is_link else 'picture'} {address}"
        omissions[what] = Omission(post.place, what, reason)
        return True

    def replace(reference: BodyReference) -> str:
        nonlocal pictures, kept_pictures
        path = targets.media_path(reference.address)
        if not reference.is_link:
            pictures, kept_pictures = pictures + 1, kept_pictures + targets.has_medium(reference.address)
            return path or reference.address
        address, hash_mark, fragment = reference.address.partition("#")
        site_path = targets.site_path_of(address)
        links.extend([site_path] if site_path else [])
        return f"{site_path}{hash_mark}{fragment}" if site_path else path or reference.address

    body = replace_references(remove_missing_files(post.body, page, is_missing), page, replace)
    if post.lead_image:
        pictures, kept_pictures = pictures + 1, kept_pictures + targets.has_medium(post.lead_image.address)
    return ConvertedBody(normalize_body(body), tuple(links), pictures, kept_pictures, tuple(omissions.values()))


class LeadFigure(NamedTuple):
    """Body without the figure of the lead image, and the image with what the figure says of it."""

    body: str
    image: SourceMedium


def split_lead_figure(body: str, image: SourceMedium) -> LeadFigure | None:
    """Return the parts of a body that begins with a figure, or a paragraph, of `image` alone; None for any other body.

    Pages show the lead image above the text, and feeds before it, so that readers would see it twice. The caption and the
    credit (`small`) of a figure replace those of `image`; its `alt` is used if `image` has none.
    """
    first = next(find_elements(body, "figure", "p", "img"), None)
    if first is None or body[: first.start].strip():
        return None
    pictures = [first] if first.name == "img" else [*find_elements(first.inner, "img")]
    attributes = [attributes_of(picture.tag) for picture in pictures]
    if [picture.get("src", "").strip() for picture in attributes] != [image.address]:
        return None
    if first.name == "p" and to_plain_text(first.inner):
        return None
    caption, credit = _caption_of(first)
    return LeadFigure(
        body[first.end :].lstrip(),
        replace(
            image,
            alt=image.alt or attributes[0].get("alt", ""),
            caption=caption or image.caption,
            credit=credit or image.credit,
        ),
    )


def _caption_of(figure: MarkupElement) -> tuple[str, str]:
    """Return the plain text of a figure's caption, without its `small`, and that of its `small`; "" for a missing one."""
    caption = next((found.inner for found in find_elements(figure.inner, "figcaption")), "")
    credit = next((found.inner for found in find_elements(caption, "small")), "")
    return to_plain_text(replace_elements(caption, lambda _: "", "small")), to_plain_text(credit)
