"""Text and attributes as XML 1.0 spells them (sections 2.4, 3.1 and 3.3.3).

As xml.sax.saxutils does, which first reads a dozen modules for what the web says.
"""

from __future__ import annotations

from typing import Final

_IN_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Line ends and tabs of an attribute would be read as spaces.
_IN_ATTRIBUTES: Final = _IN_TEXT | str.maketrans({"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def escape(text: str) -> str:
    """As it stands between tags."""
    return text.translate(_IN_TEXT)


def quoted(text: str) -> str:
    """An attribute's value with its quotes, the sort that the text lacks where it lacks one."""
    told = text.translate(_IN_ATTRIBUTES)
    if '"' not in told:
        return f'"{told}"'
    return f"'{told}'" if "'" not in told else '"{}"'.format(told.replace('"', "&quot;"))
