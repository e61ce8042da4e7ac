"""A content folder on disk -> everything in it that can be served, and every problem of the rest."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

from feedsvc.content import claims, disk, reader, settings
from feedsvc.content.desk import Known
from feedsvc.content.media import Media
from feedsvc.content.reader import Reading
from feedsvc.content.text import LARGEST_FILE
from feedsvc.errors import ContentError, Problem
from feedsvc.model import Article, Author, Category, MediaFile, Site

ARTICLES: Final = "articles"
THEME: Final = "theme"
_ENDINGS: Final = (".yaml", ".md")
_MEANT: Final = {".yaml": ".yaml", ".yml": ".yaml", ".md": ".md", ".markdown": ".md", ".mdown": ".md"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a folder held when it was read. `categories` and `authors` are keyed by id and by every alias.

    `theme` holds the files below theme/, by their path there; `media` each file that anything refers to, by its path.
    Articles are in no particular order.
    """

    site: Site
    categories: Mapping[str, Category]
    authors: Mapping[str, Author]
    articles: tuple[Article, ...]
    media: Mapping[str, MediaFile]
    theme: Mapping[str, bytes] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


def load(root: Path, base_url: str = "") -> Content:
    """Read a content folder whole. `base_url` takes the place of site.yaml's.

    Raises ContentError if there is no such folder or no usable site.yaml; anything smaller is a Problem.
    """
    if not root.is_dir():
        raise ContentError(f"no folder {root}; give the folder that holds {settings.SITE}")
    media = Media(root)
    site, problems = _site(root, media, base_url)
    categories = _register(root, settings.CATEGORIES, site, media)
    authors = _register(root, settings.AUTHORS, site, media)
    known = Known(
        site=site,
        media=media,
        categories={name: entry for name, entry in categories.entries.items() if isinstance(entry, Category)},
        authors={name: entry for name, entry in authors.entries.items() if isinstance(entry, Author)},
        set_aside=categories.set_aside | authors.set_aside,
    )
    readings, lost = _articles(root, known)
    theme, unread = _theme(root)
    unread += _stray(root)
    told = chain.from_iterable(reading.problems for reading in readings)
    kept, disputed = claims.settle(readings)
    referred = {
        *site.media,
        *chain.from_iterable(one.media for one in known.authors.values()),
        *chain.from_iterable(one.media for one in kept),
    }
    return Content(
        site=site,
        categories=known.categories,
        authors=known.authors,
        articles=kept,
        media={path: media.file(path) for path in sorted(referred)},
        theme=theme,
        problems=tuple(sorted(chain(problems, categories.problems, authors.problems, lost, unread, told, disputed))),
    )


def _site(root: Path, media: Media, base_url: str) -> tuple[Site, tuple[Problem, ...]]:
    data = disk.read(root, settings.SITE)
    if data is None:
        raise ContentError(f"{root} has no {settings.SITE}; it needs at least title: and base_url:")
    site, problems = settings.site(data, media, base_url) if isinstance(data, bytes) else (None, (data,))
    if site is None:
        raise ContentError(f"{root / settings.SITE} cannot be used", problems)
    return site, problems


def _register(root: Path, path: str, site: Site, media: Media) -> settings.Register:
    kind = {settings.CATEGORIES: "category", settings.AUTHORS: "author"}[path]
    data = disk.read(root, path)
    if data is None:
        return settings.Register({}, {}, ())
    if isinstance(data, Problem):
        return settings.Register({}, {kind: path}, (data,))
    read = {settings.CATEGORIES: settings.categories, settings.AUTHORS: settings.authors}[path]
    return read(data, site, media)


def _articles(root: Path, known: Known) -> tuple[list[Reading], list[Problem]]:
    readings: list[Reading] = []
    problems: list[Problem] = []
    for path in disk.files(root, ARTICLES, problems):
        if not _is_article(path, problems):
            continue
        data = disk.read(root, path)
        if isinstance(data, bytes):
            readings.append(reader.read(path, data, known))
        else:
            problems += [data] if data else []  # gone since the folder was listed
    return readings, problems


def _is_article(path: str, problems: list[Problem]) -> bool:
    ending = os.path.splitext(path)[1]
    if ending.lower() in _MEANT and ending not in _ENDINGS:
        hint = f"rename it to end in {_MEANT[ending.lower()]}"
        problems.append(Problem(path=path, message=f"articles end in {' or '.join(_ENDINGS)}", hint=hint))
    return ending in _ENDINGS


def _theme(root: Path) -> tuple[dict[str, bytes], list[Problem]]:
    """The files of a newsroom's own looks; whether pages can use them is for the pages to say."""
    theme: dict[str, bytes] = {}
    problems: list[Problem] = []
    for path in disk.files(root, THEME, problems):
        data = disk.read(root, path)
        if isinstance(data, bytes) and len(data) <= LARGEST_FILE:
            theme[path.removeprefix(f"{THEME}/")] = data
        else:
            problems += [data if isinstance(data, Problem) else Problem(path=path, message="the file has more than 1 MiB")]
    return theme, problems


def _stray(root: Path) -> list[Problem]:
    """Files beside site.yaml that nobody reads, most often articles or names with another ending."""
    known = {settings.SITE, settings.CATEGORIES, settings.AUTHORS}
    names = sorted(name for name in os.listdir(root) if os.path.splitext(name)[1].lower() in _MEANT and not name.startswith("."))
    return [
        Problem(path=name, message="this file is not read", hint=_meant(name, known), severity="warning")
        for name in names
        if name not in known and name.isprintable() and not name.upper().startswith("README")
    ]


def _meant(name: str, known: set[str]) -> str:
    stem = os.path.splitext(name)[0].lower()
    return f"rename it to {stem}.yaml" if f"{stem}.yaml" in known else f"articles lie in {ARTICLES}/"
