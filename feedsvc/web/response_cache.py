"""What was answered in this second: whoever asks the same of the same edition is told the same again.

Every moment that an answer depends on is a whole second (model.py), so that within one nothing but the edition changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from feedsvc.live.live import Live
from feedsvc.publication.publication import Publication
from feedsvc.web.repeated import Repeated
from feedsvc.web.request_stats import Labels

_MOST: Final = 256  # different requests; each holds on to what a client sent
_LENGTH: Final = timedelta(seconds=1)

_Asked = tuple[str | None, ...]


class Told(NamedTuple):
    """An answer as it leaves; `line` is its status with its phrase."""

    line: str
    headers: Repeated
    body: Sequence[bytes]
    labels: Labels
    status: int


class Second:
    """The second of a moment, for as long as it has but one edition. Safe in threads."""

    def __init__(self, live: Live, now: datetime) -> None:
        live.current(now)
        self._live, self._edition = live, live.edition
        self._begin = now.replace(microsecond=0)
        self._end = self._begin + _LENGTH
        self._told: dict[_Asked, Told] = {}

    @property
    def publication(self) -> Publication:
        return self._edition.publication

    def holds(self, now: datetime) -> bool:
        return self._edition is self._live.edition and self._begin <= now < self._end

    def again(self, environ: Mapping[str, str], now: datetime) -> Told | None:
        """What was told to this request before; None if nothing was, or if this second is over."""
        # What `holds` says, at the price of every request.
        if self._edition is self._live.edition and self._begin <= now < self._end:
            return self._told.get(_asked(environ))
        return None

    def keep(self, environ: Mapping[str, str], told: Told) -> None:
        if len(self._told) < _MOST:
            self._told[_asked(environ)] = told


def _asked(environ: Mapping[str, str]) -> _Asked:
    """All of a request that an answer for a document depends on."""
    said = environ.get
    return (
        said("PATH_INFO"),
        said("REQUEST_METHOD"),
        said("HTTP_ACCEPT_ENCODING"),
        said("HTTP_IF_NONE_MATCH"),
        said("HTTP_IF_MODIFIED_SINCE"),
        said("HTTP_SEC_FETCH_DEST"),
    )
