"""The lead image and the enclosures of one article, in media/ or at another address."""

from __future__ import annotations

from feedsvc.content.media.files import PICTURES, sent_length
from feedsvc.content.reading.context import Desk, is_far
from feedsvc.content.schema.models import EnclosureKeys, ImageKeys
from feedsvc.content.yaml.positions import Location
from feedsvc.model import Enclosure, Image


def image(desk: Desk, given: ImageKeys) -> Image | None:
    facts = _far_image(desk, given) if is_far(given.src) else _near_image(desk, given.src)
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


def _near_image(desk: Desk, path: str) -> tuple[str, str, tuple[int, int]] | None:
    size = desk.tried(("image", "src"), lambda: desk.known.media.size(path))
    if size and desk.tried(("image", "src"), lambda: desk.sendable(path)) is None:
        return None
    return (desk.refer(path), desk.known.media.file(path).type, size) if size else None


def _far_image(desk: Desk, given: ImageKeys) -> tuple[str, str, tuple[int, int]] | None:
    url = desk.far(("image", "src"), given.src)
    missing = [name for name in ("type", "width", "height") if getattr(given, name) is None]
    if missing:
        desk.complain(("image",), f"a picture at another address needs {', '.join(missing)} too", at_key=True)
    if given.type and given.type not in PICTURES:
        desk.complain(
            ("image", "type"), f"'{given.type}' is no picture that readers show", f"one of {', '.join(sorted(PICTURES))}"
        )
    return (url, given.type or "", (given.width or 0, given.height or 0)) if url and not missing else None


def enclosure(desk: Desk, index: int, given: EnclosureKeys) -> Enclosure | None:
    at: Location = ("enclosures", index)
    if not is_far(given.src):
        file = desk.tried((*at, "src"), lambda: desk.sendable(given.src))
        keep = desk.known.site.keep_metadata
        length = desk.tried((*at, "src"), lambda: sent_length(file, keep_metadata=keep)) if file else None
        if file is None or length is None:
            return None
        return Enclosure(url=desk.refer(file.path), type=given.type or file.type, length=length, title=given.title)
    url = desk.far((*at, "src"), given.src)
    missing = [name for name in ("type", "length") if getattr(given, name) is None]
    if missing:
        desk.complain(at, f"a file at another address needs {' and '.join(missing)} too")
    if not url or given.type is None or given.length is None:
        return None
    return Enclosure(url=url, type=given.type, length=given.length, title=given.title)
