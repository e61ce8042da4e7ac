"""site.yaml, categories.yaml and authors.yaml -> Site, Category, Author."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from feedsvc import uris
from feedsvc.content import safe_read, text
from feedsvc.content.media.files import Media
from feedsvc.content.schema import dates, validation
from feedsvc.content.schema.field_types import is_host, web
from feedsvc.content.schema.models import AuthorKeys, CategoryKeys, SiteKeys
from feedsvc.content.yaml import document
from feedsvc.content.yaml.document import Tree
from feedsvc.content.yaml.positions import Location, Plain
from feedsvc.errors import Problem
from feedsvc.model import Author, Category, FeedOptions, Site

SITE: Final = "site.yaml"
CATEGORIES: Final = "categories.yaml"
AUTHORS: Final = "authors.yaml"

Named = TypeVar("Named", Author, Category)
_STAND_INS: Final[Mapping[str, Mapping[str, Plain]]] = {
    SITE: {"title": "-", "base_url": "https://site.invalid"},
    CATEGORIES: {"title": "-"},
    AUTHORS: {"name": "-"},
}


_FIRST: Final = {"category": "title", "author": "name"}


def grow(path: str, data: bytes) -> Tree:
    """A settings file's tree with the problems of its text before those of its YAML."""
    content, problems, is_plain = text.decode(path, data)
    if not content and problems:
        return Tree(path, problems=problems)
    grown = document.read(path, content, is_plain=is_plain)
    grown.problems[:0] = problems
    return grown


def site(data: bytes, media: Media, base_url: str = "") -> tuple[Site | None, tuple[Problem, ...]]:
    """The site, or None and why not; `base_url` takes the place of the file's own."""
    grown = grow(SITE, data)
    if base_url and isinstance(grown.value, dict):
        grown.value["base_url"] = base_url
    given = validation.check(grown, SiteKeys, _STAND_INS[SITE])
    made = _site(grown, given, media) if given else None
    broken = any(problem.severity == "error" for problem in grown.problems)
    return None if broken else made, tuple(sorted(grown.problems))


def _site(grown: Tree, given: SiteKeys, media: Media) -> Site | None:
    refer = _Refer(grown, given.base_url, media, given.keep_metadata)
    domain = given.id_domain or _host(grown, given)
    try:
        since = dates.day(given.since)
    except ValueError as error:
        grown.problems.append(grown.problem(("since",), f"since: {error}"))
        return None
    logo, icon = refer.address(("logo",), given.logo), refer.address(("icon",), given.icon)
    return Site(
        title=given.title,
        description=given.description,
        base_url=given.base_url,
        id_domain=domain,
        since=since,
        language=given.language,
        timezone=given.timezone,
        logo=logo,
        icon=icon,
        copyright=given.copyright,
        feed=FeedOptions(
            entries=given.feed.entries,
            content=given.feed.content,
            archives=given.feed.archives,
            ttl=given.feed.ttl,
            browser_view=given.feed.browser_view,
        ),
        hubs=tuple(dict.fromkeys(given.hubs)),
        keep_metadata=given.keep_metadata,
        media=tuple(refer.found),
    )


def _host(grown: Tree, given: SiteKeys) -> str:
    """base_url's host for the ids, with a word on what that means."""
    host = urlsplit(given.base_url).hostname or ""
    if given.base_url == _STAND_INS[SITE]["base_url"] or grown.has(("id_domain",)):
        return host
    if not is_host(host):
        message = f"id_domain: is missing, and base_url's host '{host}' can stand in no id"
        grown.problems.append(Problem(path=SITE, message=message, hint="write id_domain: followed by a domain name of yours"))
        return host
    message = "no id_domain; a move to another host would change the ids of articles that have none written down"
    grown.problems.append(Problem(path=SITE, message=message, hint=f"write id_domain: {host}", severity="warning"))
    return host


@dataclass(slots=True)
class _Refer:
    """Turns `media/logo.png` or a web address into an address, and remembers the files."""

    grown: Tree
    base_url: str
    media: Media
    keep_metadata: bool
    found: list[str] = field(default_factory=list)

    def address(self, at: Location, written: str | None) -> str:
        if not written:
            return ""
        try:
            if re.match("https?:", written, re.IGNORECASE):
                return web(written)
            self.found.append(self.media.sendable(written, keep_metadata=self.keep_metadata).path)
        except ValueError as error:
            self.grown.problems.append(self.grown.problem(at, f"{at[-1]}: {error}"))
        return uris.absolute(self.base_url, f"/{written}")


