"""Row groups: rows by category, author and tag, and the number of visible rows in each spelling of a tag."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain

from feedsvc.catalog.row import Row, Visibility
from feedsvc.model import Tag


class RowGroups:
    """The sequence `rows` by the ids of their `categories`, `authors` and `tags`, each group in the same order. Immutable."""

    def __init__(self, rows: Sequence[Row]) -> None:
        categories: dict[str, list[Row]] = defaultdict(list)
        authors: dict[str, list[Row]] = defaultdict(list)
        tags: dict[str, list[Row]] = defaultdict(list)
        tag_objects: dict[int, Tag] = {}  # by id(); many articles share one object
        for row in rows:
            article = row.article
            for name in article.categories:
                categories[name].append(row)
            for name in article.authors:
                authors[name].append(row)
            for tag in article.tags:
                tags[tag.id].append(row)
                tag_objects[id(tag)] = tag
        self.rows = rows
        self.categories: Mapping[str, Sequence[Row]] = categories
        self.authors: Mapping[str, Sequence[Row]] = authors
        self.tags: Mapping[str, Sequence[Row]] = tags
        self._tag_objects = tuple(tag_objects.values())

    def count_spellings(self) -> dict[str, Counter[str]]:
        """Return tag id -> spelling -> number of visible rows with it.

        A spelling that only other rows have gets the count 0, so that the tag is in the result and keeps its address.
        """
        # If each tag has one object, these are the sizes of the groups. Otherwise one pass over all rows is faster than several.
        is_shared = len(self.tags) == len(self._tag_objects)
        counts = {id(tag): len(self.tags[tag.id]) for tag in self._tag_objects} if is_shared else _count_tag_objects(self.rows)
        visible = Visibility.VISIBLE
        not_visible_counts = _count_tag_objects([row for row in self.rows if row.visibility is not visible])
        spellings: dict[str, Counter[str]] = defaultdict(Counter)
        for tag in self._tag_objects:
            spellings[tag.id][tag.title] += counts[id(tag)] - not_visible_counts[id(tag)]
        return spellings


def _count_tag_objects(rows: Sequence[Row]) -> Counter[int]:
    """Return the number of rows of each Tag object by id()."""
    return Counter(map(id, chain.from_iterable([row.article.tags for row in rows])))
