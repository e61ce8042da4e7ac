"""Static tree: the documents of a publication as files in a folder.

Each file is written atomically, and only if its bytes changed. The manifest in the tree records for later builds which
files are feedsvc's own, and the content state that they were built from, the baseline. A build that knows its baseline renders
the documents that may differ since; any other build renders all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Self

from feedsvc.content.folder import Baseline
from feedsvc.export.file_writer import FileWriter
from feedsvc.export.hosts import HOSTING_ANY, HOSTS, HostFiles, limit_warnings
from feedsvc.export.incremental import BuildBaseline, changed_paths, matches, parse_baseline
from feedsvc.export.layout import (
    COMPRESSED_SUFFIXES,
    COPIED_PREFIXES,
    SELECTIONS,
    auxiliary_paths,
    blocking_names,
    file_name,
    former_paths,
    has_conflicts,
    is_feed,
    is_written_last,
    path_of_file,
    without_conflicts,
    write_order_key,
)
from feedsvc.export.manifest import FileStates, Manifest
from feedsvc.export.old_addresses import gap_sentences
from feedsvc.export.output_folder import build_lock, translate_errors
from feedsvc.export.ownership import FileRemover, OwnershipCheck
from feedsvc.export.prefetch import NO_PREFETCH, GetTreeState, Prefetch, prefetched_modified_files
from feedsvc.export.progress import (
    DEFAULT_PARALLELISM,
    MAX_INCREMENTAL_PATHS,
    BuildResult,
    Parallelism,
    Progress,
    no_progress,
)
from feedsvc.export.renderer import TreeRenderer
from feedsvc.publication import Publication, site_fingerprint
from feedsvc.support.process_pool import available_processors, map_chunks


def build(publication: Publication, out: Path, progress: Progress = no_progress, *, processes: int = 1) -> BuildResult:
    """Write the publication's documents to the tree in `out` and remove feedsvc's other files, image variants after 90 days.

    Files of other origin stay. Raises FeedsvcError if a file cannot be read or written, another build runs, a folder is a link
    that leaves the tree, or anything of other origin but a file with the same bytes has the name of a document, except at
    auxiliary paths such as 404.html.
    """
    with StaticTree(out, processes=processes) as tree:
        return tree.build(publication, progress)


class StaticTree:
    """Static tree; its build lock is held in the `with` block. Methods raise FeedsvcError as the function `build` does."""

    def __init__(
        self,
        out: Path,
        *,
        selection: str = "",
        codings: Iterable[str] = ("gzip",),
        processes: int | None = None,
        prefetch: Prefetch | None = None,
        host: str = HOSTING_ANY,
        parallelism: Parallelism = DEFAULT_PARALLELISM,
    ) -> None:
        """Take a `selection` of SELECTIONS and a `host` of HOSTS.

        A compressed variant in each of the `codings` is written beside each document that it makes smaller. At most `processes`
        work at once if there are as many paths as `parallelism` says; None stands for one per processor. `prefetch` is the
        context manager that `start_prefetch` returned for `out`; the first build ends it.
        """
        self.out, self._codings = out, tuple(coding for coding in COMPRESSED_SUFFIXES if coding in codings)
        self._selection, (self._selected_paths, self._is_selected) = selection, SELECTIONS[selection]
        self._host_name, self._host = host, HOSTS[host]
        self._host_files = HostFiles(self._host)
        self._processes, self._parallelism = processes or available_processors(), parallelism
        self._exit_stack = ExitStack()
        self._prefetch = prefetch or NO_PREFETCH

    def __enter__(self) -> Self:
        with translate_errors(self.out), ExitStack() as stack:
            root = stack.enter_context(build_lock(self.out))
            self._writer = FileWriter(root, codings=self._codings)
            self._root, self._manifest = root, Manifest(root)
            self._ownership = OwnershipCheck(self.out, self._writer, self._manifest, self._codings)
            self._remover = FileRemover(self._writer, self._manifest, self._ownership)
            stack.callback(self._manifest.close)
            stack.callback(self._writer.remove_temporary_files)
            self._writer.remove_temporary_files(() if self._manifest.is_complete else self._manifest.files)
            self._exit_stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with translate_errors(self.out):
            self._exit_stack.close()

    @property
    def files(self) -> FileStates:
        """The states of feedsvc's own files by name, in the `with` block."""
        return self._manifest.files

    @property
    def build_fingerprint(self) -> str:
        """The fingerprint of the facts that all files share, in the `with` block."""
        return self._manifest.build_fingerprint

    def build(self, publication: Publication, progress: Progress = no_progress, baseline: Baseline | None = None) -> BuildResult:
        """Write every selected document that differs from its file, and remove feedsvc's files of all others, also those not
        selected.

        `baseline` is the state of the content folder from which its reading started, None if unknown. If the last build was
        made from that state, only the documents that may differ are rendered. Otherwise all are, and the result says why.
        """
        with translate_errors(self.out):
            reason = self._reason_for_full_build(publication, baseline)
            with self._prefetch as get_state:
                possibly_stale = self._possibly_stale_paths(publication, baseline, get_state) if baseline else None
            self._prefetch = NO_PREFETCH
            if possibly_stale is not None:
                renderer = self._renderer(publication)
                stale = renderer.stale_paths(possibly_stale)
                if len(stale) <= MAX_INCREMENTAL_PATHS and not self._has_conflicts(stale):
                    written, removed = self._write_and_remove(renderer, stale)
                    return BuildResult(written=written, unchanged=len(self._manifest.files) - written, removed=removed)
            renderer = self._renderer(publication)
            selected = [*self._selected_paths(publication, self._host)]
            names = set(map(file_name, selected))
            obsolete = [name for name in self._manifest.files if name not in names]
            self._ownership.reject_outside_links(obsolete)
            # Where a file becomes a folder or a folder a file, the former has to go first.
            blocking = blocking_names(obsolete, names - self._manifest.files.keys())
            removed = self._remover.remove(publication, blocking) if blocking else 0
            foreign = dict.fromkeys(path for path in selected if self._is_occupied_by_foreign_file(renderer, path))
            paths = self._writable_paths(renderer, [path for path in selected if path not in foreign])
            stale = renderer.stale_paths(paths)
            written = self._write(renderer, stale, progress)
            removed += self._remover.remove(publication, [name for name in obsolete if name in self._manifest.files])
        numbers = BuildResult(written=written, unchanged=len(paths) - written, removed=removed)
        return replace(numbers, reason=reason, foreign=tuple(map(file_name, foreign)))

    def update(self, publication: Publication, paths: Iterable[str]) -> BuildResult:
        """Write the documents at `paths`, which may have changed since the last build or update; remove files without one.

        Do a full `build` for over MAX_INCREMENTAL_PATHS paths, for names in conflict, or if other documents may have changed.
        """
        all_paths = tuple(paths)
        all_paths += tuple(auxiliary_paths(publication, all_paths, self._manifest.files, self._host))
        selected = [path for path in all_paths if self._is_selected(publication, path)]
        # A file at an old address that led to a feed, but does not any more, is not selected.
        is_different = not self._manifest.files.keys().isdisjoint(map(file_name, {*all_paths} - {*selected}))
        # With other settings, any former address may have another target.
        is_different |= self._manifest.build_fingerprint != self._build_fingerprint(publication)
        with translate_errors(self.out):
            is_different |= self._has_conflicts(selected)
        if len(selected) > MAX_INCREMENTAL_PATHS or is_different:
            return self.build(publication)
        with translate_errors(self.out):
            renderer = self._renderer(publication)
            written, removed = self._write_and_remove(renderer, renderer.stale_paths(selected))
        existing = self._manifest.files.keys() & set(map(file_name, selected))
        return BuildResult(written=written, unchanged=len(existing) - written, removed=removed)

    def mark_complete(self, publication: Publication, name: str) -> None:
        """Record the content folder's state `name` for the next `build`; not if it is "" or the last build is incomplete."""
        with translate_errors(self.out):
            baseline_name = self._baseline_name(name, publication)
            if name and not matches(parse_baseline(self._manifest.baseline), baseline_name, publication):
                self._manifest.mark_complete(str(BuildBaseline(baseline_name, publication.catalog.now)))

    def advice(self, publication: Publication) -> Iterable[str]:
        """Return sentences for the operator on old addresses without a file and, without a selection, on limits of the host."""
        gaps = gap_sentences(publication.catalog) if self._host.has_former_files else ()
        return gaps if self._selection else chain(gaps, limit_warnings(publication.catalog, self._host))

    def _baseline_name(self, state: str, publication: Publication) -> str:
        """Return the name of a BuildBaseline: `state` with selection, host, redirect rules, pages and root; "" if it is ""."""
        host_name, content = self._host_name if self._host_name != HOSTING_ANY else "", publication.catalog.content
        details = (self._selection, host_name, content.redirects.digest, content.free_digest) if state else ()
        return "-".join(filter(None, (state, *details)))

    def _reason_for_full_build(self, publication: Publication, baseline: Baseline | None) -> str:
        """Return why all documents of a tree that was built before are rendered again; "" for a new tree, and if they are not."""
        last_build, name = parse_baseline(self._manifest.baseline), baseline.name if baseline else ""
        if not self._manifest.files:
            return ""
        if not self._manifest.is_complete:
            return "the last build was not completed"
        if self._manifest.build_fingerprint != self._build_fingerprint(publication):
            return "settings, theme, options or the version of feedsvc changed"
        if last_build is None or last_build.name != self._baseline_name(name, publication):
            return "the state folder does not know the content that the last build had"
        return ""

    def _possibly_stale_paths(self, publication: Publication, baseline: Baseline, get_state: GetTreeState) -> list[str] | None:
        """Return the paths whose documents may have changed or whose files were modified on disk; None if any path may be one.

        Media files and image variants are always included: only their status on disk shows a change. `get_state` returns the
        result of a prefetch. It is called last, because it may wait.
        """
        if not self._manifest.is_complete or self._manifest.build_fingerprint != self._build_fingerprint(publication):
            return None
        changed = changed_paths(
            publication, baseline, parse_baseline(self._manifest.baseline), self._baseline_name(baseline.name, publication)
        )
        if changed is None:
            return None
        files = self._manifest.files
        every_auxiliary = auxiliary_paths(publication, [*changed], files, self._host)
        auxiliary = (path for path in every_auxiliary if changed or file_name(path) not in files)
        # There may have been a file of other origin at a former path, so that none was written, and it may be gone now.
        every_former = former_paths(publication, self._host, self._selection)
        former = (path for path in every_former if file_name(path) not in files)
        # No image is checked here: the renderer checks whether it can be sent, but only if its file is not current.
        media = (path for path in publication.file_paths(include_unchecked=True) if path[1:].startswith(COPIED_PREFIXES))
        paths = {*changed, *auxiliary, *media, *former}
        unknown = (name for name, state in files.items() if state.size < 0)
        copied = (name for name in files if name.startswith(COPIED_PREFIXES))
        prefetched = prefetched_modified_files(get_state, self._root)
        modified = self._writer.modified_files(files) if prefetched is None else prefetched
        paths.update(map(path_of_file, {*unknown, *copied, *modified}))
        return [path for path in paths if self._is_selected(publication, path)]

    def _is_occupied_by_foreign_file(self, renderer: TreeRenderer, path: str) -> bool:
        """Return whether a path is auxiliary, such as 404.html, and anything of other origin with other bytes is in its way."""
        name = file_name(path)
        if name in self._manifest.files or not renderer.is_auxiliary(path):
            return False
        return self._ownership.is_occupied(renderer, path, name)

    def _write_and_remove(self, renderer: TreeRenderer, paths: Iterable[str]) -> tuple[int, int]:
        """Write the files at these paths, or remove those without a document; return how many changed and how many were removed.

        Documents come before the feeds that link to them; sitemaps and lists of feeds come last. Occupied paths
        (`_is_occupied_by_foreign_file`) are left out.
        """
        ordered = sorted((path for path in paths if not self._is_occupied_by_foreign_file(renderer, path)), key=write_order_key)
        end = next((index for index, path in enumerate(ordered) if is_written_last(path)), len(ordered))
        obsolete: list[str] = []
        written = sum(self._write_existing(renderer, part, obsolete) for part in (ordered[:end], ordered[end:]))
        return written, self._remover.remove(renderer.publication, obsolete)

    def _has_conflicts(self, paths: Iterable[str]) -> bool:
        """Return whether a new file at one of these paths is below the name of another file, or has the name of a folder."""
        new_names = {file_name(path) for path in paths} - self._manifest.files.keys()
        return has_conflicts(new_names, self._manifest.files) or any(map(self._writer.is_folder, new_names))

    def _writable_paths(self, renderer: TreeRenderer, paths: Sequence[str]) -> list[str]:
        """Return `paths` without dispensable ones with names in conflict: auxiliary ones, and those without a document."""
        return without_conflicts(
            paths, self._manifest.files, lambda path: renderer.is_auxiliary(path) or renderer.find(path) is None
        )

    def _write_existing(self, renderer: TreeRenderer, paths: list[str], obsolete: list[str]) -> int:
        """Write the documents at these paths; return how many changed. Add names of files without a document to `obsolete`."""
        existing = [path for path in paths if renderer.has_content(path)]
        missing_names = set(map(file_name, paths)) - set(map(file_name, existing))
        obsolete += sorted(missing_names & self._manifest.files.keys())
        return self._write(renderer, existing, no_progress)

    def _renderer(self, publication: Publication) -> TreeRenderer:
        self._manifest.set_build_fingerprint(self._build_fingerprint(publication))
        host_files = self._host_files.for_catalog(publication.catalog)
        files = {path: data for path, data in host_files.items() if self._is_selected(publication, path)}
        return TreeRenderer(publication, self._host, files, writer=self._writer, file_states=self._manifest.files)

    def _build_fingerprint(self, publication: Publication) -> str:
        """Return the fingerprint of the facts that all files share, with the codings appended if these are not the default."""
        suffix = "" if self._codings == ("gzip",) else f"-{'-'.join(self._codings) or 'plain'}"
        return f"{site_fingerprint(publication.catalog)}{suffix}"

    def _write(self, renderer: TreeRenderer, paths: list[str], progress: Progress) -> int:
        """Check and reserve all names, and write the files; return how many changed. Raises FeedsvcError or OSError.

        `paths` must be in the order of writing: feeds after the documents that they link to, then the others.
        """
        names = {path: file_name(path) for path in paths}
        self._ownership.reject_outside_links(names.values())
        self._manifest.reserve(names.values(), self._codings, foreign_names=self._ownership.reject_overwrites(renderer, names))
        written: list[bool] = []
        for _ in progress(self._render_in_chunks(renderer, paths, written), len(paths)):
            pass
        return sum(written)

    def _render_in_chunks(self, renderer: TreeRenderer, paths: list[str], written: list[bool]) -> Iterator[int]:
        """Write the files chunk by chunk, and yield the number of files in each. Add to `written` whether each file changed.

        Documents that feeds link to are complete before the first feed begins, and all feeds before documents with links to
        them.
        """
        processes = self._processes if len(paths) >= self._parallelism.render_threshold else 1
        feeds_start = next((index for index, path in enumerate(paths) if is_feed(path)), len(paths))
        feeds_end = next((index for index, path in enumerate(paths[feeds_start:], feeds_start) if not is_feed(path)), len(paths))
        for part in (paths[:feeds_start], paths[feeds_start:feeds_end], paths[feeds_end:]):
            for results in map_chunks(renderer.render_files, part, processes, max_chunk=self._parallelism.render_chunk):
                self._manifest.record((name, state) for name, state, _ in results)
                written += [is_written for _, _, is_written in results]
                yield len(results)
