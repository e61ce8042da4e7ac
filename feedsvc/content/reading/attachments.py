"""Attachments of one article: its lead image and its enclosures, in media/ or at an https address."""

from __future__ import annotations

from feedsvc.content.media import IMAGE_TYPES, sent_length
from feedsvc.content.reading.context import ReadContext, is_web_address
from feedsvc.content.schema import EnclosureKeys, ImageKeys
from feedsvc.content.yaml import KeyPath
from feedsvc.model import Enclosure, Image


def image(desk: ReadContext, given: ImageKeys) -> Image | None:
    """Return the lead image; None if it cannot be used. Problems are added to `desk`."""
    facts = _remote_image(desk, given) if is_web_address(given.src) else _local_image(desk, given.src)
    if facts is None:
        return None
    url, media_type, (width, height) = facts
    return Image(
        url=url,
        type=media_type,
        width=width,
        height=height,
        alt=given.alt,
        caption=given.caption,
        credit=given.credit,
        credit_url=given.credit_url or "",
        disclaimer=given.disclaimer,
    )


def _local_image(desk: ReadContext, path: str) -> tuple[str, str, tuple[int, int]] | None:
    size = desk.attempt(("image", "src"), lambda: desk.references.media.image_size(path))
    if size and desk.attempt(("image", "src"), lambda: desk.sendable_file(path)) is None:
        return None
    return (desk.media_url(path), desk.references.media.file(path).type, size) if size else None


def _remote_image(desk: ReadContext, given: ImageKeys) -> tuple[str, str, tuple[int, int]] | None:
    url = desk.https_url(("image", "src"), given.src)
    missing = [name for name in ("type", "width", "height") if getattr(given, name) is None]
    if missing:
        desk.add_error(("image",), f"a picture at another address needs {', '.join(missing)} too", at_key=True)
    if given.type and given.type not in IMAGE_TYPES:
        desk.add_error(
            ("image", "type"), f"'{given.type}' is no picture that readers show", f"one of {', '.join(sorted(IMAGE_TYPES))}"
        )
    return (url, given.type or "", (given.width or 0, given.height or 0)) if url and not missing else None


def enclosure(desk: ReadContext, index: int, given: EnclosureKeys) -> Enclosure | None:
    """Return the enclosure at an index of `enclosures:`; None if it cannot be used. Problems are added to `desk`."""
    at: KeyPath = ("enclosures", index)
    if not is_web_address(given.src):
        file = desk.attempt((*at, "src"), lambda: desk.sendable_file(given.src))
        keep = desk.references.site.keep_metadata
        length = desk.attempt((*at, "src"), lambda: sent_length(file, keep_metadata=keep)) if file else None
        if file is None or length is None:
            return None
        return Enclosure(url=desk.media_url(file.path), type=given.type or file.type, length=length, title=given.title)
    url = desk.https_url((*at, "src"), given.src)
    missing = [name for name in ("type", "length") if getattr(given, name) is None]
    if missing:
        desk.add_error(at, f"a file at another address needs {' and '.join(missing)} too")
    if not url or given.type is None or given.length is None:
        return None
    return Enclosure(url=url, type=given.type, length=given.length, title=given.title)
