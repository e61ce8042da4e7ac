"""Formats of the report of an import: text for a terminal or a file, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from feedsvc.content.text import sanitize_message
from feedsvc.importing.writer.report import ImportReport

SHORT_LIST: Final = 10  # lines of each list on a terminal
_MAX_ADDRESSES: Final = 3  # the same of lists of addresses, because nothing has to be done about them
_FETCHED: Final = ("pictures", "files")  # counts of things that a dry run does not fetch
_VALUE_LENGTH: Final = 100  # characters of a value in a conflict


def format_text(report: ImportReport, limit: int | None = None) -> str:
    """Return the report as lines of text.

    With a `limit`, each list has at most so many lines, a list of addresses at most 3, then a line that counts the others.
    """
    return "\n".join(_text_lines(report, limit)) + "\n"


def format_json(report: ImportReport) -> str:
    """Return the report as a JSON object with the members of ImportReport, every list whole."""
    return json.dumps(asdict(report), ensure_ascii=False, indent=2, default=str) + "\n"


REPORT_FORMATS: Final[Mapping[str, Callable[[ImportReport], str]]] = {
    ".txt": format_text,
    ".json": format_json,
}


def _text_lines(report: ImportReport, limit: int | None) -> Iterator[str]:
    yield _heading(report)
    yield _summary(report)
    for name, text in _count_texts(report):
        yield f"  {name}: {text}"
    for heading, lines in _sections(report):
        yield ""
        yield f"{heading} ({len(lines)}):"
        shown = lines if limit is None else lines[: _MAX_ADDRESSES if heading.startswith("Addresses") else limit]
        yield from (f"  {line}" for line in shown)
        if len(shown) < len(lines):
            yield f"  ... and {len(lines) - len(shown)} more; --report FILE.txt lists all"


def _heading(report: ImportReport) -> str:
    return f"Import of {sanitize_message(report.title) or report.system} into {report.folder}"


def _summary(report: ImportReport) -> str:
    nouns = "articles and pages" if report.pages else "articles"
    numbers = (
        f"{len(report.created)} new, {len(report.changed)} changed, {report.unchanged} unchanged {nouns}; "
        f"{_count(len(report.redirects), 'new redirect')}; {_count(len(report.conflicts), 'conflict')}"
    )
    return f"{'Nothing was written. It would give ' if report.is_dry_run else ''}{numbers}"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _count_texts(report: ImportReport) -> Iterator[tuple[str, str]]:
    for name, count in report.counts.items():
        missing = count.total - count.kept
        if not count.total:
            yield name, "none in the source"
        elif report.is_dry_run and report.fetches_files and missing and name in _FETCHED:
            yield name, f"{missing} of {count.total} to be fetched"
        else:
            yield name, f"{count.kept} of {count.total} kept"


def _sections(report: ImportReport) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the heading and the lines of each list of the report that is not empty, in the order of the report."""
    sections: dict[str, Sequence[str]] = {
        "Conflicts: changed here and at the source; --update asks for each": [*_conflict_lines(report)],
        "Left out, or not as it was": [*_omission_lines(report)],
        **{f"{heading[0].upper()}{heading[1:]}": lines for heading, lines in report.lists.items()},
        "Settings": report.settings,
        "Addresses that a host without redirects cannot answer": report.plain_host_gaps,
        "Addresses with a new redirect": [f"{old} -> {new}" for old, new in report.redirects.items()],
    }
    yield from ((heading, lines) for heading, lines in sections.items() if lines)


def _omission_lines(report: ImportReport) -> Iterator[str]:
    for omission in report.omissions:
        place = f"{omission.place}: " if omission.place else ""
        yield sanitize_message(f"{place}{omission.what}: {omission.reason}")
    if report.unlisted:
        yield f"and {report.unlisted} more"


def _conflict_lines(report: ImportReport) -> Iterator[str]:
    dated = {conflict.path for conflict in report.conflicts if conflict.key == "published"}
    for conflict in report.conflicts:
        mine, theirs = map(short_value, (conflict.mine, conflict.theirs))
        is_held = conflict.key == "status" and conflict.mine == "draft" and conflict.path in dated
        note = "; it stays a draft until its date is decided, too" if is_held else ""
        yield f"{conflict.path}: {conflict.key}: here {mine}, at the source {theirs}{note}"


def short_value(value: Any) -> str:
    """Return a value in one printable line: a text as it is, None as "nothing", another as JSON.

    After 100 characters, "…" replaces the rest.
    """
    text = sanitize_message(
        value if isinstance(value, str) else "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    )
    return text if len(text) <= _VALUE_LENGTH else f"{text[:_VALUE_LENGTH]}…"
