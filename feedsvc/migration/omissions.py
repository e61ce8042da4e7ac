"""Parts of a content folder that no export contains, as phrases for the operator."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from feedsvc.catalog import pages_by_slug
from feedsvc.content.folder import ROOT_FOLDER, ContentSnapshot
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, FEEDS_FILE, SITE_FILE, TAGS_FILE
from feedsvc.content.reading.page import PAGES_FOLDER
from feedsvc.content.schema.dates import parse_day
from feedsvc.content.schema.models import SiteKeys
from feedsvc.migration.entries import stated_keys, unique_entries
from feedsvc.migration.formats import ExportFormat
from feedsvc.model import Site
from feedsvc.redirects import REDIRECTS_FILE

_OF_SITE: Final = frozenset({"title", "description", "base_url", "language", "timezone"})  # in every format
_SINCE: Final = parse_day(SiteKeys.model_fields["since"].default)


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
    if keys := dict.fromkeys(key for value in values for key in stated_keys(value, exported)):
        yield f"of {file}: {', '.join(keys)}"
