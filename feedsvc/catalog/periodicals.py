"""Periodicals: custom feeds whose listings hold issues instead of articles. An issue holds the articles of one day or week.

An update builds only the issues that hold changed articles, or that closed since the former catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from operator import attrgetter
from typing import Final
from zoneinfo import ZoneInfo

from feedsvc.catalog.aging import aged_rows
from feedsvc.catalog.listing import Listing
from feedsvc.catalog.row import IssueRow, Row, RowKey, Visibility, is_visible, moment_key, row_key
from feedsvc.content.folder import ContentSnapshot
from feedsvc.model import Article, CustomFeed, IssueSchedule, Site
from feedsvc.routes import ListingRef, PageAt, path_of
from feedsvc.support.sorted_chunks import PersistentSortedList
from feedsvc.uris import absolute

_DAY = timedelta(days=1)
_DAYS_OF_WEEK = 7


@dataclass(frozen=True)
class IssueCalendar:
    """Closing moments of the issues of one schedule in a time zone. They are in UTC and whole seconds.

    An issue holds the articles published from the closing of the issue before it until just before its own. It is named by the
    day on which it closes, so that another time of the day changes no name; a weekly schedule has issues only on
    days of its weekday. Methods raise OverflowError for days and moments near the ends of the calendar (the years 1 and 9999).
    """

    schedule: IssueSchedule
    zone: ZoneInfo

    def closes(self, day: date) -> datetime:
        """Return the moment at which the issue that is named by `day` closes.

        A local time that the clocks skip counts with the offset before the change, so the issue closes that much later; of a
        local time that occurs twice, the first one counts (PEP 495, fold=0).
        """
        hours, minutes = divmod(self.schedule.minute_of_day, 60)
        return datetime.combine(day, time(hours, minutes), self.zone).astimezone(UTC)

    def opens(self, day: date) -> datetime:
        """Return the moment from which on articles belong to the issue named by `day`: the closing of the one before it."""
        closes, before = self.closes(day), day - self._step
        while self.closes(before) == closes:
            before -= self._step
        return self.closes(before)

    def issue_of(self, moment: datetime) -> date:
        """Return the day that names the issue of the articles published at a moment.

        A zone that crosses the date line skips a day (Pacific/Apia in 2011). That day and the next one close at the same moment.
        Then the issue is that of the later day.
        """
        day = self._align(moment.astimezone(self.zone).date() - _DAY)
        while self.closes(day) <= moment or self.closes(day + self._step) == self.closes(day):
            day += self._step
        return day

    def issues_of(self, moments: Iterable[datetime]) -> Iterator[date]:
        """Yield the days of the issues of the articles published at these moments, each once, oldest first."""
        closes: datetime | None = None
        for moment in sorted(moments):
            if closes is None or closes <= moment:
                day = self.issue_of(moment)
                closes = self.closes(day)
                yield day

    @property
    def _step(self) -> timedelta:
        return _DAY if self.schedule.weekday is None else _DAYS_OF_WEEK * _DAY

    def _align(self, day: date) -> date:
        """Return the first day, `day` or later, on which an issue may close."""
        weekday = self.schedule.weekday
        return day if weekday is None else day + timedelta(days=(weekday - day.weekday()) % _DAYS_OF_WEEK)


MAX_ISSUE_ARTICLES: Final = 500  # articles of an issue that its page may show
_FILE: Final = "feeds.yaml"
_HALF_SECOND: Final = 0.5  # articles are published at whole seconds
_article_count: Final = attrgetter("article_count")
_NO_ROWS: Final[Sequence[Row]] = ()
_RowsByListing = Mapping[ListingRef, Sequence[Row]]


@dataclass(frozen=True, kw_only=True)
class IssueChange:
    """Issues in which a catalog differs from the one that it was updated from, by the id of `IssueRow.article`.

    `removed` are rows of the former catalog, `added` are rows of the updated one. A replaced issue has a row in each.
    """

    removed: dict[str, IssueRow] = field(default_factory=dict)
    added: dict[str, IssueRow] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Periodical:
    """Custom feed whose listing holds issues. Immutable.

    `calendar` has the closing moments of its issues. `articles` are the rows of the articles of all issues, also of the one
    that is not closed yet. The id of an issue is `id_prefix` followed by the date that names it.
    """

    feed: CustomFeed
    calendar: IssueCalendar
    id_prefix: str
    articles: PersistentSortedList[Row]

    @property
    def ref(self) -> ListingRef:
        return ListingRef("custom", self.feed.id)

    def key_of(self, day: date) -> RowKey:
        """Return the sort key (`row_key`) of the issue that is named by `day`, whether or not it exists."""
        return -self.calendar.closes(day).timestamp(), self._id_of(day)

    def issues(self, now: datetime) -> list[IssueRow]:
        """Return all issues that are closed at `now`, also withdrawn and hidden ones, newest first (see `build_issue`)."""
        return [*filter(None, (self.build_issue(day, now) for day in self.days_closing(None, now)))]

    def days_closing(self, start: datetime | None, end: datetime) -> Iterator[date]:
        """Yield the days, newest first, of the issues that close after `start` (None: any time) up to and including `end`.

        Left out are issues without articles; the articles need not be visible.
        """
        moment = self.calendar.opens(self.calendar.issue_of(end))  # the last closing moment up to `end`
        while (index := self._count_from(moment)) < len(self.articles):
            day = self.calendar.issue_of(self.articles[index].article.published)
            if start and self.calendar.closes(day) <= start:
                return
            yield day
            moment = self.calendar.opens(day)

    def next_closing(self, now: datetime) -> datetime | None:
        """Return the next moment after `now` at which an issue with articles, visible or not, closes; None if there is none."""
        index = self.articles.rank(moment_key(now.timestamp()))
        # The newest article published until now, and the next one after now, which only a preview has.
        rows = self.articles[max(index - 1, 0) : index + 1]
        moments = (self.calendar.closes(self.calendar.issue_of(row.article.published)) for row in rows)
        return min((moment for moment in moments if moment > now), default=None)

    def build_issue(self, day: date, now: datetime) -> IssueRow | None:
        """Return the issue that is named by `day`, a day on which an issue closes, as it is at `now`.

        None if it is not closed yet, if it has no articles, or if all had expired or been withdrawn by the time it closed.
        """
        closes = self.calendar.closes(day)
        rows = self.articles[self._count_from(closes) : self._count_from(self.calendar.opens(day))]
        if closes > now or not rows:
            return None
        visible = [*filter(is_visible, rows)]
        last_changed = max(closes, *(row.last_changed for row in rows))
        visibility = Visibility.VISIBLE if visible else _visibility_without_articles(rows, closes, now)
        if visibility is None:
            return None
        return IssueRow(
            article=self._article(day, closes, last_changed, visible),
            visibility=visibility,
            last_changed=last_changed,
            day=closes.astimezone(self.calendar.zone).date().isoformat(),
            listing=self.ref,
            date=day.isoformat(),
            articles=tuple(visible[:MAX_ISSUE_ARTICLES]),
            article_count=len(visible),
        )

    def _article(self, day: date, closes: datetime, last_changed: datetime, visible: Iterable[Row]) -> Article:
        """Return the article that stands for an issue where code handles rows of articles and of issues alike."""
        return Article(
            path=_FILE,
            id=self._id_of(day),
            slug=day.isoformat(),
            title=self.feed.title,
            published=closes,
            updated=last_changed,
            image=next((row.article.image for row in visible if row.article.image), None),
        )

    def _id_of(self, day: date) -> str:
        return f"{self.id_prefix}{day.isoformat()}"

    def _count_from(self, moment: datetime) -> int:
        """Return the number of rows in `articles` whose article was published at or after a moment."""
        return self.articles.rank(moment_key(moment.timestamp() - _HALF_SECOND))


def _visibility_without_articles(rows: Iterable[Row], closes: datetime, now: datetime) -> Visibility | None:
    """Return the visibility at `now` of an issue with the articles `rows`, of which none is visible.

    None if all had expired or been withdrawn by the moment `closes`, so that the issue never appeared. Articles that had
    expired by then are ignored, even if their withdrawal is later. HIDDEN while the withdrawal of one of the others is still to
    come; else WITHDRAWN, also if they only expired.
    """
    rows = [row for row in rows if row.article.expires is None or row.article.expires > closes]
    if any(row.article.withdrawn_at and row.article.withdrawn_at > now for row in rows):
        return Visibility.HIDDEN
    return Visibility.WITHDRAWN if any(row.last_changed > closes for row in rows) else None


def build_periodicals(content: ContentSnapshot, rows_by_listing: _RowsByListing) -> dict[ListingRef, Periodical]:
    """Return all public periodicals by ref of their listing; `rows_by_listing` has the rows of their articles by this ref."""
    zone = ZoneInfo(content.site.timezone)
    feeds = {feed.id: feed for feed in content.custom_feeds.values()}
    return {
        ref: Periodical(
            feed=feed,
            calendar=IssueCalendar(feed.digest, zone),
            id_prefix=_id_prefix(content.site, ref),
            articles=PersistentSortedList.from_sorted(rows_by_listing.get(ref, _NO_ROWS), row_key),
        )
        for ref, feed in ((ListingRef("custom", id_), feed) for id_, feed in feeds.items())
        if feed.digest
    }


def _id_prefix(site: Site, ref: ListingRef) -> str:
    """Return the beginning of the ids of a periodical's issues, a tag: URI (RFC 4151): "tag:DOMAIN,YEAR:feeds/ID/"."""
    return f"tag:{site.id_domain},{site.since.year}:{absolute('', path_of(PageAt(ref))).lstrip('/')}"


