"""Breaking changes of static pages: addresses that were public at an earlier revision and lead nowhere now."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

from feedsvc.catalog import Catalog
from feedsvc.content.yaml import YamlDocument, format_scalar
from feedsvc.editing.source_file import key_warning
from feedsvc.errors import Problem
from feedsvc.free_places import StaticPageAt
from feedsvc.page_model import StaticPage
from feedsvc.publication import redirect_target
from feedsvc.routes import path_of


def page_warnings(
    previous: Catalog, current: Catalog, revision: str, invalid_paths: Container[str], source_yaml: Callable[[str], YamlDocument]
) -> Iterator[Problem]:
    """Yield a warning for each page of `previous` with an address that no page, file or rule answers in `current`.

    A page whose path is in `invalid_paths` (files that have errors now) has none. `source_yaml` returns the front matter of a
    file by its path, for positions. `revision` names the earlier revision in messages.
    """
    pages = {page.path: page for page in current.pages.values()}
    titles = {page.title: page for page in current.pages.values()}
    for page in {page.path: page for page in previous.pages.values()}.values():
        lost_names = [name for name in page.names if not _is_answered(current, name)]
        if lost_names and page.path not in invalid_paths:
            successor = pages.get(page.path) or titles.get(page.title)
            document = source_yaml(successor.path) if successor else YamlDocument(page.path)
            yield _warning(document, page, lost_names, revision, successor)


def _is_answered(catalog: Catalog, name: str) -> bool:
    path = path_of(StaticPageAt(name))
    return name in catalog.pages or path[1:] in catalog.content.root_files or bool(redirect_target(catalog, path))


def _warning(
    document: YamlDocument, page: StaticPage, lost_names: list[str], revision: str, successor: StaticPage | None
) -> Problem:
    names = ", ".join(f"'{name}'" for name in lost_names)
    if successor is None:
        message = f"the page '{page.title}' was public at {revision} and is gone; {names} would lead nowhere"
        aliases = ", ".join(map(format_scalar, lost_names))
        hint = f"write aliases: [{aliases}] in the page that takes its place, or rules of redirects.yaml"
        return key_warning("missing-address", document, "", message, hint)
    key = "slug" if page.slug in lost_names else "aliases"
    message = f"{key}: {names} led to this page at {revision} and would no longer"
    aliases = ", ".join(map(format_scalar, (*successor.aliases, *lost_names)))
    return key_warning("missing-address", document, key, message, f"write aliases: [{aliases}]")
