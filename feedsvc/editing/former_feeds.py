"""Former feeds that a folder's own feeds are compared with: their names, their documents, and the feeds that take their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from feedsvc.catalog import Catalog, Row, Visibility, is_withdrawn_later
from feedsvc.content.text import did_you_mean
from feedsvc.editing.feed_replay import FeedReplay, replay
from feedsvc.errors import FeedsvcError
from feedsvc.feeds import FORMATS, EntryCache, build_feed
from feedsvc.importing import FeedDocument, FeedKind, FeedLimits, parse_feed, read_document, split_address
from feedsvc.model import Article, ArticleStatus
from feedsvc.publication import query_target, redirect_target
from feedsvc.redirects import GONE
from feedsvc.routes import LISTING_KINDS, FeedAt, ListingRef, path_of, place_of
from feedsvc.support.http import HostAccess
from feedsvc.uris import absolute, mount_path

_NAMED: Final = re.compile(rf"(?P<kind>{'|'.join(LISTING_KINDS)})(?:/(?P<id>[^/=]+))?=(?P<where>.+)", re.DOTALL)
_NAMING_HINT: Final = "name the listing that takes its place, such as site=FILE or category/ID=FILE"
_SUFFIXES: Final[Mapping[FeedKind, str]] = {
    FeedKind.RSS: "rss",
    FeedKind.RDF: "rss",
    FeedKind.ATOM: "atom",
    FeedKind.JSON: "json",
}
_ABSENCES: Final[Mapping[Visibility, str]] = {
    Visibility.VISIBLE: "",
    Visibility.WITHDRAWN: "its article was withdrawn",
    Visibility.HIDDEN: "its article has expired",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class FormerFeed:
    """A former feed. `where` is a file or an address. `listing` is the listing whose feed takes its place.

    If `listing` is None, the address of the former feed names the listing.
    """

    where: str
    listing: ListingRef | None = None


def parse_former_feed(text: str) -> FormerFeed:
    """Return a former feed that the operator named: FILE, ADDRESS, or either after the name of a listing.

    The name is as in reports and ends in "=": site=old.xml, category/asia=https://old.example/category/asia/feed/. A text without
    such a name is the file or address as a whole. Never raises; nothing is read.
    """
    match = _NAMED.fullmatch(text)
    if match is None or bool(match["id"]) == (match["kind"] == "site"):
        return FormerFeed(where=text)
    kind = next(kind for kind in LISTING_KINDS if kind == match["kind"])
    return FormerFeed(where=match["where"], listing=ListingRef(kind, match["id"] or ""))


def compare_former_feeds(catalog: Catalog, former_feeds: Iterable[FormerFeed], access: HostAccess) -> tuple[FeedReplay, ...]:
    """Predict, for each former feed in order, what readers show once they get, at its address, the catalog's feed in its format.

    Former feeds are read now, from a file or an address; `access` says which hosts may be asked. RSS 2.0 takes the place of RSS
    1.0. Raises FeedsvcError if one cannot be read, if its listing does not exist, or if redirects.yaml says that it is gone.
    """
    known_articles = _known_articles(catalog)
    entries = EntryCache(catalog)
    replays = []
    for former_feed in former_feeds:
        document = read_document(former_feed.where, access=access, limits=FeedLimits())
        former = replace(document, items=document.public_items)
        ref = _listing_of(catalog, former_feed, former)
        replays.append(
            replay(
                former,
                _current_document(catalog, entries, ref, former.kind),
                name=f"{ref.kind}/{ref.id}" if ref.id else ref.kind,
                known_articles=known_articles,
                limit=catalog.listings[ref].feed.entries,
            )
        )
    return tuple(replays)


def _current_document(catalog: Catalog, entries: EntryCache, ref: ListingRef, kind: FeedKind) -> FeedDocument:
    """Return the listing's current feed in the format `kind` (RSS 2.0 for RDF), rendered and parsed again."""
    feed_format = FORMATS[_SUFFIXES[kind]]
    feed = build_feed(catalog.listings[ref], entries, feed_format.suffix, feed_format.media_type)
    address = absolute(catalog.site.base_url, path_of(FeedAt(ref, feed_format.suffix)))
    return parse_feed(feed_format.render(feed), address, address=address)


def _listing_of(catalog: Catalog, former_feed: FormerFeed, former: FeedDocument) -> ListingRef:
    """Return the listing whose feed takes the place of a former feed: the named one, or that of its address, or the site's.

    Raises FeedsvcError if there is no such listing, or if the address will be answered with 410.
    """
    ref = former_feed.listing or _listing_of_address(catalog, former.own_address or former_feed.where)
    ref = catalog.canonical_listing_ref(ref)
    if ref not in catalog.listings:
        name = f"{ref.kind}/{ref.id}"
        names = [f"{listing.kind}/{listing.id}" for listing in catalog.listings if listing.kind == ref.kind]
        advice = did_you_mean(name, names) or _NAMING_HINT
        raise FeedsvcError(f"{former_feed.where}: it belongs to {name}, which has no feed here; {advice}")
    return ref


def _listing_of_address(catalog: Catalog, address: str) -> ListingRef:
    """Return the listing that an address of a feed names, also at another domain; that of the site if it names none.

    Redirects are followed as a reader will follow them. Raises FeedsvcError if the address will be answered with 410.
    """
    split = split_address(address if "://" in address else "")
    if not split.path:
        return ListingRef()
    path, mount = unquote(split.path), mount_path(catalog.site.base_url)
    path = path.removeprefix(mount) if path.startswith(f"{mount}/") else path
    target = query_target(catalog, path, split.query) or redirect_target(catalog, path) or path
    if target == GONE:
        raise FeedsvcError(f"{address}: redirects.yaml says that it is gone; {_NAMING_HINT}")
    place = place_of(target)
    return place.listing if isinstance(place, FeedAt) and not place.period else ListingRef()


def _known_articles(catalog: Catalog) -> Mapping[str, str]:
    """Return id or guid -> reason why the article is in no feed, "" for a public one, for every article of the folder."""
    rows = {row.article.id: _absence_of_row(row) for row in catalog.listings[ListingRef()].rows}
    reasons = {article.id: _absence(article) for article in catalog.content.articles if article.id not in rows} | rows
    guids = {article.guid: reasons[article.id] for article in catalog.content.articles if article.guid}
    return {**reasons, **guids}


def _absence_of_row(row: Row) -> str:
    return "its article is hidden until its withdrawal" if is_withdrawn_later(row) else _ABSENCES[row.visibility]


def _absence(article: Article) -> str:
    return "its article is a draft" if article.status is ArticleStatus.DRAFT else "its article is published later"
