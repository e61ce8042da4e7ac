"""Files of articles and pages: their text as an import writes it, and those that a newsroom has already."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from feedsvc import uris
from feedsvc.content.reading.article import default_id
from feedsvc.content.reading.files import is_markdown, split_front_matter, usual_suffix
from feedsvc.content.reading.page import PAGE_SUFFIX, PAGES_FOLDER
from feedsvc.content.safe_read import read_file
from feedsvc.content.scan import ARTICLES_FOLDER, DirectoryScanner
from feedsvc.content.schema.dates import parse_instant
from feedsvc.content.text import decode
from feedsvc.content.yaml import format_scalar, parse_yaml
from feedsvc.free_places import StaticPageAt
from feedsvc.importing.writer.base import ARTICLES, ImportBase, text_digest
from feedsvc.importing.writer.names import name_key
from feedsvc.model import Site
from feedsvc.redirects import normalize_address, without_slash
from feedsvc.routes import path_of

BODY: Final = "body"
# Keys that an import writes, in the order of a file, without the id; only pages have `description`, `navigation` and `order`.
KEYS: Final = (
    *("guid", "title", "published", "updated", "expires", "categories", "authors", "tags", "summary", "description"),
    *("image", "enclosures", "embeds", "sources", "corrections", "language", "translation_of", "link", "slug", "aliases"),
    *("navigation", "order", "status", "withdrawn", BODY),
)
_LIST_KEYS: Final = ("categories", "authors", "tags", "aliases")

ArticleValues = dict[str, Any]  # key of KEYS -> its value; a missing key has no value


def normalize_body(body: str) -> str:
    """Return a body with Unix line ends, without empty lines around it."""
    return body.replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def normalize_value(key: str, value: Any) -> Any:
    """Return the value of a key with white space collapsed. Members of mappings that are None or "" are left out.

    One value of a list key becomes a list.
    """
    if key in _LIST_KEYS and not isinstance(value, list):
        value = [] if value in (None, "") else [value]
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, list):
        return [normalize_value("", item) for item in value]
    if isinstance(value, dict):
        return {name: normal for name, inner in value.items() if (normal := normalize_value("", inner)) not in (None, "")}
    return value


def format_article(article_id: str, values: ArticleValues) -> str:
    """Return the text of a Markdown file of an article, or of a page if the id is "". Values of unknown keys are left out."""
    article_id = format_key("id", article_id) if article_id else ""
    head = "".join(format_key(key, values[key]) for key in KEYS if key in values and key != BODY)
    return f"---\n{article_id}{head}---\n\n{values.get(BODY, '')}\n"


def format_key(key: str, value: Any) -> str:
    """Return the lines of a key of YAML: a scalar or a list of scalars on its own line, a mapping or a list of them below it."""
    if isinstance(value, dict):
        return f"{key}:\n" + "".join(f"  {format_key(inner, item)}" for inner, item in value.items())
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"{key}:\n" + "".join(_format_item(item) for item in value)
    if isinstance(value, list):
        return f"{key}: [{', '.join(map(format_scalar, value))}]\n"
    return f"{key}: {format_scalar(value)}\n"


def _format_item(item: Mapping[str, Any]) -> str:
    lines = [format_key(key, value) for key, value in item.items()]
    return f"  - {lines[0]}" + "".join(f"    {line}" for line in lines[1:])


class ArticleFile(NamedTuple):
    """Article or page as its file states it: its keys as YAML types them, and its body. Nothing is validated."""

    keys: Mapping[str, Any]
    body: str

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids by which readers know the article: its id and its guid, as far as the file states them."""
        return tuple(value for value in (self.keys.get("id"), self.keys.get("guid")) if isinstance(value, str) and value)


def parse_article_file(path: str, data: bytes) -> ArticleFile:
    """Parse an article or page file. One whose front matter or YAML is invalid has no keys."""
    text = decode(path, data).text
    try:
        head, body = split_front_matter(text) if is_markdown(path) else (text, "")
    except ValueError:
        return ArticleFile({}, "")
    document = parse_yaml(path, head)
    keys = document.value if isinstance(document.value, dict) and not document.problems else {}
    return ArticleFile(keys, normalize_body(body or str(keys.get(BODY) or "")))


