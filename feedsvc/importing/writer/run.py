"""Import of a source into a content folder: two readings of the source, with settings, media and redirects between them.

The order is: site.yaml and the entries of the other settings files, media, redirects.yaml, articles. Each file is written before
the line of the base that mentions it, so a killed import is completed by the next one.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, SITE_FILE, TAGS_FILE
from feedsvc.importing.addresses import own_hosts, page_key
from feedsvc.importing.source import ImportSource, Omission, SourcePost, SourceSystem
from feedsvc.importing.writer.article_values import PostConverter
from feedsvc.importing.writer.article_writer import ArticleWriter
from feedsvc.importing.writer.base import ImportBase, former_target
from feedsvc.importing.writer.conflicts import ConflictChoice, keep_for_later
from feedsvc.importing.writer.existing import current_path, read_existing_articles, read_existing_pages
from feedsvc.importing.writer.fetch_files import fetch_files
from feedsvc.importing.writer.first_language import first_language, with_first_language
from feedsvc.importing.writer.folder_checks import check_folder, explaining_errors
from feedsvc.importing.writer.former_listings import former_listings
from feedsvc.importing.writer.former_paths import FormerPaths, earlier_paths
from feedsvc.importing.writer.index import Indexer, SourceIndex, is_selected
from feedsvc.importing.writer.known_ids import KnownIds
from feedsvc.importing.writer.known_posts import with_final_states, without_ids_of_others
from feedsvc.importing.writer.mapping import MAPPING_FILE, TermMapping, read_last_mapping, write_mapping
from feedsvc.importing.writer.media import MediaLibrary
from feedsvc.importing.writer.media_forecast import ForecastMedia, MediaForecast, is_missing_file
from feedsvc.importing.writer.media_sources import MediaOrigin
from feedsvc.importing.writer.new_files import remove_leftovers
from feedsvc.importing.writer.originals import Originals
from feedsvc.importing.writer.page_plans import PagePlanner
from feedsvc.importing.writer.post_body import ReferenceTargets
from feedsvc.importing.writer.progress import ImportProgress, no_import_progress
from feedsvc.importing.writer.redirects import RedirectBuilder
from feedsvc.importing.writer.report import ImportReport, MergeConflict
from feedsvc.importing.writer.rules_writer import store_rules
from feedsvc.importing.writer.settings import (
    SettingsText,
    check_entries,
    email_lines,
    entries_text,
    feed_entries_line,
    parse_site_or_raise,
    parsed_references,
    read_settings,
    site_keys,
    site_text,
)
from feedsvc.importing.writer.site_paths import SitePaths
from feedsvc.importing.writer.terms import TermTable
from feedsvc.importing.writer.values import digest_of
from feedsvc.model import Site
from feedsvc.support.atomic_write import write_atomically
from feedsvc.support.file_lock import folder_lock

_ENTRY_FILES: Final = (CATEGORIES_FILE, AUTHORS_FILE, TAGS_FILE)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportOptions:
    """Options of an import.

    `base_url` and `feed_entries` are for a new site.yaml ("" and 0: those of the source); an existing one stays. `media` returns
    where files come from, for the source's hosts; if it is None, files stay at their addresses. `mapping` is stored for later
    imports, an empty one by deleting the stored one; None means the stored one. With `since`, posts that were published and
    changed before it are left out, and none is reported as gone. `decide` is called for each conflict. With `is_dry_run`,
    nothing is written and no file is fetched.
    """

    now: datetime
    base_url: str = ""
    feed_entries: int = 0
    since: datetime | None = None
    mapping: TermMapping | None = None
    media: Callable[[frozenset[str]], MediaOrigin] | None = None
    processes: int = 1
    decide: Callable[[MergeConflict], ConflictChoice] = keep_for_later
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
        return _Import(source, root, options, progress).run()
    with explaining_errors(root):
        root.mkdir(parents=True, exist_ok=True)
    with folder_lock(root):
        return _Import(source, root, options, progress).run()


class _Import:
    """State that the steps of one import share. `run` calls them in order, once."""

    def __init__(self, source: ImportSource, root: Path, options: ImportOptions, progress: ImportProgress) -> None:
        self.source, self.root, self.options, self.progress = source, root, options, progress
        self.base = ImportBase(root, is_dry_run=options.is_dry_run)
        self.report = ImportReport(source.site.title, source.site.system.value, str(root), is_dry_run=options.is_dry_run)
        self.site_digest = digest_of([source.site.system.value, page_key(source.site.address)])
        self.known_ids = KnownIds(self.base, self.site_digest)

    def run(self) -> ImportReport:
        if not self.options.is_dry_run:
            remove_leftovers(self.root)
        try:
            site = self.prepare_site()
            address = self.source.site.address or site.base_url
            self.hosts = own_hosts((address, *self.source.site.feeds[:1]))
            terms = TermTable(self.source.site, self.prepare_mapping(), self.known_ids)
            redirects = RedirectBuilder(replace(self.source.site, address=address), site.base_url, self.hosts)
            self.main_language = redirects.keep_known_facts(self.base)
            index = self.read_index(site, terms, redirects)
            self.report.omit(terms.unmatched_names())
            texts = self.write_settings(site, index, terms)
            library = MediaLibrary(self.root, self.base)
            self.forecast = MediaForecast(self.root, library)
            origin = self.options.media(self.hosts) if self.options.media else None
            fetch_files(index.media, origin, library=library, forecast=self.forecast, report=self.report, progress=self.progress)
            rules_before = self.write_redirects(redirects, index, terms, library, texts)
            former = FormerPaths(
                redirects.old_path,
                ChainMap(redirects.table.exact, dict(rules_before)),
                frozenset(earlier_paths(index, self.base, self.articles, self.pages)),
            )
            self.write_articles(texts, index, terms, library, former)
        finally:
            self.base.flush()
        self.base.close()
        return self.report

    def prepare_site(self) -> Site:
        """Return the site, from the existing site.yaml or that which the import will write; set `site_keys`."""
        data, base_url, omissions = read_settings(self.root, SITE_FILE), self.options.base_url, list[Omission]()
        if data and not (base_url or self.source.site.address):
            base_url = parse_site_or_raise(self.root, data.decode(errors="replace")).base_url
        self.site_keys = site_keys(self.source.site, base_url, self.options.feed_entries, omissions)
        self.report.omit(omissions)
        return parse_site_or_raise(self.root, site_text(data, self.site_keys, None).text)

    def prepare_mapping(self) -> TermMapping:
        """Return the mapping to use: that of the options or, if that is None, the stored one; an empty one if none is stored.

        Store the mapping of the options, except in a dry run.
        """
        if self.options.mapping is None:
            if last := read_last_mapping(self.root):
                self.report.settings.append(f"{MAPPING_FILE} was used, from an earlier --map; another --map replaces it")
            return last or TermMapping()
        if not self.options.is_dry_run:
            with explaining_errors(self.root / MAPPING_FILE):
                write_mapping(self.root, self.options.mapping)
        return self.options.mapping

    def read_index(self, site: Site, terms: TermTable, redirects: RedirectBuilder) -> SourceIndex:
        self.articles, self.pages = read_existing_articles(self.root, self.base, site), read_existing_pages(self.root)
        indexer = Indexer(
            site=site,
            base=self.base,
            existing=self.articles,
            pages=PagePlanner(self.pages, self.base, self.source.site, site),
            terms=terms,
            hosts=self.hosts,
            site_address=self.source.site.address or site.base_url,
            now=self.options.now,
            add_redirects=redirects.add_post,
            since=self.options.since,
        )
        index = indexer.build(self.progress("Reading", self.posts()))
        if not (index.plans or index.unselected):
            reason = "it has no post and no page; check that it is the file, folder or address that you mean"
            self.report.omit([Omission(self.report.title or self.report.system, "the source", reason, is_end=True)])
        return index

    def write_settings(self, site: Site, index: SourceIndex, terms: TermTable) -> Mapping[str, str]:
        """Write site.yaml, categories.yaml, authors.yaml and tags.yaml, and return their texts by name of file.

        An existing site.yaml stays; the others get new entries, or the report an omission if these cannot be added safely. A
        dry run writes nothing, and returns the same texts.
        """
        self.report.omit(terms.omissions)
        data = {file: read_settings(self.root, file) for file in (SITE_FILE, *_ENTRY_FILES)}
        new_site = site_text(data[SITE_FILE], self.site_keys, index.first_published)
        texts = {SITE_FILE: new_site.text}
        self._write_settings_file(SITE_FILE, data[SITE_FILE], new_site, {})
        feed_length: int = self.site_keys["feed"]["entries"]
        if data[SITE_FILE] is None and not self.options.feed_entries and feed_length == self.source.site.feed_entries:
            self.report.settings.append(feed_entries_line(feed_length))
        references = parsed_references(self.root, site, dict.fromkeys(_ENTRY_FILES, ""))
        for file, entries in terms.entries().items():
            new = entries_text(file, self.root, data[file], entries, self.base, terms=terms)
            before = (data[file] or b"").decode(errors="replace")
            if new.text != before and (problems := check_entries(file, new.text, references)):
                # Only a file that has problems, or an unusual form, already: nothing can be appended to it safely.
                self.report.omit(
                    [Omission(file, "new entries", f"they cannot be added safely ({problems[0]}); add them by hand")]
                )
                new = SettingsText(before)
            texts[file] = new.text
            self._write_settings_file(file, data[file], new, terms.unmapped_keys(file))
            if file == AUTHORS_FILE:
                self.report.settings += email_lines(before, new.text, entries.values())
        return texts

    def _write_settings_file(
        self, file: str, data: bytes | None, new: SettingsText, source_keys: Mapping[str, Sequence[str]]
    ) -> None:
        self.report.omit(new.omissions)
        if new.text.encode() != (data or b""):
            verb = "would be" if self.options.is_dry_run else "was"
            self.report.settings.append(f"{file} {verb} {'written' if data is None else 'extended'}")
            self._write(file, new.text.encode())
        for key, digest in new.lines.items():
            self.known_ids.put(self.base, key, digest, source_keys.get(key.partition(" ")[2], ()))

    def _write(self, file: str, data: bytes) -> None:
        if not self.options.is_dry_run:
            with explaining_errors(self.root / file):
                write_atomically(self.root / file, data)

    def write_redirects(
        self, redirects: RedirectBuilder, index: SourceIndex, terms: TermTable, library: MediaLibrary, texts: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Add the rules of the source to redirects.yaml, except in a dry run. Return the exact rules that it had before.

        `texts` are the texts of the settings files by name of file. In `index`, the addresses of posts whose rules could not be
        written are cleared.
        """
        redirects.add_feeds(terms, index.shown_pages | (self.pages.site_paths - {*index.page_paths}))
        listings = former_listings(terms, texts, self.base)
        redirects.add_former_listings(listings.ids, listings.names)
        redirects.add_posts_pages(index.posts_pages)
        redirects.add_dates(index.days)
        planned = frozenset(plan.site_path for plan in index.plans.values())
        paths = SitePaths(root=self.root, planned=planned, articles=self.articles, pages=self.pages, terms=terms)
        redirects.add_plug_in_redirects(self.source.site.redirects, index.find, paths.has)
        pages = {*index.page_paths, *self.pages.site_paths} - {*index.former_page_paths}
        redirects.add_inner_addresses(index.inner_addresses)
        former = partial(former_target, self.base)
        if index.is_complete and self.options.since is None:  # else files may belong to posts that are left out
            redirects.add_file_pages(self.source.file_pages(), library.path_of, {*pages, *planned}, former)
        redirects.add_media(((address, path) for address in index.media if (path := library.path_of(address))), former)
        redirects.table.omit_addresses_of_pages(pages)
        stored = store_rules(self.root, redirects.table, self.base, self.report, partial(terms.answers, names=listings.names))
        index.forget_addresses(stored.incomplete_posts)
        return stored.before

    def write_articles(
        self, texts: Mapping[str, str], index: SourceIndex, terms: TermTable, library: MediaLibrary, former: FormerPaths
    ) -> None:
        site = parse_site_or_raise(self.root, texts[SITE_FILE])
        media = ForecastMedia(self.root, self.forecast.paths)
        writer = ArticleWriter(
            root=self.root,
            base=self.base,
            index=index,
            converter=PostConverter(
                site=site,
                site_language=first_language(self.base, self.site_digest, self.source.site.language, site.language),
                terms=terms,
                source=with_first_language(self.base, self.site_digest, self.source.site),
                now=self.options.now,
                targets=ReferenceTargets(
                    site_path_of=lambda address: index.find(address) or former.find(address),
                    media_path=library.path_of,
                    has_medium=library.is_there,
                    is_missing=partial(is_missing_file, media, site.base_url),
                ),
                original_of=Originals(index, self.base, self.articles).find,
            ),
            references=replace(parsed_references(self.root, site, texts), media=media),
            report=self.report,
            site_digest=self.site_digest,
            decide=self.options.decide,
            is_dry_run=self.options.is_dry_run,
            processes=self.options.processes,
        )
        writer.write_all(self.selected_posts(len(index.plans)))
        if not self.report.ends and self.options.since is None and self.source.site.system is not SourceSystem.FEED:
            writer.find_gone(lambda line, key: current_path(line, key, self.articles, self.pages))

    def posts(self) -> Iterator[SourcePost | Omission]:
        posts, address = self.source.posts(self.main_language), self.source.site.address
        if self.source.site.system is SourceSystem.WORDPRESS:
            posts = without_ids_of_others(posts, self.base, address)
        return with_final_states(posts, self.base, self.options.now)

    def selected_posts(self, count: int) -> Iterator[SourcePost]:
        """Yield the posts to import, those not before `since`. Add the omissions of the reader to the report."""
        for post in self.progress("Writing", self.posts(), count):
            if isinstance(post, Omission):
                self.report.omit([post])
            elif is_selected(post, self.options.since):
                yield post
