"""Comparison of a content folder with a git revision: breaking changes, and changes of entries in each feed.

Breaking changes are ids, addresses and dates that differ from what was public at the revision.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from feedsvc.catalog import Catalog, IssueRow, Listing, Row, Visibility, build_catalog, is_withdrawn_later
from feedsvc.content.folder import ContentSnapshot, load_content
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, FEEDS_FILE, SITE_FILE, TAGS_FILE, parse_settings_file
from feedsvc.content.safe_read import read_file
from feedsvc.content.source_excerpt import escape_invisible
from feedsvc.content.yaml import YamlDocument, format_scalar, quote_scalar
from feedsvc.editing import git
from feedsvc.editing.article_files import key_warning, parse_source
from feedsvc.errors import ContentError, FeedsvcError, Problem
from feedsvc.feeds import FORMATS, EntryCache, build_feed, suffixes_of
from feedsvc.free_places import StaticPageAt
from feedsvc.model import Article, ArticleStatus, CustomFeed
from feedsvc.page_model import StaticPage
from feedsvc.publication import query_target, redirect_target, rule_target
from feedsvc.redirects import GONE, REDIRECTS_FILE, without_slash
from feedsvc.routes import ArticleAt, FeedAt, ListingKind, ListingRef, path_of, place_of

_MAX_TEXT_ENTRIES: Final = 12  # entries of a feed in the text format
_MAX_ADDRESSES: Final = 20  # warnings about lost old addresses
_WITHDRAW_HINT: Final = "to withdraw it with a notice, keep the file and write status: withdrawn"
_SILENT: Final = "without a later updated:, many readers do not show the change"
# Files with an entry for each listing of a kind: a missing entry of a file with errors means nothing.
SETTINGS_FILES: Final[Mapping[str, str]] = {
    "category": CATEGORIES_FILE,
    "author": AUTHORS_FILE,
    "custom": FEEDS_FILE,
    "private": FEEDS_FILE,
    "tag": TAGS_FILE,
}
_ABSENCES: Final[Mapping[Visibility, str]] = {
    Visibility.VISIBLE: "",
    Visibility.WITHDRAWN: "its article was withdrawn",
    Visibility.HIDDEN: "its article has expired",
}


class ChangeKind(Enum):
    """Kind of change of an entry, with its word in reports.

    A change without a later `updated` is silent: many readers never show it. RECENT entries are newer than all of a former feed.
    """

    NEW = "new"
    UPDATED = "updated"
    CHANGED = "changed"
    CHANGED_SILENTLY = "changed without updated"
    REMOVED = "gone"
    RECENT = "recent"


_SYMBOLS: Final[Mapping[ChangeKind, str]] = {
    ChangeKind.NEW: "+",
    ChangeKind.UPDATED: "~",
    ChangeKind.CHANGED: "~",
    ChangeKind.CHANGED_SILENTLY: "=",
    ChangeKind.REMOVED: "-",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryChange:
    """Change of one entry. `reason` is one in English words, "" for a change that needs none.

    `readers` are the names of the feed readers that show the change of a former feed.
    """

    kind: ChangeKind
    id: str
    title: str
    reason: str = ""
    readers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedChange:
    """Changes of a feed that existed before. `name` is like category/asia, or "site".

    If `is_removed`, the address of the feed leads to no feed of this site now, and there are no `changes`.
    """

    name: str
    changes: tuple[EntryChange, ...] = ()
    is_removed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Result of a comparison: `problems` are warnings of breaking changes, `feeds` the feeds that changed or are gone.

    `invalid_paths` are files that had errors at the revision and are not compared.
    """

    problems: tuple[Problem, ...] = ()
    feeds: tuple[FeedChange, ...] = ()
    invalid_paths: tuple[str, ...] = ()


