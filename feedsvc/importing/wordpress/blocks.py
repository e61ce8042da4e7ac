"""Blocks of WordPress's editor, HTML between comments such as `<!-- wp:image {"id":5} -->`, as the HTML that readers saw."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from feedsvc.importing.markup import attributes_of, find_elements, link_html, replace_elements, to_plain_text
from feedsvc.importing.wordpress.autop import add_paragraphs
from feedsvc.importing.wordpress.figures import NOT_EXPORTED, PostMedia, gallery_html
from feedsvc.importing.wordpress.items import parse_number

_DELIMITER: Final = re.compile(
    r"<!--\s++(?P<end>/)?wp:(?P<namespace>[a-z][a-z0-9_-]*+/)?(?P<name>[a-z][a-z0-9_-]*+)\s++"
    r"(?P<json>\{(?:[^}<]|<(?!!--)|\}(?!\s+/?-->))*+\}\s++)?+(?P<void>/)?-->"
)
_MAX_DEPTH: Final = 25
_CORE: Final = "core/"
# Blocks that arrange others; their own elements have no meaning.
_LAYOUT_BLOCKS: Final = frozenset({"group", "columns", "column", "buttons", "row", "stack", "cover"})
# Blocks that show other content of the site, or forms.
_DYNAMIC_BLOCKS: Final = frozenset(
    {
        *("query", "navigation", "comments", "social-links", "template-part", "post-comments-form", "search", "legacy-widget"),
        *("latest-posts", "latest-comments", "archives", "categories", "tag-cloud", "calendar", "rss", "page-list", "loginout"),
        *("jetpack/contact-form", "jetpack/subscriptions", "jetpack/related-posts", "newspack-blocks/homepage-articles"),
    }
)
_INVISIBLE_BLOCKS: Final = frozenset({"more", "nextpage", "spacer"})
_MEDIA: Final = re.compile(r"<(?:img|video|audio|iframe|table|hr)\b", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]+")
_MAX_REFERENCE_DEPTH: Final = 5


@dataclass(slots=True)
class _Block:
    """A block: its name ("image", "jetpack/form"; without "core/"), its attributes, and in `parts` its HTML and inner blocks.

    `depth` is the number of reusable blocks around it.
    """

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)
    parts: list[str | _Block] = field(default_factory=list)
    depth: int = 0

    @property
    def inner_blocks(self) -> list[_Block]:
        return [part for part in self.parts if isinstance(part, _Block)]

    @property
    def own_html(self) -> str:
        """The HTML of the block without that of inner blocks."""
        return "".join(part for part in self.parts if isinstance(part, str))

    def text(self, attribute: str) -> str:
        """Return an attribute that is a text or a whole number, as text; "" for others and for a missing one."""
        value = self.attributes.get(attribute)
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def has_blocks(text: str) -> bool:
    """Return True if a text is one of the editor with blocks: it contains the beginning of a block's comment."""
    return "<!-- wp:" in text


def blocks_html(text: str, media: PostMedia) -> str:
    """Return the HTML of a text with blocks, not cleaned. Report each block that is left out or whose media the export lacks."""
    return _render(_parse(text, 0), media)


def _parse(text: str, depth: int) -> _Block:
    """Return a block without name whose `parts` are the blocks of a text and the HTML between them.

    A block without end extends to the end of the block around it. An end without a start is ignored. Within 25 blocks, start
    and end of a further block with content are ignored; its HTML belongs to the block around it.
    """
    stack, pos = [_Block("", depth=depth)], 0
    for match in _DELIMITER.finditer(text):
        if match.start() > pos:
            stack[-1].parts.append(text[pos : match.start()])
        pos = match.end()
        name = f"{match['namespace'] or ''}{match['name']}".removeprefix(_CORE)
        if match["end"]:
            start = next((index for index in range(len(stack) - 1, 0, -1) if stack[index].name == name), len(stack))
            del stack[start:]
        elif match["void"] or len(stack) <= _MAX_DEPTH:
            block = _Block(name, _attributes(match["json"] or "{}"), depth=depth)
            stack[-1].parts.append(block)
            if not match["void"]:
                stack.append(block)
    if pos < len(text):
        stack[-1].parts.append(text[pos:])
    return stack[0]


