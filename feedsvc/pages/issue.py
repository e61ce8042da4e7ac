"""Page of an issue (the articles of one day or week in a digest feed), with links to the issues before and after it."""

from __future__ import annotations

from typing import Annotated, TypedDict

from feedsvc.catalog import IssueRow, Row
from feedsvc.feeds import headlines, issue_title
from feedsvc.pages.breadcrumbs import trail
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.metadata import PageMetadata
from feedsvc.pages.status_pages import render_message
from feedsvc.pages.views import Card, LinkView
from feedsvc.routes import ListingRef, PageAt, path_of
from feedsvc.uris import absolute


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
    full_title, description = f"{issue_title(site, issue)} – {site.title}", headlines(site, issue)
    address = absolute(site.base_url, path_of(issue.place))
    others = issue.article_count - len(issue.articles)
    return layout.render(
        "issue.html",
        PageMetadata(
            title=full_title,
            canonical=address,
            description=description,
            feeds=layout.feed_views(listing, catalog.listings[ListingRef()]),
            graph=layout.open_graph(full_title, description, address, image=issue.article.image),
            trail=trail(layout, (PageAt(listing.ref), listing.title), own_title=lang.period_name(issue.date)),
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