def update_periodicals(
    before: Mapping[ListingRef, Periodical],
    listings: Mapping[ListingRef, Listing],
    removed: _RowsByListing,
    added: _RowsByListing,
    moments: tuple[datetime, datetime],
) -> tuple[Mapping[ListingRef, Periodical], IssueChange]:
    """Return the periodicals and the change of issues after a change of articles, and of time.

    `before` and `listings` are the periodicals and listings of the former catalog, `removed` and `added` the changed rows of
    articles by listing, and `moments` are (former `now`, new `now`). An issue is in the change if one of its articles changed,
    if it closes between the moments, or if it reaches the `max_age` of its listing between them (it is copied then).
    """
    start, end = moments
    if not before:
        return before, IssueChange()
    periodicals: dict[ListingRef, Periodical] = {}
    change = IssueChange()
    for ref, periodical in before.items():
        rows = removed.get(ref, _NO_ROWS), added.get(ref, _NO_ROWS)
        periodicals[ref] = _with_changed_rows(periodical, *rows)
        days = {*periodical.calendar.issues_of(row.article.published for row in chain(*rows))}
        days.update(periodicals[ref].days_closing(*sorted(moments)))
        _add_issues(change, periodicals[ref], listings[ref], days, end)
        for row in aged_rows((listings[ref],), start, end):
            if isinstance(row, IssueRow) and row.article.id not in change.removed:
                change.removed[row.article.id], change.added[row.article.id] = row, replace(row)
    return (before if all(periodicals[ref] is before[ref] for ref in before) else periodicals), change


