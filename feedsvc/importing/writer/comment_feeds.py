"""Former feeds of the comments of each post: WordPress served them below the post's address, and articles have no comments.

A hundred thousand posts would have half a million such addresses. So those of one form share patterns, as far as the form has a
date or a number, which no feed of another kind has: /{year}/{month}/{slug}/feed/. Other posts have rules of their own.
"""

from __future__ import annotations

import re
from typing import Final

from feedsvc.importing.wordpress import comment_feed_queries, comment_feeds

_YEAR: Final = re.compile(r"[0-9]{4}")
_TWO_DIGITS: Final = re.compile(r"[0-9]{2}")
_PAGE_NAME: Final = re.compile(r"[^.{}]+(\.[a-z]{1,5})?")
_NUMBERED: Final = re.compile(r"[^?]*\?(?:p|page_id)=[0-9]+")
_MAX_FORMS: Final = 20  # a site has one form of permalinks, and perhaps former ones
_MAX_RULES: Final = 5000


class CommentFeedRules:
    """Collector of the comment feeds of one import. `patterns` are old addresses with placeholders, as in redirects.yaml.

    With `has_queries`, posts had feeds at addresses with a query, such as /?feed=rss2&p=12. No pattern can answer these, because
    the exact rule for /?feed=rss2, the feed of the site, comes before all patterns.
    """

    def __init__(self, *, has_queries: bool = False) -> None:
        self._paths = set[str]()  # that have rules of their own; a post may have one of them twice
        self._has_queries = has_queries
        self._forms: dict[str, None] = {}

    @property
    def patterns(self) -> list[str]:
        return [pattern for form in self._forms for pattern in comment_feeds(form)]

    def add(self, path: str) -> tuple[str, ...]:
        """Add the root-relative path of a post. Return the paths of its feeds, in RSS and Atom, that need rules of their own.

        They need none if `patterns` answer them. Feeds of a path with a query get no rule at all without `has_queries`, nor do
        those beyond 20 forms or beyond 5,000 paths without a form.
        """
        form = permalink_form(path)
        if form:
            if len(self._forms) < _MAX_FORMS:
                self._forms[form] = None
            return ()
        if ("?" in path and not self._has_numbered(path)) or path in self._paths or len(self._paths) >= _MAX_RULES:
            return ()
        self._paths.add(path)
        if "?" in path:
            return comment_feed_queries(path)
        feeds = comment_feeds(path)
        return feeds[0], feeds[-1]

    def _has_numbered(self, path: str) -> bool:
        return self._has_queries and bool(_NUMBERED.fullmatch(path))


def permalink_form(path: str) -> str:
    """Return a permalink with placeholders, such as /{year}/{month}/{slug}/ or /{number}/.

    "" if no segment before the last is a year and the last is no number. Also "" for "/", for a path with a query or a brace,
    and if the last segment has a dot that begins no suffix such as .html.
    """
    *parents, name = path.strip("/").split("/")
    if "?" in path or "{" in path or not (match := _PAGE_NAME.fullmatch(name)):
        return ""
    dated = _with_date(parents)
    suffix = match[1] or ""
    is_number = name.removesuffix(suffix).isdecimal() and name.isascii()
    if dated == parents and not is_number:
        return ""
    return "/".join(("", *dated, f"{'{number}' if is_number else '{slug}'}{suffix}", ""))


def _with_date(parents: list[str]) -> list[str]:
    """Return `parents`, the segments before the last one, with placeholders for the first year and for month and day after it.

    They are unchanged if none is a year. Month and day count only directly after the year.
    """
    year = next((index for index, segment in enumerate(parents) if _YEAR.fullmatch(segment)), None)
    if year is None:
        return parents
    dated = [*parents]
    dated[year] = "{year}"
    for index, name in ((year + 1, "{month}"), (year + 2, "{day}")):
        if index >= len(parents) or not _TWO_DIGITS.fullmatch(parents[index]):
            break
        dated[index] = name
    return dated
