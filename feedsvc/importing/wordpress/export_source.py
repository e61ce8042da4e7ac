"""WordPress export as an ImportSource: one pass over its files for what posts refer to, then one for each call of `posts`."""

from __future__ import annotations

import html
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from mmap import ACCESS_READ, mmap
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from feedsvc.importing.markup import replace_frames, to_plain_text
from feedsvc.importing.source import (
    ImportSourceError,
    Omission,
    PostState,
    SourceMedium,
    SourcePost,
    SourceSystem,
    TermKind,
)
from feedsvc.importing.wordpress.addresses import other_addresses, public_address
from feedsvc.importing.wordpress.autop import add_paragraphs
from feedsvc.importing.wordpress.blocks import blocks_html, has_blocks
from feedsvc.importing.wordpress.export_index import NO_POST_STATES, ExportIndex, media_type_of
from feedsvc.importing.wordpress.figures import NOT_EXPORTED, PostMedia
from feedsvc.importing.wordpress.items import (
    AUTHOR_TAXONOMY,
    GROUP_TAXONOMY,
    LANGUAGE_TAXONOMY,
    TERM_KINDS,
    ItemFields,
    SiteOffsets,
    item_fields,
    parse_number,
)
from feedsvc.importing.wordpress.shortcodes import replace_early_shortcodes, replace_shortcodes
from feedsvc.importing.wordpress.site_facts import SiteFacts
from feedsvc.importing.xml_items import XmlDocument, encoding_of

_NAME: Final = re.compile(r"(?!\.).*\.(?:xml|wxr|gz|zip)\Z", re.IGNORECASE | re.DOTALL)
_NAMESPACE: Final = b"wordpress.org/export/"
_ZIP_MAGIC: Final = b"PK\x03\x04"  # an archive may hold a file as it is
_HEAD_SIZE: Final = 64 * 1024  # bytes in which an export names its namespace
_NUMBER: Final = re.compile(r"(\d+)")
_PAGE: Final = "page"
_POST_TYPES: Final = {"post": "article", _PAGE: _PAGE}
_REUSABLE_BLOCK: Final = "wp_block"
# Types of items that are read in the first pass, or that mean nothing outside of WordPress.
_SILENT_TYPES: Final = frozenset({"guest-author", "redirect_rule", _REUSABLE_BLOCK, "attachment"})
_UPLOADS: Final = "/wp-content/uploads/"
_STATES: Final = {"publish": PostState.PUBLISHED, "future": PostState.SCHEDULED}
_DRAFTS: Final = frozenset({"draft", "pending"})
# Taxonomies that are read elsewhere, or that only say how WordPress shows or sorts a post.
_READ_TAXONOMIES: Final = frozenset({*TERM_KINDS, LANGUAGE_TAXONOMY, GROUP_TAXONOMY, AUTHOR_TAXONOMY, "", "nav_menu"})
# Postmeta with the description that Yoast SEO, Rank Math and All in One SEO wrote for search engines.
_DESCRIPTION_KEYS: Final = ("_yoast_wpseo_metadesc", "rank_math_description", "_aioseo_description")
# Words that a plug-in replaces: %%excerpt%%, %excerpt%, #post_excerpt.
_VARIABLE: Final = re.compile(r"%[a-z_]+%|#[a-z]+_[a-z]+")
_FACT_PREFIX: Final = "_feedsvc_"
_MAX_LENGTH: Final = 2**63 - 1  # bytes of a file
_MORE: Final = re.compile(r"<!--(?:more(?:[^-<]|-(?!->)|<(?!!--more))*+|noteaser)-->")
_COMMENT: Final = re.compile(r"<!--(?:[^-]|-(?!->))*+(?:-->|\Z)")
_BEFORE_BLOCK: Final = re.compile(r"<p>(?:\s|<br />)*+(?=<(?:figure|pre)\b)")
_AFTER_BLOCK: Final = re.compile(r"(</(?:figure|pre)>)(?:\s|<br />)*+</p>")
# Articles have no targets of such links, but the numbers of the list are those of the links.
_FOOTNOTE_LINK: Final = re.compile(r"(<sup\b[^<>]*?\sdata-fn=[^<>]*+>)\s*+<a\s[^<>]*+>([^<>]*+)</a>\s*+(?=</sup>)")
_LINK: Final = re.compile(r"(<a\s[^<>]*?href=\")([^\"<>]*)(?=\")", re.IGNORECASE)
_EMPTY_PARAGRAPH: Final = re.compile(r"<p>\s*+</p>\n?")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")
# An item that is cut after these elements has its text and its state. The password is empty for most.
_ESSENTIAL_FIELDS: Final = ("wp:post_id", "wp:status", "wp:post_type")
_ACCESS_FIELD: Final = "wp:post_password"


