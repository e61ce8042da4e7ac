"""Entries of settings files: categories.yaml, authors.yaml, tags.yaml and feeds.yaml -> valid entries by id and alias.

Each file has one `id:` after another, each with keys. In feeds.yaml, names of categories and authors become ids, tags slugs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple, get_args

from feedsvc import uris
from feedsvc.content.reading.context import ReadContext, References
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, FEEDS_FILE, TAGS_FILE, normalize_id, parse_settings_file
from feedsvc.content.schema.dates import parse_age
from feedsvc.content.schema.models import (
    AuthorKeys,
    CategoryKeys,
    CustomFeedKeys,
    DigestKeys,
    ExcludeKeys,
    IncludeKeys,
    ListingFeedKeys,
    TagKeys,
)
from feedsvc.content.schema.validation import validate_mapping
from feedsvc.content.yaml import YamlDocument, YamlValue
from feedsvc.errors import MAX_PROBLEMS, Problem
from feedsvc.language_tags import language_ranges
from feedsvc.model import Author, Category, CustomFeed, FeedOverrides, IssueSchedule, Selection, TagSettings
from feedsvc.tag_slugs import tag_slug

_Entry = Author | Category | TagSettings | CustomFeed
_WEEKDAYS: Final = get_args(get_args(DigestKeys.model_fields["on"].annotation)[0])


class ParsedEntries(NamedTuple):
    """Valid entries of one file by id and each alias, and all problems, sorted.

    `invalid_entries` maps "KIND ID" of each invalid entry, or only "KIND" if the whole file cannot be used, to "FILE:LINE" of
    its id or of the first problem. KIND is the key of the file in ENTRY_FILES. `has_invalid_id` is True if a key of the file
    cannot be an id. An entry that seems to be missing may be the one at that key. `fallbacks` has, by id and each alias, those
    invalid entries that can be used without a part of them, if there is no last valid version: authors without their avatar.
    """

    entries: Mapping[str, _Entry]
    invalid_entries: dict[str, str]
    problems: tuple[Problem, ...]
    has_invalid_id: bool = False
    fallbacks: Mapping[str, _Entry] = MappingProxyType({})


class _Kind(NamedTuple):
    """Kind of entries: its name, the model of their keys with values for required ones, and the most that a file may have.

    `word` is the kind in messages. `build` makes an entry of its id and valid keys, and adds further problems to the context.
    """

    name: str
    word: str
    keys: type[Any]
    placeholders: Mapping[str, YamlValue]
    build: Callable[[ReadContext, str, Any], _Entry]
    most: int = sys.maxsize


def parse_entries(path: str, data: bytes, references: References) -> ParsedEntries:
    """Parse a file of ENTRY_FILES. Faults become problems, not exceptions.

    An entry with an error is invalid. An alias that is an id, or an alias of an earlier entry, keeps that meaning; it adds a
    problem, but does not make its own entry invalid.
    """
    kind, document = _KINDS[path], parse_settings_file(path, data)
    if not _has_usable_entries(document, kind):
        first = document.problems[0]
        return ParsedEntries({}, {kind.name: f"{first.path}:{first.line}"}, document.limited_problems())
    usable: dict[str, _Entry] = {}
    invalid: dict[str, str] = {}
    for name in document.value:
        start = len(document.problems)
        entry = _parse_entry(ReadContext(document, references, (name,)), kind, name)
        errors = [problem for problem in document.problems[start:] if problem.severity == "error"]
        is_fallback = isinstance(entry, Author) and all(error.message.startswith("avatar: ") for error in errors)
        if entry and (is_fallback or not errors):
            usable[name] = entry
        if errors:
            line = errors[0].line if is_fallback else document.problem((name,), "", at_key=True).line
            invalid[f"{kind.name} {normalize_id(name)}"] = f"{path}:{line}"
    entries = dict(_with_aliases(ReadContext(document, references), usable))
    fallbacks = {name: entry for name, entry in entries.items() if f"{kind.name} {entry.id}" in invalid}
    valid = {name: entry for name, entry in entries.items() if name not in fallbacks}
    has_invalid_id = any(_id_error(kind, name) for name in document.value)
    return ParsedEntries(valid, invalid, document.limited_problems(), has_invalid_id, fallbacks)


def _has_usable_entries(document: YamlDocument, kind: _Kind) -> bool:
    """Return True if the document is a mapping with at most as many entries as are allowed; else it has a problem afterwards."""
    entries = document.value
    if not isinstance(entries, dict):
        if not document.problems:
            message = f"expected one '{kind.word}-id:' after another, each with keys of its own"
            document.problems.append(Problem(path=document.path, message=message))
        return False
    if len(entries) > kind.most:
        message = f"{len(entries):,} {document.path.removesuffix('.yaml')}, at most {kind.most:,} are allowed"
        hint = "delete those that are not needed"
        document.problems.append(document.problem(([*entries][kind.most],), message, hint, at_key=True))
    return len(entries) <= kind.most


def _parse_entry(context: ReadContext, kind: _Kind, name: str) -> _Entry | None:
    """Return the entry of the key `name`; None if its value is no mapping. If an error was added, do not use the entry."""
    if message := _id_error(kind, name):
        context.add((), message, at_key=True)
    value = context.document.value[name]
    if not isinstance(value, dict):
        first_key = next(iter(kind.keys.model_fields))
        context.add((), f"{name}: expected keys of its own, like {first_key}:, indented below it", at_key=True)
        return None
    value = _with_time_as_text(context, value)
    keys = validate_mapping(context.document, context.location, kind.keys, value, kind.placeholders)
    return kind.build(context, normalize_id(name), keys)


def _id_error(kind: _Kind, name: str) -> str:
    """Return a message if a key cannot be an id, else ""."""
    if kind.name == "tag":  # the id of a tag is its slug: any other id would be that of no tag
        slug = tag_slug(name)
        return f"'{name}' is not the id of a tag; write '{slug or 'south-korea'}'" if slug != normalize_id(name) else ""
    if not uris.is_slug(name):
        example = uris.slugify(name) or kind.word
        return f"'{name}' cannot stand in an address; use letters, digits and '-', like '{example}'"
    return ""


def _with_aliases(context: ReadContext, usable: Mapping[str, _Entry]) -> Iterator[tuple[str, _Entry]]:
    """Yield each id and alias with its entry. An alias that is an id, or an alias of an earlier entry, only adds a problem."""
    entries = {entry.id: entry for entry in usable.values()}
    for name, entry in usable.items():
        for index, alias in enumerate(entry.aliases):
            if entries.setdefault(alias, entry) is not entry:
                other = entries[alias].id
                owner = "an id of its own" if other == alias else f"an alias of '{other}'"
                context.add_error((name, "aliases", index), f"'{alias}' is already {owner}", "delete it here")
    yield from entries.items()


def _category(_: ReadContext, id_: str, keys: CategoryKeys) -> Category:
    feed, aliases = _feed_overrides(keys.feed), tuple(keys.aliases)
    return Category(id=id_, title=keys.title, description=keys.description, aliases=aliases, feed=feed)


def _tag(_: ReadContext, id_: str, keys: TagKeys) -> TagSettings:
    feed, aliases = _feed_overrides(keys.feed), tuple(keys.aliases)
    return TagSettings(id=id_, title=keys.title or "", description=keys.description, aliases=aliases, feed=feed)


def _author(context: ReadContext, id_: str, keys: AuthorKeys) -> Author:
    return Author(
        id=id_,
        name=keys.name,
        email=(keys.email or "") if keys.show_email else "",
        hidden_email="" if keys.show_email else keys.email or "",
        url=keys.url or "",
        bio=keys.bio,
        avatar=context.picture_url(("avatar",), keys.avatar),
        aliases=tuple(keys.aliases),
        feed=_feed_overrides(keys.feed),
        media=tuple(context.media),
    )


def _feed_overrides(keys: ListingFeedKeys | None) -> FeedOverrides:
    return FeedOverrides(**dict(keys)) if keys else FeedOverrides()


def _custom_feed(context: ReadContext, id_: str, keys: CustomFeedKeys) -> CustomFeed:
    include = _SelectionReader(context, "include").read(keys.include)
    exclude = _SelectionReader(context, "exclude").read(keys.exclude)
    _check_include(context, keys.include)
    for kind in _emptied_kinds(include, exclude):
        message = f"leaves out all that include.{kind} names, so the feed would hold nothing"
        context.add_error(("exclude", kind), message, "delete a name here or there", at_key=True)
    return CustomFeed(
        id=id_,
        title=keys.title,
        description=keys.description,
        include=include,
        exclude=exclude,
        aliases=tuple(keys.aliases),
        image=context.picture_url(("image",), keys.image),
        max_age=int(parse_age(keys.max_age).total_seconds()) if keys.max_age else None,
        access=keys.access,
        digest=_issue_schedule(context, keys.digest, is_private=keys.access == "private") if keys.digest else None,
        feed=FeedOverrides(**{key: getattr(keys, key) for key in ListingFeedKeys.model_fields}),
        media=tuple(context.media),
    )


class _SelectionReader:
    """Reader of the key `include` or `exclude` of a feed. Adds problems to the context; its result has only valid names."""

    def __init__(self, context: ReadContext, key: str) -> None:
        self._context, self._key = context, key

    def read(self, keys: IncludeKeys | ExcludeKeys) -> Selection:
        references = self._context.references
        return Selection(
            categories=self._resolve("category", "categories", keys.categories, references.categories),
            authors=self._resolve("author", "authors", keys.authors, references.authors),
            tags=self._collect("tags", keys.tags, self._slug),
            languages=self._collect("languages", keys.languages, lambda _, language: language),
        )

    def _resolve(self, kind: str, key: str, names: Sequence[str], entries: Mapping[str, Author | Category]) -> tuple[str, ...]:
        def find(index: int, name: str) -> str:
            if entry := entries.get(name):
                return entry.id
            # To compare a name with thousands takes long, and further problems are only counted.
            choices = entries if len(self._context.document.problems) < MAX_PROBLEMS else {}
            self._context.add_error((self._key, key, index), *self._context.unknown_name_error(kind, key, name, choices))
            return ""

        return self._collect(key, names, find)

    def _slug(self, index: int, title: str) -> str:
        slug = tag_slug(title)
        if not slug:
            message = f"'{title}' is no tag, because it has no letter or digit"
            self._context.add_error((self._key, "tags", index), message)
        return slug

    def _collect(self, key: str, names: Sequence[str], convert: Callable[[int, str], str]) -> tuple[str, ...]:
        """Return the results of `convert` for each index and name, each once, without "". A repeated result adds an error."""
        converted: dict[str, None] = {}
        for index, name in enumerate(names):
            value = convert(index, name)
            if value in converted:
                self._context.add_error((self._key, key, index), f"'{name}' is there already", "delete it here")
            converted |= {value: None} if value else {}
        return tuple(converted)


def _check_include(context: ReadContext, keys: IncludeKeys) -> None:
    """Add an error if `include` names nothing, or something beside `all: true`."""
    names = [key for key in ExcludeKeys.model_fields if getattr(keys, key)]
    if keys.all and names:
        message = f"include: all: true stands beside {', '.join(names)}"
        context.add(("include", "all"), message, "delete one of them", at_key=True)
    if not keys.all and not names:
        hint = "write include: {all: true} for every article, or categories:, authors:, tags: or languages:"
        context.add_error(("include",), "names nothing", hint, at_key=True)


def _emptied_kinds(include: Selection, exclude: Selection) -> Iterator[str]:
    """Yield the kinds (fields of Selection) of which `exclude` covers all names in `include`: en covers en-GB, too."""
    for kind in Selection.__slots__:
        names, excluded = getattr(include, kind), getattr(exclude, kind)
        if names and all(_is_excluded(kind, name, excluded) for name in names):
            yield kind


def _is_excluded(kind: str, name: str, excluded: Sequence[str]) -> bool:
    if kind == "languages":
        return not frozenset(language_ranges(name)).isdisjoint(map(str.lower, excluded))
    return name in excluded


def _with_time_as_text(context: ReadContext, value: dict[str, YamlValue]) -> dict[str, YamlValue]:
    """Return an entry's keys, a number at `digest.at` replaced by its text: YAML reads 18:00 as a number.

    The document does not change.
    """
    digest = value.get("digest")
    if not isinstance(digest, dict) or type(digest.get("at")) not in (int, float):
        return value
    at = context.document.raw_scalar((*context.location, "digest", "at")) or digest["at"]
    return {**value, "digest": {**digest, "at": at}}


def _issue_schedule(context: ReadContext, keys: DigestKeys, *, is_private: bool) -> IssueSchedule:
    """Return the schedule in the keys of `digest`.

    Adds a problem to the context if `on` is missing for a week or given for a day, or if the feed `is_private`.
    """
    if keys.every == "day" and keys.on:
        context.add_error(("digest", "on"), "stands beside every: day", "delete it, or write every: week", at_key=True)
    if is_private:
        message = "its entries would link to pages, which a private feed has not"
        context.add_error(("digest",), message, "delete it, or write access: public", at_key=True)
    if keys.every == "week" and not keys.on:
        context.add_error(("digest",), "names no day of the week", "write on: monday beside every: week", at_key=True)
    hours, _, minutes = keys.at.partition(":")
    return IssueSchedule(minute_of_day=int(hours) * 60 + int(minutes), weekday=_WEEKDAYS.index(keys.on) if keys.on else None)


_TITLE: Final = {"title": "-"}
_KINDS: Final[Mapping[str, _Kind]] = {
    CATEGORIES_FILE: _Kind("category", "category", CategoryKeys, _TITLE, _category, 5_000),
    AUTHORS_FILE: _Kind("author", "author", AuthorKeys, {"name": "-"}, _author, 20_000),
    TAGS_FILE: _Kind("tag", "tag", TagKeys, {}, _tag),
    FEEDS_FILE: _Kind("custom", "feed", CustomFeedKeys, {**_TITLE, "include": {"all": True}}, _custom_feed, 1_000),
}
# Kind of entries -> their file. Custom feeds come last, because they refer to categories and authors.
ENTRY_FILES: Final[Mapping[str, str]] = {kind.name: file for file, kind in _KINDS.items()}
