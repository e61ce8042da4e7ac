"""Active content: refusal of media files that browsers or web servers would run as a part of the site.

`feedsvc serve` prevents this with Content-Security-Policy and Content-Type. Hosts of a static tree may send neither.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final
from xml.parsers import expat

from feedsvc.content.safe_open import open_file

# Files that hosts send as pages or scripts, or run themselves. Other XML may be a page, too; `_begins_as_markup` finds it.
_ACTIVE_SUFFIXES: Final = frozenset(
    (
        *(".hta", ".htm", ".html", ".mht", ".mhtml", ".shtm", ".shtml", ".stm"),
        *(".xht", ".xhtm", ".xhtml", ".xml", ".xsl", ".xslt"),
        *(".cjs", ".js", ".mjs", ".svgz", ".swf"),
        *(".ashx", ".asp", ".aspx", ".cfm", ".cgi", ".fcgi", ".jsp", ".jspf", ".jspx", ".pl", ".py"),
        *(".phar", ".pht", ".php", ".php3", ".php4", ".php5", ".php7", ".php8", ".phtml"),
    )
)
_SNIFFED_SIZE: Final = 1024  # bytes in which a browser searches for HTML if there is no Content-Type
_MAX_SVG_SIZE: Final = 5_000_000  # bytes
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

_SVG: Final = "http://www.w3.org/2000/svg"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_SVG_DTD: Final = re.compile(r"-//W3C//DTD SVG ")
_W3C_URL: Final = re.compile(r"https?://www\.w3\.org/")
_ACTIVE_ELEMENTS: Final = frozenset(
    ("script", "foreignobject", "handler", "listener", "iframe", "object", "embed", "audio", "video")
)
_DATA_IMAGE: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
# CSS functions that take a URL as a string without url().
_CSS_LOADING_FUNCTION: Final = re.compile(r"\b(?:image-set|cross-fade|src)\(", re.IGNORECASE)
_CSS_EXTERNAL_URL: Final = re.compile(
    r"url\s*+\(\s*+[\"']?+\s*+(?!#|data:image/(?:png|jpeg|gif|webp|avif);base64,)", re.IGNORECASE
)
_ARCHIVE_HINT: Final = "put it into a .zip, or at another host and link to it there"
_SVG_HINT: Final = "take that out (SVGO and most drawing programs do so), or save the picture as PNG"


def refuse_active_content(path: str, location: str, *, is_known_type: bool) -> None:
    """Raise ValueError with a message for the editor if browsers or web servers may run a file, OSError if it cannot be read.

    They may run a file with a name such as a.html, a.html.en, a.js.gz or .htaccess, a file of unknown type that begins with "<",
    and an SVG with scripts. An SVG that is damaged, over 5 MB (5,000,000 bytes) or loads external resources is refused, too.
    `path` is relative to the content folder, `location` is absolute. `is_known_type` states that the suffix is in
    `MEDIA_TYPES`.
    """
    if part := _active_part(path, is_known_type=is_known_type):
        stem, _, suffix = PurePosixPath(path).name.rpartition(".")
        hint = _ARCHIVE_HINT if path.lower().endswith(part) else f"rename it to '{stem.replace('.', '-')}.{suffix}'"
        raise ValueError(f"'{path}' has '{part}' in its name, which browsers or web servers run as a part of the site; {hint}")
    if PurePosixPath(path).suffix.lower() == ".svg":
        _refuse_svg(path, location)
    elif not is_known_type and _begins_as_markup(location):
        raise ValueError(
            f"'{path}' begins with '<' as a web page does, and browsers may run it as a part of the site; {_ARCHIVE_HINT}"
        )


def _active_part(path: str, *, is_known_type: bool) -> str:
    """Return the last part of a file's name for which a web server may run it or send it as a page or script; "" if none is.

    A server that does not know the last suffix of a name, or takes it for a language or a compression, uses the one before.
    """
    name = PurePosixPath(path.lower()).name
    if name.startswith((".ht", ".user.ini")):
        return name
    suffixes = [f".{part}" for part in name.split(".")[1:]]
    active = _ACTIVE_SUFFIXES if is_known_type else {*_ACTIVE_SUFFIXES, ".svg"}
    return next((suffix for suffix in reversed(suffixes) if suffix in active), "")


def must_inspect(path: str, *, is_known_type: bool) -> bool:
    """Return whether `refuse_active_content` may read the file's bytes, because it is an SVG or of unknown type."""
    return PurePosixPath(path).suffix.lower() == ".svg" or not is_known_type


