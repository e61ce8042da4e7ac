"""Inline HTML as Markdown. An element without an exact Markdown form stays a pair of tags, with Markdown inside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from feedsvc.importing.html_tree import HtmlNode

_SPECIAL: Final = re.compile(r"[\\`*\[\]]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|~(?=~)|(?<=~)~")
_UNDERSCORE: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # one between letters is no emphasis
_BARE_ADDRESS: Final = re.compile(r"(?<![A-Za-z])(https?|ftp)://|(?<![A-Za-z])(www)\.", re.IGNORECASE)
_SUSPECT: Final = re.compile(r"[\\`*\[\]<&~_|\u00a0]|://|www\.", re.IGNORECASE)  # may need an escape
_LINE_START: Final = re.compile(r"(?m)^(\s*)([#>+=|-]|[0-9]{1,9}(?=[.)]))")
_NUMBERED: Final = re.compile(r"[0-9]{1,9}\Z")
_SPACE: Final = re.compile(r"[ \t\n\f\r]{2,}|[\t\n\f\r]")  # all but single spaces
_PLAIN_ADDRESS: Final = re.compile(r"[^\s<>()\\\"'*_\[\]`]+")
_AUTOLINK: Final = re.compile(r"https?://[A-Za-z0-9/._~+,=@?&#%-]+")
_MARKS: Final = {"em": "*", "i": "*", "strong": "**", "b": "**", "del": "~~"}
_BACKTICKS: Final = re.compile(r"`+")


def inline_markdown(nodes: Sequence[HtmlNode], *, uses_marks: bool = True, in_table: bool = False) -> str:
    """Return inline nodes as Markdown for a paragraph; text is escaped where it might begin a block at a line's start.

    With `uses_marks` False, emphasis stays in tags. With `in_table`, the Markdown is for a cell: `br` stays a tag, and
    "|" is escaped in texts, but not in addresses, titles and the attributes of tags. Compare the rendered table with
    the source.
    """
    writer = _InlineWriter(uses_marks=uses_marks, in_table=in_table)
    writer.write_all(nodes)
    return _LINE_START.sub(_escape_line_start, "".join(writer.pieces).strip(" \n"))


def _escape_line_start(match: re.Match[str]) -> str:
    is_number = bool(_NUMBERED.match(match[2]))
    return f"{match[1]}{match[2]}\\" if is_number else f"{match[1]}\\{match[2]}"


class _InlineWriter:
    """Writer of inline nodes as Markdown: each call adds its text to `pieces`."""

    def __init__(self, *, uses_marks: bool, in_table: bool) -> None:
        self.pieces: list[str] = []
        self._uses_marks, self._in_table = uses_marks, in_table

    def write_all(self, nodes: Sequence[HtmlNode]) -> None:
        for index, node in enumerate(nodes):
            following = nodes[index + 1] if index + 1 < len(nodes) else None
            self._write(node, following)

    def _write(self, node: HtmlNode, following: HtmlNode | None) -> None:
        if not node.name:
            self._write_text(node.text, following)
        elif node.name == "br":
            self.pieces.append("<br>" if self._in_table or following is None else "\\\n")
        elif node.name == "img" and node.attributes.keys() <= {"src", "alt", "title"} and node.attributes.get("src"):
            self.pieces.append(f"![{self._escaped(node.attributes.get('alt', ''))}]{_target(node.attributes, 'src')}")
        elif node.name == "code" and (code := self._code(node)):
            self.pieces.append(code)
        elif node.name == "a" and node.attributes.keys() <= {"href", "title"} and node.attributes.get("href") and node.children:
            self._write_link(node)
        elif self._can_mark(node, following):
            mark = _MARKS[node.name]
            self._write_between(mark, node, mark)
        else:
            self._write_between(node.source, node, node.end_tag)

    def _write_between(self, start: str, node: HtmlNode, end: str) -> None:
        self.pieces.append(start)
        self.write_all(node.children)
        self.pieces.append(end)

    def _write_text(self, text: str, following: HtmlNode | None) -> None:
        collapsed = _SPACE.sub(" ", text)
        if self.pieces and self.pieces[-1].endswith("\n"):
            collapsed = collapsed.lstrip(" ")
        escaped = self._escaped(collapsed)
        if escaped.endswith("!") and following and following.name:
            escaped = f"{escaped[:-1]}\\!"
        self.pieces.append(escaped)

    def _escaped(self, text: str) -> str:
        if not _SUSPECT.search(text):
            return text
        escaped = _BARE_ADDRESS.sub(_escape_address, _UNDERSCORE.sub(r"\\_", _SPECIAL.sub(r"\\\g<0>", text)))
        if self._in_table:
            escaped = escaped.replace("|", "\\|")
        return escaped.replace("\u00a0", "&nbsp;")

    def _write_link(self, node: HtmlNode) -> None:
        href = node.attributes["href"]
        is_address = len(node.children) == 1 and not node.children[0].name and node.children[0].text == href
        if is_address and "title" not in node.attributes and _AUTOLINK.fullmatch(href):
            self.pieces.append(f"<{href}>")
            return
        self._write_between("[", node, f"]{_target(node.attributes, 'href')}")

    def _code(self, node: HtmlNode) -> str:
        """Return a `code` element as a code span; "" if it has elements, attributes or spaces at its ends, or is empty.

        In a table, "|" in it also gives "".
        """
        if node.attributes or any(child.name for child in node.children):
            return ""
        text = _SPACE.sub(" ", "".join(child.text for child in node.children))
        if not text or text != text.strip(" ") or (self._in_table and "|" in text):
            return ""
        longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
        fence = "`" * (longest + 1)
        padding = " " if longest else ""
        return f"{fence}{padding}{text}{padding}{fence}"

    def _can_mark(self, node: HtmlNode, following: HtmlNode | None) -> bool:
        """Return whether marks around the content would be read as the element (CommonMark, left- and right-flanking).

        `following` is the next sibling. False if no marks are used, the element has no mark (as `em` has *) or has attributes.
        """
        if not self._uses_marks or node.name not in _MARKS or node.attributes:
            return False
        text = node.markup().removeprefix(node.source).removesuffix(node.end_tag)
        if not text or text[0].isspace() or text[-1].isspace():
            return False
        before = self.pieces[-1][-1:] if self.pieces else ""
        after = following.text[:1] if following and not following.name else ("x" if following else "")
        # At a border with a letter inside, any neighbour is right; else the neighbour must be no letter.
        return (text[0].isalnum() or not before.isalnum()) and (text[-1].isalnum() or not after.isalnum())


def _escape_address(match: re.Match[str]) -> str:
    return f"{match[1]}\\://" if match[1] else f"{match[2]}\\."


def _target(attributes: dict[str, str], name: str) -> str:
    """Return the address (the attribute `name`) and title of a link or an image, as Markdown in parentheses."""
    address, title = attributes[name], attributes.get("title", "")
    if not _PLAIN_ADDRESS.fullmatch(address):
        address = "<" + re.sub(r"[\\<>]", r"\\\g<0>", address.replace("\n", "%0A")) + ">"
    if "title" not in attributes:
        return f"({address})"
    escaped_title = re.sub(r'[\\"]', r"\\\g<0>", _SPACE.sub(" ", title))
    return f'({address} "{escaped_title}")'
