"""YAML document: the plain values of one YAML file, their positions, and the file's YAML errors as problems."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal

from feedsvc.content.text import line_and_column, problem_at
from feedsvc.content.yaml import fast
from feedsvc.content.yaml.full import KeyPath, SourceMap, YamlValue, parse_with_pyyaml
from feedsvc.errors import Problem, Rule, limit_problems

_ACCIDENTAL_COMMENT: Final = re.compile(r"[ \t]#(?=[^\s#])")  # an intended comment has a space after its '#'


@dataclass(slots=True)
class YamlDocument:
    """YAML file as plain data. `value` is None if the file could not be parsed, or if it is empty or null.

    If a key occurs twice, the first value counts. `problems` are the YAML errors; later checks add theirs, and count further ones
    in `omitted_errors`. `text` is the text of the file. `loaded_source_map` has the positions of values and keys. It is None if
    the module `fast` parsed the file (then there are no YAML errors) and no position was needed yet; `source_map` loads it.
    """

    path: str
    value: YamlValue = None
    problems: list[Problem] = field(default_factory=list)
    text: str = ""
    loaded_source_map: SourceMap | None = field(default_factory=SourceMap)
    omitted_errors: int = 0

    def limited_problems(self) -> tuple[Problem, ...]:
        """Return the problems sorted, and at most 100 of one rule, as `limit_problems` does."""
        return limit_problems(self.problems, self.omitted_errors)

    @property
    def source_map(self) -> SourceMap:
        """Positions of values and keys. If the module `fast` parsed the file, PyYAML computes them on first use."""
        if self.loaded_source_map is None:
            self.loaded_source_map = _parse_with_pyyaml(self.path, self.text).source_map
        return self.loaded_source_map

    def problem(
        self, location: KeyPath, message: str, hint: str = "", *, at_key: bool = False, rule: Rule | Literal[""] = ""
    ) -> Problem:
        """Return an error, or a warning of `rule`, at the value at key path `location`, or at its key if `at_key`.

        If the file has no such value, the position is that of the nearest mapping or list around it that exists; line 1, column
        1 if the file has no values. If there is no such key, `at_key` has no effect.
        """
        source_map = self.source_map
        node = source_map.keys.get(location) if at_key else None
        while node is None and location:
            node, location = source_map.find(location), location[:-1]
        node = node or source_map.values.get(())
        position = (node.start_mark.line + 1, node.start_mark.column + 1) if node else (1, 1)
        return problem_at(self.path, position, message, hint, rule)

    def line_and_column(self, location: KeyPath) -> tuple[int, int]:
        """Return line and column, both from 1, of the value at a key path.

        If the file has no such value, they are those of the nearest mapping or list around it. Seldom needs PyYAML, unlike
        `problem`.
        """
        if self.loaded_source_map is None and len(location) == 1 and (offset := self._value_offset(str(location[0]))):
            return line_and_column(self.text, offset)
        problem = self.problem(location, "")
        return problem.line, problem.column

    def _value_offset(self, key: str) -> int:
        """Return the index in the text of the value of a top-level key; 0 if the key is missing or the value not on its line.

        Only for a text that the module `fast` parsed.
        """
        text, head = self.text, f"{key}: "
        line_end = -1 if text.startswith(head) else text.find(f"\n{head}")
        if not text.startswith(head, line_end + 1):
            return 0
        offset = line_end + 1 + len(head)
        while text.startswith(" ", offset):
            offset += 1
        return 0 if text[offset : offset + 1] in ("", "\r", "\n") else offset  # a value on the lines below

    def raw_scalar(self, location: KeyPath) -> str | None:
        """Return a scalar's text without quotation marks and escapes: "no" for False, "" for an empty value.

        Return None for a list, a mapping or a missing value.
        """
        node = self.source_map.values.get(location)
        return str(node.value) if node and node.id == "scalar" else None

    def has_value(self, location: KeyPath) -> bool:
        """Return True if the file has a value at the key path, even an empty one."""
        value = self.value
        for step in location:
            is_present = step in value if isinstance(value, dict) else isinstance(value, list) and step in range(len(value))
            if not is_present:
                return False
            value = value[step]
        return True

    def comment_warning(self, location: KeyPath) -> Problem | None:
        """Return a warning if a comment after the plain text at a key path, or in its place, may be meant as text; else None.

        Such a comment has exactly one space or tab before its "#" and none after it, as in `Room #5`.
        """
        if self.loaded_source_map is None:  # `fast` declines files with comments
            return None
        node = self.loaded_source_map.values.get(location)
        if not node or node.id != "scalar" or node.style or not _ACCIDENTAL_COMMENT.match(self.text, node.end_mark.index):
            return None
        if node.value:
            message, hint = f"{location[-1]}: ends here, for what follows ' #' is a comment", "put the whole text in quotes"
        else:
            message = f"nothing is left of {location[-1]}, because # begins a comment"
            hint = "put it in quotes, or leave out the #"
        line, column = node.end_mark.line + 1, node.end_mark.column + 2
        return Problem(path=self.path, line=line, column=column, message=message, hint=hint, rule="comment-in-text")

    def span(self, location: KeyPath, *, at_key: bool = False) -> tuple[int, int]:
        """Return start and end index in the text of a value, or of its key if `at_key`. Raises KeyError if it is missing."""
        node = (self.source_map.keys if at_key else self.source_map.values)[location]
        return node.start_mark.index, node.end_mark.index

    def first_character(self, location: KeyPath) -> str:
        """Return the character of the file at which the value at a key path begins, such as "[" of a list in brackets.

        "" if there is no value. For an empty value, it is the character that follows its place, such as a line feed.
        """
        start = self.span(location)[0] if location in self.source_map.values else len(self.text)
        return self.text[start : start + 1]

    def is_flow_mapping(self, location: KeyPath = ()) -> bool:
        """Return True if the value at a key path, or the whole file, is a {mapping in braces}."""
        node = self.source_map.values.get(location)
        return bool(node and node.id == "mapping" and node.flow_style)


def parse_yaml(path: str, text: str) -> YamlDocument:
    """Parse the text of the file at `path`; never raises, YAML errors become problems of the document. No file is read.

    An empty text, or one of comments only, has the value None and a problem; a text that is only `null` has no problem.
    """
    value = fast.parse_subset(text)
    return _parse_with_pyyaml(path, text) if value is None else YamlDocument(path, value, text=text, loaded_source_map=None)


def _parse_with_pyyaml(path: str, text: str) -> YamlDocument:
    parsed = parse_with_pyyaml(path, text)
    return YamlDocument(path, parsed.value, parsed.problems, text, parsed.source_map)
