"""Lint of tags.yaml: entries of tags that no article has, and aliases that do not redirect because an article has that tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from feedsvc.content.lint.context import LintContext
from feedsvc.content.lint.positions import EntryPositions
from feedsvc.content.reading import TAGS_FILE
from feedsvc.content.text import did_you_mean
from feedsvc.errors import Problem
from feedsvc.model import TagSettings


def lint_tag_entries(context: LintContext) -> Iterator[Problem]:
    """Yield the warnings about tags.yaml: entries of tags that no article has, and aliases that articles have as tags.

    Drafts count as articles. There are none about unused entries while a file in articles/ has an error: it may use them.
    """
    entries = {entry.id: entry for entry in context.content.tags.values()}
    if not entries:
        return
    paths_by_tag = _first_paths(context)
    positions = EntryPositions(context.root, TAGS_FILE)
    unused = () if context.excluded_stems else (entry for entry in entries.values() if entry.id not in paths_by_tag)
    yield from _unused_entry_warnings(positions, unused, paths_by_tag)
    for entry in entries.values():
        yield from _alias_warnings(positions, entry, paths_by_tag)


def _first_paths(context: LintContext) -> Mapping[str, str]:
    """Map the id of each tag of an article, also of a draft, to the path, alphabetically first, of an article with it."""
    paths: dict[str, str] = {}
    for article in sorted(context.content.articles, key=lambda article: article.path):
        for tag in article.tags:
            paths.setdefault(tag.id, article.path)
    return paths


def _unused_entry_warnings(
    positions: EntryPositions, unused: Iterable[TagSettings], paths_by_tag: Mapping[str, str]
) -> Iterator[Problem]:
    for entry in unused:
        message = f"{entry.id}: no article has this tag, so it has no page"
        hint = did_you_mean(entry.id, paths_by_tag) or "delete the entry, or name the tag in an article"
        yield positions.warning("unused-tag", entry.id, (), message, hint)


def _alias_warnings(positions: EntryPositions, entry: TagSettings, paths_by_tag: Mapping[str, str]) -> Iterator[Problem]:
    for index, alias in enumerate(entry.aliases):
        if alias in paths_by_tag:
            message = f"{entry.id}.aliases: '{alias}' does not redirect, because {paths_by_tag[alias]} has a tag with this id"
            hint = f"name the tag '{entry.title or entry.id}' in the articles instead, or delete the alias"
            yield positions.warning("tag-alias", entry.id, ("aliases", index), message, hint)
