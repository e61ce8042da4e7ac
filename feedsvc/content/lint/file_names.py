"""Lint of file names: warns of unusual suffixes, of paths that Windows cannot have, and of those that it takes for equal.

On Windows, a clone of a git repository leaves such files out, or fails.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from feedsvc.content.folder import ROOT_FOLDER, THEME_FOLDER, ContentSnapshot
from feedsvc.content.reading import usual_suffix
from feedsvc.errors import Problem
from feedsvc.model import Article
from feedsvc.page_model import StaticPage

# Windows allows 259 characters for a whole path, of which the folder of the newsroom takes some.
MAX_PATH_LENGTH: Final = 200
# Names of devices, in any letter case and with any suffix.
_RESERVED_NAME: Final = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_FORBIDDEN_CHARACTER: Final = re.compile(r'[<>:"\\|?*]')


def is_reserved_name(name: str) -> bool:
    """Return whether a name, with or without suffix, is that of a device of Windows, where no file can have it."""
    return _RESERVED_NAME.fullmatch(name) is not None


def lint_file_names(content: ContentSnapshot) -> Iterator[Problem]:
    """Yield warnings about paths that Windows cannot have or that have over 200 characters, those taken for equal, and suffixes.

    Windows and macOS take paths for equal that differ only in letter case or in the Unicode form of accents. Checked are the
    files of articles and pages, drafts included, the files in root/ and theme/, and the files in media/ that articles, pages or
    settings refer to.
    """
    texts: tuple[Article | StaticPage, ...] = (*content.articles, *content.pages.values())
    folders = ((ROOT_FOLDER, content.root_files), (THEME_FOLDER, content.theme))
    names = (f"{folder}/{name}" for folder, files in folders for name in files)
    paths = sorted({*(text.path for text in texts), *names, *content.media})
    for path in paths:
        message, hint = _fault(path)
        if message:
            yield Problem(path=path, message=message, hint=hint, rule="windows-name")
    for path in sorted({text.path for text in texts}):
        if not path.endswith(usual := usual_suffix(path)):
            yield Problem(path=path, message=f"names of such files end in {usual}", hint="rename it", rule="file-suffix")
    yield from _equal_path_warnings(paths)


def _fault(path: str) -> tuple[str, str]:
    """Return message and hint about the first fault of a path, both "" if Windows can have it and it is not too long."""
    for name in path.split("/"):
        if is_reserved_name(name):
            return f"'{name}' is the name of a device on Windows, where no file can have it", "rename it"
        if match := _FORBIDDEN_CHARACTER.search(name):
            return f"'{name}' cannot be a name on Windows, because of {match[0]}", "rename it without that character"
        if name[-1] in ". ":
            return f"'{name}' cannot be a name on Windows, because of its last character", "rename it without that character"
    if len(path) > MAX_PATH_LENGTH:
        return f"the path has {len(path)} characters; Windows opens files up to 259, folders above included", "use shorter names"
    return "", ""


def _equal_path_warnings(paths: list[str]) -> Iterator[Problem]:
    """Yield a warning for each path that differs from an earlier one only in letter case or in the form of accents."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        groups[unicodedata.normalize("NFC", path).casefold()].append(path)
    for first, *others in groups.values():
        for other in others:
            message = f"Windows and macOS take this file for {first}, because only letter case or accents differ"
            yield Problem(path=other, message=message, hint="rename one of them", rule="equal-names")