def compare(root: Path, content: ContentSnapshot, revision: str, now: datetime) -> Comparison:
    """Compare the content of the folder `root` with a git revision, both as they are public at `now`.

    `content` is the current content of `root`. Raises FeedsvcError if git does not have the folder at that revision, or if it had
    no valid site.yaml then.
    """
    with tempfile.TemporaryDirectory(prefix="feedsvc-") as folder:
        git.checkout_revision(root, revision, Path(folder))
        try:
            previous = load_content(Path(folder))
        except ContentError as error:
            first_problem = next((problem for problem in error.problems if problem.severity == "error"), error)
            raise FeedsvcError(f"the folder cannot be compared with the revision '{revision}': {first_problem}") from None
        pair = CatalogPair(
            root=root, revision=revision, previous=build_catalog(previous, now), current=build_catalog(content, now)
        )
        return Comparison(
            problems=warnings(pair),
            feeds=tuple(feed_changes(pair)),
            invalid_paths=tuple(sorted({problem.path for problem in previous.errors})),
        )


@dataclass(frozen=True, kw_only=True)
class CatalogPair:
    """Catalogs of the folder at `root`, as it is now and as it was at `revision`, both at one moment."""

    root: Path
    revision: str
    previous: Catalog
    current: Catalog

    @cached_property
    def invalid_paths(self) -> frozenset[str]:
        """Paths of current files with errors. The command `check` reports the errors; the last valid versions stay public."""
        return frozenset(problem.path for problem in self.current.content.errors)

    @cached_property
    def articles_by_id(self) -> Mapping[str, Article]:
        return {article.id: article for article in self.current.content.articles}

    @cached_property
    def articles_by_address(self) -> Mapping[str, Article]:
        """Current articles by slug and by alias."""
        return {name: article for article in self.current.content.articles for name in (*article.aliases, article.slug)}

    @cached_property
    def _replacements(self) -> Mapping[object, Article]:
        """Current articles whose ids are new, by each of their `_keys`."""
        previous_ids = {article.id for article in self.previous.content.articles}
        new_articles = (article for article in self.current.content.articles if article.id not in previous_ids)
        return {key: article for article in new_articles for key in _keys(article)}

    def replacement(self, article: Article) -> Article | None:
        """Return the current article with a new id that seems to replace `article`, whose id no longer exists, or None."""
        return next((self._replacements[key] for key in _keys(article) if key in self._replacements), None)

    def source_yaml(self, path: str) -> YamlDocument:
        """Return the YAML of an article file, of Markdown its front matter; empty if the file is missing or unreadable."""
        data = read_file(self.root, path)
        return parse_source(path, data).yaml if isinstance(data, bytes) else YamlDocument(path)

    def settings_yaml(self, path: str) -> YamlDocument:
        data = read_file(self.root, path)
        return parse_settings_file(path, data if isinstance(data, bytes) else b"")


def _keys(article: Article) -> Iterator[object]:
    """Yield what an article with another id may share with the one that it replaces, the surest first."""
    yield "path", article.path
    yield from (("address", name) for name in (article.slug, *article.aliases))
    yield article.title, article.published


# --- Breaking changes


def warnings(pair: CatalogPair) -> tuple[Problem, ...]:
    """Return sorted warnings about changes that subscribers would notice, at the positions where an editor can undo them.

    A warning about something that is gone has line 1 and column 1 of its file, which may be missing. There is no warning about
    what is missing in a file that has errors now.
    """
    rows = pair.previous.listings[ListingRef()].rows
    problems = [problem for row in rows if row.visibility is not Visibility.HIDDEN for problem in _article_warnings(pair, row)]
    others = (_site_warnings, _listing_warnings, _digest_warnings, _page_warnings, _old_address_warnings)
    return tuple(sorted(chain(problems, *(check(pair) for check in others))))


def _article_warnings(pair: CatalogPair, row: Row) -> Iterator[Problem]:
    """Yield warnings about an article that was visible or withdrawn at the revision; `row` is its row at the revision."""
    previous, is_visible = row.article, row.visibility is Visibility.VISIBLE
    current = pair.articles_by_id.get(previous.id) or (pair.replacement(previous) if is_visible else None)
    if current is None:
        if is_visible and previous.path not in pair.invalid_paths:
            message = f"'{previous.title}' was public at {pair.revision} and is gone; feed readers keep their copy"
            yield key_warning("missing-article", YamlDocument(previous.path), "", message, _WITHDRAW_HINT)
        return
    document = pair.source_yaml(current.path)
    if is_visible:
        yield from _id_warnings(pair, document, previous, current)
        yield from _address_warnings(pair, document, previous, current)
        yield from _date_warnings(pair, document, previous, current)
    elif current.status is ArticleStatus.PUBLISHED:
        message = f"status: the article was withdrawn at {pair.revision} and is back; many readers will not show it again"
        hint = "write status: withdrawn, and publish a new article with an id of its own"
        yield key_warning("public-again", document, "status", message, hint)


