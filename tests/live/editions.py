"""Compute the responses of a newly started server for each state of a folder, on demand."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from typing import Final

from feedsvc import uris
from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import ContentFolder, ContentSnapshot, load_content
from feedsvc.publication.document import Document, Redirect, digest
from feedsvc.publication.publication import Publication
from tests.live.edited_files import BASE_URL
from tests.live.editors import FolderState

_MAX_PUBLICATIONS: Final = 300
_CHECK_INTERVAL: Final = 25  # reads; after so many, one is compared with a read of the whole folder
Outcome = tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class ObservedResponse:
    """A response as a client received it, between two moments of Unix time.

    `outcome` is its status and the digest of its body, or the target of its redirect.
    """

    requested_at: float
    received_at: float
    path: str
    outcome: Outcome
    etag: str = ""
    last_modified: str = ""
    body: bytes = field(default=b"", repr=False)


class Editions:
    """The editions of a folder with the given states, rebuilt in the folder `root`.

    `scheduled_times` are the Unix times at which articles are published or expire. Both lists may grow, by entries that are later
    than those of every earlier call.
    """

    def __init__(self, root: Path, states: Sequence[FolderState], scheduled_times: Sequence[int]) -> None:
        self._root, self._states = root, states
        self._scheduled_times = scheduled_times
        self._folder: ContentFolder | None = None
        self._read_count = self._last_index = 0
        self._files_on_disk: dict[str, bytes] = {}
        self._publications: OrderedDict[tuple[int, int], Publication] = OrderedDict()

    def could_answer(self, index: int, response: ObservedResponse) -> bool:
        """Return True if a server started on this state would send the response when it was requested or received."""
        if response.path.startswith("/media/"):  # sent from the file as it is on disk
            return response.outcome == (200, digest(self._states[index].files[response.path[1:]]))
        return any(
            self.expected_outcome(index, period, response.path) == response.outcome
            for period in {self._period(response.requested_at), self._period(response.received_at)}
        )

    def expected_outcome(self, index: int, period: int, path: str) -> Outcome:
        publication = self._publication(index, period)
        match publication.resolve(path):
            case Document() as document:
                return document.status, document.etag
            case Redirect(target=target):
                return 301, uris.root_relative(BASE_URL, target)
            case _:
                return 404, digest(publication.not_found_page.body)

    def difference(self, index: int, response: ObservedResponse) -> str:
        """Return a diff between the document of a server started on this state and the body of the response."""
        publication = self._publication(index, self._period(response.requested_at))
        document = publication.resolve(response.path) or publication.not_found_page
        expected = document.body.decode() if isinstance(document, Document) else str(document)
        return "\n".join(unified_diff(expected.splitlines(), response.body.decode().splitlines(), "expected", "heard", n=0))

    @property
    def _change_times(self) -> list[int]:
        return sorted(self._scheduled_times)

    def _period(self, time: float) -> int:
        return bisect_right(self._change_times, time)

    def _publication(self, index: int, period: int) -> Publication:
        # States with the same valid files share one publication: breaking a file changes nothing.
        while index and self._states[index].files == self._states[index - 1].files:
            index -= 1
        if (index, period) not in self._publications:
            self._publications[index, period] = self._build(index, period)
            if len(self._publications) > _MAX_PUBLICATIONS:
                self._publications.popitem(last=False)
        return self._publications[index, period]

    def _build(self, index: int, period: int) -> Publication:
        files = self._states[index].files
        for path in self._files_on_disk.keys() - files.keys():
            (self._root / path).unlink()
        for path, data in files.items():
            if self._files_on_disk.get(path) != data:
                (self._root / path).parent.mkdir(parents=True, exist_ok=True)
                (self._root / path).write_bytes(data)
        self._files_on_disk = dict(files)
        now = datetime.fromtimestamp(self._change_times[period - 1], UTC) if period else datetime(2026, 6, 1, tzinfo=UTC)
        return Publication(build_catalog(self._read(index), now))

    def _read(self, index: int) -> ContentSnapshot:
        """Read the folder incrementally, since a full read each time would take a minute; compare both at intervals."""
        if self._folder is None or index < self._last_index:
            self._folder = ContentFolder(self._root)
        self._last_index = index
        content = self._folder.read(now=datetime.now(UTC)).content
        self._read_count += 1
        if self._read_count % _CHECK_INTERVAL == 0:
            expected = load_content(self._root)
            articles, expected_articles = (
                {article.path: article for article in snapshot.articles} for snapshot in (content, expected)
            )
            assert articles == expected_articles
            assert replace(content, articles=()) == replace(expected, articles=())
        return content
