"""What became of one announcement, and what a hub's answer means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from werkzeug.http import parse_date

from feedsvc.content.text import told

_LATER: Final = (408, 425, 429)
_LONGEST_DATE: Final = 100  # characters
_LONGEST_WAIT: Final = 86_400.0  # seconds of Retry-After that are believed


class Verdict(Enum):
    DONE = "done"
    REFUSED = "refused"
    LATER = "later"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """`what` completes a sentence about the hub; `retry_after` are the seconds it asks for, 0 if it does not."""

    verdict: Verdict
    what: str = ""
    retry_after: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    status: int
    reason: str
    location: str
    retry_after: str

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110 section 15.3


def shown(text: str, most: int) -> str:
    """Return a hub's own words fit for a log and a terminal: printable, in one line, at most `most` characters."""
    line = told(text[: 2 * most]).strip()[:most]
    return "".join(char if char.isprintable() else "?" for char in line)


def judged(answer: Answer, now: datetime) -> Outcome:
    """What a final answer means; WebSub section 7 leaves the statuses to the hub, so any 2xx is a yes.

    A redirect is a failure: whoever names a hub has not named the place that the hub names.
    """
    if answer.is_success:
        return Outcome(verdict=Verdict.DONE)
    refused = 300 <= answer.status < 500 and answer.status not in _LATER  # noqa: PLR2004 - RFC 9110 sections 15.4, 15.5
    wait = _seconds(answer.retry_after, now)
    what = f"it answered {answer.status} {shown(answer.reason, 100)}".rstrip() + _elsewhere(answer) + _until(now, wait)
    return Outcome(verdict=Verdict.REFUSED if refused else Verdict.LATER, what=what, retry_after=wait)


def _elsewhere(answer: Answer) -> str:
    if not answer.location or answer.status // 100 != 3:  # noqa: PLR2004 - RFC 9110 section 15.4
        return ""
    hint = "redirects of a hub are not followed; if it has moved, write its new address in site.yaml"
    return f" to '{shown(answer.location, 200)}': {hint}"


def _until(now: datetime, wait: float) -> str:
    return f"; it asks for patience until {(now + timedelta(seconds=wait)).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if wait else ""


def _seconds(retry_after: str, now: datetime) -> float:
    """A Retry-After field as seconds from now (RFC 9110 section 10.2.3), at most a day."""
    field = retry_after[:_LONGEST_DATE].strip()
    wait = float(field[:9]) if field.isascii() and field.isdigit() else _seconds_until(field, now)
    return min(max(wait, 0.0), _LONGEST_WAIT)


def _seconds_until(date: str, now: datetime) -> float:
    try:
        moment = parse_date(date)
    except OverflowError:  # a year or an offset beyond all calendars
        return 0.0
    return (moment - now).total_seconds() if moment else 0.0
