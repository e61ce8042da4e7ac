"""Pages of a listing's articles, and the page /subscribe/ with all feeds."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Final, TypedDict

from feedsvc.catalog import Listing, Row, Visibility, count_articles
from feedsvc.feeds import last_updated, listing_title
from feedsvc.model import Author
from feedsvc.pages import metadata
from feedsvc.pages.breadcrumbs import listing_trail
from feedsvc.pages.combination_form import KIND_TITLES, CombinationForm, combination_form
from feedsvc.pages.home import render_home
from feedsvc.pages.hrefs import local_href
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.metadata import FeedView
from feedsvc.pages.reader_links import reader_links
from feedsvc.pages.views import Card, DateView, LinkView
from feedsvc.routes import ListingRef, PageAt, SiteDocumentAt, TagsAt, path_of
from feedsvc.uris import absolute

_MAX_TOPICS: Final = 10


class ListingVariables(TypedDict):
    """Variables of the page of a listing: its newest articles, or those of a period."""

    title: Annotated[str, "heading of the page"]
    description: Annotated[str, "description of the listing; empty without one, and on pages of a period"]
    avatar: Annotated[str, "address of the picture of an author or custom feed; empty as the description"]
    articles: Annotated[str, "number of its articles with the noun; empty on pages of a period"]
    author: Annotated[Author | None, "author whose articles these are"]
    section: Annotated[str, "link to the newest page of the section whose articles these are; empty for other listings"]
    topics: Annotated[list[LinkView] | None, "for a tag, the other tags of these articles, most used first; else none"]
    entries: Annotated[list[Card], "the articles, newest first"]
    older: Annotated[LinkView | None, "link to the page of older articles"]
    newer: Annotated[LinkView | None, "link to the page of newer articles"]


def render_listing(layout: PageLayout, listing: Listing, period: str = "") -> bytes:
    """Render the page of a listing's newest articles if `period` is "", else the page of a period in `listing.page_index`.

    The newest articles are the visible ones of the listing's newest feed document; the page of a period shows all visible ones
    of the period. For the site, the page of the newest articles is the front page.
    """
    if listing.ref == ListingRef() and not period:
        return render_home(layout)
    layout = layout.for_listing(listing.ref)
    count = count_articles(listing)
    listing = listing.stories
    site, lang, name = layout.site, layout.lang, listing_title(listing)
    title = lang.say("archive", title=name, month=lang.period_name(period)) if period else name
    full_title = title if listing.ref == ListingRef() else f"{title} – {site.title}"
    address = absolute(site.base_url, path_of(PageAt(listing.ref, period)))
    older, newer = listing.page_index.neighbours[period] if period else (listing.page_index.newest_older_period, "")
    rows = [row for row in (listing.page_index[period] if period else listing.feed_rows) if row.visibility is Visibility.VISIBLE]
    author = layout.catalog.content.authors.get(listing.ref.id) if listing.ref.kind == "author" else None
    picture = author.avatar if author else listing.image
    return layout.render(
        "listing.html",
        metadata.PageMetadata(
            title=full_title,
            canonical=address,
            description=listing.description,
            feeds=layout.feed_views(listing, layout.catalog.listings[ListingRef()]),
            graph=layout.open_graph(full_title, listing.description, address, language=lang.tag),
            trail=listing_trail(layout, listing, title, period),
        ),
        ListingVariables(
            title=title,
            description="" if period else listing.description,
            avatar=local_href(site, picture) if picture and not period else "",
            articles="" if period else lang.count("articles", count),
            author=author,
            section=layout.listing_link(listing).href if listing.ref.kind == "category" else "",
            topics=_other_tags(layout, listing.ref, rows) if listing.ref.kind == "tag" else None,
            entries=[layout.card(row) for row in rows],
            older=layout.period_link(PageAt(listing.ref, older), "older"),
            newer=layout.period_link(PageAt(listing.ref, newer), "newer") or (_newest_link(layout, listing) if period else None),
        ),
        listing.ref,
    )


def _other_tags(layout: PageLayout, ref: ListingRef, rows: list[Row]) -> list[LinkView]:
    tags = Counter(tag.id for row in rows for tag in row.article.tags if tag.id != ref.id)
    return [layout.listing_link(layout.catalog.tag_listing(tag)) for tag, _ in tags.most_common(_MAX_TOPICS)]


def _newest_link(layout: PageLayout, listing: Listing) -> LinkView:
    return LinkView(title=layout.lang.say("newest"), href=layout.href(PageAt(listing.ref)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """A listing on the page with all feeds. `count` is its number of visible articles with the noun, such as "3 articles".

    `updated` is when it last changed, None if it has no visible article. `readers` are links that open its RSS feed in feed
    readers; [] for tags, of which there may be very many. `language` and `direction` are the title's, "" if they are the
    page's.
    """

    title: str
    href: str
    language: str
    direction: str
    description: str
    count: str
    updated: DateView | None
    feeds: tuple[FeedView, ...]
    readers: list[LinkView]


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionGroup:
    """The listings of one kind on the page with all feeds.

    `note` says that only the most used tags are shown, "" if all listings of the kind are. `more` is a link to the list of all
    tags, None for other kinds.
    """

    title: str
    listings: list[Subscription]
    note: str = ""
    more: LinkView | None = None


class SubscribeVariables(TypedDict):
    """Variables of the page /subscribe/."""

    title: Annotated[str, "heading of the page"]
    form: Annotated[CombinationForm | None, "form that combines feeds, if the site has combinations"]
    policy: Annotated[str, "Content-Security-Policy, which allows the form if there is one"]
    found_forms: Annotated[str, "JSON: plural forms of the number of feeds that the search on the page found"]
    opml: Annotated[str, "link to feeds.opml"]
    groups: Annotated[list[SubscriptionGroup], "the listings that have feeds, by kind"]


def render_subscribe_page(layout: PageLayout, *, has_form: bool = True) -> bytes:
    """Render the page with all public feeds, by kind of listing. Languages without visible articles are left out.

    If there are very many tags, only the most used ones are shown. With `has_form`, the page has a form that combines feeds, if
    the site's option `combinations` is on and there is a category, language, author or tag to combine.
    """
    site, lang = layout.site, layout.lang
    groups = groupby(layout.catalog.subscribable_listings, key=lambda listing: listing.ref.kind)
    subscriptions_by_kind = [(kind, [_subscription(layout, listing) for listing in group]) for kind, group in groups]
    title, address = lang.say("subscribe"), absolute(site.base_url, path_of(SiteDocumentAt("subscribe/")))
    full_title = f"{title} – {site.title}"
    form = combination_form(layout) if has_form and site.feed.combinations else None
    return layout.render(
        "subscribe.html",
        metadata.PageMetadata(
            title=full_title,
            canonical=address,
            description=lang.say("subscribe_what"),
            feeds=layout.feed_views(layout.catalog.listings[ListingRef()]),
            graph=layout.open_graph(full_title, "", address),
        ),
        SubscribeVariables(
            title=title,
            form=form,
            policy=metadata.FORM_POLICY if form else metadata.CONTENT_SECURITY_POLICY,
            found_forms=json.dumps(dict(lang.plural_forms("found")), ensure_ascii=False),
            opml=layout.href(SiteDocumentAt("feeds.opml")),
            groups=[
                _tag_group(layout, subscriptions)
                if kind == "tag"
                else SubscriptionGroup(title=lang.say(KIND_TITLES[kind]), listings=subscriptions)
                for kind, subscriptions in subscriptions_by_kind
            ],
        ),
    )


def _tag_group(layout: PageLayout, subscriptions: list[Subscription]) -> SubscriptionGroup:
    lang, is_complete = layout.lang, len(subscriptions) == layout.catalog.tags.total
    return SubscriptionGroup(
        title=lang.say(KIND_TITLES["tag"]),
        listings=subscriptions,
        note="" if is_complete else lang.say("topics_most", count=lang.number(len(subscriptions))),
        more=LinkView(title=lang.say("all_topics"), href=layout.href(TagsAt())),
    )


def _subscription(layout: PageLayout, listing: Listing) -> Subscription:
    newest, link = listing.visible[:1], layout.listing_link(listing)
    return Subscription(
        title=link.title,
        href=link.href,
        language=link.language,
        direction=link.direction,
        description=listing.description,
        count=layout.lang.count("articles", count_articles(listing)),
        updated=layout.date_view(last_updated(layout.site, listing.dated_rows), "last_update") if newest else None,
        feeds=layout.feed_views(listing),
        readers=reader_links(layout.lang, layout.feed_views(listing)[0].url) if listing.ref.kind != "tag" else [],
    )
