"""Facts of an article that a format has no place for, as JSON under names of feedsvc."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from feedsvc.migration.articles import ExportedArticle
from feedsvc.page_model import StaticPage


def facts_of(exported: ExportedArticle, own_keys: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each fact: the keys of the file without `own_keys`, which the format holds itself.

    Always there are `path`, the file below the content folder, `status` and `body`, the Markdown. `id` is there if the
    article has a guid, which the format has in the place of the id.
    """
    if exported.article.guid:
        yield "id", exported.article.id
    yield "path", exported.article.path
    yield "status", exported.article.status.value
    yield "body", exported.body
    yield from ((key, value) for key, value in exported.keys.items() if key not in own_keys and key != "status")


def page_facts(page: StaticPage) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each fact of a page that WXR has no place for. Always there is `body`, the Markdown.

    `updated`, `language`, `aliases` and `order` are there if the page has a value for them, `navigation` unless it is footer.
    """
    yield "body", page.markdown
    updated = page.updated.isoformat() if page.updated else ""
    keys = {"updated": updated, "language": page.language, "aliases": [*page.aliases], "order": page.order}
    yield from ((key, value) for key, value in keys.items() if value)
    if page.menu != "footer":
        yield "navigation", page.menu


def to_json(value: Any) -> str:
    """Return a value of a YAML file as JSON on one line. Dates become texts in ISO 8601, other types their `str`."""
    return json.dumps(value, ensure_ascii=False, default=_date_text)


def _date_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
