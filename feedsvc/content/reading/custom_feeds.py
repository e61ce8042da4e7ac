"""Custom feeds: feeds.yaml -> CustomFeed. Names of categories and authors are resolved to ids, tags to their slugs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from feedsvc.content.reading.context import References, media_resolver, unknown_reference_error
from feedsvc.content.reading.entries import ParsedEntries, parse_entries
from feedsvc.content.reading.issue_schedules import read_issue_schedule, with_times_as_text
from feedsvc.content.reading.settings_document import FEEDS_FILE, normalize_id
from feedsvc.content.schema.dates import parse_age
from feedsvc.content.schema.models import CustomFeedKeys, ExcludeKeys, IncludeKeys, ListingFeedKeys
from feedsvc.content.schema.validation import validate_mapping
from feedsvc.content.yaml import KeyPath, YamlDocument, YamlValue
from feedsvc.errors import MAX_PROBLEMS
from feedsvc.language_tags import language_ranges
from feedsvc.model import Author, Category, CustomFeed, FeedOverrides, Selection
from feedsvc.tag_slugs import tag_slug

_PLACEHOLDERS: Final[Mapping[str, YamlValue]] = {"title": "-", "include": {"all": True}}


def parse_custom_feeds(data: bytes, references: References) -> ParsedEntries:
    """Parse feeds.yaml. The entries are CustomFeed objects, public and private. Faults become problems, not exceptions."""

    def build(document: YamlDocument, name: str) -> CustomFeed:
        return _build_custom_feed(document, name, references)

    return parse_entries(FEEDS_FILE, "custom", data, build)


def _build_custom_feed(document: YamlDocument, name: str, references: References) -> CustomFeed:
    keys = validate_mapping(document, (name,), CustomFeedKeys, with_times_as_text(document, name), _PLACEHOLDERS)
    resolver = media_resolver(document, references)
    include = _SelectionReader(document, (name, "include"), references).read(keys.include)
    exclude = _SelectionReader(document, (name, "exclude"), references).read(keys.exclude)
    _check_include(document, (name, "include"), keys.include)
    _check_exclude(document, (name, "exclude"), include, exclude)
    return CustomFeed(
        id=normalize_id(name),
        title=keys.title,
        description=keys.description,
        include=include,
        exclude=exclude,
        aliases=tuple(keys.aliases),
        image=resolver.resolve((name, "image"), keys.image),
        max_age=int(parse_age(keys.max_age).total_seconds()) if keys.max_age else None,
        access=keys.access,
        digest=read_issue_schedule(document, (name, "digest"), keys.digest, is_private=keys.access == "private"),
        feed=FeedOverrides(**{key: getattr(keys, key) for key in ListingFeedKeys.model_fields}),
        media=tuple(resolver.media_paths),
    )


class _SelectionReader:
    """Reader of `include` or `exclude` at the key path `at`. Adds problems to the document; its result has only valid names."""

    def __init__(self, document: YamlDocument, at: KeyPath, references: References) -> None:
        self._document, self._at, self._references = document, at, references

    def read(self, keys: IncludeKeys | ExcludeKeys) -> Selection:
        references = self._references
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
            choices = entries if len(self._document.problems) < MAX_PROBLEMS else {}
            self._add_error((key, index), *unknown_reference_error(self._references, kind, key, name, choices))
            return ""

        return self._collect(key, names, find)

    def _slug(self, index: int, title: str) -> str:
        slug = tag_slug(title)
        if not slug:
            self._add_error(("tags", index), f"'{title}' is no tag, because it has no letter or digit")
        return slug

    def _collect(self, key: str, names: Sequence[str], convert: Callable[[int, str], str]) -> tuple[str, ...]:
        """Return the results of `convert` for each index and name, each once, without "". A repeated result adds an error."""
        converted: dict[str, None] = {}
        for index, name in enumerate(names):
            value = convert(index, name)
            if value in converted:
                self._add_error((key, index), f"'{name}' is there already", "delete it here")
            converted |= {value: None} if value else {}
        return tuple(converted)

    def _add_error(self, at: KeyPath, message: str, hint: str = "") -> None:
        name = f"{self._at[-1]}.{at[0]}"
        self._document.problems.append(self._document.problem((*self._at, *at), f"{name}: {message}", hint))


def _check_include(document: YamlDocument, at: KeyPath, keys: IncludeKeys) -> None:
    """Add an error if `include` names nothing, or something beside `all: true`."""
    names = [key for key in ExcludeKeys.model_fields if getattr(keys, key)]
    if keys.all and names:
        message = f"include: all: true stands beside {', '.join(names)}"
        document.problems.append(document.problem((*at, "all"), message, "delete one of them", at_key=True))
    if not keys.all and not names:
        hint = "write include: {all: true} for every article, or categories:, authors:, tags: or languages:"
        document.problems.append(document.problem(at, "include: names nothing", hint, at_key=True))


def _check_exclude(document: YamlDocument, at: KeyPath, include: Selection, exclude: Selection) -> None:
    """Add an error for each kind of which `exclude` leaves out every name in `include`, because no article could be selected."""
    for kind in _emptied_kinds(include, exclude):
        message = f"exclude.{kind}: leaves out all that include.{kind} names, so the feed would hold nothing"
        document.problems.append(document.problem((*at, kind), message, "delete a name here or there", at_key=True))


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
