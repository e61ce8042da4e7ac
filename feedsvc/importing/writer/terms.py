"""Categories, authors and tags of a source: their ids in the newsroom, and their entries of the settings files."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote

from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, TAGS_FILE
from feedsvc.content.text import did_you_mean
from feedsvc.importing.source import Omission, SourceAuthor, SourcePost, SourceSite, SourceSystem, TermKind
from feedsvc.importing.writer.known_ids import KnownIds
from feedsvc.importing.writer.mapping import TermMapping
from feedsvc.importing.writer.names import NamePool, as_slug
from feedsvc.importing.writer.one_line import line_of
from feedsvc.importing.writer.term_keys import EntryKeys, aliases_entry, keys_by_id, mapped_id
from feedsvc.redirects import GONE
from feedsvc.routes import FeedAt, PageAt, place_of
from feedsvc.tag_slugs import tag_slug
from feedsvc.uris import slugify

# What a name of the map is, by whether the source is WordPress.
_MAP_HINTS: Final = {True: "use the name in its address, or the login", False: "write the name as the feed does"}
_MAX_TAG_LENGTH: Final = 200  # characters, as in article files
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class TermTable:
    """Ids of the categories, authors and tags of one source. `known` are those that earlier imports gave.

    Call `note` for all posts before the other methods, because a post may name what the lists of the source lack.
    """

    def __init__(self, site: SourceSite, mapping: TermMapping, known: KnownIds) -> None:
        self._site, self._mapping, self._line = site, mapping, line_of(is_exact=site.has_exact_texts)
        self._terms = {(term.kind, term.key): term for term in site.terms}
        self._authors = {author.key: author for author in site.authors}
        self._category_ids: dict[str, str] = {}
        self._author_ids: dict[str, str] = {}
        self._known = known
        self._category_names, self._author_names = NamePool(), NamePool()
        self._tag_titles: dict[str, str] = {}
        self._titles_by_slug: dict[str, str] = {}
        self._keys_by_slug: dict[str, list[str]] = {}
        self.omissions: list[Omission] = []
        categories = [term.key for term in site.terms if term.kind is TermKind.CATEGORY]
        for key in categories:
            self._category_names.add(known.get(CATEGORIES_FILE, key))
        # Of WordPress, also those of authors who left: another one with such a name is another person. A feed has only names.
        has_logins = site.system is SourceSystem.WORDPRESS
        for entry_id in known.all(AUTHORS_FILE) if has_logins else (known.get(AUTHORS_FILE, key) for key in self._authors):
            self._author_names.add(entry_id)
        for key in categories:
            self._add_category(key)
        # In the order of the source's list, so that two authors of one name do not change places with the order of posts.
        self._listed_author_ids = {author.key: self._new_author_id(author.key) for author in site.authors if author.key.strip()}

    def note(self, post: SourcePost) -> None:
        """Add the categories, authors and tags of a post, so that they get ids and entries."""
        for key in post.categories:
            self._add_category(key)
        for key in post.authors:
            self._add_author(key)
        for key in post.tags:
            self._add_tag(key)

    def unmatched_names(self) -> Iterator[Omission]:
        """Yield an omission for each name of the mapping that no category or author of the source has."""
        for kind, names, known in (
            ("categories", self._mapping.categories, {*self._category_ids, *map(self._category_slug, self._category_ids)}),
            ("authors", self._mapping.authors, {*self._authors, *self._author_ids, *map(self._author_slug, self._author_ids)}),
        ):
            for name in names:
                if name not in known:
                    hint = did_you_mean(name, known) or _MAP_HINTS[self._site.system is SourceSystem.WORDPRESS]
                    yield Omission("--map", f"{kind}: {name}", f"the source has no {kind} with this name; {hint}")

    def category_ids(self, keys: Iterable[str]) -> list[str]:
        return [*dict.fromkeys(filter(None, (self._category_ids.get(key, "") for key in keys)))]

    def author_ids(self, keys: Iterable[str]) -> list[str]:
        return [*dict.fromkeys(filter(None, (self._author_ids.get(key, "") for key in keys)))]

    def tag_titles(self, keys: Iterable[str]) -> list[str]:
        return [*dict.fromkeys(filter(None, (self._tag_titles.get(key, "") for key in keys)))]

    def category_id(self, key: str) -> str:
        """Return the id of a category, "" if the mapping drops it or the source has none with this key."""
        return self._category_ids.get(key, "")

    def author_id(self, key: str) -> str:
        return self._author_ids.get(key, "")

    def tag_id(self, key: str) -> str:
        """Return the slug of a tag, "" if no article has it or it has no letter or digit."""
        return tag_slug(self._tag_titles.get(key, ""))

    @property
    def tag_slugs(self) -> Mapping[str, str]:
        """The slugs of the tags of the posts, by the keys of the tags."""
        return {key: slug for slug, keys in self._keys_by_slug.items() for key in keys}

    def former_ids(self, file: str) -> Mapping[str, str]:
        """Return old id -> new id for each category or author with another id than without the mapping, "" if it is dropped.

        `file` is categories.yaml or authors.yaml; others give {}. Old ids that another category or author has are left out.
        """
        tables = {CATEGORIES_FILE: (self._category_ids, self._category_slug), AUTHORS_FILE: (self._author_ids, self._author_slug)}
        ids, slug = tables.get(file, ({}, str))
        return {slug(key): new for key, new in ids.items() if slug(key) not in ids.values()}

    def unmapped_keys(self, file: str) -> Mapping[str, list[str]]:
        """Return, by id, the keys of categories or authors whose id does not come from the mapping.

        `file` is categories.yaml or authors.yaml; others give {}.
        """
        if file == CATEGORIES_FILE:
            ids, mapped, slug = self._category_ids, self._mapping.categories, self._category_slug
        elif file == AUTHORS_FILE:
            ids, mapped, slug = self._author_ids, self._mapping.authors, self._author_slug
        else:
            return {}
        return keys_by_id({key: new for key, new in ids.items() if mapped_id(mapped, key, slug(key)) is None})

    def unlisted_ids(self, file: str) -> frozenset[str]:
        """Return the ids in categories.yaml, authors.yaml or tags.yaml (`file`) that only posts of the source name."""
        if file == AUTHORS_FILE:
            known = self._authors
            return frozenset(new for key, new in self._author_ids.items() if not (key in known and known[key].is_listed))
        kind = TermKind.CATEGORY if file == CATEGORIES_FILE else TermKind.TAG
        ids = self._category_ids if kind is TermKind.CATEGORY else self.tag_slugs
        listed = {term.key for term in self._site.terms if term.kind is kind and term.is_listed}
        return frozenset(new for key, new in ids.items() if key not in listed)

    def has_listing(self, kind: str, listing_id: str) -> bool:
        """Return whether a category, an author or a tag of the source has this id, or would have it without the mapping.

        The key of a tag counts as such an id, too. `kind` is "category", "author" or "tag"; False for another kind.
        """
        ids = {
            "category": {*self._category_ids.values(), *map(self._category_slug, self._category_ids)},
            "author": {*self._author_ids.values(), *map(self._author_slug, self._author_ids)},
            "tag": {*self._titles_by_slug, *self._tag_titles},
        }
        return listing_id in ids.get(kind, ())

    def answers(self, address: str, target: str, names: Container[tuple[str, str]]) -> bool:
        """Return whether an address is that of the page or a feed of a category, an author or a tag of the source.

        `names` are (kind, id or alias) of the newsroom's own. They count only if `target`, that of a rule of the last import, is
        GONE: otherwise this export may only lack their articles.
        """
        ids: Mapping[str, Collection[str]] = {
            "category": self._category_ids.values(),
            "author": self._author_ids.values(),
            "tag": self._titles_by_slug,
        }
        if not isinstance(place := place_of(address), PageAt | FeedAt):
            return False
        kind, listing_id = place.listing.kind, place.listing.id
        return listing_id in ids.get(kind, ()) or (target == GONE and (kind, listing_id) in names)

    def is_dropped(self, kind: TermKind | None, key: str) -> bool:
        """Return whether the mapping drops a category (`kind` None: an author) by its key, and no other has its id.

        Its id is the one that it would have without the mapping. False for tags.
        """
        if kind is TermKind.TAG:
            return False
        ids, slug = (self._category_ids, self._category_slug) if kind else (self._author_ids, self._author_slug)
        return ids.get(key) == "" and slug(key) not in ids.values()

    def entries(self) -> Mapping[str, Mapping[str, EntryKeys]]:
        """Return the entries of categories.yaml, authors.yaml and tags.yaml, by name of file and id.

        A category of the source or of an article has one, an author that an article names, and a tag that an article names and
        that has a description or another name in former addresses. What the mapping drops has none.
        """
        return {
            CATEGORIES_FILE: self._category_entries(),
            AUTHORS_FILE: self._author_entries(),
            TAGS_FILE: dict(self._tag_entries()),
        }

    def _add_category(self, key: str) -> None:
        if key in self._category_ids:
            return
        slug = self._category_slug(key)
        if (mapped := mapped_id(self._mapping.categories, key, slug)) is not None:
            self._category_ids[key] = mapped
            return
        term = self._terms.get((TermKind.CATEGORY, key))
        name = slug or as_slug(term.name if term else "") or "category"
        self._category_ids[key] = self._known.get(CATEGORIES_FILE, key) or self._category_names.take(name)

    def _category_slug(self, key: str) -> str:
        """Return the id without the mapping, "" if the key has no letter or digit.

        A key that the source's list lacks or marks as an id (`has_id`) is decoded, and keeps its letter case if it is a slug. A
        name, such as "World", becomes a slug in lower case.
        """
        term = self._terms.get((TermKind.CATEGORY, key))
        return as_slug(unquote(key) if term is None or term.has_id else slugify(key))

    def _add_author(self, key: str) -> None:
        if key in self._author_ids or not key.strip():
            return
        self._author_ids[key] = self._listed_author_ids[key] if key in self._listed_author_ids else self._new_author_id(key)

    def _new_author_id(self, key: str) -> str:
        slug = self._author_slug(key)
        mapped = mapped_id(self._mapping.authors, key, slug)
        if mapped is not None:
            return mapped
        return self._known.get(AUTHORS_FILE, key) or self._author_names.take(slug or "author")

    def _author_slug(self, key: str) -> str:
        """Return the id without the mapping, "" if it has no letter or digit.

        Of WordPress, it is made from the key in lower case, with hyphens for dots; from the name if the key has an "@". Of
        others, it is the key, in its letter case, if the author has another name; else a slug of the name in lower case.
        """
        author = self._authors.get(key)
        name = author.name if author else key
        # WordPress makes the name in an author's address of the login, and its dots become hyphens.
        is_login = self._site.system is SourceSystem.WORDPRESS and "@" not in key
        has_id = self._site.system is not SourceSystem.WORDPRESS and name != key
        text = key.lower().replace(".", "-") if is_login else key if has_id else slugify(name)
        return as_slug(text) or as_slug(slugify(name))

    def _add_tag(self, key: str) -> None:
        if key in self._tag_titles:
            return
        term = self._terms.get((TermKind.TAG, key))
        title = self._line(term.name if term else key)[:_MAX_TAG_LENGTH].strip()
        slug = tag_slug(title)
        if not slug and (slug := tag_slug(unquote(key))):
            title = unquote(key)
        if not slug:
            self.omissions.append(Omission("", f"the tag '{title or key}'", "it has no letter or digit to make an address of"))
            self._tag_titles[key] = ""
            return
        self._tag_titles[key] = self._titles_by_slug.setdefault(slug, title)
        self._keys_by_slug.setdefault(slug, []).append(key)

    def _category_entries(self) -> dict[str, EntryKeys]:
        entries: dict[str, EntryKeys] = {}
        used = {*self._category_ids.values()}
        for entry_id, keys in keys_by_id(self._category_ids).items():
            key = entry_id if self._category_ids.get(entry_id, entry_id) == entry_id else ""  # "" if it has another id
            term = self._terms.get((TermKind.CATEGORY, key), self._terms.get((TermKind.CATEGORY, keys[0])))
            entry: EntryKeys = {"title": self._line(term.name if term else unquote(keys[0])) or entry_id}
            if term and (description := self._line(term.description)):
                entry["description"] = description
            entries[entry_id] = entry | aliases_entry(map(self._category_slug, keys), used)
        return entries

    def _author_entries(self) -> dict[str, EntryKeys]:
        used = {*self._author_ids.values()}
        return {
            entry_id: self._author_keys(entry_id, keys) | aliases_entry(self._author_names_of(keys), used)
            for entry_id, keys in keys_by_id(self._author_ids).items()
        }

    def _author_names_of(self, keys: Iterable[str]) -> Iterator[str]:
        """Yield the names that authors had in addresses: logins, and what WordPress makes of them."""
        for key in keys:
            yield from (key.lower(), self._author_slug(key))

    def _author_keys(self, entry_id: str, keys: list[str]) -> EntryKeys:
        ids = {**self._listed_author_ids, **self._author_ids}
        key = entry_id if ids.get(entry_id, entry_id) == entry_id else ""  # "" if it has another id
        author = self._authors.get(key) or self._authors.get(keys[0]) or SourceAuthor(key=keys[0], name=keys[0])
        entry: EntryKeys = {"name": self._line(author.name) or self._line(author.key) or entry_id}
        if author.email and self._site.system is not SourceSystem.WORDPRESS and _EMAIL.fullmatch(author.email):
            entry["email"] = author.email  # a feed shows it already; WordPress did not
        if author.url.startswith(("http://", "https://")) and " " not in author.url:
            entry["url"] = author.url
        if bio := self._line(author.bio):
            entry["bio"] = bio
        return entry

    def _tag_entries(self) -> Iterator[tuple[str, EntryKeys]]:
        """Yield the entry of each tag that has a description, or another name in addresses than its slug."""
        used = {*self._titles_by_slug}
        for slug, keys in self._keys_by_slug.items():
            terms = [term for key in keys if (term := self._terms.get((TermKind.TAG, key)))]
            description = next((text for term in terms if (text := self._line(term.description))), "")
            aliases = aliases_entry((term.key for term in terms), used)
            used.update(aliases.get("aliases", ()))
            if description or aliases:
                entry = {"title": self._titles_by_slug[slug]} | ({"description": description} if description else {})
                yield slug, entry | aliases
