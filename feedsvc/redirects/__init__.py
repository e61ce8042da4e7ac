"""Redirects of redirects.yaml: old addresses of a former site, and where they lead.

Input: rules as texts of editors and importers. Output: look-ups for requests and for files of a static tree. It knows no
content: `publication` decides whether a target exists. `content` and all packages that build on it may call it.
"""

from feedsvc.redirects.addresses import (
    INDEX_FILE,
    join_parameters,
    normal_form,
    normalize_address,
    normalize_path,
    other_spelling,
    request_parameters,
    without_slash,
)
from feedsvc.redirects.file_text import REDIRECTS_FILE, render_redirects_file
from feedsvc.redirects.rules import BROAD_KINDS, GONE, RedirectRules, can_be_file, parse_target

__all__ = [
    "BROAD_KINDS",
    "GONE",
    "INDEX_FILE",
    "REDIRECTS_FILE",
    "RedirectRules",
    "can_be_file",
    "join_parameters",
    "normal_form",
    "normalize_address",
    "normalize_path",
    "other_spelling",
    "parse_target",
    "render_redirects_file",
    "request_parameters",
    "without_slash",
]
