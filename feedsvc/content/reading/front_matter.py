"""Front matter of a Markdown article: YAML between two lines '---', followed by the Markdown of the body."""

from __future__ import annotations

import re
from typing import Final

_START: Final = re.compile(r"---[ \t]*\r?\n?")
_END: Final = re.compile(r"(?:---|\.\.\.)[ \t]*\r?\n?")


def split_front_matter(content: str) -> tuple[str, str]:
    """Return the YAML, after an empty line, so that its lines have the same numbers as in the file, and the Markdown.

    Raises ValueError with a message for the editor if there is no front matter or it is empty.
    """
    lines = content.splitlines(keepends=True)
    if not lines:
        raise ValueError("the file is empty")
    if not _START.fullmatch(lines[0]):
        raise ValueError("a Markdown article begins with a line '---', then its keys, then '---' again")
    end = next((index for index, line in enumerate(lines[1:], 1) if _END.fullmatch(line)), None)
    if end is None:
        raise ValueError("the keys that begin below this '---' never end; write '---' below the last key")
    if not "".join(lines[1:end]).strip():
        raise ValueError("there are no keys between the two '---'; an article needs at least title: and published:")
    return "\n" + "".join(lines[1:end]), "".join(lines[end + 1 :])


def is_in_code_fence(content: str, line: int) -> bool:
    """Return True if a line (from 1) of an article file seems to be in a fenced code block: an odd number of fences is above it.

    There, conflict markers may be an example in an article about git.
    """
    lines_before = content.splitlines()[: line - 1]
    fences = [text for text in lines_before if text.lstrip(" ").startswith(("```", "~~~"))]
    return len(fences) % 2 == 1
