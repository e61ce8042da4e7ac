"""Bytes -> text that any feed can carry: UTF-8 without the characters that XML 1.0 forbids or validators reject."""

from __future__ import annotations

import difflib
import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from typing import Final, NamedTuple

from feedsvc.errors import Problem

# XML 1.0 section 2.2 forbids C0 controls, surrogates, U+FFFE and U+FFFF; validators also object to DEL, C1 and U+FFFD,
# and no feed has a use for noncharacters.
# Told by what is fit: a class of few ranges, the commonest first, costs a tenth of one of many.
UNFIT: Final = re.compile(
    "[^ -~\t\n\r\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffc"
    + "".join(f"{chr(plane * 0x10000)}-{chr(plane * 0x10000 + 0xFFFD)}" for plane in range(1, 17))
    + "]"
)
_PLAIN_BYTES: Final = bytes((*range(0x20, 0x7F), 0x0A))
_REPLACEMENT: Final = "\ufffd".encode()
LARGEST_FILE: Final = 1024 * 1024  # bytes; a novel fits
_LONGEST_NAME: Final = 200  # characters worth comparing
_WHITE: Final = re.compile(r"\s+")
_LONG_QUOTE: Final = re.compile(r"'([^']{100})[^']{20,}'")


def place(text: str, index: int) -> tuple[int, int]:
    """Line and column, both from 1, of an index into the text."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def is_plain(text: str) -> bool:
    """Whether nothing but letters, signs, plain spaces and "\\n" stands in a text.

    So it holds nothing unfit, no tab and no other end of a line; a text of which this cannot be told soon is not plain.
    """
    return _are_plain(text.encode(errors="surrogatepass"))


def _are_plain(data: bytes) -> bool:
    """`is_plain` of a text in UTF-8: what is ASCII goes first, for little is left then."""
    rest = data.translate(None, _PLAIN_BYTES)
    return not rest or (_REPLACEMENT not in rest and rest.decode(errors="surrogatepass").isprintable())


def unfit_sentence(char: str) -> str:
    kind = "a lone surrogate" if "\ud800" <= char <= "\udfff" else "a character that feeds cannot carry"
    return f"{kind} (U+{ord(char):04X})"


def told(message: str) -> str:
    """A message fit for one line of a terminal: what it quotes from a file can be long, broken or unfit."""
    flat = _WHITE.sub(" ", UNFIT.sub("?", message))
    return _LONG_QUOTE.sub(lambda found: f"'{found[1]}…'", flat)


def nearest(word: str, names: Iterable[str]) -> str:
    """A hint that names what was probably meant, "" if nothing is near."""
    known = sorted(names)
    near = difflib.get_close_matches(word[:_LONGEST_NAME].casefold(), [name.casefold() for name in known], n=1, cutoff=0.6)
    return next((f"did you mean '{name}'?" for name in known if near and name.casefold() == near[0]), "")


class Decoded(NamedTuple):
    """A file's text without a byte order mark, and what is wrong with it; `is_plain` as the function, False where nobody looked.

    The text is "" where nothing more can be said of the file.
    """

    text: str
    problems: list[Problem]
    is_plain: bool = False


def decode(path: str, data: bytes) -> Decoded:
    """Unfit characters become spaces."""
    if len(data) > LARGEST_FILE:
        message = "the file is larger than 1 MiB, the most that is read"
        return Decoded("", [Problem(path=path, message=message, hint="pictures and attachments belong in media/")])
    data = data.removeprefix(BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        line, column = place(before, len(before))
        message = f"byte 0x{error.object[error.start]:02X} is not UTF-8"
        return Decoded("", [Problem(path=path, line=line, column=column, message=message, hint="save the file in UTF-8")])
    if (plain := _are_plain(data)) or not UNFIT.search(text):
        return Decoded(text, [], plain)
    return Decoded(UNFIT.sub(" ", text), _unfit(path, text))


def _unfit(path: str, text: str) -> list[Problem]:
    """One problem for each line with unfit characters, so that a binary file does not tell of every byte."""
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        found = list(UNFIT.finditer(line))
        if found:
            hint = "delete it" if len(found) == 1 else f"delete it, and {len(found) - 1} more in this line"
            message = unfit_sentence(found[0][0])
            problems.append(Problem(path=path, line=number, column=found[0].start() + 1, message=message, hint=hint))
    return problems
