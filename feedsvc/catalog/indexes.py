"""Lookup tables of a catalog, immutable. An updated table shares most data with the table before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import Final, TypeVar

from feedsvc.catalog.row import Row
from feedsvc.model import MediaFile
from feedsvc.support.mapping import with_changes
from feedsvc.support.sorted_chunks import PersistentSortedList

QualifiedName = tuple[str, str]
_K = TypeVar("_K")

_ARTICLE_KIND: Final = "article"  # the kind of an article's former slugs
_slug: Final = attrgetter("article.slug")


class RowsBySlug(Mapping[str, Row]):
    """Mapping of the current slugs of articles to their rows, in the order of rows. `rows` are the rows in order."""

    def __init__(self, rows: PersistentSortedList[Row], index: dict[str, Row] | None = None) -> None:
        """Initialize with sorted rows and, if given, their index by slug."""
        self.rows: PersistentSortedList[Row] = rows
        self._index = index or {row.article.slug: row for row in rows}

    def __getitem__(self, slug: str) -> Row:
        return self._index[slug]

    def __iter__(self) -> Iterator[str]:
        return map(_slug, self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def apply_changes(
        self, removed: Sequence[Row], added: Sequence[Row], rows: PersistentSortedList[Row] | None = None
    ) -> RowsBySlug:
        """Return the mapping without the rows `removed` and with `added`; this object if both are empty.

        `rows` are all rows after the change, or None to compute them.
        """
        if not removed and not added:
            return self
        rows = self.rows.apply_changes(removed, added) if rows is None else rows
        removed_slugs = [row.article.slug for row in removed]
        return RowsBySlug(rows, with_changes(self._index, removed_slugs, {row.article.slug: row for row in added}))


class Redirects(Mapping[QualifiedName, str]):
    """Mapping of former names to current slugs or ids, sorted by former name.

    A name is (kind, slug or id); the kind is "article", "category", "author", "custom" or "tag".
    """

    def __init__(self, index: dict[QualifiedName, str]) -> None:
        self._index = index

    def __getitem__(self, name: QualifiedName) -> str:
        return self._index[name]

    def __iter__(self) -> Iterator[QualifiedName]:
        return iter(sorted(self._index))

    def __len__(self) -> int:
        return len(self._index)

    @cached_property
    def listing_aliases(self) -> Mapping[QualifiedName, tuple[str, ...]]:
        """Former ids of each listing that has any: (kind, id) -> sorted former ids. Those of articles are left out."""
        aliases_by_listing: dict[QualifiedName, list[str]] = {}
        for kind, alias in sorted(name for name in self._index if name[0] != _ARTICLE_KIND):
            aliases_by_listing.setdefault((kind, self[kind, alias]), []).append(alias)
        return {listing: tuple(aliases) for listing, aliases in aliases_by_listing.items()}

    def apply_changes(self, removed: Mapping[QualifiedName, str], added: Mapping[QualifiedName, str]) -> Redirects:
        """Return the mapping without the names `removed` and with the items `added`; a name in both gets its added value.

        The values of `removed` matter only in this: if both mappings are equal, the result is this object.
        """
        if removed == added:
            return self
        redirects = Redirects(with_changes(self._index, removed, added))
        if "listing_aliases" in vars(self) and all(kind == _ARTICLE_KIND for kind, _ in chain(removed, added)):
            vars(redirects)["listing_aliases"] = self.listing_aliases  # vars() is where cached_property stores values
        return redirects


@dataclass(frozen=True, eq=False)
class ReferencedMedia(Mapping[str, MediaFile]):
    """Mapping of sorted paths (media/...) to the media files that visible articles, public static pages and settings refer to.

    `files` are all media files of the content by path, also those that only drafts refer to; `counts` is the number of such
    references by path. A path whose file was deleted is left out, although the last valid version of an article may still refer
    to it.
    """

    files: Mapping[str, MediaFile]
    counts: dict[str, int]

    @classmethod
    def from_references(cls, files: Mapping[str, MediaFile], paths: Iterable[str]) -> ReferencedMedia:
        """Return the mapping for these files and references; `paths` has a path once for each reference."""
        return cls(files, Counter(paths))

    def __getitem__(self, path: str) -> MediaFile:
        if path not in self.counts:
            raise KeyError(path)
        return self.files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(filter(self.files.__contains__, self.counts)))

    def __len__(self) -> int:
        return sum(map(self.files.__contains__, self.counts))

    @cached_property
    def folders(self) -> frozenset[str]:
        """Paths of all folders of the files in this mapping: media and media/2026 for media/2026/a.jpg."""
        folders: set[str] = set()
        for path in self:
            while (path := path.rpartition("/")[0]) and path not in folders:
                folders.add(path)
        return frozenset(folders)

    def apply_changes(self, files: Mapping[str, MediaFile], removed: Iterable[str], added: Iterable[str]) -> ReferencedMedia:
        """Return the mapping for the current `files` after a change of references.

        `removed` and `added` hold a path once for each removed or added reference.
        """
        removed_paths, added_paths = tuple(removed), tuple(added)
        counts_before = {path: self.counts.get(path, 0) for path in chain(removed_paths, added_paths)}
        counts_after = update_counts(counts_before, removed_paths, added_paths)
        if counts_after is counts_before:
            return ReferencedMedia(files, self.counts)
        return ReferencedMedia(files, with_changes(self.counts, counts_before, counts_after))


def update_counts(counts: Mapping[_K, int], removed: Iterable[_K], added: Iterable[_K]) -> Mapping[_K, int]:
    """Return the counts after a change, without keys whose count is zero; the object `counts` itself if no count changed.

    `removed` and `added` are keys (each occurrence counts one), or mappings of keys to counts.
    """
    differences = Counter(added)
    differences.subtract(Counter(removed))
    if not any(differences.values()):
        return counts
    new_counts = {**counts, **{key: counts.get(key, 0) + difference for key, difference in differences.items()}}
    return {key: count for key, count in new_counts.items() if count}
