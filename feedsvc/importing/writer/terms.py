"""Categories, authors and tags of a source: their ids in the newsroom, also by --map, and their entries of the settings files.

The last map is stored in the newsroom as .feedsvc/import/map.yaml, so that the next import gives the same ids.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from feedsvc import uris
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, TAGS_FILE
from feedsvc.content.text import decode, did_you_mean
from feedsvc.content.yaml import format_scalar, parse_yaml, quote_scalar
from feedsvc.errors import FeedsvcError
from feedsvc.importing.source import Omission, SourceAuthor, SourcePost, SourceSite, SourceSystem, TermKind
from feedsvc.importing.writer.base import ENTRIES, IMPORT_FOLDER, ImportBase, text_digest
from feedsvc.importing.writer.names import NamePool, as_slug, line_of, name_key
from feedsvc.support.atomic_write import write_atomically
from feedsvc.tag_slugs import tag_slug
from feedsvc.uris import slugify

MAPPING_FILE: Final = f"{IMPORT_FOLDER}/map.yaml"
LISTING_FILES: Final = {"category": CATEGORIES_FILE, "author": AUTHORS_FILE, "tag": TAGS_FILE}
_KINDS: Final = ("categories", "authors")
_HEAD: Final = "# The ids of categories and authors that imports use, until --map names another file.\n"
_EXAMPLE: Final = "write it like\n  categories:\n    old-name: new-name\n    unwanted: null\n  authors:\n    admin: newsroom"
# What a name of the map is, by whether the source is WordPress.
_MAP_HINTS: Final = {True: "use the name in its address, or the login", False: "write the name as the feed does"}
_MAX_TAG_LENGTH: Final = 200  # characters, as in article files
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")

EntryKeys = dict[str, Any]  # keys of one entry of a settings file


@dataclass(frozen=True, kw_only=True, slots=True)
class TermMapping:
    """New ids of categories and authors by their key at the source, or its slug; None for those that articles lose.

    Several keys may get one id.
    """

    categories: Mapping[str, str | None] = field(default_factory=dict)
    authors: Mapping[str, str | None] = field(default_factory=dict)


def read_mapping(file: Path) -> TermMapping:
    """Read a mapping file. An empty file is an empty mapping; ids need not exist in the newsroom, and numbers become text.

    Raises FeedsvcError if it cannot be read, has an unknown key or an entry that does not map a name to an id or null.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise FeedsvcError(f"--map {file} cannot be read ({error.strerror})") from None
    text, problems = decode(str(file), data)
    document = parse_yaml(str(file), text)
    if problems := [*problems, *document.problems]:
        raise FeedsvcError(f"--map {problems[0]}")
    value = document.value if document.value is not None else {}
    if not isinstance(value, dict) or not all(isinstance(entries, dict) for entries in value.values()):
        raise FeedsvcError(f"--map {file} has no names below categories: or authors:; {_EXAMPLE}")
    if unknown := [key for key in value if key not in _KINDS]:
        raise FeedsvcError(f"--map {file}: no key '{unknown[0]}'; {did_you_mean(unknown[0], _KINDS) or _EXAMPLE}")
    return TermMapping(**{kind: _ids(file, kind, value.get(kind, {})) for kind in _KINDS})


def read_last_mapping(root: Path) -> TermMapping | None:
    """Return the mapping that the last import with one stored in a newsroom; None if there is none. Raises FeedsvcError."""
    file = root / MAPPING_FILE
    return read_mapping(file) if file.is_file() else None


def write_mapping(root: Path, mapping: TermMapping) -> None:
    """Store a mapping in .feedsvc/import/map.yaml for the next import, an empty one by deleting that file. Raises OSError."""
    file = root / MAPPING_FILE
    if not mapping.categories and not mapping.authors:
        file.unlink(missing_ok=True)
        return
    lines = [_HEAD]
    for kind, entries in (("categories", mapping.categories), ("authors", mapping.authors)):
        lines += [f"{kind}:\n"] if entries else []
        lines += [f"  {quote_scalar(name)}: {format_scalar(new) if new else 'null'}\n" for name, new in sorted(entries.items())]
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, "".join(lines).encode())


