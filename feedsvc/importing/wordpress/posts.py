"""Items of an export as neutral posts, with omissions for the parts that are not carried over."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from feedsvc.importing.markup import to_plain_text
from feedsvc.importing.source import Omission, PostState, SourceMedium, SourcePost, SourceSite, SourceSystem, TermKind
from feedsvc.importing.wordpress.addresses import inner_addresses, other_addresses, public_address
from feedsvc.importing.wordpress.body import PostBody
from feedsvc.importing.wordpress.dates import SiteOffsets, published_date, updated_date
from feedsvc.importing.wordpress.export_index import NO_POST_STATES, ExportIndex, media_type_of, parse_number
from feedsvc.importing.wordpress.export_reader import describe_item
from feedsvc.importing.wordpress.figures import NOT_EXPORTED, attachment_medium
from feedsvc.importing.wordpress.item_fields import ItemFields, plain_title
from feedsvc.importing.wordpress.languages import LANGUAGE_TAXONOMIES, language_of
from feedsvc.importing.wordpress.site_facts import AUTHOR_TAXONOMY, TERM_KINDS, item_authors, item_terms, redirect_target

POST_TYPES: Final = frozenset({"post", "page"})
_STATES: Final = {"publish": PostState.PUBLISHED, "future": PostState.SCHEDULED}
_DRAFTS: Final = frozenset({"draft", "pending"})
# Taxonomies that are read elsewhere, or that only say how WordPress shows or sorts a post.
_READ_TAXONOMIES: Final = frozenset({*TERM_KINDS, *LANGUAGE_TAXONOMIES, AUTHOR_TAXONOMY, "", "nav_menu"})
_FACT_PREFIX: Final = "_feedsvc_"
_MAX_LENGTH: Final = 2**63 - 1  # bytes of a file


class PostReader:
    """Reader of the posts of one export, with the index and offsets of its first pass. `main_language` is that of originals.

    `taxonomies` counts the terms, by taxonomy, that are not carried over; `comment_count` counts comments.
    """

    def __init__(self, index: ExportIndex, offsets: SiteOffsets, site: SourceSite, main_language: str) -> None:
        self._index, self._offsets, self._site_address = index, offsets, site.address
        self._is_wordpress = site.system is SourceSystem.WORDPRESS
        self._main_language = main_language
        self.taxonomies: Counter[str] = Counter()
        self.comment_count = 0

    def read(self, item: ItemFields, ordinal: int) -> Iterator[SourcePost | Omission]:
        """Yield the omissions of an item's parts, then its post; if it must not be imported, only one omission for all of it.

        Call it once for each item. Raises sqlite3.Error if the index cannot be read.
        """
        self.comment_count += item.comment_count
        what, status = describe_item(item), item.text("wp:status")
        last_ordinal, last_place = self._index.post_location(item, ordinal)
        if last_ordinal != ordinal:
            yield Omission(item.place, what, f"the export has it again, equal or changed later, at {last_place}")
            return
        if status == "trash":
            yield Omission(item.place, what, "it is in the trash")
            return
        if status in NO_POST_STATES:
            yield Omission(item.place, what, f"it is no post but a saved state of one ({status})")
            return
        identifier = item.text("guid")
        first_place = self._index.earlier_place(identifier, ordinal) if identifier else ""
        if first_place:
            reason = f"the post at {first_place} has it, too, and readers show only one of them; it gets a new id"
            yield Omission(item.place, f"{what}: its id {identifier}", reason)
            identifier = ""
        yield from _state_omissions(item, what, status)
        yield from self._post(item, identifier, what)

    def _post(self, item: ItemFields, identifier: str, what: str) -> Iterator[SourcePost | Omission]:
        body = PostBody(item, self._index)
        content = item.texts.get("content:encoded", "")
        markup = body.render(content) if self._is_wordpress else content
        for part, reason in body.omissions.items():
            yield Omission(item.place, f"{what}: {part}", reason)
        lead_number = parse_number(item.meta_value("_thumbnail_id"))
        lead = self._index.attachment(lead_number) if lead_number else None
        if lead_number and not lead:
            yield Omission(item.place, f"{what}: lead image", f"the export has no attachment {lead_number}; export all content")
        state = _state(item)
        published = published_date(item, self._offsets)
        if state is not PostState.DRAFT and not published:
            yield Omission(item.place, f"{what}: publication", "it has no date, so it is a draft")
            state = PostState.DRAFT
        original = self._index.original_of(item, self._main_language)
        if original and not original.is_first_in_language:
            reason = f"another translation of the same post is in {language_of(item)}, too, so this one is not joined to them"
            yield Omission(item.place, f"{what}: translation", reason)
        terms = list(item_terms(item))
        self._count_taxonomies(item)
        yield SourcePost(
            place=item.place,
            id=identifier,
            title=plain_title(item),
            state=state,
            address=public_address(item),
            other_addresses=other_addresses(item, self._site_address) if self._is_wordpress else (),
            inner_addresses=self._inner_addresses(item),
            published=published,
            updated=updated_date(item, self._offsets),
            authors=tuple(key for key, _ in item_authors(item)),
            categories=tuple(key for kind, key, _ in terms if kind is TermKind.CATEGORY),
            tags=tuple(key for kind, key, _ in terms if kind is TermKind.TAG),
            summary=to_plain_text(item.text("excerpt:encoded")),
            body=markup,
            language=language_of(item),
            translation_of=original.key if original and original.is_first_in_language else "",
            lead_image=attachment_medium(lead) if lead else None,
            lacks_lead_image=bool(lead_number and not lead),
            lacks_body_parts=NOT_EXPORTED in body.omissions.values(),
            enclosures=tuple(_enclosures(item)),
            is_page=_is_page(item),
            has_exact_texts=item.has_html_title,
            is_sticky=item.text("wp:is_sticky") == "1",
            facts=dict(_facts(item)),
        )

    def _inner_addresses(self, item: ItemFields) -> tuple[str, ...]:
        if not self._is_wordpress:
            return ()
        number = parse_number(item.text("wp:post_id"))
        return tuple(inner_addresses(item, self._index.attachments_of(number) if number else (), self._site_address))

    def _count_taxonomies(self, item: ItemFields) -> None:
        self.taxonomies.update(term.taxonomy for term in item.terms if term.taxonomy not in _READ_TAXONOMIES)


def _has_password(item: ItemFields) -> bool:
    """Return whether a post has a password. It may be a space; a line end is the layout of the file."""
    password = item.texts.get("wp:post_password", "")
    return bool(password.strip() or (password and "\n" not in password))


def _is_page(item: ItemFields) -> bool:
    return item.text("wp:post_type") == "page"


def _state(item: ItemFields) -> PostState:
    is_hidden = _has_password(item) or (_is_page(item) and bool(redirect_target(item)))
    return PostState.DRAFT if is_hidden else _STATES.get(item.text("wp:status"), PostState.DRAFT)


def _state_omissions(item: ItemFields, what: str, status: str) -> Iterator[Omission]:
    """Yield an omission for a post that becomes a draft though it was none, or whose address redirected elsewhere.

    Nothing that was not public may become public. `what` names the post in the omission; `status` is its `wp:status`.
    """
    if _has_password(item):
        yield Omission(item.place, f"{what}: its password", "only readers with the password could see it, so it is a draft")
    elif status == "private":
        yield Omission(item.place, f"{what}: publication", "only editors could see it (private), so it is a draft")
    elif status not in _STATES.keys() | _DRAFTS:
        yield Omission(item.place, f"{what}: publication", f'its state "{status}" is that of a plug-in, so it is a draft')
    elif target := redirect_target(item):
        # Feeds and lists had the text of a post, with a link to the target; nobody could see that of a page.
        effect = "so it is a draft" if _is_page(item) else "and shows the article here; write the target as its link"
        yield Omission(item.place, f"{what}: redirect", f"its address redirected to {target}, {effect}")


def _enclosures(item: ItemFields) -> Iterator[SourceMedium]:
    """Yield the files of the postmeta `enclosure`: lines with address, length and type."""
    addresses = set()
    for key, value in item.meta:
        lines = [line.strip() for line in value.splitlines()]
        if key != "enclosure" or not lines or not lines[0] or lines[0] in addresses:
            continue
        addresses.add(lines[0])
        length = min(parse_number(lines[1]), _MAX_LENGTH) if len(lines) > 1 else 0
        media_type = lines[2] if len(lines) > 2 and "/" in lines[2] else ""  # noqa: PLR2004 - the third line
        yield SourceMedium(lines[0], media_type=media_type or media_type_of(lines[0]), length=length)


def _facts(item: ItemFields) -> Iterator[tuple[str, Any]]:
    """Yield name, without its prefix "_feedsvc_", and JSON value of the postmeta that `feedsvc export wxr` writes.

    Postmeta of other names and values that are no JSON are left out.
    """
    for key, value in item.meta:
        if key.startswith(_FACT_PREFIX):
            with suppress(ValueError, RecursionError):
                yield key.removeprefix(_FACT_PREFIX), json.loads(value)