class _ExportFile(NamedTuple):
    """A file. `document` is None if it does not name the namespace of WordPress's exports in its first 64 KiB."""

    name: str
    document: XmlDocument | None


class WordPressSource:
    """An open export (`source.ImportSource`). `site` is complete before the first post."""

    def __init__(self, files: Sequence[_ExportFile], post_types: Mapping[str, str]) -> None:
        """Read all files once. `post_types` says for further types of posts whether they become an article or a page.

        Raises ImportSourceError if the files are of several sites.
        """
        self._files, self._post_types = files, {**_POST_TYPES, **post_types}
        self._index, self._offsets, facts = ExportIndex(), SiteOffsets(), SiteFacts(self._post_types)
        for file in files:
            if file.document:
                facts.add_channel(file.name, file.document)
        for ordinal, item in enumerate(self._items()):
            if isinstance(item, ItemFields):
                self._add_item(item, ordinal, facts)
        facts.check_addresses()
        self._omissions, self.site = facts.omissions, facts.site

    def _items(self) -> Iterator[ItemFields | Omission]:
        """Yield everything in the files, in order. Raises nothing for bad input: what cannot be read becomes an omission."""
        for file in self._files:
            if file.document:
                yield from _items_of(file.name, file.document)
            else:
                yield Omission(file.name, "the file", "it is no WordPress export, or compressed: decompress it")

    def _add_item(self, item: ItemFields, ordinal: int, facts: SiteFacts) -> None:
        post_type = item.text("wp:post_type")
        if post_type == "attachment":
            self._index.add_attachment(item, f"{facts.address}{_UPLOADS}")
        elif post_type == _REUSABLE_BLOCK:
            self._index.blocks[item.number("wp:post_id")] = item.texts.get("content:encoded", "")
        elif post_type in self._post_types:
            self._index.add_post(item, ordinal)
            self._offsets.add(item)
        facts.add_item(item)

    def posts(self, main_language: str = "") -> Iterator[SourcePost | Omission]:
        """Yield the posts and pages, and omissions. At the end are those that concern many items: types, taxonomies, comments.

        Of posts that translate each other, the one in `main_language` is the original; "" stands for the first of
        `site.languages`. If there is none in it, the original is the one with the lowest number. Each call reads all files.
        """
        yield from self._omissions
        language = main_language or next(iter(self.site.languages), "")
        types, places, taxonomies, comment_count = Counter[str](), dict[str, str](), Counter[str](), 0
        for ordinal, item in enumerate(self._items()):
            if isinstance(item, Omission):
                yield item
            elif (post_type := item.text("wp:post_type")) in self._post_types:
                parts = list(self._read(item, ordinal, language))
                comment_count += item.comment_count
                if isinstance(parts[-1], SourcePost):
                    taxonomies.update(term.taxonomy for term in item.terms if term.taxonomy not in _READ_TAXONOMIES)
                yield from parts
            elif post_type not in _SILENT_TYPES:
                types[post_type] += 1
                places.setdefault(post_type, item.place)
        yield from _left_out(self._files[0].name, types, places, taxonomies, comment_count)

    def _read(self, item: ItemFields, ordinal: int, main_language: str) -> Iterator[SourcePost | Omission]:
        """Yield the omissions of an item's parts, then its post; if it must not be imported, only one omission for all of it."""
        what, status = item.description, item.text("wp:status")
        last_ordinal, last_place = self._index.post_location(item, ordinal)
        if last_ordinal != ordinal:
            yield Omission(item.place, what, f"the export has it again, equal or changed later, at {last_place}")
            return
        if status in NO_POST_STATES:
            saved = f"it is no post but a saved state of one ({status})"
            yield Omission(item.place, what, "it is in the trash" if status == "trash" else saved)
            return
        identifier = item.text("guid")
        if identifier and (first_place := self._index.earlier_place(identifier, ordinal)):
            reason = f"the post at {first_place} has it, too, and readers show only one of them; it gets a new id"
            yield Omission(item.place, f"{what}: its id {identifier}", reason)
            identifier = ""
        yield from self._post(item, identifier, main_language)

    def _post(self, item: ItemFields, identifier: str, main_language: str) -> Iterator[SourcePost | Omission]:
        is_page = self._post_types[item.text("wp:post_type")] == _PAGE
        is_wordpress = self.site.system is SourceSystem.WORDPRESS
        media, content = PostMedia(item, self._index), item.texts.get("content:encoded", "")
        markup = _body_html(content, media) if is_wordpress else content
        original, published = self._index.original_of(item, main_language), self._offsets.published(item)
        state, language = _state(item, is_page=is_page), item.term(LANGUAGE_TAXONOMY)
        lead_number = parse_number(item.meta_value("_thumbnail_id"))
        lead = self._index.attachments.get(lead_number) if lead_number else None
        omissions = {**_state_omissions(item, is_page=is_page), **media.omissions}
        if lead_number and not lead:
            omissions["lead image"] = f"the export has no attachment {lead_number}; export all content"
        if state is not PostState.DRAFT and not published:
            state, omissions["publication"] = PostState.DRAFT, "it has no date, so it is a draft"
        if original and not original.is_first_in_language:
            omissions["translation"] = (
                f"another translation of the same post is in {language}, too, so this one is not joined to them"
            )
        yield from (Omission(item.place, f"{item.description}: {part}", reason) for part, reason in omissions.items())
        terms = list(item.categories_and_tags())
        yield SourcePost(
            place=item.place,
            id=identifier,
            title=item.title,
            state=state,
            address=public_address(item),
            other_addresses=other_addresses(item, self.site.address) if is_wordpress else (),
            published=published,
            updated=self._offsets.updated(item),
            authors=tuple(item.authors()),
            categories=tuple(key for kind, key, _ in terms if kind is TermKind.CATEGORY),
            tags=tuple(key for kind, key, _ in terms if kind is TermKind.TAG),
            summary=_summary(item),
            body=markup,
            language=language,
            translation_of=original.key if original and original.is_first_in_language else "",
            lead_image=_plain_texts(lead.medium) if lead else None,
            lacks_lead_image=bool(lead_number and not lead),
            lacks_body_parts=NOT_EXPORTED in media.omissions.values(),
            enclosures=tuple(_enclosures(item)),
            is_page=is_page,
            has_exact_texts=item.has_html_title,
            is_sticky=item.text("wp:is_sticky") == "1",
            facts=dict(_facts(item)),
        )


