"""Redirects of redirects.yaml: old addresses and patterns of a former site, and where they lead.

Input: rules as texts of editors and importers. Output: look-ups for requests and for files of a static tree. It knows no
content: `publication` decides whether a target exists. `content` and all packages that build on it may call it.
"""

from feedsvc.redirects.addresses import (
    INDEX_FILE,
    normal_form,
    normalize_address,
    normalize_path,
    other_spelling,
    without_slash,
)
from feedsvc.redirects.file_text import REDIRECTS_FILE, render_redirects_file
from feedsvc.redirects.patterns import (
    GONE,
    Part,
    Placeholder,
    RedirectPattern,
    check_pattern_target,
    parse_pattern,
    parse_target,
)
from feedsvc.redirects.plain_hosts import (
    BROAD_KINDS,
    SAMPLE,
    can_be_file,
    is_below_file,
    is_expanded_target,
    plain_host_gaps,
    sample_target,
)
from feedsvc.redirects.rules import RedirectRules

__all__ = [
    "BROAD_KINDS",
    "GONE",
    "INDEX_FILE",
    "REDIRECTS_FILE",
    "SAMPLE",
    "Part",
    "Placeholder",
    "RedirectPattern",
    "RedirectRules",
    "can_be_file",
    "check_pattern_target",
    "is_below_file",
    "is_expanded_target",
    "normal_form",
    "normalize_address",
    "normalize_path",
    "other_spelling",
    "parse_pattern",
    "parse_target",
    "plain_host_gaps",
    "render_redirects_file",
    "sample_target",
    "without_slash",
]
