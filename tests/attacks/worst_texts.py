"""Texts of up to 1 MiB for which parsers and cleaners of Markdown and HTML need much time or memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LENGTH: Final = 1_000_000


def _repeat(unit: str, length: int = LENGTH) -> str:
    return unit * (length // len(unit.encode()))


def _repeat_numbered(unit: str, count: int) -> str:
    return "".join(unit.replace("{}", str(number)) for number in range(count))


_FORMATTING: Final = _repeat_numbered("<b a={}>", 98)

TEXTS: Final[Mapping[str, str]] = {
    # Markdown
    **{
        f"{unit!r} repeated": _repeat(unit)
        for unit in [
            *(
                ">",
                "> ",
                "- ",
                "1. ",
                "> - ",
                "*",
                "*a ",
                "*a _b ",
                "~~*_",
                "[",
                "![",
                "[a](",
                "[a](<b",
                "[a](b)",
                "[[x]",
                "`a``",
            ),
            *("a|b\n-|-\n", "|", "&", "&#", "&amp;", "\xa0", '"', "<", "<a ", "<!--", "a<?", "a<![CDATA[", "<http://a>", "\\"),
            *("http://a.b ", "www.", "a@b.c ", "@", "a.", "mailto:", "http://", ":", "```\n", "> ```\n", "a\n=\n", "> a\n", "\n"),
            *("\r\n", "\t", "[a]: b\n", "[a]: <", '[a](b "', "[^", "[^1]", "\u0301", "~~a ", "**a ", "1) 2. ", "    a\n"),
        ]
    },
    "a list deeper with each line": "".join(f"{'  ' * level}- a\n" for level in range(1000)),
    "a quote deeper with each line": "".join(f"{'>' * level}a\n" for level in range(1400)),
    "lazy lines below a deep quote": ">" * 300 + "a\n" + "b\n" * 400_000,
    "emphasis in emphasis": "**a " * (LENGTH // 10) + "b** " * (LENGTH // 10),
    "links in links": "[" * (LENGTH // 8) + "a" + "](b)" * (LENGTH // 8),
    "brackets in brackets": "[" * (LENGTH // 2) + "]" * (LENGTH // 2),
    "code spans that never end": "".join("`" * length + " " for length in range(1, 1400)),
    "references to one long address": f"[x]: /{'a' * 60_000}\n\n" + "[x] " * 230_000,
    "very many definitions": _repeat_numbered("[x{}]: /u\n", 70_000),
    "a definition of a long name": f"[{'a' * 998}]: b\n" + f"[{'a' * 998}] " * 990,
    "a table of very many columns": "|" + "a|" * 240_000 + "\n|" + "-|" * 240_000 + "\n",
    "a table of many columns, with short rows": "|" + "a|" * 50_000 + "\n|" + "-|" * 50_000 + "\n" + "|\n" * 400_000,
    "a table of a thousand columns, with short rows": "|" + "a|" * 1000 + "\n|" + "-|" * 1000 + "\n" + "|\n" * 490_000,
    "references to one footnote": "a" + "[^1]" * 249_000 + "\n\n[^1]: b",
    "very many footnotes": _repeat_numbered("[^{}] ", 50_000) + "\n\n" + _repeat_numbered("[^{}]: b\n", 40_000),
    "a footnote of a long name": f"[^{'&' * 450}]: b\n\n" + f"[^{'&' * 450}] " * 2_200,
    "footnotes in footnotes": "".join(f"[^{number}]: [^{number + 1}]\n\n" for number in range(40_000)) + "[^0]",
    "pictures": "![](media/a.png)\n" * 58_000,
    # HTML
    **{
        f"{unit!r} repeated, raw": _repeat(unit)
        for unit in [
            *("<div>", "<b>", "<span>", "<table><td>", "<rt>", "<svg>", "<select><option>", "<template>", "<script>", "<iframe>"),
            *("<a href=x><div>", "<div></div>", "<a><b></a></b>", "<div><b></div>", "<!-- a -->", "<!-- ", "<div><textarea>"),
            *("&NotEqualTilde;", "<p>", "<li>", "<div title='", "<table><b a=1><td></b></table>"),
        ]
    },
    "an element with very many attributes": "<div " + _repeat_numbered("a{}=b ", 110_000) + ">",
    "emphasis left open before very many paragraphs": f"{_FORMATTING}\n\n" + "x\n\n" * 300_000,
    "emphasis left open within a paragraph": f"x {_FORMATTING}\n\n" + "x\n\n" * 300_000,
    "emphasis left open within items": f"<ul><li>{_FORMATTING}" + "<li>x</li>" * 95_000,
    "emphasis left open within tables": _repeat_numbered("<table><b a={}><td></b></table>", 28_000),
    "as deep as may be, and long": ("<div>" * 90 + "</div>" * 90) * 900,
    "long below what is as deep as may be": "<div>" * 90 + "<p>x</p>" * 120_000,
    "emphasis closed in the wrong order": ("<b>" * 80 + "<div>" * 5 + "</b>" * 80 + "</div>" * 5) * 1000,
    "deep within a comment that ends at once": "<div><!-->" + "<div>" * 190_000,
}
