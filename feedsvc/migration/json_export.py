"""Export of all articles, drafts included, as JSON Feed 1.1. Objects `_feedsvc` have what JSON Feed has no place for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from feedsvc.content.folder import ContentSnapshot
from feedsvc.migration.articles import ExportedArticle, facts_of, to_json, unique_entries
from feedsvc.support.date_formats import rfc3339

_VERSION: Final = "https://jsonfeed.org/version/1.1"
# Keys of an article file that members of JSON Feed hold. It has names of authors only, and one list of tags.
_OWN_KEYS: Final = frozenset({"id", "guid", "title", "published", "updated", "summary", "language"})
# Keys whose values may be aliases, or a text instead of a list: `_feedsvc` has their ids and titles as lists.
_REFERENCES: Final = frozenset({"category", "categories", "author", "authors", "tags"})


def write_json(content: ContentSnapshot, articles: Iterable[ExportedArticle], now: datetime) -> Iterator[str]:
    """Yield the document in parts, one line for each article. Media are named by their addresses; static pages are left out."""
    site = content.site
    head = {
        "version": _VERSION,
        "title": site.title,
        "home_page_url": f"{site.base_url}/",
        "description": site.description,
        "language": site.language,
        "_feedsvc": {"exported": rfc3339(now), **_settings(content)},
    }
    yield f'{to_json(head)[:-1]}, "items": ['
    separator = "\n"
    for exported in articles:
        yield separator + to_json(_item(content, exported))
        separator = ",\n"
    yield "\n]}\n"


def _settings(content: ContentSnapshot) -> dict[str, Any]:
    """Return the members of `_feedsvc` for the site: time zone, all authors and all categories with their ids."""
    return {
        "time_zone": content.site.timezone,
        "authors": [
            {
                "id": author.id,
                "name": author.name,
                "email": author.email or author.hidden_email,
                "url": author.url,
                "bio": author.bio,
            }
            for author in unique_entries(content.authors)
        ],
        "categories": [
            {"id": category.id, "title": category.title, "description": category.description}
            for category in unique_entries(content.categories)
        ],
    }


def _item(content: ContentSnapshot, exported: ExportedArticle) -> dict[str, Any]:
    article = exported.article
    names = [content.authors[name].name for name in article.authors if name in content.authors]
    titles = [content.categories[name].title for name in article.categories]
    item = {
        "id": article.guid or article.id,
        "url": exported.address,
        "title": article.title,
        "content_html": exported.html or " ",
        "summary": article.summary,
        "image": article.image.url if article.image else "",
        "date_published": rfc3339(article.published),
        "date_modified": rfc3339(article.updated),
        "authors": [{"name": name} for name in names],
        "tags": [*titles, *(tag.title for tag in article.tags)],
        "language": article.language,
        "attachments": [
            {"url": file.url, "mime_type": file.type, "size_in_bytes": file.length, "title": file.title}
            for file in article.enclosures
        ],
    }
    facts = json.loads(to_json(dict(facts_of(exported, _OWN_KEYS | _REFERENCES))))
    references = {
        "categories": [*article.categories],
        "authors": [*article.authors],
        "tags": [tag.title for tag in article.tags],
    }
    facts |= {name: values for name, values in references.items() if values}
    return {**{name: value for name, value in item.items() if value not in ("", [])}, "_feedsvc": facts}
