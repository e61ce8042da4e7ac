"""Figures of media: pictures with caption, galleries, sounds and films."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final

from feedsvc.importing.markup import to_plain_text
from feedsvc.importing.source import SourceMedium
from feedsvc.importing.wordpress.export_index import Attachment

# Reason of an omission: an export of all content has it, unless it was deleted in WordPress.
NOT_EXPORTED: Final = "it is not in the export, at least in part; export all content"
_CAPTION_MEDIUM: Final = re.compile(r"\s*((?:<a\b[^<>]*+>\s*)?<img\b[^<>]*+>(?:\s*</a>)?)(.*)\Z", re.DOTALL | re.IGNORECASE)


def figure_html(medium: str, caption: str) -> str:
    """Return a figure of the markup of a medium and a caption, both HTML; without a `figcaption` if the caption is ""."""
    caption_markup = f"<figcaption>{caption.strip()}</figcaption>" if caption.strip() else ""
    return f"<figure>{medium}{caption_markup}</figure>"


def image_html(address: str, alt: str) -> str:
    """Return an `img` element. The arguments are not escaped yet."""
    return f'<img src="{html.escape(address)}" alt="{html.escape(alt)}">'


def attachment_figure(attachment: Attachment, caption: str = "") -> str:
    """Return the figure of a picture, sound or film with `caption` (HTML), else with its own caption.

    A sound or film without either has its title as caption. Any other file is taken for a picture.
    """
    caption = caption or attachment.caption
    kind = attachment.media_type.partition("/")[0]
    if kind in ("audio", "video"):
        return figure_html(player_html(kind, attachment.address), caption or html.escape(attachment.title, quote=False))
    return figure_html(image_html(attachment.address, attachment.alt), caption)


def player_html(kind: str, address: str, poster: str = "") -> str:
    """Return an `audio` or `video` element; `kind` is its name. The addresses are not escaped yet; `poster` is "" for none."""
    poster_attribute = f' poster="{html.escape(poster)}"' if poster else ""
    return f'<{kind} src="{html.escape(address)}" controls{poster_attribute}></{kind}>'


def gallery_html(attachments: Iterable[Attachment]) -> str:
    """Return a figure for each attachment, one a line."""
    return "\n".join(map(attachment_figure, attachments))


def captioned_html(inner: str, caption: str) -> str:
    """Return the figure of the shortcode `caption`. `inner` is its inner HTML, `caption` its attribute of that name, or "".

    If `inner` begins with a picture, what follows is the caption if the attribute is "", else it is left out. If `inner` does
    not begin with a picture, all of it is the medium of the figure.
    """
    match = _CAPTION_MEDIUM.match(inner)
    if not match:
        return figure_html(inner.strip(), caption)
    return figure_html(match[1], caption or match[2])


def attachment_medium(attachment: Attachment) -> SourceMedium:
    """Return an attachment as the record of the lead image or an enclosure, with caption and credit as plain text."""
    return SourceMedium(
        address=attachment.address,
        alt=attachment.alt,
        caption=to_plain_text(attachment.caption),
        credit=to_plain_text(attachment.credit),
        media_type=attachment.media_type,
        length=attachment.length,
    )
