"""Include file for nginx, with what no file of a tree contains, such as former addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from feedsvc.catalog import Catalog, Visibility, issues_of
from feedsvc.errors import FeedsvcError
from feedsvc.export.host_headers import license_value
from feedsvc.export.layout import COMPRESSED_SUFFIXES, TEMPORARY_PREFIX
from feedsvc.export.nginx_periods import (
    PERIOD_LENGTHS,
    archive_day_rows,
    day_rows,
    feed_archive_index,
    listing_aliases,
    page_index,
    period_redirects,
)
from feedsvc.export.nginx_rules import RuleMaps, escape_dollar, unique_rows
from feedsvc.free_places import StaticPageAt
from feedsvc.model import Site
from feedsvc.publication import root_content_types
from feedsvc.redirects import without_slash
from feedsvc.routes import ArticleAt, IssueAt, PageAt, Place, path_of
from feedsvc.support.atomic_write import write_atomically
from feedsvc.uris import mount_path, root_relative

_DEFAULT: Final = "default"
# Variable -> its value for feeds without a view for browsers, and for feeds with one.
_BROWSER_VIEW_VALUES: Final[Mapping[str, tuple[str, str]]] = {
    "$feedsvc_styled": ("", "styled"),
    "$feedsvc_vary_of_styled": ("Accept-Encoding", "Accept-Encoding, Sec-Fetch-Dest"),
}
_KEYS_PER_BUCKET: Final = 5
_KEY_OVERHEAD: Final = 24  # bytes that nginx needs in addition to a key
_COMPRESSED_ENDINGS: Final = "|".join(end[1:] for end in COMPRESSED_SUFFIXES.values())
_FILE_HEADER: Final = """\
# What nginx has to know of this tree beside its files; for the http context, beside nginx-static.conf.
# Written by `feedsvc build --nginx`, and anew whenever something in it changed. nginx reads it when it is reloaded.
"""


def configuration(catalog: Catalog) -> str:
    """Return the text of nginx's include file for the tree of a catalog. It is the same for the same catalog."""
    site = catalog.site
    pages = dict(period_redirects(catalog, page_index, PERIOD_LENGTHS)) | _slug_redirects(catalog)
    pages |= dict(_issue_redirects(catalog))
    feeds = dict(period_redirects(catalog, feed_archive_index, PERIOD_LENGTHS[-1:]))
    page_rows = [*_redirect_rows(pages, site.base_url), *day_rows(catalog, page_index), *archive_day_rows(catalog)]
    feed_rows = [*_redirect_rows(feeds, site.base_url), *day_rows(catalog, feed_archive_index)]
    rule_maps = RuleMaps(catalog, _DEFAULT, _map)
    mount_pattern = re.escape(mount_path(site.base_url))
    root_types = root_content_types(catalog)
    parts = (
        _map_hash_sizes([*pages, *feeds, *rule_maps.keys, *root_types]),  # nginx accepts no later ones
        _constants(catalog),
        _map("$feedsvc_name", "$feedsvc_root_type", unique_rows(root_types.items())),
        _map("$uri", "$feedsvc_path", [(f"~^{mount_pattern}(?<feedsvc_below>/.*)$", "$feedsvc_below")]),
        _map("$uri", "$feedsvc_name", _name_rows(mount_pattern)),
        _map("$uri", "$feedsvc_twin", _twin_rows(mount_pattern)),
        _map("$feedsvc_folder", "$feedsvc_moved_page", page_rows),
        _map("$feedsvc_folder", "$feedsvc_moved_feed", feed_rows),
        rule_maps.text(),
    )
    return "\n".join((_FILE_HEADER, *parts))


def write_configuration(file: Path, catalog: Catalog) -> None:
    """Write the include file atomically, only if its text changed; nginx is not reloaded.

    Raises FeedsvcError if `file` cannot be read or written.
    """
    data = configuration(catalog).encode()
    try:
        if file.is_file() and file.read_bytes() == data:
            return
        write_atomically(file, data, prefix=TEMPORARY_PREFIX)
    except OSError as error:
        raise FeedsvcError(
            f"{file} cannot be written ({error.strerror}); check its folder, or name another file with --nginx"
        ) from None


def _name_rows(mount_pattern: str) -> Iterator[tuple[str, str]]:
    """Yield rows (pattern, value) that map the path of a compressed variant to its document's path, any other path to itself.

    The keys are paths with the path of base_url, the values are without it. In media/, every path is mapped to itself.
    """
    yield f"~^{mount_pattern}(?<feedsvc_own>/media/.*)$", "$feedsvc_own"
    yield f"~^{mount_pattern}(?<feedsvc_bare>/.*?)(?:\\.(?:{_COMPRESSED_ENDINGS}))?$", "$feedsvc_bare"


