"""Settings parser: site.yaml, categories.yaml and authors.yaml -> Site, Category and Author."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from feedsvc import uris
from feedsvc.content import safe_read, text
from feedsvc.content.media import MediaFolder
from feedsvc.content.schema import (
    AuthorKeys,
    CategoryKeys,
    SiteKeys,
    http_url,
    is_host,
    parse_day,
    validate_document,
    validate_mapping,
)
from feedsvc.content.yaml import KeyPath, YamlDocument, YamlValue, parse_yaml
from feedsvc.errors import Problem
from feedsvc.model import Author, Category, FeedOptions, Site

SITE_FILE: Final = "site.yaml"
CATEGORIES_FILE: Final = "categories.yaml"
AUTHORS_FILE: Final = "authors.yaml"

EntryT = TypeVar("EntryT", Author, Category)
_PLACEHOLDERS: Final[Mapping[str, Mapping[str, YamlValue]]] = {
    SITE_FILE: {"title": "-", "base_url": "https://site.invalid"},
    CATEGORIES_FILE: {"title": "-"},
    AUTHORS_FILE: {"name": "-"},
}


_FIRST_KEYS: Final = {"category": "title", "author": "name"}


def parse_settings_file(path: str, data: bytes) -> YamlDocument:
    """Parse a settings file as YAML. Problems of its text encoding come before those of its YAML."""
    content, problems, is_plain = text.decode(path, data)
    if not content and problems:
        return YamlDocument(path, problems=problems)
    grown = parse_yaml(path, content, is_printable=is_plain)
    grown.problems[:0] = problems
    return grown


def parse_site(data: bytes, media: MediaFolder, base_url: str = "") -> tuple[Site | None, tuple[Problem, ...]]:
    """Return the site and the problems; the site is None if a problem is an error. `base_url`, unless "", replaces the file's."""
    grown = parse_settings_file(SITE_FILE, data)
    if base_url and isinstance(grown.value, dict):
        grown.value["base_url"] = base_url
    given = validate_document(grown, SiteKeys, _PLACEHOLDERS[SITE_FILE])
    made = _build_site(grown, given, media) if given else None
    broken = any(problem.severity == "error" for problem in grown.problems)
    return None if broken else made, tuple(sorted(grown.problems))


def _build_site(grown: YamlDocument, given: SiteKeys, media: MediaFolder) -> Site | None:
    refer = _MediaResolver(grown, given.base_url, media, given.keep_metadata)
    domain = given.id_domain or _id_domain(grown, given)
    try:
        since = parse_day(given.since)
    except ValueError as error:
        grown.problems.append(grown.problem(("since",), f"since: {error}"))
        return None
    logo, icon = refer.resolve(("logo",), given.logo), refer.resolve(("icon",), given.icon)
    return Site(
        title=given.title,
        description=given.description,
        base_url=given.base_url,
        id_domain=domain,
        since=since,
        language=given.language,
        timezone=given.timezone,
        logo=logo,
        icon=icon,
        copyright=given.copyright,
        feed=FeedOptions(
            entries=given.feed.entries,
            content=given.feed.content,
            archives=given.feed.archives,
            ttl=given.feed.ttl,
            browser_view=given.feed.browser_view,
        ),
        hubs=tuple(dict.fromkeys(given.hubs)),
        keep_metadata=given.keep_metadata,
        media=tuple(refer.media_paths),
    )


def _id_domain(grown: YamlDocument, given: SiteKeys) -> str:
    """Return the host of base_url as domain of the ids. Warn that id_domain is missing; add an error if the host is unfit."""
    host = urlsplit(given.base_url).hostname or ""
    if given.base_url == _PLACEHOLDERS[SITE_FILE]["base_url"] or grown.has_value(("id_domain",)):
        return host
    if not is_host(host):
        message = f"id_domain: is missing, and base_url's host '{host}' can stand in no id"
        grown.problems.append(
            Problem(path=SITE_FILE, message=message, hint="write id_domain: followed by a domain name of yours")
        )
        return host
    message = "no id_domain; a move to another host would change the ids of articles that have none written down"
    grown.problems.append(Problem(path=SITE_FILE, message=message, hint=f"write id_domain: {host}", severity="warning"))
    return host


@dataclass(slots=True)
class _MediaResolver:
    """Resolver of `media/logo.png` or a web address to a URL. It records the media files in `media_paths`."""

    document: YamlDocument
    base_url: str
    media: MediaFolder
    keep_metadata: bool
    media_paths: list[str] = field(default_factory=list)

    def resolve(self, at: KeyPath, written: str | None) -> str:
        if not written:
            return ""
        try:
            if re.match("https?:", written, re.IGNORECASE):
                return http_url(written)
            self.media_paths.append(self.media.sendable_file(written, keep_metadata=self.keep_metadata).path)
        except ValueError as error:
            self.document.problems.append(self.document.problem(at, f"{at[-1]}: {error}"))
        return uris.absolute(self.base_url, f"/{written}")


