"""Text decoding: UTF-8 bytes to text without forbidden characters, those that XML 1.0 forbids or feed validators reject.

`decode` replaces each forbidden character by a space. Other functions compute positions in a text, and prepare messages and
hints for editors.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from codecs import BOM_UTF8
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from feedsvc.errors import Problem, Rule

# XML 1.0 section 2.2 forbids C0 controls, surrogates, U+FFFE and U+FFFF; validators also object to DEL, C1 and U+FFFD,
# and no feed has a use for noncharacters.
# The class negates the allowed ranges, the commonest first: that costs a tenth of a class of the many forbidden ranges.
FORBIDDEN_CHARACTER: Final = re.compile(
    "[^ -~\t\n\r\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffc"
    + "".join(f"{chr(plane * 0x10000)}-{chr(plane * 0x10000 + 0xFFFD)}" for plane in range(1, 17))
    + "]"
)
_PRINTABLE_ASCII: Final = bytes((*range(0x20, 0x7F), 0x0A))
_REPLACEMENT: Final = "\ufffd".encode()
# A byte order mark of UTF-16, or every second byte zero, as in UTF-16 with Latin letters.
_UTF_16: Final = re.compile(rb"\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0]")
MAX_FILE_SIZE: Final = 1024 * 1024  # bytes
_MEDIA_HINT: Final = "pictures and attachments belong in media/"
_MAX_COMPARED_LENGTH: Final = 200  # characters of a word that are compared with known names
_MAX_COMPARED_NAMES: Final = 500
_WHITESPACE: Final = re.compile(r"\s+")
_LONG_QUOTE: Final = re.compile(r"'([^']{100})[^']{20,}'")


def file_stem(path: str) -> str:
    """Return the name of the file at a path, without folders and without its last suffix, in Unicode form NFC."""
    name = path.rpartition("/")[2]
    return unicodedata.normalize("NFC", name.rpartition(".")[0] or name)


def line_and_column(text: str, index: int) -> tuple[int, int]:
    """Return line and column, both from 1, of an index into the text. Only "\\n" ends a line."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def is_printable(text: str) -> bool:
    """Return True if a text has only characters that are printable (str.isprintable) or "\\n", and no U+FFFD.

    Then it has no forbidden character, no tab and no other line end. If the result is False, it may still have none of these.
    """
    # Printable ASCII is deleted first, to decode few bytes.
    other_bytes = text.encode(errors="surrogatepass").translate(None, _PRINTABLE_ASCII)
    return not other_bytes or (_REPLACEMENT not in other_bytes and other_bytes.decode(errors="surrogatepass").isprintable())


def remove_forbidden_characters(text: str) -> str:
    """Return the text without the characters that XML 1.0 forbids or feed validators reject (`FORBIDDEN_CHARACTER`)."""
    return text if is_printable(text) else FORBIDDEN_CHARACTER.sub("", text)


def describe_forbidden_character(char: str) -> str:
    """Return kind and code point of a forbidden character for a message: "a character that feeds cannot carry (U+000B)"."""
    kind = "a lone surrogate" if "\ud800" <= char <= "\udfff" else "a character that feeds cannot carry"
    return f"{kind} (U+{ord(char):04X})"


def sanitize_message(message: str) -> str:
    """Return a message as one line: each run of white space becomes a space, each forbidden character "?".

    A text of 120 or more characters in single quotation marks is cut to its first 100 and "…".
    """
    flat = _WHITESPACE.sub(" ", FORBIDDEN_CHARACTER.sub("?", message))
    return _LONG_QUOTE.sub(lambda quotation: f"'{quotation[1]}…'", flat)


def did_you_mean(word: str, names: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return a hint "did you mean 'NAME'?" with the most similar of `names`, ignoring letter case; "" if none is similar.

    `cutoff` is the minimal similarity, from 0 to 1, as difflib computes it.
    """
    name = nearest_name(word, names, cutoff=cutoff)
    return f"did you mean '{name}'?" if name else ""


def nearest_name(word: str, names: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return the most similar of `names`, in its own letter case, which is ignored for comparison; "" if none is similar.

    `cutoff` is the minimal similarity, from 0 to 1, as difflib computes it. Only the first 200 characters of `word` count, and of
    more than 500 names the first 500 that begin with the same two characters.
    """
    names = [*names]
    if len(names) > _MAX_COMPARED_NAMES:
        start = word[:2].casefold()
        names = [name for name in names if name[:2].casefold() == start][:_MAX_COMPARED_NAMES]
    sorted_names = sorted(names)
    matches = difflib.get_close_matches(
        word[:_MAX_COMPARED_LENGTH].casefold(), [name.casefold() for name in sorted_names], n=1, cutoff=cutoff
    )
    return next((name for name in sorted_names if matches and name.casefold() == matches[0]), "")


def problem_at(path: str, position: tuple[int, int], message: str, hint: str = "", rule: Rule | Literal[""] = "") -> Problem:
    """Return a problem at a line and column, both from 1, with its texts as `sanitize_message` returns them."""
    line, column = position
    message, hint = sanitize_message(message), sanitize_message(hint)
    return Problem(path=path, line=line, column=column, message=message, hint=hint, rule=rule)


class DecodedText(NamedTuple):
    """Result of `decode`: text without byte order mark, and problems. `text` is "" if the file is too large or not UTF-8."""

    text: str
    problems: list[Problem]


def decode(path: str, data: bytes, max_size: int = MAX_FILE_SIZE) -> DecodedText:
    """Decode a file's bytes from UTF-8. Forbidden characters (`FORBIDDEN_CHARACTER`) become spaces.

    The result has one error for each line with forbidden characters. If `data` has more than `max_size` bytes or is not UTF-8,
    the text is "" and there is only one error, which names UTF-16 and binary data. `path` is the path in the errors.
    """
    if len(data) > max_size:
        message = f"the file is larger than {max_size // 1024**2} MiB, the most that is read"
        hint = _MEDIA_HINT if max_size == MAX_FILE_SIZE else ""
        return DecodedText("", [Problem(path=path, message=message, hint=hint)])
    if _UTF_16.match(data):
        return DecodedText("", [Problem(path=path, message="the file is UTF-16", hint="save it as UTF-8")])
    data = data.removeprefix(BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        if b"\0" in data:
            return DecodedText("", [Problem(path=path, message="the file is binary data, not text", hint=_MEDIA_HINT)])
        before = data[: error.start].decode()
        line, column = line_and_column(before, len(before))
        message = f"byte 0x{error.object[error.start]:02X} is not UTF-8"
        return DecodedText("", [Problem(path=path, line=line, column=column, message=message, hint="save the file in UTF-8")])
    if is_printable(text) or not FORBIDDEN_CHARACTER.search(text):
        return DecodedText(text, [])
    return DecodedText(FORBIDDEN_CHARACTER.sub(" ", text), _forbidden_character_problems(path, text))


def _forbidden_character_problems(path: str, text: str) -> list[Problem]:
    """Return one problem for each line with forbidden characters. One for each character would be too many in a binary file."""
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        matches = list(FORBIDDEN_CHARACTER.finditer(line))
        if matches:
            hint = "delete it" if len(matches) == 1 else f"delete it, and {len(matches) - 1} more in this line"
            message = describe_forbidden_character(matches[0][0])
            problems.append(Problem(path=path, line=number, column=matches[0].start() + 1, message=message, hint=hint))
    return problems
