"""Breadcrumbs: the pages above a page, as links at its top and as schema.org/BreadcrumbList in its head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feedsvc.catalog import Listing
from feedsvc.feeds import listing_title
from feedsvc.pages.metadata import Breadcrumb
from feedsvc.routes import ArchiveAt, ListingRef, PageAt, Place, TagsAt

if TYPE_CHECKING:
    from feedsvc.pages.layout import PageLayout


def trail(layout: PageLayout, *places: tuple[Place, str], own_title: str) -> tuple[Breadcrumb, ...]:
    """Return the breadcrumbs of a page: the front page, `places` as (place, title), and the page itself without a link."""
    return (*layout.breadcrumbs(places), Breadcrumb(own_title))


def listing_trail(layout: PageLayout, listing: Listing, title: str, period: str = "") -> tuple[Breadcrumb, ...]:
    """Return the breadcrumbs of a listing's page with the heading `title`: its newest page if `period` is "", else a period's.

    Between the front page and this page, they have the list of all tags if the listing is a tag with visible articles, and for
    a period, the newest page of the listing (for the site, /archive/ instead).
    """
    # A page of all tags exists if at least one has articles.
    index = ((TagsAt(), layout.lang.say("all_topics")),) if listing.ref.kind == "tag" and not listing.is_empty else ()
    return trail(layout, *index, *((_newest_page(layout, listing),) if period else ()), own_title=title)


def _newest_page(layout: PageLayout, listing: Listing) -> tuple[Place, str]:
    """Return the page above a listing's pages of periods, with its title: its newest page; for the site, /archive/."""
    if listing.ref == ListingRef():
        return ArchiveAt(), layout.lang.say("archive_all")
    return PageAt(listing.ref), listing_title(listing)
