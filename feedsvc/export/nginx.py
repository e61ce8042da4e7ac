"""What nginx has to know of a tree beside its files, as a configuration to include: former addresses, the next change."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain
from pathlib import Path
from typing import Final

from feedsvc.catalog import Catalog, Listing
from feedsvc.errors import FeedsvcError
from feedsvc.export.names import TEMPORARY, TWINS
from feedsvc.urls import KINDS, ArticleAt, ListingRef, PageAt, mount, path_of, rooted

# Seconds before the next scheduled change from which on caches have to be told of it: a day and five minutes (the longest
# window for stale answers), fifteen minutes (the shorter one), five (freshness), ten seconds (freshness of what is missing).
STEPS: Final = (86_701, 901, 301, 11)

_ENDS: Final = "|".join(end[1:] for end in TWINS.values())
_HEAD: Final = """\
# What nginx has to know of this tree beside its files; for the http context, beside nginx-static.conf.
# Written by `feedsvc build --nginx`, and anew whenever something in it changed. nginx reads it when it is reloaded.
"""


def configuration(catalog: Catalog) -> str:
    """The file's text; the same for the same catalog."""
    site = catalog.site
    pages, feeds = dict(_moved(catalog, lambda one: one.pages)), dict(_moved(catalog, lambda one: one.archive))
    pages |= _articles(catalog)
    below = re.escape(mount(site.base_url))
    parts = (
        _sizes(chain(pages, feeds)),  # nginx takes them before its first map only
        _constants(catalog),
        _map("$uri", "$feedsvc_path", [(f"~^{below}(?<feedsvc_below>/.*)$", "$feedsvc_below")]),
        _map("$uri", "$feedsvc_name", _names(below)),
        _map("$uri", "$feedsvc_twin", [(f"~^{below}/(?!media/).*\\.(?<feedsvc_end>{_ENDS})$", "$feedsvc_end")]),
        _map("$msec", "$feedsvc_left", _left(catalog.next_change)),
        _map("$feedsvc_folder", "$feedsvc_moved_page", _rows(pages, site.base_url)),
        _map("$feedsvc_folder", "$feedsvc_moved_feed", _rows(feeds, site.base_url)),
    )
    return "\n".join((_HEAD, *parts))


def write(file: Path, catalog: Catalog) -> None:
    """The file, whole or not at all, and untouched where it says all this. Raises FeedsvcError where it cannot be written."""
    data = configuration(catalog).encode()
    try:
        if file.is_file() and file.read_bytes() == data:
            return
        new = file.with_name(f"{TEMPORARY}{os.getpid()}")
        new.write_bytes(data)
        os.replace(new, file)
    except OSError as error:
        raise FeedsvcError(
            f"{file} cannot be written ({error.strerror}); see to its folder, or name another with --nginx"
        ) from None


def _names(below: str) -> Iterator[tuple[str, str]]:
    """What a file is a twin of, and itself where it is none; in media/ there are no twins."""
    yield f"~^{below}(?<feedsvc_own>/media/.*)$", "$feedsvc_own"
    yield f"~^{below}(?<feedsvc_bare>/.*?)(?:\\.(?:{_ENDS}))?$", "$feedsvc_bare"


def _constants(catalog: Catalog) -> str:
    """As geo has them: in a map, a dollar sign would begin a variable's name."""
    site = catalog.site
    constants = {
        "$feedsvc_dollar": "$",
        "$feedsvc_host": _origin(site.base_url),
        "$feedsvc_mount": mount(site.base_url),
        "$feedsvc_hubs": "".join(f', <{hub}>; rel="hub"' for hub in site.hubs),
        "$feedsvc_styled": "styled" if site.feed.browser_view else "",
        "$feedsvc_expires": _expires(catalog.next_change),
    }
    return "".join(f"geo {name} {{ default {_quoted(value)}; }}\n" for name, value in constants.items())


def _origin(base_url: str) -> str:
    return re.sub(r"^(https?://[^/]*).*$", r"\1", base_url)


def _expires(change: datetime | None) -> str:
    """A second before the change, as the live server's windows end."""
    return format_datetime(change.replace(microsecond=0).astimezone(UTC) - timedelta(seconds=1), usegmt=True) if change else ""


def _left(change: datetime | None) -> Iterator[tuple[str, str]]:
    """The largest of STEPS that are left until the change, 0 for fewer; "" for more than all of them."""
    if change:
        moment = int(change.timestamp())
        for seconds, less in zip(reversed(STEPS), (0, *reversed(STEPS)), strict=False):
            yield f"~^(?:{_not_before(moment - seconds)})", str(less)


def _not_before(second: int) -> str:
    """A pattern of the seconds from this one on, in as many digits: nginx compares no numbers."""
    digits = str(second)
    later = (
        f"{digits[:place]}[{int(digit) + 1}-9][0-9]{{{len(digits) - place - 1}}}"
        for place, digit in enumerate(digits)
        if digit != "9"
    )
    return "|".join((digits, *later))


def _articles(catalog: Catalog) -> dict[str, str]:
    aliases = ((alias, slug) for (kind, alias), slug in catalog.moved.items() if kind == "article")
    return {_folder(path_of(ArticleAt(alias))): _folder(path_of(ArticleAt(slug))) for alias, slug in aliases}


def _moved(catalog: Catalog, periods_of: Callable[[Listing], Mapping[str, object]]) -> Iterator[tuple[str, str]]:
    """Former folders of listings and their periods, and where what lay in them lies now."""
    former: dict[ListingRef, list[ListingRef]] = {}
    for kind in KINDS:
        for alias, now in ((alias, now) for (name, alias), now in catalog.moved.items() if name == kind):
            former.setdefault(ListingRef(kind, now), []).append(ListingRef(kind, alias))
    for ref, listing in catalog.listings.items():
        periods = periods_of(listing)
        months = {period[:7] for period in periods if len(period) > len("2026-01")}
        for name in (ref, *former.get(ref, ())):
            whole = ((period, period) for period in ("", *periods) if name != ref)
            by_day = ((month, listing.day_of(month)) for month in sorted(months))
            for was, now in chain(whole, by_day):
                yield _folder(path_of(PageAt(name, was))), _folder(path_of(PageAt(ref, now)))


def _folder(path: str) -> str:
    return path.rstrip("/")


def _rows(folders: Mapping[str, str], base_url: str) -> Iterator[tuple[str, str]]:
    """nginx takes plain keys for the same whatever their case, so that those that differ in it alone have to be patterns."""
    alike = Counter(map(str.lower, folders))
    for former, now in folders.items():
        key = former if alike[former.lower()] == 1 else f"~^{re.escape(former)}$"
        yield key, rooted(base_url, now).replace("$", "${feedsvc_dollar}")


def _sizes(keys: Iterable[str]) -> str:
    """Room for the tables of both maps."""
    named = [len(key.encode()) for key in keys]
    bucket = -(-(max(named, default=0) + 64) // 64) * 64
    return f"map_hash_bucket_size {bucket};\nmap_hash_max_size {max(2048, 1 << (2 * len(named)).bit_length())};\n"


def _map(source: str, name: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"    {_quoted(key)} {_quoted(value)};\n" for key, value in rows)
    return f"map {source} {name} {{\n{lines}}}\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
