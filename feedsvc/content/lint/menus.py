"""Lint of `navigation` and `footer` in site.yaml: entries that lead nowhere or have no title."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from feedsvc.content import text
from feedsvc.content.lint.context import LintContext
from feedsvc.content.lint.positions import EntryPositions
from feedsvc.content.reading import SITE_FILE
from feedsvc.errors import Problem
from feedsvc.free_places import RootFileAt, StaticPageAt
from feedsvc.model import ArticleStatus
from feedsvc.page_model import TITLED_KINDS, TITLES_OF_PATHS, MenuEntry
from feedsvc.routes import ArticleAt, FileAt, PageAt, place_of
from feedsvc.uris import path_below, split_at_query

_Fault = tuple[str, str]  # message and hint


def lint_menus(context: LintContext) -> Iterator[Problem]:
    """Yield the warnings about entries of `navigation` and `footer.links` in site.yaml that lead nowhere or need a title."""
    site = context.content.site
    menus: tuple[tuple[str, tuple[str, ...], Iterable[MenuEntry]], ...] = (
        ("navigation", (), site.navigation or ()),
        ("footer", ("links",), site.footer.links or ()),
    )
    positions: EntryPositions | None = None
    for key, steps, entries in menus:
        for index, entry in enumerate(entries):
            if fault := _fault(context, entry):
                positions = positions or EntryPositions(context.root, SITE_FILE)
                message, hint = fault
                yield positions.warning("menu-entry", key, (*steps, index), f"{'.'.join((key, *steps))}: {message}", hint)


def _fault(context: LintContext, entry: MenuEntry) -> _Fault | None:
    """Return message and hint about an entry that leads nowhere or needs a title, else None.

    Not checked are entries to other sites, paths of feed files, and whether a tag, a language, an issue or a period exists.
    """
    target = entry.target
    if target.startswith("/"):
        return _path_fault(context, target) or _title_fault(entry)
    if ":" in target:
        path = path_below(context.content.site.base_url, target)
        return _path_fault(context, path) if path else None
    return None if target in context.content.categories else _page_fault(context, target)


def _page_fault(context: LintContext, name: str) -> _Fault | None:
    page = context.content.pages.get(name)
    if page is None:
        names = (*context.content.categories, *context.content.pages)
        return (
            f"there is no section and no page '{name}', so the menu leaves it out",
            text.did_you_mean(name, names) or f"write pages/{name}.md, or name an id of categories.yaml",
        )
    if page.is_draft:
        return f"{page.path} is a draft, so the menu leaves it out", "publish it, or delete this line"
    return None


def _path_fault(context: LintContext, target: str) -> _Fault | None:
    path, _ = split_at_query(target)
    content, place = context.content, place_of(path)
    match place:
        case StaticPageAt(name) | RootFileAt(name):
            free_names = (*content.root_files, *content.pages)
            message = f"'{path}' is the address of no page and of no file in root/"
            return None if context.has_free_place(place) else (message, text.did_you_mean(name, free_names))
        case ArticleAt(slug):
            article = context.articles_by_slug.get(slug)
            is_public = article is not None and article.status is ArticleStatus.PUBLISHED
            return None if is_public else (f"no published article has the slug '{slug}'", context.suggest_slug(slug))
        case PageAt(ref) if ref.kind in ("category", "author", "custom"):
            names = {"category": content.categories, "author": content.authors, "custom": content.custom_feeds}[ref.kind]
            kind = "custom feed" if ref.kind == "custom" else ref.kind
            return None if ref.id in names else (f"there is no {kind} '{ref.id}'", text.did_you_mean(ref.id, names))
        case FileAt(name) if name.startswith("media/") and name not in context.public_media:
            return f"nothing public refers to {name}, so it has no address", "link to it from a page"
        case None:
            return f"'{path}' has the form of no address of this site", "write one like /subscribe/ or /category/asia/"
        case _:
            return None


def _title_fault(entry: MenuEntry) -> _Fault | None:
    """Return message and hint for an entry without title whose target, a path, has no title of its own; else None.

    Paths have one if they are those of a category, author, custom feed or static page, or in TITLES_OF_PATHS.
    """
    place = place_of(entry.target)
    is_listing = isinstance(place, PageAt) and not place.period and place.listing.kind in TITLED_KINDS
    if entry.title or entry.target in TITLES_OF_PATHS or is_listing or isinstance(place, StaticPageAt):
        return None
    hint = f"write {{to: {entry.target}, title: What the link says}}"
    return f"'{entry.target}' has no title, so the menu shows the address", hint
