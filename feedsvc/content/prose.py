"""Ordinary prose as HTML; whatever is not surely ordinary is left to the whole parser.

What is written here is what markdown-it-py and nh3 would make of the same text, at a tenth of the cost: paragraphs,
headings, rules, flat lists and quotes, with plain links, pictures, emphasis and code in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from feedsvc.content.text import UNFIT

# A picture's or link's reference, as it is written, to its address; "" where this is for the whole parser to say.
Address = Callable[[str], str]

# A line that goes on with a paragraph or begins one: no heading, item, quote, fence, rule, table or underline.
_BEGIN: Final = r"(?:[^\s|:\-~`>*_+\d<#=]|\d(?!\d*+[.)](?:\s|\Z))|\*{1,2}[^\s*]|_{1,2}[^\s_]|`{1,2}[^`\s])"
_REST: Final = r"(?:[^\n]*\S)?+(?![^\n])"
_LINES: Final = rf"{_BEGIN}{_REST}(?:\n *+{_BEGIN}{_REST})*+"
_PARAGRAPH: Final = re.compile(_LINES)
_HEADING: Final = re.compile(r"(#{1,6}) ([^\s#](?:[^\n]*[^\s#])?)")
_UNDERLINED: Final = re.compile(rf"({_BEGIN}[^\n|]*[^\s|])\n(=|-)\2*")
_RULE: Final = re.compile(r"-{3,}|\*{3,}|_{3,}")
_QUOTE: Final = re.compile(rf"> {_BEGIN}{_REST}(?:\n> {_BEGIN}{_REST})*+")
_BULLETS: Final = re.compile(rf"([-+*]) {{1,4}}{_LINES}(?:\n\1 {{1,4}}{_LINES})*+")
_NUMBERS: Final = re.compile(rf"[0-9]{{1,9}}\. {{1,4}}{_LINES}(?:\n[0-9]{{1,9}}\. {{1,4}}{_LINES})*+")
_MARK: Final = re.compile(r"(?:^|\n)(?:[-+*]|[0-9]{1,9}\.) +")
_INDENT: Final = re.compile(r"\n +")

# Such a line ends every block before it, but a list that it goes on with.
# The whole gap at once, and never tried from its middle: a file may hold nothing but line ends.
_BREAK: Final = re.compile(r"\n *\n[ \n]*+")
_ITEM: Final = re.compile(r"^[ \t>]*(?:[-+*]|[0-9]{1,9}[.)])(?:\s|\Z)", re.MULTILINE)
# With any of these, what one passage means may hang on another: raw HTML, definitions, fences, other line ends.
_TIES: Final = ("<", "]:", "```", "~~~", "\r")

_HOST: Final = r"(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]+"
_URL: Final = r"[A-Za-z0-9/._~?=%#@+,$&!*'-]"
_TO: Final = rf"https?://{_HOST}(?:[/?#](?:{_URL}|:)*+)?|mailto:[A-Za-z0-9._+-]+@{_HOST}|{_URL}++"
_WORDS: Final = r"[^\[\]\\`*_~]"


def _pair(name: str, sign: str) -> str:
    """Emphasis that can only begin at its first mark and only end at its second (CommonMark 6.2), with no marks within."""
    begin = rf"(?:(?<![^ \n]{sign})(?=\S)|(?<![^(\"'“‘—]{sign})(?=[^\W_]))"
    end = rf"(?:(?![^ \n])|(?<=[^\W_]{sign})(?=[.,;:!?)\"'’”—…]))"
    return rf"{sign}{begin}(?P<{name}>[^\\`*_~]++)(?<=\S){sign}{end}"


# Each begins with a character of its own, so that nothing is tried at those between; the last ones are no form at all.
_FORM: Final = re.compile(
    "|".join(
        (
            r"`(?P<code>[^`\s](?:[^`\n]*[^`\s])?)`(?!`)",
            rf"!\[(?P<alt>{_WORDS}*)\]\((?P<src>{_TO})\)",
            rf"\[(?<!!\[)(?P<label>{_WORDS}+)\]\((?P<href>{_TO})\)",
            _pair("strong", r"\*\*"),
            _pair("em", r"\*"),
            _pair("strong_", "__"),
            _pair("em_", "_"),
            r"\\|`|\*|_|\[|~~|&(?=[#A-Za-z0-9]+;)",
        )
    )
)
# All but these characters mean and stand for themselves, in Markdown as in HTML.
_SPECIAL: Final = re.compile(r"[^ -%'-)+-;=?-Z\]^a-}\n\xa1-\ud7ff\ue000-\ufdcf\ufdf0-\ufffc]")


class _OddError(Exception):
    """Not surely ordinary."""


def passages(markdown: str) -> list[str]:
    """The text cut where its parts mean the same alone as together: their HTML, joined by line ends, is the text's."""
    if any(map(markdown.__contains__, _TIES)):
        return [markdown]
    text = markdown.strip("\n")
    found: list[str] = []
    start = 0
    goes_on = False
    for gap in _BREAK.finditer(text):
        if not _is_break(text, gap.end()):
            continue
        goes_on = bool(_ITEM.match(text, gap.end())) and (goes_on or bool(_ITEM.search(text, start, gap.start())))
        if not goes_on:
            found.append(text[start : gap.start()])
            start = gap.end()
    return [*found, text[start:]]


