"""Tags of one article: their slugs, and the problems of their spellings."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from feedsvc.content.reading.context import ReadContext
from feedsvc.model import Tag
from feedsvc.tag_slugs import spelling_key, tag_slug

_ENTITY: Final = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);")  # reported by strict feed validators


def article_tags(context: ReadContext, titles: Sequence[str]) -> tuple[Tag, ...]:
    """Return the tags of an article, one for each slug. Problems of the titles are added to `context`."""
    tags: dict[str, Tag] = {}
    for index, title in enumerate(titles):
        tag = _tag(title)
        if not tag.id:
            context.add_error(("tags", index), f"'{title}' has no letter or digit to make an address of")
        first = tags.setdefault(tag.id, tag).title
        if tag.id and first != title and spelling_key(first) != spelling_key(title):
            message = f"tags: '{first}' and '{title}' are one tag, with one page and feed at /tag/{tag.id}/"
            hint = "keep one; two tags must differ in a letter, a digit or one of + # & @"
            context.add_warning("equal-tags", ("tags", index), message, hint)
    return tuple(tags.values())


def add_tag_warnings(context: ReadContext, titles: Sequence[str]) -> None:
    """Add warnings to `context` about tags that readers may not see as meant: with commas or entities."""
    for index, title in enumerate(titles):
        if "," in title:
            context.add_warning("comma-in-tag", ("tags", index), f"tags: '{title}' is one tag", f"for several, write [{title}]")
        if "&" in title and (match := _ENTITY.search(title)):
            message = f"tags: '{match[0]}' is shown as it stands"
            context.add_warning("html-in-text", ("tags", index), message, f"write {html.unescape(title)}")


@lru_cache(maxsize=4096)
def _tag(title: str) -> Tag:
    """Return the tag of a spelling. Articles share the object while it is in the cache, to save memory; compare tags with ==."""
    return Tag(id=tag_slug(title), title=title)
