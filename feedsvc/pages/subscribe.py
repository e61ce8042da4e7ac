"""Page /subscribe/: all public feeds, links that open them in feed readers, and a form that combines feeds without a script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Annotated, Final, TypedDict
from urllib.parse import quote

from feedsvc.catalog import MAX_TERMS, Listing, count_articles
from feedsvc.feeds import FORMATS, last_updated
from feedsvc.language import Language
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.metadata import CONTENT_SECURITY_POLICY, FORM_POLICY, FeedView
from feedsvc.pages.views import DateView, LinkView
from feedsvc.routes import COMBINATION_FORM, ListingKind, ListingRef, SiteDocumentAt, TagsAt
from feedsvc.uris import root_relative

# Services with a public address that subscribes to a feed; the percent-encoded address of the feed follows.
_SERVICES: Final = (
    ("Feedly", "https://feedly.com/i/subscription/feed%2F"),
    ("Inoreader", "https://www.inoreader.com/?add_feed="),
    ("NewsBlur", "https://www.newsblur.com/?url="),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url="),
    ("Feedbin", "https://feedbin.com/?subscribe="),
)
# Kind of listings -> key of the heading above them.
KIND_TITLES: Final[Mapping[ListingKind, str]] = {
    "site": "site",
    "category": "sections",
    "author": "authors",
    "custom": "feeds",
    "language": "languages",
    "tag": "topics",
}
_COMBINATION: Final = ListingRef("combination")
_KINDS: Final[tuple[ListingKind, ...]] = ("category", "language", "author", "tag")
_MAX_CHECKBOXES: Final = 40  # names of a kind; if there are more, the reader types them
_FIELD_COUNT: Final = 3  # text fields of a kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A checkbox or radio button. `id` is its value. `language` and `direction` are the title's, "" if they are the page's."""

    id: str
    title: str
    language: str = ""
    direction: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChoiceGroup:
    """The listings of one kind that can be chosen, either as `choices` or by name in text fields.

    For text fields, `fields` are their labels, and `names` the titles of all listings, as suggestions.
    """

    kind: ListingKind
    title: str
    choices: Sequence[Choice] = ()
    fields: Sequence[str] = ()
    names: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CombinationForm:
    """The form. `sides` are its two parts, for names to include and to exclude; each has all `groups`.

    The names of the fields in a part begin with the id of that part.
    """

    action: str
    explanation: str
    sides: Sequence[Choice]
    groups: Sequence[ChoiceGroup]
    formats: Sequence[Choice]


def combination_form(layout: PageLayout) -> CombinationForm | None:
    """Return the form for the site of a layout, even if the site's option `combinations` is off.

    None if /subscribe/ lists no category, language, author or tag.
    """
    lang, groups = layout.lang, tuple(group for kind in _KINDS if (group := _group(layout, kind)))
    if not groups:
        return None
    return CombinationForm(
        action=root_relative(layout.site.base_url, COMBINATION_FORM),
        explanation=lang.say("combine_what", count=lang.number(MAX_TERMS)),
        sides=(Choice(id="include", title=lang.say("combine_with")), Choice(id="exclude", title=lang.say("combine_without"))),
        groups=groups,
        formats=[
            Choice(id=suffix, title=one.name)
            for suffix, one in FORMATS.items()
            if one.is_linked and one.has_listing(_COMBINATION)
        ],
    )


def _group(layout: PageLayout, kind: ListingKind) -> ChoiceGroup | None:
    links = [(one.ref.id, layout.listing_link(one)) for one in layout.catalog.subscribable_listings if one.ref.kind == kind]
    title = layout.lang.say(KIND_TITLES[kind])
    if len(links) > _MAX_CHECKBOXES:
        fields = [f"{title} {layout.lang.number(number)}" for number in range(1, _FIELD_COUNT + 1)]
        return ChoiceGroup(kind=kind, title=title, fields=fields, names=[link.title for _, link in links])
    choices = [Choice(id=name, title=link.title, language=link.language, direction=link.direction) for name, link in links]
    return ChoiceGroup(kind=kind, title=title, choices=choices) if choices else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription(LinkView):
    """A listing on the page with all feeds, with a link to it.

    `count` is its number of visible articles with the noun, such as "3 articles". `updated` is when it last changed, None if it
    has no visible article. `readers` are links that open its RSS feed in feed readers; [] for tags, of which there may be very
    many.
    """

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
    title = lang.say("subscribe")
    head = layout.head(SiteDocumentAt("subscribe/"), f"{title} – {site.title}")
    form = combination_form(layout) if has_form and site.feed.combinations else None
    return layout.render(
        "subscribe.html",
        replace(head, description=lang.say("subscribe_what")),
        SubscribeVariables(
            title=title,
            form=form,
            policy=FORM_POLICY if form else CONTENT_SECURITY_POLICY,
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


def reader_links(lang: Language, url: str) -> list[LinkView]:
    """Return links that open the feed at an absolute URL: in an app, by the scheme feed:, and in services."""
    encoded = quote(url, safe="")
    services = [LinkView(title=name, href=f"{address}{encoded}") for name, address in _SERVICES]
    return [LinkView(title=lang.say("reader_app"), href=f"feed:{url}"), *services]
