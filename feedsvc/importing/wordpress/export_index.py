"""Index of what posts refer to: attachments, reusable blocks, and which item holds each post."""

from __future__ import annotations

import mimetypes
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache, cached_property
from itertools import chain
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from feedsvc.content.media import MEDIA_TYPES
from feedsvc.importing.addresses import split_address
from feedsvc.importing.source import SourceMedium
from feedsvc.importing.wordpress.items import GROUP_TAXONOMY, LANGUAGE_TAXONOMY, ItemFields, parse_number

# Postmeta of an attachment with the name of its photographer, by plug-in: Media Credit and Newspack, Image Source Control, Credit
# Tracker, themes.
_CREDIT_KEYS: Final = (
    *("_media_credit", "_credit", "isc_image_source", "_isc_image_source", "_wp_attachment_source_name", "credit"),
    *("_image_credit", "image_credit", "photo_credit", "_photo_credit", "photographer"),
)
_CREDIT_ORGANIZATION: Final = "_navis_media_credit_org"  # Largo and Newspack: shown after the name
_MAX_GALLERY: Final = 1000  # attachments of a gallery without list
# States of items that are no posts: in the trash, revisions, and what WordPress saves when a new post is opened.
NO_POST_STATES: Final = frozenset({"trash", "auto-draft", "inherit"})
# Values in PHP's serialised array `_wp_attachment_metadata`, whose lengths count bytes.
_FILE_SIZE: Final = re.compile(r's:8:"filesize";i:([0-9]{1,18});')
_FILE_CREDIT: Final = re.compile(rb's:6:"credit";s:([0-9]{1,4}):"')


class Attachment(NamedTuple):
    """A media file of the export. `position` is its order among the media of its post; `title` is plain text."""

    number: int
    position: int
    title: str
    medium: SourceMedium


class _Post(NamedTuple):
    """Facts of a post that others refer to. `ordinal` is the position of its item in the export, `work` its translation group."""

    title: str
    slug: str
    modified: str
    id: str
    link: str
    is_post: bool
    number: int
    ordinal: int
    place: str
    work: str
    language: str

    def is_same(self, item: ItemFields) -> bool:
        """Return whether an item with the same number holds the same post: one with an equal title or slug."""
        title, slug = item.text("title"), item.text("wp:post_name")
        return bool((title and self.title == title) or (slug and self.slug == slug)) or (self.title, self.slug) == (title, slug)


class TranslatedPost(NamedTuple):
    """Post that another one translates: its id, or else its address.

    `is_first_in_language` is False if an earlier post of the same work is in the language of that other one.
    """

    key: str
    is_first_in_language: bool