@dataclass(slots=True)
class ExistingArticles:
    """Articles in the content folder: `paths` of files by id, stated or not, and by guid; `slugs` and stated `ids` by path.

    `names` are the slugs, aliases and names of files (without suffix) in use, as `name_key`s. `addresses` are the former
    addresses among the aliases of each file, `holders` the files by `address_key`. A file that an import wrote, and that
    nobody changed since, has no entry in `ids`.
    """

    paths: dict[str, str] = field(default_factory=dict)
    slugs: dict[str, str] = field(default_factory=dict)
    ids: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)

    def find(self, article_id: str) -> str:
        """Return the path of the file of the article with this id; "" if there is none."""
        return self.paths.get(article_id, "")

    def add_names(self, path: str, slug: object, aliases: object) -> None:
        """Add the slug and the aliases of a file, as its keys state them."""
        self.slugs[path] = next(_names(slug), PurePosixPath(path).stem)
        names = [PurePosixPath(path).stem, self.slugs[path], *_names(aliases)]
        self.names.update(name_key(name) for name in names if not name.startswith("/"))
        if addresses := tuple(name for name in names if name.startswith("/")):
            self.addresses[path] = addresses
            for address in addresses:
                self.holders.setdefault(address_key(address), path)


def read_existing_articles(root: Path, base: ImportBase, site: Site) -> ExistingArticles:
    """Read which articles a content folder has. `site` decides about the ids of articles whose files state none.

    Of a file that cannot be parsed, only the name is known.
    """
    digests = dict(base.entries(ARTICLES).values())
    existing, unstated = ExistingArticles(), dict[str, str]()
    for path, data in _content_files(root, ARTICLES_FOLDER):
        file = parse_article_file(path, data)
        ids = file.ids
        for stated in ids:
            existing.paths.setdefault(stated, path)
        if not file.keys.get("id") and (made_up := _unstated_id(path, file, site)):
            ids = (made_up, *ids)
            unstated.setdefault(made_up, path)
        if digests.get(path) != text_digest(data):
            existing.ids[path] = ids
        existing.add_names(path, file.keys.get("slug"), file.keys.get("aliases"))
    existing.paths = {**unstated, **existing.paths}
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
    existing = ExistingPages()
    for path, data in _content_files(root, PAGES_FOLDER):
        if usual_suffix(path) == PAGE_SUFFIX:
            keys, stem = parse_article_file(path, data).keys, PurePosixPath(path).stem
            slug = next(_names(keys.get("slug")), stem if uris.is_slug(stem) else uris.slugify(stem))
            existing.slugs[path] = slug
            for name in _names(slug, keys.get("aliases")):
                existing.paths.setdefault(name_key(name), path)
    # A folder or a link that cannot be read takes the name, too: the report then lists it as a file that cannot be read.
    for entry in sorted((root / PAGES_FOLDER).glob("*.*")):
        if usual_suffix(entry.name) == PAGE_SUFFIX:
            existing.paths.setdefault(name_key(entry.stem), f"{PAGES_FOLDER}/{entry.name}")
    return existing


def _content_files(root: Path, folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of each content file below a folder, b"" for one that cannot be read."""
    scanner = DirectoryScanner(root, folder)
    scanner.refresh()
    for path in sorted(scanner.files):
        if usual_suffix(path):
            data = read_file(root, path)
            yield path, data if isinstance(data, bytes) else b""


def address_key(address: str) -> str:
    """Return a key that is equal for addresses that differ in their spelling or in a slash at the end only."""
    try:
        return without_slash(normalize_address(address))
    except ValueError:
        return without_slash(address)


def _unstated_id(path: str, file: ArticleFile, site: Site) -> str:
    """Return the id of an article whose file states none, "" if its date is not valid."""
    try:
        _, year = parse_instant(str(file.keys.get("published")), ZoneInfo(site.timezone))
    except ValueError:
        return ""
    return default_id(site, unicodedata.normalize("NFC", PurePosixPath(path).stem), year)


def _names(*values: object) -> Iterator[str]:
    for value in values:
        yield from (name for name in (value if isinstance(value, list) else [value]) if isinstance(name, str) and name)
