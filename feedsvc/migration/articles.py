"""Articles, static pages and entries as exports contain them, with their facts, and the parts that exports leave out."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from feedsvc.catalog import pages_by_slug
from feedsvc.content.folder import ROOT_FOLDER, ContentSnapshot
from feedsvc.content.reading.files import (
    AUTHORS_FILE,
    CATEGORIES_FILE,
    FEEDS_FILE,
    SITE_FILE,
    TAGS_FILE,
    is_markdown,
    split_front_matter,
)
from feedsvc.content.reading.page import PAGES_FOLDER
from feedsvc.content.safe_read import read_file
from feedsvc.content.schema.dates import parse_day
from feedsvc.content.schema.models import SiteKeys
from feedsvc.content.text import decode
from feedsvc.content.yaml import parse_yaml
from feedsvc.errors import FeedsvcError
from feedsvc.model import Article, ArticleStatus, Site
from feedsvc.page_model import StaticPage
from feedsvc.redirects import REDIRECTS_FILE
from feedsvc.routes import ArticleAt, path_of
from feedsvc.uris import absolute

_BODY_KEY: Final = "body"
# Members of the model that are no keys of a file.
_NO_KEYS: Final = frozenset({"id", "media"})
_OF_SITE: Final = frozenset({"title", "description", "base_url", "language", "timezone"})  # in every format
_SINCE: Final = parse_day(SiteKeys.model_fields["since"].default)


class _Entry(Protocol):
    @property
    def id(self) -> str: ...


E = TypeVar("E", bound=_Entry)


class ExportState(enum.Enum):
    """Public state of an article at the moment of the export; the value is WordPress's word.

    NOT_PUBLIC are drafts, articles with the status withdrawn, also if the withdrawal is later, and those that have expired.
    SCHEDULED are other articles whose date of publication is later.
    """

    PUBLIC = "publish"
    SCHEDULED = "future"
    NOT_PUBLIC = "draft"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedArticle:
    """An article of an export. `number` counts from 1 in the order of the export.

    `address` is its `link` if it has one, else the absolute address of its page.

    `html` is its body. `keys` are the values in its file as YAML types them, without the body; `body` is its Markdown.
    """

    article: Article
    number: int
    state: ExportState
    address: str
    html: str
    keys: Mapping[str, Any]
    body: str


def exported_articles(root: Path, content: ContentSnapshot, now: datetime) -> Iterator[ExportedArticle]:
    """Yield all articles of `content`, the snapshot of the folder `root`, drafts included, the first published first.

    Each file is read again for `keys` and `body`, as it is by then. Raises FeedsvcError, which advises to export again, if a
    file cannot be read any more.
    """
    articles = sorted(content.articles, key=lambda article: (article.published, article.id))
    for number, article in enumerate(articles, 1):
        keys, body = _read(root, article.path)
        yield ExportedArticle(
            article=article,
            number=number,
            state=_state(article, now),
            address=article.link or absolute(content.site.base_url, path_of(ArticleAt(article.slug))),
            html=content.html(article),
            keys=keys,
            body=body,
        )


def _state(article: Article, now: datetime) -> ExportState:
    is_expired = article.expires is not None and article.expires <= now
    if article.status is not ArticleStatus.PUBLISHED or is_expired:
        return ExportState.NOT_PUBLIC
    return ExportState.SCHEDULED if article.published > now else ExportState.PUBLIC


def _read(root: Path, path: str) -> tuple[Mapping[str, Any], str]:
    """Return the keys of an article file without the body, and its Markdown. Raises FeedsvcError if it cannot be read now."""
    data = read_file(root, path)
    if not isinstance(data, bytes):
        raise FeedsvcError(f"{path} cannot be read any more; export again")
    text = decode(path, data).text
    try:
        front_matter, body = split_front_matter(text)[:2] if is_markdown(path) else (text, "")
    except ValueError:
        raise FeedsvcError(f"{path} has changed and is no article any more; export again") from None
    value = parse_yaml(path, front_matter).value
    keys = dict(value) if isinstance(value, dict) else {}
    yaml_body = keys.pop(_BODY_KEY, None)
    return keys, body if is_markdown(path) else str(yaml_body or "")


# --- facts


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


# --- entries, and what is left out


def unique_entries(entries: Mapping[str, E]) -> list[E]:
    """Return each entry of a snapshot's mapping once. The mapping has an entry by its id and by each of its aliases."""
    return [*{entry.id: entry for entry in entries.values()}.values()]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportFormat:
    """Export format. `write` takes a snapshot, its exported articles and the current time, and yields the document in parts.

    `author_keys` are the keys of an author that the format contains. `has_pages` is True if it contains the files of pages/.
    """

    write: Callable[[ContentSnapshot, Iterable[ExportedArticle], datetime], Iterator[str]]
    author_keys: frozenset[str]
    has_pages: bool = False


def _files(count: int) -> str:
    return "the file" if count == 1 else f"the {count} files"


def left_out(content: ContentSnapshot, export_format: ExportFormat) -> Iterator[str]:
    """Yield a phrase for each part of the folder that an export does not contain, such as "theme/" or "of site.yaml: hubs"."""
    if content.media:
        yield f"{_files(len(content.media))} in media/: the export has only addresses, so copy the folder"
    if content.pages and not export_format.has_pages:
        yield f"{_files(sum(1 for _ in pages_by_slug(content.pages)))} in {PAGES_FOLDER}/, which wxr has"
    if content.root_files:
        yield f"{_files(len(content.root_files))} in {ROOT_FOLDER}/"
    if content.theme:
        yield "theme/"
    if content.custom_feeds or content.private_feeds:
        yield FEEDS_FILE
    if content.tags:
        yield TAGS_FILE
    if content.redirects:
        yield REDIRECTS_FILE
    yield from _keys(SITE_FILE, [content.site], _OF_SITE | _usual_keys(content.site))
    yield from _keys(CATEGORIES_FILE, unique_entries(content.categories), {"title", "description"})
    yield from _keys(AUTHORS_FILE, unique_entries(content.authors), export_format.author_keys)
    yield from _authors_without_articles(content)


def _authors_without_articles(content: ContentSnapshot) -> Iterator[str]:
    """Yield a phrase with the ids of the authors that no article names, drafts included, if there are any."""
    used = {content.authors[name].id for article in content.articles for name in article.authors if name in content.authors}
    if unused := [author.id for author in unique_entries(content.authors) if author.id not in used]:
        yield f"of {AUTHORS_FILE}: {', '.join(unused)}, without articles: an import writes only authors of articles"


def _usual_keys(site: Site) -> set[str]:
    """Return which of `id_domain` and `since` have the value that a site.yaml without the key has."""
    usual = {"id_domain": urlsplit(site.base_url).hostname, "since": _SINCE}
    return {name for name, value in usual.items() if getattr(site, name) == value}


def _keys(file: str, values: Iterable[Any], exported: Collection[str]) -> Iterator[str]:
    """Yield a phrase with the keys that `values`, entries of the settings file `file`, state and `exported` lacks, if any."""
    if keys := dict.fromkeys(key for value in values for key in _stated_keys(value, exported)):
        yield f"of {file}: {', '.join(keys)}"


def _stated_keys(value: Any, exported: Collection[str]) -> Iterator[str]:
    """Yield the names of fields of a Site, Category or Author that are not the default, without `id`, `media`, `exported`."""
    for field in fields(value):
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if field.name not in (*_NO_KEYS, *exported) and getattr(value, field.name) != (None if default is MISSING else default):
            yield field.name
