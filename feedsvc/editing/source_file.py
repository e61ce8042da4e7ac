"""An article's file as it is written: its text, its YAML, and where each key stands in both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from feedsvc.content import text
from feedsvc.content.reading import article
from feedsvc.content.yaml import document
from feedsvc.content.yaml.document import Tree
from feedsvc.errors import Problem

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """`data` is the file, `text` what it says without a byte order mark; the tree's text begins at `shift` in it."""

    data: bytes
    text: str
    tree: Tree
    shift: int

    def byte(self, index: int) -> int:
        """Where a character of the text stands in the file."""
        return len(_BOM) * self.data.startswith(_BOM) + len(self.text[:index].encode())


def warning(grown: Tree, key: str, message: str, hint: str) -> Problem:
    """A warning at a key's value; at the file's beginning where the key is not written."""
    at = grown.problem((key,), message, hint) if grown.has((key,)) else None
    whole = Problem(path=grown.path, message=text.told(message), hint=text.told(hint))
    return replace(at or whole, severity="warning")


def written(path: str, data: bytes) -> Written:
    """Never raises; the tree of a file without readable YAML holds nothing."""
    content, _, is_plain = text.decode(path, data)
    try:
        front = article.split(content)[0] if path.endswith(".md") else content
    except ValueError:
        return Written(data=data, text=content, tree=Tree(path), shift=0)
    # The first line, which opens a Markdown article's keys, is an empty one to YAML; a second byte order mark is nothing.
    shift = len(content.splitlines(keepends=True)[0]) - 1 if path.endswith(".md") else content.startswith("\ufeff")
    return Written(data=data, text=content, tree=document.read(path, front, is_plain=is_plain), shift=shift)
