"""Effective settings: site.yaml, categories.yaml and authors.yaml, with last valid versions of broken entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from feedsvc.content.cache import StoredSetting
from feedsvc.content.media import MediaFolder
from feedsvc.content.reading import (
    AUTHORS_FILE,
    CATEGORIES_FILE,
    SITE_FILE,
    ParsedEntries,
    References,
    parse_authors,
    parse_categories,
    parse_site,
)
from feedsvc.errors import ContentError, Problem
from feedsvc.model import Author, Category, Site

_AuthorOrCategory = Author | Category
_FileData = bytes | Problem | None  # as `safe_read.read` returns it
_FILES: Final[Mapping[str, tuple[str, Callable[[bytes, Site, MediaFolder], ParsedEntries]]]] = {
    "category": (CATEGORIES_FILE, parse_categories),
    "author": (AUTHORS_FILE, parse_authors),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Effective settings. `references` are the entries that articles may refer to.

    `stored_settings` are all last valid versions, also of entries that their file does not contain any more.
    `last_valid_paths` are the files of which at least one entry is replaced by its last valid version.
    """

    references: References
    problems: tuple[Problem, ...]
    stored_settings: Mapping[tuple[str, str], StoredSetting]
    last_valid_paths: frozenset[str] = frozenset()

    @property
    def media(self) -> frozenset[str]:
        """Media files that the settings refer to."""
        return frozenset(
            (*self.references.site.media, *chain.from_iterable(one.media for one in self.references.authors.values()))
        )

    def last_valid(self, kind: str, name: str) -> _AuthorOrCategory | None:
        """Return the last valid version of an author or category, None if there is none."""
        entry = self.stored_settings.get((kind, name))
        return entry.value if entry and isinstance(entry.value, Author | Category) else None


def read_settings(root: Path, media: MediaFolder, base_url: str, before: Iterable[StoredSetting]) -> Settings:
    """Read the settings. Broken entries are replaced by their last valid versions in `before`.

    Raises ContentError if site.yaml is missing, or if it is broken and has no last valid version.
    """
    last = {(entry.kind, entry.name): entry for entry in before}
    # Read all files before parsing: a file that is saved meanwhile may belong to a later state than the first one.
    files = {path: safe_read.read_file(root, path) for path in (SITE_FILE, *(path for path, _ in _FILES.values()))}
    site, problems = _effective_site(root, files[SITE_FILE], media, base_url, last.get(("site", "")))
    registers = {kind: _parse_file(kind, files[path], site, media) for kind, (path, _) in _FILES.items()}
    problems += tuple(chain.from_iterable(register.problems for register in registers.values()))
    in_force = {kind: _effective_entries(kind, register, last) for kind, register in registers.items()}
    known = References(
        site=site,
        media=media,
        categories={name: one for name, one in in_force["category"].items() if isinstance(one, Category)},
        authors={name: one for name, one in in_force["author"].items() if isinstance(one, Author)},
        invalid_entries={
            name: place
            for kind, register in registers.items()
            for name, place in register.invalid_entries.items()
            if name == kind or name.removeprefix(f"{kind} ") not in in_force[kind]
        },
    )
    stood = {path for kind, (path, _) in _FILES.items() if in_force[kind].keys() - registers[kind].entries.keys()}
    stood |= {SITE_FILE} if any(one.path == SITE_FILE and one.severity == "error" for one in problems) else set()
    return Settings(
        references=known,
        problems=tuple(sorted(problems)),
        stored_settings=_stored_settings(site, in_force, last),
        last_valid_paths=frozenset(stood),
    )


def reuse_equal_objects(now: Settings, before: Settings) -> Settings:
    """Return the settings with equal objects replaced by those of `before`, so that changes can be detected by identity."""
    known = replace(
        now.references,
        site=before.references.site if before.references.site == now.references.site else now.references.site,
        categories=before.references.categories
        if before.references.categories == now.references.categories
        else now.references.categories,
        authors=before.references.authors if before.references.authors == now.references.authors else now.references.authors,
    )
    return replace(now, references=known)


def _effective_site(
    root: Path, data: _FileData, media: MediaFolder, base_url: str, last: StoredSetting | None
) -> tuple[Site, tuple[Problem, ...]]:
    if data is None:
        # A missing file is not a broken one: probably the folder or its file system is missing, too.
        message = f"{root} has no {SITE_FILE}; it needs at least title: and base_url:"
        raise ContentError(message, missing_message=f"{SITE_FILE} is away from {root}")
    site, problems = parse_site(data, media, base_url) if isinstance(data, bytes) else (None, (data,))
    if site is None and last and isinstance(last.value, Site):
        site = last.value
    if site is None:
        raise ContentError(f"{root / SITE_FILE} cannot be used", problems)
    return site, problems


def _parse_file(kind: str, data: _FileData, site: Site, media: MediaFolder) -> ParsedEntries:
    path, make = _FILES[kind]
    if data is None:
        return ParsedEntries({}, {}, ())
    return make(data, site, media) if isinstance(data, bytes) else ParsedEntries({}, {kind: path}, (data,))


def _effective_entries(
    kind: str, register: ParsedEntries, last: Mapping[tuple[str, str], StoredSetting]
) -> dict[str, _AuthorOrCategory]:
    """Return the valid entries, and the last valid versions of the others, by id and alias."""
    entries: dict[str, _AuthorOrCategory] = {**register.entries}
    for (of, name), entry in last.items():
        aside = f"{kind} {name}" in register.invalid_entries or (kind in register.invalid_entries and not entry.is_former)
        if of == kind and aside and isinstance(entry.value, Author | Category):
            entries[name] = entry.value
            for alias in entry.value.aliases:
                entries.setdefault(alias, entry.value)
    return entries


def _stored_settings(
    site: Site, in_force: Mapping[str, Mapping[str, _AuthorOrCategory]], last: Mapping[tuple[str, str], StoredSetting]
) -> dict[tuple[str, str], StoredSetting]:
    found = {("site", ""): StoredSetting(kind="site", name="", value=site)}
    for kind, entries in in_force.items():
        found |= {(kind, one.id): StoredSetting(kind=kind, name=one.id, value=one) for one in entries.values()}
    former = {
        key: StoredSetting(kind=entry.kind, name=entry.name, value=entry.value, is_former=True)
        for key, entry in last.items()
        if key not in found and entry.kind in in_force
    }
    return found | former
