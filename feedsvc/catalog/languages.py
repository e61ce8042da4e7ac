"""Languages of a catalog's rows, and the language tags that have a listing. If all rows are in one language, no tag has one.

A listing holds the articles that its tag matches as a language range (RFC 4647 section 3.3.1): `en` those in en-GB, too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from operator import attrgetter
from typing import Final

from feedsvc.catalog.indexes import update_counts
from feedsvc.catalog.row import Row
from feedsvc.language_tags import is_range_of, language_ranges, shorter_tags
from feedsvc.routes import ListingRef

_NO_TAGS: Final[frozenset[str]] = frozenset()
_language: Final = attrgetter("article.language")


class Languages:
    """Number of rows by language tag, and the `tags` that have a listing. Immutable.

    Rows of any visibility count, so that a listing keeps its address and its tombstones after its last article has expired.
    """

    def __init__(self, counts: Mapping[str, int], site_language: str, tags: frozenset[str] | None = None) -> None:
        """Initialize with the number of rows by tag and the language of rows without their own; `tags` None: compute them."""
        self._counts, self._site_language = counts, site_language
        self.tags: frozenset[str] = _tags_with_listing(counts) if tags is None else tags

    def apply_changes(self, removed: Sequence[Row], added: Sequence[Row]) -> Languages:
        """Return the languages after a change of rows; the same object if no count changed."""
        counts = update_counts(self._counts, self._names(removed), self._names(added))
        if counts is self._counts:
            return self
        return Languages(counts, self._site_language, self.tags if counts.keys() == self._counts.keys() else None)

    def with_tags(self, tags: frozenset[str]) -> Languages:
        """Return the same languages with these `tags`, so that `group` groups rows by them."""
        return Languages(self._counts, self._site_language, tags)

    def group(self, rows: Sequence[Row]) -> dict[ListingRef, list[Row]]:
        """Return `rows`, in the same order, by ref of the listings of `tags` that hold them; listings without rows are left out.

        A row in en-GB is in the listings of en-GB and of en, if both are in `tags`.
        """
        if not self.tags:
            return {}
        refs_by_language: dict[str, tuple[ListingRef, ...]] = {}
        groups: dict[ListingRef, list[Row]] = defaultdict(list)
        for row in rows:
            language = row.article.language or self._site_language
            if language not in refs_by_language:
                refs_by_language[language] = self._refs(language)
            for ref in refs_by_language[language]:
                groups[ref].append(row)
        return groups

    def resolve(self, name: str) -> ListingRef | None:
        """Return the ref of the listing of the articles that the language range `name` matches; None if it matches none.

        The letter case of `name` does not matter, and underscores count as hyphens. If the range has no listing itself, it is
        that of a longer tag that matches the same articles. If there are no listings of languages, it is the site's.
        """
        matching = [tag for tag in self.tags or self._counts if is_range_of(name, tag)]
        if not matching:
            return None
        return ListingRef("language", min(matching, key=len)) if self.tags else ListingRef()

    def matching_ranges(self, is_wanted: Callable[[ListingRef], bool]) -> frozenset[str]:
        """Return the language ranges, in lower case, that match a language of rows whose own listing is wanted.

        `is_wanted` is called with the ref of each language's listing, or of the site's if languages have none.
        """
        languages = (tag for tag in self._counts if is_wanted(ListingRef("language", tag) if self.tags else ListingRef()))
        return frozenset(chain.from_iterable(map(language_ranges, languages)))

    def changed_ranges(self, other: Languages) -> Iterator[tuple[str, tuple[ListingRef | None, ListingRef | None]]]:
        """Yield (range, (ref in this object, ref in `other`)) for each language range that leads to another listing in `other`.

        A ref is the result of `resolve`, None if the range matches nothing. The range is in the letter case of the tags.
        """
        if self._counts.keys() == other._counts.keys():
            return
        names = dict.fromkeys(chain.from_iterable(map(shorter_tags, chain(self._counts, other._counts))))
        pairs = ((name, (self.resolve(name), other.resolve(name))) for name in names)
        yield from ((name, listings) for name, listings in pairs if listings[0] != listings[1])

    def _refs(self, language: str) -> tuple[ListingRef, ...]:
        return tuple(ListingRef("language", tag) for tag in shorter_tags(language) if tag in self.tags)

    def _names(self, rows: Sequence[Row]) -> Counter[str]:
        names = Counter(map(_language, rows))
        rows_without_own_language = names.pop("", 0)
        return names + Counter({self._site_language: rows_without_own_language})


def build_languages(rows: Sequence[Row], site_language: str) -> Languages:
    """Return the Languages of `rows`, all rows of a catalog. `site_language` is the tag of rows without their own."""
    return Languages({}, site_language, _NO_TAGS).apply_changes((), rows)


def _tags_with_listing(languages: Iterable[str]) -> frozenset[str]:
    """Return the tags that have a listing. `languages` are the language tags of all rows; return none for a single tag.

    They are these tags, and each shorter tag at which tags diverge: at least two tags begin with it and differ in the
    next subtag. It is pt for pt-BR and pt-PT; for zh-Hant-HK and zh-Hant-TW, it is zh-Hant, but not zh. So there are
    fewer than twice as many listings as languages, and no two hold the same articles.
    """
    tags = frozenset(languages)
    if len(tags) < 2:  # noqa: PLR2004 - all articles are in one language
        return _NO_TAGS
    longer_tags: dict[str, set[str]] = defaultdict(set)
    for tag in tags:
        for longer, shorter in pairwise(shorter_tags(tag)):
            longer_tags[shorter].add(longer)
    return tags | {shorter for shorter, longer in longer_tags.items() if len(longer) > 1}
