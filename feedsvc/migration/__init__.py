"""Exports of a whole newsroom in formats of other systems: WordPress (WXR) and JSON Feed with an extension.

A content snapshot and the folder's files come in, an iterator of text comes out. Facts that a format has no place for stand under
names of feedsvc. Only the command line uses this package. For a new format, add a module and a row to EXPORT_FORMATS.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from feedsvc.migration.articles import ExportFormat, exported_articles, left_out
from feedsvc.migration.json_export import write_json
from feedsvc.migration.wxr import write_wxr

EXPORT_FORMATS: Final[Mapping[str, ExportFormat]] = MappingProxyType(
    {
        "wxr": ExportFormat(write=write_wxr, author_keys=frozenset({"name", "email", "hidden_email"}), has_pages=True),
        "json": ExportFormat(write=write_json, author_keys=frozenset({"name", "email", "hidden_email", "url", "bio"})),
    }
)
__all__ = ["EXPORT_FORMATS", "ExportFormat", "exported_articles", "left_out"]
