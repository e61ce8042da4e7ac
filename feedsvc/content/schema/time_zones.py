"""Names of time zones in the database of IANA, and hints for misspelled ones."""

from __future__ import annotations

import zoneinfo
from typing import Final

from feedsvc.content.text import did_you_mean

# Minimal similarity, as difflib computes it. The usual 0.6 would suggest "Indian/Mahe" for "India".
_CUTOFF: Final = 0.8


def time_zone_name(text: str) -> str:
    """Return the name of a time zone unchanged. Raises ValueError with a hint for the editor if there is no such zone."""
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no time zone '{text}'; {_hint(text)}") from None
    return text


def _hint(text: str) -> str:
    """Return a hint that names the zone of the city `text`, such as Berlin, else the most similar zone, else examples."""
    zones, city = zoneinfo.available_timezones(), text.strip().casefold().replace(" ", "_")
    of_city = sorted(zone for zone in zones if zone.casefold().rpartition("/")[2] == city)
    hint = f"did you mean '{of_city[0]}'?" if of_city else did_you_mean(text, zones, cutoff=_CUTOFF)
    return hint or "write it like Asia/Kolkata or UTC"
