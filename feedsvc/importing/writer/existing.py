"""Newsroom before an import: which articles and pages it has, and which names are in use."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from feedsvc import uris
from feedsvc.content import read_file
from feedsvc.content.reading import PAGE_SUFFIX, PAGES_FOLDER
from feedsvc.content.scan import ARTICLES_FOLDER, DirectoryScanner
from feedsvc.importing.writer.article_file import read_article_file
from feedsvc.importing.writer.base import ARTICLES, ImportBase

_SUFFIXES: Final = (".md", ".yaml")
_OWN_NAMES: Final = re.compile(rb"^(?:slug|aliases)[ \t]*:", re.MULTILINE)


def name_key(name: str) -> str:
    """Return a slug in the form in which two are one: some file systems ignore letter case and Unicode forms."""
    return unicodedata.normalize("NFC", name).casefold()


@dataclass(slots=True)
class ExistingArticles:
    """Articles in the folder. `paths` are those of the files by id, below the folder; `slugs` those that files state, by path.

    `names` are the slugs, aliases and names of files (without suffix) in use, as `name_key`s.
    """

    paths: dict[str, str] = field(default_factory=dict)
    slugs: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


def read_existing_articles(root: Path, base: ImportBase) -> ExistingArticles:
    """Read which articles a content folder has.

    The file of an earlier import is taken to be the same article still. It is parsed only if an editor gave it a slug or aliases.
    """
    known = dict(_articles_of_base(base))
    scanner = DirectoryScanner(root, ARTICLES_FOLDER)
    scanner.refresh()
    existing = ExistingArticles()
    for path in sorted(scanner.files):
        if path.endswith(_SUFFIXES):
            existing.names.add(name_key(PurePosixPath(path).stem))
            data = read_file(root, path)
            if isinstance(data, bytes) and (path not in known or _OWN_NAMES.search(data)):
                _add_article(existing, path, data)
            elif path in known:
                existing.paths.setdefault(known[path], path)
    return existing


@dataclass(slots=True)
class ExistingPages:
    """Pages in the folder. `paths` are those of the files by slug and alias, as `name_key`s, and `slugs` the slugs by path."""

    paths: dict[str, str] = field(default_factory=dict)
    slugs: dict[str, str] = field(default_factory=dict)


def read_existing_pages(root: Path) -> ExistingPages:
    """Read which pages a content folder has."""
    scanner = DirectoryScanner(root, PAGES_FOLDER)
    scanner.refresh()
    existing = ExistingPages()
    for path in sorted(scanner.files):
        data = read_file(root, path)
        if not path.endswith(PAGE_SUFFIX) or not isinstance(data, bytes):
            continue
        file, stem = read_article_file(path, data), PurePosixPath(path).stem
        keys = file.keys if file else {}
        slug = next(_names(keys.get("slug"), None), stem if uris.is_slug(stem) else uris.slugify(stem))
        existing.slugs[path] = slug
        for name in _names(slug, keys.get("aliases")):
            existing.paths.setdefault(name_key(name), path)
    # A folder or a link that cannot be read takes the name, too: the report then lists it as a file with errors.
    for entry in sorted((root / PAGES_FOLDER).glob(f"*{PAGE_SUFFIX}")):
        existing.paths.setdefault(name_key(entry.stem), f"{PAGES_FOLDER}/{entry.name}")
    return existing


def _articles_of_base(base: ImportBase) -> Iterator[tuple[str, str]]:
    """Yield path and id of each article of the base."""
    for key in base.keys(ARTICLES):
        path, _digests, *other_id = base.get(ARTICLES, key)
        yield path, other_id[0] if other_id else key


def _add_article(existing: ExistingArticles, path: str, data: bytes) -> None:
    file = read_article_file(path, data)
    if file is None:
        return
    if file.id:
        existing.paths.setdefault(file.id, path)
    slug = file.keys.get("slug")
    if isinstance(slug, str) and slug:
        existing.slugs[path] = slug
    existing.names.update(map(name_key, _names(slug, file.keys.get("aliases"))))


def _names(slug: object, aliases: object) -> Iterator[str]:
    for value in (slug, *(aliases if isinstance(aliases, list) else [aliases])):
        if isinstance(value, str) and value:
            yield value
