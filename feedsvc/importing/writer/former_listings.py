"""Listings of a source that have another id in the newsroom now: because of the map, or because a tag has a new name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, TAGS_FILE, names_in, parse_settings_file
from feedsvc.importing.writer.base import ENTRIES, ImportBase, former_target
from feedsvc.importing.writer.names import as_slug
from feedsvc.importing.writer.terms import TermTable
from feedsvc.routes import PageAt, place_of

_FILES: Final = {"category": CATEGORIES_FILE, "author": AUTHORS_FILE}


class FormerListings(NamedTuple):
    """Former ids by kind ("category", "author", "tag"), each with its new id, "" for one that the map drops.

    `names` are (kind, id or alias) of all categories and authors of the newsroom.
    """

    ids: Mapping[str, Mapping[str, str]]
    names: frozenset[tuple[str, str]]


def former_listings(terms: TermTable, texts: Mapping[str, str], base: ImportBase) -> FormerListings:
    """Return the former ids of all listings. `texts` are the texts of the settings files by name of file."""
    ids = {kind: terms.former_ids(file) for kind, file in _FILES.items()}
    names = {(kind, name) for kind, file in _FILES.items() for name in names_in(file, texts[file].encode())}
    return FormerListings(ids | {"tag": dict(_former_tags(terms, texts[TAGS_FILE], base))}, frozenset(names))


def _former_tags(terms: TermTable, text: str, base: ImportBase) -> Iterator[tuple[str, str]]:
    """Yield (old slug, present slug) of the tags whose name at the source changed since an earlier import.

    Their names in addresses are aliases of the entry that the earlier import wrote, which stays in tags.yaml (`text`) but has no
    article any more.
    """
    value = parse_settings_file(TAGS_FILE, text.encode()).value if text else None
    entries = value if isinstance(value, dict) else {}
    owners = {alias: str(slug) for slug, entry in entries.items() for alias in _aliases(entry)}
    slugs = terms.tag_slugs
    present = {*slugs.values()}
    for key, slug in slugs.items():
        name = as_slug(unquote(key))
        last = place_of(former_target(base, f"/tag/{name}/"))
        owner = owners.get(name, name)
        former = [owner] if base.has(ENTRIES, f"{TAGS_FILE} {owner}") else []
        former += [last.listing.id] if isinstance(last, PageAt) else []
        changed = [old for old in former if old not in present]
        if name and changed and name not in present:
            yield from ((old, slug) for old in (name, *changed))


def _aliases(entry: Any) -> Iterator[str]:
    aliases = entry.get("aliases") if isinstance(entry, dict) else None
    yield from map(str, aliases if isinstance(aliases, list) else ())
