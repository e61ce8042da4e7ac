"""The page of a listing, and the page with all feeds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from feedsvc.catalog import Listing, Visibility
from feedsvc.feeds import last_updated
from feedsvc.pages import metadata
from feedsvc.pages.images import local_href
from feedsvc.pages.layout import DateView, LinkView, PageLayout
from feedsvc.pages.metadata import FeedView
from feedsvc.routes import ListingKind, ListingRef, PageAt, SiteDocumentAt, TagsAt, path_of
from feedsvc.uris import absolute

_KIND_TITLES: Final[dict[ListingKind, str]] = {"site": "site", "category": "sections", "author": "authors", "tag": "topics"}


def render_listing(frame: PageLayout, one: Listing, period: str = "") -> bytes:
    """Render the page of a listing's newest articles, or of a period if one is given, which must be in `one.page_index`."""
    site, lang = frame.site, frame.lang
    title = lang.say("archive", title=one.title, month=lang.period_name(period)) if period else one.title
    full = title if one.ref == ListingRef() else f"{title} – {site.title}"
    address = absolute(site.base_url, path_of(PageAt(one.ref, period)))
    older, newer = one.page_index.neighbours[period] if period else (one.page_index.newest_older_period, "")
    rows = [row for row in (one.page_index[period] if period else one.feed_rows) if row.visibility is Visibility.VISIBLE]
    author = frame.catalog.content.authors.get(one.ref.id) if one.ref.kind == "author" else None
    return frame.render(
        "listing.html",
        metadata.PageMetadata(
            title=full,
            canonical=address,
            description=one.description,
            feeds=frame.feed_views(one, frame.catalog.listings[ListingRef()]),
            graph=metadata.listing_open_graph(frame.catalog, full, one.description, address),
        ),
        current_listing=one.ref,
        title=title,
        description="" if period else one.description,
        avatar=local_href(site, author.avatar) if author and not period else "",
        entries=[frame.card(row) for row in rows],
        older=_period_link(frame, one, older, "older"),
        newer=_period_link(frame, one, newer, "newer") or (_newest_link(frame, one) if period else None),
    )


def _period_link(frame: PageLayout, one: Listing, period: str, key: str) -> LinkView | None:
    if not period:
        return None
    return LinkView(title=frame.lang.say(key, month=frame.lang.period_name(period)), href=frame.href(PageAt(one.ref, period)))


def _newest_link(frame: PageLayout, one: Listing) -> LinkView:
    return LinkView(title=frame.lang.say("newest"), href=frame.href(PageAt(one.ref)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """A listing on the page with all feeds."""

    title: str
    href: str
    count: str
    updated: DateView | None
    feeds: tuple[FeedView, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionGroup:
    """The listings of one kind on the page with all feeds.

    `note` says that only some are shown, "" if all are. `more` links to the list of all; it is for tags only.
    """

    title: str
    listings: list[Subscription]
    note: str = ""
    more: LinkView | None = None


def render_subscribe_page(frame: PageLayout) -> bytes:
    """Render the page with all feeds, grouped by kind of listing. Only the most used tags are shown."""
    site, lang = frame.site, frame.lang
    groups = groupby(frame.catalog.subscribable_listings, key=lambda one: one.ref.kind)
    kinds = [(kind, [_subscription(frame, one) for one in several]) for kind, several in groups]
    title, address = lang.say("subscribe"), absolute(site.base_url, path_of(SiteDocumentAt("subscribe/")))
    full = f"{title} – {site.title}"
    return frame.render(
        "subscribe.html",
        metadata.PageMetadata(
            title=full,
            canonical=address,
            description=lang.say("subscribe_what"),
            feeds=frame.feed_views(frame.catalog.listings[ListingRef()]),
            graph=metadata.listing_open_graph(frame.catalog, full, "", address),
        ),
        title=title,
        found_forms=json.dumps(dict(lang.plural_forms("found")), ensure_ascii=False),
        opml=frame.href(SiteDocumentAt("feeds.opml")),
        groups=[
            _tag_group(frame, several)
            if kind == "tag"
            else SubscriptionGroup(title=lang.say(_KIND_TITLES[kind]), listings=several)
            for kind, several in kinds
        ],
    )


def _tag_group(frame: PageLayout, several: list[Subscription]) -> SubscriptionGroup:
    lang, is_every = frame.lang, len(several) == frame.catalog.tags.total
    return SubscriptionGroup(
        title=lang.say(_KIND_TITLES["tag"]),
        listings=several,
        note="" if is_every else lang.say("topics_most", count=lang.number(len(several))),
        more=LinkView(title=lang.say("all_topics"), href=frame.href(TagsAt())),
    )


def _subscription(frame: PageLayout, one: Listing) -> Subscription:
    newest = one.visible[:1]
    return Subscription(
        title=one.title,
        href=frame.href(PageAt(one.ref)),
        count=frame.lang.count("articles", len(one.visible)),
        updated=frame.date_view(last_updated(frame.site, one.feed_rows), "last_update") if newest else None,
        feeds=frame.feed_views(one),
    )
