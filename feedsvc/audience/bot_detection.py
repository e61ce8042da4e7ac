"""Bot detection: a table of header patterns of requests that do not come from a person who reads a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class BotSignature:
    """Pattern in a request header that identifies a kind of sender. `header` is the header's name in lower case."""

    header: str
    pattern: re.Pattern[str]
    sender_kind: str


def _signature(sender_kind: str, header: str, patterns: str) -> BotSignature:
    """Return a signature that matches if one of `patterns` does, in any letter case.

    `patterns` are regular expressions separated by white space.
    """
    return BotSignature(header=header, pattern=re.compile("|".join(patterns.split()), re.IGNORECASE), sender_kind=sender_kind)


_USER_AGENT: Final = "user-agent"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_PREFETCH_PATTERNS: Final = r"\bprefetch\b \bprerender\b \bpreview\b"

BOT_SIGNATURES: Final = (
    _signature("prefetch", "sec-purpose", _PREFETCH_PATTERNS),
    _signature("prefetch", "purpose", _PREFETCH_PATTERNS),
    _signature("prefetch", "x-purpose", _PREFETCH_PATTERNS),
    _signature("prefetch", "x-moz", _PREFETCH_PATTERNS),
    # A browser that does not send Sec-Fetch-Site is trusted; "same-site" is another host.
    _signature("another site", "sec-fetch-site", r"^(?!same-origin$)."),
    # No browser has a URL or mail address in its User-Agent; every well-behaved robot does.
    _signature("robot", _USER_AGENT, r"https?:// www\. \w@\w"),
    # Cubot is a brand of phones; Internet Explorer and Konqueror send "compatible", too.
    _signature(
        "robot",
        _USER_AGENT,
        r"(?<!cu)bots?\b (?<!cu)bot[/_-] crawl spider slurp scrap archiver compatible;(?!\s*(?:msie|konqueror))",
    ),
    _signature("robot", _USER_AGENT, r"mediapartners-google google-\w googleother chatgpt-user meta-external"),
    _signature("robot", _USER_AGENT, r"nutch bubing barkrowler dataforseo"),
    _signature("preview", _USER_AGENT, r"preview facebookexternalhit embedly iframely vkshare cardyb flipboardproxy"),
    # A person may read in the app of a feed reader. Its fetcher sends the number of its readers.
    _signature("feed reader", _USER_AGENT, r"\bsubscribers?\b feed-id= feed(?:burner|fetcher|parser|validator)"),
    _signature(
        "automaton",
        _USER_AGENT,
        r"headless phantomjs puppeteer playwright selenium cypress lighthouse page.?speed gtmetrix ptst/",
    ),
    _signature("automaton", _USER_AGENT, r"pingdom statuscake site24x7 monitor uptime validator synthetics? catchpoint checkly"),
    _signature("automaton", _USER_AGENT, r"prerender rendertron datadog newrelic ghost.?inspector"),
    # Every browser sends Mozilla or Opera first; hardly any program that fetches pages does.
    _signature("program", _USER_AGENT, r"^(?!mozilla/|opera/). powershell jsdom"),
)


def classify_non_reader(headers: Mapping[str, str]) -> str:
    """Return "" for a request that may come from a person who reads the page, else the kind of its sender.

    The kinds are those of BOT_SIGNATURES, such as "robot", "prefetch" or "another site" (Sec-Fetch-Site), and "nameless" for a
    request with no or an empty User-Agent. The names in `headers` are in lower case.
    """
    if not headers.get(_USER_AGENT, "").strip():
        return "nameless"
    for signature in BOT_SIGNATURES:
        if signature.pattern.search(headers.get(signature.header, "").strip()):
            return signature.sender_kind
    return ""


def is_cross_origin(headers: Mapping[str, str], base_url: str) -> bool:
    """Return whether the header Origin is neither the origin of `base_url` nor that of the header Host. False without Origin.

    The names in `headers` are in lower case. The Origin "null" is another origin. Browsers send Origin even without Referer.
    """
    origin = headers.get("origin", "").strip().lower()
    return bool(origin) and origin not in {
        _origin(base_url),
        *(f"{scheme}://{headers.get('host', '')}".lower() for scheme in _DEFAULT_PORTS),
    }


def _origin(base_url: str) -> str:
    """Return the origin of a URL (RFC 6454 section 6.2): scheme, host, and the port unless it is the scheme's default."""
    parts = urlsplit(base_url.lower())
    has_default_port = parts.scheme in _DEFAULT_PORTS and parts.port in (None, _DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{parts.netloc.rpartition(':')[0] if has_default_port and parts.port else parts.netloc}"