def _left_out(
    place: str, types: Counter[str], places: Mapping[str, str], taxonomies: Counter[str], comment_count: int
) -> Iterator[Omission]:
    """Yield what articles have no place for: items of other types, with the place of the first, taxonomies and comments."""
    for post_type, count in types.items():
        kind = f'of the type "{post_type}"' if post_type else "without a type"
        reason = "only posts, pages and the media and blocks in them are imported; --post-type names further types"
        yield Omission(f"from {places[post_type]} on", f"{_count(count, 'item')} {kind}", reason)
    for taxonomy, count in sorted(taxonomies.items()):
        what = f'{_count(count, "term")} of the taxonomy "{taxonomy}"'
        yield Omission(place, what, "articles have categories and tags only")
    if comment_count:
        yield Omission(place, _count(comment_count, "comment"), "articles have no comments")


def open_wordpress_export(path: Path, post_types: Mapping[str, str] = MappingProxyType({})) -> WordPressSource | None:
    """Open an export of WordPress (WXR 1.0 to 1.2): a file, or a folder with its parts, in the order of their names.

    `post_types` maps further types of posts to "article" or "page". Other files of a folder, hidden ones and its subfolders are
    skipped. Return None if none is an export. Raises ImportSourceError if a file cannot be read, or if they are of
    several sites.
    """
    try:
        names = sorted((name for name in os.listdir(path) if _NAME.match(name)), key=_natural_key) if path.is_dir() else [""]
        files = [_open(path / name) for name in names if (path / name).is_file()]
    except OSError as error:
        reason = error.strerror or error
        raise ImportSourceError(f"{path} cannot be read ({reason}); name the export, or the folder with its parts") from None
    return WordPressSource(files, post_types) if any(file.document for file in files) else None