def _is_break(text: str, end: int) -> bool:
    """Whether a line that is not indented follows where a gap ends."""
    return text[end - 1] == "\n" and not text[end : end + 1].isspace()


def html(passage: str, address: Address) -> str | None:
    """Clean HTML of an ordinary passage without a line end behind it; None of any other."""
    passage = passage.rstrip(" ")
    try:
        for block, write in _BLOCKS.items():
            if block.fullmatch(passage):
                return write(passage, address)
    except _OddError:
        pass
    return None


def _paragraph(text: str, address: Address) -> str:
    return f"<p>{_inline(text, address)}</p>"


def _heading(text: str, address: Address) -> str:
    marks, _, words = text.partition(" ")
    return f"<h{len(marks)}>{_inline(words, address)}</h{len(marks)}>"


def _underlined(text: str, address: Address) -> str:
    words, _, line = text.partition("\n")
    return _heading(f"{'#' if line[0] == '=' else '##'} {words}", address)


def _rule(_text: str, _address: Address) -> str:
    return "<hr>"


def _quote(text: str, address: Address) -> str:
    words = text[2:].replace("\n> ", "\n")
    return f"<blockquote>\n{_paragraph(words, address)}\n</blockquote>"


def _bullets(text: str, address: Address) -> str:
    return f"<ul>\n{_items(text, address)}\n</ul>"


def _numbers(text: str, address: Address) -> str:
    first = int(text.partition(".")[0])
    start = f' start="{first}"' if first != 1 else ""
    return f"<ol{start}>\n{_items(text, address)}\n</ol>"


def _items(text: str, address: Address) -> str:
    return "\n".join(f"<li>{_inline(words, address)}</li>" for words in _MARK.split(text)[1:])


_BLOCKS: Final[Mapping[re.Pattern[str], Callable[[str, Address], str]]] = {
    _PARAGRAPH: _paragraph,
    _HEADING: _heading,
    _UNDERLINED: _underlined,
    _BULLETS: _bullets,
    _NUMBERS: _numbers,
    _QUOTE: _quote,
    _RULE: _rule,
}


def _inline(text: str, address: Address) -> str:
    if "\n " in text:
        text = _INDENT.sub("\n", text)
    if not _SPECIAL.search(text):
        return text
    if "<" in text or "\r" in text or UNFIT.search(text):
        raise _OddError
    escaped = _escaped if "&" in text or ">" in text or "\xa0" in text else str
    out: list[str] = []
    end = 0
    for form in _FORM.finditer(text):
        out += escaped(text[end : form.start()]), _FORMS[form.lastgroup](form, address)
        end = form.end()
    return "".join((*out, escaped(text[end:])))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace(">", "&gt;").replace("\xa0", "&nbsp;")


def _code(form: re.Match[str], _address: Address) -> str:
    return f"<code>{_escaped(form['code'])}</code>"


def _picture(form: re.Match[str], address: Address) -> str:
    if "&" in form["alt"]:
        raise _OddError
    alt = _escaped(form["alt"]).replace('"', "&quot;")
    return f'<img src="{_reached(form["src"], address)}" alt="{alt}">'


def _link(form: re.Match[str], address: Address) -> str:
    return f'<a href="{_reached(form["href"], address)}">{_inline(form["label"], address)}</a>'


def _reached(reference: str, address: Address) -> str:
    if reached := address(reference):
        return reached.replace("&", "&amp;")
    raise _OddError


def _strong(form: re.Match[str], address: Address) -> str:
    return f"<strong>{_inline(form[form.lastgroup or 0], address)}</strong>"


def _em(form: re.Match[str], address: Address) -> str:
    return f"<em>{_inline(form[form.lastgroup or 0], address)}</em>"


def _odd(_form: re.Match[str], _address: Address) -> str:
    raise _OddError


_FORMS: Final[Mapping[str | None, Callable[[re.Match[str], Address], str]]] = {
    "code": _code,
    "src": _picture,
    "href": _link,
    "strong": _strong,
    "strong_": _strong,
    "em": _em,
    "em_": _em,
    None: _odd,
}