def _id_warnings(pair: CatalogPair, document: YamlDocument, previous: Article, current: Article) -> Iterator[Problem]:
    if previous.id != current.id and not _is_id_domain_change(pair, document, previous, current):
        message = f"id: '{current.id}' was '{previous.id}' at {pair.revision}; readers would show the article a second time"
        hint = f"{'put back' if document.has_value(('id',)) else 'write'} id: {previous.id}"
        yield key_warning("new-id", document, "id", message, hint)
    elif previous.guid != current.guid and (previous.guid or previous.id) != (current.guid or current.id):
        was, now = (article.guid or article.id for article in (previous, current))
        message = f"guid: '{now}' was '{was}' at {pair.revision}; readers of RSS would show the article a second time"
        hint = f"write guid: {quote_scalar(previous.guid)}" if previous.guid else "delete guid:"
        yield key_warning("new-id", document, "guid", message, hint)


def _is_id_domain_change(pair: CatalogPair, document: YamlDocument, previous: Article, current: Article) -> bool:
    """Return whether a default id changed only because the site's id_domain changed. `_site_warnings` warns of that once."""
    old, new = (f"tag:{catalog.site.id_domain}," for catalog in (pair.previous, pair.current))
    return not document.has_value(("id",)) and old != new and previous.id.removeprefix(old) == current.id.removeprefix(new)


def _address_warnings(pair: CatalogPair, document: YamlDocument, previous: Article, current: Article) -> Iterator[Problem]:
    own_path = path_of(ArticleAt(current.slug))  # a rule of redirects.yaml may lead to it, too
    lost = [
        name
        for name in (previous.slug, *previous.aliases)
        if name not in (current.slug, *current.aliases) and redirect_target(pair.current, path_of(ArticleAt(name))) != own_path
    ]
    if lost:
        yield _lost_names_warning(pair, document, previous, current.aliases, lost)


def _lost_names_warning(
    pair: CatalogPair, document: YamlDocument, former: Article | StaticPage, aliases: tuple[str, ...], lost: list[str]
) -> Problem:
    """Return the warning that names of an article or page lead to it no longer. `aliases` are those that it has now."""
    key, is_article = "slug" if former.slug in lost else "aliases", isinstance(former, Article)
    names, noun = ", ".join(f"'{name}'" for name in lost), "article" if is_article else "page"
    message = f"{key}: {names} led to this {noun} at {pair.revision} and would no longer"
    taken = (f"take '{name}' out of {other.path}, then " for name in lost if (other := pair.articles_by_address.get(name)))
    hint = f"{next(taken, '') if is_article else ''}write aliases: [{', '.join(map(format_scalar, (*aliases, *lost)))}]"
    return key_warning("missing-address", document, key, message, hint)


def _date_warnings(pair: CatalogPair, document: YamlDocument, previous: Article, current: Article) -> Iterator[Problem]:
    if current.status is ArticleStatus.DRAFT:
        message = f"status: the article was public at {pair.revision} and is a draft now; feed readers keep their copy"
        yield key_warning("draft-again", document, "status", message, _WITHDRAW_HINT)
    if previous.published != current.published:
        date = previous.published.astimezone(ZoneInfo(pair.current.site.timezone)).isoformat()
        message = f"published: was {date} at {pair.revision}; the article would change its place in every feed"
        hint = f"put back published: {date}; a change that readers should see is dated by updated:"
        yield key_warning("other-date", document, "published", message, hint)


def _site_warnings(pair: CatalogPair) -> Iterator[Problem]:
    """Yield warnings about changes in site.yaml that change the ids of all feeds."""
    warning = partial(key_warning, "new-id", pair.settings_yaml(SITE_FILE))
    old, new = pair.previous.site, pair.current.site
    if old.id_domain != new.id_domain:
        change = f"id_domain: '{new.id_domain}' was '{old.id_domain}' at {pair.revision}"
        message = f"{change}; all feeds, and articles without id, get new ids"
        yield warning("id_domain", message, f"write id_domain: {old.id_domain}")
    if old.since.year != new.since.year:
        message = f"since: {new.since} was {old.since} at {pair.revision}; the year is in every feed's id"
        yield warning("since", message, f"write since: {old.since}")


