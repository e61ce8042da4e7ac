"""Breaking changes: ids, addresses and dates that differ from what was public at an earlier revision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from feedsvc.catalog import Catalog, Row, Visibility
from feedsvc.content import read_file
from feedsvc.content.reading import AUTHORS_FILE, CATEGORIES_FILE, SITE_FILE, parse_settings_file
from feedsvc.content.yaml import YamlDocument
from feedsvc.editing.new_article import yaml_scalar
from feedsvc.editing.source_file import key_warning, parse_source
from feedsvc.errors import Problem
from feedsvc.model import Article, ArticleStatus, Author, Category
from feedsvc.routes import ListingRef

CategoryOrAuthor = Category | Author
_WITHDRAW_HINT: Final = "to take it back for all to see, keep the file and write status: withdrawn"


@dataclass(frozen=True, kw_only=True)
class CatalogPair:
    """Catalogs of the folder at `root`, as it is now and as it was at `revision`, both at one moment."""

    root: Path
    revision: str
    previous: Catalog
    current: Catalog

    @cached_property
    def invalid_paths(self) -> frozenset[str]:
        """Paths of current files with errors. `check` reports the errors, and a file's last valid version stays public."""
        return frozenset(problem.path for problem in self.current.content.errors)

    @cached_property
    def articles_by_id(self) -> Mapping[str, Article]:
        return {article.id: article for article in self.current.content.articles}

    @cached_property
    def replacements(self) -> Mapping[object, Article]:
        """Current articles whose ids are new, each by the keys that it may share with a previous article.

        The keys are ("path", path), ("address", slug or alias) and (title, publication date).
        """
        known = {article.id for article in self.previous.content.articles}
        fresh = [article for article in self.current.content.articles if article.id not in known]
        found: dict[object, Article] = {(article.title, article.published): article for article in fresh}
        found |= {("address", name): article for article in fresh for name in (*article.aliases, article.slug)}
        return found | {("path", article.path): article for article in fresh}

    @cached_property
    def articles_by_address(self) -> Mapping[str, Article]:
        """Current articles by their addresses."""
        return {name: article for article in self.current.content.articles for name in (*article.aliases, article.slug)}

    def replacement(self, article: Article) -> Article | None:
        """Return the current article that replaced a previous one whose id no longer exists; None if there is none."""
        signs = (("path", article.path), ("address", article.slug), (article.title, article.published))
        return next((self.replacements[sign] for sign in signs if sign in self.replacements), None)

    def source_yaml(self, path: str) -> YamlDocument:
        """Return the current YAML of a file, for its positions; empty if the file cannot be read."""
        data = read_file(self.root, path)
        return parse_source(path, data).yaml if isinstance(data, bytes) else YamlDocument(path)

    def local_time(self, moment: datetime) -> str:
        """Format a moment as ISO 8601 in the site's time zone."""
        return moment.astimezone(ZoneInfo(self.current.site.timezone)).isoformat()


def warnings(sides: CatalogPair) -> tuple[Problem, ...]:
    """Return warnings about changes that subscribers would notice, at the positions in files where an editor can undo these."""
    rows = sides.previous.listings[ListingRef()].rows
    found = [problem for row in rows if row.visibility is not Visibility.HIDDEN for problem in _article_warnings(sides, row)]
    return tuple(sorted((*found, *_feed_id_warnings(sides), *_listing_warnings(sides))))


def _article_warnings(sides: CatalogPair, row: Row) -> Iterator[Problem]:
    """Yield warnings about an article that was visible or withdrawn at the revision; `row` is its row then."""
    was, is_visible = row.article, row.visibility is Visibility.VISIBLE
    now = sides.articles_by_id.get(was.id) or (sides.replacement(was) if is_visible else None)
    if now is None:
        if is_visible and was.path not in sides.invalid_paths:
            message = f"'{was.title}' was public at {sides.revision} and is gone; readers keep it as it was"
            yield key_warning(YamlDocument(was.path), "", message, _WITHDRAW_HINT)
        return
    grown = sides.source_yaml(now.path)
    checks = (_id_warnings, _address_warnings, _draft_warnings, _date_warnings) if is_visible else (_republication_warnings,)
    for check in checks:
        yield from check(sides, grown, was, now)


def _id_warnings(sides: CatalogPair, grown: YamlDocument, was: Article, now: Article) -> Iterator[Problem]:
    if was.id != now.id and not _is_id_domain_change(sides, grown, was, now):
        message = f"id: '{now.id}' was '{was.id}' at {sides.revision}; readers would show the article a second time"
        yield key_warning(grown, "id", message, f"{'put back' if grown.has_value(('id',)) else 'write'} id: {was.id}")


