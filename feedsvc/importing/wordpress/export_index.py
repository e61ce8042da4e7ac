"""Index of what posts refer to: attachments, reusable blocks, and which item holds each post.

SQLite keeps it in a nameless temporary file, so a million attachments take no memory, and nothing is left after a kill.
"""

from __future__ import annotations

import mimetypes
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from feedsvc.content.media import MEDIA_TYPES
from feedsvc.importing.addresses import split_address
from feedsvc.importing.source import ImportSourceError
from feedsvc.importing.wordpress.item_fields import ItemFields, plain_title
from feedsvc.importing.wordpress.languages import language_of, translation_group
from feedsvc.importing.wordpress.php_serialized import php_member

_SCHEMA: Final = """
CREATE TABLE attachment (
  number INTEGER PRIMARY KEY, parent INTEGER, position INTEGER, address TEXT, title TEXT, alt TEXT, caption TEXT, credit TEXT,
  media_type TEXT, length INTEGER, page TEXT
);
CREATE INDEX attachment_parent ON attachment (parent, position);
CREATE TABLE block (number INTEGER PRIMARY KEY, content TEXT);
CREATE TABLE post (
  row INTEGER PRIMARY KEY, key TEXT, title TEXT, slug TEXT, number INTEGER, ordinal INTEGER, modified TEXT, place TEXT,
  is_post INTEGER, id TEXT, link TEXT, work TEXT, language TEXT
);
CREATE INDEX post_key ON post (key);
CREATE INDEX post_id ON post (id);
CREATE INDEX post_work ON post (work) WHERE work <> '';
"""
_SAME_POST: Final = """
SELECT row, modified, ordinal, place FROM post
WHERE key = ?1 AND (title = nullif(?2, '') OR slug = nullif(?3, '') OR (title, slug) = (?2, ?3))
"""
_CACHE_PAGES: Final = "PRAGMA cache_size=-16000"  # kilobytes
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
_NUMBER_LIMIT: Final = 2**63


class Attachment(NamedTuple):
    """A media file of the export. `parent` is the number of its post, 0 for none; `position` its order among the post's media.

    `caption` and `credit` may be HTML, `title` is plain text; `media_type` is "" if unknown. `length` is in bytes, 0 if unknown.
    `page` is the address of its own page.
    """

    number: int
    parent: int
    position: int
    address: str
    title: str
    alt: str
    caption: str
    credit: str
    media_type: str
    length: int
    page: str


class TranslatedPost(NamedTuple):
    """Post that another one translates: its id, or else its address.

    `is_first_in_language` is False if an earlier post of the same work is in the language of that other one.
    """

    key: str
    is_first_in_language: bool


@contextmanager
def translate_index_errors() -> Iterator[None]:
    """Raise ImportSourceError instead of an error of SQLite, which a full disk causes."""
    try:
        yield
    except sqlite3.Error as error:
        reason = f"the index of an import cannot be written to the folder for temporary files ({error})"
        raise ImportSourceError(f"{reason}; make space there, or set TMPDIR to another folder") from None


