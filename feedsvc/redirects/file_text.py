"""Text of redirects.yaml for programs that write it, in the subset of YAML that is read fastest."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

REDIRECTS_FILE: Final = "redirects.yaml"
_PLAIN_KEY: Final = re.compile(r"/[A-Za-z0-9/_.~?=&%+,@*-]*")
_PLAIN_VALUE: Final = re.compile(r"gone|(?:/|https?://[A-Za-z0-9])[A-Za-z0-9/_.~?=&%+,@:*-]*[A-Za-z0-9/_.~?=&%+,@*-]|/")


def render_redirects_file(rules: Mapping[str, str]) -> str:
    """Return the text of redirects.yaml with the rules (old address -> target), sorted; "" without any. They are not checked."""
    lines = (f"  {_scalar(_PLAIN_KEY, address)}: {_scalar(_PLAIN_VALUE, rules[address])}\n" for address in sorted(rules))
    return "".join(("exact:\n" if rules else "", *lines))


def _scalar(plain: re.Pattern[str], text: str) -> str:
    return text if plain.fullmatch(text) else json.dumps(text, ensure_ascii=False)
