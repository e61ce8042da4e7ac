"""Paragraphs of classic posts: WordPress stores their text with line breaks and adds the tags when it shows them.

The rules, in WordPress's order: an empty line separates paragraphs; a block element is no paragraph, nor is what stands alone in
it; a single line break is a `br`; text in `pre` keeps its line breaks. Elements that no article may have, such as `script`, are
texts like others.
"""

from __future__ import annotations

import re
from typing import Final

from feedsvc.importing.markup import MarkupElement, replace_elements

_BLOCK_NAMES: Final = (
    "table|thead|tfoot|caption|col|colgroup|tbody|tr|td|th|div|dl|dd|dt|ul|ol|li|pre|form|map|area|blockquote|address|style|p"
    "|h[1-6]|hr|fieldset|legend|section|article|aside|hgroup|header|footer|nav|figure|figcaption|details|menu|summary"
)
_OPENING: Final = re.compile(rf"(?=<(?:{_BLOCK_NAMES})[\s/>])")
_CLOSING: Final = re.compile(rf"(</(?:{_BLOCK_NAMES})>)")
_RULE: Final = re.compile(r"(<hr[^<>]*+>)")
_TAG: Final = rf"</?(?:{_BLOCK_NAMES})(?:\s[^<>]*+|/)?>"
_DOUBLE_BREAK: Final = re.compile(r"<br\s*+/?>\s*+<br\s*+/?>")
_HTML_TAG: Final = re.compile(r"<[a-zA-Z!/][^<>]*+>")
# (?<!\s): a run of white space is tried once, not from each of its characters.
_SPACE_AT_MEDIA_CHILD: Final = re.compile(r"(?<!\s)\s*+(</?(?:source|track|param|embed)\b[^<>]*+>)\s*+", re.IGNORECASE)
_CAPTION_START: Final = re.compile(r"(?<!\s)\s*+(<figcaption[^<>]*+>)")
_CAPTION_END: Final = re.compile(r"(</figcaption>)\s*+")
_EMPTY_LINE: Final = re.compile(r"\n\s*\n")

_EMPTY_PARAGRAPH: Final = re.compile(r"<p>\s*+</p>")
_UNCLOSED_IN_BLOCK: Final = re.compile(r"<p>([^<]++)</(div|address|form)>")
_LONE_TAG: Final = re.compile(rf"<p>\s*+({_TAG})\s*+</p>")
_LIST_ITEM: Final = re.compile(r"<p>(<li(?:[^\n<]|<(?!/p>|p><li))*+)</p>")
_QUOTE_START: Final = re.compile(r"<p><blockquote([^<>]*+)>", re.IGNORECASE)
_QUOTE_END: Final = re.compile(r"</blockquote></p>")
_BEFORE_TAG: Final = re.compile(rf"<p>\s*+({_TAG})")
_AFTER_TAG: Final = re.compile(rf"({_TAG})\s*+</p>")
_BREAK_TAG: Final = re.compile(r"<br\s*+/?>")
_SPACE: Final = re.compile(r"\s++")
_BREAK_AFTER_BLOCK: Final = re.compile(rf"({_TAG})\s*+<br />")
_BREAK_BEFORE_BLOCK: Final = re.compile(r"<br />(\s*+</?(?:p|li|div|dl|dd|dt|th|pre|td|ul|ol)\b[^<>]*+>)")
_LAST_BREAK: Final = re.compile(r"\n</p>\Z")

# Characters that no XML contains, in place of text that must not change.
_STORED: Final = "\ufffe{}\ufffe"
_STORED_PRE: Final = re.compile("<pre>\ufffe([0-9]+)\ufffe</pre>")
_KEPT_NEWLINE: Final = "\uffff"


def add_paragraphs(text: str) -> str:
    """Return the text of a classic post as HTML with paragraphs and line breaks."""
    if not text.strip():
        return ""
    stored: list[str] = []

    def store(element: MarkupElement) -> str:
        stored.append(f"{element.tag}{element.inner}</pre>")
        return f"<pre>{_STORED.format(len(stored) - 1)}</pre>"

    text = replace_elements(f"{text}\n".replace("\r\n", "\n").replace("\r", "\n"), store, "pre")
    text = _separate_blocks(text)
    paragraphs = (part.strip("\n") for part in _EMPTY_LINE.split(text) if part)
    text = "".join(f"<p>{part}</p>\n" for part in paragraphs)
    text = _break_lines(_unwrap_blocks(text))
    text = text.replace(_KEPT_NEWLINE, "\n")
    return _STORED_PRE.sub(lambda match: stored[int(match[1])], text)


def _separate_blocks(text: str) -> str:
    """Return the text with empty lines around block elements, and without line breaks inside tags and between parts of media.

    `_KEPT_NEWLINE` marks line breaks inside tags, for the caller to put them back.
    """
    text = _DOUBLE_BREAK.sub("\n\n", text)
    text = _OPENING.sub("\n\n", text)
    text = _CLOSING.sub(r"\1\n\n", text)
    text = _RULE.sub(r"\1\n\n", text)
    text = _HTML_TAG.sub(lambda tag: tag[0].replace("\n", _KEPT_NEWLINE), text)
    text = replace_elements(text, _join_media_lines, "audio", "video", "object")
    if "<figcaption" in text:
        text = _CAPTION_END.sub(r"\1", _CAPTION_START.sub(r"\1", text))
    return text


def _join_media_lines(element: MarkupElement) -> str:
    inner = _SPACE_AT_MEDIA_CHILD.sub(r"\1", element.inner).strip()
    return f"{element.tag}{inner}</{element.name}>"


def _unwrap_blocks(text: str) -> str:
    """Return the HTML without empty paragraphs, and without `<p>` before and `</p>` after the tag of a block element."""
    text = _EMPTY_PARAGRAPH.sub("", text)
    text = _UNCLOSED_IN_BLOCK.sub(r"<p>\1</p></\2>", text)
    text = _LONE_TAG.sub(r"\1", text)
    text = _LIST_ITEM.sub(r"\1", text)
    text = _QUOTE_END.sub("</p></blockquote>", _QUOTE_START.sub(r"<blockquote\1><p>", text))
    return _AFTER_TAG.sub(r"\1", _BEFORE_TAG.sub(r"\1", text))


def _break_lines(text: str) -> str:
    """Return paragraphs with a `br` at each line break that is not beside the tag of a block element."""
    text = _SPACE.sub(_break_line, _BREAK_TAG.sub("<br />", text))
    text = _BREAK_AFTER_BLOCK.sub(r"\1", text)
    text = _BREAK_BEFORE_BLOCK.sub(r"\1", text)
    return _LAST_BREAK.sub("</p>", text)


def _break_line(space: re.Match[str]) -> str:
    """Return a run of white space in which a `br` replaces all up to the last line break. A run without line break stays.

    Directly after a `br`, the first character of the run adds none: it is kept, and only a later line break gives a `br`.
    """
    run = space[0]
    end = run.rfind("\n") + 1
    if not end:
        return run
    if not space.string.endswith("<br />", 0, space.start()):
        return f"<br />\n{run[end:]}"
    return run if end == 1 else f"{run[0]}<br />\n{run[end:]}"
