"""Positions of lint warnings: line and column in a file, which is read again. Article files without warnings are not read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read, text
from feedsvc.content.reading import is_markdown, parse_settings_file
from feedsvc.content.yaml import KeyPath, YamlDocument, parse_yaml
from feedsvc.errors import Problem, Rule

_FRONT_MATTER_END: Final = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_REFERENCE_DELIMITERS: Final = frozenset(" \t\n\r\"'(<>[]{}=`")


class ArticlePositions:
    """Builder of warnings with positions in one article file. `text` is that of the file, `document` its YAML or front matter.

    If the file cannot be read, `text` is "" and all positions are line 1, column 1.
    """

    def __init__(self, root: Path, path: str) -> None:
        """Read and parse the file at `path` below the content folder `root` again."""
        data = safe_read.read_file(root, path)
        self.text = text.decode(path, data).text if isinstance(data, bytes) else ""
        # The first '---' of a Markdown file begins a document in YAML, too, so it can stay.
        end = _FRONT_MATTER_END.search(self.text, 3) if is_markdown(path) else None
        self.document: YamlDocument = parse_yaml(path, self.text[: end.start()] if end else self.text)

    def has_key(self, key: str) -> bool:
        """Return whether the file has this key at its top level, with or without a value."""
        return (key,) in self.document.source_map.keys

    def warning_at(self, rule: Rule, location: KeyPath, message: str, hint: str, *, at_key: bool = False) -> Problem:
        """Return a warning at the value at a key path, or at its key if `at_key`.

        If the file has no such value, it is at the nearest mapping or list around it.
        """
        return self.document.problem(location, message, hint, at_key=at_key, rule=rule)

    def warning_at_text(self, rule: Rule, patterns: tuple[str, ...], message: str, hint: str) -> Problem:
        """Return a warning at the start of the word or address with the first match of a pattern; at `body` if none matches.

        `patterns` are regular expressions, tried in order on the text of the whole file; the first one that matches counts. In
        a file without the key `body`, the warning is at its first key instead.
        """
        index = next((match.start() for pattern in patterns if (match := re.search(pattern, self.text))), None)
        if index is None:
            return self.warning_at(rule, ("body",), message, hint)
        while index > 0 and self.text[index - 1] not in _REFERENCE_DELIMITERS:
            index -= 1
        return text.problem_at(self.document.path, text.line_and_column(self.text, index), message, hint, rule)


class EntryPositions:
    """Builder of warnings with positions in a settings file; line 1, column 1 if the file cannot be read."""

    def __init__(self, root: Path, path: str) -> None:
        """Read and parse the file at `path` below the content folder `root` again."""
        data = safe_read.read_file(root, path)
        self._document: YamlDocument = parse_settings_file(path, data if isinstance(data, bytes) else b"")
        keys = self._document.value if isinstance(self._document.value, dict) else ()
        self._keys = {unicodedata.normalize("NFC", key): key for key in keys}

    def warning(self, rule: Rule, id_: str, location: KeyPath, message: str, hint: str) -> Problem:
        """Return a warning at the value at key path `location` in the entry with this id (in NFC), or at its id if that is ().

        In site.yaml, `id_` is a top-level key. If the file has no such value, the warning is at the nearest mapping or list
        around it.
        """
        whole_location = (self._keys.get(id_, id_), *location)
        return self._document.problem(whole_location, message, hint, at_key=not location, rule=rule)


# Function that builds a warning. It is called after the file was read.
DeferredWarning = Callable[[ArticlePositions], Problem]


def warn_at(rule: Rule, location: KeyPath, message: str, hint: str, *, at_key: bool = False) -> DeferredWarning:
    """Return a function that builds a warning at a key path, or at its key if `at_key`, once the article's file was read."""
    return lambda file: file.warning_at(rule, location, message, hint, at_key=at_key)


def warn_at_text(rule: Rule, patterns: tuple[str, ...], message: str, hint: str) -> DeferredWarning:
    """Return a function that builds a warning at the start of the word or address with the first match of a pattern.

    Call the function once the article's file was read. `patterns` are regular expressions, tried in order on the whole file. If
    none matches, the warning is at the key `body` or, without it, at the first key.
    """
    return lambda file: file.warning_at_text(rule, patterns, message, hint)
