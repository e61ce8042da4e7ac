"""RSL 1.0 elements of a license (https://rslstandard.org/rsl), for /license.xml and for the items of RSS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from feedsvc.feed_model import Entry
from feedsvc.license_model import License, Payment

RSL_NAMESPACE: Final = "https://rslstandard.org/rsl"
RSL_MEDIA_TYPE: Final = "application/rsl+xml"
# RFC 4946 section 2.1: an entry without a license link has the license of its feed.
_UNSPECIFIED_LICENSE: Final = "http://purl.org/atompub/license#unspecified"


class RslElement(NamedTuple):
    """Element in the namespace of RSL. It has a text or children, not both. `attributes` are (name, value)."""

    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    text: str = ""
    children: tuple[RslElement, ...] = ()


def license_address(entry: Entry) -> str:
    """Return the address of an entry's own license (RFC 4946), "" if it has that of its feed."""
    return _UNSPECIFIED_LICENSE if entry.is_unlicensed else entry.license_url


def rsl_content(site_license: License, url: str) -> RslElement:
    """Return the element `content` (section 3.3), with the terms of a license for `url`: the address of an asset, or a path for
    all addresses below it.
    """
    attributes = (("url", url), *((("server", site_license.server),) if site_license.server else ()))
    license_element = RslElement("license", children=tuple(_terms(site_license)))
    terms = (RslElement("terms", text=site_license.url),) if site_license.url else ()
    return RslElement("content", attributes, children=(*terms, license_element))


def _terms(site_license: License) -> Iterator[RslElement]:
    """Yield the terms (sections 3.5 to 3.7): at most one element of each name and type, its tokens separated by spaces."""
    for name, scope in (("permits", site_license.permits), ("prohibits", site_license.prohibits)):
        for kind, tokens in (("usage", scope.usage), ("user", scope.user), ("geo", scope.geo)):
            if tokens:
                yield RslElement(name, (("type", kind),), " ".join(tokens))
    if site_license.payment:
        yield _payment(site_license.payment)


def _payment(payment: Payment) -> RslElement:
    amount = (RslElement("amount", (("currency", payment.currency),), payment.amount),) if payment.amount else ()
    addresses = (("standard", payment.standard), ("custom", payment.custom))
    children = (*amount, *(RslElement(name, text=address) for name, address in addresses if address))
    return RslElement("payment", (("type", payment.type),), children=children)