def _ids(file: Path, kind: str, entries: Mapping[object, object]) -> dict[str, str | None]:
    ids: dict[str, str | None] = {}
    for name, new in entries.items():
        if new is not None and not (isinstance(new, str | int) and uris.is_slug(str(new))):
            raise FeedsvcError(
                f"--map {file}: {kind}.{name}: '{new}' is not an id; use letters, digits and '-', or null for none"
            )
        ids[str(name)] = None if new is None else str(new)
    return ids


class TermTable:
    """Ids of the categories, authors and tags of one source; that of a tag is its slug. "" for what the mapping drops.

    Those that earlier imports gave are in `base`, so that a later one gives the same in any order of the posts. Call `note` for
    all posts before the other methods, because a post may name what the lists of the source lack. `omissions` are tags that
    cannot have an address.
    """

    def __init__(self, site: SourceSite, mapping: TermMapping, base: ImportBase) -> None:
        self._site, self._base, self._line = site, base, line_of(is_exact=site.has_exact_texts)
        self._mappings = {"category": mapping.categories, "author": mapping.authors, "tag": dict[str, str | None]()}
        self._terms = {(term.kind.value, term.key): term for term in site.terms}
        self._authors = {author.key: author for author in site.authors}
        self._ids: dict[str, dict[str, str]] = {kind: {} for kind in LISTING_FILES}
        self._tag_titles: dict[str, str] = {}  # by slug
        self.omissions: list[Omission] = []
        categories = [term.key for term in site.terms if term.kind is TermKind.CATEGORY]
        # Of WordPress, also those of authors who left: another one with such a name is another person. A feed has only names.
        # One that is WRITTEN is an entry of authors.yaml. An import that was killed may not have stored yet whose it is.
        own = base.own_entries(ENTRIES).items()
        all_known = (entry.path for key, entry in own if key.startswith(AUTHORS_FILE) and not entry.digest)
        is_wordpress = site.system is SourceSystem.WORDPRESS
        authors = all_known if is_wordpress else (self._known("author", key) for key in self._authors)
        self._pools = {
            "category": NamePool(map(name_key, (self._known("category", key) for key in categories))),
            "author": NamePool(map(name_key, authors)),
        }
        for key in categories:
            self._add("category", key)
        # In the order of the source's list, so that two authors of one name do not change places with the order of posts.
        self._listed_authors = {key: self._new_id("author", key) for key in self._authors if key.strip()}

    def _known(self, kind: str, key: str) -> str:
        """Return the id that an earlier import gave to a key, "" if none did."""
        return self._base.get(ENTRIES, _base_key(kind, key)).path

    def note(self, post: SourcePost) -> None:
        """Add the categories, authors and tags of a post, so that they get ids and entries."""
        for kind, keys in (("category", post.categories), ("author", post.authors), ("tag", post.tags)):
            for key in keys:
                self._add(kind, key)

    def _add(self, kind: str, key: str) -> None:
        if key not in self._ids[kind] and (kind != "author" or key.strip()):
            listed = self._listed_authors.get(key) if kind == "author" else None
            self._ids[kind][key] = self._new_id(kind, key) if listed is None else listed

    def _new_id(self, kind: str, key: str) -> str:
        slug, mapping = self._slug(kind, key), self._mappings[kind]
        if mapped := [mapping[name] for name in (key, slug) if name in mapping]:
            return mapped[0] or ""
        return self._new_tag(key) if kind == "tag" else self._known(kind, key) or self._pools[kind].take(slug or kind)

    def _new_tag(self, key: str) -> str:
        term = self._terms.get(("tag", key))
        title = self._line(term.name if term else key)[:_MAX_TAG_LENGTH].strip()
        slug = tag_slug(title)
        if not slug and (slug := tag_slug(unquote(key))):
            title = unquote(key)
        if slug:
            self._tag_titles.setdefault(slug, title)
        else:
            self.omissions.append(Omission("", f"the tag '{title or key}'", "it has no letter or digit to make an address of"))
        return slug

    def _slug(self, kind: str, key: str) -> str:
        """Return the id without the mapping, "" if it has no letter or digit.

        A category's key that is an id is decoded, and keeps its letter case; a name, such as "World", becomes a slug in lower
        case. An author's login, of WordPress, is in lower case with hyphens for dots, as in addresses; one with an "@" gives no
        id, and the name does. An author of another system has the key, in its letter case, if the name differs from it.
        """
        if kind != "author":
            term = self._terms.get((kind, key))
            slug = as_slug(unquote(key) if term is None or term.has_id else slugify(key))
            return slug or (as_slug(term.name) if term and kind == "category" else "")
        name = self._authors[key].name if key in self._authors else key
        is_wordpress = self._site.system is SourceSystem.WORDPRESS
        login = key.lower().replace(".", "-") if is_wordpress and "@" not in key else ""
        return as_slug(login or (key if not is_wordpress and name != key else slugify(name))) or as_slug(slugify(name))

    # --- ids

    def listing_id(self, kind: str, key: str) -> str:
        """Return the id of a category, author or tag, "" if the mapping drops it or the source has none with this key."""
        return self._ids[kind].get(key, "")

    def ids(self, kind: str, keys: Iterable[str]) -> list[str]:
        """Return the ids of some keys, each once, without ""."""
        return [*dict.fromkeys(filter(None, (self.listing_id(kind, key) for key in keys)))]

    def tag_titles(self, keys: Iterable[str]) -> list[str]:
        return [self._tag_titles[slug] for slug in self.ids("tag", keys)]

    def has_listing(self, kind: str, listing_id: str) -> bool:
        """Return whether a category, an author or a tag ("category", "author", "tag") of the source has this id."""
        return listing_id in self._ids.get(kind, {}).values()

    @property
    def names(self) -> frozenset[tuple[str, str]]:
        """The (kind, id) of all categories, authors and tags of the source."""
        return frozenset((kind, new) for kind, ids in self._ids.items() for new in ids.values() if new)

    def is_dropped(self, kind: str, key: str) -> bool:
        """Return whether the mapping drops a category or an author, and no other has the id that it would have."""
        return kind != "tag" and self._ids[kind].get(key) == "" and not self.has_listing(kind, self._slug(kind, key))

    def former_ids(self, kind: str) -> Mapping[str, str]:
        """Return former id -> present id, "" for a dropped one: because of the map, or because a tag has a new name.

        Ids that another of this kind has now are left out.
        """
        former: dict[str, str] = {}
        for key, new in self._ids[kind].items():
            known = self._known(kind, key)
            names = (known, self._slug(kind, key)) if kind != "tag" or (known and known != new) else ()
            former |= {name: new for name in names if name and name != new and not self.has_listing(kind, name)}
        return former

    def unmatched_names(self) -> Iterator[Omission]:
        """Yield an omission for each name of the mapping that no category or author of the source has."""
        for kind, noun in (("category", "categories"), ("author", "authors")):
            keys = {*self._ids[kind], *(self._authors if kind == "author" else ())}
            known = {*keys, *(self._slug(kind, key) for key in keys)}
            for name in self._mappings[kind]:
                if name not in known:
                    hint = did_you_mean(name, known) or _MAP_HINTS[self._site.system is SourceSystem.WORDPRESS]
                    yield Omission("--map", f"{noun}: {name}", f"the source has no {noun} with this name; {hint}")

    def remember(self, base: ImportBase) -> None:
        """Put the ids that do not come from the mapping into the base. Keys are digests, because one may be an e-mail address."""
        for kind, ids in self._ids.items():
            mapping = self._mappings[kind]
            for key, new in ids.items():
                if new and key not in mapping and self._slug(kind, key) not in mapping:
                    base.put(ENTRIES, _base_key(kind, key), new)

    # --- entries

    def entries(self) -> Mapping[str, Mapping[str, EntryKeys]]:
        """Return the entries of categories.yaml, authors.yaml and tags.yaml, by name of file and id.

        A category of the source or of an article has one, an author that an article names, and a tag that an article names and
        that has a description or another name in former addresses. What the mapping drops has none.
        """
        makers = {"category": self._category_keys, "author": self._author_keys, "tag": self._tag_keys}
        entries: dict[str, dict[str, EntryKeys]] = {}
        for kind, file in LISTING_FILES.items():
            used = {*self._ids[kind].values()}
            made = entries[file] = {}
            for entry_id, keys in _keys_by_id(self._ids[kind]).items():
                entry = makers[kind](entry_id, keys) | _aliases(self._former_names(kind, keys), used)
                if kind != "tag" or len(entry) > 1:
                    made[entry_id] = entry
        return entries

    def _former_names(self, kind: str, keys: Iterable[str]) -> Iterator[str]:
        """Yield the names that an entry had in addresses: of authors, logins and what WordPress makes of them."""
        for key in keys:
            if kind == "author":
                yield key.lower()
            if kind != "tag" or ("tag", key) in self._terms:
                yield self._slug(kind, key)

    def _main_key(self, kind: str, entry_id: str, keys: list[str]) -> str:
        """Return the key of the name and description of an entry: that with the same name as the id, else the first."""
        ids = {**(self._listed_authors if kind == "author" else {}), **self._ids[kind]}
        has_own = ids.get(entry_id, entry_id) == entry_id  # else another entry has the texts of this key
        known = entry_id in self._authors if kind == "author" else (kind, entry_id) in self._terms
        return entry_id if has_own and known else keys[0]

    def _category_keys(self, entry_id: str, keys: list[str]) -> EntryKeys:
        key = self._main_key("category", entry_id, keys)
        term = self._terms.get(("category", key))
        title = self._line(term.name if term else unquote(key)) or entry_id
        return {"title": title} | self._text("description", term.description if term else "")

    def _author_keys(self, entry_id: str, keys: list[str]) -> EntryKeys:
        key = self._main_key("author", entry_id, keys)
        author = self._authors.get(key) or SourceAuthor(key=key, name=key)
        entry: EntryKeys = {"name": self._line(author.name) or self._line(author.key) or entry_id}
        if author.email and self._site.system is not SourceSystem.WORDPRESS and _EMAIL.fullmatch(author.email):
            entry["email"] = author.email  # a feed shows it already; WordPress did not
        if author.url.startswith(("http://", "https://")) and " " not in author.url:
            entry["url"] = author.url
        return entry | self._text("bio", author.bio)

    def _tag_keys(self, entry_id: str, keys: list[str]) -> EntryKeys:
        terms = (term for key in keys if (term := self._terms.get(("tag", key))))
        description = next((term.description for term in terms if self._line(term.description)), "")
        return {"title": self._tag_titles[entry_id]} | self._text("description", description)

    def _text(self, key: str, text: str) -> EntryKeys:
        return {key: line} if (line := self._line(text)) else {}


def _base_key(kind: str, key: str) -> str:
    return f"{LISTING_FILES[kind]} {text_digest(key)}"


def _keys_by_id(ids: Mapping[str, str]) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = {}
    for key, entry_id in ids.items():
        if entry_id:
            keys.setdefault(entry_id, []).append(key)
    return keys


def _aliases(names: Iterable[str], used: Container[str]) -> EntryKeys:
    """Return the key `aliases` with the former names of an entry that no other entry uses; nothing if there are none."""
    slugs = [name for name in dict.fromkeys(as_slug(unquote(name)) for name in names) if name and name not in used]
    return {"aliases": slugs} if slugs else {}
