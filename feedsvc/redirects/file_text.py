"""Text of redirects.yaml for programs that write it, in the subset of YAML that is read fastest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

REDIRECTS_FILE: Final = "redirects.yaml"
_PLAIN_KEY: Final = re.compile(r"/[A-Za-z0-9/_.~?=&%+,@-]*")
_PLAIN_VALUE: Final = re.compile(r"gone|(?:/|https?://[A-Za-z0-9])[A-Za-z0-9/_.~?=&%+,@:-]*[A-Za-z0-9/_.~?=&%+,@-]|/")


def render_redirects_file(exact: Mapping[str, str], patterns: Sequence[tuple[str, str]] = ()) -> str:
    """Return the text of redirects.yaml with exact rules (old address -> target), sorted, then (from, to) of patterns in order.

    "" without any rules. The rules are not checked.
    """
    return "".join(_lines(exact, patterns))


def _lines(exact: Mapping[str, str], patterns: Sequence[tuple[str, str]]) -> Iterator[str]:
    if exact:
        yield "exact:\n"
        yield from (f"  {_scalar(_PLAIN_KEY, address)}: {_scalar(_PLAIN_VALUE, exact[address])}\n" for address in sorted(exact))
    if patterns:
        yield "patterns:\n"
    for source, target in patterns:
        yield f"  - from: {json.dumps(source, ensure_ascii=False)}\n    to: {json.dumps(target, ensure_ascii=False)}\n"


def _scalar(plain: re.Pattern[str], text: str) -> str:
    return text if plain.fullmatch(text) else json.dumps(text, ensure_ascii=False)
