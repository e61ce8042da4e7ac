"""Addresses at which a post of WordPress could be read: its permalink, and others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from feedsvc.importing.addresses import host_of, split_address
from feedsvc.importing.dates import parse_date
from feedsvc.importing.wordpress.items import ItemFields

_PLAIN_QUERY: Final = re.compile(r"(?:\A|&)(?:p|page_id|attachment_id)=[0-9]+(?:&|\Z)")
_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")


def public_address(item: ItemFields) -> str:
    """Return the permalink of an item; "" if its status is not `publish` and it has only an address by number (`?p=12`).

    The address by number of a published post counts, because a site may have no others.
    """
    link = item.text("link")
    return "" if item.text("wp:status") != "publish" and is_plain_address(link) else link


def is_plain_address(address: str) -> bool:
    """Return whether an address has the number of a post in its query, as /?p=12."""
    return bool(_PLAIN_QUERY.search(split_address(address).query))


def other_addresses(item: ItemFields, site_address: str) -> tuple[str, ...]:
    """Return the further addresses of an item: by number (`/?p=12`), of former slugs and dates, and the guid if it is an address.

    They are absolute ones at the host of `site_address`, with or without "www.", or root-relative paths with their query.
    The permalink itself is not among them.
    """
    number, base = item.number("wp:post_id"), split_address(site_address).path.rstrip("/")
    names = ("p", "page_id") if item.text("wp:post_type") == "page" else ("p",)
    numbered = [f"{base}/?{name}={number}" for name in names if number]
    # A guid by number is the same path as one of these, perhaps with another scheme.
    others = (address for address in (*_former(item), item.text("guid")) if _path(address) not in numbered)
    own = (address for address in others if address.startswith("/") or _host(address) == _host(site_address) != "")
    return tuple(address for address in dict.fromkeys((*numbered, *own)) if address != item.text("link"))


def _path(address: str) -> str:
    parts = split_address(address)
    return f"{parts.path or '/'}?{parts.query}"


def _host(address: str) -> str:
    return host_of(address).removeprefix("www.")


def _former(item: ItemFields) -> Iterator[str]:
    """Yield the permalink with each former date; then it and each address with a former date, with each former slug."""
    link, slug = item.text("link"), item.text("wp:post_name")
    old_slugs = [value.strip() for key, value in item.meta if key == "_wp_old_slug" and value.strip()]
    old_dates = [value.strip() for key, value in item.meta if key == "_wp_old_date"]
    local = parse_date(item.text("wp:post_date"))
    links = [link]
    if local:
        links += [dated for date in old_dates if (dated := _with_date(link, local, date)) != link]
    yield from links[1:]
    for address in links:
        yield from (renamed for old in old_slugs if (renamed := _with_slug(address, slug, old)) != address)


def _with_slug(address: str, slug: str, old_slug: str) -> str:
    """Return an address with `old_slug` in place of `slug`, which is the present slug, as the last segment of the path.

    A slash at the end and a suffix such as .html stay; percent-encoding makes no difference. The address is unchanged
    if its last segment, up to a dot, is not `slug`; a query belongs to the segment.
    """
    head, separator, tail = address.rstrip("/").rpartition("/")
    name, dot, suffix = tail.partition(".")
    if not slug or unquote(name) != unquote(slug):
        return address
    return f"{head}{separator}{old_slug}{dot}{suffix}{'/' if address.endswith('/') else ''}"


def _with_date(address: str, local: datetime, old_date: str) -> str:
    """Return an address with the day or month of `old_date` (YYYY-MM-DD) in place of that of `local`.

    It is unchanged if it has neither that day nor that month, or `old_date` is no date.
    """
    match = _DAY.match(old_date)
    if not match:
        return address
    for present, former in (
        (f"/{local:%Y/%m/%d}/", f"/{match[1]}/{match[2]}/{match[3]}/"),
        (f"/{local:%Y/%m}/", f"/{match[1]}/{match[2]}/"),
    ):
        if present in address:
            return address.replace(present, former, 1)
    return address
