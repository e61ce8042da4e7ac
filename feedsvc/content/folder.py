"""A content folder on disk -> everything in it that can be served, and every problem of the rest."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from feedsvc.content import claims, reader, settings
from feedsvc.content.desk import Known
from feedsvc.content.media import Media
from feedsvc.content.reader import Reading
from feedsvc.content.text import LARGEST_FILE, UNFIT
from feedsvc.errors import ContentError, Problem
from feedsvc.model import Article, Author, Category, MediaFile, Site

ARTICLES: Final = "articles"
_ENDINGS: Final = (".yaml", ".md")
_MEANT: Final = {".yaml": ".yaml", ".yml": ".yaml", ".md": ".md", ".markdown": ".md", ".mdown": ".md"}
_BREAK: Final = re.compile(r"[\t\n\r\u2028\u2029]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a folder held when it was read. `categories` and `authors` are keyed by id and by every alias.

    `media` holds each file that anything refers to, by its path. Articles are in no particular order.
    """

    site: Site
    categories: Mapping[str, Category]
    authors: Mapping[str, Author]
    articles: tuple[Article, ...]
    media: Mapping[str, MediaFile]
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
        problems=tuple(
            sorted(
                (*problems, *categories.problems, *authors.problems, *lost, *(p for r in readings for p in r.problems), *disputed)
            )
        ),
    )


def _site(root: Path, media: Media, base_url: str) -> tuple[Site, tuple[Problem, ...]]:
    data = _bytes(root, settings.SITE)
    if data is None:
        raise ContentError(f"{root} has no {settings.SITE}; it needs at least title: and base_url:")
    site, problems = settings.site(data, media, base_url) if isinstance(data, bytes) else (None, (data,))
    if site is None:
        raise ContentError(f"{root / settings.SITE} cannot be used", problems)
    return site, problems


def _register(root: Path, path: str, site: Site, media: Media) -> settings.Register:
    kind = {settings.CATEGORIES: "category", settings.AUTHORS: "author"}[path]
    data = _bytes(root, path)
    if data is None:
        return settings.Register({}, {}, ())
    if isinstance(data, Problem):
        return settings.Register({}, {kind: path}, (data,))
    read = {settings.CATEGORIES: settings.categories, settings.AUTHORS: settings.authors}[path]
    return read(data, site, media)


def _articles(root: Path, known: Known) -> tuple[list[Reading], list[Problem]]:
    readings: list[Reading] = []
    problems: list[Problem] = []
    for path in _scan(root, problems):
        data = _bytes(root, path)
        if isinstance(data, bytes):
            readings.append(reader.read(path, data, known))
        else:
            problems += [data] if data else []  # gone since the folder was listed
    return readings, problems


def _scan(root: Path, problems: list[Problem]) -> Iterator[str]:
    """Paths of the article files, relative to the root; hidden files and editors' copies (x~) are nobody's business."""
    seen: set[tuple[int, int]] = set()
    folders = [ARTICLES] if not os.path.islink(root / ARTICLES) or _inside(root, ARTICLES, problems) else []
    while folders:
        for path in _listed(root, folders.pop(), seen, problems):
            if os.path.isdir(root / path):
                folders += [path] if _inside(root, path, problems) else []
            elif _is_article(path, problems):
                yield path


def _listed(root: Path, folder: str, seen: set[tuple[int, int]], problems: list[Problem]) -> list[str]:
    """What a folder holds, in order; nothing if a symbolic link led to it a second time."""
    try:
        status = os.stat(root / folder)
        names = sorted(os.listdir(root / folder))
    except OSError as error:
        if folder != ARTICLES or not isinstance(error, FileNotFoundError):
            problems.append(Problem(path=folder, message=f"the folder cannot be read ({error.strerror})"))
        return []
    if (status.st_dev, status.st_ino) in seen:
        return []
    seen.add((status.st_dev, status.st_ino))
    paths = (f"{folder}/{name}" for name in names if not name.startswith((".", "#")) and not name.endswith("~"))
    return [path for path in paths if _is_legible(path, problems)]


def _is_legible(path: str, problems: list[Problem]) -> bool:
    """Whether a path can be printed and stand in an address; a name that is not UTF-8 holds surrogates."""
    unfit = UNFIT.search(path) or _BREAK.search(path)
    if unfit:
        what = (
            "is not UTF-8"
            if "\udc80" <= unfit[0] <= "\udcff"
            else f"holds a character that has no place there (U+{ord(unfit[0]):04X})"
        )
        shown = _BREAK.sub("?", UNFIT.sub("?", path))
        problems.append(Problem(path=shown, message=f"the name {what}", hint="rename it"))
    return not unfit


def _is_article(path: str, problems: list[Problem]) -> bool:
    ending = os.path.splitext(path)[1]
    if ending.lower() in _MEANT and ending not in _ENDINGS:
        hint = f"rename it to end in {_MEANT[ending.lower()]}"
        problems.append(Problem(path=path, message=f"articles end in {' or '.join(_ENDINGS)}", hint=hint))
    return ending in _ENDINGS


def _inside(root: Path, path: str, problems: list[Problem]) -> bool:
    real = os.path.realpath(root)
    if os.path.realpath(root / path).startswith(real + os.sep):
        return True
    problems.append(Problem(path=path, message="a symbolic link that leaves the content folder is not followed"))
    return False


def _bytes(root: Path, path: str) -> bytes | Problem | None:
    """A file's bytes, no more than needed to see that it is too long; None if it is not there."""
    left: list[Problem] = []
    if os.path.islink(root / path) and not _inside(root, path, left):
        return left[0]
    try:
        # Not to block at a named pipe, of which nothing is read.
        descriptor = os.open(root / path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return _content(path, descriptor)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return None if not os.path.islink(root / path) else Problem(path=path, message="a symbolic link to nothing")
    except OSError as error:
        return Problem(path=path, message=f"the file cannot be read ({error.strerror})")


def _content(path: str, descriptor: int) -> bytes | Problem:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return Problem(path=path, message="this is a folder, a pipe or a device, not a file")
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(LARGEST_FILE + 1)
