"""Is this a person who reads? A table of signs that it is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


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
    # Cubot makes telephones.
    _sign("robot", _AGENT, r"(?<!cu)bots?\b (?<!cu)bot[/_-] crawl spider slurp scrap archiver"),
    _sign("robot", _AGENT, r"mediapartners-google google-\w googleother chatgpt-user meta-external"),
    _sign("preview", _AGENT, r"preview facebookexternalhit ^whatsapp/ ^viber/ embedly iframely vkshare cardyb flipboardproxy"),
    _sign("preview", _AGENT, r"mastodon/ pleroma akkoma misskey lemmy/"),
    _sign(
        "feed reader",
        _AGENT,
        r"feed(?:ly|bin|er\b|burner|demon|fetcher|parser|press|validator|wrangler) \brss\b rss(?:owl|reader)",
    ),
    _sign(
        "feed reader",
        _AGENT,
        r"newsblur inoreader freshrss miniflux netnewswire theoldreader newsboat liferea akregator simplepie",
    ),
    _sign(
        "program", _AGENT, r"^curl/ wget python aiohttp httpx go-http-client okhttp ^java/ libwww ^http\.rb/ apache-httpclient"
    ),
    _sign("program", _AGENT, r"axios node-fetch undici ^node\b deno/ postman guzzle ^ruby ^php"),
    _sign("automaton", _AGENT, r"headless phantomjs puppeteer playwright selenium lighthouse page.?speed gtmetrix ptst/ jsdom"),
    _sign("automaton", _AGENT, r"pingdom statuscake site24x7 monitor uptime validator"),
)


def stranger(headers: Mapping[str, str]) -> str:
    """What the sender is where it is no person reading this page, "" for a person. Headers by lower-case name."""
    if not headers.get(_AGENT, "").strip():
        return "nameless"
    return next((sign.who for sign in SIGNS if sign.pattern.search(headers.get(sign.header, "").strip())), "")
