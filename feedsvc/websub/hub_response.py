"""Hub responses, and the outcome of a delivery that follows from each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from werkzeug.http import parse_date

from feedsvc.content import sanitize_message

_RETRYABLE_STATUSES: Final = (408, 425, 429)
_MAX_DATE_LENGTH: Final = 100  # characters
_MAX_RETRY_AFTER: Final = 86_400.0  # seconds; a longer Retry-After is reduced to this


class DeliveryResult(Enum):
    """Result of a delivery: DELIVERED if the hub accepted it, REJECTED if it refused this feed, DEFERRED if the hub failed.

    A rejection, also a redirect, postpones only this feed, for about an hour or more. A deferral postpones all feeds of the hub,
    for about a second or more (delivery.py).
    """

    DELIVERED = "done"
    REJECTED = "refused"
    DEFERRED = "later"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryOutcome:
    """Outcome of a delivery. `reason` is a clause in which "it" is the hub, such as "it cannot be reached"; "" after a success.

    `retry_after` is the hub's Retry-After after a failure, in seconds; 0 if there is none.
    """

    result: DeliveryResult
    reason: str = ""
    retry_after: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class HubResponse:
    """Status line and two header fields of a hub's final response; `location` and `retry_after` are "" if missing."""

    status: int
    reason: str
    location: str
    retry_after: str

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110 section 15.3


def sanitize_text(text: str, max_length: int) -> str:
    """Return a hub's text for a log or terminal: its beginning as one printable line of at most `max_length` characters."""
    line = sanitize_message(text[: 2 * max_length]).strip()[:max_length]
    return "".join(char if char.isprintable() else "?" for char in line)


def classify_response(response: HubResponse, now: datetime) -> DeliveryOutcome:
    """Return the outcome that follows from a final response, with its Retry-After as seconds from `now`.

    Any 2xx is DELIVERED, because WebSub section 7 defines no statuses. 3xx and 4xx, except 408, 425 and 429, are REJECTED (tried
    again after about an hour or more): redirects, too, because the operator has not named their target. All other statuses, such
    as 503, are DEFERRED (tried again after about a second or more). Retry-After counts up to a day.
    """
    if response.is_success:
        return DeliveryOutcome(result=DeliveryResult.DELIVERED)
    is_rejected = 300 <= response.status < 500 and response.status not in _RETRYABLE_STATUSES  # noqa: PLR2004 - RFC 9110 sections 15.4, 15.5
    wait = _parse_retry_after(response.retry_after, now)
    reason = (
        f"it responded with {response.status} {sanitize_text(response.reason, 100)}".rstrip()
        + _redirect_hint(response)
        + _retry_after_hint(now, wait)
    )
    return DeliveryOutcome(
        result=DeliveryResult.REJECTED if is_rejected else DeliveryResult.DEFERRED, reason=reason, retry_after=wait
    )


def _redirect_hint(response: HubResponse) -> str:
    if not response.location or response.status // 100 != 3:  # noqa: PLR2004 - RFC 9110 section 15.4
        return ""
    hint = "redirects of a hub are not followed; if it has moved, write its new address in site.yaml"
    return f" to '{sanitize_text(response.location, 200)}': {hint}"


def _retry_after_hint(now: datetime, wait: float) -> str:
    return (
        f"; it asks to be tried again after {(now + timedelta(seconds=wait)).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        if wait
        else ""
    )


def _parse_retry_after(retry_after: str, now: datetime) -> float:
    """Return a Retry-After field (RFC 9110 section 10.2.3) as seconds from `now`, at most a day; 0 if "", invalid or past."""
    field = retry_after[:_MAX_DATE_LENGTH].strip()
    wait = float(field[:9]) if field.isascii() and field.isdigit() else _seconds_until(field, now)
    return min(max(wait, 0.0), _MAX_RETRY_AFTER)


def _seconds_until(date: str, now: datetime) -> float:
    try:
        moment = parse_date(date)
    except OverflowError:  # year or offset out of range
        return 0.0
    return (moment - now).total_seconds() if moment else 0.0
