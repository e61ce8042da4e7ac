"""Menus in site.yaml: checks between their keys, which the schema cannot express."""

from __future__ import annotations

from collections.abc import Sequence

from feedsvc.content.schema.models import MenuEntryKeys
from feedsvc.content.yaml import KeyPath, YamlDocument
from feedsvc.page_model import MenuEntry


def build_menu(document: YamlDocument, at: KeyPath, keys: Sequence[MenuEntryKeys] | None) -> tuple[MenuEntry, ...] | None:
    """Return the entries of a menu, None if `keys` is None, because it is not given; () is an empty menu.

    An http, https, mailto or tel address without a title adds a problem to the document. `at` is the key path of the menu.
    """
    if keys is None:
        return None
    for index, entry in enumerate(keys):
        if ":" in entry.to and not entry.title:
            message = f"{'.'.join(map(str, at))}: a link to another site needs a title"
            hint = f"write {{to: {entry.to}, title: What the link says}}"
            document.problems.append(document.problem((*at, index), message, hint))
    return tuple(MenuEntry(target=entry.to, title=entry.title) for entry in keys)
