"""Settings of listings: categories.yaml, authors.yaml and tags.yaml -> Category, Author and TagSettings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from feedsvc.content.reading.context import References, media_resolver
from feedsvc.content.reading.entries import ParsedEntries, parse_entries
from feedsvc.content.reading.settings_document import AUTHORS_FILE, CATEGORIES_FILE, TAGS_FILE, MediaResolver, normalize_id
from feedsvc.content.schema.models import AuthorKeys, CategoryKeys, ListingFeedKeys, TagKeys
from feedsvc.content.schema.validation import validate_mapping
from feedsvc.content.yaml import YamlDocument, YamlValue
from feedsvc.errors import Problem
from feedsvc.model import Author, Category, FeedOverrides, TagSettings

_PLACEHOLDERS: Final[Mapping[str, Mapping[str, YamlValue]]] = {
    CATEGORIES_FILE: {"title": "-"},
    AUTHORS_FILE: {"name": "-"},
    TAGS_FILE: {},
}


def parse_categories(data: bytes, _: References) -> ParsedEntries:
    """Parse categories.yaml. The entries are Category objects. Faults become problems, not exceptions."""
    return parse_entries(CATEGORIES_FILE, "category", data, _build_category)


def parse_authors(data: bytes, references: References) -> ParsedEntries:
    """Parse authors.yaml. The entries are Author objects. Faults become problems, not exceptions.

    An author of whom only the avatar cannot be used is an invalid entry, but is in `fallbacks` without an avatar.
    """
    avatar_problems: dict[str, Problem] = {}

    def build_author(document: YamlDocument, name: str) -> Author:
        return _build_author(document, name, media_resolver(document, references), avatar_problems)

    parsed = parse_entries(AUTHORS_FILE, "author", data, build_author, avatar_problems)
    entries = {name: entry for name, entry in parsed.entries.items() if isinstance(entry, Author)}
    invalid = {f"author {id_}": f"{problem.path}:{problem.line}" for id_, problem in avatar_problems.items()}
    return parsed._replace(
        entries={name: entry for name, entry in entries.items() if entry.id not in avatar_problems},
        fallbacks={name: entry for name, entry in entries.items() if entry.id in avatar_problems},
        invalid_entries={**invalid, **parsed.invalid_entries},
    )


def parse_tags(data: bytes, _: References) -> ParsedEntries:
    """Parse tags.yaml. The entries are TagSettings objects. Faults become problems, not exceptions."""
    return parse_entries(TAGS_FILE, "tag", data, _build_tag)


def _build_category(document: YamlDocument, name: str) -> Category:
    keys = validate_mapping(document, (name,), CategoryKeys, document.value[name], _PLACEHOLDERS[CATEGORIES_FILE])
    return Category(
        id=normalize_id(name),
        title=keys.title,
        description=keys.description,
        aliases=tuple(keys.aliases),
        feed=_feed_overrides(keys.feed),
    )


def _build_tag(document: YamlDocument, name: str) -> TagSettings:
    keys = validate_mapping(document, (name,), TagKeys, document.value[name], _PLACEHOLDERS[TAGS_FILE])
    return TagSettings(
        id=normalize_id(name),
        title=keys.title or "",
        description=keys.description,
        aliases=tuple(keys.aliases),
        feed=_feed_overrides(keys.feed),
    )


def _feed_overrides(keys: ListingFeedKeys | None) -> FeedOverrides:
    return FeedOverrides(**dict(keys)) if keys else FeedOverrides()


def _build_author(document: YamlDocument, name: str, resolver: MediaResolver, avatar_problems: dict[str, Problem]) -> Author:
    """Return the author of an entry. A problem of the avatar is added to `avatar_problems` by id, all others to the document."""
    keys = validate_mapping(document, (name,), AuthorKeys, document.value[name], _PLACEHOLDERS[AUTHORS_FILE])
    problem_count = len(document.problems)
    avatar = resolver.resolve((name, "avatar"), keys.avatar)
    if problems := document.problems[problem_count:]:
        del document.problems[problem_count:]
        avatar_problems[normalize_id(name)] = problems[0]
        avatar = ""
    return Author(
        id=normalize_id(name),
        name=keys.name,
        email=keys.email or "",
        url=keys.url or "",
        bio=keys.bio,
        avatar=avatar,
        aliases=tuple(keys.aliases),
        feed=_feed_overrides(keys.feed),
        media=tuple(resolver.media_paths),
    )