def _twin_rows(mount_pattern: str) -> Iterator[tuple[str, str]]:
    """Yield a row (pattern, value) that maps the path of a compressed variant outside of media/ to its ending, such as "gz"."""
    yield f"~^{mount_pattern}/(?!media/).*\\.(?<feedsvc_end>{_COMPRESSED_ENDINGS})$", "$feedsvc_end"


def _constants(catalog: Catalog) -> str:
    """Return the definitions of the variables that are the same for all requests, and those of `_browser_view_variables`."""
    site = catalog.site
    constants = {
        "$feedsvc_host": _origin(site.base_url),
        "$feedsvc_mount": mount_path(site.base_url),
        "$feedsvc_hubs": _hub_links(site),
        "$feedsvc_license": license_value(site),
    }
    maps = "".join(_map_constant(name, value) for name, value in constants.items())
    return 'geo $feedsvc_dollar { default "$"; }\n' + maps + "".join(_browser_view_variables(catalog))


def _browser_view_variables(catalog: Catalog) -> Iterator[str]:
    """Yield the definitions of variables that depend on whether a feed has a view for browsers.

    They are constants if `browser_view` of all listings is that of the site. nginx-static.conf rewrites some requests to a path
    that begins with a name such as /-browser. Older versions of that file use $1 as the whole path after nginx has evaluated
    these definitions. So each of their patterns captures the whole path.
    """
    site = catalog.site
    listings = [listing for listing in catalog.listings.values() if listing.feed.browser_view != site.feed.browser_view]
    homes = [re.escape(mount_path(site.base_url) + path_of(PageAt(listing.ref))) for listing in listings]
    for name, values in _BROWSER_VIEW_VALUES.items():
        if homes:
            rows = [
                (f"~^((?:/-[a-z]+)?{home}(?:archive/[0-9-]+/)?feed\\..*)$", values[not site.feed.browser_view]) for home in homes
            ]
            yield _map("$uri", name, [*rows, (_DEFAULT, values[site.feed.browser_view])])
        else:
            yield _geo_constant(name, values[site.feed.browser_view])


def _geo_constant(name: str, value: str) -> str:
    """Return a `geo` block that defines the variable `name`, such as "$feedsvc_styled" (with "$"), as a constant.

    Use it for variables that nginx evaluates at each request for a feed, because a `geo` is faster than a `map`.
    `value` may have any characters: quotation marks and backslashes are escaped here, and a dollar sign is only a
    character, because nginx expands no variables in a `geo` block.
    """
    return f"geo {name} {{ ranges; default {_quote(value)}; }}\n"


def _map_constant(name: str, value: str) -> str:
    return f'map "" {name} {{ default {_quote(escape_dollar(value))}; }}\n'


def _hub_links(site: Site) -> str:
    return "".join(f', <{hub}>; rel="hub"' for hub in site.hubs)


def _origin(base_url: str) -> str:
    return re.sub(r"^(https?://[^/]*).*$", r"\1", base_url)


def _slug_redirects(catalog: Catalog) -> dict[str, str]:
    """Return former path -> current path of renamed articles and static pages, both without a slash at the end."""
    names: list[tuple[Place, Place]] = [
        (ArticleAt(alias), ArticleAt(slug)) for (kind, alias), slug in catalog.redirects.items() if kind == "article"
    ]
    names += [(StaticPageAt(name), StaticPageAt(page.slug)) for name, page in catalog.pages.items() if name != page.slug]
    return {without_slash(path_of(former)): without_slash(path_of(place)) for former, place in names}


def _issue_redirects(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield (former folder, current folder) of the issues of renamed periodicals, except hidden issues."""
    aliases = listing_aliases(catalog)
    for ref in catalog.periodicals:
        for former_ref in aliases.get(ref, ()):
            for issue in issues_of(catalog.listings[ref].rows):
                if issue.visibility is not Visibility.HIDDEN:
                    yield without_slash(path_of(IssueAt(former_ref, issue.date))), without_slash(path_of(issue.place))


def _redirect_rows(folders: Mapping[str, str], base_url: str) -> Iterable[tuple[str, str]]:
    """Return map rows (former folder, root-relative reference to the current folder, with escaped dollar signs)."""
    return unique_rows((folder, escape_dollar(root_relative(base_url, target))) for folder, target in folders.items())


def _map_hash_sizes(keys: Sequence[str]) -> str:
    """Return directives with hash sizes for maps with these keys in total. A bucket holds at least 5 of the longest keys."""
    key_lengths = [len(key.encode()) for key in keys]
    bucket_size = -(-_KEYS_PER_BUCKET * (max(key_lengths, default=0) + _KEY_OVERHEAD) // 64) * 64
    return f"map_hash_bucket_size {bucket_size};\nmap_hash_max_size {max(2048, 1 << (2 * len(key_lengths)).bit_length())};\n"


def _map(source: str, name: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"    {key if key is _DEFAULT else _quote(key)} {_quote(value)};\n" for key, value in rows)
    return f"map {source} {name} {{\n{lines}}}\n"


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
