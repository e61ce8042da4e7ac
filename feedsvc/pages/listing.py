"""Pages of a listing's articles: the newest, those of a period, and those of an issue of a periodical."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final, TypedDict

from feedsvc.catalog import IssueRow, Listing, Row, Visibility, count_articles
from feedsvc.feeds import headlines, issue_title, listing_title
from feedsvc.model import Author
from feedsvc.pages.home import render_home
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.metadata import Breadcrumb
from feedsvc.pages.status_pages import render_message
from feedsvc.pages.views import Card, LinkView, local_href
from feedsvc.routes import ArchiveAt, ListingRef, PageAt, Place, TagsAt

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
    older, newer = listing.page_index.neighbours[period] if period else (listing.page_index.newest_older_period, "")
    rows = [row for row in (listing.page_index[period] if period else listing.feed_rows) if row.visibility is Visibility.VISIBLE]
    author = layout.catalog.content.authors.get(listing.ref.id) if listing.ref.kind == "author" else None
    picture = author.avatar if author else listing.image
    return layout.render(
        "listing.html",
        layout.head(
            PageAt(listing.ref, period),
            full_title,
            listing,
            description=listing.description,
            language=lang.tag,
            trail=_listing_trail(layout, listing, title, period),
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
            newer=layout.period_link(PageAt(listing.ref, newer), "newer")
            or (LinkView(title=lang.say("newest"), href=layout.href(PageAt(listing.ref))) if period else None),
        ),
        listing.ref,
    )


def _listing_trail(layout: PageLayout, listing: Listing, title: str, period: str) -> tuple[Breadcrumb, ...]:
    """Return the breadcrumbs of a listing's page with the heading `title`: its newest page if `period` is "", else a period's.

    Between the front page and this page, they have the list of all tags if the listing is a tag with visible articles, and for
    a period, the newest page of the listing (for the site, /archive/ instead).
    """
    # A page of all tags exists if at least one has articles.
    above: list[tuple[Place, str]] = []
    if listing.ref.kind == "tag" and not listing.is_empty:
        above.append((TagsAt(), layout.lang.say("all_topics")))
    if period:
        is_site = listing.ref == ListingRef()
        above.append((ArchiveAt(), layout.lang.say("archive_all")) if is_site else (PageAt(listing.ref), listing_title(listing)))
    return layout.trail(*above, own_title=title)


def _other_tags(layout: PageLayout, ref: ListingRef, rows: list[Row]) -> list[LinkView]:
    tags = Counter(tag.id for row in rows for tag in row.article.tags if tag.id != ref.id)
    return [layout.listing_link(layout.catalog.tag_listing(tag)) for tag, _ in tags.most_common(_MAX_TOPICS)]


class IssueVariables(TypedDict):
    """Variables of the page of an issue of a digest feed."""

    listing: Annotated[LinkView, "link to the page of the digest feed"]
    title: Annotated[str, "day of the issue, in words"]
    entries: Annotated[list[Card], "its articles, newest first"]
    others: Annotated[str, "sentence with the number of articles that are not shown; empty if all are"]
    older: Annotated[LinkView | None, "link to the issue before"]
    newer: Annotated[LinkView | None, "link to the issue after"]


def render_issue(layout: PageLayout, issue: IssueRow) -> bytes:
    """Render the page of a visible issue of the layout's catalog, with links to the issues before and after it."""
    site, catalog = layout.site, layout.catalog
    listing, lang = catalog.listings[issue.listing], layout.lang
    newer, older = listing.neighbours_of(issue)
    others = issue.article_count - len(issue.articles)
    return layout.render(
        "issue.html",
        layout.head(
            issue.place,
            f"{issue_title(site, issue)} – {site.title}",
            listing,
            description=headlines(site, issue),
            image=issue.article.image,
            trail=layout.trail((PageAt(listing.ref), listing.title), own_title=lang.period_name(issue.date)),
        ),
        IssueVariables(
            listing=layout.listing_link(listing),
            title=lang.period_name(issue.date),
            entries=[layout.card(row) for row in issue.articles],
            others=lang.count("and_more", others) if others else "",
            older=_issue_link(layout, older, "older"),
            newer=_issue_link(layout, newer, "newer"),
        ),
        issue.listing,
    )


def render_withdrawn_issue(layout: PageLayout, issue: IssueRow) -> bytes:
    """Render the page of an issue whose articles were all withdrawn or have expired: its title, and a sentence that says so."""
    return render_message(layout, issue_title(layout.site, issue), layout.lang.say("issue_gone"))


def _issue_link(layout: PageLayout, row: Row | None, key: str) -> LinkView | None:
    if not isinstance(row, IssueRow):
        return None
    return LinkView(title=layout.lang.say(key, month=layout.lang.period_name(row.date)), href=layout.href(row.place))
