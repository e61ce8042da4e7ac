"""Text of YAML scalars for programs that write files: plain where every version of YAML reads the same text, else quoted."""

from __future__ import annotations

import json
import re
from typing import Final

# Strings that need no quotes in any version of YAML.
_PLAIN: Final = re.compile(r"(?!(?:true|false|yes|no|on|off|null|y|n)$)[A-Za-z][A-Za-z0-9_./-]*", re.IGNORECASE)
_PLAIN_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T[0-9:]+(?:[+-][0-9:]+|Z)?)?")


def format_scalar(value: str | float) -> str:
    """Return a text, a number or a Boolean as a YAML scalar that is read as the same value.

    Read as another value are texts that `quote_scalar` excludes, and numbers with an exponent or of more than 18 characters.
    Single ASCII words, except words such as `no` that YAML reads as other values, and dates such as 2026-01-31 have no quotes.
    Other texts are in double quotes, or in single quotes if that saves escapes.
    """
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) or _PLAIN_DATE.fullmatch(value):
        return value
    if ('"' in value or "\\" in value) and "'" not in value and value.isprintable():
        return f"'{value}'"
    return quote_scalar(value)


def quote_scalar(value: str) -> str:
    """Return a text in double quotes, as in JSON. YAML reads it as the same text.

    This holds only for a text without U+2028, U+2029 and the characters of `FORBIDDEN_CHARACTER` in content/text.py.
    """
    return json.dumps(value, ensure_ascii=False)
