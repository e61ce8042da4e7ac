"""One file to one article, or to one settings file.

In come bytes and the settings and media that an article may refer to; out comes a result with the article and the problems.
`content.folder` reads with this package.
"""

from feedsvc.content.reading.article import ParseResult, default_id, parse_article
from feedsvc.content.reading.body_positions import BodyPositions
from feedsvc.content.reading.context import References
from feedsvc.content.reading.front_matter import split_front_matter
from feedsvc.content.reading.settings import (
    AUTHORS_FILE,
    CATEGORIES_FILE,
    SETTINGS_FILES,
    SITE_FILE,
    TAGS_FILE,
    ParsedEntries,
    known_names,
    parse_authors,
    parse_categories,
    parse_settings_file,
    parse_site,
    parse_tags,
)

__all__ = [
    "AUTHORS_FILE",
    "CATEGORIES_FILE",
    "SETTINGS_FILES",
    "SITE_FILE",
    "TAGS_FILE",
    "BodyPositions",
    "ParseResult",
    "ParsedEntries",
    "References",
    "default_id",
    "known_names",
    "parse_article",
    "parse_authors",
    "parse_categories",
    "parse_settings_file",
    "parse_site",
    "parse_tags",
    "split_front_matter",
]