def _natural_key(name: str) -> list[tuple[int, str]]:
    """Return a sort key by which "part-2" is before "part-10"."""
    return [(int(piece), "") if piece.isdecimal() else (-1, piece.lower()) for piece in _NUMBER.split(name)]


def _open(path: Path) -> _ExportFile:
    with path.open("rb") as file:
        start = file.read(_HEAD_SIZE)
        encoding = encoding_of(start[:400])
        if _NAMESPACE not in start.replace(b"\0", b"") or start.startswith(_ZIP_MAGIC):
            return _ExportFile(path.name, None)
        if encoding.startswith(("utf-16", "utf-32")):
            return _ExportFile(path.name, XmlDocument((start + file.read()).decode(encoding, "replace").encode()))
        return _ExportFile(path.name, XmlDocument(mmap(file.fileno(), 0, access=ACCESS_READ), encoding))


def _items_of(name: str, document: XmlDocument) -> Iterator[ItemFields | Omission]:
    """Yield the items of a file, and an omission with its line for each fault in it."""
    if document.head.fault:
        reason = f"it is not well-formed ({document.head.fault})"
        yield Omission(f"{name}, line {document.head.fault_line}", "the XML of the channel, in part", reason)
    for xml in document.items():
        item = item_fields(xml.element, f"{name}, line {xml.line}", has_html_title=xml.has_cdata_title)
        is_whole = all(item.text(field) for field in _ESSENTIAL_FIELDS) and _ACCESS_FIELD in item.texts
        if xml.is_cut:
            loss = "its last fields are lost" if is_whole else "it is left out"
            yield Omission(item.place, item.description, f"{xml.fault}, so {loss}; export it again")
        elif xml.fault:
            effect = "it is read as far as possible" if is_whole else "its state or password is lost, so it is a draft"
            reason = f"it is not well-formed ({xml.fault}); {effect}"
            yield Omission(f"{name}, line {xml.fault_line}", f"the XML of {item.description}, in part", reason)
        if is_whole or not xml.fault:
            yield item
        elif not xml.is_cut:
            yield replace(item, texts={**item.texts, "wp:status": "draft"})
    if not document.has_end:
        reason = f"the file ends early, after {document.item_count:,} items, without </rss>; export it again if there are more"
        yield Omission(f"{name}, line {document.line_count}", "what may follow", reason, is_end=True)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _has_password(item: ItemFields) -> bool:
    """Return whether a post has a password. It may be a space; a line end is the layout of the file."""
    password = item.texts.get(_ACCESS_FIELD, "")
    return bool(password.strip() or (password and "\n" not in password))


def _state(item: ItemFields, *, is_page: bool) -> PostState:
    is_hidden = _has_password(item) or (is_page and bool(item.redirect_target))
    return PostState.DRAFT if is_hidden else _STATES.get(item.text("wp:status"), PostState.DRAFT)


