"""Snapshot builder: the settings, articles, theme files and media of a content folder -> ContentSnapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import chain

from feedsvc.content.folder.articles import ArticleChanges, ArticleFiles
from feedsvc.content.folder.free_files import FreeFiles
from feedsvc.content.folder.settings import Settings
from feedsvc.content.folder.snapshot import NO_PROBLEMS, ArticleSequence, ContentSnapshot, ProblemList
from feedsvc.content.folder.theme_files import ThemeFolder
from feedsvc.content.media import MediaFolder
from feedsvc.errors import Problem
from feedsvc.model import Article, Author, Category, MediaFile


class SnapshotBuilder:
    """Builder of one snapshot after another.

    The articles, the media, the theme, and the categories together with the authors are the same objects as in the previous
    snapshot if they did not change.
    """

    def __init__(self, media: MediaFolder, theme: ThemeFolder, free_files: FreeFiles) -> None:
        self._media, self._theme, self._free_files = media, theme, free_files
        self._previous: ContentSnapshot | None = None
        self._media_files: dict[str, MediaFile] = {}
        self._problem_sources: tuple[ProblemList, tuple[Problem, ...]] = NO_PROBLEMS, ()  # of article files; all others
        self._problems = NO_PROBLEMS
        self._missing_media: set[str] = set()  # referenced files that do not exist

    def build(
        self,
        settings: Settings,
        articles: ArticleFiles,
        changes: ArticleChanges,
        changed_media: frozenset[str],
        unread_problems: Iterable[Problem],
    ) -> ContentSnapshot:
        """Build the snapshot after a reading, with the theme, pages and root files of the constructor's arguments.

        Call it after each reading that gives a new snapshot. `changes` are the changes of active articles, `changed_media` the
        paths of changed media files, since the previous snapshot. `unread_problems` are those of files that are not read.
        """
        previous = self._previous
        last_valid_paths, free_files = articles.last_valid_paths, self._free_files
        other_problems: tuple[Problem, ...] = (
            *(*settings.problems, *articles.problems, *articles.address_problems(settings.redirects)),
            *(*free_files.problems, *self._theme.problems, *unread_problems),
        )
        if (sources := (articles.records.sorted_problems, other_problems)) != self._problem_sources:
            self._problem_sources, self._problems = sources, sources[0].apply_changes((), other_problems)
        categories, authors = self._active_entries(settings, articles, last_valid_paths)
        self._previous = ContentSnapshot(
            site=settings.references.site,
            categories=categories,
            authors=authors,
            tags=settings.tags,
            custom_feeds=settings.custom_feeds,
            private_feeds=settings.private_feeds,
            redirects=settings.redirects,
            articles=ArticleSequence(articles.active_articles) if changes or not previous else previous.articles,
            addresses=articles.addresses,
            media=self._referenced_media(settings, articles, changes, changed_media),
            pages=free_files.pages,
            root_files=free_files.root_files,
            frame=free_files.frame,
            theme=self._theme.files,
            sorted_problems=self._problems,
            last_valid_paths=last_valid_paths | settings.last_valid_paths | free_files.last_valid_paths,
            texts=articles.texts,
        )
        return self._previous

    def _active_entries(
        self, settings: Settings, articles: ArticleFiles, last_valid_paths: Iterable[str]
    ) -> tuple[Mapping[str, Category], Mapping[str, Author]]:
        """Return the effective categories and authors, and those that only active last valid versions of articles refer to."""
        categories, authors = dict(settings.references.categories), dict(settings.references.authors)
        active = articles.active_articles
        for article in (active[path] for path in last_valid_paths if path in active):
            for name in article.categories:
                if isinstance(entry := settings.last_valid("category", name), Category):
                    categories[name] = entry
            for name in article.authors:
                if isinstance(entry := settings.last_valid("author", name), Author):
                    authors[name] = entry
        previous = self._previous
        if previous and previous.categories == categories and previous.authors == authors:
            return previous.categories, previous.authors
        return categories, authors

    def _referenced_media(
        self, settings: Settings, articles: ArticleFiles, changes: ArticleChanges, changed_media: frozenset[str]
    ) -> Mapping[str, MediaFile]:
        """Return all referenced media files that can be used, by path; the mapping of the previous snapshot if none changed.

        Of a changed file, there is a new MediaFile, even if it is equal to the former one: the bytes may differ.
        """
        former_and_new = chain.from_iterable(changes.values()) if self._previous else articles.active_articles.values()
        changed_articles: Iterable[Article] = filter(None, former_and_new)
        settings_media = settings.media | self._free_files.media
        paths = {path for article in changed_articles for path in article.media} | changed_media | settings_media
        for path in paths | self._missing_media:
            former = self._media_files.pop(path, None)
            self._missing_media.discard(path)
            if path in settings_media or articles.records.files_using((path,)):
                self._missing_media.add(path)
                with suppress(ValueError):
                    file = self._media.file(path)
                    self._media_files[path] = former if former == file and path not in changed_media else file
                    self._missing_media.discard(path)
        previous = self._previous
        is_same = previous is not None and previous.media == self._media_files and changed_media.isdisjoint(self._media_files)
        return previous.media if previous and is_same else dict(self._media_files)
