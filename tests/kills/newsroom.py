"""Simulate editors who change a content folder, and compute the documents that each state of the folder publishes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Final

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.editing import article_files
from feedsvc.publication.document import UNCOUNTED_READS, Document, FileResource
from feedsvc.publication.publication import Publication
from tests.helpers import former_files
from tests.helpers.newsrooms import picture

BASE_URL: Final = "https://news.example"
BytesByPath = Mapping[str, bytes]

_SITE_YAML: Final = f"title: Harbour\nbase_url: {BASE_URL}\nid_domain: news.example\nsince: 2020-01-01\nfeed: {{entries: 6}}\n"
_INITIAL_ARTICLES: Final = 12
_MAX_ARTICLES: Final = 16
_SUBSCRIBE: Final = "/subscribe/"
_BODY: Final = "The boats came in late and told of fog on the water. "


def article(stem: str, word: str, *, has_id: bool = True, image: str = "") -> bytes:
    """Return the YAML of an article long enough that a kill can interrupt its write.

    `word` appears in every document that shows the article.
    """
    number = sum(stem.encode())
    text = f"id: tag:news.example,2026:{stem}\n" if has_id else ""
    text += f"title: {stem} {word}\npublished: 2026-0{1 + number % 3}-{1 + number % 28:02}\n"
    text += f"category: {('asia', 'sport')[number % 2]}\nauthor: {('mina', 'tuan')[number % 3 % 2]}\ntags: [port]\n"
    text += f"image: {{src: {image}, alt: A}}\n" if image else ""
    return f"{text}body: |\n  {word} {_BODY * 40}\n".encode()


class AtomicEditors:
    """Editors of a content folder who save each file atomically.

    `files` maps the path of every file that the editors have saved to its bytes. The folder may also contain files of other
    programs.
    """

    def __init__(self, root: Path, random: Random) -> None:
        self.root, self._random, self._count = root, random, 0
        self.files: dict[str, bytes] = {}
        self.save("site.yaml", _SITE_YAML.encode())
        self.save("categories.yaml", b"asia: {title: Asia}\nsport: {title: Sport}\n")
        self.save("authors.yaml", b"mina: {name: Mina Park}\ntuan: {name: Tuan Le}\n")
        self.save("media/boats.png", picture(700, 30, "PNG"))
        self.save("articles/boats.yaml", article("boats", "seen", image="media/boats.png"))
        for number in range(_INITIAL_ARTICLES):
            self.save(f"articles/first-{number:02}.yaml", article(f"first-{number:02}", "first"))

    def save(self, path: str, data: bytes) -> None:
        """Replace a file atomically and record its bytes."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary_file = file.with_name(f".{file.name}.new")
        temporary_file.write_bytes(data)
        temporary_file.replace(file)
        self.files[path] = data

    def edit_randomly(self) -> None:
        """Save or delete one article, or change the site's title, which every document shows."""
        self._random.choices((self._edit, self._write, self._delete, self.change_site_title), (5, 3, 2, 2))[0]()

    @property
    def article_paths(self) -> list[str]:
        """Return the paths of all articles except boats.yaml, which no edit touches."""
        return sorted(path for path in self.files if path.startswith("articles/") and path != "articles/boats.yaml")

    def save_articles_without_id(self, number: int) -> list[str]:
        """Save `number` new articles without an id; return their paths."""
        paths = [f"articles/plain-{self._next()}.yaml" for _ in range(number)]
        for path in paths:
            self.save(path, article(Path(path).stem, "plain", has_id=False))
        return paths

    def save_temporary_articles(self, number: int) -> list[str]:
        """Save `number` new articles that a later step deletes; return their paths."""
        paths = [f"articles/passing-{self._next()}.yaml" for _ in range(number)]
        for path in paths:
            self.save(path, article(Path(path).stem, "passing"))
        return paths

    def delete(self, path: str) -> None:
        (self.root / path).unlink()
        del self.files[path]

    def _edit(self) -> None:
        path = self._random.choice(self.article_paths)
        self.save(path, article(Path(path).stem, f"tide{self._next()}"))

    def _write(self) -> None:
        if len(self.article_paths) < _MAX_ARTICLES:
            stem = f"new-{self._next()}"
            self.save(f"articles/{stem}.yaml", article(stem, "new"))

    def _delete(self) -> None:
        if len(self.article_paths) > _INITIAL_ARTICLES - 3:
            self.delete(self._random.choice(self.article_paths))

    def change_site_title(self) -> None:
        self.save("site.yaml", _SITE_YAML.replace("Harbour", f"Harbour {self._next()}").encode())

    def _next(self) -> int:
        self._count += 1
        return self._count


