"""Is this a person who reads? A table of signs that it is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class Sign:
    """What a pattern found in a header (its name in lower case) makes of the sender."""

    header: str
    pattern: re.Pattern[str]
    who: str


def _sign(who: str, header: str, patterns: str) -> Sign:
    """Any of several patterns, with white space between them."""
    return Sign(header=header, pattern=re.compile("|".join(patterns.split()), re.IGNORECASE), who=who)


_AGENT: Final = "user-agent"
_SCHEMES: Final = {"http": 80, "https": 443}
_EARLY: Final = r"\bprefetch\b \bprerender\b \bpreview\b"

SIGNS: Final = (
    _sign("prefetch", "sec-purpose", _EARLY),
    _sign("prefetch", "purpose", _EARLY),
    _sign("prefetch", "x-purpose", _EARLY),
    _sign("prefetch", "x-moz", _EARLY),
    # A browser that does not say where a request comes from is believed; "same-site" is another host.
    _sign("another site", "sec-fetch-site", r"^(?!same-origin$)."),
    # No browser writes an address into its name; every well-behaved robot does.
    _sign("robot", _AGENT, r"https?:// www\. \w@\w"),
    # Cubot makes telephones; Internet Explorer and Konqueror are compatible too.
    _sign(
        "robot", _AGENT, r"(?<!cu)bots?\b (?<!cu)bot[/_-] crawl spider slurp scrap archiver compatible;(?!\s*(?:msie|konqueror))"
    ),
    _sign("robot", _AGENT, r"mediapartners-google google-\w googleother chatgpt-user meta-external"),
    _sign("robot", _AGENT, r"nutch bubing barkrowler dataforseo"),
    _sign("preview", _AGENT, r"preview facebookexternalhit embedly iframely vkshare cardyb flipboardproxy"),
    # A person may read in the app of a feed reader; its fetcher counts its readers.
    _sign("feed reader", _AGENT, r"\bsubscribers?\b feed-id= feed(?:burner|fetcher|parser|validator)"),
    _sign("automaton", _AGENT, r"headless phantomjs puppeteer playwright selenium cypress lighthouse page.?speed gtmetrix ptst/"),
    _sign("automaton", _AGENT, r"pingdom statuscake site24x7 monitor uptime validator synthetics? catchpoint checkly"),
    _sign("automaton", _AGENT, r"prerender rendertron datadog newrelic ghost.?inspector"),
    # Every browser calls itself Mozilla or Opera; hardly any program that fetches pages does.
    _sign("program", _AGENT, r"^(?!mozilla/|opera/). powershell jsdom"),
)


def stranger(headers: Mapping[str, str]) -> str:
    """What the sender is where it is no person reading this page, "" for a person. Headers by lower-case name."""
    if not headers.get(_AGENT, "").strip():
        return "nameless"
    return next((sign.who for sign in SIGNS if sign.pattern.search(headers.get(sign.header, "").strip())), "")


def from_elsewhere(headers: Mapping[str, str], base_url: str) -> bool:
    """Whether another site's page sends this: a browser names the page's origin even where it says nothing else of it."""
    said = headers.get("origin", "").strip().lower()
    return bool(said) and said not in {
        _origin(base_url),
        *(f"{scheme}://{headers.get('host', '')}".lower() for scheme in _SCHEMES),
    }


def _origin(base_url: str) -> str:
    """RFC 6454 section 6.2: scheme, host and a port that is not the scheme's own."""
    split = urlsplit(base_url.lower())
    own = split.scheme in _SCHEMES and split.port in (None, _SCHEMES[split.scheme])
    return f"{split.scheme}://{split.netloc.rpartition(':')[0] if own and split.port else split.netloc}"
