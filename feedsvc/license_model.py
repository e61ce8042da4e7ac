"""Frozen data classes: the license of a site, in the terms of RSL 1.0, and its rules for crawlers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """Payment of a license (RSL 1.0 section 3.7). `amount` is a decimal number, `currency` an ISO 4217 code; both or neither.

    `standard` and `custom` are the addresses of a standard license and of the site's own terms of payment. "" means not given.
    """

    type: str
    amount: str = ""
    currency: str = ""
    standard: str = ""
    custom: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LicenseScope:
    """Usages, users and countries that a license permits or prohibits, as tokens of RSL 1.0 section 3.4.1; () if not given."""

    usage: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    geo: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class License:
    """License of everything on the site, in the terms of RSL 1.0 (https://rslstandard.org/rsl).

    `payment` is None if site.yaml has none: what `permits` has is free then. `url` is the address of the terms for people,
    `server` the address of a license server; each is "" if not given.
    """

    url: str = ""
    permits: LicenseScope = field(default_factory=LicenseScope)
    prohibits: LicenseScope = field(default_factory=LicenseScope)
    payment: Payment | None = None
    server: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RobotsGroup:
    """Group of robots.txt (RFC 9309 section 2.2): paths that the crawlers in `agents` may (`allow`) or must not read."""

    agents: tuple[str, ...]
    allow: tuple[str, ...] = ()
    disallow: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Crawlers:
    """Names of crawlers (RFC 9309 section 2.2.1) that robots.txt allows to read everything (`allow`) or nothing (`disallow`).

    The name "*" stands for all crawlers that robots.txt does not name.
    """

    allow: tuple[str, ...] = ()
    disallow: tuple[str, ...] = ()
