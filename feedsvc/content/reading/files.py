"""Content files: names of the settings files, and the parts of a file: its YAML, and the Markdown below front matter.

A Markdown file has front matter, YAML between two lines '---', and then the Markdown of the body.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any, Final, NamedTuple

from feedsvc.content import safe_read, text
from feedsvc.content.yaml import CONFLICT_MESSAGE, YamlDocument, conflict_line, parse_yaml
from feedsvc.errors import Problem
from feedsvc.redirects import REDIRECTS_FILE

SITE_FILE: Final = "site.yaml"
CATEGORIES_FILE: Final = "categories.yaml"
AUTHORS_FILE: Final = "authors.yaml"
TAGS_FILE: Final = "tags.yaml"
FEEDS_FILE: Final = "feeds.yaml"
SETTINGS_FILES: Final = (SITE_FILE, CATEGORIES_FILE, AUTHORS_FILE, TAGS_FILE, FEEDS_FILE, REDIRECTS_FILE)
# Suffix of a content file, in lower case -> the usual suffix of its kind.
_USUAL_SUFFIXES: Final = {".yaml": ".yaml", ".yml": ".yaml", ".md": ".md", ".markdown": ".md", ".mdown": ".md"}
_ARTICLE_KEYS: Final = "title: and published:"
_START: Final = re.compile(r"---[ \t]*\r?\n?")
_END: Final = re.compile(r"(?:---|\.\.\.)[ \t]*\r?\n?")


class FileParts(NamedTuple):
    """Parts of a content file. `content` is its whole text, `document` its YAML (of a Markdown file, the front matter).

    `markdown` is the text below the front matter, None for a YAML file.
    """

    content: str
    document: YamlDocument
    markdown: str | None


def parse_file_parts(path: str, data: bytes, kind: str = "article", required: str = _ARTICLE_KEYS) -> FileParts | list[Problem]:
    """Decode a content file and parse its YAML: the front matter of a file that is Markdown, else the whole text.

    Return only the problems if the file cannot be decoded, if a Markdown file has no valid front matter, or if a Markdown file
    that has a body contains, in any part, an unresolved merge conflict outside of fenced code. Other problems, of the encoding
    and of YAML, are in the document.
    `kind` (the word for what the file has, such as "article") and `required` (the keys that it needs) are for messages.
    """
    content, problems = text.decode(path, data)
    if not content and problems:
        return problems
    try:
        front_matter, markdown = split_front_matter(content, kind, required) if is_markdown(path) else (content, None)
    except ValueError as error:
        return [*problems, Problem(path=path, message=str(error))]
    if markdown and (line := conflict_line(content)) and not _is_in_code_fence(content, line):
        return [*problems, Problem(path=path, line=line, message=CONFLICT_MESSAGE)]
    document = parse_yaml(path, front_matter)
    document.problems[:0] = problems
    return FileParts(content, document, markdown)


def parse_settings_file(path: str, data: bytes) -> YamlDocument:
    """Parse a settings file as YAML, without validation. The document has the problems of the encoding, then those of YAML.

    Its value is None if the file cannot be decoded or parsed, or is empty. An empty file is a problem.
    """
    parts = parse_file_parts(path, data)
    return YamlDocument(path, problems=parts) if isinstance(parts, list) else parts.document


def usual_suffix(path: str) -> str:
    """Return the usual suffix, .yaml or .md, of content files of this kind; "" for a file of another kind."""
    return _USUAL_SUFFIXES.get(path[path.rfind(".") :].lower(), "")


def is_markdown(path: str) -> bool:
    """Return whether a content file is Markdown with front matter, by its suffix; any other is YAML."""
    return usual_suffix(path) == ".md"


def split_front_matter(content: str, kind: str = "article", required: str = _ARTICLE_KEYS) -> tuple[str, str]:
    """Return (YAML, Markdown) of a Markdown file. The YAML begins with an empty line, to keep the file's line numbers.

    `kind` is the word for what the file has, `required` names the keys that it needs. Raises ValueError with a message for the
    editor if the front matter is missing, empty or not ended by a second '---' or by '...'.
    """
    lines = content.splitlines(keepends=True)
    if not lines:
        raise ValueError(f"the file is empty; a Markdown {kind} begins with a line '---', then its keys, then '---' again")
    if not _START.fullmatch(lines[0]):
        raise ValueError(f"a Markdown {kind} begins with a line '---', then its keys, then '---' again")
    end = next((index for index, line in enumerate(lines[1:], 1) if _END.fullmatch(line)), None)
    if end is None:
        raise ValueError("the keys that begin below this '---' never end; write '---' below the last key")
    if not "".join(lines[1:end]).strip():
        article = "an" if kind[0] in "aeiou" else "a"
        raise ValueError(f"there are no keys between the two '---'; {article} {kind} needs at least {required}")
    return "\n" + "".join(lines[1:end]), "".join(lines[end + 1 :])


def _is_in_code_fence(content: str, line: int) -> bool:
    """Return True if a line (from 1) of an article file seems to be in a fenced code block: an odd number of fences is above it.

    There, conflict markers may be an example in an article about git.
    """
    lines_before = content.splitlines()[: line - 1]
    return sum(line_before.lstrip(" ").startswith(("```", "~~~")) for line_before in lines_before) % 2 == 1


def normalize_id(name: str) -> str:
    """Return the id of an entry for its key in a settings file: the key in Unicode form NFC."""
    return unicodedata.normalize("NFC", name)


def known_names(root: Path, file: str) -> list[str]:
    """Return the ids, then the aliases, of the entries in `file` (authors.yaml or categories.yaml) below `root`, unvalidated.

    Return [] if the file is missing or cannot be read or parsed.
    """
    data = safe_read.read_file(root, file)
    return names_in(file, data) if isinstance(data, bytes) else []


def names_in(file: str, data: bytes) -> list[str]:
    """Return the ids, then the aliases, of the entries in the bytes of `file` (authors.yaml or categories.yaml), unvalidated.

    Return [] if they cannot be parsed.
    """
    entries = parse_settings_file(file, data).value
    if not isinstance(entries, dict):
        return []
    aliases = [alias for entry in entries.values() if isinstance(entry, dict) for alias in _strings(entry.get("aliases"))]
    return list(dict.fromkeys(normalize_id(name) for name in (*entries, *aliases)))


def _strings(value: Any) -> list[str]:
    """Return the strings in a list; [value] for a string; [] for any other value."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
