"""Effective settings: site.yaml, redirects.yaml and the entries of categories.yaml, authors.yaml, tags.yaml and feeds.yaml.

A broken file or entry is replaced by its last valid version.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final, TypeVar

from feedsvc.content import safe_read
from feedsvc.content.folder.first_steps import first_steps_hint
from feedsvc.content.media import MediaFolder
from feedsvc.content.reading.context import References
from feedsvc.content.reading.entries import ENTRY_FILES, ParsedEntries, parse_entries
from feedsvc.content.reading.files import SETTINGS_FILES, SITE_FILE
from feedsvc.content.reading.redirects import MAX_REDIRECTS_SIZE, ParsedRedirects, parse_redirects, source_digest
from feedsvc.content.reading.site import parse_site
from feedsvc.content.store import StoredSetting
from feedsvc.content.text import MAX_FILE_SIZE
from feedsvc.errors import ContentError, Problem
from feedsvc.model import Author, Category, CustomFeed, ListingSettings, Site, TagSettings
from feedsvc.redirects import REDIRECTS_FILE, RedirectRules

_Entry = TypeVar("_Entry", bound=ListingSettings)
_FileData = bytes | Problem | None  # as `safe_read.read_file` returns it
_REDIRECTS: Final = ("redirects", "")  # key of the stored rules of redirects.yaml


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Effective settings. `references` has the site, and the categories and authors that articles may refer to.

    `tags` are the entries of tags.yaml, `custom_feeds` the public ones of feeds.yaml and `private_feeds` the private ones, by
    id and alias. `redirects` are the rules of redirects.yaml.

    `stored_settings` are all last valid versions by kind and id, also of entries that their file does not contain any more.
    `last_valid_paths` are the files that are replaced by their last valid version, or of which at least one entry is.
    """

    references: References
    tags: Mapping[str, TagSettings]
    custom_feeds: Mapping[str, CustomFeed]
    private_feeds: Mapping[str, CustomFeed]
    redirects: RedirectRules
    problems: tuple[Problem, ...]
    stored_settings: Mapping[tuple[str, str], StoredSetting]
    last_valid_paths: frozenset[str] = frozenset()

    @property
    def media(self) -> frozenset[str]:
        """Paths of the files in media/ that the settings refer to."""
        entries: Iterable[Author | CustomFeed] = chain(
            self.references.authors.values(), self.custom_feeds.values(), self.private_feeds.values()
        )
        return frozenset((*self.references.site.media, *chain.from_iterable(entry.media for entry in entries)))

    def last_valid(self, kind: str, name: str) -> ListingSettings | None:
        """Return the last valid version of an entry by its id, not an alias; None if there is none.

        It may be an entry that was removed. `kind` is category, author, tag or custom. The last valid version of a valid entry
        is the entry itself.
        """
        entry = self.stored_settings.get((kind, name))
        return entry.value if entry and isinstance(entry.value, ListingSettings) else None


def read_settings(root: Path, media: MediaFolder, base_url: str, stored_settings: Iterable[StoredSetting]) -> Settings:
    """Read site.yaml, categories.yaml, authors.yaml, tags.yaml, feeds.yaml and redirects.yaml. Nothing is stored.

    A broken site.yaml, entry or redirects.yaml is replaced by its last valid version in `stored_settings`. A missing file other
    than site.yaml counts as empty. `base_url`, unless "", replaces that of site.yaml. Raises ContentError if site.yaml is
    missing, or if it is broken and has no last valid version. All other faults are problems of the settings.
    """
    stored = {(setting.kind, setting.name): setting for setting in stored_settings}
    # Read all files before parsing: a file that is saved meanwhile may belong to a later state than the first one.
    sizes = {REDIRECTS_FILE: MAX_REDIRECTS_SIZE}
    files = {path: safe_read.read_file(root, path, max_size=sizes.get(path, MAX_FILE_SIZE)) for path in SETTINGS_FILES}
    site, problems = _effective_site(root, files[SITE_FILE], media, base_url, stored.get(("site", "")))
    references = References(site=site, media=media)
    effective: dict[str, Mapping[str, ListingSettings]] = {}
    kept: dict[str, Mapping[str, ListingSettings]] = {}  # the same without fallbacks
    last_valid_paths: set[str] = set()
    for kind, path in ENTRY_FILES.items():
        parsed = _parse_file(kind, path, files[path], references)
        entries = effective[kind] = _effective_entries(kind, parsed, stored)
        problems += parsed.problems
        kept[kind] = {name: entry for name, entry in entries.items() if entry is not parsed.fallbacks.get(name)}
        last_valid_paths.update((path,) if kept[kind].keys() - parsed.entries.keys() else ())
        references = _add_entries(references, kind, entries, parsed.invalid_entries)
    stored_redirects = stored.get(_REDIRECTS)
    redirects = _effective_redirects(files[REDIRECTS_FILE], site.base_url, stored_redirects)
    problems += redirects.problems
    broken = {problem.path for problem in problems if problem.severity == "error"}
    last_valid_paths |= broken & ({SITE_FILE, REDIRECTS_FILE} if stored_redirects else {SITE_FILE})
    feeds = _entries_of_type(effective["custom"], CustomFeed)
    return Settings(
        references=references,
        tags=_entries_of_type(effective["tag"], TagSettings),
        custom_feeds={name: feed for name, feed in feeds.items() if feed.access == "public"},
        private_feeds={name: feed for name, feed in feeds.items() if feed.access == "private"},
        redirects=redirects.rules,
        problems=tuple(sorted(problems)),
        stored_settings=_update_stored_settings(site, kept, redirects.rules, stored),
        last_valid_paths=frozenset(last_valid_paths),
    )


