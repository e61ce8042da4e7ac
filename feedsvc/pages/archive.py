"""Archive of the site: all years and months with their numbers of articles, and the articles of a month or day as headlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Final, TypedDict

from feedsvc.catalog import Catalog, Row, is_visible
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.metadata import PageMetadata
from feedsvc.pages.views import Card, LinkView
from feedsvc.routes import ArchiveAt, ListingRef

_LATEST: Final = 12  # headlines of the latest month on the page of all months


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodLink:
    """A month or day in words with a link to its page, and with its number of articles and the noun.

    `period` is YYYY-MM or YYYY-MM-DD. `share` is the number of its articles in percent of the largest month or day on the page.
    """

    title: str
    href: str
    articles: str
    period: str
    share: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveYear:
    """A year of the archive with its months, newest first."""

    title: str
    articles: str
    months: list[PeriodLink]


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveDay:
    """A day of the archive with its articles, newest first. `name` is its title without month and year, such as Fri 2."""

    title: str
    name: str
    entries: list[Card]


class ArchiveVariables(TypedDict):
    """Variables of the page /archive/."""

    title: Annotated[str, "heading of the page"]
    articles: Annotated[str, "number of all articles, with the noun; translations of one another count once"]
    latest: Annotated[list[Card], "newest articles of the latest month, up to twelve"]
    years: Annotated[list[ArchiveYear], "years that have articles, newest first"]


class ArchivePeriodVariables(TypedDict):
    """Variables of the page of a month or day of the archive.

    A month has `days`, or `day_links` if it has very many articles. A day has one entry in `days`.
    """

    title: Annotated[str, "month or day, in words"]
    articles: Annotated[str, "number of its articles, with the noun"]
    days: Annotated[list[ArchiveDay], "days with articles, newest first"]
    day_links: Annotated[list[PeriodLink], "links to the days of a month with over 500 articles, newest first; else empty"]
    older: Annotated[LinkView | None, "link to the month or day before"]
    newer: Annotated[LinkView | None, "link to the month or day after"]


def archive_rows(period_rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Return the rows that the archive page of a period shows: the visible ones of `period_rows`, all rows of the period."""
    return tuple(filter(is_visible, period_rows))


def latest_rows(catalog: Catalog) -> tuple[Row, ...]:
    """Return the newest visible rows of the latest month, at most _LATEST, for the page of all months."""
    newest = catalog.listings[ListingRef()].stories.visible[:_LATEST]
    return tuple(row for row in newest if row.day[:7] == newest[0].day[:7])


def render_archive(layout: PageLayout, period: str = "") -> bytes:
    """Render the page of all months if `period` is "", else that of a month (YYYY-MM) or day (YYYY-MM-DD).

    `period` must be in the calendar of the site's listing. The page of a month that the calendar divides by day has links to
    the pages of its days instead of articles.
    """
    calendar, lang = layout.catalog.listings[ListingRef()].calendar, layout.lang
    if period:
        return render_archive_period(layout, period, calendar.days_of(period))
    title, largest = lang.say("archive_all"), max((count for _, count in calendar.months), default=0)
    years = [(year, [*group]) for year, group in groupby(calendar.months, key=lambda month: month[0][:4])]
    variables = ArchiveVariables(
        title=title,
        articles=lang.count("articles", sum(count for _, count in calendar.months)),
        latest=[*map(layout.card, latest_rows(layout.catalog))],
        years=[
            ArchiveYear(
                title=lang.period_name(year),
                articles=lang.count("articles", sum(count for _, count in group)),
                months=[_period_link(layout, month, count, largest) for month, count in group],
            )
            for year, group in years
        ],
    )
    return layout.render("archive.html", _head(layout, "", title), variables)


def render_archive_period(layout: PageLayout, period: str, days: Sequence[tuple[str, int]]) -> bytes:
    """Render the page of a month (YYYY-MM) or day. If `days`, pairs (day, number of articles), has any, it links to these days.

    Otherwise it shows the articles of the period.
    """
    listing, lang = layout.catalog.listings[ListingRef()], layout.lang
    rows = () if days else archive_rows(listing.stories.archive_index.all_periods[period])
    title, largest = lang.period_name(period), max((count for _, count in days), default=0)
    older, newer = listing.calendar.neighbours_of(period)
    variables = ArchivePeriodVariables(
        title=title,
        articles=lang.count("articles", sum(count for _, count in days) if days else len(rows)),
        days=[
            ArchiveDay(title=lang.period_name(day), name=lang.day_name(day), entries=[layout.card(row) for row in group])
            for day, group in groupby(rows, key=lambda row: row.day)
        ],
        day_links=[_period_link(layout, day, count, largest) for day, count in days],
        older=layout.period_link(ArchiveAt(older), "older"),
        newer=layout.period_link(ArchiveAt(newer), "newer"),
    )
    return layout.render("archive_period.html", _head(layout, period, title), variables)


def _head(layout: PageLayout, period: str, own_title: str) -> PageMetadata:
    lang, title = layout.lang, layout.lang.say("archive_all")
    full_title = f"{lang.say('archive', title=title, month=own_title) if period else title} – {layout.site.title}"
    trail = layout.trail(*(((ArchiveAt(), title),) if period else ()), own_title=own_title)
    return layout.head(ArchiveAt(period), full_title, trail=trail)


def _period_link(layout: PageLayout, period: str, count: int, largest: int) -> PeriodLink:
    lang, href, share = layout.lang, layout.href(ArchiveAt(period)), round(100 * count / largest)
    title = lang.period_name(period) if len(period) > len("YYYY-MM") else lang.month_name(period)
    return PeriodLink(title=title, href=href, articles=lang.count("articles", count), period=period, share=share)
