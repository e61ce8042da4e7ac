"""Bytes -> text that any feed can carry: UTF-8 without the characters that XML 1.0 forbids or validators reject."""

from __future__ import annotations

import re
from typing import Final

from feedsvc.errors import Problem

# XML 1.0 section 2.2 forbids C0 controls, surrogates, U+FFFE and U+FFFF; validators also object to DEL, C1 and U+FFFD,
# and no feed has a use for noncharacters.
UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]|[" + "".join(
    f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17)
) + "]")
LARGEST_FILE: Final = 1024 * 1024  # bytes; a novel fits


def place(text: str, index: int) -> tuple[int, int]:
    """Line and column, both from 1, of an index into the text."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def unfit_sentence(char: str) -> str:
    kind = "a lone surrogate" if "\ud800" <= char <= "\udfff" else "a character that feeds cannot carry"
    return f"{kind} (U+{ord(char):04X})"


def decode(path: str, data: bytes) -> tuple[str, list[Problem]]:
    """The file's text without a byte order mark, and what is wrong with it; unfit characters become spaces.

    The text is "" where nothing more can be said of the file.
    """
    if len(data) > LARGEST_FILE:
        size = f"{len(data) / LARGEST_FILE:.1f} MiB"
        return "", [Problem(path=path, message=f"the file has {size}, more than the 1 MiB an article may have")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = place(data[: error.start].decode(errors="replace") + "?", len(data[: error.start].decode(errors="replace")))
        message = f"byte 0x{data[error.start]:02X} is not UTF-8"
        return "", [Problem(path=path, line=line, column=column, message=message, hint="save the file in UTF-8")]
    problems = []
    for found in UNFIT.finditer(text):
        line, column = place(text, found.start())
        problems.append(Problem(path=path, line=line, column=column, message=unfit_sentence(found[0]), hint="delete it"))
    return UNFIT.sub(" ", text), problems
