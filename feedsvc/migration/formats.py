"""Table of the export formats by name. For a new format, add a module to this package and a row to EXPORT_FORMATS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from feedsvc.content.folder import ContentSnapshot
from feedsvc.migration.articles import ExportedArticle
from feedsvc.migration.json_export import write_json
from feedsvc.migration.wxr import write_wxr


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportFormat:
    """Export format. `write` takes a snapshot, its exported articles and the current time, and yields the document in parts.

    `author_keys` are the keys of an author that the format contains. `has_pages` is True if it contains the files of pages/.
    """

    write: Callable[[ContentSnapshot, Iterable[ExportedArticle], datetime], Iterator[str]]
    author_keys: frozenset[str]
    has_pages: bool = False


EXPORT_FORMATS: Final[Mapping[str, ExportFormat]] = MappingProxyType(
    {
        "wxr": ExportFormat(write=write_wxr, author_keys=frozenset({"name", "email"}), has_pages=True),
        "json": ExportFormat(write=write_json, author_keys=frozenset({"name", "email", "url", "bio"})),
    }
)
