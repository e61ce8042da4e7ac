"""Lead image of a post that a feed has twice: as an element of the entry, and at the beginning of its text."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from feedsvc.importing.markup import MarkupElement, attributes_of, find_elements, replace_elements, to_plain_text
from feedsvc.importing.source import SourceMedium


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