def _add_entries(
    references: References, kind: str, entries: Mapping[str, ListingSettings], invalid: Mapping[str, str]
) -> References:
    """Return the references with the effective entries of a kind, by id and alias, and with its invalid entries.

    `invalid` maps "KIND ID" of an invalid entry, or "KIND" if the whole file cannot be used, to its place in the file. An
    invalid entry that its last valid version or its fallback replaces is left out.
    """
    without_entry = {
        name: location for name, location in invalid.items() if name == kind or name.removeprefix(f"{kind} ") not in entries
    }
    return replace(
        references,
        categories=_entries_of_type(entries, Category) or references.categories,
        authors=_entries_of_type(entries, Author) or references.authors,
        invalid_entries={**references.invalid_entries, **without_entry},
    )


def _entries_of_type(entries: Mapping[str, ListingSettings], type_: type[_Entry]) -> dict[str, _Entry]:
    return {name: entry for name, entry in entries.items() if isinstance(entry, type_)}


def reuse_equal_objects(settings: Settings, previous: Settings) -> Settings:
    """Return the settings with equal objects replaced by those of `previous`, so that changes can be detected by identity.

    These are the site, the redirects, and each mapping of categories, authors, tags and feeds as a whole.
    """
    new, old = settings.references, previous.references
    references = replace(
        new,
        site=old.site if old.site == new.site else new.site,
        categories=old.categories if old.categories == new.categories else new.categories,
        authors=old.authors if old.authors == new.authors else new.authors,
    )
    return replace(
        settings,
        references=references,
        tags=previous.tags if previous.tags == settings.tags else settings.tags,
        custom_feeds=previous.custom_feeds if previous.custom_feeds == settings.custom_feeds else settings.custom_feeds,
        private_feeds=previous.private_feeds if previous.private_feeds == settings.private_feeds else settings.private_feeds,
        redirects=previous.redirects if settings.redirects.has_same_rules(previous.redirects) else settings.redirects,
    )


def _effective_site(
    root: Path, data: _FileData, media: MediaFolder, base_url: str, stored: StoredSetting | None
) -> tuple[Site, tuple[Problem, ...]]:
    """Return the site, or its last valid version if site.yaml is broken, and the problems of site.yaml.

    Raises ContentError if site.yaml is missing, or if it is broken and `stored` is None (no last valid version).
    """
    if data is None:
        # A missing file is not a broken one: probably the folder or its file system is missing, too.
        hint = f"rename site.yml to {SITE_FILE}" if (root / "site.yml").is_file() else first_steps_hint(root)
        message = f"{root} has no {SITE_FILE}, which needs at least the keys title and base_url; {hint}"
        raise ContentError(message, missing_message=f"{SITE_FILE} is missing in {root}")
    site, problems = parse_site(data, media, base_url) if isinstance(data, bytes) else (None, (data,))
    if any(problem.severity == "error" for problem in problems):
        site = stored.value if stored and isinstance(stored.value, Site) else None
    if site is None:
        raise ContentError(f"{root / SITE_FILE} cannot be used", problems)
    return site, problems


