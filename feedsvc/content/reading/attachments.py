"""Attachments of one article: its lead image and enclosures, in media/ or at an https address, and the cards of links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feedsvc.content.media import IMAGE_TYPES, sent_length
from feedsvc.content.reading.context import ReadContext
from feedsvc.content.reading.settings_document import is_web_address
from feedsvc.content.schema.models import EmbedKeys, EnclosureKeys, ImageKeys
from feedsvc.content.yaml import KeyPath
from feedsvc.model import Embed, Enclosure, Image

_ENCLOSURE_HINT: Final = "for example type: audio/mpeg, length: 12345678"


def image(context: ReadContext, keys: ImageKeys) -> Image | None:
    """Return the lead image; None if it cannot be used. Problems, and its file if it is in media/, are added to `context`."""
    source = context.media_path(keys.src)
    file = _remote_image(context, keys) if is_web_address(source) else _local_image(context, source)
    if file is None:
        return None
    url, media_type, (width, height) = file
    return Image(
        url=url,
        type=media_type,
        width=width,
        height=height,
        alt=keys.alt,
        caption=keys.caption,
        credit=keys.credit,
        credit_url=keys.credit_url or "",
        disclaimer=keys.disclaimer,
    )


def _local_image(context: ReadContext, path: str) -> tuple[str, str, tuple[int, int]] | None:
    """Return URL, media type and (width, height) in pixels of an image in media/, and add its path to `context.media`.

    If it cannot be used, only add an error and return None.
    """
    size = context.attempt(("image", "src"), lambda: context.references.media.image_size(path))
    if size and context.attempt(("image", "src"), lambda: context.sendable_file(path)) is None:
        return None
    return (context.media_url(path), context.references.media.file(path).type, size) if size else None


def _remote_image(context: ReadContext, keys: ImageKeys) -> tuple[str, str, tuple[int, int]] | None:
    """Return URL, media type, and (width, height) in pixels of an image at another address, as the keys state them.

    If `type`, `width` or `height` is missing or the URL is no https address, add errors and return None. A type that readers do
    not show only adds an error.
    """
    url = context.https_url(("image", "src"), keys.src)
    missing = [name for name in ("type", "width", "height") if getattr(keys, name) is None]
    if missing:
        context.add_error(("image",), f"a picture at another address needs {', '.join(missing)} too", at_key=True)
    if keys.type and keys.type not in IMAGE_TYPES:
        context.add_error(
            ("image", "type"), f"'{keys.type}' is no picture that readers show", f"one of {', '.join(sorted(IMAGE_TYPES))}"
        )
    return (url, keys.type or "", (keys.width or 0, keys.height or 0)) if url and not missing else None


def enclosure(context: ReadContext, index: int, keys: EnclosureKeys) -> Enclosure | None:
    """Return the enclosure at an index of `enclosures:`; None if it cannot be used.

    Problems, and its file if it is in media/, are added to `context`.
    """
    at: KeyPath = ("enclosures", index)
    source = context.media_path(keys.src)
    if not is_web_address(source):
        file = context.attempt((*at, "src"), lambda: context.sendable_file(source))
        keep_metadata = context.references.site.keep_metadata
        length = context.attempt((*at, "src"), lambda: sent_length(file, keep_metadata=keep_metadata)) if file else None
        if file is None or length is None:
            return None
        return Enclosure(url=context.media_url(file.path), type=keys.type or file.type, length=length, title=keys.title)
    url = context.https_url((*at, "src"), keys.src)
    missing = [name for name in ("type", "length") if getattr(keys, name) is None]
    if missing:
        context.add_error(at, f"a file at another address needs {' and '.join(missing)} too", _ENCLOSURE_HINT)
    if not url or keys.type is None or keys.length is None:
        return None
    return Enclosure(url=url, type=keys.type, length=keys.length, title=keys.title)


def embeds(context: ReadContext, entries: Sequence[EmbedKeys]) -> tuple[Embed, ...]:
    """Return the cards of `embeds:`, one for each URL. Problems and image files are added to `context`.

    An image that cannot be used adds an error, and its card has the image "". A second entry for a URL adds an error and
    replaces the first.
    """
    cards: dict[str, Embed] = {}
    for index, entry in enumerate(entries):
        if entry.url in cards:
            context.add_error(("embeds", index, "url"), f"a second entry for {entry.url}", "keep one of the two")
        image = _embed_image(context, index, entry.image) if entry.image else ""
        cards[entry.url] = Embed(url=entry.url, title=entry.title, description=entry.description, image=image)
    return tuple(cards.values())


def _embed_image(context: ReadContext, index: int, path: str) -> str:
    """Return the URL of an image in media/. If it cannot be used, or is on another site, add an error and return ""."""
    at: KeyPath = ("embeds", index, "image")
    path = context.media_path(path)
    if is_web_address(path):
        context.add_error(at, "is at another address, whose owner would see who reads the page", "save the picture in media/")
        return ""
    size = context.attempt(at, lambda: context.references.media.image_size(path))
    if size is None or context.attempt(at, lambda: context.sendable_file(path)) is None:
        return ""
    return context.media_url(path)
