"""Entries of a settings file such as authors.yaml: one `id:` after another, each with keys -> valid entries by id and alias."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

from feedsvc import uris
from feedsvc.content.reading.settings_document import normalize_id, parse_settings_file
from feedsvc.content.yaml import YamlDocument
from feedsvc.errors import Problem
from feedsvc.model import Author, Category, CustomFeed, TagSettings
from feedsvc.tag_slugs import tag_slug

EntryT = TypeVar("EntryT", Author, Category, TagSettings, CustomFeed)
_FIRST_KEYS: Final = {"category": "title", "author": "name", "tag": "title", "custom": "title"}
_MAX_ENTRIES: Final = {"category": 5_000, "author": 20_000, "custom": 1_000}
_KIND_WORDS: Final = {"custom": "feed"}  # kinds whose word in messages is another


class ParsedEntries(NamedTuple):
    """Valid entries of one file by id and each alias, and all problems, sorted.

    `invalid_entries` maps "KIND ID" of each invalid entry, or only "KIND" if the whole file cannot be used, to "FILE:LINE" of
    its id or of the first problem. KIND is the `kind` of `parse_entries`. `has_invalid_id` is True if a key of the file cannot
    be an id. An entry that seems to be missing may be the one at that key. `fallbacks` has, by id and each alias, those invalid
    entries that can be used without a part of them, if there is no last valid version.
    """

    entries: dict[str, Author] | dict[str, Category] | dict[str, TagSettings] | dict[str, CustomFeed]
    invalid_entries: dict[str, str]
    problems: tuple[Problem, ...]
    has_invalid_id: bool = False
    fallbacks: Mapping[str, Author] = MappingProxyType({})


def parse_entries(
    path: str,
    kind: str,
    data: bytes,
    build: Callable[[YamlDocument, str], EntryT],
    other_problems: Mapping[str, Problem] = MappingProxyType({}),
) -> ParsedEntries:
    """Parse a file of entries of one kind: "category", "author", "tag" or "custom". Faults become problems, not exceptions.

    `path` is the name of the file. `build` builds the entry of a key and adds its problems to the document; an entry with an
    error is invalid. An alias that is an id, or an alias of an earlier entry, keeps that meaning; it adds a problem, but
    does not make its own entry invalid. `build` adds to `other_problems` those that do not make an entry invalid.
    """
    document = parse_settings_file(path, data)
    if not _has_usable_entries(document, kind):
        first = document.problems[0]
        return ParsedEntries({}, {kind: f"{first.path}:{first.line}"}, document.limited_problems())
    valid: dict[str, EntryT] = {}
    invalid: dict[str, str] = {}
    for name in document.value:
        problem_count = len(document.problems)
        entry = _parse_entry(document, kind, name, build)
        if entry and all(problem.severity == "warning" for problem in document.problems[problem_count:]):
            valid[name] = entry
        else:
            invalid[f"{kind} {normalize_id(name)}"] = f"{path}:{document.problem((name,), '', at_key=True).line}"
    entries = dict(_with_aliases(document, valid))
    has_invalid_id = any(_id_error(kind, name) for name in document.value)
    document.problems += other_problems.values()
    return ParsedEntries(entries, invalid, document.limited_problems(), has_invalid_id)


def _has_usable_entries(document: YamlDocument, kind: str) -> bool:
    """Return True if the document is a mapping with at most as many entries as are allowed; else it has a problem afterwards."""
    entries = document.value
    if not isinstance(entries, dict):
        if not document.problems:
            message = f"expected one '{_KIND_WORDS.get(kind, kind)}-id:' after another, each with keys of its own"
            document.problems.append(Problem(path=document.path, message=message))
        return False
    most = _MAX_ENTRIES.get(kind, len(entries))
    if len(entries) > most:
        message = f"{len(entries):,} {document.path.removesuffix('.yaml')}, at most {most:,} are allowed"
        hint = "delete those that are not needed"
        document.problems.append(document.problem(([*entries][most],), message, hint, at_key=True))
    return len(entries) <= most


def _parse_entry(document: YamlDocument, kind: str, name: str, build: Callable[[YamlDocument, str], EntryT]) -> EntryT | None:
    """Return the entry of the key `name`; None if its value is no mapping. If an error was added, do not use the entry."""
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
        return f"'{name}' is not the id of a tag; write '{slug or 'south-korea'}'" if slug != normalize_id(name) else ""
    example = uris.slugify(name) or _KIND_WORDS.get(kind, kind)
    if not uris.is_slug(name):
        return f"'{name}' cannot stand in an address; use letters, digits and '-', like '{example}'"
    return ""


def _with_aliases(document: YamlDocument, valid: Mapping[str, EntryT]) -> Iterator[tuple[str, EntryT]]:
    """Yield each id and alias with its entry. An alias that is an id, or an alias of an earlier entry, only adds a problem."""
    entries: dict[str, EntryT] = {entry.id: entry for entry in valid.values()}
    for name, entry in valid.items():
        for index, alias in enumerate(entry.aliases):
            if entries.setdefault(alias, entry) is not entry:
                other = entries[alias].id
                owner = "an id of its own" if other == alias else f"an alias of '{other}'"
                message = f"{name}.aliases: '{alias}' is already {owner}"
                document.problems.append(document.problem((name, "aliases", index), message, "delete it here"))
    yield from entries.items()
