"""Report of an import: what was kept, what was left out and why; as text for a terminal or a file, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final, Protocol, TypeVar

from feedsvc.content.text import sanitize_message
from feedsvc.importing.source import Omission

SHORT_LIST: Final = 10  # lines of each list on a terminal
_MAX_LISTED: Final = 50_000  # omissions; further ones are only counted
_MAX_ADDRESSES: Final = 3  # the same of lists of addresses on a terminal, because nothing has to be done about them
_FETCHED: Final = ("pictures", "files")  # counts of things that a dry run does not fetch

T = TypeVar("T")


class ImportProgress(Protocol):
    """Display of the progress of an import."""

    def __call__(self, label: str, items: Iterable[T], total: int = 0) -> Iterator[T]:
        """Yield the items of one step, and show how many were yielded of `total`, which is 0 if it is unknown."""


def no_import_progress(label: str, items: Iterable[T], total: int = 0) -> Iterator[T]:  # noqa: ARG001 - as ImportProgress
    """Yield the items, and show nothing."""
    yield from items


@dataclass(slots=True)
class KeptCount:
    """Number of things in the source (`total`), and of those that the newsroom has as they were (`kept`)."""

    kept: int = 0
    total: int = 0

    def add(self, kept: int, total: int = 1) -> None:
        self.kept, self.total = self.kept + kept, self.total + total


@dataclass(slots=True)
class ImportReport:
    """Report of one import. Lists of articles and pages are paths of files, in the order of the source (`gone`: of the base).

    `kept` are files that an editor changed, and the source, too, so that they stay. `ends` are the places from which on the
    source could not be read; they are among `omissions`, too. `redirects` are new aliases of articles and new rules of
    redirects.yaml. `unlisted` is the number of omissions for which the list has no room. `settings` are sentences about settings
    files. `fetches_files` is False if the import leaves all further files at their addresses.
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
    kept: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    sticky: list[str] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)
    unlisted: int = 0
    ends: list[Omission] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)

    def omit(self, omissions: Iterable[Omission]) -> None:
        """Add omissions; those beyond 50,000 are only counted. Those with `is_end` are added to `ends`, too."""
        for omission in omissions:
            if omission.is_end:
                self.ends.append(omission)
            if len(self.omissions) < _MAX_LISTED:
                self.omissions.append(omission)
            else:
                self.unlisted += 1

    @property
    def counts(self) -> Mapping[str, KeptCount]:
        """The counts by the nouns that reports have for them, in the order of reports."""
        counts = {"ids": self.ids, "dates": self.dates, "authors": self.authors, "links between articles": self.links}
        return counts | {"pictures": self.pictures, "files": self.files}


def format_text(report: ImportReport, limit: int | None = None) -> str:
    """Return the report as lines of text.

    With a `limit`, each list has at most so many lines, a list of addresses at most 3, then a line that counts the others.
    """
    return "\n".join(_text_lines(report, limit)) + "\n"


def format_json(report: ImportReport) -> str:
    """Return the report as a JSON object with the members of ImportReport, every list whole."""
    return json.dumps(asdict(report), ensure_ascii=False, indent=2, default=str) + "\n"


REPORT_FORMATS: Final[Mapping[str, Callable[[ImportReport], str]]] = {".txt": format_text, ".json": format_json}


def _text_lines(report: ImportReport, limit: int | None) -> Iterator[str]:
    yield f"Import of {sanitize_message(report.title) or report.system} into {report.folder}"
    nouns = "articles and pages" if report.pages else "articles"
    numbers = f"{len(report.created)} new, {len(report.changed)} changed, {report.unchanged} unchanged {nouns}"
    start = "Nothing was written. It would give " if report.is_dry_run else ""
    yield f"{start}{numbers}; {_count(len(report.redirects), 'new redirect')}; {len(report.kept)} changed on both sides"
    for name, count in report.counts.items():
        yield f"  {name}: {_count_text(report, name, count)}"
    for heading, lines in _sections(report).items():
        if lines:
            shown = lines if limit is None else lines[: _MAX_ADDRESSES if heading.startswith("Addresses") else limit]
            yield from ("", f"{heading} ({len(lines)}):", *(f"  {line}" for line in shown))
            if len(shown) < len(lines):
                yield f"  ... and {len(lines) - len(shown)} more; --report FILE.txt lists all"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _count_text(report: ImportReport, name: str, count: KeptCount) -> str:
    if not count.total:
        return "none in the source"
    missing = count.total - count.kept
    if report.is_dry_run and report.fetches_files and missing and name in _FETCHED:
        return f"{missing} of {count.total} to be fetched"
    return f"{count.kept} of {count.total} kept"


def _sections(report: ImportReport) -> Mapping[str, Sequence[str]]:
    """Return the lines of each list of the report by its heading, in the order of the report."""
    return {
        "Changed here and at the source, so they stay; merge them with git": report.kept,
        "Left out, or not as it was": [*_omission_lines(report)],
        "Changed, because the source changed": report.changed,
        "Deleted by an editor, and not written again": report.deleted,
        "Not in the source any more; nothing was deleted": report.gone,
        "Pages": report.pages,
        "At the top of the former front page (sticky)": report.sticky,
        "Settings": report.settings,
        "Addresses with a new redirect": [f"{old} -> {new}" for old, new in report.redirects.items()],
    }


def _omission_lines(report: ImportReport) -> Iterator[str]:
    for omission in report.omissions:
        place = f"{omission.place}: " if omission.place else ""
        yield sanitize_message(f"{place}{omission.what}: {omission.reason}")
    if report.unlisted:
        yield f"and {report.unlisted} more"
