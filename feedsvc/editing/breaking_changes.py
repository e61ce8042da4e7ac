"""Breaking changes: ids, addresses and dates that differ from what was public at an earlier revision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from feedsvc.catalog import Catalog, Row, Visibility
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, FEEDS_FILE, SITE_FILE, TAGS_FILE, parse_settings_file
from feedsvc.content.safe_read import read_file
from feedsvc.content.yaml import YamlDocument, format_scalar, quote_scalar
from feedsvc.editing.page_changes import page_warnings
from feedsvc.editing.source_file import key_warning, parse_source
from feedsvc.errors import Problem
from feedsvc.feeds import suffixes_of
from feedsvc.model import Article, ArticleStatus, CustomFeed
from feedsvc.publication import redirect_target, rule_target
from feedsvc.redirects import GONE, REDIRECTS_FILE, without_slash
from feedsvc.routes import ArticleAt, FeedAt, ListingKind, ListingRef, path_of

_MAX_REDIRECTS: Final = 20  # warnings about lost rules of redirects.yaml
_WITHDRAW_HINT: Final = "to withdraw it with a notice, keep the file and write status: withdrawn"


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
    def replacements(self) -> Mapping[object, Article]:
        """Current articles whose ids are new, each by the keys that it may share with a previous article.

        The keys are ("path", path), ("address", slug or alias) and (title, publication date).
        """
        previous_ids = {article.id for article in self.previous.content.articles}
        new_articles = [article for article in self.current.content.articles if article.id not in previous_ids]
        replacements: dict[object, Article] = {(article.title, article.published): article for article in new_articles}
        replacements |= {("address", name): article for article in new_articles for name in (*article.aliases, article.slug)}
        return replacements | {("path", article.path): article for article in new_articles}

    @cached_property
    def articles_by_address(self) -> Mapping[str, Article]:
        """Current articles by slug and by alias."""
        return {name: article for article in self.current.content.articles for name in (*article.aliases, article.slug)}

    def replacement(self, article: Article) -> Article | None:
        """Return the current article that seems to replace `article`, a previous one whose id no longer exists, or None.

        It has a new id, and the same path, the slug of `article` as slug or alias, or the same title and publication date.
        """
        keys = (("path", article.path), ("address", article.slug), (article.title, article.published))
        return next((self.replacements[key] for key in keys if key in self.replacements), None)

    def source_yaml(self, path: str) -> YamlDocument:
        """Return the YAML of an article file below `root`, of Markdown its front matter, for positions in warnings.

        Never raises: the document is empty if the file is missing or unreadable; for invalid YAML, it is as `parse_yaml`
        returns it.
        """
        data = read_file(self.root, path)
        return parse_source(path, data).yaml if isinstance(data, bytes) else YamlDocument(path)

    def local_time(self, moment: datetime) -> str:
        """Format a moment as ISO 8601 in the site's time zone."""
        return moment.astimezone(ZoneInfo(self.current.site.timezone)).isoformat()


def warnings(pair: CatalogPair) -> tuple[Problem, ...]:
    """Return sorted warnings about changes that subscribers would notice, at the positions where an editor can undo them.

    A warning about something that is gone has line 1 and column 1 of its file, which may be missing. There is no warning about
    what is missing in a file that has errors now.
    """
    rows = pair.previous.listings[ListingRef()].rows
    problems = [problem for row in rows if row.visibility is not Visibility.HIDDEN for problem in _article_warnings(pair, row)]
    return tuple(sorted((*problems, *_feed_id_warnings(pair), *_listing_warnings(pair))))


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
    checks = (_id_warnings, _address_warnings, _draft_warnings, _date_warnings) if is_visible else (_republication_warnings,)
    for check in checks:
        yield from check(pair, document, previous, current)


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
    """Return whether a default id changed only because the site's id_domain changed. `_feed_id_warnings` warns of that once."""
    old, new = (f"tag:{catalog.site.id_domain}," for catalog in (pair.previous, pair.current))
    return not document.has_value(("id",)) and old != new and previous.id.removeprefix(old) == current.id.removeprefix(new)


def _address_warnings(pair: CatalogPair, document: YamlDocument, previous: Article, current: Article) -> Iterator[Problem]:
    current_names = (current.slug, *current.aliases)
    # A rule of redirects.yaml may lead to the article, too.
    own_path = path_of(ArticleAt(current.slug))
    lost_names = [
        name
        for name in (previous.slug, *previous.aliases)
        if name not in current_names and redirect_target(pair.current, path_of(ArticleAt(name))) != own_path
    ]
    if lost_names:
        key = "slug" if previous.slug in lost_names else "aliases"
        quoted_names = ", ".join(f"'{name}'" for name in lost_names)
        message = f"{key}: {quoted_names} led to this article at {pair.revision} and would no longer"
        hint = f"write aliases: [{', '.join(map(format_scalar, (*current.aliases, *lost_names)))}]"
        conflict_hints = [
            f"take '{name}' out of {pair.articles_by_address[name].path}, then "
            for name in lost_names
            if name in pair.articles_by_address
        ]
        yield key_warning("missing-address", document, key, message, "".join((*conflict_hints[:1], hint)))


