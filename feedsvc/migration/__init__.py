"""Exports of a whole newsroom in formats of other systems: WordPress (WXR) and JSON Feed with an extension.

A content snapshot and the folder's files come in, an iterator of text comes out. Facts that a format has no place for stand under
names of feedsvc. Only the command line uses this package.
"""

from feedsvc.migration.articles import exported_articles
from feedsvc.migration.formats import EXPORT_FORMATS, ExportFormat
from feedsvc.migration.omissions import left_out

__all__ = [
    "EXPORT_FORMATS",
    "ExportFormat",
    "exported_articles",
    "left_out",
]
