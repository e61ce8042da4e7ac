"""Lint context: facts about the whole content that several rules need, and positions of warnings in files.

A file with warnings is read again for their positions; files without warnings are not.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read, text
from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.reading.files import FileParts, parse_file_parts
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.content.yaml import KeyPath, YamlDocument
from feedsvc.errors import Problem, Rule
from feedsvc.free_places import FreePlace, RootFileAt, StaticPageAt
from feedsvc.model import Article, ArticleStatus, Author, Category, CustomFeed
from feedsvc.page_model import StaticPage
from feedsvc.tag_slugs import spelling_key

_MAX_COMPARISONS: Final = 20_000  # of names, to suggest the nearest one; more would take seconds
_REFERENCE_DELIMITERS: Final = frozenset(" \t\n\r\"'(<>[]{}=`")
_SPELLING_HINT: Final = "write '{}' everywhere; two tags must differ in a letter, a digit or one of + # & @"
# Spelling of a tag -> paths of the articles that use it.
_PathsByTitle = Mapping[str, list[str]]


class FilePositions:
    """File of the content folder, read again: its text and its YAML (`document`), in a Markdown file the front matter.

    If the file cannot be read, the text is "" and all positions are line 1, column 1.
    """

    def __init__(self, root: Path, path: str) -> None:
        data = safe_read.read_file(root, path)
        parts = parse_file_parts(path, data if isinstance(data, bytes) else b"")
        self.text, self.document, _ = FileParts("", YamlDocument(path), None) if isinstance(parts, list) else parts
        keys = self.document.value if isinstance(self.document.value, dict) else ()
        self._keys = {unicodedata.normalize("NFC", key): key for key in keys}

    def warning_at(self, rule: Rule, at: KeyPath, message: str, hint: str, *, at_key: bool = False) -> Problem:
        """Return a warning at the value at a key path, or at its key if `at_key`. The first key may be in NFC.

        If the file has no such value, it is at the nearest mapping or list around it.
        """
        first, *rest = at
        return self.document.problem((self._keys.get(str(first), first), *rest), message, hint, at_key=at_key, rule=rule)

    def warning_at_text(self, rule: Rule, patterns: tuple[str, ...], message: str, hint: str) -> Problem:
        """Return a warning at the start of the word or address with the first match of a pattern; at `body` if none matches.

        `patterns` are regular expressions, tried in order on the text of the whole file; the first one that matches counts. In
        a file without the key `body`, the warning is at its first key instead.
        """
        index = next((match.start() for pattern in patterns if (match := re.search(pattern, self.text))), None)
        if index is None:
            return self.warning_at(rule, ("body",), message, hint)
        while index > 0 and self.text[index - 1] not in _REFERENCE_DELIMITERS:
            index -= 1
        return text.problem_at(self.document.path, text.line_and_column(self.text, index), message, hint, rule)


# Function that builds a warning. It is called after the file was read.
DeferredWarning = Callable[[FilePositions], Problem]


def warn_at(rule: Rule, at: KeyPath, message: str, hint: str, *, at_key: bool = False) -> DeferredWarning:
    """Return a function that builds a warning at a key path, or at its key if `at_key`; see `FilePositions.warning_at`."""
    return lambda file: file.warning_at(rule, at, message, hint, at_key=at_key)


def warn_at_text(rule: Rule, patterns: tuple[str, ...], message: str, hint: str) -> DeferredWarning:
    """Return a function that builds a warning at the first match of a pattern; see `FilePositions.warning_at_text`."""
    return lambda file: file.warning_at_text(rule, patterns, message, hint)


@dataclass(kw_only=True)
class LintContext:
    """Content of one run of the lint at the moment `now`, with indexes that are computed once. `root` is the content folder.

    `suggestions` has the hints that `suggest_slug` has computed, by slug.
    """

    content: ContentSnapshot
    root: Path
    now: datetime
    suggestions: dict[str, str] = field(default_factory=dict)

    def warnings(self, path: str, deferred: Iterable[DeferredWarning]) -> Iterator[Problem]:
        """Yield the warnings about the file at `path`, which is read if there are any."""
        file: FilePositions | None = None
        for build in deferred:
            file = file or FilePositions(self.root, path)
            yield build(file)

    @cached_property
    def articles_by_slug(self) -> Mapping[str, Article]:
        """All articles by slug and former slug, drafts included."""
        return {slug: article for article in self.content.articles for slug in (*article.aliases, article.slug)}

    @cached_property
    def ids(self) -> frozenset[str]:
        """Ids of all articles."""
        return frozenset(article.id for article in self.content.articles)

    @cached_property
    def public_articles(self) -> list[Article]:
        """Articles with the status published, even before their day or after they expired."""
        return [article for article in self.content.articles if article.status is ArticleStatus.PUBLISHED]

    @cached_property
    def excluded_stems(self) -> frozenset[str]:
        """Names, without suffix and in NFC, of the files in articles/ with an error, whose articles nothing can refer to now."""
        paths = (problem.path for problem in self.content.errors)
        return frozenset(text.file_stem(path) for path in paths if path.startswith(f"{ARTICLES_FOLDER}/"))

    @cached_property
    def tag_paths(self) -> Mapping[str, str]:
        """Id of each tag of an article, also of a draft -> the path, alphabetically first, of an article with it."""
        articles = sorted(self.content.articles, key=lambda article: article.path, reverse=True)
        return {tag.id: article.path for article in articles for tag in article.tags}

    @cached_property
    def merged_tags(self) -> Mapping[str, tuple[str, str]]:
        """Spelling of a tag of a public article -> (message, hint), if it is not the most used one with the same slug.

        Spellings that differ only in letter case, spaces, hyphens, underscores or the hash sign of a hashtag count as one
        spelling, and their uses are added.
        """
        spellings: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for article in self.public_articles:
            for tag in article.tags:
                spellings[tag.id][tag.title].append(article.path)
        return dict(chain.from_iterable(_merged_tag_messages(slug, paths) for slug, paths in spellings.items()))

    @cached_property
    def listings(self) -> Mapping[str, Mapping[str, Category | Author | CustomFeed]]:
        """Entries of categories, authors and public custom feeds, each by id and alias, by kind of listing."""
        content = self.content
        return {"category": content.categories, "author": content.authors, "custom": content.custom_feeds}

    @cached_property
    def public_media(self) -> frozenset[str]:
        """Paths of the files in media/ that settings (without private feeds), public articles or published pages refer to."""
        content = self.content
        entries: Iterable[Author | CustomFeed] = chain(content.authors.values(), content.custom_feeds.values())
        texts: Iterable[Article | StaticPage] = chain(self.public_articles, content.published_pages)
        media = (*(entry.media for entry in entries), *(text.media for text in texts))
        return frozenset(content.media.keys() & {*content.site.media, *chain.from_iterable(media)})

    def has_free_place(self, place: FreePlace | None) -> bool:
        """Return whether a place names a published page or a file in root/; False for None.

        A page may be named by a former slug, and without the slash at the end of its path.
        """
        name = place.slug if isinstance(place, StaticPageAt) else place.path if place else ""
        page = self.content.pages.get(name)
        is_file = isinstance(place, RootFileAt) and name in self.content.root_files
        return is_file or (page is not None and not page.is_draft)

    def suggest_slug(self, slug: str) -> str:
        """Return a hint "did you mean 'NAME'?" with the most similar slug or former slug of an article.

        Return "" if the slug itself exists, if none is similar, or if this run has already compared too many names.
        """
        if slug in self.articles_by_slug:
            return ""
        if slug not in self.suggestions and len(self.suggestions) * len(self.articles_by_slug) < _MAX_COMPARISONS:
            self.suggestions[slug] = text.did_you_mean(slug, self.articles_by_slug)
        return self.suggestions.get(slug, "")


def _merged_tag_messages(slug: str, paths: _PathsByTitle) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield (spelling, (message, hint)) for the spellings of one slug, the keys of `paths`, as in `LintContext.merged_tags`."""
    titles_by_key: dict[str, list[str]] = defaultdict(list)
    for title in paths if len(paths) > 1 else ():
        titles_by_key[spelling_key(title)].append(title)
    if len(titles_by_key) <= 1:
        return
    uses = Counter({key: sum(len(paths[title]) for title in titles) for key, titles in titles_by_key.items()})
    main_key, *other_keys = sorted(titles_by_key, key=lambda key: (-uses[key], key))
    main_titles = titles_by_key[main_key]
    hint = _SPELLING_HINT.format(_most_used(paths, main_titles))
    for titles in map(titles_by_key.__getitem__, other_keys):
        spellings = f"{_with_files(paths, titles)} and {_with_files(paths, main_titles)}"
        message = f"tags: {spellings} are one tag, with one page and feed at /tag/{slug}/"
        yield from ((title, (message, hint)) for title in titles)


def _most_used(paths: _PathsByTitle, titles: Iterable[str]) -> str:
    return min(titles, key=lambda title: (-len(paths[title]), title))


def _with_files(paths: _PathsByTitle, titles: list[str]) -> str:
    """Return a text with the most used of `titles`, the first path of an article with one, and the number of other articles."""
    first, *others = sorted(path for title in titles for path in paths[title])
    more = f" and {len(others)} more" if others else ""
    return f"'{_most_used(paths, titles)}' ({first}{more})"