class ExportIndex:
    """Index of one export. First add everything, then ask. `attachments` and `blocks` (their content) are by number.

    `files` has the address of the file by that of the page that WordPress showed it on.
    """

    def __init__(self) -> None:
        self.attachments: dict[int, Attachment] = {}
        self.blocks: dict[int, str] = {}
        self.files: dict[str, str] = {}
        self._children = defaultdict[int, list[int]](list)  # numbers of attachments by that of their post
        self._posts = defaultdict[str, list[_Post]](list)  # by number as written; items of one number may hold several

    def add_attachment(self, item: ItemFields, uploads: str) -> None:
        """Add an attachment, in place of an earlier one with its number. One without number or address is left out.

        `uploads` is the absolute address of the folder of uploads, with a slash at its end.
        """
        attachment = _attachment(item, uploads)
        if attachment.number and (address := attachment.medium.address):
            self.attachments[attachment.number] = attachment
            self.files[item.text("link") or address] = address
            self._children[item.number("wp:post_parent")].append(attachment.number)

    def add_post(self, item: ItemFields, ordinal: int) -> None:
        """Add a post. Of items that hold the same one, the last changed counts; of equally new ones, the first."""
        post = _Post(
            title=item.text("title"),
            slug=item.text("wp:post_name"),
            modified=item.text("wp:post_modified_gmt") or item.text("wp:post_modified"),
            id=item.text("guid"),
            link=item.text("link"),
            is_post=item.text("wp:status") not in NO_POST_STATES,
            number=item.number("wp:post_id"),
            ordinal=ordinal,
            place=item.place,
            work=item.term(GROUP_TAXONOMY),
            language=item.term(LANGUAGE_TAXONOMY),
        )
        versions = self._posts[_key(item, ordinal)]
        index = next((index for index, version in enumerate(versions) if version.is_same(item)), len(versions))
        if index == len(versions) or post.modified > versions[index].modified:
            versions[index : index + 1] = [post]

    def post_location(self, item: ItemFields, ordinal: int) -> tuple[int, str]:
        """Return ordinal and place of the added item whose version of this item's post counts: perhaps those of the item."""
        versions = (version for version in self._posts[_key(item, ordinal)] if version.is_same(item))
        return next(((version.ordinal, version.place) for version in versions), (ordinal, item.place))

    @cached_property
    def _public_posts(self) -> list[_Post]:
        posts = (post for post in chain.from_iterable(self._posts.values()) if post.is_post)
        return sorted(posts, key=lambda post: post.number)

    @cached_property
    def _first_by_id(self) -> Mapping[str, _Post]:
        return {post.id: post for post in sorted(self._public_posts, key=lambda post: -post.ordinal)}

    @cached_property
    def _works(self) -> Mapping[str, list[_Post]]:
        """Posts that translate each other, by the name of their group, ordered by number."""
        works = defaultdict[str, list[_Post]](list)
        for post in self._public_posts:
            if post.work and post.number:
                works[post.work].append(post)
        return works

    def earlier_place(self, identifier: str, ordinal: int) -> str:
        """Return the place of the first item that holds a post with this id, "" if that is the item with this ordinal.

        Posts whose state is in NO_POST_STATES do not count.
        """
        first = self._first_by_id.get(identifier)
        return first.place if first and first.ordinal != ordinal else ""

    def original_of(self, item: ItemFields, main_language: str) -> TranslatedPost | None:
        """Return the post that an added post translates; None if it is the original itself, or translates none.

        The original of posts that translate each other is that in `main_language`, or else the one with the lowest number.
        """
        number, members = item.number("wp:post_id"), self._works.get(item.term(GROUP_TAXONOMY), [])
        original = min(members, key=lambda post: post.language != main_language, default=None)
        if original is None or original.number == number:
            return None
        in_language = [post.number for post in members if post.language == item.term(LANGUAGE_TAXONOMY)]
        first = original.number if original.number in in_language else next(iter(in_language), number)
        has_id = original.id and not self.earlier_place(original.id, original.ordinal)
        return TranslatedPost(original.id if has_id else original.link, is_first_in_language=first == number)

    def attachments_of(self, post_number: int) -> list[Attachment]:
        """Return the attachments of a post, of whatever type, in the order of its gallery; at most 1,000."""
        found = [self.attachments[number] for number in dict.fromkeys(self._children.get(post_number, ()))]
        return sorted(found, key=lambda attachment: (attachment.position, attachment.number))[:_MAX_GALLERY]


def _key(item: ItemFields, ordinal: int) -> str:
    return item.text("wp:post_id") or f"ordinal {ordinal}"


def media_type_of(address: str) -> str:
    """Return the media type that the suffix of an address stands for, the same on every machine; "" if it is unknown."""
    path = PurePosixPath(split_address(address).path)
    return MEDIA_TYPES.get(path.suffix.lower()) or _other_types().guess_type(path.name)[0] or ""


@cache
def _other_types() -> mimetypes.MimeTypes:
    """Return the types that are built into Python. Cached, because Python then reads the system's types, too, without use."""
    return mimetypes.MimeTypes()


def _attachment(item: ItemFields, uploads: str) -> Attachment:
    attached_file = item.meta_value("_wp_attached_file")
    address = item.text("wp:attachment_url") or (f"{uploads}{attached_file}" if attached_file else item.text("guid"))
    metadata = item.meta_value("_wp_attachment_metadata")
    size = _FILE_SIZE.search(metadata.partition('s:5:"sizes";')[0])
    medium = SourceMedium(
        address=address,
        alt=item.meta_value("_wp_attachment_image_alt"),
        caption=item.text("excerpt:encoded"),
        credit=_credit(item, metadata.encode(errors="ignore")),
        media_type=media_type_of(address),
        length=parse_number(size[1]) if size else 0,
    )
    return Attachment(item.number("wp:post_id"), item.number("wp:menu_order"), item.title, medium)


def _credit(item: ItemFields, metadata: bytes) -> str:
    stated = " / ".join(filter(None, (item.meta_value(*_CREDIT_KEYS), item.meta_value(_CREDIT_ORGANIZATION))))
    found = _FILE_CREDIT.search(metadata)
    return stated or (metadata[found.end() : found.end() + int(found[1])].decode(errors="replace").strip() if found else "")