def _draft_warnings(pair: CatalogPair, document: YamlDocument, _previous: Article, current: Article) -> Iterator[Problem]:
    if current.status is ArticleStatus.DRAFT:
        message = f"status: the article was public at {pair.revision} and is a draft now; feed readers keep their copy"
        yield key_warning("draft-again", document, "status", message, _WITHDRAW_HINT)


def _date_warnings(pair: CatalogPair, document: YamlDocument, previous: Article, current: Article) -> Iterator[Problem]:
    if previous.published != current.published:
        date = pair.local_time(previous.published)
        message = f"published: was {date} at {pair.revision}; the article would change its place in every feed"
        hint = f"put back published: {pair.local_time(previous.published)}; a change that readers should see is dated by updated:"
        yield key_warning("other-date", document, "published", message, hint)


def _republication_warnings(pair: CatalogPair, document: YamlDocument, _previous: Article, current: Article) -> Iterator[Problem]:
    if current.status is ArticleStatus.PUBLISHED:
        message = f"status: the article was withdrawn at {pair.revision} and is back; many readers will not show it again"
        hint = "write status: withdrawn, and publish a new article with an id of its own"
        yield key_warning("public-again", document, "status", message, hint)


def _feed_id_warnings(pair: CatalogPair) -> Iterator[Problem]:
    """Yield warnings about changes in site.yaml that change the ids of all feeds."""
    data = read_file(pair.root, SITE_FILE)
    document = parse_settings_file(SITE_FILE, data if isinstance(data, bytes) else b"")
    old, new = pair.previous.site, pair.current.site
    if old.id_domain != new.id_domain:
        change = f"id_domain: '{new.id_domain}' was '{old.id_domain}' at {pair.revision}"
        message = f"{change}; all feeds, and articles without id, get new ids"
        yield key_warning("new-id", document, "id_domain", message, f"write id_domain: {old.id_domain}")
    if old.since.year != new.since.year:
        message = f"since: {new.since} was {old.since} at {pair.revision}; the year is in every feed's id"
        yield key_warning("new-id", document, "since", message, f"write since: {old.since}")


def _listing_warnings(pair: CatalogPair) -> Iterator[Problem]:
    """Yield warnings about listings, pages, aliases and old addresses that lead nowhere any more, and periodicals with other ids.

    A public custom feed that is private now has a warning, too.
    """
    old, new = pair.previous.content, pair.current.content
    yield from _removed_listing_warnings(pair, CATEGORIES_FILE, "category", old.categories, new.categories)
    yield from _removed_listing_warnings(pair, AUTHORS_FILE, "author", old.authors, new.authors)
    current_feeds = (*new.custom_feeds, *new.private_feeds)
    yield from _removed_listing_warnings(pair, FEEDS_FILE, "custom", old.custom_feeds, current_feeds)
    yield from _removed_private_feed_warnings(pair)
    yield from _removed_tag_alias_warnings(pair)
    yield from _digest_warnings(pair)
    yield from _removed_redirect_warnings(pair)
    yield from page_warnings(pair.previous, pair.current, pair.revision, pair.invalid_paths, pair.source_yaml)


def _removed_redirect_warnings(pair: CatalogPair) -> Iterator[Problem]:
    """Yield warnings about exact rules and former addresses of articles that are gone, and whose addresses lead nowhere now.

    There is one for each of the first 20, and one with the number of all others; none of rules if redirects.yaml has errors now.
    """
    yield from _removed_address_warnings(pair)
    old, new = pair.previous.content.redirects, pair.current.content.redirects
    if REDIRECTS_FILE in pair.invalid_paths:
        return
    known = {*map(without_slash, new.exact)}
    lost = [address for address in old.exact if without_slash(address) not in known and not _is_answered(pair.current, address)]
    for address in lost[:_MAX_REDIRECTS]:
        message = f"the address '{address}' led to '{old.exact[address]}' at {pair.revision} and would no longer"
        yield key_warning(
            "missing-address", YamlDocument(REDIRECTS_FILE), "", message, f"write {address}: gone, or its target again"
        )
    if len(lost) > _MAX_REDIRECTS:
        message = f"{len(lost) - _MAX_REDIRECTS:,} more addresses led somewhere at {pair.revision} and would no longer"
        yield key_warning(
            "missing-address", YamlDocument(REDIRECTS_FILE), "", message, "put the former file back, and change its rules"
        )


def _removed_address_warnings(pair: CatalogPair) -> Iterator[Problem]:
    """Yield a warning for each of the first 20 former addresses of articles that lead nowhere now, though the file is valid."""
    old, new = pair.previous.content.addresses.articles, pair.current.content.addresses.articles
    paths = {article.id: article.path for article in pair.current.content.articles}
    lost = (
        (address, paths[article.id])
        for address, article in old.items()
        if address not in new and article.id in paths and paths[article.id] not in pair.invalid_paths
    )
    for address, path in islice((one for one in lost if not _is_answered(pair.current, one[0])), _MAX_REDIRECTS):
        message = f"the address '{address}' led to this article at {pair.revision} and would no longer"
        hint = f"write {format_scalar(address)} into aliases again, or a rule into {REDIRECTS_FILE}"
        yield key_warning("missing-address", YamlDocument(path), "", message, hint)


