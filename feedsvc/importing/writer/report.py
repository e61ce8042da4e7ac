"""Report of an import: what was kept, what was left out and why, and what an editor has to decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from feedsvc.importing.source import Omission

MAX_LISTED: Final = 50_000  # omissions; further ones are only counted


class MergeConflict(NamedTuple):
    """Key that changed both in an article's file (`mine`) and at the source (`theirs`). A missing value is None."""

    path: str
    key: str
    mine: Any
    theirs: Any


@dataclass(slots=True)
class KeptCount:
    """Number of things in the source (`total`), and of those that the newsroom has as they were (`kept`)."""

    kept: int = 0
    total: int = 0

    def add_all(self, kept: int, total: int) -> None:
        self.kept, self.total = self.kept + kept, self.total + total

    def add(self, *, is_kept: bool) -> None:
        self.kept, self.total = self.kept + is_kept, self.total + 1


@dataclass(slots=True)
class ImportReport:
    """Report of one import. Lists of articles and pages are paths of files, in the order of the source (`gone`: of the base).

    `ends` are the places from which on the source could not be read; they are among `omissions`, too. `redirects` are the rules
    that redirects.yaml did not have before. `unlisted` is the number of omissions for which the list has no room. `settings`
    are sentences about settings files, `plain_host_gaps` addresses that a host without redirects cannot answer. `fetches_files`
    is False if the import leaves all further files at their addresses.
    """

    title: str
    system: str
    folder: str
    is_dry_run: bool = False
    fetches_files: bool = True
    ids: KeptCount = field(default_factory=KeptCount)
    dates: KeptCount = field(default_factory=KeptCount)
    authors: KeptCount = field(default_factory=KeptCount)
    links: KeptCount = field(default_factory=KeptCount)
    pictures: KeptCount = field(default_factory=KeptCount)
    files: KeptCount = field(default_factory=KeptCount)
    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    deleted: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    sticky: list[str] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    conflicts: list[MergeConflict] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)
    unlisted: int = 0
    ends: list[Omission] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    plain_host_gaps: tuple[str, ...] = ()

    def omit(self, omissions: Iterable[Omission]) -> None:
        """Add omissions; those beyond `MAX_LISTED` are only counted. Those with `is_end` are added to `ends`, too."""
        for omission in omissions:
            if omission.is_end:
                self.ends.append(omission)
            if len(self.omissions) < MAX_LISTED:
                self.omissions.append(omission)
            else:
                self.unlisted += 1

    @property
    def counts(self) -> dict[str, KeptCount]:
        """The counts by the nouns that reports have for them, in the order of reports."""
        return {
            "ids": self.ids,
            "dates": self.dates,
            "authors": self.authors,
            "links between articles": self.links,
            "pictures": self.pictures,
            "files": self.files,
        }

    @property
    def lists(self) -> dict[str, list[str]]:
        """The lists of paths of articles and pages except `created`, each by the clause about it, in the order of the report."""
        return {
            "changed, because the source changed": self.changed,
            "deleted by an editor, and not written again": self.deleted,
            "not in the source any more; nothing was deleted": self.gone,
            "pages": self.pages,
            "at the top of the former front page (sticky)": self.sticky,
        }