def _listing_warnings(pair: CatalogPair) -> Iterator[Problem]:
    """Yield warnings about listings, private feeds and aliases of tags whose addresses lead to no feed any more."""
    old, new = pair.previous.content, pair.current.content
    tags = {alias: tag for alias, tag in old.tags.items() if alias != tag.id and ("tag", alias) in pair.previous.redirects}
    kinds: tuple[tuple[ListingKind, str, Collection[str], Collection[str]], ...] = (
        ("category", "category", old.categories, new.categories),
        ("author", "author", old.authors, new.authors),
        ("custom", "custom feed", old.custom_feeds, new.custom_feeds),
        ("private", "private feed", old.private_feeds, {*new.private_feeds, *new.custom_feeds}),
        ("tag", "tag", tags, {name for name in tags if ("tag", name) in pair.current.redirects}),
    )
    for kind, noun, names, known in kinds:
        path = SETTINGS_FILES[kind]
        for name in () if path in pair.invalid_paths else names:
            if name not in known and (kind == "private" or not _has_feeds(pair.current, ListingRef(kind, name))):
                is_private = kind == "custom" and name in new.private_feeds
                thing = f"alias '{name}' of the tag '{tags[name].id}'" if kind == "tag" else f"{noun} '{name}'"
                message = f"the {thing} was {'public' if is_private else 'there'} at {pair.revision}; its feeds would be gone"
                alias = f"write aliases: [{format_scalar(name)}] below the {noun} that takes its place"
                tokens = f"write access: public, or give its subscribers tokens: feedsvc token add {name} NAME"
                yield key_warning("missing-feed", YamlDocument(path), "", message, tokens if is_private else alias)


def _has_feeds(catalog: Catalog, ref: ListingRef) -> bool:
    """Return whether the addresses of the listing's feeds lead to documents, in every format, and none is answered with 410."""
    if ref in catalog.listings:
        return True
    return all(redirect_target(catalog, path_of(FeedAt(ref, suffix))) not in ("", GONE) for suffix in suffixes_of(ref))


def _digest_warnings(pair: CatalogPair) -> Iterator[Problem]:
    """Yield warnings about custom feeds that are or were periodicals, and whose entries get other ids."""
    document = pair.settings_yaml(FEEDS_FILE)
    for name, old in pair.previous.content.custom_feeds.items() if FEEDS_FILE not in pair.invalid_paths else ():
        new = pair.current.content.custom_feeds.get(name)
        if new and name == old.id and _ids_of_digest(old) != _ids_of_digest(new):
            message = f"{new.id}: its digest was another at {pair.revision}; its entries get other ids"
            hint = f"put back the id {old.id} and digest: with every: and on:, and write another entry for the other feed"
            yield key_warning("new-id", document, new.id, f"{message}, so readers show all of them as new", hint)


def _ids_of_digest(feed: CustomFeed) -> object:
    """Return what decides the ids of a digest's entries; None for a feed that is no digest."""
    return (feed.id, feed.digest.weekday) if feed.digest else None


def _page_warnings(pair: CatalogPair) -> Iterator[Problem]:
    """Yield a warning for each static page with an address that no page, file or rule answers now."""
    pages = {page.title: page for page in pair.current.pages.values()} | {page.path: page for page in pair.current.pages.values()}
    for page in {page.path: page for page in pair.previous.pages.values()}.values():
        lost = [name for name in page.names if not _is_answered(pair.current, path_of(StaticPageAt(name)))]
        successor = pages.get(page.path) or pages.get(page.title)
        if not lost or page.path in pair.invalid_paths:
            continue
        if successor:
            yield _lost_names_warning(pair, pair.source_yaml(successor.path), page, successor.aliases, lost)
            continue
        names = ", ".join(f"'{name}'" for name in lost)
        message = f"the page '{page.title}' was public at {pair.revision} and is gone; {names} would lead nowhere"
        aliases = ", ".join(map(format_scalar, lost))
        hint = f"write aliases: [{aliases}] in the page that takes its place, or rules of redirects.yaml"
        yield key_warning("missing-address", YamlDocument(page.path), "", message, hint)


