"""Calendar of a periodical: the moments at which its issues close, in the site's zone, and the issue of each moment.

An issue holds the articles published from the moment at which the issue before it closed until just before it closes itself. Its
name is the date on which it closes, so that another time of the day changes no name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from feedsvc.model import IssueSchedule

_DAY = timedelta(days=1)
_DAYS_OF_WEEK = 7


@dataclass(frozen=True)
class IssueCalendar:
    """Closing moments of the issues of one schedule in a time zone. They are in UTC and whole seconds.

    An issue is named by the day on which it closes; a weekly schedule has issues only on days of its weekday.
    Methods raise OverflowError for days and moments near the ends of the calendar (the years 1 and 9999).
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
