"""What nginx has to know of a tree beside its files, as a configuration to include: former addresses, the next change."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain
from pathlib import Path
from typing import Final

from feedsvc.catalog.archive import Division
from feedsvc.catalog.catalog import Catalog, Listing
from feedsvc.errors import FeedsvcError
from feedsvc.export.layout import TEMPORARY, TWINS
from feedsvc.feeds import FORMATS
from feedsvc.model import Site
from feedsvc.publication.cache_control import CACHING
from feedsvc.routes import KINDS, ArticleAt, FeedAt, ListingRef, PageAt, path_of
from feedsvc.uris import absolute, mount, rooted

# Seconds before the next scheduled change from which on caches have to be told of it: a day and five minutes (the longest
# window for stale answers), fifteen minutes (the shorter one), five (freshness), ten seconds (freshness of what is missing).
STEPS: Final = (86_701, 901, 301, 11)

# So many words of Cache-Control hold for the least seconds that are left; with the first alone goes a date.
_WORDS: Final[Mapping[int, int]] = {901: 3, 301: 2, 11: 1, 0: 1}
_DEFAULT: Final = "default"
_WHOLES: Final = (len("2026"), len("2026-01"))
# The first is for who has an older nginx-static.conf, which does without it.
_GIVEN: Final = 'geo $feedsvc_link_as_spelled { default ""; }\ngeo $feedsvc_dollar { default "$"; }\n'
_TOGETHER: Final = 5
_ROOM: Final = 24  # bytes that nginx needs beside a key
_ENDS: Final = "|".join(end[1:] for end in TWINS.values())
_HEAD: Final = """\
# What nginx has to know of this tree beside its files; for the http context, beside nginx-static.conf.
# Written by `feedsvc build --nginx`, and anew whenever something in it changed. nginx reads it when it is reloaded.
"""


def configuration(catalog: Catalog) -> str:
    """The file's text; the same for the same catalog."""
    site = catalog.site
    pages = dict(_moved(catalog, lambda one: one.pages, _WHOLES))
    feeds = dict(_moved(catalog, lambda one: one.months if one.archived else None, _WHOLES[-1:]))
    pages |= _articles(catalog)
    below, links = re.escape(mount(site.base_url)), dict(_links(catalog))
    parts = (
        _sizes(chain(pages, feeds), links),  # nginx takes them before its first map only
        _constants(catalog),
        _map("$request_uri", "$feedsvc_link", [*links.items(), (_DEFAULT, "$feedsvc_link_as_spelled")]),
        _map("$uri", "$feedsvc_path", [(f"~^{below}(?<feedsvc_below>/.*)$", "$feedsvc_below")]),
        _map("$uri", "$feedsvc_name", _names(below)),
        _map("$uri", "$feedsvc_twin", [(f"~^{below}/(?!media/).*\\.(?<feedsvc_end>{_ENDS})$", "$feedsvc_end")]),
        *_windows(catalog.next_change),
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
    site = catalog.site
    constants = {
        "$feedsvc_host": _origin(site.base_url),
        "$feedsvc_mount": mount(site.base_url),
        "$feedsvc_hubs": _hubs(site),
        "$feedsvc_styled": "styled" if site.feed.browser_view else "",
        "$feedsvc_expires": _expires(catalog.next_change),
    }
    varying = "Accept-Encoding, Sec-Fetch-Dest" if site.feed.browser_view else "Accept-Encoding"
    told = "".join(_constant(name, value) for name, value in constants.items())
    return _GIVEN + told + _fixed("$feedsvc_vary_of_styled", varying)


def _fixed(name: str, value: str) -> str:
    """As `_constant`, and had sooner, of a value without a dollar sign: for what goes with every feed."""
    return f"geo {name} {{ ranges; default {_quoted(value)}; }}\n"


def _constant(name: str, value: str) -> str:
    return f'map "" {name} {{ default {_quoted(_plain(value))}; }}\n'


def _hubs(site: Site) -> str:
    return "".join(f', <{hub}>; rel="hub"' for hub in site.hubs)


def _links(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """What is asked for most, so that it is looked up: the address of a current feed that is offered, and its Link.

    Of those that nginx takes for the same, since they differ in case alone, it has to make Link itself.
    """
    base, hubs = catalog.site.base_url, _hubs(catalog.site)
    paths = [path_of(FeedAt(one.ref, suffix)) for one in catalog.offered for suffix in FORMATS]
    alike = Counter(rooted(base, path).lower() for path in paths)
    for path in paths:
        key = rooted(base, path)
        if alike[key.lower()] == 1:
            yield key, _plain(f'<{absolute(base, path)}>; rel="self"{hubs}')


def _origin(base_url: str) -> str:
    return re.sub(r"^(https?://[^/]*).*$", r"\1", base_url)


def _expires(change: datetime | None) -> str:
    """A second before the change, as the live server's windows end."""
    return format_datetime(change.replace(microsecond=0).astimezone(UTC) - timedelta(seconds=1), usegmt=True) if change else ""


def _windows(change: datetime | None) -> Iterator[str]:
    """How long caches may keep what, whatever is asked for most in one look at the clock."""
    words, until = CACHING.split(", "), _expires(change)
    yield _clock("$feedsvc_left", change, "", str)
    yield _clock("$feedsvc_public", change, CACHING, lambda left: ", ".join(words[: _WORDS[left]]))
    yield _clock("$feedsvc_change", change, "", lambda left: until if _WORDS[left] == 1 else "")


def _clock(name: str, change: datetime | None, default: str, told: Callable[[int], str]) -> str:
    """What is `told` of the seconds that are left until the change, the default for more than caches are told of."""
    if not change:
        return _fixed(name, default)
    return _map("$msec", name, [*((pattern, told(int(left))) for pattern, left in _left(change)), (_DEFAULT, default)])


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


def _moved(catalog: Catalog, divided: Callable[[Listing], Division | None], wholes: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Former folders of listings and their periods, and where what lay in them lies now.

    `wholes` are the lengths of names of periods that may have been divided further.
    """
    former: dict[ListingRef, list[ListingRef]] = {}
    for kind in KINDS:
        for alias, now in ((alias, now) for (name, alias), now in catalog.moved.items() if name == kind):
            former.setdefault(ListingRef(kind, now), []).append(ListingRef(kind, alias))
    for ref, listing in catalog.listings.items():
        division = divided(listing)
        periods = tuple(division or ())
        before = sorted({period[:size] for period in periods for size in wholes if len(period) > size})
        parted = [(one, division.heir(one)) for one in before] if division else []
        # Of a listing's own address, nginx sees which years there are.
        months = [(f"{year}-{month:02}", year) for year in periods if len(year) == len("2026") for month in range(1, 13)]
        for name in (ref, *former.get(ref, ())):
            whole = (*((period, period) for period in ("", *periods)), *months) if name != ref else ()
            for was, now in chain(whole, parted):
                yield _folder(path_of(PageAt(name, was))), _folder(path_of(PageAt(ref, now)))


def _folder(path: str) -> str:
    return path.rstrip("/")


def _rows(folders: Mapping[str, str], base_url: str) -> Iterator[tuple[str, str]]:
    """nginx takes plain keys for the same whatever their case, so that those that differ in it alone have to be patterns."""
    alike = Counter(map(str.lower, folders))
    for former, now in folders.items():
        key = former if alike[former.lower()] == 1 else f"~^{re.escape(former)}$"
        yield key, _plain(rooted(base_url, now))


def _sizes(*tables: Iterable[str]) -> str:
    """Room for the tables of all maps: for several of the longest keys together, or nginx finds no table that will do."""
    named = [len(key.encode()) for key in chain(*tables)]
    bucket = -(-_TOGETHER * (max(named, default=0) + _ROOM) // 64) * 64
    return f"map_hash_bucket_size {bucket};\nmap_hash_max_size {max(2048, 1 << (2 * len(named)).bit_length())};\n"


def _map(source: str, name: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"    {key if key is _DEFAULT else _quoted(key)} {_quoted(value)};\n" for key, value in rows)
    return f"map {source} {name} {{\n{lines}}}\n"


def _plain(text: str) -> str:
    """A dollar sign would begin a variable's name; one that geo has told is none."""
    return text.replace("$", "${feedsvc_dollar}")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
