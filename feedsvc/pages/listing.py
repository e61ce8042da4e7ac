"""A listing's page, and the page that names every feed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from feedsvc.catalog.catalog import Listing, Standing
from feedsvc.feeds import builder
from feedsvc.pages import metadata
from feedsvc.pages.images import local
from feedsvc.pages.layout import Frame, Moment, Shown
from feedsvc.pages.metadata import FeedShown
from feedsvc.routes import Kind, ListingRef, PageAt, SingleAt, TagsAt, path_of
from feedsvc.uris import absolute

_KINDS: Final[dict[Kind, str]] = {"site": "site", "category": "sections", "author": "authors", "tag": "topics"}


def listing(frame: Frame, one: Listing, period: str = "") -> bytes:
    """A listing's newest articles, or those of a period (which must be in `one.pages`)."""
    site, lang = frame.site, frame.lang
    title = lang.say("archive", title=one.title, month=lang.month(period)) if period else one.title
    full = title if one.ref == ListingRef() else f"{title} – {site.title}"
    address = absolute(site.base_url, path_of(PageAt(one.ref, period)))
    older, newer = one.pages.neighbours[period] if period else (one.pages.older, "")
    rows = [row for row in (one.pages[period] if period else one.newest) if row.standing is Standing.VISIBLE]
    author = frame.catalog.content.authors.get(one.ref.id) if one.ref.kind == "author" else None
    return frame.page(
        "listing.html",
        metadata.Head(
            title=full,
            canonical=address,
            description=one.description,
            feeds=frame.feeds(one, frame.catalog.listings[ListingRef()]),
            graph=metadata.listing_graph(frame.catalog, full, one.description, address),
        ),
        here=one.ref,
        title=title,
        description="" if period else one.description,
        avatar=local(site, author.avatar) if author and not period else "",
        entries=[frame.card(row) for row in rows],
        older=_turned(frame, one, older, "older"),
        newer=_turned(frame, one, newer, "newer") or (_newest(frame, one) if period else None),
    )


def _turned(frame: Frame, one: Listing, period: str, key: str) -> Shown | None:
    if not period:
        return None
    return Shown(title=frame.lang.say(key, month=frame.lang.month(period)), href=frame.href(PageAt(one.ref, period)))


def _newest(frame: Frame, one: Listing) -> Shown:
    return Shown(title=frame.lang.say("newest"), href=frame.href(PageAt(one.ref)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """A listing on the page of feeds."""

    title: str
    href: str
    count: str
    updated: Moment | None
    feeds: tuple[FeedShown, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A kind of listings; `note` says that there are more of them, `more` leads to a list of all."""

    title: str
    listings: list[Subscription]
    note: str = ""
    more: Shown | None = None


def subscribe(frame: Frame) -> bytes:
    """Every feed by kind, of tags the most used."""
    site, lang = frame.site, frame.lang
    groups = groupby(frame.catalog.offered, key=lambda one: one.ref.kind)
    kinds = [(kind, [_subscription(frame, one) for one in several]) for kind, several in groups]
    title, address = lang.say("subscribe"), absolute(site.base_url, path_of(SingleAt("subscribe/")))
    full = f"{title} – {site.title}"
    return frame.page(
        "subscribe.html",
        metadata.Head(
            title=full,
            canonical=address,
            description=lang.say("subscribe_what"),
            feeds=frame.feeds(frame.catalog.listings[ListingRef()]),
            graph=metadata.listing_graph(frame.catalog, full, "", address),
        ),
        title=title,
        found_forms=json.dumps(dict(lang.forms("found")), ensure_ascii=False),
        opml=frame.href(SingleAt("feeds.opml")),
        groups=[
            _tag_group(frame, several) if kind == "tag" else Group(title=lang.say(_KINDS[kind]), listings=several)
            for kind, several in kinds
        ],
    )


def _tag_group(frame: Frame, several: list[Subscription]) -> Group:
    lang, is_every = frame.lang, len(several) == frame.catalog.tags.total
    return Group(
        title=lang.say(_KINDS["tag"]),
        listings=several,
        note="" if is_every else lang.say("topics_most", count=lang.number(len(several))),
        more=Shown(title=lang.say("all_topics"), href=frame.href(TagsAt())),
    )


def _subscription(frame: Frame, one: Listing) -> Subscription:
    newest = one.visible[:1]
    return Subscription(
        title=one.title,
        href=frame.href(PageAt(one.ref)),
        count=frame.lang.count("articles", len(one.visible)),
        updated=frame.moment(builder.updated(frame.site, one.newest), "last_update") if newest else None,
        feeds=frame.feeds(one),
    )