def _is_answered(catalog: Catalog, address: str) -> bool:
    """Return whether something answers an address: with a query, a rule with a query; else a document, rule."""
    path, mark, query = address.partition("?")
    rules = catalog.content.redirects
    if mark:
        return any(chain(rules.query_targets(path, query), catalog.content.addresses.find_queries(path, query)))
    return bool(rule_target(catalog, path) or rules.wildcard_target(path))


def _removed_listing_warnings(
    pair: CatalogPair, path: str, listing_kind: ListingKind, old: Iterable[str], new: Iterable[str]
) -> Iterator[Problem]:
    names = () if path in pair.invalid_paths else old
    kind = "custom feed" if listing_kind == "custom" else listing_kind
    for name in names:
        if name not in new and not _has_redirects(pair.current, ListingRef(listing_kind, name)):
            message = f"the {kind} '{name}' was there at {pair.revision}; its feeds would be gone"
            hint = f"write aliases: [{format_scalar(name)}] below the {kind} that takes its place"
            yield key_warning("missing-feed", YamlDocument(path), "", message, hint)


def _has_redirects(catalog: Catalog, ref: ListingRef) -> bool:
    """Return whether the addresses of the listing's feeds redirect, in every format, and none is answered with 410."""
    return all(redirect_target(catalog, path_of(FeedAt(ref, suffix))) not in ("", GONE) for suffix in suffixes_of(ref))


def _removed_private_feed_warnings(pair: CatalogPair) -> Iterator[Problem]:
    """Yield warnings about public custom feeds that are private now, and about private ones that are gone."""
    old, new = pair.previous.content, pair.current.content
    if FEEDS_FILE in pair.invalid_paths:
        return
    for name in (name for name in old.custom_feeds if name in new.private_feeds):
        message = f"the custom feed '{name}' was public at {pair.revision} and is private; its addresses and page would be gone"
        hint = f"write access: public, and make a new private feed; or give its subscribers tokens: feedsvc token add {name} NAME"
        yield key_warning("missing-feed", YamlDocument(FEEDS_FILE), "", message, hint)
    for name in (name for name in old.private_feeds if name not in new.private_feeds and name not in new.custom_feeds):
        message = f"the private feed '{name}' was there at {pair.revision}; the addresses of its tokens would be gone"
        hint = f"write aliases: [{format_scalar(name)}] below the private feed that takes its place"
        yield key_warning("missing-feed", YamlDocument(FEEDS_FILE), "", message, hint)


def _removed_tag_alias_warnings(pair: CatalogPair) -> Iterator[Problem]:
    """Yield warnings about aliases in tags.yaml that redirected to a tag and lead nowhere now."""
    entries = {} if TAGS_FILE in pair.invalid_paths else pair.previous.content.tags
    for alias, entry in entries.items():
        name: tuple[ListingKind, str] = ("tag", alias)
        was_redirect = name in pair.previous.redirects and alias != entry.id
        is_known = name in pair.current.redirects or ListingRef(*name) in pair.current.listings
        if was_redirect and not is_known and not _has_redirects(pair.current, ListingRef(*name)):
            message = f"the alias '{alias}' of the tag '{entry.id}' was there at {pair.revision}; its feeds would be gone"
            hint = f"write aliases: [{format_scalar(alias)}] below the tag that takes its place"
            yield key_warning("missing-feed", YamlDocument(TAGS_FILE), "", message, hint)


def _digest_warnings(pair: CatalogPair) -> Iterator[Problem]:
    """Yield warnings about custom feeds that are or were periodicals, and whose entries get other ids."""
    if FEEDS_FILE in pair.invalid_paths:
        return
    data = read_file(pair.root, FEEDS_FILE)
    document = parse_settings_file(FEEDS_FILE, data if isinstance(data, bytes) else b"")
    for name, old in pair.previous.content.custom_feeds.items():
        new = pair.current.content.custom_feeds.get(name)
        if new and name == old.id and (reason := _reason_for_other_ids(old, new)):
            change, hint = reason
            message = f"{new.id}: {change} at {pair.revision}; its entries get other ids, so readers show all of them as new"
            yield key_warning("new-id", document, new.id, message, hint)


def _reason_for_other_ids(old: CustomFeed, new: CustomFeed) -> tuple[str, str] | None:
    """Return what was different about a custom feed whose entries had other ids, and a hint; None if the ids are the same."""
    if (old.digest is None) != (new.digest is None):
        return f"had {'no ' if old.digest is None else ''}digest:", "put it back, and write another entry for the other feed"
    if old.digest is None or new.digest is None:
        return None
    if old.id != new.id:
        return f"the digest was '{old.id}'", f"keep the id '{old.id}'; a new name for readers is title:"
    if old.digest.weekday != new.digest.weekday:
        return "every: or on: was another", "put it back, and write another entry for the other days"
    return None
