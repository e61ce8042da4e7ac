"""Rules of redirects.yaml as lines of `_redirects`: those without a query, as far as the format can express them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.publication import exact_redirects
from feedsvc.redirects import GONE, Part, Placeholder, RedirectPattern
from feedsvc.uris import root_relative
from feedsvc.url_rules import URL_RULES

_SPLAT: Final = "splat"  # the name of what an asterisk stands for
_ANY: Final = None  # a segment with a placeholder
_REST: Final = "*"  # one or more segments
_Shape = tuple[str | None, ...]


def gone_addresses(catalog: Catalog) -> Iterator[str]:
    """Yield the addresses without a query of the exact rules with the target GONE."""
    return (path for path, target in exact_redirects(catalog) if target == GONE)


def pattern_lines(catalog: Catalog, max_length: int, *, may_hide_files: bool) -> Iterator[tuple[str, str]]:
    """Yield the patterns of redirects.yaml as (pattern, target) in the syntax of `_redirects`, as URI references.

    Left out are lines of more than `max_length` characters, patterns with the target GONE or a query, and those that the syntax
    cannot express. Without `may_hide_files`, patterns that may match an address of the site are left out, too, for hosts that
    prefer a redirect to a file. Hosts match any segment with a placeholder that stands for digits in redirects.yaml.
    """
    base = catalog.site.base_url
    for pattern in catalog.content.redirects.patterns:
        source = _translated_source(pattern)
        if source and pattern.target != GONE and (may_hide_files or not _may_match_document(pattern)):
            target = _translated_target(pattern)
            line = root_relative(base, source), target if pattern.is_elsewhere else root_relative(base, target)
            if sum(map(len, line)) + len("  301") <= max_length:
                yield line


def _translated_source(pattern: RedirectPattern) -> str:
    """Return the path of a pattern with `:name` and a last `*` for placeholders; "" if the format cannot express it.

    It cannot express a query, a placeholder that is no whole segment, is for several segments but not last, or is named
    "splat", and a literal ":" or "*".
    """
    parts = pattern.source_parts
    if pattern.parameters or any(_is_literal_reserved(part) for part in parts):
        return ""
    for index, part in enumerate(parts):
        if isinstance(part, Placeholder) and not _is_whole_segments(parts, index):
            return ""
    return "".join(
        (_REST if part.takes_segments else f":{part.name}") if isinstance(part, Placeholder) else part for part in parts
    )


def _is_literal_reserved(part: Part) -> bool:
    return part.name == _SPLAT if isinstance(part, Placeholder) else ":" in part or "*" in part


def _is_whole_segments(parts: Sequence[Part], index: int) -> bool:
    before = parts[index - 1] if index else ""
    after = parts[index + 1] if index + 1 < len(parts) else "/"
    part = parts[index]
    if isinstance(part, Placeholder) and part.takes_segments and parts[index + 1 :] not in ((), ("/",)):
        return False
    return isinstance(before, str) and before.endswith("/") and isinstance(after, str) and after.startswith("/")


def _translated_target(pattern: RedirectPattern) -> str:
    return "".join(
        f":{_SPLAT if part.takes_segments else part.name}" if isinstance(part, Placeholder) else part
        for part in pattern.target_parts
    )


def _may_match_document(pattern: RedirectPattern) -> bool:
    segments = _segments(pattern.source_parts)
    return any(_overlap(segments, shape) for shape in _document_shapes())


def _segments(parts: Sequence[Part]) -> _Shape:
    """Return the shape of a pattern's source. Each placeholder must be a whole segment or several."""
    text = "".join(("\0*" if part.takes_segments else "\0") if isinstance(part, Placeholder) else part for part in parts)
    return tuple(_REST if name == "\0*" else _ANY if "\0" in name else name for name in text.strip("/").split("/"))


@cache
def _document_shapes() -> tuple[_Shape, ...]:
    """Return the shapes of the paths of all documents and files that a site may have, one for each rule in URL_RULES."""
    rules = (rule for rules in URL_RULES.values() for rule in rules)
    return tuple(
        tuple(_REST if ":path>" in name else _ANY if "<" in name else name for name in rule.strip("/").split("/"))
        for rule in rules
    )


def _overlap(one: _Shape, other: _Shape) -> bool:
    """Return whether some path may have both shapes."""
    for name, other_name in zip(one, other, strict=False):
        if _REST in (name, other_name):
            return True
        if name is not _ANY and other_name is not _ANY and name != other_name:
            return False
    return len(one) == len(other)