def _begins_as_markup(location: str) -> bool:
    with open_file(location) as file:
        text = file.read(_SNIFFED_SIZE)
    for mark in _BYTE_ORDER_MARKS:
        text = text.removeprefix(mark)
    return text.lstrip(b" \t\r\n\f\0").startswith(b"<")


def _refuse_svg(path: str, location: str) -> None:
    with open_file(location) as file:
        data = file.read(_MAX_SVG_SIZE + 1)
    if len(data) > _MAX_SVG_SIZE:
        raise ValueError(f"'{path}' has more than {_MAX_SVG_SIZE // 1_000_000} MB, the most of an SVG that is looked through")
    if fault := _SvgInspector().inspect(data):
        raise ValueError(f"'{path}' {fault}")


class _ActiveContentFound(Exception):  # noqa: N818 - ends the parser; not an error
    pass


class _SvgInspector:
    """Parser that searches one SVG for scripts, external resources and an internal subset of its DTD. It loads nothing."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.ProcessingInstructionHandler = self._instruction
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._open_styles = 0  # style elements that are open
        self._style_text: list[str] = []
        self._has_root = False

    def inspect(self, data: bytes) -> str:
        """Return the first fault and its remedy, to follow the file's name in a sentence; "" if there is none. Call it once."""
        try:
            self._parser.Parse(data, True)  # noqa: FBT003 - a positional-only parameter
        except _ActiveContentFound as finding:
            line = self._parser.CurrentLineNumber
            return f"{finding} in line {line}, which browsers run or load as a part of the site; {_SVG_HINT}"
        except expat.ExpatError as error:
            return f"is no sound SVG: {expat.ErrorString(error.code)} in line {error.lineno}; save it again, or as PNG"
        except (LookupError, ValueError):
            return "is in an encoding that is not known; save it as UTF-8"
        return ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local_name = name.rpartition(" ")
        if self._open_styles:  # a browser joins the texts around the element
            raise _ActiveContentFound(f"holds <{local_name}> inside <style>")
        if not self._has_root and (namespace not in ("", _SVG) or local_name != "svg"):
            raise _ActiveContentFound(f"begins with <{local_name}> and not with <svg>")
        self._has_root = True
        if namespace == _XHTML or local_name.lower() in _ACTIVE_ELEMENTS:
            raise _ActiveContentFound(f"holds the element <{local_name}>")
        for attribute, value in attributes.items():
            self._check_attribute(attribute.rpartition(" ")[2].lower(), value)
        self._open_styles += local_name.lower() == "style"

    def _end(self, name: str) -> None:
        if name.rpartition(" ")[2].lower() == "style":
            self._open_styles -= 1
            self._check_css("".join(self._style_text))
            self._style_text = []

    def _text(self, text: str) -> None:
        if self._open_styles:
            self._style_text.append(text)

    def _check_attribute(self, name: str, value: str) -> None:
        if name.startswith("on"):
            raise _ActiveContentFound(f"holds the script of an event, {name}")
        if name == "base" or (name in ("href", "src") and not _is_internal(value)):
            raise _ActiveContentFound(f"leads elsewhere by {name}")
        if name == "attributename" and value.strip().lower().rpartition(":")[2].startswith(("href", "on")):
            raise _ActiveContentFound(f"animates {value.strip()}")
        self._check_css(value)

    def _check_css(self, text: str) -> None:
        """Raise _ActiveContentFound if CSS loads a resource, or has both a backslash, which may hide a word, and "(" or "@"."""
        is_escaped = "\\" in text and ("(" in text or "@" in text)
        if "@import" in text.lower() or _CSS_EXTERNAL_URL.search(text) or _CSS_LOADING_FUNCTION.search(text) or is_escaped:
            raise _ActiveContentFound("loads something by its styles")

    def _instruction(self, name: str, _: str) -> None:
        if name.lower() == "xml-stylesheet":
            raise _ActiveContentFound("names a style sheet")

    def _doctype(self, _: str, system_id: str | None, public_id: str | None, has_subset: int) -> None:
        """Refuse what may declare attributes and entities: an internal subset, even an empty one, and DTDs other than SVG's.

        Browsers know the entities of XHTML.
        """
        if has_subset:
            raise _ActiveContentFound("has an internal subset, [...], in its DOCTYPE")
        if (system_id or public_id) and not (_SVG_DTD.match(public_id or "") and _W3C_URL.match(system_id or "")):
            raise _ActiveContentFound("names a DTD other than that of SVG")


def _is_internal(reference: str) -> bool:
    text = reference.strip()
    return not text or text.startswith("#") or _DATA_IMAGE.fullmatch(text) is not None
