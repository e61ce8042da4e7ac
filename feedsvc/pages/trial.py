"""What is wrong with a theme, found by making every kind of page with it before a reader asks for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.content.text import nearest
from feedsvc.errors import Problem
from feedsvc.pages.article import article
from feedsvc.pages.frame import Frame
from feedsvc.pages.listing import listing, subscribe
from feedsvc.pages.message import gone, missing
from feedsvc.pages.samples import newsrooms
from feedsvc.pages.tags import Part, TagCount, TagPage, tags_page
from feedsvc.pages.theme import (
    FOLDER,
    STATIC,
    STATIC_TYPES,
    TEMPLATES,
    Failure,
    Theme,
    Unmakeable,
    below,
    fault,
    own_names,
    references,
)

_LARGEST: Final = 128 * 1024  # bytes; the product's own have 5 KiB
_OTHERWISE: Final = "until then the product's own is used"
_TOPICS: Final = (TagCount("t", "Topic", 1),)
_PART: Final = Part("t", "Topic", "Topic")
_TAG_PAGES: Final = (
    ("", TagPage(tags=_TOPICS)),
    ("", TagPage(parts=(_PART, _PART))),
    ("t", TagPage(tags=_TOPICS, before=_PART, after=_PART)),
)


def problems(files: Mapping[str, bytes]) -> dict[str, Problem]:
    """What is wrong with each file below content/theme/, by its path; all others can be used together."""
    found = {path: problem for path, data in files.items() if (problem := _problem(path, data))}
    sound = {path: data for path, data in files.items() if path.startswith(TEMPLATES) and path not in found}
    return {**found, **_tried(tuple(sorted(sound.items())))}


def _problem(path: str, data: bytes) -> Problem | None:
    shown = f"{FOLDER}/{path}"
    if path.startswith(STATIC):
        known = path[path.rfind(".") :].lower() in STATIC_TYPES
        return None if known else Problem(path=shown, message="no page uses such a file", hint=f"use {', '.join(STATIC_TYPES)}")
    if not path.startswith(TEMPLATES):
        return Problem(path=shown, message="a theme holds templates/ and static/ only", hint="move it there")
    if len(data) > _LARGEST:
        return Problem(path=shown, message=f"the template is larger than {_LARGEST // 1024} KiB, the most that is used")
    try:
        wrong = fault(data.decode())
    except UnicodeDecodeError:
        return Problem(path=shown, message="the file is not UTF-8", hint="save the file in UTF-8")
    return Problem(path=shown, line=wrong[0], message=wrong[1], hint=_OTHERWISE) if wrong else None


# A server reads its folder at every change, and most changes are none of the theme.
@lru_cache(maxsize=4)
def _tried(templates: tuple[tuple[str, bytes], ...]) -> Mapping[str, Problem]:
    """Those that cannot make pages, found one after another, each by trying all others without it."""
    left, found = dict(templates), _unused(dict(templates))
    while failure := _failure({path: data for path, data in left.items() if path not in found}):
        path = f"{TEMPLATES}{failure.name}"
        found[path] = Problem(path=f"{FOLDER}/{path}", line=failure.line, message=failure.message, hint=_OTHERWISE)
    return found


def _unused(templates: Mapping[str, bytes]) -> dict[str, Problem]:
    """Templates that neither the product nor another one of the theme names."""
    names, own = dict(below(templates, TEMPLATES)), own_names()
    referred = frozenset[str]().union(*(references(data.decode()) for data in names.values()))
    idle = [name for name in names if name not in own | referred and "" not in referred]
    return {f"{TEMPLATES}{name}": _idle(name, own) for name in idle}


def _idle(name: str, own: frozenset[str]) -> Problem:
    inside = next((f"{one} is a file, not a folder" for one in own if name.startswith(f"{one}/")), "")
    hint = inside or nearest(name, own) or f"the product's own are {', '.join(sorted(own))}"
    return Problem(path=f"{FOLDER}/{TEMPLATES}{name}", message="no page uses a template of this name", hint=hint)


def _failure(templates: Mapping[str, bytes]) -> Failure | None:
    if templates:
        theme = Theme(templates, strict=True)
        try:
            for catalog in newsrooms():
                for _ in _pages(catalog, theme):
                    pass
        except Unmakeable as unmakeable:
            return unmakeable.failure
    return None


def _pages(catalog: Catalog, theme: Theme) -> Iterator[bytes]:
    """Every page of a newsroom."""
    frame = Frame(catalog, theme)
    yield from (article(frame, row) for row in catalog.visible.values())
    yield from (gone(frame, row.article) for row in catalog.withdrawn.values())
    for one in catalog.listings.values():
        yield from (listing(frame, one, period) for period in ("", *one.pages))
    yield subscribe(frame)
    yield from (tags_page(frame, start, page) for start, page in _TAG_PAGES)
    yield missing(frame)