class ExportIndex:
    """Index of one export. Not thread-safe. Its methods raise sqlite3.Error if the disk is full."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", check_same_thread=False)
        self._connection.executescript(_SCHEMA)
        for pragma in (_CACHE_PAGES, "PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF"):
            self._connection.execute(pragma).close()

    def add_attachment(self, item: ItemFields, uploads: str) -> None:
        """Add an attachment, in place of an earlier one with its number. One without number or address is left out.

        `uploads` is the absolute address of the folder of uploads, with a slash at its end.
        """
        attachment = _attachment(item, uploads)
        if attachment.number and attachment.address:
            statement = "INSERT OR REPLACE INTO attachment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            self._connection.execute(statement, attachment)

    def add_block(self, number: int, content: str) -> None:
        """Add a reusable block, in place of an earlier one with its number."""
        self._connection.execute("INSERT OR REPLACE INTO block VALUES (?, ?)", (number, content))

    def add_post(self, item: ItemFields, ordinal: int) -> None:
        """Add a post. Items with one number hold one post if their titles or their slugs are equal.

        Of these, the last changed counts; of equally new ones, the first.
        """
        modified = item.text("wp:post_modified_gmt") or item.text("wp:post_modified")
        is_post = item.text("wp:status") not in NO_POST_STATES
        number = parse_number(item.text("wp:post_id"))
        values = (item.text("guid"), item.text("link"), translation_group(item), language_of(item))
        names = post_names(item, ordinal)
        row, former, *_ = self._connection.execute(_SAME_POST, names).fetchone() or (None, "")
        if row is None or modified > former:
            statement = "INSERT OR REPLACE INTO post VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            self._connection.execute(statement, (row, *names, number, ordinal, modified, item.place, is_post, *values))

    def original_of(self, item: ItemFields, main_language: str) -> TranslatedPost | None:
        """Return the post that an added post translates; None if it is the original itself, or translates none.

        The original of posts that translate each other is that in `main_language`, or else the one with the lowest number.
        """
        number, work = parse_number(item.text("wp:post_id")), translation_group(item)
        members = "FROM post WHERE work = ? AND work <> '' AND is_post AND number"
        statement = f"SELECT number, ordinal, id, link {members} ORDER BY language <> ?, number LIMIT 1"
        original = self._connection.execute(statement, (work, main_language)).fetchone()
        if original is None or original[0] == number:
            return None
        statement = f"SELECT number {members} AND language = ? ORDER BY number <> ?, number LIMIT 1"
        (first_number,) = self._connection.execute(statement, (work, language_of(item), original[0])).fetchone() or (number,)
        _number, ordinal, identifier, link = original
        has_id = identifier and not self.earlier_place(identifier, ordinal)
        return TranslatedPost(identifier if has_id else link, is_first_in_language=first_number == number)

    def earlier_place(self, identifier: str, ordinal: int) -> str:
        """Return the place of the first item that holds a post with this id, "" if that is the item with this ordinal.

        Posts whose state is in NO_POST_STATES do not count.
        """
        statement = "SELECT ordinal, place FROM post WHERE id = ? AND is_post ORDER BY ordinal LIMIT 1"
        row = self._connection.execute(statement, (identifier,)).fetchone()
        return str(row[1]) if row and row[0] != ordinal else ""

    def post_location(self, item: ItemFields, ordinal: int) -> tuple[int, str]:
        """Return ordinal and place of the added item whose version of this item's post counts.

        They are those of the item itself if its post was not added.
        """
        row = self._connection.execute(_SAME_POST, post_names(item, ordinal)).fetchone()
        return row[2:] if row else (ordinal, item.place)

    def attachment(self, number: int) -> Attachment | None:
        """Return an attachment; None if the export does not have it."""
        row = self._connection.execute("SELECT * FROM attachment WHERE number = ?", (number,)).fetchone()
        return Attachment(*row) if row else None

    def attachments_of(self, post_number: int) -> list[Attachment]:
        """Return the attachments of a post, of whatever type, in the order of its gallery; at most 1,000."""
        statement = "SELECT * FROM attachment WHERE parent = ? ORDER BY position, number LIMIT ?"
        return [Attachment(*row) for row in self._connection.execute(statement, (post_number, _MAX_GALLERY))]

    def attachments_without_post(self) -> Iterator[Attachment]:
        """Yield, by ascending number, attachments that belong to no added post, or to one whose state is in NO_POST_STATES."""
        statement = (
            "SELECT * FROM attachment WHERE NOT EXISTS (SELECT 1 FROM post WHERE key = CAST(parent AS TEXT) AND is_post) "
            "ORDER BY number"
        )
        for row in self._connection.execute(statement):
            yield Attachment(*row)

    def block(self, number: int) -> str | None:
        """Return the content of a reusable block; None if the export does not have it."""
        row = self._connection.execute("SELECT content FROM block WHERE number = ?", (number,)).fetchone()
        return str(row[0]) if row else None


def post_names(item: ItemFields, ordinal: int) -> tuple[str, str, str]:
    """Return the number of an item, or a text with the ordinal if it has none, its title as written, and its slug."""
    return item.text("wp:post_id") or f"ordinal {ordinal}", item.text("title"), item.text("wp:post_name")


def parse_number(text: str) -> int:
    """Return a positive number of WordPress; 0 for other text and numbers that no database has."""
    text = text.strip()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(_NUMBER_LIMIT)) else 0
    return number if number < _NUMBER_LIMIT else 0


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
    length = php_member(metadata, "filesize")
    return Attachment(
        number=parse_number(item.text("wp:post_id")),
        parent=parse_number(item.text("wp:post_parent")),
        position=parse_number(item.text("wp:menu_order")),
        address=address,
        title=plain_title(item),
        alt=item.meta_value("_wp_attachment_image_alt").strip(),
        caption=item.text("excerpt:encoded"),
        credit=_credit(item, metadata),
        media_type=media_type_of(address),
        length=length if isinstance(length, int) and 0 <= length < _NUMBER_LIMIT else 0,
        page=item.text("link"),
    )


def _credit(item: ItemFields, metadata: str) -> str:
    name = next((value.strip() for key in _CREDIT_KEYS if (value := item.meta_value(key)).strip()), "")
    organization = item.meta_value(_CREDIT_ORGANIZATION).strip()
    if name or organization:
        return " / ".join(part for part in (name, organization) if part)
    credit = php_member(metadata, "image_meta", "credit")
    return credit.strip() if isinstance(credit, str) else ""
