"""Upload of a publication as the objects of a bucket, like a static tree in a folder.

Each object is put whole, with its headers, and only if its bytes or headers changed. Objects that a feed names are put before the
feed; obsolete objects are removed last. If a build is interrupted, the next one lists the bucket and does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from itertools import groupby
from typing import Final, Self

from feedsvc.content.folder import Baseline
from feedsvc.errors import FeedsvcError
from feedsvc.export.former_images import retention_fingerprint
from feedsvc.export.hosts import BUCKET_HOST
from feedsvc.export.layout import SELECTIONS, auxiliary_paths, file_name, is_document_name, write_order_key
from feedsvc.export.progress import (
    DEFAULT_PARALLELISM,
    MAX_INCREMENTAL_PATHS,
    BuildResult,
    Progress,
    no_progress,
)
from feedsvc.export.s3.client import BucketClient
from feedsvc.export.s3.manifest import FLUSH_SIZE, MAX_PARTS, BucketManifest, is_part, nested_prefixes
from feedsvc.export.s3.objects import CLOCK_SKEW, BucketObject, ObjectBuilder, ObjectState, StoredObject
from feedsvc.publication import Fingerprints, Publication, site_fingerprint
from feedsvc.routes import FeedAt, place_of
from feedsvc.support.process_pool import available_processors, map_chunks

_CHUNK_SIZE: Final = 16  # paths; the bytes of one chunk are passed between processes at once
_OTHER_BUILD: Final = "was put there by the build to {other} and would be overwritten; build one of the two to another bucket"
_FOREIGN: Final = "was not put there by feedsvc and would be overwritten; move it away or build to another prefix"


class Upload:
    """An export to one prefix of a bucket, for a `with` block. Each method raises FeedsvcError."""

    def __init__(
        self,
        address: str,
        *,
        selection: str = "",
        coding: str = "",
        processes: int | None = None,
        max_parts: int = MAX_PARTS,
        flush_size: int = FLUSH_SIZE,
        clock_skew: int = CLOCK_SKEW,
    ) -> None:
        """Take a `selection` of SELECTIONS, and the `coding` of documents: one of CODINGS, "" for none.

        At most `processes` work at once if there is much to do; None stands for one per processor. `max_parts` and `flush_size`
        are as in BucketManifest, `clock_skew` is as in `ObjectState.is_replaced`.
        """
        self._bucket = BucketClient(address)
        self._open_manifest = partial(BucketManifest, self._bucket, max_parts=max_parts, flush_size=flush_size)
        self._clock_skew = clock_skew
        self.out = self._bucket.address
        self._selected_paths, self._is_selected = SELECTIONS[selection]
        self._coding = coding
        self._processes = processes or available_processors()
        self._fingerprints: Fingerprints | None = None
        self._state: _BucketState | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: no connection is open between two calls."""

    def build(self, publication: Publication, progress: Progress = no_progress, baseline: Baseline | None = None) -> BuildResult:  # noqa: ARG002
        """Put every selected document of a publication, and remove all other objects of earlier builds. `baseline` is ignored."""
        with self._open_state(refresh=True) as known:
            paths = list(self._selected_paths(publication, BUCKET_HOST))
            packer = self._object_builder(publication, known, every=True)
            stale = self._stale_paths(packer, known, paths)
            names = set(map(file_name, paths))
            self._recover_lost_states(known, names)
            gone = [name for name in known.manifest.states if name not in names]
            written = self._put_objects(packer, known, stale, progress)
            return BuildResult(
                written=written, unchanged=len(paths) - written, removed=self._remove_unreferenced(publication, known, gone)
            )

    def mark_complete(self, publication: Publication, name: str) -> None:
        """Do nothing: a bucket is listed at each build and records no baseline."""

    def advice(self, publication: Publication) -> Iterable[str]:  # noqa: ARG002
        """Return no sentences: a bucket has no `_redirects` or `_headers`."""
        return ()

    def update(self, publication: Publication, paths: Iterable[str]) -> BuildResult:
        """Put or remove the objects of these paths. The bucket is not listed: its state is known from the last call.

        Do a full `build` if there was no such call, if it failed, or if too much may have changed.
        """
        named = tuple(paths)
        named += tuple(auxiliary_paths(publication, named, self._state.manifest.states, BUCKET_HOST)) if self._state else ()
        wanted = [path for path in named if self._is_selected(place_of(path))]
        # With other settings, any former address may have another target.
        if (
            len(wanted) > MAX_INCREMENTAL_PATHS
            or self._state is None
            or self._state.manifest.build_fingerprint != self._build_fingerprint(publication)
        ):
            return self.build(publication)
        with self._open_state(refresh=False) as known:
            packer = self._object_builder(publication, known)
            stale = packer.stale_paths(wanted)
            here = [path for path in stale if packer.has_content(path)]
            gone = sorted((set(map(file_name, stale)) - set(map(file_name, here))) & known.manifest.states.keys())
            written = self._put_objects(packer, known, here, no_progress)
            removed = self._remove_unreferenced(publication, known, gone)
        return BuildResult(written=written, unchanged=len(wanted) - len(gone) - written, removed=removed)

    @contextmanager
    def _open_state(self, *, refresh: bool) -> Iterator[_BucketState]:
        """Yield the state of the bucket, and close all connections at the end.

        List the bucket if `refresh` is True, at the first call, and after an error in the `with` block.
        """
        known, self._state = self._state, None
        if refresh or known is None:
            known = _BucketState(self._open_manifest, self._bucket.list_objects(), self._clock_skew)
        try:
            yield known
            self._state = known
        finally:
            self._bucket.close_connections()

    def _object_builder(self, publication: Publication, known: _BucketState, *, every: bool = False) -> ObjectBuilder:
        catalog = publication.catalog
        known.manifest.set_build_fingerprint(self._build_fingerprint(publication))
        self._fingerprints = (
            self._fingerprints.for_catalog(catalog, bulk=every) if self._fingerprints else Fingerprints(catalog, bulk=every)
        )
        return ObjectBuilder(
            publication, self._fingerprints, known.manifest.states, known.objects, self._coding, clock_skew=self._clock_skew
        )

    def _build_fingerprint(self, publication: Publication) -> str:
        return f"{site_fingerprint(publication.catalog)}-{self._coding}"

    def _stale_paths(self, packer: ObjectBuilder, known: _BucketState, paths: Sequence[str]) -> list[str]:
        processes = self._process_count(len(known.manifest.states), DEFAULT_PARALLELISM.check_threshold)
        if processes > 1:
            packer.fingerprints.compute_rows(processes)
        chunks = map_chunks(packer.stale_paths, paths, processes, max_chunk=DEFAULT_PARALLELISM.check_chunk)
        return [path for chunk in chunks for path in chunk]

    def _process_count(self, count: int, least: int) -> int:
        """Return the number of processes to use, 1 for a `count` below `least`. If it is more, close all connections first."""
        if count < least:
            return 1
        self._bucket.close_connections()
        return self._processes

    def _put_objects(self, packer: ObjectBuilder, known: _BucketState, paths: Sequence[str], progress: Progress) -> int:
        """Put the objects of these paths that need it; return how many were put."""
        names = {file_name(path): path for path in paths}
        for name, below in known.other_owners(names).items():
            raise FeedsvcError(f"{self.out}/{name} {_OTHER_BUILD.format(other=f'{self.out}/{below}'.rstrip('/'))}")
        for name in self._check_ownership(packer, known, names):
            del names[name]
        known.manifest.reserve(names)
        for _ in progress(self._put_in_waves(packer, known, [*names.values()]), len(names)):
            known.manifest.flush()
        put, known.put_count = known.put_count, 0
        return put

    def _recover_lost_states(self, known: _BucketState, wanted: Collection[str]) -> None:
        """Record the objects of earlier builds again, by the digest in their metadata, if parts of the manifest were lost.

        The names `wanted` are left out: `_check_ownership` examines them.
        """
        if not known.manifest.is_incomplete:
            return
        unknown = (name for name in known.objects if name not in wanted and name not in known.manifest.states)
        unknown = (name for name in unknown if not name.startswith(known.nested_prefixes))
        for name, mark in self._bucket.read_digests([*filter(is_document_name, unknown)]).items():
            if mark:
                known.adopt(name, mark)

    def _check_ownership(self, packer: ObjectBuilder, known: _BucketState, names: Mapping[str, str]) -> frozenset[str]:
        """Check objects that are unrecorded or modified before any is put. Feedsvc's own have a digest in their metadata.

        Raises FeedsvcError if an object of other origin would be overwritten, unless it has the same bytes already. Return the
        names of auxiliary files, such as 404.html, at which objects of other origin stay.
        """
        unclear = [name for name in names if name in known.objects and not packer.is_unmodified(name)]
        marks = self._bucket.read_digests(unclear)
        theirs = {name for name, mark in marks.items() if not mark and name not in known.manifest.states}
        theirs = {name for name in theirs if not packer.has_bytes(names[name], known.objects[name].etag)}
        for name in (name for name in theirs if not packer.is_auxiliary(names[name])):
            raise FeedsvcError(f"{self._bucket.address}/{name} {_FOREIGN}")
        for name in marks.keys() - theirs:
            known.adopt(name, marks[name])
        return frozenset(theirs)

    def _put_in_waves(self, packer: ObjectBuilder, known: _BucketState, paths: Sequence[str]) -> Iterator[int]:
        """Put the objects, one of the `_waves` after the other; yield the number of objects of each step."""
        for wave in _waves(paths):
            processes = self._process_count(len(wave), DEFAULT_PARALLELISM.render_threshold)
            for made in map_chunks(packer.build_objects, wave, processes, max_chunk=_CHUNK_SIZE):
                for one in (one for one, lacks in made if not lacks):
                    known.record(one, known.objects[one.name])
                self._bucket.put([one for one, lacks in made if lacks], known.add)
                yield len(made)
            self._bucket.drain()

    def _remove_unreferenced(self, publication: Publication, known: _BucketState, unnamed: Sequence[str]) -> int:
        """Remove the objects `unnamed`, which no document names any more, except image variants to retain; return how many."""
        notes = {name: known.manifest.states.get(name, ObjectState()) for name in unnamed if name in known.objects}
        former = {
            name: made for name, note in notes.items() if (made := retention_fingerprint(publication, name, note.fingerprint))
        }
        for name, made in former.items():
            if made != notes[name].fingerprint:
                known.manifest.record(name, notes[name]._replace(fingerprint=made))
        gone = [name for name in unnamed if name not in former]
        others = known.other_owners(gone)
        here = [name for name in gone if name in known.objects and name not in others]
        self._bucket.remove(here)
        for name in here:
            del known.objects[name]
        known.manifest.remove(gone)
        known.manifest.finish()
        return len(here)


