"""Links of a post to own articles and pages: counted in its HTML at the source and in what the article shows, independently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from lxml import etree, html

from feedsvc.content.markdown.render import LimitExceeded, render_within_limits
from feedsvc.importing.addresses import absolute, page_key
from feedsvc.importing.source import Omission
from feedsvc.uris import absolute as absolute_path

_WORD: Final = "links="  # of the base: "links=2/3" if the article has two of three links
_MAX_LISTED: Final = 5


class LinkCount(NamedTuple):
    """Number of links at the source that lead to articles or pages here, and the paths of those that the article lacks."""

    total: int = 0
    lost: tuple[str, ...] = ()

    @property
    def kept(self) -> int:
        return self.total - len(self.lost)

    @property
    def word(self) -> str:
        """The word for the base, "links=KEPT/TOTAL"; "" if no link is lost."""
        return f"{_WORD}{self.kept}/{self.total}" if self.lost else ""

    def omission(self, place: str) -> Iterator[Omission]:
        """Yield one omission if links are lost; it names up to 5 of their paths."""
        if self.lost:
            paths = [*dict.fromkeys(self.lost)]
            more = f" and {len(paths) - _MAX_LISTED} more" if len(paths) > _MAX_LISTED else ""
            noun = "link" if len(self.lost) == 1 else f"{len(self.lost)} links"
            reason = "the text here does not have it" if len(self.lost) == 1 else "the text here does not have them"
            yield Omission(place, f"{noun} to {', '.join(paths[:_MAX_LISTED])}{more}", reason)


def count_links(source: str, text: str, page: str, base_url: str, site_path_of: Callable[[str], str]) -> LinkCount:
    """Count the links to articles and pages here in `source`, the HTML of a post, and find those that its article lacks.

    `page` is the address of the post, `text` the Markdown of its article at the site `base_url`. `site_path_of` returns the
    root-relative path here for the absolute address of a post or page, "" if there is none.
    """
    wanted = [path for address in _links(source, page) if (path := site_path_of(address.partition("#")[0]))]
    if not wanted:
        return LinkCount()
    result = render_within_limits(text, base_url=base_url, page=page)
    shown = "" if isinstance(result, LimitExceeded) else result.html
    rest = Counter(page_key(address.partition("#")[0]) for address in _links(shown, f"{base_url}/"))
    lost = []
    for path in wanted:
        key = page_key(absolute_path(base_url, path))
        if rest[key] <= 0:
            lost.append(path)
        rest[key] -= 1
    return LinkCount(len(wanted), tuple(lost))


def remembered_links(words: Iterable[str], total: int) -> tuple[int, int]:
    """Return (kept, total) of the word "links=KEPT/TOTAL" among the words of a line of the base; without it, `total` twice."""
    for word in words:
        kept, slash, count = word.removeprefix(_WORD).partition("/")
        if word.startswith(_WORD) and slash and kept.isdecimal() and count.isdecimal():
            return int(kept), int(count)
    return total, total


def _links(markup: str, page: str) -> Iterator[str]:
    """Yield the addresses of the links of HTML, absolute, in order; of HTML that cannot be parsed none."""
    if "<" not in markup:
        return
    try:
        root = html.fragment_fromstring(markup, create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return
    for element in root.iter("a", "area"):
        if address := absolute(page, element.get("href") or ""):
            yield address