def _is_id_domain_change(sides: CatalogPair, grown: YamlDocument, was: Article, now: Article) -> bool:
    """Return whether the id changed only with the site's id_domain: `_feed_id_warnings` warns of that once for all."""
    old, new = (f"tag:{catalog.site.id_domain}," for catalog in (sides.previous, sides.current))
    return not grown.has_value(("id",)) and old != new and was.id.removeprefix(old) == now.id.removeprefix(new)


def _address_warnings(sides: CatalogPair, grown: YamlDocument, was: Article, now: Article) -> Iterator[Problem]:
    kept = (now.slug, *now.aliases)
    lost = [name for name in (was.slug, *was.aliases) if name not in kept]
    if lost:
        key = "slug" if was.slug in lost else "aliases"
        shown = ", ".join(f"'{name}'" for name in lost)
        message = f"{key}: {shown} led to this article at {sides.revision} and would no longer"
        hint = f"write aliases: [{', '.join(map(yaml_scalar, (*now.aliases, *lost)))}]"
        others = [
            f"take '{name}' out of {sides.articles_by_address[name].path}, then "
            for name in lost
            if name in sides.articles_by_address
        ]
        yield key_warning(grown, key, message, "".join((*others[:1], hint)))


def _draft_warnings(sides: CatalogPair, grown: YamlDocument, _was: Article, now: Article) -> Iterator[Problem]:
    if now.status is ArticleStatus.DRAFT:
        message = f"status: the article was public at {sides.revision} and is a draft now; readers keep it as it was"
        yield key_warning(grown, "status", message, _WITHDRAW_HINT)


def _date_warnings(sides: CatalogPair, grown: YamlDocument, was: Article, now: Article) -> Iterator[Problem]:
    if was.published != now.published:
        date = sides.local_time(was.published)
        message = f"published: was {date} at {sides.revision}; the article would change its place in every feed"
        hint = f"put back published: {sides.local_time(was.published)}; a change that readers should see is dated by updated:"
        yield key_warning(grown, "published", message, hint)


def _republication_warnings(sides: CatalogPair, grown: YamlDocument, _was: Article, now: Article) -> Iterator[Problem]:
    if now.status is ArticleStatus.PUBLISHED:
        message = f"status: the article was withdrawn at {sides.revision} and is back; many readers will not show it again"
        yield key_warning(grown, "status", message, "write status: withdrawn, and publish a new article with an id of its own")


def _feed_id_warnings(sides: CatalogPair) -> Iterator[Problem]:
    """Yield warnings about the ids of feeds, which depend on site.yaml."""
    data = read_file(sides.root, SITE_FILE)
    grown = parse_settings_file(SITE_FILE, data if isinstance(data, bytes) else b"")
    old, new = sides.previous.site, sides.current.site
    if old.id_domain != new.id_domain:
        change = f"id_domain: '{new.id_domain}' was '{old.id_domain}' at {sides.revision}"
        message = f"{change}; all feeds, and articles without id, get new ids"
        yield key_warning(grown, "id_domain", message, f"write id_domain: {old.id_domain}")
    if old.since.year != new.since.year:
        message = f"since: {new.since} was {old.since} at {sides.revision}; the year is in every feed's id"
        yield key_warning(grown, "since", message, f"write since: {old.since}")


def _listing_warnings(sides: CatalogPair) -> Iterator[Problem]:
    """Yield warnings about categories and authors that are neither an id nor an alias any more: their addresses lead nowhere."""
    old, new = sides.previous.content, sides.current.content
    yield from _removed_listing_warnings(sides, CATEGORIES_FILE, "category", old.categories, new.categories)
    yield from _removed_listing_warnings(sides, AUTHORS_FILE, "author", old.authors, new.authors)


def _removed_listing_warnings(
    sides: CatalogPair, path: str, kind: str, old: Mapping[str, CategoryOrAuthor], new: Iterable[str]
) -> Iterator[Problem]:
    names = {} if path in sides.invalid_paths else old
    for name in names:
        if name not in new:
            message = f"the {kind} '{name}' was there at {sides.revision}; its feeds would be gone"
            hint = f"write aliases: [{yaml_scalar(name)}] below the {kind} that takes its place"
            yield key_warning(YamlDocument(path), "", message, hint)