class _BucketState:
    """The state of a bucket: objects by name, manifest, and `put_count`, the number of objects put since its last reset."""

    def __init__(self, open_manifest: Callable[..., BucketManifest], listed: Mapping[str, StoredObject], clock_skew: int) -> None:
        """Read the manifest of a bucket with the objects `listed`. Other builds have objects below `nested_prefixes`.

        `open_manifest` takes `listed` and `prefix` and returns a BucketManifest. `clock_skew` is as in `ObjectState.is_replaced`.
        """
        self.manifest, self.put_count, self._clock_skew = open_manifest(listed), 0, clock_skew
        self.objects = {name: seen for name, seen in listed.items() if not is_part(name)}
        self.nested_prefixes = tuple(sorted(nested_prefixes(self.objects)))
        self._nested_names = cache(lambda below: open_manifest(listed, below).states.keys())

    def other_owners(self, names: Iterable[str]) -> dict[str, str]:
        """Return name -> prefix of the other build, for those of `names` that another build recorded."""
        below = ((name, one) for name in names for one in self.nested_prefixes if name.startswith(one))
        return {name: one for name, one in below if name.removeprefix(one) in self._nested_names(one)}

    def add(self, one: BucketObject, seen: StoredObject) -> None:
        """Count and record an object that was put."""
        self.put_count += 1
        self.objects[one.name] = seen
        self.record(one, seen)

    def record(self, one: BucketObject, seen: StoredObject) -> None:
        self.manifest.record(one.name, ObjectState(one.fingerprint, seen.etag, one.digest, seen.time))

    def adopt(self, name: str, mark: str) -> None:
        """Record an object with `mark`, the digest in its metadata.

        If the object was copied onto itself, record an unknown digest: the copy may have changed headers.
        """
        seen, noted = self.objects[name], self.manifest.states.get(name, ObjectState())
        is_copied = noted.etag == seen.etag and noted.is_replaced(seen, self._clock_skew)
        self.manifest.record(name, ObjectState("", seen.etag, "" if is_copied else mark, seen.time))


def _waves(paths: Sequence[str]) -> Iterator[list[str]]:
    """Yield paths in waves: documents come before documents that name them, and archives before the feeds that link to them."""
    for _, wave in groupby(sorted(paths, key=_wave_key), key=_wave_key):
        yield [*wave]


def _wave_key(path: str) -> tuple[int, bool]:
    place = place_of(path)
    return write_order_key(path)[0], isinstance(place, FeedAt) and not place.period
