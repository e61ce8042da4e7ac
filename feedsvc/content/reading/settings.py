"""Settings parser: site.yaml, categories.yaml, authors.yaml and tags.yaml -> Site, Category, Author and TagSettings."""

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
from feedsvc.content.reading.license import build_crawlers, build_license
from feedsvc.content.schema import (
    AuthorKeys,
    CategoryKeys,
    ListingFeedKeys,
    SiteKeys,
    TagKeys,
    http_url,
    is_host,
    parse_day,
    validate_document,
    validate_mapping,
)
from feedsvc.content.yaml import KeyPath, YamlDocument, YamlValue, parse_yaml
from feedsvc.errors import Problem
from feedsvc.model import Author, Category, FeedOptions, FeedOverrides, Site, TagSettings
from feedsvc.tag_slugs import tag_slug

SITE_FILE: Final = "site.yaml"
CATEGORIES_FILE: Final = "categories.yaml"
AUTHORS_FILE: Final = "authors.yaml"
TAGS_FILE: Final = "tags.yaml"
SETTINGS_FILES: Final = (SITE_FILE, CATEGORIES_FILE, AUTHORS_FILE, TAGS_FILE)

EntryT = TypeVar("EntryT", Author, Category, TagSettings)
_PLACEHOLDERS: Final[Mapping[str, Mapping[str, YamlValue]]] = {
    SITE_FILE: {"title": "-", "base_url": "https://site.invalid"},
    CATEGORIES_FILE: {"title": "-"},
    AUTHORS_FILE: {"name": "-"},
    TAGS_FILE: {},
}
_FIRST_KEYS: Final = {"category": "title", "author": "name", "tag": "title"}


def parse_settings_file(path: str, data: bytes) -> YamlDocument:
    """Parse a settings file as YAML, without validation. The document has the problems of the encoding, then those of YAML."""
    content, problems, is_printable = text.decode(path, data)
    if not content and problems:
        return YamlDocument(path, problems=problems)
    document = parse_yaml(path, content, is_printable=is_printable)
    document.problems[:0] = problems
    return document


def parse_site(data: bytes, media: MediaFolder, base_url: str = "") -> tuple[Site | None, tuple[Problem, ...]]:
    """Parse site.yaml. Return the site, None if a problem is an error, and the problems.

    `base_url`, unless it is "", replaces that of the file.
    """
    document = parse_settings_file(SITE_FILE, data)
    if base_url and isinstance(document.value, dict):
        document.value["base_url"] = base_url
    keys = validate_document(document, SiteKeys, _PLACEHOLDERS[SITE_FILE])
    site = _build_site(document, keys, media) if keys else None
    is_broken = any(problem.severity == "error" for problem in document.problems)
    return None if is_broken else site, tuple(sorted(document.problems))


def _build_site(document: YamlDocument, keys: SiteKeys, media: MediaFolder) -> Site | None:
    """Return the site; None if `since` is invalid. Adds problems to the document; if one is an error, do not use the site."""
    resolver = _MediaResolver(document, keys.base_url, media, keys.keep_metadata)
    domain = keys.id_domain or _id_domain(document, keys)
    try:
        since = parse_day(keys.since)
    except ValueError as error:
        document.problems.append(document.problem(("since",), f"since: {error}"))
        return None
    logo, icon = resolver.resolve(("logo",), keys.logo), resolver.resolve(("icon",), keys.icon)
    return Site(
        title=keys.title,
        description=keys.description,
        base_url=keys.base_url,
        id_domain=domain,
        since=since,
        language=keys.language,
        timezone=keys.timezone,
        logo=logo,
        icon=icon,
        copyright=keys.copyright,
        feed=FeedOptions(**dict(keys.feed)),
        hubs=tuple(dict.fromkeys(keys.hubs)),
        license=build_license(document, keys.license),
        crawlers=build_crawlers(document, keys.crawlers),
        keep_metadata=keys.keep_metadata,
        media=tuple(resolver.media_paths),
    )


