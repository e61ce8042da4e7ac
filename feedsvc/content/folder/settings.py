"""Effective settings: site.yaml, categories.yaml, authors.yaml and tags.yaml, with last valid versions of broken entries."""

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
    TAGS_FILE,
    ParsedEntries,
    References,
    parse_authors,
    parse_categories,
    parse_site,
    parse_tags,
)
from feedsvc.errors import ContentError, Problem
from feedsvc.model import Author, Category, ListingSettings, Site, TagSettings

_FileData = bytes | Problem | None  # as `safe_read.read_file` returns it
_FILES: Final[Mapping[str, tuple[str, Callable[[bytes, Site, MediaFolder], ParsedEntries]]]] = {
    "category": (CATEGORIES_FILE, parse_categories),
    "author": (AUTHORS_FILE, parse_authors),
    "tag": (TAGS_FILE, parse_tags),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Effective settings. `references` has the site, and the categories and authors that articles may refer to.

    `tags` are the entries of tags.yaml by id and alias.

    `stored_settings` are all last valid versions by kind and id, also of entries that their file does not contain any more.
    `last_valid_paths` are the files of which at least one entry is replaced by its last valid version.
    """

    references: References
    tags: Mapping[str, TagSettings]
    problems: tuple[Problem, ...]
    stored_settings: Mapping[tuple[str, str], StoredSetting]
    last_valid_paths: frozenset[str] = frozenset()

    @property
    def media(self) -> frozenset[str]:
        """Paths of the files in media/ that the settings refer to."""
        return frozenset(
            (*self.references.site.media, *chain.from_iterable(author.media for author in self.references.authors.values()))
        )

    def last_valid(self, kind: str, name: str) -> ListingSettings | None:
        """Return the last valid version of the author, category or tag (`kind`) with the id `name`; None if there is none."""
        entry = self.stored_settings.get((kind, name))
        return entry.value if entry and isinstance(entry.value, ListingSettings) else None


def read_settings(root: Path, media: MediaFolder, base_url: str, stored_settings: Iterable[StoredSetting]) -> Settings:
    """Read the settings. A broken site.yaml, author or category is replaced by its last valid version in `stored_settings`.

    Raises ContentError if site.yaml is missing, or if it is broken and has no last valid version.
    """
    stored = {(setting.kind, setting.name): setting for setting in stored_settings}
    # Read all files before parsing: a file that is saved meanwhile may belong to a later state than the first one.
    files = {path: safe_read.read_file(root, path) for path in (SITE_FILE, *(path for path, _ in _FILES.values()))}
    site, problems = _effective_site(root, files[SITE_FILE], media, base_url, stored.get(("site", "")))
    parsed = {kind: _parse_file(kind, files[path], site, media) for kind, (path, _) in _FILES.items()}
    problems += tuple(chain.from_iterable(entries.problems for entries in parsed.values()))
    effective = {kind: _effective_entries(kind, entries, stored) for kind, entries in parsed.items()}
    references = References(
        site=site,
        media=media,
        categories={name: entry for name, entry in effective["category"].items() if isinstance(entry, Category)},
        authors={name: entry for name, entry in effective["author"].items() if isinstance(entry, Author)},
        invalid_entries={
            name: location
            for kind, entries in parsed.items()
            for name, location in entries.invalid_entries.items()
            if name == kind or name.removeprefix(f"{kind} ") not in effective[kind]
        },
    )
    last_valid_paths = {path for kind, (path, _) in _FILES.items() if effective[kind].keys() - parsed[kind].entries.keys()}
    if any(problem.path == SITE_FILE and problem.severity == "error" for problem in problems):
        last_valid_paths.add(SITE_FILE)
    return Settings(
        references=references,
        tags={name: entry for name, entry in effective["tag"].items() if isinstance(entry, TagSettings)},
        problems=tuple(sorted(problems)),
        stored_settings=_update_stored_settings(site, effective, stored),
        last_valid_paths=frozenset(last_valid_paths),
    )


def reuse_equal_objects(settings: Settings, previous: Settings) -> Settings:
    """Return the settings with equal objects replaced by those of `previous`, so that changes can be detected by identity."""
    new, old = settings.references, previous.references
    references = replace(
        new,
        site=old.site if old.site == new.site else new.site,
        categories=old.categories if old.categories == new.categories else new.categories,
        authors=old.authors if old.authors == new.authors else new.authors,
    )
    return replace(settings, references=references, tags=previous.tags if previous.tags == settings.tags else settings.tags)


def _effective_site(
    root: Path, data: _FileData, media: MediaFolder, base_url: str, stored: StoredSetting | None
) -> tuple[Site, tuple[Problem, ...]]:
    """Return the site, or its last valid version if site.yaml is broken, and the problems. Raises as `read_settings` does."""
    if data is None:
        # A missing file is not a broken one: probably the folder or its file system is missing, too.
        message = f"{root} has no {SITE_FILE}; it needs at least title: and base_url:"
        raise ContentError(message, missing_message=f"{SITE_FILE} is away from {root}")
    site, problems = parse_site(data, media, base_url) if isinstance(data, bytes) else (None, (data,))
    if site is None and stored and isinstance(stored.value, Site):
        site = stored.value
    if site is None:
        raise ContentError(f"{root / SITE_FILE} cannot be used", problems)
    return site, problems


def _parse_file(kind: str, data: _FileData, site: Site, media: MediaFolder) -> ParsedEntries:
    """Parse the file of one kind of entries. A missing file has no entries and no problems; an unreadable one has a problem."""
    path, parse = _FILES[kind]
    if data is None:
        return ParsedEntries({}, {}, ())
    return parse(data, site, media) if isinstance(data, bytes) else ParsedEntries({}, {kind: path}, (data,))


def _effective_entries(
    kind: str, parsed: ParsedEntries, stored: Mapping[tuple[str, str], StoredSetting]
) -> dict[str, ListingSettings]:
    """Return the valid entries, and the last valid versions of invalid ones, by id and alias."""
    invalid = parsed.invalid_entries
    entries: dict[str, ListingSettings] = {**parsed.entries}
    for (stored_kind, name), setting in stored.items():
        is_invalid = f"{kind} {name}" in invalid or (kind in invalid and not setting.is_former)
        if stored_kind == kind and is_invalid and isinstance(setting.value, ListingSettings):
            entries[name] = setting.value
            for alias in setting.value.aliases:
                entries.setdefault(alias, setting.value)
    return entries


def _update_stored_settings(
    site: Site, effective: Mapping[str, Mapping[str, ListingSettings]], stored: Mapping[tuple[str, str], StoredSetting]
) -> dict[tuple[str, str], StoredSetting]:
    """Return the settings to store, by kind and id: the effective ones, and those only in `stored`, with `is_former` set."""
    settings = {("site", ""): StoredSetting(kind="site", name="", value=site)}
    for kind, entries in effective.items():
        settings |= {(kind, entry.id): StoredSetting(kind=kind, name=entry.id, value=entry) for entry in entries.values()}
    former = {
        key: StoredSetting(kind=setting.kind, name=setting.name, value=setting.value, is_former=True)
        for key, setting in stored.items()
        if key not in settings and setting.kind in effective
    }
    return settings | former
