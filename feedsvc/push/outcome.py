"""What became of one announcement, and what a hub's answer means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from werkzeug.http import parse_date

from feedsvc.content.text import told

_LATER: Final = (408, 425, 429)
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


def judged(answer: Answer, now: datetime) -> Outcome:
    """What a final answer means; WebSub section 7 leaves the statuses to the hub, so any 2xx is a yes."""
    if 200 <= answer.status < 300:  # noqa: PLR2004 - RFC 9110 section 15.3
        return Outcome(verdict=Verdict.DONE)
    refused = 300 <= answer.status < 500 and answer.status not in _LATER  # noqa: PLR2004 - RFC 9110 sections 15.4, 15.5
    wait = _seconds(answer.retry_after, now)
    what = f"it answered {answer.status} {told(answer.reason)[:100]}".rstrip() + _until(now, wait)
    return Outcome(verdict=Verdict.REFUSED if refused else Verdict.LATER, what=what, retry_after=wait)


def _until(now: datetime, wait: float) -> str:
    return f"; it asks for patience until {(now + timedelta(seconds=wait)).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if wait else ""


def _seconds(retry_after: str, now: datetime) -> float:
    """A Retry-After field as seconds from now (RFC 9110 section 10.2.3), at most a day."""
    retry_after = retry_after.strip()
    if retry_after.isascii() and retry_after.isdigit():
        wait = float(retry_after[:9])
    else:
        moment = parse_date(retry_after)
        wait = (moment - now).total_seconds() if moment else 0.0
    return min(max(wait, 0.0), _LONGEST_WAIT)
