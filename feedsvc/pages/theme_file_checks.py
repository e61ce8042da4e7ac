"""Checks of single theme files that need no trial: their places, sizes and encodings, and what a stylesheet imports."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from feedsvc.errors import Problem
from feedsvc.pages.theme import BLOCKS, EXTRA_STYLESHEET, FOLDER, STATIC, STATIC_TYPES, TEMPLATES

_MAX_BYTES: Final = 128 * 1024  # of a template or of extra.css: several times the largest built-in file
# Every alternative matches to its end or to the end of the text, so that no text is scanned twice.
_COMMENT_OR_STRING: Final = re.compile(r"/\*.*?(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?", re.DOTALL)
_IMPORT: Final = re.compile(r"@import\s*(?:url\(\s*)?[\"']?([^\"')\s;]*)", re.IGNORECASE)
_REMOTE_ADDRESS: Final = re.compile(r"//|[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def content_path(path: str) -> str:
    """Return the path below the content folder of the file at `path` below theme/."""
    return f"{FOLDER}/{path}"


def file_problem(path: str, data: bytes, files: Mapping[str, bytes]) -> Problem | None:
    """Return the first problem of the file at `path` below theme/ that can be found without a trial; None if it has none.

    It checks the place of the file, the type and address of one in static/, the size and encoding of a template or of
    extra.css, and each @import in extra.css. `files` are all files of the theme.
    """
    if path == EXTRA_STYLESHEET:
        return _text_problem(path, data, "stylesheet") or _import_problem(path, data.decode())
    check = next((check for folder, check in _CHECKS_BY_FOLDER.items() if path.startswith(folder)), None)
    if check:
        return check(path, data, files)
    message = f"a theme holds {TEMPLATES}, {STATIC} and {EXTRA_STYLESHEET} only"
    place = f"to {FOLDER}/{TEMPLATES}{BLOCKS}" if path.startswith(BLOCKS) else "there"
    return Problem(path=content_path(path), message=message, hint=f"move it {place}")


def _static_problem(path: str, _data: bytes, files: Mapping[str, bytes]) -> Problem | None:
    if path == STATIC + EXTRA_STYLESHEET and EXTRA_STYLESHEET in files:
        message = f"{content_path(EXTRA_STYLESHEET)} has the same address, /{STATIC}{EXTRA_STYLESHEET}"
        return Problem(path=content_path(path), message=message, hint="give this file another name")
    if path[path.rfind(".") :].lower() in STATIC_TYPES:
        return None
    return Problem(path=content_path(path), message="no page uses such a file", hint=f"use {', '.join(STATIC_TYPES)}")


def _template_problem(path: str, data: bytes, _files: Mapping[str, bytes]) -> Problem | None:
    return _text_problem(path, data, "template")


_CHECKS_BY_FOLDER: Final[Mapping[str, Callable[[str, bytes, Mapping[str, bytes]], Problem | None]]] = {
    STATIC: _static_problem,
    TEMPLATES: _template_problem,
}


def _text_problem(path: str, data: bytes, kind: str) -> Problem | None:
    if len(data) > _MAX_BYTES:
        message = f"the {kind} is larger than {_MAX_BYTES // 1024} KiB, the most that is used"
        return Problem(path=content_path(path), message=message)
    try:
        data.decode()
    except UnicodeDecodeError:
        return Problem(path=content_path(path), message="the file is not UTF-8", hint="save the file in UTF-8")
    return None


def _import_problem(path: str, text: str) -> Problem | None:
    """Return the problem of the first @import from another host in a stylesheet `text`, which the policy of pages forbids.

    None if there is no such @import. `path` is that of the stylesheet below theme/.
    """
    code = _COMMENT_OR_STRING.sub(_blank_comment, text)
    for rule in _IMPORT.finditer(code):
        if _REMOTE_ADDRESS.match(rule[1]):
            before = code[: rule.start()]
            return Problem(
                path=content_path(path),
                line=before.count("\n") + 1,
                column=len(before) - before.rfind("\n"),
                message=f"@import of {rule[1]}, but pages load no stylesheets from other hosts",
                hint=f'put the file into {FOLDER}/{STATIC} and write @import "name.css"',
            )
    return None


def _blank_comment(match: re.Match[str]) -> str:
    """Return a comment as spaces and line ends, so that positions stay; a string as it is."""
    return re.sub(r"[^\n]", " ", match[0]) if match[0].startswith("/*") else match[0]