def _is_answered(catalog: Catalog, address: str) -> bool:
    """Return whether a document or rule answers an address, which may have a query."""
    path, mark, query = address.partition("?")
    if mark:
        return bool(query_target(catalog, path, query))
    return bool(rule_target(catalog, path) or catalog.content.redirects.wildcard_target(path))


def _old_address_warnings(pair: CatalogPair) -> Iterator[Problem]:
    """Yield warnings about exact rules of redirects.yaml, and former addresses of articles, that lead nowhere now.

    There is one for each of the first 20, and one with the number of all others; none for a file that has errors now.
    """
    old, new = pair.previous.content, pair.current.content
    known = {*map(without_slash, new.redirects.exact), *map(without_slash, new.addresses.articles)}
    rules = {address: (REDIRECTS_FILE, f"'{target}'") for address, target in old.redirects.exact.items()}
    paths = {article.id: article.path for article in new.articles}
    articles = {
        address: (paths[one.id], "this article") for address, one in old.addresses.articles.items() if one.id in paths
    } | rules
    lost = [
        (address, path, target)
        for address, (path, target) in articles.items()
        if path not in pair.invalid_paths and without_slash(address) not in known and not _is_answered(pair.current, address)
    ]
    for address, path, target in lost[:_MAX_ADDRESSES]:
        message = f"the address '{address}' led to {target} at {pair.revision} and would no longer"
        is_rule = path == REDIRECTS_FILE
        alias = f"write {format_scalar(address)} into aliases again, or a rule into {REDIRECTS_FILE}"
        hint = f"write {address}: gone, or its target again" if is_rule else alias
        yield key_warning("missing-address", YamlDocument(path), "", message, hint)
    if len(lost) > _MAX_ADDRESSES:
        message = f"{len(lost) - _MAX_ADDRESSES:,} more addresses led somewhere at {pair.revision} and would no longer"
        hint = "put the former file back, and change its rules"
        yield key_warning("missing-address", YamlDocument(REDIRECTS_FILE), "", message, hint)


# --- Changes of feeds


def feed_changes(pair: CatalogPair) -> Iterator[FeedChange]:
    """Yield the feeds that differ for their subscribers, in the order of the previous listings: their JSON Feeds are compared.

    New feeds and private ones are left out. A feed is compared with the one at its address now. A missing listing does not count
    as removed if its settings file, or the file of one of the articles that were visible in it, has errors.
    """
    before, after = EntryCache(pair.previous), EntryCache(pair.current)
    paths = {article.path for article in pair.current.content.articles}
    gone = {
        article.guid or article.id: "its file has another id now" if article.path in paths else "its article file is gone"
        for article in pair.previous.content.articles
    }
    absences = {**gone, **reasons_of_absence(pair.current)}
    for ref, listing in pair.previous.listings.items():
        name, successor = f"{ref.kind}/{ref.id}" if ref.id else ref.kind, _successor(pair.current, ref)
        broken = {row.article.guid or row.article.id for row in listing.visible if _has_errors(pair, row)}
        if successor is None:
            if not broken and SETTINGS_FILES.get(ref.kind) not in pair.invalid_paths - {TAGS_FILE}:
                yield FeedChange(name=name, is_removed=True)
            continue
        old, new = _items(listing, before), _items(successor, after)
        changes = tuple(change for change in _entry_changes(listing, old, successor, new, absences) if change.id not in broken)
        if changes:
            yield FeedChange(name=name, changes=changes)


def _successor(catalog: Catalog, ref: ListingRef) -> Listing | None:
    """Return the listing whose feed is at the address of a previous listing's feed, or to which that redirects, or None."""
    listing = catalog.listings.get(catalog.canonical_listing_ref(ref))
    place = place_of(redirect_target(catalog, path_of(FeedAt(ref, "rss")))) if listing is None else None
    return catalog.listings.get(place.listing) if isinstance(place, FeedAt) and not place.period else listing


def _has_errors(pair: CatalogPair, row: Row) -> bool:
    """Return whether the current file of an article, or of an article in an issue, has errors."""
    rows = row.articles if isinstance(row, IssueRow) else (row,)
    return any(one.article.path in pair.invalid_paths for one in rows)


