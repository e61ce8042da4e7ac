"""Import of a source into a content folder: two readings of the source, with settings, media and redirects between them.

The order is: site.yaml and the entries of the other settings files, media, redirects.yaml, articles. Each file is written before
its entry in the base, so a killed import is completed by the next one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from feedsvc.content.reading.files import SITE_FILE
from feedsvc.content.reading.page import PAGES_FOLDER
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.errors import FeedsvcError
from feedsvc.importing.addresses import own_hosts
from feedsvc.importing.source import ImportSource, Omission, SourcePost, SourceSite, SourceSystem
from feedsvc.importing.writer.addresses import (
    Finder,
    with_known_languages,
    write_addresses,
)
from feedsvc.importing.writer.article_files import (
    read_existing_articles,
    read_existing_pages,
)
from feedsvc.importing.writer.articles import ArticleWriter
from feedsvc.importing.writer.base import IMPORT_FOLDER, ImportBase
from feedsvc.importing.writer.media import MediaLibrary, MediaOrigin, fetch_files
from feedsvc.importing.writer.plans import ImportContext, Planner, SourceIndex
from feedsvc.importing.writer.post_values import PostConverter
from feedsvc.importing.writer.references import ReferenceTargets
from feedsvc.importing.writer.report import ImportProgress, ImportReport, no_import_progress
from feedsvc.importing.writer.settings import (
    check_folder,
    explain_errors,
    parse_site_or_raise,
    parsed_references,
    read_settings,
    site_differences,
    site_keys,
    site_text,
    write_entries,
    write_settings,
)
from feedsvc.importing.writer.terms import MAPPING_FILE, TermMapping, TermTable, read_last_mapping, write_mapping
from feedsvc.model import Site
from feedsvc.support.atomic_write import remove_temporary_files
from feedsvc.support.file_lock import folder_lock

_IS_EMPTY: Final = "it has no post and no page; check that it is the file, folder or address that you mean"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportOptions:
    """Options of an import.

    `base_url` and `feed_entries` are for a new site.yaml ("" and 0: those of the source); an existing one stays. `media` returns
    where files come from, for the source's hosts; if it is None, files stay at their addresses, as those of `remote_kinds`
    ("audio", "video", "image", "application") do always. `mapping` is stored for later
    imports, an empty one by deleting the stored one; None means the stored one. With `since`, posts that were published and
    changed before it are left out, and none is reported as gone. With `is_dry_run`, nothing is written and no file is fetched.
    """

    now: datetime
    base_url: str = ""
    feed_entries: int = 0
    since: datetime | None = None
    mapping: TermMapping | None = None
    media: Callable[[frozenset[str]], MediaOrigin] | None = None
    remote_kinds: frozenset[str] = frozenset()
    processes: int = 1
    is_dry_run: bool = False


def import_source(
    source: ImportSource, root: Path, options: ImportOptions, progress: ImportProgress = no_import_progress
) -> ImportReport:
    """Write articles, pages, media, settings and redirects of a source into a content folder, new or not; return the report.

    What editors changed since the last import stays. While another import into the folder runs, this one waits. Raises
    FeedsvcError if the folder cannot be used or written, or the source cannot be read; ContentError if a settings file has
    errors.
    """
    check_folder(root)
    if options.is_dry_run and not root.exists():
        return _import(source, root, options, progress)
    with explain_errors(root):
        root.mkdir(parents=True, exist_ok=True)
    with folder_lock(root):
        if not options.is_dry_run:
            folders = (folder for top in (ARTICLES_FOLDER, PAGES_FOLDER, IMPORT_FOLDER) for folder, _, _ in os.walk(root / top))
            remove_temporary_files(folders)  # of a killed import
        return _import(source, root, options, progress)


def _import(source: ImportSource, root: Path, options: ImportOptions, progress: ImportProgress) -> ImportReport:
    base = ImportBase(root, source.site, is_dry_run=options.is_dry_run)
    report = ImportReport(source.site.title, source.site.system.value, str(root), is_dry_run=options.is_dry_run)
    try:
        data, keys = _site_keys(source, root, options, report)
        settings = parse_site_or_raise(root, site_text(data, keys, None))
        run = _context(source.site, settings, options, base, report)
        main_language = next(iter(run.source.languages), "")
        index = _read_plans(run, progress("Reading", source.posts(main_language)))
        report.omit(site_differences(data, keys))
        texts = _write_settings(run, data, keys, index, options)
        library = MediaLibrary(root, base)
        origin = options.media(run.hosts) if options.media else None
        fetch_files(index.media, origin, library, report, progress, remote_kinds=options.remote_kinds)
        converter = _converter(run, source.site, texts, library, write_addresses(run, index, texts, library))
        references = parsed_references(root, converter.site, texts, library)
        writer = ArticleWriter(run, index, converter, references, options.processes)
        writer.write_all(progress("Writing", source.posts(main_language), len(index.plans)))
        if not report.ends and options.since is None and source.site.system is not SourceSystem.FEED:
            writer.find_gone()
    finally:
        base.save()
    return report


def _context(site: SourceSite, settings: Site, options: ImportOptions, base: ImportBase, report: ImportReport) -> ImportContext:
    root = Path(report.folder)
    address = site.address or settings.base_url
    known = with_known_languages(replace(site, address=address), base)
    return ImportContext(
        root=root,
        site=settings,
        source=known,
        base=base,
        report=report,
        articles=read_existing_articles(root, base, settings),
        pages=read_existing_pages(root),
        terms=TermTable(known, _mapping(root, options, report), base),
        hosts=own_hosts((address, *site.feeds[:1])),
        now=options.now,
        since=options.since,
    )


def _site_keys(
    source: ImportSource, root: Path, options: ImportOptions, report: ImportReport
) -> tuple[bytes | None, dict[str, Any]]:
    """Return the bytes of site.yaml, None if there is none, and the keys that a new one would have.

    Raises FeedsvcError for a source without any post if nothing names the address of the site.
    """
    data, base_url, site = read_settings(root, SITE_FILE), options.base_url, source.site
    if not (data or base_url or site.address or any(isinstance(post, SourcePost) for post in source.posts())):
        raise FeedsvcError(f"{site.title or 'the source'}: {_IS_EMPTY}")
    if data and not (base_url or site.address):
        base_url = parse_site_or_raise(root, data.decode(errors="replace")).base_url
    return data, site_keys(site, base_url, options.feed_entries, report)


def _mapping(root: Path, options: ImportOptions, report: ImportReport) -> TermMapping:
    """Return the mapping of the options, and store it, except in a dry run; without one, the stored one."""
    if options.mapping is None:
        if last := read_last_mapping(root):
            report.settings.append(f"{MAPPING_FILE} was used, from an earlier --map; another --map replaces it")
        return last or TermMapping()
    if not options.is_dry_run:
        with explain_errors(root / MAPPING_FILE):
            write_mapping(root, options.mapping)
    return options.mapping


def _read_plans(run: ImportContext, posts: Iterator[SourcePost | Omission]) -> SourceIndex:
    index = Planner(run).read(posts)
    if not (index.plans or index.unselected):
        run.report.omit([Omission(run.report.title or run.report.system, "the source", _IS_EMPTY, is_end=True)])
    run.report.omit((*run.terms.unmatched_names(), *run.terms.omissions))
    return index


def _write_settings(
    run: ImportContext, data: bytes | None, keys: Mapping[str, Any], index: SourceIndex, options: ImportOptions
) -> Mapping[str, str]:
    """Write the settings files, and return their texts by name of file. A dry run returns the same texts."""
    text = site_text(data, keys, index.first_published)
    write_settings(run.root, SITE_FILE, text, data, run.report)
    entries = run.source.feed_entries
    if data is None and not options.feed_entries and keys["feed"]["entries"] == entries:
        line = f"feed.entries: {entries}, as in the former feed; --feed-entries N, or {SITE_FILE}, changes it"
        run.report.settings.append(line)
    return {SITE_FILE: text, **write_entries(run.root, run.site, run.terms, run.base, run.report)}


def _converter(
    run: ImportContext, source: SourceSite, texts: Mapping[str, str], library: MediaLibrary, find: Finder
) -> PostConverter:
    site = parse_site_or_raise(run.root, texts[SITE_FILE])
    # WordPress writes the language in which the exporting user sees its menus: another user must not change all articles.
    is_wordpress, language = source.system is SourceSystem.WORDPRESS, source.language
    return PostConverter(
        site=site,
        site_language=run.base.first("language of the site", site.language),
        terms=run.terms,
        source=replace(run.source, language=run.base.first("language of the source", language) if is_wordpress else language),
        targets=ReferenceTargets(
            site_path_of=find,
            media_path=library.path_of,
            has_medium=library.is_there,
            is_missing=partial(library.is_missing, site.base_url),
        ),
        now=run.now,
    )
