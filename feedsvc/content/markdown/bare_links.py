"""Bare links: paragraphs that are only an address, in cleaned HTML. Pages and feeds replace those with an entry in `embeds`."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Final

# In cleaned HTML no attribute value contains a quote. The text of a bare link is its address, as the editor wrote it.
_BARE_LINK: Final = re.compile(r'<p><a href="(?P<address>[^"]+)">(?:https?://|www\.)[^<\s]*</a></p>')


def bare_links(markup: str) -> Iterator[str]:
    """Yield the absolute address, entities decoded, of each paragraph of cleaned HTML that is only an address, in order."""
    return (html.unescape(match["address"]) for match in _BARE_LINK.finditer(markup))


def replace_bare_links(markup: str, replacement: Callable[[str], str]) -> str:
    """Return cleaned HTML with `replacement(address)`, which is HTML, in place of each paragraph that is only an address.

    The address is absolute, with entities decoded. If `replacement` returns "", the paragraph stays.
    """
    return _BARE_LINK.sub(lambda match: replacement(html.unescape(match["address"])) or match[0], markup)
