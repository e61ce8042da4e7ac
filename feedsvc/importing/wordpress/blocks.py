"""Blocks of WordPress's editor: HTML between comments such as `<!-- wp:image {"id":5} -->`, read as a tree."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

_DELIMITER: Final = re.compile(
    r"<!--\s++(?P<end>/)?wp:(?P<namespace>[a-z][a-z0-9_-]*+/)?(?P<name>[a-z][a-z0-9_-]*+)\s++"
    r"(?P<json>\{(?:[^}<]|<(?!!--)|\}(?!\s+/?-->))*+\}\s++)?+(?P<void>/)?-->"
)
_MAX_DEPTH: Final = 25
_CORE: Final = "core/"


@dataclass(slots=True)
class Block:
    """A block: its name ("image", "jetpack/form"; without "core/"), its attributes, and in `parts` its HTML and inner blocks."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)
    parts: list[str | Block] = field(default_factory=list)

    @property
    def inner_blocks(self) -> list[Block]:
        return [part for part in self.parts if isinstance(part, Block)]

    @property
    def own_html(self) -> str:
        """The HTML of the block without that of inner blocks."""
        return "".join(part for part in self.parts if isinstance(part, str))

    def text(self, attribute: str) -> str:
        """Return an attribute that is a text or a whole number, as text; "" for others and for a missing one."""
        value = self.attributes.get(attribute)
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def has_blocks(text: str) -> bool:
    """Return True if a text is one of the editor with blocks: it contains the beginning of a block's comment."""
    return "<!-- wp:" in text


def parse_blocks(text: str) -> Block:
    """Return a block without name whose `parts` are the blocks of a text and the HTML between them.

    A block without end extends to the end of the block around it. An end without a start is ignored. Within 25 blocks, start
    and end of a further block with content are ignored; its HTML belongs to the block around it.
    """
    root = Block("")
    stack, pos = [root], 0
    for match in _DELIMITER.finditer(text):
        if match.start() > pos:
            stack[-1].parts.append(text[pos : match.start()])
        pos = match.end()
        name = f"{match['namespace'] or ''}{match['name']}".removeprefix(_CORE)
        if match["end"]:
            depth = next((index for index in range(len(stack) - 1, 0, -1) if stack[index].name == name), 0)
            if depth:
                del stack[depth:]
        elif match["void"] or len(stack) <= _MAX_DEPTH:
            block = Block(name, _attributes(match["json"] or ""))
            stack[-1].parts.append(block)
            if not match["void"]:
                stack.append(block)
    if pos < len(text):
        stack[-1].parts.append(text[pos:])
    return root


def _attributes(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
