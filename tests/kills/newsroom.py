"""Editors at work on a folder, every save whole; and what each state of the folder publishes, byte for byte."""

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
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.editing import assign_ids
from feedsvc.publication.document import Document, FileResource
from feedsvc.publication.publication import Publication
from tests.helpers import former_files
from tests.helpers.newsrooms import picture

BASE: Final = "https://news.example"
Bytes = Mapping[str, bytes]

_SITE: Final = f"title: Harbour\nbase_url: {BASE}\nid_domain: news.example\nsince: 2020-01-01\nfeed: {{entries: 6}}\n"
_FIRST: Final = 12
_MOST: Final = 16
_BODY: Final = "The boats came in late and told of fog on the water. "


def article(stem: str, word: str, *, has_id: bool = True, image: str = "") -> bytes:
    """Long enough that a write of it could be cut; `word` stands in every document that shows the article."""
    number = sum(stem.encode())
    own = f"id: tag:news.example,2026:{stem}\n" if has_id else ""
    own += f"title: {stem} {word}\npublished: 2026-0{1 + number % 3}-{1 + number % 28:02}\n"
    own += f"category: {('asia', 'sport')[number % 2]}\nauthor: {('mina', 'tuan')[number % 3 % 2]}\ntags: [port]\n"
    own += f"image: {{src: {image}, alt: A}}\n" if image else ""
    return f"{own}body: |\n  {word} {_BODY * 40}\n".encode()


class Desk:
    """`files` is what the editors have saved, by path; whatever else comes to lie in the folder is not theirs."""

    def __init__(self, root: Path, random: Random) -> None:
        self.root, self._random, self._count = root, random, 0
        self.files: dict[str, bytes] = {}
        self.save("site.yaml", _SITE.encode())
        self.save("categories.yaml", b"asia: {title: Asia}\nsport: {title: Sport}\n")
        self.save("authors.yaml", b"mina: {name: Mina Park}\ntuan: {name: Tuan Le}\n")
        self.save("media/boats.png", picture(700, 30, "PNG"))
        self.save("articles/boats.yaml", article("boats", "seen", image="media/boats.png"))
        for number in range(_FIRST):
            self.save(f"articles/first-{number:02}.yaml", article(f"first-{number:02}", "first"))

    def save(self, path: str, data: bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f".{file.name}.new")
        new.write_bytes(data)
        new.replace(file)
        self.files[path] = data

    def act(self) -> None:
        """One save, one deletion, or one change of what every document says."""
        self._random.choices((self._edit, self._write, self._delete, self.retitle), (5, 3, 2, 2))[0]()

    @property
    def articles(self) -> list[str]:
        return sorted(path for path in self.files if path.startswith("articles/") and path != "articles/boats.yaml")

    def unstamped(self, number: int) -> list[str]:
        """So many new articles without an id."""
        paths = [f"articles/plain-{self._next()}.yaml" for _ in range(number)]
        for path in paths:
            self.save(path, article(Path(path).stem, "plain", has_id=False))
        return paths

    def pass_by(self, number: int) -> list[str]:
        """So many new articles, which somebody takes away again."""
        paths = [f"articles/passing-{self._next()}.yaml" for _ in range(number)]
        for path in paths:
            self.save(path, article(Path(path).stem, "passing"))
        return paths

    def delete(self, path: str) -> None:
        (self.root / path).unlink()
        del self.files[path]

    def _edit(self) -> None:
        path = self._random.choice(self.articles)
        self.save(path, article(Path(path).stem, f"tide{self._next()}"))

    def _write(self) -> None:
        if len(self.articles) < _MOST:
            stem = f"new-{self._next()}"
            self.save(f"articles/{stem}.yaml", article(stem, "new"))

    def _delete(self) -> None:
        if len(self.articles) > _FIRST - 3:
            self.delete(self._random.choice(self.articles))

    def retitle(self) -> None:
        self.save("site.yaml", _SITE.replace("Harbour", f"Harbour {self._next()}").encode())

    def _next(self) -> int:
        self._count += 1
        return self._count


class Edition(dict[str, bytes]):
    """Address -> the whole of its bytes; `beside` are the files of a tree that are no address's, by their names."""

    beside: Bytes = MappingProxyType({})

    def files(self) -> dict[str, bytes]:
        """What a tree holds of it."""
        return {name_of(address): data for address, data in self.items()} | dict(self.beside)


class Editions:
    """What folders with these files publish, worked out by a fresh start on each; `home` is a folder to work in."""

    def __init__(self, home: Path) -> None:
        self._root, self._pictures = home / "content", home / "pictures"
        self._now = datetime.now(UTC)
        self._made: dict[frozenset[tuple[str, bytes]], Edition] = {}

    def of(self, files: Bytes) -> Edition:
        key = frozenset(files.items())
        if key not in self._made:
            self._made[key] = self._make(files)
        return self._made[key]

    def stamped(self, files: Bytes) -> Bytes:
        """The same files as they are once every article has its id."""
        self._lay(files)
        stamps = assign_ids.plan_assignments(self._root, load_content(self._root)).assignments
        return {**files, **{one.path: one.after for one in stamps}}

    def _lay(self, files: Bytes) -> None:
        shutil.rmtree(self._root, ignore_errors=True)
        for path, data in files.items():
            (self._root / path).parent.mkdir(parents=True, exist_ok=True)
            (self._root / path).write_bytes(data)

    def _make(self, files: Bytes) -> Edition:
        self._lay(files)
        publication = Publication(build_catalog(load_content(self._root), self._now), variant_store=VariantStore(self._pictures))
        edition = Edition({path: _bytes(publication, path) for path in publication.paths()})
        gone = {f"articles/{slug}/": f"/articles/{slug}/" for slug in publication.catalog.withdrawn}
        pages = {f"{folder}410.html": _bytes(publication, path) for folder, path in gone.items()}
        moved = {name: one.body for name, one in former_files.documents(publication).items()}
        edition.beside = {"404.html": publication.not_found_page().body, **pages, **moved, **former_files.for_hosts(publication)}
        return edition


def _bytes(publication: Publication, path: str) -> bytes:
    found = publication.resolve(path)
    if isinstance(found, FileResource):
        return Path(found.location).read_bytes()
    assert isinstance(found, Document), (path, found)
    return found.body


def name_of(address: str) -> str:
    """Where a tree holds what an address answers with."""
    return f"{address[1:]}index.html" if address.endswith("/") else address[1:]
