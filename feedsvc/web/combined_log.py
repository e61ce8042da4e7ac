"""NCSA combined log format of the access log, as Apache and nginx write it (https://httpd.apache.org/docs/2.4/logs.html#combined).

There is no Referer ("-"), because it may hold secrets, and no user.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # in any locale
_ESCAPES: Final = {ord('"'): '\\"', ord("\\"): "\\\\"}
_PRINTABLE: Final = range(ord(" "), ord("~") + 1)


def format_combined(fields: Mapping[str, str | float]) -> str:
    """Return the line of a response with the fields of AccessLog, without line end.

    The number of dropped lines, alone in `fields`, becomes a comment: "# dropped=3".
    """
    if "dropped" in fields:
        return f"# dropped={fields['dropped']}"
    at = datetime.fromisoformat(str(fields["time"]))
    time = f"{at.day:02}/{_MONTHS[at.month - 1]}/{at.year}:{at:%H:%M:%S %z}"
    request = _quoted(f"{fields['method']} {fields['path']} HTTP/1.1")
    client, size = fields["client"] or "-", fields["bytes"] or "-"
    return f'{client} - - [{time}] {request} {fields["status"]} {size} "-" {_quoted(fields["agent"])}'


def _quoted(value: object) -> str:
    """Return a text in quotation marks, escaped as by Apache: `"`, `\\` and bytes that are not printable ASCII; "-" for ""."""
    text = "".join(_ESCAPES.get(byte) or (chr(byte) if byte in _PRINTABLE else f"\\x{byte:02x}") for byte in str(value).encode())
    return f'"{text or "-"}"'
