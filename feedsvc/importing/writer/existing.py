"""Newsroom before an import: which articles and pages it has, and which names are in use."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final
from zoneinfo import ZoneInfo

from feedsvc import uris
from feedsvc.content.reading.article import default_id
from feedsvc.content.reading.files import usual_suffix
from feedsvc.content.reading.page import PAGE_SUFFIX, PAGES_FOLDER
from feedsvc.content.safe_read import read_file
from feedsvc.content.scan import ARTICLES_FOLDER, DirectoryScanner
from feedsvc.content.schema.dates import parse_instant
from feedsvc.free_places import StaticPageAt
from feedsvc.importing.writer.article_file import ArticleFile, read_article_file
from feedsvc.importing.writer.base import ARTICLES, ImportBase
from feedsvc.importing.writer.plans import is_page_path
from feedsvc.model import Site
from feedsvc.routes import path_of

_OWN_NAMES: Final = re.compile(rb"^(?:slug|aliases|guid)[ \t]*:", re.MULTILINE)
_ID_LINE: Final = re.compile(rb"^id[ \t]*:[ \t]*[\"']?([^\r\n]*?)[\"']?[ \t]*\r?$", re.MULTILINE)


def name_key(name: str) -> str:
    """Return a key that is equal for slugs that differ in letter case or Unicode form only, which some file systems ignore."""
    return unicodedata.normalize("NFC", name).casefold()


@dataclass(slots=True)
class ExistingArticles:
    """Articles in the content folder. `paths` has the paths of files, below that folder, by id; `slugs` stated slugs by path.

    `names` are the slugs, aliases and names of files (without suffix) in use, as `name_key`s. `ids` are the id and the guid
    that a file states, by its path; a file that states only the id that the last import wrote has no entry. `aliases` are the
    aliases by path, as `name_key`s. `unstated` has the paths of files that state no id, by the id that their articles have.
    """

    paths: dict[str, str] = field(default_factory=dict)
    slugs: dict[str, str] = field(default_factory=dict)
    ids: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    aliases: dict[str, frozenset[str]] = field(default_factory=dict)
    unstated: dict[str, str] = field(default_factory=dict)

    def find(self, article_id: str) -> str:
        """Return the path of the file of the article with this id, stated or not; "" if there is none."""
        return self.paths.get(article_id) or self.unstated.get(article_id, "")

    def has_alias(self, path: str, former_path: str) -> bool:
        """Return whether the name of a former file is an alias of the file at `path`."""
        return name_key(PurePosixPath(former_path).stem) in self.aliases.get(path, ())


def read_existing_articles(root: Path, base: ImportBase, site: Site) -> ExistingArticles:
    """Read which articles a content folder has. `site` decides about the ids of articles whose files state none.

    The file of an earlier import is taken to be the same article still. It is parsed only if it states a slug, aliases, a guid or
    another id. Of a file that cannot be parsed, only the name is known.
    """
    known = dict(_articles_of_base(base))
    scanner = DirectoryScanner(root, ARTICLES_FOLDER)
    scanner.refresh()
    existing, read = ExistingArticles(), list[str]()
    for path in sorted(scanner.files):
        if usual_suffix(path):
            existing.names.add(name_key(PurePosixPath(path).stem))
            data = read_file(root, path)
            if isinstance(data, bytes) and (path not in known or _has_own_keys(data, known[path])):
                _add_article(existing, path, data, site)
                read.append(path)
            elif path in known:
                existing.paths.setdefault(known[path], path)
    # Last, because the article may be in another file now, and a new one at its former path.
    for path in filter(known.__contains__, read):
        existing.paths.setdefault(known[path], path)
    return existing


@dataclass(slots=True)
class ExistingPages:
    """Pages in the content folder. `paths` has paths of files by the `name_key` of slug and aliases, `slugs` slugs by path."""

    paths: dict[str, str] = field(default_factory=dict)
    slugs: dict[str, str] = field(default_factory=dict)

    @property
    def site_paths(self) -> frozenset[str]:
        """The root-relative paths at which the site has the pages, drafts among them."""
        return frozenset(path_of(StaticPageAt(slug)) for slug in self.slugs.values())

    def find(self, former_path: str) -> str:
        """Return the path of the file that was at `former_path` after the last import, "" if it is not there.

        An editor may have renamed it, with its name as an alias.
        """
        return former_path if former_path in self.slugs else self.paths.get(name_key(PurePosixPath(former_path).stem), "")


def read_existing_pages(root: Path) -> ExistingPages:
    """Read which pages a content folder has. A file with errors counts, too, with its name as slug."""
    scanner = DirectoryScanner(root, PAGES_FOLDER)
    scanner.refresh()
    existing = ExistingPages()
    for path in sorted(scanner.files):
        data = read_file(root, path)
        if usual_suffix(path) != PAGE_SUFFIX or not isinstance(data, bytes):
            continue
        file, stem = read_article_file(path, data), PurePosixPath(path).stem
        keys = file.keys if file else {}
        slug = next(_names(keys.get("slug"), None), stem if uris.is_slug(stem) else uris.slugify(stem))
        existing.slugs[path] = slug
        for name in _names(slug, keys.get("aliases")):
            existing.paths.setdefault(name_key(name), path)
    # A folder or a link that cannot be read takes the name, too: the report then lists it as a file with errors.
    for entry in sorted((root / PAGES_FOLDER).glob("*.*")):
        if usual_suffix(entry.name) == PAGE_SUFFIX:
            existing.paths.setdefault(name_key(entry.stem), f"{PAGES_FOLDER}/{entry.name}")
    return existing


def current_path(line: Sequence[str], key: str, articles: ExistingArticles, pages: ExistingPages) -> str:
    """Return the path that the file of a line of ARTICLES in the base has now; "" if it is not there.

    `line` has the line's values, `key` its key. An editor may have renamed the file.
    """
    path, _words, *other_id = line
    return pages.find(path) if is_page_path(path) else articles.find(other_id[0] if other_id else key)


def _has_own_keys(data: bytes, known_id: str) -> bool:
    """Return whether a file of an import may state other names or ids than the import gave it."""
    id_line = _ID_LINE.search(data)
    return id_line is None or id_line[1] != known_id.encode() or bool(_OWN_NAMES.search(data))


def _articles_of_base(base: ImportBase) -> Iterator[tuple[str, str]]:
    """Yield path and id of each article of the base."""
    for key in base.keys(ARTICLES):
        path, _digests, *other_id = base.get(ARTICLES, key)
        yield path, other_id[0] if other_id else key


def _add_article(existing: ExistingArticles, path: str, data: bytes, site: Site) -> None:
    file = read_article_file(path, data)
    if file is None:
        return
    existing.ids[path] = file.ids
    if file.id:
        existing.paths.setdefault(file.id, path)
    elif unstated := _unstated_id(path, file, site):
        existing.ids[path] = (unstated, *file.ids)
        existing.unstated.setdefault(unstated, path)
    slug = file.keys.get("slug")
    if isinstance(slug, str) and slug:
        existing.slugs[path] = slug
    existing.names.update(map(name_key, _names(slug, file.keys.get("aliases"))))
    existing.aliases[path] = frozenset(map(name_key, _names(None, file.keys.get("aliases"))))


def _unstated_id(path: str, file: ArticleFile, site: Site) -> str:
    """Return the id of an article whose file states none, "" if its date is not valid."""
    try:
        _, year = parse_instant(str(file.keys.get("published")), ZoneInfo(site.timezone))
    except ValueError:
        return ""
    return default_id(site, unicodedata.normalize("NFC", PurePosixPath(path).stem), year)


def _names(slug: object, aliases: object) -> Iterator[str]:
    for value in (slug, *(aliases if isinstance(aliases, list) else [aliases])):
        if isinstance(value, str) and value:
            yield value
