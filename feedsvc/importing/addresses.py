"""Addresses of a source, which may be any text: their parts and hosts, and a key that all spellings of a page's address share.

`urllib.parse` raises ValueError for some texts, such as "http://[x". The functions here never do: such a text has no parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urljoin, urlsplit

from feedsvc.support.http import HostAccess

_NO_ADDRESS: Final = SplitResult("", "", "", "", "")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_POST_PARAMETERS: Final = ("p", "page_id", "attachment_id")  # of WordPress, any one of which names a post


def split_address(address: str) -> SplitResult:
    """Split an address as `urllib.parse.urlsplit` does; an invalid one, also one with an invalid port, gives empty parts."""
    try:
        split = urlsplit(address)
        _ = split.port
    except ValueError:
        return _NO_ADDRESS
    return split


def absolute(base: str, reference: str) -> str:
    """Return a reference, resolved against `base`, as an absolute address; "" if it is empty or invalid, or remains relative.

    The scheme of the result may be any, also mailto or javascript. Line feeds and tabs in the reference are removed, and white
    space at its ends.
    """
    reference = reference.replace("\n", "").replace("\t", "").strip()
    if not reference:
        return ""
    try:
        address = urljoin(base, reference)
    except ValueError:
        return ""
    return address if split_address(address).scheme else ""


def host_of(address: str) -> str:
    """Return the host of an address in lower case, without port; "" if it has none or is invalid."""
    return (split_address(address).hostname or "").lower()


def port_of(address: str) -> int:
    """Return the port of an address; 0 if it names none or the default port of its scheme (http, https), or is invalid."""
    split = split_address(address)
    return 0 if split.port is None or split.port == _DEFAULT_PORTS.get(split.scheme) else split.port


def with_named_host(access: HostAccess, address: str) -> HostAccess:
    """Return `access` with the host of `address`, which an operator wrote, among `internal_hosts`, if it is plainly internal.

    That is any IP address, also a public one, or a name without a dot such as localhost. For another host `access` is returned
    unchanged, because the owner of a name decides where it leads.
    """
    host = host_of(address)
    is_internal = host and ("." not in host or ":" in host or host.replace(".", "").isdigit())
    return replace(access, internal_hosts=(access.internal_hosts or frozenset()) | {host}) if is_internal else access


def own_hosts(addresses: Iterable[str]) -> frozenset[str]:
    """Return the hosts of some addresses in lower case, each with and without "www."; addresses without a host are skipped."""
    hosts = {host.removeprefix("www.") for address in addresses if (host := host_of(address))}
    return frozenset(hosts | {f"www.{host}" for host in hosts})


def page_key(address: str) -> str:
    """Return a key that is equal for all spellings of one page's address: host, port unless it is the default, path and query.

    Scheme, "www.", letter case of the host, percent-encoding of the path, slashes at its end and the fragment make no
    difference. The key of an invalid address is "".
    """
    split = split_address(address)
    host, port, path = (split.hostname or "").lower().removeprefix("www."), port_of(address), unquote(split.path).rstrip("/")
    return f"{host}{f':{port}' if port else ''}{path}{'?' if split.query else ''}{split.query}"


def page_keys(address: str) -> Iterator[str]:
    """Yield the `page_key`s that a page at an address may have, the most exact first: the key of the address itself.

    If the address has a query, further keys follow: for each of its parameters that name a post of WordPress (p, page_id,
    attachment_id), the key with only this parameter and without /index.php at the end of the path; last, the key without query.
    """
    yield page_key(address)
    split = split_address(address)
    if split.query:
        parameters = dict(parse_qsl(split.query))
        names = [name for name in _POST_PARAMETERS if name in parameters]
        path = split.path.removesuffix("/index.php")
        yield from (page_key(split._replace(path=path, query=f"{name}={parameters[name]}").geturl()) for name in names)
        yield page_key(split._replace(query="").geturl())


def is_front_page(address: str, site_address: str) -> bool:
    """Return whether an address has the path of `site_address` and no query; False for "" and an invalid one.

    Hosts, and slashes at the end of the paths, do not matter.
    """
    split = split_address(address)
    return split != _NO_ADDRESS and split.path.rstrip("/") == split_address(site_address).path.rstrip("/") and not split.query
