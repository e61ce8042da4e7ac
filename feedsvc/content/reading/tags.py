"""Tags of one article: their slugs, and the problems of spellings that give none or the slug of another tag."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from feedsvc.content.reading.context import ReadContext
from feedsvc.model import Tag
from feedsvc.tag_slugs import spelling_key, tag_slug


def article_tags(context: ReadContext, titles: Sequence[str]) -> tuple[Tag, ...]:
    """Return the tags of an article, one for each slug. Problems of the titles are added to `context`."""
    tags: dict[str, Tag] = {}
    for index, title in enumerate(titles):
        slug = tag_slug(title)
        if not slug:
            context.add_error(("tags", index), f"'{title}' has no letter or digit to make an address of")
        first = tags.setdefault(slug, _tag(slug, title)).title
        if slug and first != title and spelling_key(first) != spelling_key(title):
            message = f"tags: '{first}' and '{title}' are one tag, with one page and feed at /tag/{slug}/"
            context.add_warning(("tags", index), message, "keep one; two tags must differ in a letter, a digit or one of + # & @")
    return tuple(tags.values())


@lru_cache(maxsize=4096)
def _tag(slug: str, title: str) -> Tag:
    """Return a Tag. Articles share the object while it is in the cache, to save memory; compare tags with ==, not by identity."""
    return Tag(id=slug, title=title)