class Register(NamedTuple):
    """A file of named entries: the sound ones, the ids (or the kind itself) that are set aside and where, problems."""

    entries: dict[str, Author] | dict[str, Category]
    set_aside: dict[str, str]
    problems: tuple[Problem, ...]


def categories(data: bytes, _site: Site, _media: Media) -> Register:
    """categories.yaml; every id and every alias leads to its Category."""
    return _register(CATEGORIES, "category", data, _category)


def authors(data: bytes, site: Site, media: Media) -> Register:
    """authors.yaml; every id and every alias leads to its Author."""

    def author(grown: Tree, name: str) -> Author:
        return _author(grown, name, _Refer(grown, site.base_url, media, site.keep_metadata))

    return _register(AUTHORS, "author", data, author)


def _category(grown: Tree, name: str) -> Category:
    given = validation.checked(grown, (name,), CategoryKeys, grown.value[name], _STAND_INS[CATEGORIES])
    return Category(id=_spelled(name), title=given.title, description=given.description, aliases=tuple(given.aliases))


def _author(grown: Tree, name: str, refer: _Refer) -> Author:
    given = validation.checked(grown, (name,), AuthorKeys, grown.value[name], _STAND_INS[AUTHORS])
    return Author(
        id=_spelled(name),
        name=given.name,
        email=given.email or "",
        url=given.url or "",
        bio=given.bio,
        avatar=refer.address((name, "avatar"), given.avatar),
        aliases=tuple(given.aliases),
        media=tuple(refer.found),
    )


def _spelled(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _register(path: str, kind: str, data: bytes, make: Callable[[Tree, str], Named]) -> Register:
    grown = grow(path, data)
    if not isinstance(grown.value, dict):
        if not grown.problems:
            grown.problems.append(
                Problem(path=path, message=f"expected one '{kind}-id:' after another, each with keys of its own")
            )
        first = grown.problems[0]
        return Register({}, {kind: f"{first.path}:{first.line}"}, tuple(grown.problems))
    sound: dict[str, Named] = {}
    aside: dict[str, str] = {}
    for name in grown.value:
        before = len(grown.problems)
        entry = _entry(grown, kind, name, make)
        if entry and len(grown.problems) == before:
            sound[name] = entry
        else:
            aside[f"{kind} {_spelled(name)}"] = f"{path}:{grown.problem((name,), '', at_key=True).line}"
    named = dict(_with_aliases(grown, sound))
    return Register(named, aside, tuple(sorted(grown.problems)))


def _entry(grown: Tree, kind: str, name: str, make: Callable[[Tree, str], Named]) -> Named | None:
    if not uris.is_slug(name):
        message = f"'{name}' cannot stand in an address; use letters, digits and '-', like '{uris.slugify(name) or kind}'"
        grown.problems.append(grown.problem((name,), message, at_key=True))
    if not isinstance(grown.value[name], dict):
        grown.problems.append(
            grown.problem((name,), f"{name}: expected keys of its own, like {_FIRST[kind]}:, indented below it", at_key=True)
        )
        return None
    return make(grown, name)


def _with_aliases(grown: Tree, sound: Mapping[str, Named]) -> Iterator[tuple[str, Named]]:
    taken: dict[str, Named] = {entry.id: entry for entry in sound.values()}
    for name, entry in sound.items():
        for index, alias in enumerate(entry.aliases):
            if taken.setdefault(alias, entry) is not entry:
                other = taken[alias].id
                what = "an id of its own" if other == alias else f"an alias of '{other}'"
                message = f"{name}.aliases: '{alias}' is already {what}"
                grown.problems.append(grown.problem((name, "aliases", index), message, "delete it here"))
    yield from taken.items()


def known(root: Path, file: str) -> list[str]:
    """The ids and aliases of authors.yaml or categories.yaml as they are written, also of entries that have a problem."""
    data = safe_read.read(root, file)
    entries = grow(file, data).value if isinstance(data, bytes) else None
    if not isinstance(entries, dict):
        return []
    former = [alias for entry in entries.values() if isinstance(entry, dict) for alias in _listed(entry.get("aliases"))]
    return list(dict.fromkeys(unicodedata.normalize("NFC", name) for name in (*entries, *former)))


def _listed(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
