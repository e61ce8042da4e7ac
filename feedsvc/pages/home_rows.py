"""Selection of the front page: the lead, the stories beside it, a block for each section, corrections and the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, takewhile
from typing import Final

from feedsvc.catalog import Catalog, Listing, Row, is_visible, work_of
from feedsvc.pages.menus import navigation_categories
from feedsvc.routes import ListingRef

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
