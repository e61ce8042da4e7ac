"""What a fresh start on each state of a folder answers, worked out when it is asked for."""

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
from tests.live.editors import BASE, State

_KEPT: Final = 300
_CHECKED: Final = 25  # every so many readings one is compared
Said = tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """An answer as a client got it, between two moments of Unix time. `said` is its status, and its digest or its target."""

    asked: float
    answered: float
    path: str
    said: Said
    tag: str = ""
    modified: str = ""
    body: bytes = field(default=b"", repr=False)


class Editions:
    """`root` is a folder to work in; `moments` are those at which time alone changes something.

    Both lists may grow, by what is later than all that was asked about.
    """

    def __init__(self, root: Path, states: Sequence[State], moments: Sequence[int]) -> None:
        self._root, self._states = root, states
        self._given = moments
        self._folder: ContentFolder | None = None
        self._reads = self._last = 0
        self._disk: dict[str, bytes] = {}
        self._made: OrderedDict[tuple[int, int], Publication] = OrderedDict()

    def may_say(self, index: int, heard: Heard) -> bool:
        """Whether a fresh start on this state gives the answer, at the moment of asking or that of answering."""
        if heard.path.startswith("/media/"):  # sent from the disk as it is
            replaced_by_git = heard.said[0] == 404 and self._states[index].what.startswith("checkout")
            return replaced_by_git or heard.said == (200, digest(self._states[index].files[heard.path[1:]]))
        return any(self.says(index, at, heard.path) == heard.said for at in {self._at(heard.asked), self._at(heard.answered)})

    def says(self, index: int, at: int, path: str) -> Said:
        publication = self._publication(index, at)
        match publication.resolve(path):
            case Document() as found:
                return found.status, found.etag
            case Redirect(target=target):
                return 301, uris.root_relative(BASE, target)
            case _:
                return 404, digest(publication.not_found_page().body)

    def difference(self, index: int, heard: Heard) -> str:
        """What a fresh start on this state would have said otherwise."""
        found = self._publication(index, self._at(heard.asked)).resolve(heard.path)
        expected = found.body.decode() if isinstance(found, Document) else str(found)
        return "\n".join(unified_diff(expected.splitlines(), heard.body.decode().splitlines(), "expected", "heard", n=0))

    @property
    def _moments(self) -> list[int]:
        return sorted(self._given)

    def _at(self, when: float) -> int:
        return bisect_right(self._moments, when)

    def _publication(self, index: int, at: int) -> Publication:
        # States that count for the same share one: breaking a file changes nothing.
        while index and self._states[index].files == self._states[index - 1].files:
            index -= 1
        if (index, at) not in self._made:
            self._made[index, at] = self._make(index, at)
            if len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return self._made[index, at]

    def _make(self, index: int, at: int) -> Publication:
        files = self._states[index].files
        for path in self._disk.keys() - files.keys():
            (self._root / path).unlink()
        for path, data in files.items():
            if self._disk.get(path) != data:
                (self._root / path).parent.mkdir(parents=True, exist_ok=True)
                (self._root / path).write_bytes(data)
        self._disk = dict(files)
        now = datetime.fromtimestamp(self._moments[at - 1], UTC) if at else datetime(2026, 6, 1, tzinfo=UTC)
        return Publication(build_catalog(self._read(index), now))

    def _read(self, index: int) -> ContentSnapshot:
        """A fresh reading would cost a minute: one that follows the folder stands for it, and is held against it at times."""
        if self._folder is None or index < self._last:
            self._folder = ContentFolder(self._root)
        self._last = index
        content = self._folder.read(now=datetime.now(UTC)).content
        self._reads += 1
        if self._reads % _CHECKED == 0:
            fresh = load_content(self._root)
            one, other = ({each.path: each for each in read.articles} for read in (content, fresh))
            assert one == other
            assert replace(content, articles=()) == replace(fresh, articles=())
        return content