def _effective_redirects(data: _FileData, base_url: str, stored: StoredSetting | None) -> ParsedRedirects:
    """Return the rules of redirects.yaml and its problems. If it is broken, the rules are its last valid version, if any.

    If the bytes are those of the last valid version, they are not parsed again. A missing file has no rules and no problems.
    """
    last_valid = stored.value if stored and isinstance(stored.value, RedirectRules) else None
    if data is None:
        return ParsedRedirects(RedirectRules(), ())
    if isinstance(data, Problem):
        return ParsedRedirects(last_valid or RedirectRules(), (data,))
    if last_valid and last_valid.source_digest == source_digest(data, base_url):
        return ParsedRedirects(last_valid, ())
    parsed = parse_redirects(data, base_url)
    return ParsedRedirects(last_valid, parsed.problems) if parsed.is_broken and last_valid is not None else parsed


def _parse_file(kind: str, path: str, data: _FileData, references: References) -> ParsedEntries:
    """Parse the file of one kind of entries. A missing file has no entries and no problems; an unreadable one has a problem."""
    if data is None:
        return ParsedEntries({}, {}, ())
    return parse_entries(path, data, references) if isinstance(data, bytes) else ParsedEntries({}, {kind: path}, (data,))


def _effective_entries(
    kind: str, parsed: ParsedEntries, stored: Mapping[tuple[str, str], StoredSetting]
) -> dict[str, ListingSettings]:
    """Return, by id and alias, the valid entries, and for each invalid one its last valid version, else its fallback, if any.

    A fallback is an invalid entry without the part at fault. If the whole file cannot be used, or a key in it cannot be an id,
    the result has the entries, too, that the file had before and does not seem to have any more.
    """
    invalid, is_incomplete = parsed.invalid_entries, kind in parsed.invalid_entries or parsed.has_invalid_id
    entries: dict[str, ListingSettings] = {**parsed.entries}
    for (stored_kind, name), setting in stored.items():
        is_invalid = f"{kind} {name}" in invalid or (is_incomplete and not setting.is_former)
        if stored_kind == kind and is_invalid and isinstance(setting.value, ListingSettings):
            entries[name] = setting.value
            for alias in setting.value.aliases:
                entries.setdefault(alias, setting.value)
    for name, entry in parsed.fallbacks.items():
        entries.setdefault(name, entry)
    return entries


def _update_stored_settings(
    site: Site,
    effective: Mapping[str, Mapping[str, ListingSettings]],
    redirects: RedirectRules,
    stored: Mapping[tuple[str, str], StoredSetting],
) -> dict[tuple[str, str], StoredSetting]:
    """Return the settings to store, except pages, by kind and id ("" for the site and the redirects).

    They are the effective ones, and the entries that are only in `stored`, with `is_former` set.
    """
    settings = {("site", ""): StoredSetting(kind="site", name="", value=site)}
    if redirects or _REDIRECTS in stored:
        settings[_REDIRECTS] = StoredSetting(kind=_REDIRECTS[0], name=_REDIRECTS[1], value=redirects)
    for kind, entries in effective.items():
        settings |= {(kind, entry.id): StoredSetting(kind=kind, name=entry.id, value=entry) for entry in entries.values()}
    former = {
        key: StoredSetting(kind=setting.kind, name=setting.name, value=setting.value, is_former=True)
        for key, setting in stored.items()
        if key not in settings and setting.kind in effective
    }
    return settings | former


def read_partial_site(root: Path, base_url: str) -> StoredSetting:
    """Read what is valid of site.yaml, to check other files although it is broken, in place of its last valid version."""
    data = safe_read.read_file(root, SITE_FILE)
    site, _ = parse_site(data if isinstance(data, bytes) else b"", MediaFolder(root), base_url)
    return StoredSetting(kind="site", name="", value=site)


def load_settings(root: Path, base_url: str = "") -> Settings:
    """Read all settings files of a content folder once, without last valid versions of broken ones.

    `base_url`, unless "", replaces that of site.yaml. Raises ContentError if the folder or site.yaml is missing, or site.yaml is
    broken. All other faults are problems of the settings.
    """
    check_folder(root)
    return read_settings(root, MediaFolder(root), base_url, ())


def check_folder(root: Path) -> None:
    """Raise ContentError if the content folder is missing or is a file; else do nothing."""
    if not os.path.isdir(root):
        what = f"{root} is a file" if os.path.isfile(root) else f"no folder {root}"
        message = f"{what}; give the folder that holds {SITE_FILE}; {first_steps_hint(root)}"
        raise ContentError(message, missing_message=f"the folder {root} is missing")
