"""License, crawlers and groups of robots.txt in site.yaml: checks between their keys, which the schema cannot express."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from feedsvc.content.schema.field_types import TOKENS_BY_KIND
from feedsvc.content.schema.models import CrawlersKeys, LicenseKeys, PaymentKeys, RobotsKeys
from feedsvc.content.yaml import KeyPath, YamlDocument
from feedsvc.license_model import Crawlers, License, LicenseScope, Payment, RobotsGroup

_PRICE_KEYS: Final = ("amount", "currency", "standard", "custom")


def build_license(document: YamlDocument, keys: LicenseKeys | None) -> License | None:
    """Return the license; None if `keys` is None. Adds problems to the document; if it adds any, do not use the license.

    A problem is a license that says nothing, a token that is permitted and prohibited, and a payment with wrong keys for its
    type.
    """
    if keys is None:
        return None
    if not (keys.permits or keys.prohibits or keys.payment):
        message = "license: permits nothing, prohibits nothing and has no payment"
        document.problems.append(document.problem(("license",), message, "write what may be done, like permits: [search]"))
    _report_names_in_both(document, "license", ("permits", keys.permits), ("prohibits", keys.prohibits))
    return License(
        url=keys.url or "",
        permits=_build_scope(keys.permits),
        prohibits=_build_scope(keys.prohibits),
        payment=_build_payment(document, keys.payment) if keys.payment else None,
        server=keys.server or "",
    )


def _build_scope(tokens: list[str]) -> LicenseScope:
    """Return the tokens (RSL 1.0 section 3.4.1) by kind, each once. The vocabularies of the kinds have no token in common."""
    usage, user, geo = (tuple(token for token in dict.fromkeys(tokens) if token in kind) for kind in TOKENS_BY_KIND)
    return LicenseScope(usage=usage, user=user, geo=geo)


def _build_payment(document: YamlDocument, keys: PaymentKeys) -> Payment:
    at: KeyPath = ("license", "payment")
    if keys.type == "free":
        for key in (key for key in _PRICE_KEYS if getattr(keys, key) is not None):
            message = f"license.payment.{key}: stands beside type: free"
            document.problems.append(document.problem((*at, key), message, "delete it, or write another type", at_key=True))
    elif keys.amount is not None and keys.currency is None:
        message = "license.payment.amount: has no currency"
        document.problems.append(document.problem((*at, "amount"), message, "write currency: EUR beside it"))
    elif keys.currency is not None and keys.amount is None:
        message = "license.payment.currency: has no amount"
        document.problems.append(document.problem((*at, "currency"), message, "write amount: beside it, or delete it"))
    return Payment(
        type=keys.type,
        amount=_decimal(keys.amount) if keys.amount is not None else "",
        currency=keys.currency or "",
        standard=keys.standard or "",
        custom=keys.custom or "",
    )


def _decimal(number: float) -> str:
    """Return a number in decimal notation without an exponent: "5" for 5.0."""
    return format(Decimal(repr(number)).normalize(), "f")


def build_crawlers(document: YamlDocument, keys: CrawlersKeys) -> Crawlers:
    """Return the crawlers, each name once. Adds a problem to the document for each name in both lists."""
    _report_names_in_both(document, "crawlers", ("allow", keys.allow), ("disallow", keys.disallow))
    return Crawlers(allow=_distinct_names(keys.allow), disallow=_distinct_names(keys.disallow))


def build_robots(document: YamlDocument, keys: Sequence[RobotsKeys], crawlers: Crawlers) -> tuple[RobotsGroup, ...]:
    """Return the groups of robots.txt in the key `robots`. Adds problems to the document.

    A problem is a group without names of crawlers or without rules, and a crawler with rules in `crawlers` or an earlier group.
    """
    owners = {name.casefold(): "crawlers" for name in (*crawlers.allow, *crawlers.disallow)}
    for index, group in enumerate(keys):
        if not group.agents:
            message = "robots.agents: names no crawler"
            document.problems.append(document.problem(("robots", index, "agents"), message, 'write agents: "*" for all'))
        if not (group.allow or group.disallow):
            message = "robots: a group without rules"
            hint = "write disallow: or allow: and paths like /drafts/"
            document.problems.append(document.problem(("robots", index), message, hint))
        for position, name in enumerate(group.agents):
            owner = owners.setdefault(name.casefold(), f"robots, group {index + 1}")
            if owner != f"robots, group {index + 1}":
                message = f"robots.agents: '{name}' has rules already, in {owner}"
                hint = "a crawler obeys one group: write all its rules in one place"
                document.problems.append(document.problem(("robots", index, "agents", position), message, hint))
    return tuple(
        RobotsGroup(agents=tuple(dict.fromkeys(group.agents)), allow=tuple(group.allow), disallow=tuple(group.disallow))
        for group in keys
    )


def _distinct_names(names: list[str]) -> tuple[str, ...]:
    """Return the names, each in its first spelling. Letter case makes no difference, as for crawlers (RFC 9309 section 2.2.1)."""
    spellings: dict[str, str] = {}
    for name in names:
        spellings.setdefault(name.casefold(), name)
    return tuple(spellings.values())


def _report_names_in_both(document: YamlDocument, key: str, first: tuple[str, list[str]], second: tuple[str, list[str]]) -> None:
    """Add a problem to the document for each name of the second list that is in the first one, too, in any letter case.

    `first` and `second` are each the key of a list below the top-level key `key`, and the names in that list.
    """
    (first_key, first_names), (second_key, second_names) = first, second
    known_names = {name.casefold() for name in first_names}
    for index, name in enumerate(second_names):
        if name.casefold() in known_names:
            message = f"{key}.{second_key}: '{name}' stands in {first_key}, too"
            document.problems.append(document.problem((key, second_key, index), message, "delete it in one of them"))
