"""Front page: the newest page of the site's listing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypedDict

from feedsvc.catalog import Row
from feedsvc.model import Image
from feedsvc.pages import metadata
from feedsvc.pages.article import CorrectionView, correction_view
from feedsvc.pages.home_rows import SectionRows, select_home_rows
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.views import Card, LinkView
from feedsvc.routes import MOST_READ_PATH, ListingRef, PageAt, path_of
from feedsvc.uris import absolute, root_relative


@dataclass(frozen=True, kw_only=True, slots=True)
class SectionBlock:
    """Block of a section (category) on the front page, with a link to its page; it has at least one card."""

    link: LinkView
    cards: tuple[Card, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectedArticle:
    """An article with its latest correction."""

    card: Card
    correction: CorrectionView


class HomeVariables(TypedDict):
    """Variables of the front page. No article is twice in `lead`, `seconds`, `blocks` and `others` together."""

    title: Annotated[str, "title of the site"]
    description: Annotated[str, "description of the site; empty without one"]
    lead: Annotated[Card | None, "lead story; None without articles"]
    seconds: Annotated[list[Card], "stories beside the lead"]
    blocks: Annotated[list[SectionBlock], "sections with their newest articles"]
    others: Annotated[list[Card], "newest articles of the site that are nowhere above"]
    corrected: Annotated[list[CorrectedArticle], "articles with the newest corrections"]
    most_read: Annotated[str, "address from which a script gets the most read articles"]
    older: Annotated[LinkView | None, "link to the page of older articles"]


def render_home(layout: PageLayout) -> bytes:
    """Render the front page."""
    catalog, site = layout.catalog, layout.site
    listing, rows = catalog.listings[ListingRef()], select_home_rows(catalog)
    address = absolute(site.base_url, path_of(PageAt(listing.ref)))
    return layout.render(
        "home.html",
        metadata.PageMetadata(
            title=site.title,
            canonical=address,
            description=site.description,
            feeds=layout.feed_views(listing),
            graph=layout.open_graph(
                site.title, site.description, address, language=layout.lang.tag, image=_lead_image(rows.lead)
            ),
            profiles=site.profiles,
            data=metadata.home_json_ld(site),
        ),
        HomeVariables(
            title=site.title,
            description=site.description,
            lead=layout.card(rows.lead) if rows.lead else None,
            seconds=[layout.card(row) for row in rows.seconds],
            blocks=[_section_block(layout, section) for section in rows.sections],
            others=[layout.card(row) for row in rows.others],
            corrected=[_corrected_article(layout, row) for row in rows.corrected],
            most_read=root_relative(site.base_url, MOST_READ_PATH),
            older=layout.period_link(PageAt(listing.ref, listing.page_index.newest_older_period), "older"),
        ),
        listing.ref,
    )


def _lead_image(lead: Row | None) -> Image | None:
    return lead.article.image if lead else None


def _section_block(layout: PageLayout, section: SectionRows) -> SectionBlock:
    return SectionBlock(link=layout.listing_link(section.listing), cards=tuple(map(layout.card, section.rows)))


def _corrected_article(layout: PageLayout, row: Row) -> CorrectedArticle:
    # Editors append corrections, so the last of one day is the latest; `max` returns the first.
    latest = max(reversed(row.article.corrections), key=lambda correction: correction.date)
    return CorrectedArticle(card=layout.card(row), correction=correction_view(layout, latest))