def _attributes(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _render(block: _Block, media: PostMedia) -> str:
    """Return the HTML of a block and of those within it; "" for one that is left out or shows nothing."""
    if block.name in _INVISIBLE_BLOCKS:
        return ""
    if function := _FUNCTIONS.get("embed" if block.name.startswith("core-embed/") else block.name):
        return function(block, media)
    if block.name in _DYNAMIC_BLOCKS or (block.name and not block.parts):
        media.report(f"block {block.name}", "WordPress makes its content when it shows the page; the export has none")
        return ""
    if block.name in _LAYOUT_BLOCKS and not to_plain_text(block.own_html) and not _MEDIA.search(block.own_html):
        return "\n".join(_render(inner, media) for inner in block.inner_blocks)
    return _join(block, media)


def _join(block: _Block, media: PostMedia) -> str:
    return "".join(part if isinstance(part, str) else _render(part, media) for part in block.parts)


def _reusable(block: _Block, media: PostMedia) -> str:
    number = parse_number(block.text("ref"))
    content = media.index.blocks.get(number)
    if content is None or block.depth >= _MAX_REFERENCE_DEPTH:
        media.report(f"reusable block {number}", NOT_EXPORTED if content is None else "it contains itself")
        return ""
    return _render(_parse(content, block.depth + 1), media)


def _links(block: _Block) -> list[tuple[str, str]]:
    """Return address and text of each link."""
    links = find_elements(block.own_html, "a")
    return [(attributes_of(link.tag).get("href", ""), to_plain_text(link.inner)) for link in links]


def _button(block: _Block, media: PostMedia) -> str:
    for address, text in _links(block):
        return f"<p>{link_html(address, text) if address else html.escape(text, quote=False)}</p>"
    return _join(block, media)


def _file(block: _Block, media: PostMedia) -> str:
    links = [*filter(all, _links(block)), (block.text("href"), "")]
    return f"<p>{link_html(*links[0])}</p>" if links[0][0] else _join(block, media)


def _embed(block: _Block, media: PostMedia) -> str:
    found = _ADDRESS.search(block.own_html)
    if not (address := block.text("url") or (html.unescape(found[0]) if found else "")):
        return _join(block, media)
    return _with_captions(f"<p>{media.page_link(address)}</p>", block.own_html)


def _footnotes(_: _Block, media: PostMedia) -> str:
    try:
        notes = json.loads(media.footnotes) if media.footnotes else []
        items = "".join(f"<li>{note['content']}</li>" for note in notes)
    except (ValueError, TypeError, KeyError, RecursionError):
        media.report("footnotes", "their postmeta is damaged")
        return ""
    return f"<ol>{items}</ol>" if items else ""


def _gallery(block: _Block, media: PostMedia) -> str:
    if inner := block.inner_blocks:
        return _with_captions("\n".join(_render(one, media) for one in inner), block.own_html)
    if items := [item.inner for item in find_elements(block.own_html, "li")]:  # before WordPress 5.9
        return _with_captions("\n".join(items), replace_elements(block.own_html, lambda _: "", "li"))
    numbers = block.attributes.get("ids")
    if not isinstance(numbers, list):
        return _join(block, media)
    attachments = [media.index.attachments.get(parse_number(str(number))) for number in numbers]
    if None in attachments:
        media.report("gallery", NOT_EXPORTED)
    return gallery_html(filter(None, attachments))


def _with_captions(markup: str, own_html: str) -> str:
    caption = "".join(caption.inner for caption in find_elements(own_html, "figcaption")).strip()
    return f"{markup}\n<p>{caption}</p>" if caption else markup


def _shortcode(block: _Block, media: PostMedia) -> str:
    return add_paragraphs(_join(block, media).strip())


_FUNCTIONS: Final[Mapping[str, Callable[[_Block, PostMedia], str]]] = {
    "block": _reusable,
    "button": _button,
    "embed": _embed,
    "file": _file,
    "footnotes": _footnotes,
    "gallery": _gallery,
    "shortcode": _shortcode,
}
