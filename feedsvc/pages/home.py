"""Front page: the lead, the stories beside it, a block for each section, corrections and the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice, takewhile
from typing import Annotated, Final, TypedDict

from feedsvc.catalog import Catalog, Listing, Row, is_visible, work_of
from feedsvc.pages.article import CorrectionView, correction_view
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.menus import navigation_categories
from feedsvc.pages.metadata import home_json_ld
from feedsvc.pages.views import Card, LinkView
from feedsvc.routes import MOST_READ_PATH, ListingRef, PageAt
from feedsvc.uris import root_relative

_LEAD_CANDIDATES: Final = 10  # newest articles, of which the first with an image leads
_SECOND_STORIES: Final = 4
_SECTIONS: Final = 12  # blocks, so that the page stays small
_SECTION_STORIES: Final = 4
_CORRECTIONS: Final = 3


@dataclass(frozen=True, slots=True)
class SectionRows:
    """Block of a section (category): the newest visible articles of its feed that are not above the block on the page.

    There are at least one and at most _SECTION_STORIES.
    """

    listing: Listing
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class HomeRows:
    """Visible rows of the front page, each once, except that `corrected` may repeat others.

    `lead` is None if there is no visible article. `seconds` are the newest other rows of the site's feed, at most
    _SECOND_STORIES; `others` are all rows of this feed that are in no other field but perhaps in `corrected`. `corrected` has
    up to _CORRECTIONS rows of different works, those with the newest corrections, which may be old articles or translations.
    """

    lead: Row | None
    seconds: tuple[Row, ...]
    sections: tuple[SectionRows, ...]
    others: tuple[Row, ...]
    corrected: tuple[Row, ...]

    @property
    def all_rows(self) -> Iterator[Row]:
        """All rows in their order on the page. Rows of `corrected` may be repeated."""
        lead = (self.lead,) if self.lead else ()
        return chain(lead, self.seconds, *(section.rows for section in self.sections), self.others, self.corrected)


def select_home_rows(catalog: Catalog) -> HomeRows:
    """Return the rows of the front page, by `home.lead` and `home.sections` in site.yaml.

    The work does not grow with the number of articles.
    """
    site = catalog.listings[ListingRef()]
    newest = [row for row in site.stories.feed_rows if is_visible(row)]
    lead = _select_lead(catalog, newest)
    used = {work_of(lead)} if lead else set()
    seconds = tuple(islice((row for row in newest if work_of(row) not in used), _SECOND_STORIES))
    used.update(map(work_of, seconds))
    sections = tuple(_select_sections(catalog, used))
    others = tuple(row for row in newest if work_of(row) not in used)
    corrected: dict[str, Row] = {}
    for row in takewhile(lambda _: len(corrected) < _CORRECTIONS, catalog.corrected):
        corrected.setdefault(work_of(row), row)
    return HomeRows(lead, seconds, sections, others, tuple(corrected.values()))


def _select_lead(catalog: Catalog, newest: list[Row]) -> Row | None:
    """Return the visible row whose slug is `home.lead` in site.yaml, if there is one; else a row of `newest`, None if empty.

    Of `newest`, it is the first row with an image among the first _LEAD_CANDIDATES, or the first row if none of these has one.
    """
    named = catalog.visible.get(catalog.site.home.lead) if catalog.site.home.lead else None
    with_image = (row for row in newest[:_LEAD_CANDIDATES] if row.article.image)
    return named or next(with_image, newest[0] if newest else None)


def _select_sections(catalog: Catalog, used: set[str]) -> Iterator[SectionRows]:
    """Yield the first _SECTIONS blocks that are not empty, in the order of the sections, without rows whose work is in `used`.

    The work of each row of a block is added to `used` before the block is yielded.
    """
    count = 0
    for listing in _section_listings(catalog):
        newest = filter(is_visible, listing.stories.feed_rows)
        rows = tuple(islice((row for row in newest if work_of(row) not in used), _SECTION_STORIES))
        if rows and count < _SECTIONS:
            count += 1
            used.update(map(work_of, rows))
            yield SectionRows(listing, rows)


def _section_listings(catalog: Catalog) -> Iterable[Listing]:
    """Return the listings of the categories in `home.sections` of site.yaml, in its order.

    If it has none, return those of the categories in the navigation menu, or if that has none, of all categories. Each listing
    is returned once; categories that do not exist are left out.
    """
    names = catalog.site.home.sections or navigation_categories(catalog)
    refs = (catalog.canonical_listing_ref(ListingRef("category", name)) for name in names)
    return [catalog.listings[ref] for ref in dict.fromkeys(refs) if ref in catalog.listings]


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
    image = rows.lead.article.image if rows.lead else None
    head = layout.head(PageAt(listing.ref), site.title, description=site.description, language=layout.lang.tag, image=image)
    return layout.render(
        "home.html",
        replace(head, profiles=site.profiles, data=home_json_ld(site)),
        HomeVariables(
            title=site.title,
            description=site.description,
            lead=layout.card(rows.lead) if rows.lead else None,
            seconds=[layout.card(row) for row in rows.seconds],
            blocks=[
                SectionBlock(link=layout.listing_link(one.listing), cards=tuple(map(layout.card, one.rows)))
                for one in rows.sections
            ],
            others=[layout.card(row) for row in rows.others],
            corrected=[_corrected_article(layout, row) for row in rows.corrected],
            most_read=root_relative(site.base_url, MOST_READ_PATH),
            older=layout.period_link(PageAt(listing.ref, listing.page_index.newest_older_period), "older"),
        ),
        listing.ref,
    )


def _corrected_article(layout: PageLayout, row: Row) -> CorrectedArticle:
    # Editors append corrections, so the last of one day is the latest; `max` returns the first.
    latest = max(reversed(row.article.corrections), key=lambda correction: correction.date)
    return CorrectedArticle(card=layout.card(row), correction=correction_view(layout, latest))
