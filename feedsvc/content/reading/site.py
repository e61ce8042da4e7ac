"""Site parser: site.yaml -> Site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from feedsvc.content.media import MediaFolder
from feedsvc.content.reading.license import build_crawlers, build_license
from feedsvc.content.reading.settings_document import SITE_FILE, MediaResolver, parse_settings_file
from feedsvc.content.schema import SiteKeys, is_host, parse_day, validate_document
from feedsvc.content.yaml import YamlDocument, YamlValue
from feedsvc.errors import Problem
from feedsvc.model import FeedOptions, Site

_PLACEHOLDERS: Final[Mapping[str, YamlValue]] = {"title": "-", "base_url": "https://site.invalid"}


def parse_site(data: bytes, media: MediaFolder, base_url: str = "") -> tuple[Site | None, tuple[Problem, ...]]:
    """Parse site.yaml. Return the site, None if a problem is an error, and the problems.

    `base_url`, unless it is "", replaces that of the file.
    """
    document = parse_settings_file(SITE_FILE, data)
    if base_url and isinstance(document.value, dict):
        document.value["base_url"] = base_url
    keys = validate_document(document, SiteKeys, _PLACEHOLDERS)
    site = _build_site(document, keys, media) if keys else None
    is_broken = any(problem.severity == "error" for problem in document.problems)
    return None if is_broken else site, tuple(sorted(document.problems))


def _build_site(document: YamlDocument, keys: SiteKeys, media: MediaFolder) -> Site | None:
    """Return the site; None if `since` is invalid. Adds problems to the document; if one is an error, do not use the site."""
    resolver = MediaResolver(document, keys.base_url, media, keys.keep_metadata)
    domain = keys.id_domain or _id_domain(document, keys)
    try:
        since = parse_day(keys.since)
    except ValueError as error:
        document.problems.append(document.problem(("since",), f"since: {error}"))
        return None
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
        copyright=keys.copyright,
        feed=FeedOptions(**dict(keys.feed)),
        hubs=tuple(dict.fromkeys(keys.hubs)),
        license=build_license(document, keys.license),
        crawlers=build_crawlers(document, keys.crawlers),
        keep_metadata=keys.keep_metadata,
        media=tuple(resolver.media_paths),
    )


def _id_domain(document: YamlDocument, keys: SiteKeys) -> str:
    """Return the host of base_url, as the domain of ids. If id_domain is missing, warn; if the host is unfit, add an error."""
    host = urlsplit(keys.base_url).hostname or ""
    if keys.base_url == _PLACEHOLDERS["base_url"] or document.has_value(("id_domain",)):
        return host
    if not is_host(host):
        message = f"id_domain: is missing, and base_url's host '{host}' can stand in no id"
        document.problems.append(
            Problem(path=SITE_FILE, message=message, hint="write id_domain: followed by a domain name of yours")
        )
        return host
    message = "no id_domain; a move to another host would change the ids of articles that have none written down"
    document.problems.append(Problem(path=SITE_FILE, message=message, hint=f"write id_domain: {host}", severity="warning"))
    return host
