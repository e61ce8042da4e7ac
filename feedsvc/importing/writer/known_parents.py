"""Parents of categories at an earlier import, which a later export of posts only does not state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

from feedsvc.importing.source import SourceSite, SourceTerm, TermKind
from feedsvc.importing.writer.base import REDIRECTS, ImportBase, former_target
from feedsvc.importing.writer.redirect_table import decoded_path

_FEED: Final = "/feed/rss2/"  # of the feeds of a category, one that feedsvc never answers without a rule


def with_known_parents(site: SourceSite, base: ImportBase, old_path: Callable[[str], str]) -> SourceSite:
    """Return the site with the parents that its unlisted categories had in the rules of the last import.

    Parents that the site lacks are added to it. Otherwise, an export of posts would replace the rules of feeds such as
    /category/world/europe/feed/, and the next complete one would replace them again. `old_path` returns an address of the site
    as the key of a rule.
    """
    front = decoded_path(old_path(f"{site.address.rstrip('/')}/category/"))
    categories = {_name(term.key): term for term in site.terms if term.kind is TermKind.CATEGORY}
    unlisted = {name for name, term in categories.items() if not term.is_listed}
    if not front or not unlisted:
        return site
    known = [segments for segments in _paths(base, front) if segments[-1] in unlisted]
    for segments in sorted(known, key=len, reverse=True):
        for parent, name in pairwise(("", *segments)):
            term = categories.setdefault(name, SourceTerm(TermKind.CATEGORY, name, name, is_listed=False))
            if not term.is_listed and not term.parent and parent:
                categories[name] = replace(term, parent=categories[parent].key)
    changed = {term.key for term in categories.values()}
    others = (term for term in site.terms if term.kind is not TermKind.CATEGORY or term.key not in changed)
    return replace(site, terms=(*categories.values(), *others))


def _paths(base: ImportBase, front: str) -> Iterator[list[str]]:
    """Yield the names of each category with a rule and of those above it, the highest first. `front` is /category/."""
    for old in base.keys(REDIRECTS):
        if old.endswith(_FEED) and (address := decoded_path(old)).startswith(front) and former_target(base, old):
            yield address.removeprefix(front).removesuffix(_FEED).split("/")


def _name(key: str) -> str:
    """Return a key as rules have it: decoded."""
    return decoded_path(f"/{key}").strip("/")
