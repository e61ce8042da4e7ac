"""Parsers of single files: an article file to an Article, a file of pages/ to a StaticPage, a settings file to its objects.

A parser takes the bytes of a file, and the settings and media that the file may refer to. It returns what the file says, with
the problems of the file.
`content.folder` reads files with this package; `content.lint`, `editing`, `importing`, `migration` and `cli` use its parts.
"""

from feedsvc.content.reading.article import ParseResult, default_id, parse_article, parse_articles
from feedsvc.content.reading.body_positions import BodyPositions
from feedsvc.content.reading.context import References
from feedsvc.content.reading.custom_feeds import parse_custom_feeds
from feedsvc.content.reading.entries import ParsedEntries
from feedsvc.content.reading.front_matter import FileParts, is_markdown, parse_file_parts, split_front_matter, usual_suffix
from feedsvc.content.reading.listing_settings import parse_authors, parse_categories, parse_tags
from feedsvc.content.reading.page import PAGE_SUFFIX, PAGES_FOLDER, ParsedPage, parse_page
from feedsvc.content.reading.redirect_lines import RuleText
from feedsvc.content.reading.redirects import (
    MAX_REDIRECTS_SIZE,
    ParsedRedirects,
    parse_redirects,
    rule_texts,
    source_digest,
)
from feedsvc.content.reading.settings_document import (
    AUTHORS_FILE,
    CATEGORIES_FILE,
    FEEDS_FILE,
    SETTINGS_FILES,
    SITE_FILE,
    TAGS_FILE,
    known_names,
    names_in,
    parse_settings_file,
)
from feedsvc.content.reading.site import parse_site

__all__ = [
    "AUTHORS_FILE",
    "CATEGORIES_FILE",
    "FEEDS_FILE",
    "MAX_REDIRECTS_SIZE",
    "PAGES_FOLDER",
    "PAGE_SUFFIX",
    "SETTINGS_FILES",
    "SITE_FILE",
    "TAGS_FILE",
    "BodyPositions",
    "FileParts",
    "ParseResult",
    "ParsedEntries",
    "ParsedPage",
    "ParsedRedirects",
    "References",
    "RuleText",
    "default_id",
    "is_markdown",
    "known_names",
    "names_in",
    "parse_article",
    "parse_articles",
    "parse_authors",
    "parse_categories",
    "parse_custom_feeds",
    "parse_file_parts",
    "parse_page",
    "parse_redirects",
    "parse_settings_file",
    "parse_site",
    "parse_tags",
    "rule_texts",
    "source_digest",
    "split_front_matter",
    "usual_suffix",
]
