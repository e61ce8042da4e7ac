"""Rules of redirects.yaml as lines of `_redirects`: those without a query, as far as the format can express them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.export.host_headers import escape_reference
from feedsvc.publication import exact_redirects
from feedsvc.redirects import GONE
from feedsvc.uris import root_relative
from feedsvc.url_rules import URL_RULES

_VARIABLE: Final = re.compile("(<[^<>]+>)")
_ANY_PATH: Final = "(?s:.+)"
_NAME: Final = re.compile("'([^']+)'")


def gone_addresses(catalog: Catalog) -> Iterator[str]:
    """Yield the addresses without a query of the exact rules with the target GONE."""
    return (path for path, target in exact_redirects(catalog) if target == GONE)


def wildcard_lines(catalog: Catalog, max_length: int, *, may_hide_files: bool) -> Iterator[tuple[str, str]]:
    """Yield the rules with a "*" as (pattern, target) in the syntax of `_redirects`, as URI references, longest address first.

    Left out are lines of more than `max_length` characters, and rules with the target GONE. Without `may_hide_files`, rules that
    may match an address of the site are left out, too, for hosts that prefer a redirect to a file.
    """
    base = catalog.site.base_url
    wildcards = catalog.content.redirects.wildcards
    for address in sorted(wildcards, key=lambda address: (-len(address), address)):
        target = wildcards[address]
        if target != GONE and (may_hide_files or not _may_match_document(catalog, address)):
            start = target.removesuffix("*")
            start = escape_reference(root_relative(base, start)) if start.startswith("/") else start.replace("*", "%2A")
            line = escape_reference(root_relative(base, address)) + "*", start + ":splat" * target.endswith("*")
            if sum(map(len, line)) + len("  301") <= max_length:
                yield line


def _may_match_document(catalog: Catalog, address: str) -> bool:
    """Return whether a document or file of the site may be below the address of a rule with a "*"."""
    names = address.strip("/").split("/") if address != "/" else []
    free_names = (*(f"{slug}/" for slug in catalog.pages), *catalog.content.root_files)
    return any(name.startswith(address[1:]) for name in free_names) or any(_overlaps(names, shape) for shape in _shapes())


@cache
def _shapes() -> tuple[tuple[re.Pattern[str], ...], ...]:
    """Return patterns of the segments of each rule in URL_RULES with a fixed form; there may be more than one at the end."""
    rules = (rule for endpoint, rules in URL_RULES.items() if endpoint != "static_page" for rule in rules)
    return tuple(tuple(map(_segment_pattern, rule.strip("/").split("/"))) for rule in rules)


def _segment_pattern(segment: str) -> re.Pattern[str]:
    return re.compile("".join(map(_part_expression, _VARIABLE.split(segment))))


def _part_expression(part: str) -> str:
    if not part.startswith("<"):
        return re.escape(part)
    return "|".join(map(re.escape, _NAME.findall(part))) or (_ANY_PATH if "path:" in part else "[^/]+")


def _overlaps(names: list[str], shape: tuple[re.Pattern[str], ...]) -> bool:
    is_long_enough = len(names) <= len(shape) or shape[-1].pattern == _ANY_PATH
    return is_long_enough and all(pattern.fullmatch(name) for name, pattern in zip(names, shape, strict=False))
