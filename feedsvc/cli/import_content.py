"""Command feedsvc import."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from feedsvc.cli.completion import complete_folder
from feedsvc.cli.options import PATH_TYPE, base_url_option, json_option, report_errors, utf8_text
from feedsvc.cli.output import print_line, report_warning
from feedsvc.cli.settings import IntRange, command, option
from feedsvc.cli.terminal import item_progress
from feedsvc.content.schema.dates import parse_instant
from feedsvc.editing import git_ignore_text, write_schemas
from feedsvc.errors import FeedsvcError
from feedsvc.importing import open_source
from feedsvc.importing.writer import (
    DEFAULT_MAX_BYTES,
    REPORT_FORMATS,
    SHORT_LIST,
    FolderMedia,
    ImportOptions,
    ImportReport,
    MediaOrigin,
    WebMedia,
    format_text,
    import_source,
    read_mapping,
)
from feedsvc.support import process
from feedsvc.support.atomic_write import write_atomically
from feedsvc.support.clock import wall_clock
from feedsvc.support.http import HostAccess
from feedsvc.support.posix import quote_argument
from feedsvc.support.process_pool import available_processors

_MIB: Final = 1024 * 1024
_REMOTE_KINDS: Final = frozenset({"application", "audio", "image", "video"})


@command("import")
@click.argument("source", type=utf8_text)
@click.argument("folder", type=PATH_TYPE, shell_complete=complete_folder)
@option("--dry-run", is_flag=True, help="Print the report, and write nothing. No files of pictures or sound are fetched.")
@option("--since", metavar="DATE", help="Import only what was published or changed since this date, such as 2024-01-01.")
@option(
    "--map",
    metavar="FILE",
    type=PATH_TYPE,
    help="YAML file with new ids of categories and authors; later imports use it again.",
)
@option(
    "--post-type",
    metavar="TYPE=KIND",
    multiple=True,
    help="Import a further type of WordPress's posts as article or page, such as review=article. Repeat the option for several.",
)
@option("--media-from", metavar="FOLDER", type=PATH_TYPE, help="Folder with a copy of the uploads, used instead of the old site.")
@option("--no-media", is_flag=True, help="Fetch no files: pictures stay at their old addresses, and lead images are left out.")
@option(
    "--keep-remote",
    metavar="KINDS",
    default="",
    help="Do not fetch files of these kinds, such as audio,video: articles name them at their old addresses.",
)
@option(
    "--allow-host",
    metavar="HOST",
    multiple=True,
    help="Further host to fetch files from, also inside the own network. Repeat the option for several.",
)
@option(
    "--max-file-size",
    metavar="MIB",
    type=IntRange(min=1),
    default=DEFAULT_MAX_BYTES // _MIB,
    show_default=True,
    help="Largest file to fetch, in MiB.",
)
@option(
    "--feed-entries",
    metavar="N",
    type=IntRange(1, 1000),
    help="Number of entries in the former feed, for site.yaml. The default is what the source says, or 10.",
)
@option("--report", metavar="FILE", type=PATH_TYPE, help="Write the whole report to a .txt or .json file.")
@option("--processes", type=IntRange(min=1), help="Number of processes. The default is the number of processors.")
@json_option
@base_url_option
@report_errors
def import_command(
    *,
    source: str,
    folder: Path,
    dry_run: bool,
    since: str | None,
    map: Path | None,  # noqa: A002 - the name of the option
    post_type: tuple[str, ...],
    media_from: Path | None,
    no_media: bool,
    keep_remote: str,
    allow_host: tuple[str, ...],
    max_file_size: int,
    feed_entries: int | None,
    report: Path | None,
    processes: int | None,
    json: bool,
    base_url: str,
) -> None:
    """Write the articles of SOURCE into FOLDER, a newsroom or a new folder.

    SOURCE is an export of WordPress or Blogger, or a feed in RSS, Atom or JSON Feed: a file, a folder of files, or an https
    address. Ids, dates and former addresses stay as subscribers know them. A second import writes the files anew that nobody
    changed here; those that changed here and at the source stay and are listed. The exit status is 1 if there are such files,
    if a part of SOURCE cannot be read, or if it has no post and no page.

    \b
    Examples:
      feedsvc import export.xml content --dry-run
      feedsvc import export.xml content --media-from uploads --report report.txt
      feedsvc import https://old.example/feed/ content
    """
    process.freeze_heap()  # the renderer of each post leaves reference cycles
    _check_options(report, media_from)
    kinds = frozenset(filter(None, keep_remote.split(",")))
    if unknown := sorted(kinds - _REMOTE_KINDS):
        raise FeedsvcError(f"--keep-remote {unknown[0]}: the kinds are {', '.join(sorted(_REMOTE_KINDS))}")
    hosts = frozenset(host.lower() for host in allow_host)
    options = ImportOptions(
        now=wall_clock(),
        base_url=base_url,
        feed_entries=feed_entries or 0,
        since=_parse_since(since),
        mapping=read_mapping(map) if map else None,
        media=None if no_media else _media_origin(media_from, hosts, max_file_size * _MIB),
        remote_kinds=kinds,
        is_dry_run=dry_run,
        processes=processes or available_processors(),
    )
    opened = open_source(source, HostAccess(internal_hosts=hosts), _parse_post_types(post_type))
    outcome = import_source(opened, folder, options, item_progress)
    if not dry_run:
        _add_helper_files(folder)
    if report:
        _write_report(outcome, report)
    print_line((REPORT_FORMATS[".json"](outcome) if json else format_text(outcome, SHORT_LIST)).rstrip("\n"))
    if not dry_run:
        print_line(f"feedsvc: next: feedsvc check {quote_argument(str(folder))}", err=True)
    for end in outcome.ends:
        report_warning(f"{end.place}: {end.what} is not imported: {end.reason}")
    sys.exit(1 if outcome.kept or outcome.ends else 0)


def _check_options(report_file: Path | None, media_from: Path | None) -> None:
    """Raise FeedsvcError for a value that would fail only during or after the import."""
    if report_file and report_file.suffix not in REPORT_FORMATS:
        raise FeedsvcError(f"--report {report_file} has no known format; end the name in {', '.join(REPORT_FORMATS)}")
    if report_file and not report_file.parent.is_dir():
        raise FeedsvcError(f"--report: there is no folder {report_file.parent}")
    if media_from and not media_from.is_dir():
        raise FeedsvcError(f"--media-from: there is no folder {media_from}")


def _parse_post_types(texts: tuple[str, ...]) -> dict[str, str]:
    types = dict(text.strip().partition("=")[::2] for text in texts)
    for post_type, kind in types.items():
        if kind not in ("article", "page") or not post_type:
            raise FeedsvcError(f"--post-type {post_type}={kind}: write TYPE=article or TYPE=page, such as review=article")
    return types


def _parse_since(text: str | None) -> datetime | None:
    try:
        return parse_instant(text, ZoneInfo("UTC"))[0] if text else None
    except ValueError as error:
        raise FeedsvcError(f"--since: {error}") from None


def _media_origin(folder: Path | None, allowed: frozenset[str], max_bytes: int) -> Callable[[frozenset[str]], MediaOrigin]:
    """Return a function that takes the source's own hosts and returns the origin of its media: `folder`, or if None, the web.

    Only addresses at the source's own hosts and at those of `allowed` count as media of the source; those of `allowed` may be
    in a private network. `max_bytes` is the largest size of a file from the web.
    """
    if folder:
        return lambda own: FolderMedia(folder, own | allowed)
    return lambda own: WebMedia(HostAccess(internal_hosts=allowed, only_hosts=own | allowed), max_bytes)


def _add_helper_files(folder: Path) -> None:
    """Write the schemas for text editors, replacing former ones, and .gitignore if there is none."""
    write_schemas(folder)
    ignore = folder / ".gitignore"
    if not os.path.lexists(ignore):
        write_atomically(ignore, git_ignore_text())


def _write_report(report: ImportReport, file: Path) -> None:
    try:
        write_atomically(file, REPORT_FORMATS[file.suffix](report).encode(errors="replace"))
    except OSError as error:
        report_warning(f"the report {file} cannot be written ({error.strerror}); everything else is done")