def _with_changed_rows(periodical: Periodical, removed: Sequence[Row], added: Sequence[Row]) -> Periodical:
    """Return the periodical after a change of its articles; the same object without changes."""
    articles = periodical.articles.apply_changes(removed, added)
    return periodical if articles is periodical.articles else replace(periodical, articles=articles)


def _add_issues(change: IssueChange, periodical: Periodical, listing: Listing, days: AbstractSet[date], now: datetime) -> None:
    """Add to `change` the issues of `days`: to `removed` those in `listing`, the former one; to `added` those at `now`."""
    for day in days:
        if issue := find_issue(periodical, listing, day):
            change.removed[issue.article.id] = issue
        if issue := periodical.build_issue(day, now):
            change.added[issue.article.id] = issue


def find_issue(periodical: Periodical, listing: Listing, day: date) -> IssueRow | None:
    """Return the issue that is named by `day` in a periodical's listing, of any visibility; None if the listing has none.

    Raises OverflowError for a day at the end of the calendar.
    """
    key = periodical.key_of(day)
    index = listing.rows.rank(key)
    row = listing.rows[index] if index < len(listing.rows) else None
    return row if isinstance(row, IssueRow) and row.key == key else None


def with_issues(
    rows_by_listing: _RowsByListing, periodicals: AbstractSet[ListingRef], issues: Iterable[IssueRow]
) -> dict[ListingRef, Sequence[Row]]:
    """Return `rows_by_listing` in which each of `periodicals` has its own of `issues`, newest first, instead of articles.

    A periodical without any of `issues` is left out.
    """
    result = {ref: rows for ref, rows in rows_by_listing.items() if ref not in periodicals}
    issues_by_listing: dict[ListingRef, list[Row]] = {}
    for issue in sorted(issues, key=row_key):
        issues_by_listing.setdefault(issue.listing, []).append(issue)
    return {**result, **issues_by_listing}


def closing_moments(periodicals: Iterable[Periodical], now: datetime) -> Iterator[datetime]:
    """Yield the `next_closing` of each periodical that has one."""
    yield from filter(None, (periodical.next_closing(now) for periodical in periodicals))


def count_articles(listing: Listing) -> int:
    """Return the number of visible articles of a listing `in_feeds`; for a periodical, that of those in its issues."""
    visible = listing.in_feeds.visible
    if visible and isinstance(visible[0], IssueRow):
        return sum(map(_article_count, visible))
    return len(visible)


def issues_of(rows: Iterable[Row]) -> Iterator[IssueRow]:
    """Yield those of `rows` that are issues, of any visibility."""
    return (row for row in rows if isinstance(row, IssueRow))
