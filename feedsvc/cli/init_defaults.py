"""Defaults of `feedsvc init`: from the folder's name, the locale and the system's time zone."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

from feedsvc import uris
from feedsvc.content.schema.validation import parse_site_value
from feedsvc.editing import RESERVED_DOMAIN
from feedsvc.language import get_language, windows_time_zone
from feedsvc.support.posix import IS_WINDOWS

_LOCALE_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")  # in the order of POSIX
_COMMON_FOLDER_NAMES: Final = ("", "content")  # names that say nothing about the site
_DOMAIN_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ZONE_FOLDER: Final = re.compile(r"^(?:.*/zoneinfo/|:)?(?:posix/|right/)?")
_LOCAL_TIME_FILE: Final = Path("/etc/localtime")


def default_title(folder: Path) -> str:
    """Return a title made from the folder's name, or if that is "content", its parent's; "Newsroom" if that is no valid title."""
    path = Path(os.path.realpath(folder))
    name = path.parent.name if path.name in _COMMON_FOLDER_NAMES else path.name
    words = re.sub(r"[-_\s]+", " ", os.fsencode(name).decode(errors="replace")).strip()
    try:
        return parse_site_value("title", words[:1].upper() + words[1:])
    except ValueError:
        return "Newsroom"


def default_base_url(title: str) -> str:
    """Return an address in the reserved domain .example, such as https://harbour-news.example for Harbour News.

    If the title's slug cannot be a label of a domain, as with letters beyond ASCII or over 63 characters, return
    https://newsroom.example.
    """
    label = uris.slugify(title)
    return f"https://{f'{label}.example' if _DOMAIN_LABEL.fullmatch(label) else RESERVED_DOMAIN}"


def default_language(variables: Mapping[str, str]) -> str:
    """Return the tag of the message catalogue nearest to the locale's language; "en" if there is none.

    The locale is that of the environment `variables`, else the one of Windows.
    """
    locale = next((variables[name] for name in _LOCALE_VARIABLES if variables.get(name)), "") or _windows_locale()
    tag = re.split("[.@]", locale)[0].replace("_", "-")
    return get_language(tag, "UTC").words


def _windows_locale() -> str:
    """Return the locale that the user of Windows has chosen, such as de-DE; "" if it cannot be read, and on other systems."""
    if not IS_WINDOWS:
        return ""
    registry = import_module("winreg")
    try:
        with registry.OpenKey(registry.HKEY_CURRENT_USER, r"Control Panel\International") as key:
            return str(registry.QueryValueEx(key, "LocaleName")[0])
    except OSError:
        return ""


def default_timezone(variables: Mapping[str, str], local_time_file: Path = _LOCAL_TIME_FILE) -> str:
    """Return the time zone that TZ in the environment `variables` names; "UTC" if it is unknown.

    Without TZ, it is that of Windows, or on other systems that of the zone file to which the link `local_time_file` leads.
    """
    zone = variables.get("TZ") or (windows_time_zone() if IS_WINDOWS else os.path.realpath(local_time_file))
    try:
        return parse_site_value("timezone", _ZONE_FOLDER.sub("", zone, count=1))
    except ValueError:
        return "UTC"
