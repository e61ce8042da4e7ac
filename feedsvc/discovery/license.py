"""License of the site as a document of RSL 1.0 (https://rslstandard.org/rsl, sections 2 and 3)."""

from __future__ import annotations

from collections.abc import Iterator

from feedsvc.feeds import RSL_NAMESPACE, RslElement, escape, quote_attribute, rsl_content
from feedsvc.model import Site
from feedsvc.uris import root_relative


def render_license(site: Site) -> bytes | None:
    """Render /license.xml, an RSL document with the license of everything below base_url; None for a site without a license."""
    if site.license is None:
        return None
    # A path covers all addresses that begin with it (section 3.3 and RFC 9309 section 2.2.2).
    content = rsl_content(site.license, root_relative(site.base_url, "/"))
    root = RslElement("rsl", (("xmlns", RSL_NAMESPACE),), children=(content,))
    return "".join(('<?xml version="1.0" encoding="UTF-8"?>\n', *_lines(root, ""))).encode()


def _lines(element: RslElement, indent: str) -> Iterator[str]:
    """Yield the lines of an element, each with its line end."""
    attributes = "".join(f" {name}={quote_attribute(value)}" for name, value in element.attributes)
    if element.children:
        yield f"{indent}<{element.name}{attributes}>\n"
        for child in element.children:
            yield from _lines(child, f"{indent}  ")
        yield f"{indent}</{element.name}>\n"
    elif element.text:
        yield f"{indent}<{element.name}{attributes}>{escape(element.text)}</{element.name}>\n"
    else:
        yield f"{indent}<{element.name}{attributes}/>\n"
