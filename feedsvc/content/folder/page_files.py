"""Page files: reads the files of pages/ into static pages. A broken file is replaced by its last valid version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, zip_longest
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from feedsvc.content.file_signature import nanoseconds_since_epoch
from feedsvc.content.folder.conflicts import Claim, conflict_problem, resolve_claims
from feedsvc.content.folder.invalidation import settings_fingerprint
from feedsvc.content.reading.context import References
from feedsvc.content.reading.files import usual_suffix
from feedsvc.content.reading.page import PAGE_SUFFIX, PAGES_FOLDER, ParsedPage, parse_page
from feedsvc.content.scan import DirectoryScanner
from feedsvc.content.store import StoredSetting
from feedsvc.content.text import file_stem
from feedsvc.errors import Problem
from feedsvc.page_model import StaticPage
from feedsvc.support.digest import blake2b

_KIND: Final = "page"  # of the stored last valid versions
_NO_DIGEST: Final = b""  # of a file that was not read
_NOT_READ: Final = ParsedPage(None, ())


@dataclass(frozen=True, slots=True)
class _PageRecord:
    """Result of reading one file: the digest of its bytes, its own page or None with problems, and its last valid version.

    That is the page of the file that was active last, also if it is active now; None if there was none.
    """

    digest: bytes
    reading: ParsedPage
    last_valid: StaticPage | None


class PageFiles:
    """Reader of pages/. `pages` maps slugs and former slugs to pages, also to drafts; the same object until a page changes.

    A broken file has its last valid version there.
    """

    def __init__(self, root: Path, stored: Iterable[StoredSetting]) -> None:
        """Take the last valid versions of an earlier run from the `stored` settings; ignore those of other kinds."""
        self._root = root
        self._scanner = DirectoryScanner(root, PAGES_FOLDER, within=PAGES_FOLDER)
        self._records = {
            setting.name: _PageRecord(_NO_DIGEST, _NOT_READ, setting.value)
            for setting in stored
            if setting.kind == _KIND and isinstance(setting.value, StaticPage)
        }
        self._active: Mapping[str, StaticPage] = {}  # the pages by the path of their files
        self._is_due = True
        self._site_fingerprint = ""
        self._conflicts: list[Problem] = []
        self.pages: Mapping[str, StaticPage] = {}

    @property
    def problems(self) -> Iterator[Problem]:
        readings = (record.reading.problems for record in self._records.values())
        yield from chain(self._scanner.problems, chain.from_iterable(readings), self._conflicts)
        yield from (_unread_problem(path) for path in self._scanner.files if not _is_page(path))

    @property
    def last_valid_paths(self) -> frozenset[str]:
        """Paths of the files whose last valid version is used."""
        return frozenset(path for path, page in self._active.items() if page != self._records[path].reading.page)

    @property
    def media(self) -> frozenset[str]:
        """Paths of the files in media/ that pages refer to."""
        return frozenset(chain.from_iterable(page.media for page in self.pages.values()))

    @property
    def stored(self) -> tuple[StoredSetting, ...]:
        """The last valid version of each file that has one, for a later run."""
        versions = ((path, record.last_valid) for path, record in sorted(self._records.items()))
        return tuple(StoredSetting(kind=_KIND, name=path, value=page) for path, page in versions if page)

    def scan(self, scope: Iterable[str] | None) -> None:
        """Scan all of pages/ if `scope` is None, else the paths in it; nothing if it is empty.

        After a scan, the next `refresh` reads all files again, because they are few.
        """
        if scope is None or (paths := tuple(scope)):
            self._scanner.refresh(None if scope is None else paths)
            self._is_due = True

    def changed_since(self, moment: datetime) -> frozenset[str]:
        """Return the files that changed or vanished after the moment, as of the last scan; none if `refresh` was called since."""
        latest, paths = nanoseconds_since_epoch(moment), (*self._scanner.files, *self._records) if self._is_due else ()
        return frozenset(path for path in paths if self._scanner.changed_at(path) > latest)

    def refresh(
        self,
        references: References,
        waiting_files: frozenset[str],
        changed_media: frozenset[str],
        *,
        may_media_appear: bool,
    ) -> None:
        """Read the files again that changed, or whose settings or media did. `waiting_files` keep their results.

        Call `scan` first. `changed_media` are paths of media files that changed. With `may_media_appear`, media files that were
        missing when pages referred to them may exist now. If a folder cannot be read, all known files keep their results.
        """
        fingerprint = settings_fingerprint(references.site)
        is_stale = fingerprint != self._site_fingerprint
        may_be_mended = may_media_appear and any(record.reading.problems for record in self._records.values())
        if not (self._is_due or is_stale or changed_media or may_be_mended):
            return
        if self._scanner.unreadable_folders:
            waiting_files = waiting_files.union(self._records)  # the files may exist
        paths = {*self._scanner.files, *(self._records.keys() & waiting_files)}
        records: dict[str, _PageRecord] = {}
        for path in sorted(paths):
            record = self._records.get(path)
            if path not in waiting_files and _is_page(path):
                record = self._read(path, references, is_stale=is_stale, changed_media=changed_media)
            records.update({path: record} if record else {})
        self._records, self._site_fingerprint = records, fingerprint
        self._is_due = not paths.isdisjoint(waiting_files)
        self._active, self._conflicts = self._resolve()
        self._records = {
            path: replace(record, last_valid=self._active.get(path, record.last_valid)) for path, record in records.items()
        }
        pages = {name: page for page in self._active.values() for name in page.names}
        self.pages = self.pages if pages == self.pages else pages

    def _read(self, path: str, references: References, *, is_stale: bool, changed_media: frozenset[str]) -> _PageRecord | None:
        """Return the record of a file, None if it is missing; the former one if the file and what it refers to are the same.

        A file with a problem is always parsed again, because the cause may be a missing picture.
        """
        former = self._records.get(path)
        last_valid = former.last_valid if former else None
        data = safe_read.read_file(self._root, path, PAGES_FOLDER)
        if data is None:
            return None
        if isinstance(data, Problem):
            return _PageRecord(_NO_DIGEST, ParsedPage(None, (data,)), last_valid)
        digest = blake2b(data)
        is_same = former and former.digest == digest and not is_stale and not former.reading.problems
        if former and is_same and former.reading.page and changed_media.isdisjoint(former.reading.page.media):
            return former
        return _PageRecord(digest, parse_page(path, data, references), last_valid)

    def _resolve(self) -> tuple[dict[str, StaticPage], list[Problem]]:
        """Return the active page of each file that has one, by path, and the problems of slugs that several files claim.

        Former slugs count, too. The page of a file that loses a claim is replaced by the file's last valid version, unless
        that claims a slug of another page, too.
        """
        candidates = {path: page for path, record in self._records.items() if (page := record.reading.page or record.last_valid)}
        lost_claims = resolve_claims(self._claims(candidates))
        losing_paths = {loser.path for loser, _ in lost_claims}
        replaced = {path: self._records[path] for path in losing_paths if self._records[path].reading.page}
        last_versions = {path: record.last_valid for path, record in replaced.items() if record.last_valid}
        active = {path: page for path, page in candidates.items() if path not in losing_paths} | last_versions
        for loser, _ in resolve_claims(self._claims(active), last_versions):
            active.pop(loser.path, None)
        return active, [conflict_problem(loser, holder, "page") for loser, holder in lost_claims if loser.path in replaced]

    def _claims(self, pages: Mapping[str, StaticPage]) -> list[Claim]:
        """Return the claims of `pages` (by path of their files) to their slugs and former slugs."""
        claims: list[Claim] = []
        for path, page in pages.items():
            reading = self._records[path].reading
            positions = reading.positions if page is reading.page else ()
            for index, (name, position) in enumerate(zip_longest(page.names, positions)):
                claims.append(Claim("alias" if index else "slug", name, path, page.is_draft, position))
        return claims


def _is_page(path: str) -> bool:
    """Return whether a file below pages/ is read: only Markdown directly in that folder."""
    return usual_suffix(path) == PAGE_SUFFIX and path.count("/") == 1


def _unread_problem(path: str) -> Problem:
    if usual_suffix(path) == PAGE_SUFFIX:
        hint = f"move it: {PAGES_FOLDER}/{path.rpartition('/')[2]} has the address /{file_stem(path)}/"
        return Problem(path=path, message=f"pages lie in {PAGES_FOLDER}/ itself, not in folders below it", hint=hint)
    hint = "pictures and documents belong in media/; a page is Markdown with keys between two lines '---'"
    return Problem(path=path, message=f"pages end in {PAGE_SUFFIX}", hint=hint)