def _state_omissions(item: ItemFields, *, is_page: bool) -> dict[str, str]:
    """Return part and reason for a post that becomes a draft though it was none, or whose address redirected elsewhere.

    Nothing that was not public may become public.
    """
    status = item.text("wp:status")
    if _has_password(item):
        return {"its password": "only readers with the password could see it, so it is a draft"}
    if status == "private":
        return {"publication": "only editors could see it (private), so it is a draft"}
    if status not in _STATES.keys() | _DRAFTS:
        return {"publication": f'its state "{status}" is that of a plug-in, so it is a draft'}
    if target := item.redirect_target:
        # Feeds and lists had the text of a post, with a link to the target; nobody could see that of a page.
        effect = "so it is a draft" if is_page else "and shows the article here; write the target as its link"
        return {"redirect": f"its address redirected to {target}, {effect}"}
    return {}


def _summary(item: ItemFields) -> str:
    """Return the excerpt, else the description for search engines, if it has no variables (%%title%%, %title%, #post_title)."""
    description = item.meta_value(*_DESCRIPTION_KEYS)
    return to_plain_text(item.text("excerpt:encoded") or ("" if _VARIABLE.search(description) else description))


def _plain_texts(medium: SourceMedium) -> SourceMedium:
    return replace(medium, caption=to_plain_text(medium.caption), credit=to_plain_text(medium.credit))


def _enclosures(item: ItemFields) -> Iterator[SourceMedium]:
    """Yield the files of the postmeta `enclosure`: lines with address, length and type."""
    found: dict[str, SourceMedium] = {}
    for key, value in item.meta:
        address, length, media_type, *_ = (*(line.strip() for line in value.splitlines()), "", "", "")
        if key == "enclosure" and address:
            media_type = media_type if "/" in media_type else media_type_of(address)
            medium = SourceMedium(address, media_type=media_type, length=min(parse_number(length), _MAX_LENGTH))
            found.setdefault(address, medium)
    yield from found.values()


def _facts(item: ItemFields) -> Iterator[tuple[str, Any]]:
    """Yield name, without its prefix "_feedsvc_", and JSON value of the postmeta that `feedsvc export wxr` writes.

    Postmeta of other names and values that are no JSON are left out.
    """
    for key, value in item.meta:
        if key.startswith(_FACT_PREFIX):
            with suppress(ValueError, RecursionError):
                yield key.removeprefix(_FACT_PREFIX), json.loads(value)


def _body_html(content: str, media: PostMedia) -> str:
    """Return as HTML a post's content as the export has it, blocks or classic text. Report to `media` what is left out.

    The HTML is not cleaned: it may have elements that no article can have.
    """
    content = content.replace("\r\n", "\n").replace("\r", "\n")
    markup = blocks_html(content, media) if has_blocks(content) else _classic_html(content, media)
    # Shortcodes on lines of their own have become paragraphs around figures and `pre`.
    markup = _AFTER_BLOCK.sub(r"\1", _BEFORE_BLOCK.sub("", replace_shortcodes(markup, media)))
    markup = media.link_lone_addresses(_FOOTNOTE_LINK.sub(r"\1\2", markup))
    markup = replace_frames(markup, media.title_of)
    markup = _LINK.sub(partial(_file_link, media.index.files), _EMPTY_PARAGRAPH.sub("", _COMMENT.sub("", markup)))
    return _EMPTY_LINES.sub("\n\n", markup).strip() if "<pre" not in markup else markup.strip()


def _classic_html(content: str, media: PostMedia) -> str:
    text = replace_early_shortcodes(_MORE.sub("", content).replace("<!--nextpage-->", "\n\n"), media)
    return add_paragraphs(media.link_lone_addresses(text))


def _file_link(files: Mapping[str, str], match: re.Match[str]) -> str:
    """Return the start of a link; one to the page of an attachment, which no newsroom has, leads to its file."""
    return f"{match[1]}{html.escape(files[page])}" if (page := html.unescape(match[2])) in files else match[0]