class ParsedEntries(NamedTuple):
    """Valid entries of one file by id and alias, its invalid entries as in `References.invalid_entries`, and its problems."""

    entries: dict[str, Author] | dict[str, Category]
    invalid_entries: dict[str, str]
    problems: tuple[Problem, ...]


def parse_categories(data: bytes, _site: Site, _media: MediaFolder) -> ParsedEntries:
    """Parse categories.yaml. Each id and each alias maps to its Category."""
    return _parse_entries(CATEGORIES_FILE, "category", data, _build_category)


def parse_authors(data: bytes, site: Site, media: MediaFolder) -> ParsedEntries:
    """Parse authors.yaml. Each id and each alias maps to its Author."""

    def author(grown: YamlDocument, name: str) -> Author:
        return _build_author(grown, name, _MediaResolver(grown, site.base_url, media, site.keep_metadata))

    return _parse_entries(AUTHORS_FILE, "author", data, author)


def _build_category(grown: YamlDocument, name: str) -> Category:
    given = validate_mapping(grown, (name,), CategoryKeys, grown.value[name], _PLACEHOLDERS[CATEGORIES_FILE])
    return Category(id=_normalize(name), title=given.title, description=given.description, aliases=tuple(given.aliases))


def _build_author(grown: YamlDocument, name: str, refer: _MediaResolver) -> Author:
    given = validate_mapping(grown, (name,), AuthorKeys, grown.value[name], _PLACEHOLDERS[AUTHORS_FILE])
    return Author(
        id=_normalize(name),
        name=given.name,
        email=given.email or "",
        url=given.url or "",
        bio=given.bio,
        avatar=refer.resolve((name, "avatar"), given.avatar),
        aliases=tuple(given.aliases),
        media=tuple(refer.media_paths),
    )


def _normalize(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _parse_entries(path: str, kind: str, data: bytes, make: Callable[[YamlDocument, str], EntryT]) -> ParsedEntries:
    grown = parse_settings_file(path, data)
    if not isinstance(grown.value, dict):
        if not grown.problems:
            grown.problems.append(
                Problem(path=path, message=f"expected one '{kind}-id:' after another, each with keys of its own")
            )
        first = grown.problems[0]
        return ParsedEntries({}, {kind: f"{first.path}:{first.line}"}, tuple(grown.problems))
    sound: dict[str, EntryT] = {}
    aside: dict[str, str] = {}
    for name in grown.value:
        before = len(grown.problems)
        entry = _parse_entry(grown, kind, name, make)
        if entry and len(grown.problems) == before:
            sound[name] = entry
        else:
            aside[f"{kind} {_normalize(name)}"] = f"{path}:{grown.problem((name,), '', at_key=True).line}"
    named = dict(_with_aliases(grown, sound))
    return ParsedEntries(named, aside, tuple(sorted(grown.problems)))


def _parse_entry(grown: YamlDocument, kind: str, name: str, make: Callable[[YamlDocument, str], EntryT]) -> EntryT | None:
    if not uris.is_slug(name):
        message = f"'{name}' cannot stand in an address; use letters, digits and '-', like '{uris.slugify(name) or kind}'"
        grown.problems.append(grown.problem((name,), message, at_key=True))
    if not isinstance(grown.value[name], dict):
        grown.problems.append(
            grown.problem((name,), f"{name}: expected keys of its own, like {_FIRST_KEYS[kind]}:, indented below it", at_key=True)
        )
        return None
    return make(grown, name)


def _with_aliases(grown: YamlDocument, sound: Mapping[str, EntryT]) -> Iterator[tuple[str, EntryT]]:
    taken: dict[str, EntryT] = {entry.id: entry for entry in sound.values()}
    for name, entry in sound.items():
        for index, alias in enumerate(entry.aliases):
            if taken.setdefault(alias, entry) is not entry:
                other = taken[alias].id
                what = "an id of its own" if other == alias else f"an alias of '{other}'"
                message = f"{name}.aliases: '{alias}' is already {what}"
                grown.problems.append(grown.problem((name, "aliases", index), message, "delete it here"))
    yield from taken.items()


def known_names(root: Path, file: str) -> list[str]:
    """Return ids and aliases in authors.yaml or categories.yaml, also of invalid entries; [] if the file cannot be read."""
    data = safe_read.read_file(root, file)
    entries = parse_settings_file(file, data).value if isinstance(data, bytes) else None
    if not isinstance(entries, dict):
        return []
    former = [alias for entry in entries.values() if isinstance(entry, dict) for alias in _listed(entry.get("aliases"))]
    return list(dict.fromkeys(unicodedata.normalize("NFC", name) for name in (*entries, *former)))


def _listed(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