def _id_domain(document: YamlDocument, keys: SiteKeys) -> str:
    """Return the host of base_url, as the domain of ids. If id_domain is missing, warn; if the host is unfit, add an error."""
    host = urlsplit(keys.base_url).hostname or ""
    if keys.base_url == _PLACEHOLDERS[SITE_FILE]["base_url"] or document.has_value(("id_domain",)):
        return host
    if not is_host(host):
        message = f"id_domain: is missing, and base_url's host '{host}' can stand in no id"
        document.problems.append(
            Problem(path=SITE_FILE, message=message, hint="write id_domain: followed by a domain name of yours")
        )
        return host
    message = "no id_domain; a move to another host would change the ids of articles that have none written down"
    document.problems.append(Problem(path=SITE_FILE, message=message, hint=f"write id_domain: {host}", severity="warning"))
    return host


@dataclass(slots=True)
class _MediaResolver:
    """Resolver of a path like media/logo.png, or a web address, to a URL. Usable media files are added to `media_paths`."""

    document: YamlDocument
    base_url: str
    media: MediaFolder
    keep_metadata: bool
    media_paths: list[str] = field(default_factory=list)

    def resolve(self, at: KeyPath, reference: str | None) -> str:
        """Return the URL of a reference; "" for None or "". An invalid reference adds an error at `at`; do not use its URL."""
        if not reference:
            return ""
        try:
            if re.match("https?:", reference, re.IGNORECASE):
                return http_url(reference)
            self.media_paths.append(self.media.sendable_file(reference, keep_metadata=self.keep_metadata).path)
        except ValueError as error:
            self.document.problems.append(self.document.problem(at, f"{at[-1]}: {error}"))
        return uris.absolute(self.base_url, f"/{reference}")


class ParsedEntries(NamedTuple):
    """Valid entries of one file by id and each alias, invalid entries as in `References.invalid_entries`, and all problems."""

    entries: dict[str, Author] | dict[str, Category] | dict[str, TagSettings]
    invalid_entries: dict[str, str]
    problems: tuple[Problem, ...]


def parse_categories(data: bytes, _site: Site, _media: MediaFolder) -> ParsedEntries:
    """Parse categories.yaml. The entries are Category objects. Only authors need the other arguments."""
    return _parse_entries(CATEGORIES_FILE, "category", data, _build_category)


def parse_authors(data: bytes, site: Site, media: MediaFolder) -> ParsedEntries:
    """Parse authors.yaml. The entries are Author objects."""

    def build_author(document: YamlDocument, name: str) -> Author:
        return _build_author(document, name, _MediaResolver(document, site.base_url, media, site.keep_metadata))

    return _parse_entries(AUTHORS_FILE, "author", data, build_author)


def parse_tags(data: bytes, _site: Site, _media: MediaFolder) -> ParsedEntries:
    """Parse tags.yaml. Each id and each alias maps to its TagSettings."""
    return _parse_entries(TAGS_FILE, "tag", data, _build_tag)


def _build_category(document: YamlDocument, name: str) -> Category:
    keys = validate_mapping(document, (name,), CategoryKeys, document.value[name], _PLACEHOLDERS[CATEGORIES_FILE])
    return Category(
        id=_normalize(name),
        title=keys.title,
        description=keys.description,
        aliases=tuple(keys.aliases),
        feed=_feed_overrides(keys.feed),
    )


def _build_tag(document: YamlDocument, name: str) -> TagSettings:
    keys = validate_mapping(document, (name,), TagKeys, document.value[name], _PLACEHOLDERS[TAGS_FILE])
    return TagSettings(
        id=_normalize(name),
        title=keys.title or "",
        description=keys.description,
        aliases=tuple(keys.aliases),
        feed=_feed_overrides(keys.feed),
    )


def _feed_overrides(keys: ListingFeedKeys | None) -> FeedOverrides:
    return FeedOverrides(**dict(keys)) if keys else FeedOverrides()