def _items(listing: Listing, entries: EntryCache) -> Mapping[str, dict[str, Any]]:
    """Return the items of the listing's JSON Feed by id, without notices."""
    feed = build_feed(listing, entries, "json", FORMATS["json"].media_type)
    return {item["id"]: item for item in json.loads(FORMATS["json"].render(replace(feed, items=feed.entries)))["items"]}


def _entry_changes(
    before: Listing,
    old: Mapping[str, dict[str, Any]],
    after: Listing,
    new: Mapping[str, dict[str, Any]],
    absences: Mapping[str, str],
) -> Iterator[EntryChange]:
    """Yield the changes between the items of two listings.

    An item is new if it was not visible in the listing before, and gone if it is not visible in the listing now: moves between
    the newest document and the archive are no change.
    """
    known, visible = ({row.article.guid or row.article.id for row in listing.visible} for listing in (before, after))
    for id_, item in new.items():
        former = old.get(id_, item)
        if id_ not in known:
            yield EntryChange(kind=ChangeKind.NEW, id=id_, title=item["title"])
        elif former != item:
            is_later = datetime.fromisoformat(item["date_modified"]) > datetime.fromisoformat(former["date_modified"])
            kind, reason = (ChangeKind.UPDATED, "") if is_later else (ChangeKind.CHANGED_SILENTLY, _SILENT)
            yield EntryChange(kind=kind, id=id_, title=item["title"], reason=reason)
    for id_, item in old.items():
        if id_ not in visible:
            reason = absences.get(id_, "it holds no articles now") or "it is no longer in this feed"
            yield EntryChange(kind=ChangeKind.REMOVED, id=id_, title=item["title"], reason=reason)


def reasons_of_absence(catalog: Catalog) -> Mapping[str, str]:
    """Return id or guid -> reason why the article or issue is in no feed, "" for a public one, for all of the folder."""
    articles = catalog.content.articles
    reasons = {
        article.id: "its article is a draft" if article.status is ArticleStatus.DRAFT else "its article is published later"
        for article in articles
    }
    for ref in (ListingRef(), *catalog.periodicals):
        for row in catalog.listings[ref].rows:
            later = is_withdrawn_later(row)
            reasons[row.article.id] = "its article is hidden until its withdrawal" if later else _ABSENCES[row.visibility]
    return reasons | {article.guid: reasons[article.id] for article in articles if article.guid}


# --- Reports


def text_lines(comparison: Comparison, *, every: bool) -> Iterator[str]:
    """Yield a line for each feed that changed, and below it one for each entry, up to 12 or `every` one."""
    for path in comparison.invalid_paths:
        yield f"{path} had a problem then and is not compared"
    for feed in comparison.feeds:
        kinds = [change.kind for change in feed.changes]
        counts = ", ".join(f"{kinds.count(kind)} {kind.value}" for kind in ChangeKind if kind in kinds)
        yield f"{feed.name}: {'the feed is gone' if feed.is_removed else counts}"
        yield from entry_lines(feed.changes, every=every)
    if not comparison.feeds:
        yield "no feed changes for its subscribers"


def entry_lines(changes: Sequence[EntryChange], *, every: bool = False) -> Iterator[str]:
    """Yield a line for each change, up to 12 unless `every` is True."""
    shown = changes if every else changes[:_MAX_TEXT_ENTRIES]
    for change in shown:
        reason = f" ({change.reason})" if change.reason else ""
        yield f"  {_SYMBOLS[change.kind]} {escape_invisible(f'{change.title}{reason}')}"
    if len(changes) > len(shown):
        yield f"  {_SYMBOLS[changes[0].kind]} and {len(changes) - len(shown)} more; --all lists them"


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Return the keys `feeds` and `not_compared` of the JSON output."""
    feeds = [
        {"feed": feed.name, "ended": feed.is_removed, "entries": [change_to_json(change) for change in feed.changes]}
        for feed in comparison.feeds
    ]
    return {"feeds": feeds, "not_compared": list(comparison.invalid_paths)}


def change_to_json(change: EntryChange) -> dict[str, str]:
    return {"change": change.kind.value, "id": change.id, "title": change.title, "reason": change.reason}