class PublishedDocuments(dict[str, bytes]):
    """All documents of an edition: path of its address -> bytes.

    `extra_files` are the files of a static tree that have no address: file name -> bytes.
    """

    extra_files: BytesByPath = MappingProxyType({})

    def tree_files(self) -> dict[str, bytes]:
        """Return all files of a static tree of these documents: file name -> bytes."""
        return {file_name_of(address): data for address, data in self.items()} | dict(self.extra_files)


class ReferencePublisher:
    """Computes what a content folder publishes, by a fresh start on a copy of its files below `home`."""

    def __init__(self, home: Path) -> None:
        self._root, self._variants = home / "content", home / "pictures"
        self._now = datetime.now(UTC)
        self._documents: dict[frozenset[tuple[str, bytes]], PublishedDocuments] = {}

    def documents_of(self, files: BytesByPath) -> PublishedDocuments:
        """Return the documents that a folder with these files publishes."""
        key = frozenset(files.items())
        if key not in self._documents:
            self._documents[key] = self._publish(files)
        return self._documents[key]

    def with_ids(self, files: BytesByPath) -> BytesByPath:
        """Return the same files as they are after `stamp` has written an id into every article."""
        self._write_folder(files)
        assignments, _ = article_files.plan_assignments(self._root, load_content(self._root))
        return {**files, **{assignment.path: assignment.after for assignment in assignments}}

    def _write_folder(self, files: BytesByPath) -> None:
        shutil.rmtree(self._root, ignore_errors=True)
        for path, data in files.items():
            (self._root / path).parent.mkdir(parents=True, exist_ok=True)
            (self._root / path).write_bytes(data)

    def _publish(self, files: BytesByPath) -> PublishedDocuments:
        self._write_folder(files)
        publication = Publication(build_catalog(load_content(self._root), self._now), variant_store=VariantStore(self._variants))
        publication.make_variants(lambda steps, _: steps, 1)
        documents = PublishedDocuments({path: _document_bytes(publication, path) for path in publication.paths()})
        withdrawn = {f"articles/{slug}/": f"/articles/{slug}/" for slug in publication.catalog.withdrawn}
        withdrawn_pages = {f"{folder}410.html": _document_bytes(publication, path) for folder, path in withdrawn.items()}
        redirect_files = {name: document.body for name, document in former_files.documents(publication).items()}
        documents.extra_files = {
            "404.html": publication.not_found_page.body,
            "views.json": UNCOUNTED_READS.body,
            file_name_of(_SUBSCRIBE): _page_without_form(publication),
            **withdrawn_pages,
            **redirect_files,
            **former_files.for_hosts(publication),
        }
        return documents


def _page_without_form(publication: Publication) -> bytes:
    """Return /subscribe/ as a static tree has it."""
    document = publication.render(_SUBSCRIBE, has_forms=False)
    assert isinstance(document, Document)
    return document.body


def _document_bytes(publication: Publication, path: str) -> bytes:
    resource = publication.resolve(path)
    if isinstance(resource, FileResource):
        return Path(resource.location).read_bytes()
    assert isinstance(resource, Document), (path, resource)
    return resource.body


def file_name_of(address: str) -> str:
    """Return the name of the file that a static tree stores for an address."""
    return f"{address[1:]}index.html" if address.endswith("/") else address[1:]
