"""Site parser: site.yaml -> Site, with the checks between its keys that the schema cannot express."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

from feedsvc.content.media import MediaFolder
from feedsvc.content.reading.context import ReadContext, References
from feedsvc.content.reading.files import SITE_FILE, parse_settings_file
from feedsvc.content.schema.dates import parse_day
from feedsvc.content.schema.field_types import TOKENS_BY_KIND, base_url_fault, is_host
from feedsvc.content.schema.models import CrawlersKeys, LicenseKeys, MenuEntryKeys, PaymentKeys, RobotsKeys, SiteKeys
from feedsvc.content.schema.validation import validate_document
from feedsvc.content.yaml import KeyPath, YamlDocument, YamlValue
from feedsvc.errors import Problem
from feedsvc.license_model import Crawlers, License, LicenseScope, Payment, RobotsGroup
from feedsvc.model import FeedOptions, HomeOptions, Site
from feedsvc.page_model import Footer, MenuEntry, ShowOptions

# If site.yaml has an error, with these values no article is in the language of the site, and no picture is refused.
_NEUTRAL_VALUES: Final[Mapping[str, YamlValue]] = {"language": "und", "keep_metadata": True}
_PLACEHOLDERS: Final[Mapping[str, YamlValue]] = {"title": "-", "base_url": "https://site.invalid", **_NEUTRAL_VALUES}
_FIRST_DAY: Final = parse_day("2000-01-01")
_PRICE_KEYS: Final = ("amount", "currency", "standard", "custom")


def parse_site(data: bytes, media: MediaFolder, base_url: str = "") -> tuple[Site, tuple[Problem, ...]]:
    """Parse site.yaml. Return the site and the sorted problems. Never raises for its faults.

    If a problem is an error, the site has what is valid, and is only good for checking other files: its `id_domain` may be "".
    `base_url`, unless it is "", replaces that of the file, also as the source of the domain of ids if `id_domain` is missing. An
    invalid one of the file is then only a warning.
    """
    document = parse_settings_file(SITE_FILE, data)
    if base_url and isinstance(document.value, dict):
        own_url = document.value.get("base_url")
        if isinstance(own_url, str) and (message := base_url_fault(own_url)):
            document.problems.append(document.problem(("base_url",), f"base_url: {message}", rule="invalid-base-url"))
        document.value["base_url"] = base_url
    keys = validate_document(document, SiteKeys, _PLACEHOLDERS) or SiteKeys.model_validate(_PLACEHOLDERS)
    site = _build_site(document, keys, media)
    return site, document.limited_problems()


def _build_site(document: YamlDocument, keys: SiteKeys, media: MediaFolder) -> Site:
    """Return the site, with valid values only, and add problems to the document."""
    domain = keys.id_domain or _id_domain(document, keys)
    site = Site(
        title=keys.title,
        description=keys.description,
        base_url=keys.base_url,
        id_domain=domain,
        since=_FIRST_DAY,
        language=keys.language,
        timezone=keys.timezone,
        accent=keys.accent or "",
        copyright=keys.copyright,
        feed=FeedOptions(**dict(keys.feed)),
        hubs=tuple(dict.fromkeys(keys.hubs)),
        home=HomeOptions(lead=keys.home.lead or "", sections=tuple(dict.fromkeys(keys.home.sections))),
        show=ShowOptions(**dict(keys.show)),
        profiles=tuple(dict.fromkeys(keys.profiles)),
        keep_metadata=keys.keep_metadata,
    )
    context = ReadContext(document, References(site=site, media=media))
    if isinstance(document.value, dict) and document.value.get("accent", "") is None:
        message, hint = "accent: has no value; '#' begins a comment in YAML", 'put the color in quotes, like "#0b6fa4"'
        context.add(("accent",), message, hint, at_key=True, rule="comment-in-text")
    crawlers = _crawlers(context, keys.crawlers)
    return replace(
        site,
        since=context.attempt(("since",), lambda: parse_day(keys.since)) or _FIRST_DAY,
        logo=context.picture_url(("logo",), keys.logo),
        icon=context.picture_url(("icon",), keys.icon),
        license=_license(context, keys.license) if keys.license else None,
        crawlers=crawlers,
        robots=_robots(context, keys.robots, crawlers),
        navigation=_menu(context, ("navigation",), keys.navigation),
        footer=Footer(text=keys.footer.text, links=_menu(context, ("footer", "links"), keys.footer.links)),
        media=tuple(context.media),
    )


def _id_domain(document: YamlDocument, keys: SiteKeys) -> str:
    """Return the host of `keys.base_url`, for ids without `id_domain`, and add a warning that the key is missing.

    Instead of the warning, add an error if the host can be in no id. If either key is invalid, add nothing and return "".
    """
    host = urlsplit(keys.base_url).hostname or ""
    has_faulty_domain = isinstance(document.value, dict) and document.value.get("id_domain") is not None
    if keys.base_url == _PLACEHOLDERS["base_url"] or has_faulty_domain:
        return ""
    if not is_host(host):
        message = f"id_domain: is missing, and base_url's host '{host}' can stand in no id"
        hint = "write id_domain: followed by a domain name of yours"
        document.problems.append(Problem(path=SITE_FILE, message=message, hint=hint))
        return host
    message = "no id_domain; if the site moves to another host, articles without id: get new ids"
    document.problems.append(Problem(path=SITE_FILE, message=message, hint=f"write id_domain: {host}", rule="no-id-domain"))
    return host


def _menu(context: ReadContext, at: KeyPath, keys: Sequence[MenuEntryKeys] | None) -> tuple[MenuEntry, ...] | None:
    """Return the entries of a menu, None if `keys` is None, because it is not given; () is an empty menu.

    An http, https, mailto or tel address without a title adds a problem to the context. `at` is the key path of the menu.
    """
    if keys is None:
        return None
    for index, entry in enumerate(keys):
        if ":" in entry.to and not entry.title:
            hint = f"write {{to: {entry.to}, title: What the link says}}"
            context.add_error((*at, index), "a link to another site needs a title", hint)
    return tuple(MenuEntry(target=entry.to, title=entry.title) for entry in keys)


def _license(context: ReadContext, keys: LicenseKeys) -> License:
    """Return the license. Adds problems to the context; if it adds any, do not use the license.

    A problem is a license that says nothing, a token that is permitted and prohibited, and a payment with wrong keys for its
    type.
    """
    if not (keys.permits or keys.prohibits or keys.payment):
        message = "permits nothing, prohibits nothing and has no payment"
        context.add_error(("license",), message, "write what may be done, like permits: [search]")
    _report_names_in_both(context, "license", ("permits", keys.permits), ("prohibits", keys.prohibits))
    return License(
        url=keys.url or "",
        permits=_scope(keys.permits),
        prohibits=_scope(keys.prohibits),
        payment=_payment(context, keys.payment) if keys.payment else None,
        server=keys.server or "",
    )


def _scope(tokens: Sequence[str]) -> LicenseScope:
    """Return the tokens (RSL 1.0 section 3.4.1) by kind, each once. The vocabularies of the kinds have no token in common."""
    usage, user, geo = (tuple(token for token in dict.fromkeys(tokens) if token in kind) for kind in TOKENS_BY_KIND)
    return LicenseScope(usage=usage, user=user, geo=geo)


def _payment(context: ReadContext, keys: PaymentKeys) -> Payment:
    at: KeyPath = ("license", "payment")
    if keys.type == "free":
        for key in (key for key in _PRICE_KEYS if getattr(keys, key) is not None):
            context.add_error((*at, key), "stands beside type: free", "delete it, or write another type", at_key=True)
    elif keys.amount is not None and keys.currency is None:
        context.add_error((*at, "amount"), "has no currency", "write currency: EUR beside it")
    elif keys.currency is not None and keys.amount is None:
        context.add_error((*at, "currency"), "has no amount", "write amount: beside it, or delete it")
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


def _crawlers(context: ReadContext, keys: CrawlersKeys) -> Crawlers:
    """Return the crawlers, each name once. Adds a problem to the context for each name in both lists."""
    _report_names_in_both(context, "crawlers", ("allow", keys.allow), ("disallow", keys.disallow))
    return Crawlers(allow=_distinct_names(keys.allow), disallow=_distinct_names(keys.disallow))


def _robots(context: ReadContext, keys: Sequence[RobotsKeys], crawlers: Crawlers) -> tuple[RobotsGroup, ...]:
    """Return the groups of robots.txt in the key `robots`. Adds problems to the context.

    A problem is a group without names of crawlers or without rules, and a crawler with rules in `crawlers` or an earlier group.
    """
    owners = {name.casefold(): "crawlers" for name in (*crawlers.allow, *crawlers.disallow)}
    for index, group in enumerate(keys):
        if not group.agents:
            context.add_error(("robots", index, "agents"), "names no crawler", 'write agents: "*" for all')
        if not (group.allow or group.disallow):
            context.add_error(("robots", index), "a group without rules", "write disallow: or allow: and paths like /drafts/")
        for position, name in enumerate(group.agents):
            owner = owners.setdefault(name.casefold(), f"robots, group {index + 1}")
            if owner != f"robots, group {index + 1}":
                hint = "a crawler obeys one group: write all its rules in one place"
                context.add_error(("robots", index, "agents", position), f"'{name}' has rules already, in {owner}", hint)
    return tuple(
        RobotsGroup(agents=tuple(dict.fromkeys(group.agents)), allow=tuple(group.allow), disallow=tuple(group.disallow))
        for group in keys
    )


def _distinct_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names, each in its first spelling. Letter case makes no difference, as for crawlers (RFC 9309 section 2.2.1)."""
    spellings: dict[str, str] = {}
    for name in names:
        spellings.setdefault(name.casefold(), name)
    return tuple(spellings.values())


def _report_names_in_both(
    context: ReadContext, key: str, first: tuple[str, Sequence[str]], second: tuple[str, Sequence[str]]
) -> None:
    """Add a problem to the context for each name of the second list that is in the first one, too, in any letter case.

    `first` and `second` are each the key of a list below the top-level key `key`, and the names in that list.
    """
    (first_key, first_names), (second_key, second_names) = first, second
    known_names = {name.casefold() for name in first_names}
    for index, name in enumerate(second_names):
        if name.casefold() in known_names:
            message = f"'{name}' stands in {first_key}, too"
            context.add_error((key, second_key, index), message, "delete it in one of them")
