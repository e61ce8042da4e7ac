"""site.yaml, categories.yaml and authors.yaml as they are in force: as written, or in their last valid version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from feedsvc.content.cache.settings_codec import Entry
from feedsvc.content.media.files import Media
from feedsvc.content.reading import settings
from feedsvc.content.reading.context import Known
from feedsvc.content.reading.settings import Register
from feedsvc.errors import ContentError, Problem
from feedsvc.model import Author, Category, Site

_Named = Author | Category
_Data = bytes | Problem | None  # of a file, as `disk.read` gives it
_FILES: Final[Mapping[str, tuple[str, Callable[[bytes, Site, Media], Register]]]] = {
    "category": (settings.CATEGORIES, settings.categories),
    "author": (settings.AUTHORS, settings.authors),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """`known` as articles see it; `entries` are the last valid versions, those included that their file names no more.

    `standing_in` are the files of which something stands in its last valid version.
    """

    known: Known
    problems: tuple[Problem, ...]
    entries: Mapping[tuple[str, str], Entry]
    standing_in: frozenset[str] = frozenset()

    @property
    def media(self) -> frozenset[str]:
        """The media files that the settings refer to."""
        return frozenset((*self.known.site.media, *chain.from_iterable(one.media for one in self.known.authors.values())))

    def last(self, kind: str, name: str) -> _Named | None:
        """The last valid version of an author or category."""
        entry = self.entries.get((kind, name))
        return entry.value if entry and isinstance(entry.value, Author | Category) else None


def read(root: Path, media: Media, base_url: str, before: Iterable[Entry]) -> Settings:
    """The settings now; what cannot be used stands as it last did (`before`).

    Raises ContentError if there is no site.yaml, or none that could ever be used.
    """
    last = {(entry.kind, entry.name): entry for entry in before}
    # All at once, before anything is made of them: what is saved meanwhile belongs to a later moment than the first.
    files = {path: safe_read.read(root, path) for path in (settings.SITE, *(path for path, _ in _FILES.values()))}
    site, problems = _site(root, files[settings.SITE], media, base_url, last.get(("site", "")))
    registers = {kind: _register(kind, files[path], site, media) for kind, (path, _) in _FILES.items()}
    problems += tuple(chain.from_iterable(register.problems for register in registers.values()))
    in_force = {kind: _in_force(kind, register, last) for kind, register in registers.items()}
    known = Known(
        site=site,
        media=media,
        categories={name: one for name, one in in_force["category"].items() if isinstance(one, Category)},
        authors={name: one for name, one in in_force["author"].items() if isinstance(one, Author)},
        set_aside={
            name: place
            for kind, register in registers.items()
            for name, place in register.set_aside.items()
            if name == kind or name.removeprefix(f"{kind} ") not in in_force[kind]
        },
    )
    stood = {path for kind, (path, _) in _FILES.items() if in_force[kind].keys() - registers[kind].entries.keys()}
    stood |= {settings.SITE} if any(one.path == settings.SITE and one.severity == "error" for one in problems) else set()
    return Settings(
        known=known,
        problems=tuple(sorted(problems)),
        entries=_entries(site, in_force, last),
        standing_in=frozenset(stood),
    )


def like(now: Settings, before: Settings) -> Settings:
    """The same settings, in the objects of before where they are equal: what has not changed is told by identity."""
    known = replace(
        now.known,
        site=before.known.site if before.known.site == now.known.site else now.known.site,
        categories=before.known.categories if before.known.categories == now.known.categories else now.known.categories,
        authors=before.known.authors if before.known.authors == now.known.authors else now.known.authors,
    )
    return replace(now, known=known)


def _site(root: Path, data: _Data, media: Media, base_url: str, last: Entry | None) -> tuple[Site, tuple[Problem, ...]]:
    if data is None:
        # Not broken but away: so is the folder, or what was mounted there.
        message = f"{root} has no {settings.SITE}; it needs at least title: and base_url:"
        raise ContentError(message, away=f"{settings.SITE} is away from {root}")
    site, problems = settings.site(data, media, base_url) if isinstance(data, bytes) else (None, (data,))
    if site is None and last and isinstance(last.value, Site):
        site = last.value
    if site is None:
        raise ContentError(f"{root / settings.SITE} cannot be used", problems)
    return site, problems


def _register(kind: str, data: _Data, site: Site, media: Media) -> Register:
    path, make = _FILES[kind]
    if data is None:
        return Register({}, {}, ())
    return make(data, site, media) if isinstance(data, bytes) else Register({}, {kind: path}, (data,))


def _in_force(kind: str, register: Register, last: Mapping[tuple[str, str], Entry]) -> dict[str, _Named]:
    """The sound entries, and those set aside as they last were; ids and aliases lead to them."""
    entries: dict[str, _Named] = {**register.entries}
    for (of, name), entry in last.items():
        aside = f"{kind} {name}" in register.set_aside or (kind in register.set_aside and not entry.former)
        if of == kind and aside and isinstance(entry.value, Author | Category):
            entries[name] = entry.value
            for alias in entry.value.aliases:
                entries.setdefault(alias, entry.value)
    return entries


def _entries(
    site: Site, in_force: Mapping[str, Mapping[str, _Named]], last: Mapping[tuple[str, str], Entry]
) -> dict[tuple[str, str], Entry]:
    found = {("site", ""): Entry(kind="site", name="", value=site)}
    for kind, entries in in_force.items():
        found |= {(kind, one.id): Entry(kind=kind, name=one.id, value=one) for one in entries.values()}
    former = {
        key: Entry(kind=entry.kind, name=entry.name, value=entry.value, former=True)
        for key, entry in last.items()
        if key not in found and entry.kind in in_force
    }
    return found | former
