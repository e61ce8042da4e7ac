"""WordPress export as an ImportSource: one pass over its files for what posts refer to, then one for each call of `posts`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from feedsvc.importing.source import ImportSourceError, Omission, SourceFilePage, SourcePost, SourceSite, SourceSystem
from feedsvc.importing.wordpress.addresses import attachment_addresses
from feedsvc.importing.wordpress.dates import SiteOffsets
from feedsvc.importing.wordpress.export_files import ExportFile, find_export_files
from feedsvc.importing.wordpress.export_index import ExportIndex, parse_number, translate_index_errors
from feedsvc.importing.wordpress.export_reader import ChannelPart, read_export
from feedsvc.importing.wordpress.item_fields import ItemFields
from feedsvc.importing.wordpress.posts import POST_TYPES, PostReader
from feedsvc.importing.wordpress.site_facts import SiteFacts

_REUSABLE_BLOCK: Final = "wp_block"
# Types of items that are read in the first pass, or that mean nothing outside of WordPress.
_SILENT_TYPES: Final = frozenset({"guest-author", "redirect_rule", _REUSABLE_BLOCK, "attachment"})
_UPLOADS: Final = "/wp-content/uploads/"


@dataclass(slots=True)
class _TypeCount:
    """Number of items of a type that are left out, and the place of the first."""

    place: str
    count: int = 0


class WordPressSource:
    """An open export (`source.ImportSource`). `site` is complete before the first post."""

    def __init__(self, files: Sequence[ExportFile]) -> None:
        """Read all files once.

        Raises ImportSourceError if none has a channel or an item of WordPress, if they are of several sites, or if the index
        cannot be written.
        """
        self._files = files
        self._index, self._offsets, self._facts = ExportIndex(), SiteOffsets(), SiteFacts()
        with translate_index_errors():
            is_export = self._read_first_pass()
        if not is_export:
            names = ", ".join(file.name for file in files[:3])
            hint = "name a file that Tools > Export of WordPress wrote, or a folder with such files"
            raise ImportSourceError(f"{names}: this is no WordPress export; {hint}")
        self._check_addresses()
        self.site: SourceSite = self._facts.site

    def _read_first_pass(self) -> bool:
        """Read everything into the index and the facts; return True if there was a channel or an item of WordPress."""
        is_export = False
        for ordinal, part in enumerate(read_export(self._files)):
            if isinstance(part, Omission):
                continue
            is_export = True
            if isinstance(part, ChannelPart):
                self._facts.add_channel(part)
            else:
                self._add_item(part, ordinal)
        return is_export

    def _add_item(self, item: ItemFields, ordinal: int) -> None:
        post_type = item.text("wp:post_type")
        if post_type == "attachment":
            self._index.add_attachment(item, f"{self._facts.address}{_UPLOADS}")
        elif post_type == _REUSABLE_BLOCK:
            self._index.add_block(parse_number(item.text("wp:post_id")), item.texts.get("content:encoded", ""))
        elif post_type in POST_TYPES:
            self._index.add_post(item, ordinal)
            self._offsets.add(item)
        self._facts.add_item(item)

    def _check_addresses(self) -> None:
        addresses = self._facts.addresses_by_file
        if len(set(addresses.values())) > 1:
            by_address = {address: name for name, address in reversed(addresses.items())}
            sites = ", ".join(f"{name} of {address}" for address, name in sorted(by_address.items()))
            raise ImportSourceError(f"the files are of several sites: {sites}; put those of each site into a folder of their own")

    def file_pages(self) -> Iterator[SourceFilePage]:
        """Yield the pages of attachments without a post, ordered by their numbers; nothing for an export of feedsvc.

        Raises ImportSourceError for an error of the index.
        """
        if self.site.system is not SourceSystem.WORDPRESS:
            return
        with translate_index_errors():
            for attachment in self._index.attachments_without_post():
                yield SourceFilePage((*attachment_addresses(attachment, self.site.address),), attachment.address)

    def posts(self, main_language: str = "") -> Iterator[SourcePost | Omission]:
        """Yield the posts and pages, and omissions. At the end are those that concern many items: types, taxonomies, comments.

        Of posts that translate each other, the one in `main_language` is the original; "" stands for the first of
        `site.languages`. If there is none in it, the original is the one with the lowest number. Each call reads all files.
        Raises ImportSourceError if the index cannot be written, as on a full disk.
        """
        yield from self._facts.omissions
        reader = PostReader(self._index, self._offsets, self.site, main_language or next(iter(self.site.languages), ""))
        types: dict[str, _TypeCount] = {}
        for ordinal, part in enumerate(read_export(self._files)):
            if isinstance(part, Omission):
                yield part
            elif isinstance(part, ItemFields):
                post_type = part.text("wp:post_type")
                if post_type in POST_TYPES:
                    with translate_index_errors():
                        yield from reader.read(part, ordinal)
                else:
                    types.setdefault(post_type, _TypeCount(part.place)).count += 1
        yield from _type_omissions(types)
        yield from _total_omissions(reader, self._files[0].name)


def _type_omissions(types: dict[str, _TypeCount]) -> Iterator[Omission]:
    for post_type, total in types.items():
        if post_type not in _SILENT_TYPES:
            kind = f'of the type "{post_type}"' if post_type else "without a type"
            reason = "only posts, pages and the media and blocks in them are imported"
            yield Omission(f"from {total.place} on", f"{_count(total.count, 'item')} {kind}", reason)


def _total_omissions(reader: PostReader, place: str) -> Iterator[Omission]:
    for taxonomy, count in sorted(reader.taxonomies.items()):
        reason = "articles have categories and tags only"
        yield Omission(place, f'{_count(count, "term")} of the taxonomy "{taxonomy}"', reason)
    if reader.comment_count:
        yield Omission(place, _count(reader.comment_count, "comment"), "articles have no comments")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def open_wordpress_export(path: Path) -> WordPressSource:
    """Open an export of WordPress (WXR 1.0 to 1.2): a file, one in a gzip or zip archive, or a folder with its parts.

    Raises ImportSourceError if the path is not readable, holds neither a channel nor an item of WordPress, or holds exports of
    several sites, or if the index cannot be written.
    """
    return WordPressSource(find_export_files(path))
