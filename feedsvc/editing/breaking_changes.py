"""What must never change and did: ids, addresses and dates, compared with what was public before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from feedsvc.catalog.catalog import Catalog, Row, Standing
from feedsvc.content import safe_read
from feedsvc.content.reading import settings
from feedsvc.content.yaml.document import Tree
from feedsvc.editing.new_article import scalar
from feedsvc.editing.source_file import warning, written
from feedsvc.errors import Problem
from feedsvc.model import Article, Author, Category, Status
from feedsvc.routes import ListingRef

Named = Category | Author
_WITHDRAW: Final = "to take it back for all to see, keep the file and write status: withdrawn"


@dataclass(frozen=True, kw_only=True)
class Sides:
    """A folder at `root` as it is `now`, and as it was at the revision called `name`; both at one moment."""

    root: Path
    name: str
    was: Catalog
    now: Catalog

    @cached_property
    def aside(self) -> frozenset[str]:
        """Files with errors, which tell of themselves; what they held stays up."""
        return frozenset(problem.path for problem in self.now.content.errors)

    @cached_property
    def ids(self) -> Mapping[str, Article]:
        return {article.id: article for article in self.now.content.articles}

    @cached_property
    def heirs(self) -> Mapping[object, Article]:
        """Articles under ids that are new, by all that tells whose place they took: path, addresses, title and date."""
        known = {article.id for article in self.was.content.articles}
        fresh = [article for article in self.now.content.articles if article.id not in known]
        found: dict[object, Article] = {(article.title, article.published): article for article in fresh}
        found |= {("address", name): article for article in fresh for name in (*article.aliases, article.slug)}
        return found | {("path", article.path): article for article in fresh}

    @cached_property
    def holders(self) -> Mapping[str, Article]:
        """Address -> the article it leads to now."""
        return {name: article for article in self.now.content.articles for name in (*article.aliases, article.slug)}

    def heir(self, article: Article) -> Article | None:
        """The article that took the place of one whose id is gone."""
        signs = (("path", article.path), ("address", article.slug), (article.title, article.published))
        return next((self.heirs[sign] for sign in signs if sign in self.heirs), None)

    def tree(self, path: str) -> Tree:
        """A file as it is written now, to find places in; empty if it cannot be read."""
        data = safe_read.read(self.root, path)
        return written(path, data).tree if isinstance(data, bytes) else Tree(path)

    def local(self, moment: datetime) -> str:
        return moment.astimezone(ZoneInfo(self.now.site.timezone)).isoformat()


def warnings(sides: Sides) -> tuple[Problem, ...]:
    """What subscribers would feel, as warnings at the places that mend it."""
    rows = sides.was.listings[ListingRef()].rows
    found = [problem for row in rows if row.standing is not Standing.GHOST for problem in _article(sides, row)]
    return tuple(sorted((*found, *_feeds(sides), *_names(sides))))


def _article(sides: Sides, row: Row) -> Iterator[Problem]:
    """Of an article that was visible or withdrawn."""
    was, is_visible = row.article, row.standing is Standing.VISIBLE
    now = sides.ids.get(was.id) or (sides.heir(was) if is_visible else None)
    if now is None:
        if is_visible and was.path not in sides.aside:
            message = f"'{was.title}' was public at {sides.name} and is gone; readers keep it as it was"
            yield warning(Tree(was.path), "", message, _WITHDRAW)
        return
    grown = sides.tree(now.path)
    checks = (_id, _address, _draft, _date) if is_visible else (_back,)
    for check in checks:
        yield from check(sides, grown, was, now)


def _id(sides: Sides, grown: Tree, was: Article, now: Article) -> Iterator[Problem]:
    if was.id != now.id and not _follows_the_domain(sides, grown, was, now):
        message = f"id: '{now.id}' was '{was.id}' at {sides.name}; readers would show the article a second time"
        yield warning(grown, "id", message, f"{'put back' if grown.has(('id',)) else 'write'} id: {was.id}")


def _follows_the_domain(sides: Sides, grown: Tree, was: Article, now: Article) -> bool:
    """Whether the id changed only with the site's domain, which is told once."""
    old, new = (f"tag:{catalog.site.id_domain}," for catalog in (sides.was, sides.now))
    return not grown.has(("id",)) and old != new and was.id.removeprefix(old) == now.id.removeprefix(new)


def _address(sides: Sides, grown: Tree, was: Article, now: Article) -> Iterator[Problem]:
    kept = (now.slug, *now.aliases)
    lost = [name for name in (was.slug, *was.aliases) if name not in kept]
    if lost:
        key = "slug" if was.slug in lost else "aliases"
        shown = ", ".join(f"'{name}'" for name in lost)
        message = f"{key}: {shown} led to this article at {sides.name} and would no longer"
        hint = f"write aliases: [{', '.join(map(scalar, (*now.aliases, *lost)))}]"
        others = [f"take '{name}' out of {sides.holders[name].path}, then " for name in lost if name in sides.holders]
        yield warning(grown, key, message, "".join((*others[:1], hint)))


def _draft(sides: Sides, grown: Tree, _was: Article, now: Article) -> Iterator[Problem]:
    if now.status is Status.DRAFT:
        message = f"status: the article was public at {sides.name} and is a draft now; readers keep it as it was"
        yield warning(grown, "status", message, _WITHDRAW)


def _date(sides: Sides, grown: Tree, was: Article, now: Article) -> Iterator[Problem]:
    if was.published != now.published:
        message = f"published: was {sides.local(was.published)} at {sides.name}; the article would change its place in every feed"
        hint = f"put back published: {sides.local(was.published)}; a change that readers should see is dated by updated:"
        yield warning(grown, "published", message, hint)


def _back(sides: Sides, grown: Tree, _was: Article, now: Article) -> Iterator[Problem]:
    if now.status is Status.PUBLISHED:
        message = f"status: the article was withdrawn at {sides.name} and is back; many readers will not show it again"
        yield warning(grown, "status", message, "write status: withdrawn, and publish a new article with an id of its own")


def _feeds(sides: Sides) -> Iterator[Problem]:
    """The feeds' own ids, which are made of site.yaml."""
    data = safe_read.read(sides.root, settings.SITE)
    grown = settings.grow(settings.SITE, data if isinstance(data, bytes) else b"")
    old, new = sides.was.site, sides.now.site
    if old.id_domain != new.id_domain:
        message = (
            f"id_domain: '{new.id_domain}' was '{old.id_domain}' at {sides.name}; all feeds, and articles without id, get new ids"
        )
        yield warning(grown, "id_domain", message, f"write id_domain: {old.id_domain}")
    if old.since.year != new.since.year:
        message = f"since: {new.since} was {old.since} at {sides.name}; the year is in every feed's id"
        yield warning(grown, "since", message, f"write since: {old.since}")


def _names(sides: Sides) -> Iterator[Problem]:
    """Categories and authors whose addresses would lead nowhere."""
    old, new = sides.was.content, sides.now.content
    yield from _lost(sides, settings.CATEGORIES, "category", old.categories, new.categories)
    yield from _lost(sides, settings.AUTHORS, "author", old.authors, new.authors)


def _lost(sides: Sides, path: str, kind: str, old: Mapping[str, Named], new: Iterable[str]) -> Iterator[Problem]:
    names = {} if path in sides.aside else old
    for name in names:
        if name not in new:
            message = f"the {kind} '{name}' was there at {sides.name}; its feeds would be gone"
            hint = f"write aliases: [{scalar(name)}] below the {kind} that takes its place"
            yield warning(Tree(path), "", message, hint)