def _build_author(document: YamlDocument, name: str, resolver: _MediaResolver) -> Author:
    keys = validate_mapping(document, (name,), AuthorKeys, document.value[name], _PLACEHOLDERS[AUTHORS_FILE])
    return Author(
        id=_normalize(name),
        name=keys.name,
        email=keys.email or "",
        url=keys.url or "",
        bio=keys.bio,
        avatar=resolver.resolve((name, "avatar"), keys.avatar),
        aliases=tuple(keys.aliases),
        feed=_feed_overrides(keys.feed),
        media=tuple(resolver.media_paths),
    )


def _normalize(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _parse_entries(path: str, kind: str, data: bytes, build: Callable[[YamlDocument, str], EntryT]) -> ParsedEntries:
    """Parse a file of entries of one kind, "author" or "category". An entry with a problem of its own is invalid.

    `build` builds the entry of a key and adds its problems to the document.
    """
    document = parse_settings_file(path, data)
    if not isinstance(document.value, dict):
        if not document.problems:
            document.problems.append(
                Problem(path=path, message=f"expected one '{kind}-id:' after another, each with keys of its own")
            )
        first = document.problems[0]
        return ParsedEntries({}, {kind: f"{first.path}:{first.line}"}, tuple(document.problems))
    valid: dict[str, EntryT] = {}
    invalid: dict[str, str] = {}
    for name in document.value:
        problem_count = len(document.problems)
        entry = _parse_entry(document, kind, name, build)
        if entry and len(document.problems) == problem_count:
            valid[name] = entry
        else:
            invalid[f"{kind} {_normalize(name)}"] = f"{path}:{document.problem((name,), '', at_key=True).line}"
    entries = dict(_with_aliases(document, valid))
    return ParsedEntries(entries, invalid, tuple(sorted(document.problems)))


def _parse_entry(document: YamlDocument, kind: str, name: str, build: Callable[[YamlDocument, str], EntryT]) -> EntryT | None:
    """Return the entry of the key `name`; None if its value is no mapping. If a problem was added, do not use the entry."""
    if message := _id_error(kind, name):
        document.problems.append(document.problem((name,), message, at_key=True))
    if not isinstance(document.value[name], dict):
        message = f"{name}: expected keys of its own, like {_FIRST_KEYS[kind]}:, indented below it"
        document.problems.append(document.problem((name,), message, at_key=True))
        return None
    return build(document, name)


def _id_error(kind: str, name: str) -> str:
    """Return a message if a key cannot be an id, else ""."""
    if kind == "tag":  # the id of a tag is its slug: any other id would be that of no tag
        slug = tag_slug(name)
        return f"'{name}' is not the id of a tag; write '{slug or 'south-korea'}'" if slug != _normalize(name) else ""
    if not uris.is_slug(name):
        return f"'{name}' cannot stand in an address; use letters, digits and '-', like '{uris.slugify(name) or kind}'"
    return ""


def _with_aliases(document: YamlDocument, valid: Mapping[str, EntryT]) -> Iterator[tuple[str, EntryT]]:
    """Yield each id and alias with its entry. An alias that another entry has already, as id or alias, adds a problem."""
    entries: dict[str, EntryT] = {entry.id: entry for entry in valid.values()}
    for name, entry in valid.items():
        for index, alias in enumerate(entry.aliases):
            if entries.setdefault(alias, entry) is not entry:
                other = entries[alias].id
                owner = "an id of its own" if other == alias else f"an alias of '{other}'"
                message = f"{name}.aliases: '{alias}' is already {owner}"
                document.problems.append(document.problem((name, "aliases", index), message, "delete it here"))
    yield from entries.items()


def known_names(root: Path, file: str) -> list[str]:
    """Return the ids, then the aliases, in authors.yaml or categories.yaml (`file`), also of invalid entries.

    Return [] if the file is missing or cannot be read or parsed.
    """
    data = safe_read.read_file(root, file)
    entries = parse_settings_file(file, data).value if isinstance(data, bytes) else None
    if not isinstance(entries, dict):
        return []
    aliases = [alias for entry in entries.values() if isinstance(entry, dict) for alias in _strings(entry.get("aliases"))]
    return list(dict.fromkeys(_normalize(name) for name in (*entries, *aliases)))


def _strings(value: Any) -> list[str]:
    """Return the strings in a list; [value] for a string; [] for any other value."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
