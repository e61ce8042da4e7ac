"""Refusal of media that a browser would run as a part of the site.

`feedsvc serve` prevents that by a Content-Security-Policy and by the media type. Hosts of a static tree may send neither.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final
from xml.parsers import expat

from feedsvc.content.safe_open import open_file

# What hosts send as pages or scripts, or run themselves. Any other kind of XML may hold a page, too, and begins as one.
_ENDINGS: Final = frozenset(
    (
        *(
            ".htm",
            ".html",
            ".hta",
            ".mht",
            ".mhtml",
            ".shtm",
            ".shtml",
            ".stm",
            ".xht",
            ".xhtm",
            ".xhtml",
            ".xml",
            ".xsl",
            ".xslt",
        ),
        *(".cjs", ".js", ".mjs", ".svgz", ".swf"),
        *(
            ".asp",
            ".aspx",
            ".cgi",
            ".jsp",
            ".jspx",
            ".phar",
            ".pht",
            ".php",
            ".php3",
            ".php4",
            ".php5",
            ".php7",
            ".php8",
            ".phtml",
        ),
    )
)
_PACKED: Final = frozenset((".br", ".gz", ".zst"))  # of a file that web servers send as what it is without the ending
_BEGINNING: Final = 1024  # bytes in which a browser looks for a page where it is told no type
_LARGEST_SVG: Final = 5_000_000
_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")  # of encodings, before a text

_SVG: Final = "http://www.w3.org/2000/svg"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_ELEMENTS: Final = frozenset(("script", "foreignobject", "handler", "listener", "iframe", "object", "embed", "audio", "video"))
_PICTURE: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
# Functions of CSS that take an address as a mere string.
_LOADING: Final = re.compile(r"\b(?:image-set|cross-fade|src)\(", re.IGNORECASE)
_URL: Final = re.compile(r"url\s*+\(\s*+[\"']?+\s*+(?!#|data:image/(?:png|jpeg|gif|webp|avif);base64,)", re.IGNORECASE)
_ADVICE: Final = "take that out (SVGO and most drawing programs do so), or save the picture as PNG"


def refuse_program(path: str, location: str, *, is_known: bool) -> None:
    """Raise ValueError with a sentence for the editor if a browser would run the file at `path`, or OSError.

    `is_known` tells that the file's name has a known media type, which no browser runs.
    """
    suffix = PurePosixPath(path).suffix.lower()
    if suffix == ".svg":
        _refuse_svg(path, location)
    elif _is_named_as_program(path) or (not is_known and _begins_as_page(location)):
        raise ValueError(
            f"'{path}' is something that browsers or web servers run as a part of the site, whatever it holds; "
            "put it into a .zip, or at another host and link to it there"
        )


def _is_named_as_program(path: str) -> bool:
    """Return whether a host sends or runs a file of this name as a program; some do so with its compressed twin, too."""
    name = PurePosixPath(path.lower())
    if name.suffix in _PACKED:
        inner = PurePosixPath(name.stem).suffix
        return inner in _ENDINGS or inner == ".svg"
    return name.suffix in _ENDINGS or name.name.startswith(".ht")


def must_look(path: str, *, is_known: bool) -> bool:
    """Return whether the file's bytes must be read, since its name alone does not tell."""
    return PurePosixPath(path).suffix.lower() == ".svg" or not is_known


def _begins_as_page(location: str) -> bool:
    with open_file(location) as file:
        text = file.read(_BEGINNING)
    for mark in _MARKS:
        text = text.removeprefix(mark)
    return text.lstrip(b" \t\r\n\f\0").startswith(b"<")


def _refuse_svg(path: str, location: str) -> None:
    with open_file(location) as file:
        data = file.read(_LARGEST_SVG + 1)
    if len(data) > _LARGEST_SVG:
        raise ValueError(f"'{path}' has more than {_LARGEST_SVG // 1_000_000} MB, the most of an SVG that is looked through")
    if found := _Reader().read(data):
        raise ValueError(f"'{path}' {found}")


class _Refused(Exception):  # noqa: N818 - ends the parser, and is no error
    pass


class _Reader:
    """Searches an SVG for anything but a drawing. The parser loads nothing, and no entity may be declared."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.ProcessingInstructionHandler = self._instruction
        self._parser.EntityDeclHandler = self._entity
        self._styles = 0  # style elements that are open
        self._style: list[str] = []
        self._is_begun = False

    def read(self, data: bytes) -> str:
        """Return what is wrong and what to do, "" for a picture."""
        try:
            self._parser.Parse(data, True)  # noqa: FBT003 - has no name
        except _Refused as refused:
            line = self._parser.CurrentLineNumber
            return f"{refused} in line {line}, which browsers run or load as a part of the site; {_ADVICE}"
        except expat.ExpatError as error:
            return f"is no sound SVG: {expat.ErrorString(error.code)} in line {error.lineno}; save it again, or as PNG"
        except (LookupError, ValueError):
            return "is in an encoding that is not known; save it as UTF-8"
        return ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if self._styles:  # a browser reads the texts around it as one
            raise _Refused(f"holds <{local}> inside <style>")
        if not self._is_begun and (namespace not in ("", _SVG) or local != "svg"):
            raise _Refused(f"begins with <{local}> and not with <svg>")
        self._is_begun = True
        if namespace == _XHTML or local.lower() in _ELEMENTS:
            raise _Refused(f"holds the element <{local}>")
        for attribute, value in attributes.items():
            self._attribute(attribute.rpartition(" ")[2].lower(), value)
        self._styles += local.lower() == "style"

    def _end(self, name: str) -> None:
        if name.rpartition(" ")[2].lower() == "style":
            self._styles -= 1
            self._css("".join(self._style))
            self._style = []

    def _text(self, text: str) -> None:
        if self._styles:
            self._style.append(text)

    def _attribute(self, name: str, value: str) -> None:
        if name.startswith("on"):
            raise _Refused(f"holds the script of an event, {name}")
        if name == "base" or (name in ("href", "src") and not _is_inside(value)):
            raise _Refused(f"leads elsewhere by {name}")
        if name == "attributename" and value.strip().lower().rpartition(":")[2].startswith(("href", "on")):
            raise _Refused(f"animates {value.strip()}")
        self._css(value)

    def _css(self, text: str) -> None:
        """Refuse styles that load something. Escapes are refused beside brackets and at-rules, since they can spell any word."""
        is_escaped = "\\" in text and ("(" in text or "@" in text)
        if "@import" in text.lower() or _URL.search(text) or _LOADING.search(text) or is_escaped:
            raise _Refused("loads something by its styles")

    def _instruction(self, name: str, _: str) -> None:
        if name.lower() == "xml-stylesheet":
            raise _Refused("names a style sheet")

    def _entity(self, *_: object) -> None:
        raise _Refused("declares an entity")


def _is_inside(reference: str) -> bool:
    text = reference.strip()
    return not text or text.startswith("#") or _PICTURE.fullmatch(text) is not None
