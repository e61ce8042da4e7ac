"""Source file of an article: its text, its YAML, and the position of each key in both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from feedsvc.content.reading.files import is_markdown, split_front_matter
from feedsvc.content.text import decode, problem_at
from feedsvc.content.yaml import YamlDocument, parse_yaml
from feedsvc.errors import Problem, Rule

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """Parsed file. `data` are its bytes, `text` is its text without byte order mark.

    Character 0 of the YAML document is character `yaml_offset` of `text`.
    """

    data: bytes
    text: str
    yaml: YamlDocument
    yaml_offset: int

    def byte_offset(self, index: int) -> int:
        """Return the offset in `data` of character `index` of `text`."""
        return len(_BOM) * self.data.startswith(_BOM) + len(self.text[:index].encode())


def key_warning(rule: Rule, document: YamlDocument, key: str, message: str, hint: str) -> Problem:
    """Return a warning of a rule at the value of a top-level key of the document, or at the file's beginning without that key.

    The document of a file that is missing may be empty: `YamlDocument(path)`.
    """
    if document.has_value((key,)):
        return document.problem((key,), message, hint, rule=rule)
    return problem_at(document.path, (1, 1), message, hint, rule)


def parse_source(path: str, data: bytes) -> SourceFile:
    """Parse the bytes of the article file at `path`: YAML, or Markdown with front matter by the suffix of `path`.

    Never raises; `yaml` is an empty document if there is no readable YAML. Problems of the encoding are left out.
    """
    content = decode(path, data).text
    try:
        front_matter = split_front_matter(content)[0] if is_markdown(path) else content
    except ValueError:
        return SourceFile(data=data, text=content, yaml=YamlDocument(path), yaml_offset=0)
    # The first line of a Markdown article, which opens the front matter, is empty for YAML. A second byte order mark is skipped.
    yaml_offset = len(content.splitlines(keepends=True)[0]) - 1 if is_markdown(path) else content.startswith("\ufeff")
    return SourceFile(data=data, text=content, yaml=parse_yaml(path, front_matter), yaml_offset=yaml_offset)
