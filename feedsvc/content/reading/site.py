"""Site parser: site.yaml -> Site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from feedsvc.content.media import MediaFolder
from feedsvc.content.reading.license import build_crawlers, build_license, build_robots
from feedsvc.content.reading.menus import build_menu
from feedsvc.content.reading.settings_document import SITE_FILE, MediaResolver, parse_settings_file
from feedsvc.content.schema.dates import parse_day
from feedsvc.content.schema.field_types import base_url_fault, is_host
from feedsvc.content.schema.models import SiteKeys
from feedsvc.content.schema.validation import validate_document
from feedsvc.content.yaml import YamlDocument, YamlValue
from feedsvc.errors import Problem
from feedsvc.model import FeedOptions, HomeOptions, Site
from feedsvc.page_model import Footer, ShowOptions

# If site.yaml has an error, with these values no article is in the language of the site, and no picture is refused.
_NEUTRAL_VALUES: Final[Mapping[str, YamlValue]] = {"language": "und", "keep_metadata": True}
_PLACEHOLDERS: Final[Mapping[str, YamlValue]] = {"title": "-", "base_url": "https://site.invalid", **_NEUTRAL_VALUES}


def parse_site(data: bytes, media: MediaFolder, base_url: str = "") -> tuple[Site, tuple[Problem, ...]]:
    """Parse site.yaml. Return the site and the sorted problems. Never raises for its faults.

    If a problem is an error, the site has what is valid, and is only good for checking other files: its `id_domain` may be "".
    `base_url`, unless it is "", replaces that of the file, also as the source of the domain of ids if `id_domain` is missing. An
    invalid one of the file is then only a warning.
    """
    document = parse_settings_file(SITE_FILE, data)
    if base_url and isinstance(document.value, dict):
        document.problems += _base_url_warnings(document, document.value.get("base_url"))
        document.value["base_url"] = base_url
    keys = validate_document(document, SiteKeys, _PLACEHOLDERS) or SiteKeys.model_validate(_PLACEHOLDERS)
    site = _build_site(document, keys, media)
    return site, document.limited_problems()


def _base_url_warnings(document: YamlDocument, base_url: YamlValue) -> Iterator[Problem]:
    """Yield a warning if the `base_url` of the file is a text, but not a valid address."""
    if isinstance(base_url, str) and (message := base_url_fault(base_url)):
        yield document.problem(("base_url",), f"base_url: {message}", rule="invalid-base-url")


def _build_site(document: YamlDocument, keys: SiteKeys, media: MediaFolder) -> Site:
    """Return the site, with valid values only, and add problems to the document."""
    resolver = MediaResolver(document, keys.base_url, media, keys.keep_metadata)
    domain = keys.id_domain or _id_domain(document, keys)
    try:
        since = parse_day(keys.since)
    except ValueError as error:
        document.problems.append(document.problem(("since",), f"since: {error}"))
        since = parse_day("2000-01-01")
    crawlers = build_crawlers(document, keys.crawlers)
    logo, icon = resolver.resolve(("logo",), keys.logo), resolver.resolve(("icon",), keys.icon)
    return Site(
        title=keys.title,
        description=keys.description,
        base_url=keys.base_url,
        id_domain=domain,
        since=since,
        language=keys.language,
        timezone=keys.timezone,
        logo=logo,
        icon=icon,
        accent=_accent(document, keys),
        copyright=keys.copyright,
        feed=FeedOptions(**dict(keys.feed)),
        hubs=tuple(dict.fromkeys(keys.hubs)),
        license=build_license(document, keys.license),
        crawlers=crawlers,
        robots=build_robots(document, keys.robots, crawlers),
        navigation=build_menu(document, ("navigation",), keys.navigation),
        footer=Footer(text=keys.footer.text, links=build_menu(document, ("footer", "links"), keys.footer.links)),
        home=HomeOptions(lead=keys.home.lead or "", sections=tuple(dict.fromkeys(keys.home.sections))),
        show=ShowOptions(**dict(keys.show)),
        profiles=tuple(dict.fromkeys(keys.profiles)),
        keep_metadata=keys.keep_metadata,
        media=tuple(resolver.media_paths),
    )


def _accent(document: YamlDocument, keys: SiteKeys) -> str:
    """Return the accent color, "" without one. Add a warning if the key has no value: "#" without quotes begins a comment."""
    if isinstance(document.value, dict) and document.value.get("accent", "") is None:
        message, hint = "accent: has no value; '#' begins a comment in YAML", 'put the color in quotes, like "#0b6fa4"'
        document.problems.append(document.problem(("accent",), message, hint, at_key=True, rule="comment-in-text"))
    return keys.accent or ""


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
        document.problems.append(
            Problem(path=SITE_FILE, message=message, hint="write id_domain: followed by a domain name of yours")
        )
        return host
    message = "no id_domain; if the site moves to another host, articles without id: get new ids"
    document.problems.append(Problem(path=SITE_FILE, message=message, hint=f"write id_domain: {host}", rule="no-id-domain"))
    return host
