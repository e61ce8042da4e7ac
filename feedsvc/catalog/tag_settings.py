"""Effect of tags.yaml on a catalog: titles and descriptions of tags, and redirects from their aliases."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import TypeVar

from feedsvc.catalog.indexes import QualifiedName
from feedsvc.model import ListingSettings, TagSettings
from feedsvc.routes import ListingRef

_Entry = TypeVar("_Entry", bound=ListingSettings)
# Id or alias of a tag -> its entry in tags.yaml.
TagEntries = Mapping[str, TagSettings]


def entry_of(entries: Mapping[str, _Entry], name: str) -> _Entry | None:
    """Return the entry whose id is `name`, None if there is none or `name` is an alias. `entries` are keyed by both."""
    entry = entries.get(name)
    return entry if entry and entry.id == name else None


def tag_title(entries: TagEntries, tag: str, counts: Mapping[str, int]) -> str:
    """Return the title of the tag with the id `tag`: that of tags.yaml, else the most frequent spelling in `counts`, else the id.

    Of equally frequent spellings, it is the first in alphabetical order.
    """
    entry = entry_of(entries, tag)
    if entry and entry.title:
        return entry.title
    return min(counts, key=lambda title: (-counts[title], title), default=tag)


def tag_description(entries: TagEntries, tag: str) -> str:
    """Return the description of the tag with the id `tag` in tags.yaml; "" if it has none or no entry, or for an alias."""
    entry = entry_of(entries, tag)
    return entry.description if entry else ""


def tag_aliases(entries: TagEntries, tags: Iterable[str]) -> Iterator[str]:
    """Yield the aliases that tags.yaml gives to the tags with the ids `tags`, also aliases that do not redirect now."""
    for tag in tags:
        if entry := entry_of(entries, tag):
            yield from entry.aliases


def alias_redirects(
    entries: TagEntries, listings: Container[ListingRef], slugs: Iterable[str] | None = None
) -> dict[QualifiedName, str]:
    """Return {("tag", alias): id of its tag} for those of `slugs` that are aliases, for all aliases by default.

    `listings` are those of the catalog. An alias does not redirect, and is left out, while an article has a tag with this slug,
    or while no article has the tag that it is an alias of.
    """
    aliases = {name: entry.id for name, entry in _entries_of(entries, slugs) if name != entry.id}
    return {
        ("tag", alias): tag
        for alias, tag in aliases.items()
        if ListingRef("tag", alias) not in listings and ListingRef("tag", tag) in listings
    }


def _entries_of(entries: TagEntries, slugs: Iterable[str] | None) -> Iterable[tuple[str, TagSettings]]:
    return entries.items() if slugs is None else [(slug, entries[slug]) for slug in slugs if slug in entries]
