"""What somebody is at work at: left for later, so that nothing shows half written, or before what was done earlier."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from feedsvc.content.file_signature import Stamp, is_younger, stamp_at
from feedsvc.content.reading import settings

LOOK: Final = "."  # stands for the whole look
SETTINGS: Final = (settings.SITE, settings.CATEGORIES, settings.AUTHORS)
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_PATIENCE: Final = timedelta(seconds=1)
_LOOKS: Final = 10  # on a busy machine there are few in a second, and pauses that none of them saw
_LONGEST: Final = timedelta(seconds=3)  # however few there were


class Unrest:
    """Follows a content folder from look to look."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._losses, self._waiting = _Losses(), _Waiting()
        self._stamps: dict[str, Stamp | None] = {}  # of the settings, as the last look found them
        self._moving = _Waiting()

    def left_alone(
        self, missing: Iterable[str], young: Callable[[datetime], frozenset[str]], now: datetime, quiet: timedelta
    ) -> frozenset[str]:
        """What to leave for the next time: files that changed within `quiet`, and the whole LOOK while there are any.

        `missing` is what the look that began `now` did not find, `young` tells what has changed since a moment. A file that
        has just vanished is left, too: who saves by way of another name takes it away for an instant, and who renames it
        brings it back elsewhere. What may have been done after it went waits with it.
        """
        self._stamps = {name: stamp_at(self._root / name) for name in SETTINGS}
        self._losses.note((*missing, *(name for name, stamp in self._stamps.items() if stamp is None)), now)
        moment = self._losses.certain(now - quiet)
        found = self._losses.since(moment) | young(moment)
        found |= {name for name, stamp in self._stamps.items() if is_younger(stamp, moment)}
        return self._waiting.among({*found, LOOK} if found else (), now)

    def is_moving(self, now: datetime, *, were_read: bool) -> bool:
        """Whether settings were saved since they were looked at: read, they would show before what was saved earlier."""
        saved = (name for name, stamp in self._stamps.items() if stamp_at(self._root / name) != stamp)
        return bool(self._moving.among(saved if were_read else (), now))


class _Losses:
    """What is not there any more. When it went nothing tells, but that it was there at one look and not at the next."""

    def __init__(self) -> None:
        self._missed: dict[str, tuple[datetime, datetime]] = {}
        self._before = _LONG_AGO

    def note(self, missing: Iterable[str], now: datetime) -> None:
        """To be told at each look, which began `now`, all that somebody misses still."""
        self._missed = {path: self._missed.get(path, (self._before, now)) for path in missing}
        self._before = now

    def certain(self, moment: datetime) -> datetime:
        """The latest moment up to this one of which it is known what was there."""
        for there, away in sorted({*self._missed.values()}, reverse=True):
            if away > moment:
                moment = min(moment, there)
        return moment

    def since(self, moment: datetime) -> frozenset[str]:
        """What may have gone later."""
        return frozenset([path for path, (_, away) in self._missed.items() if away > moment])


class _Waiting:
    """What is left alone while somebody writes it, but not for ever: who writes without a pause is read as he is."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[datetime, int]] = {}  # and how many looks found it so

    def among(self, young: Iterable[str], now: datetime) -> frozenset[str]:
        """Those to leave for the next time."""
        known = {path: self._since.get(path, (now, 0)) for path in young}
        self._since = {path: (since, looks + 1) for path, (since, looks) in known.items()}
        return frozenset(path for path, (since, looks) in known.items() if _is_early(abs(now - since), looks))


def _is_early(waited: timedelta, looks: int) -> bool:
    return waited < _PATIENCE or (looks < _LOOKS and waited < _LONGEST)
