"""Client for hubs: one POST for each changed feed, and the outcome that follows from the response.

A hub is a third party: redirects are not followed, and one deadline covers the whole exchange. A 2xx response is a success only
if it is complete (RFC 9112 section 8) or its body is longer than 64 KiB. Proxy variables are ignored; an operator behind a proxy
has to name a hub that is reachable directly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final
from urllib.parse import urlencode

from werkzeug.http import parse_date

from feedsvc.support.http import HostAccess, HttpClient, HttpError, HttpLimits, HttpResponse, printable

_MAX_RESPONSE_SIZE: Final = 64 * 1024  # bytes of the body
_FIELDS: Final = {"Accept-Encoding": "identity", "Content-Type": "application/x-www-form-urlencoded"}
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


class HubClient(HttpClient):
    """HTTP client that notifies hubs. They may have internal addresses, because only who can change site.yaml names them."""

    def __init__(self, timeout: float = 10.0) -> None:
        """Create a client. An exchange, from the host look-up to the end of the response, takes at most `timeout` seconds."""
        limits = HttpLimits(max_bytes=_MAX_RESPONSE_SIZE, timeout=timeout, total=timeout)
        super().__init__(HostAccess(internal_hosts=None), limits)

    def publish(self, hub: str, topic: str, now: datetime) -> DeliveryOutcome:
        """Notify a hub that a topic (the address of a feed) changed, and return the outcome (WebSub section 7).

        A failure is an outcome, too, also an invalid address of the hub: no error of network or HTTP is raised. The request is
        sent a second time, at once, only if the hub had closed the idle connection that was used first. `now` is the time from
        which a date in Retry-After is counted.
        """
        body = urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()
        try:
            with self.request(hub, _FIELDS, body) as response:
                if _is_success(response):
                    response.skip_body()  # the body of a failure cannot turn it into a success
                return _classify(response, now)
        except HttpError as error:
            return DeliveryOutcome(result=DeliveryResult.DEFERRED, reason=error.reason)


def _is_success(response: HttpResponse) -> bool:
    return 200 <= response.status < 300  # noqa: PLR2004 - RFC 9110 section 15.3


def _classify(response: HttpResponse, now: datetime) -> DeliveryOutcome:
    """Return the outcome that follows from a final response, with its Retry-After as seconds from `now`.

    Any 2xx is DELIVERED, because WebSub section 7 defines no statuses. 3xx and 4xx, except 408, 425 and 429, are REJECTED (tried
    again after about an hour or more): redirects, too, because the operator has not named their target. All other statuses, such
    as 503, are DEFERRED (tried again after about a second or more). Retry-After counts up to a day.
    """
    if _is_success(response):
        return DeliveryOutcome(result=DeliveryResult.DELIVERED)
    is_rejected = 300 <= response.status < 500 and response.status not in _RETRYABLE_STATUSES  # noqa: PLR2004 - RFC 9110 sections 15.4, 15.5
    wait = _parse_retry_after(response.header("Retry-After"), now)
    reason = f"it responded with {response.status} {printable(response.reason, 100)}".rstrip() + _redirect_hint(response)
    if wait:
        reason += f"; it asks to be tried again after {(now + timedelta(seconds=wait)).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return DeliveryOutcome(
        result=DeliveryResult.REJECTED if is_rejected else DeliveryResult.DEFERRED, reason=reason, retry_after=wait
    )


def _redirect_hint(response: HttpResponse) -> str:
    location = response.header("Location")
    if not location or response.status // 100 != 3:  # noqa: PLR2004 - RFC 9110 section 15.4
        return ""
    hint = "redirects of a hub are not followed; if it has moved, write its new address in site.yaml"
    return f" to '{printable(location)}': {hint}"


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
