"""Free files: pages/ and root/, whose addresses editors choose, and the frame that all pages take from them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Final

from feedsvc.content.folder.file_names import paths_within
from feedsvc.content.folder.page_files import PageFiles
from feedsvc.content.folder.root_files import ROOT_FOLDER, RootFiles
from feedsvc.content.reading.context import References
from feedsvc.content.reading.page import PAGES_FOLDER
from feedsvc.content.store import StoredSetting
from feedsvc.errors import Problem
from feedsvc.model import Site
from feedsvc.page_model import MenuEntry, MenuPage, PageFrame, StaticPage

FREE_FOLDERS: Final = (PAGES_FOLDER, ROOT_FOLDER)
# Files of root/ to which the head of a page links.
HEAD_FILES: Final = ("favicon.ico", "favicon.svg", "apple-touch-icon.png", "manifest.webmanifest", "site.webmanifest")


class FreeFiles:
    """Reader of pages/ and root/. `frame` is the page frame, the same object until it changes."""

    def __init__(self, root: Path, stored: Iterable[StoredSetting]) -> None:
        """Take the last valid versions of pages from the `stored` settings of an earlier run; ignore those of other kinds."""
        self._pages, self._root_files = PageFiles(root, stored), RootFiles(root)
        self.frame = PageFrame()

    @property
    def pages(self) -> Mapping[str, StaticPage]:
        return self._pages.pages

    @property
    def root_files(self) -> Mapping[str, bytes]:
        return self._root_files.files

    @property
    def media(self) -> frozenset[str]:
        """Paths of the files in media/ that pages refer to."""
        return self._pages.media

    @property
    def problems(self) -> Iterable[Problem]:
        return chain(self._pages.problems, self._root_files.problems)

    @property
    def last_valid_paths(self) -> frozenset[str]:
        return self._pages.last_valid_paths

    @property
    def stored(self) -> tuple[StoredSetting, ...]:
        """The last valid versions of pages, for a later run."""
        return self._pages.stored

    def scan(self, scope: frozenset[str] | None) -> None:
        """Scan pages/ and root/ if `scope` is None; else the paths of `scope` in pages/, and root/ if one of them is in it."""
        self._pages.scan(paths_within(scope, PAGES_FOLDER))
        self._root_files.scan(paths_within(scope, ROOT_FOLDER))

    def changed_since(self, moment: datetime) -> frozenset[str]:
        return self._pages.changed_since(moment) | self._root_files.changed_since(moment)

    def refresh(
        self,
        references: References,
        waiting_files: frozenset[str],
        changed_media: frozenset[str],
        *,
        may_media_appear: bool,
    ) -> None:
        """Read the files again that changed, or whose settings or media did, and update `frame`. Call `scan` first.

        `waiting_files` keep their results. `changed_media` are paths of media files that changed. With `may_media_appear`, media
        files that were missing when pages referred to them may exist now.
        """
        self._pages.refresh(references, waiting_files, changed_media, may_media_appear=may_media_appear)
        self._root_files.refresh(waiting_files, self.pages)
        frame = build_page_frame(references.site, self.pages, self.root_files)
        self.frame = self.frame if frame == self.frame else frame


def build_page_frame(site: Site, pages: Mapping[str, StaticPage], root_files: Container[str]) -> PageFrame:
    """Return the page frame.

    Of `pages` (by slug and former slug), it has those that are no drafts and either have a `menu` other than "none" or are
    targets in the navigation or the footer of site.yaml, in the order of `order`, then title. Of `root_files`, paths below
    root/, it has those in HEAD_FILES.
    """
    published = {page.path: page for page in pages.values() if not page.is_draft}
    named = {page.path for name in _named_pages(site) if (page := pages.get(name))}
    shown = [page for page in published.values() if page.path in named or page.menu != "none"]
    return PageFrame(
        menu_pages=tuple(
            MenuPage(
                slug=page.slug, title=page.title, language=page.language, menu=page.menu, order=page.order, aliases=page.aliases
            )
            for page in sorted(shown, key=lambda page: (page.order, page.title, page.slug))
        ),
        head_files=tuple(name for name in HEAD_FILES if name in root_files),
    )


def _named_pages(site: Site) -> Iterator[str]:
    entries: tuple[MenuEntry, ...] = (*(site.navigation or ()), *(site.footer.links or ()))
    yield from (entry.target.strip("/") for entry in entries)
