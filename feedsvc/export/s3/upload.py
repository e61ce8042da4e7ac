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
from feedsvc.export.old_addresses import gap_sentences
from feedsvc.export.progress import DEFAULT_PARALLELISM, MAX_INCREMENTAL_PATHS, BuildResult, Progress, no_progress
from feedsvc.export.s3.client import BucketClient
from feedsvc.export.s3.key_limit import KeyLimit
from feedsvc.export.s3.manifest import FLUSH_SIZE, MAX_PARTS, BucketManifest, is_part, nested_prefixes
from feedsvc.export.s3.objects import CLOCK_SKEW, BucketObject, ObjectBuilder, ObjectState, StoredObject
from feedsvc.publication import Fingerprints, Publication, site_fingerprint
from feedsvc.routes import FeedAt, place_of
from feedsvc.support.process_pool import available_processors, map_chunks

_CHUNK_SIZE: Final = 16  # paths; the bytes of one chunk are passed between processes at once
_OTHER_BUILD: Final = "was put there by the build to {other} and would be overwritten; build one of the two to another bucket"
_FOREIGN: Final = "was not put there by feedsvc and would be overwritten; move it away or build to another prefix"


class Upload:
    """Export to one prefix of a bucket, for a `with` block. `build` and `update` raise FeedsvcError.

    They do so if a request fails, if another build runs, or if an object of other origin or of another build is in the way.
    """

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
        """Take a `selection` of SELECTIONS and the `coding` of documents, "" for none. Raises FeedsvcError for a bad `address`.

        At most `processes` work at once if there is much to do; None stands for one per processor. More than `max_parts` parts
        of the manifest are merged; `flush_size` states make a new one. Servers' clocks may differ by `clock_skew` seconds.
        """
        self._bucket = BucketClient(address)
        self._key_limit = KeyLimit(self._bucket.key)
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
        """Put every selected document that changed, and remove all other objects of earlier builds. `baseline` is ignored.

        Former image variants stay for 90 days at most; objects of builds to a folder below, and of other origin, stay for good.
        """
        with self._open_state(refresh=True) as state:
            paths = self._key_limit.without_long_keys(self._selected_paths(publication, BUCKET_HOST))
            builder = self._object_builder(publication, state, every=True)
            stale = self._stale_paths(builder, state, paths)
            names = set(map(file_name, paths))
            self._recover_lost_states(state, names)
            obsolete = [name for name in state.manifest.states if name not in names]
            written = self._put_objects(builder, state, stale, progress)
            return BuildResult(
                written=written, unchanged=len(paths) - written, removed=self._remove_unreferenced(publication, state, obsolete)
            )

    def mark_complete(self, publication: Publication, name: str) -> None:
        """Do nothing: a bucket is listed at each build and records no baseline."""

    def advice(self, publication: Publication) -> Iterable[str]:
        """Return sentences on rules of redirects.yaml that no object can answer. A bucket has no `_redirects` or `_headers`."""
        return gap_sentences(publication.catalog)

    def update(self, publication: Publication, paths: Iterable[str]) -> BuildResult:
        """Put or remove the objects of `paths`, which may have changed since the last build or update. Do not list the bucket.

        Do a full `build` instead if there was no build or update before, if the last one failed, if the paths are more than
        MAX_INCREMENTAL_PATHS, or if others may have changed, too.
        """
        all_paths = tuple(paths)
        if self._state:
            all_paths += tuple(auxiliary_paths(publication, all_paths, self._state.manifest.states, BUCKET_HOST))
        selected = self._key_limit.without_long_keys(path for path in all_paths if self._is_selected(publication, path))
        # With other settings, any former address may have another target. A file at an old address that led to a feed, but does
        # not any more, is not selected.
        if (
            len(selected) > MAX_INCREMENTAL_PATHS
            or self._state is None
            or not self._state.manifest.states.keys().isdisjoint(map(file_name, {*all_paths} - {*selected}))
            or self._state.manifest.build_fingerprint != self._build_fingerprint(publication)
        ):
            return self.build(publication)
        with self._open_state(refresh=False) as state:
            builder = self._object_builder(publication, state)
            stale = builder.stale_paths(selected)
            existing = [path for path in stale if builder.has_content(path)]
            obsolete = sorted((set(map(file_name, stale)) - set(map(file_name, existing))) & state.manifest.states.keys())
            written = self._put_objects(builder, state, existing, no_progress)
            removed = self._remove_unreferenced(publication, state, obsolete)
            unchanged = len(state.manifest.states.keys() & set(map(file_name, selected))) - written
        return BuildResult(written=written, unchanged=unchanged, removed=removed)

    @contextmanager
    def _open_state(self, *, refresh: bool) -> Iterator[_BucketState]:
        """Yield the state of the bucket, and close all connections at the end.

        List the bucket if `refresh` is True, at the first call, and if the last `with` block ended with an error.
        """
        state, self._state = self._state, None
        if refresh or state is None:
            state = _BucketState(self._open_manifest, self._bucket.list_objects(), self._clock_skew)
        try:
            yield state
            self._state = state
        finally:
            self._bucket.close_connections()

    def _object_builder(self, publication: Publication, state: _BucketState, *, every: bool = False) -> ObjectBuilder:
        catalog = publication.catalog
        state.manifest.set_build_fingerprint(self._build_fingerprint(publication))
        self._fingerprints = (
            self._fingerprints.for_catalog(catalog, bulk=every) if self._fingerprints else Fingerprints(catalog, bulk=every)
        )
        return ObjectBuilder(
            publication, self._fingerprints, state.manifest.states, state.objects, self._coding, clock_skew=self._clock_skew
        )

    def _build_fingerprint(self, publication: Publication) -> str:
        return f"{site_fingerprint(publication.catalog)}-{self._coding}"

    def _stale_paths(self, builder: ObjectBuilder, state: _BucketState, paths: Sequence[str]) -> list[str]:
        processes = self._process_count(len(state.manifest.states), DEFAULT_PARALLELISM.check_threshold)
        if processes > 1:
            builder.fingerprints.compute_rows(processes)
        chunks = map_chunks(builder.stale_paths, paths, processes, max_chunk=DEFAULT_PARALLELISM.check_chunk)
        return [path for chunk in chunks for path in chunk]

    def _process_count(self, count: int, threshold: int) -> int:
        """Return the number of processes to use: 1 if `count` < `threshold`. Else close all connections first, for a fork."""
        if count < threshold:
            return 1
        self._bucket.close_connections()
        return self._processes

    def _put_objects(self, builder: ObjectBuilder, state: _BucketState, paths: Sequence[str], progress: Progress) -> int:
        """Put the objects of these paths that changed; return how many were put.

        Raises FeedsvcError before the first put if an object of another build or of other origin would be overwritten. But an
        object of other origin at an auxiliary path, such as 404.html, stays without an error.
        """
        names = {file_name(path): path for path in paths}
        for name, prefix in state.other_owners(names).items():
            raise FeedsvcError(f"{self.out}/{name} {_OTHER_BUILD.format(other=f'{self.out}/{prefix}'.rstrip('/'))}")
        for name in self._check_ownership(builder, state, names):
            del names[name]
        state.manifest.reserve(names)
        for _ in progress(self._put_in_waves(builder, state, [*names.values()]), len(names)):
            state.manifest.flush()
        put_count, state.put_count = state.put_count, 0
        return put_count

    def _recover_lost_states(self, state: _BucketState, current_names: Collection[str]) -> None:
        """Record the objects of earlier builds again, by the digest in their metadata, if parts of the manifest were lost.

        The names `current_names` are left out: `_check_ownership` examines them.
        """
        if not state.manifest.is_incomplete:
            return
        names = (name for name in state.objects if name not in current_names and name not in state.manifest.states)
        names = (name for name in names if not name.startswith(state.nested_prefixes))
        for name, digest in self._bucket.read_digests([*filter(is_document_name, names)]).items():
            if digest:
                state.adopt(name, digest)

    def _check_ownership(self, builder: ObjectBuilder, state: _BucketState, names: Mapping[str, str]) -> frozenset[str]:
        """Check the unrecorded and modified objects among `names` (name -> path) before any is put.

        Record feedsvc's own again: those that have a digest in their metadata, were recorded, or have the right bytes already.
        Raises FeedsvcError if another object would be overwritten, but return the names of auxiliary files, such as 404.html:
        objects of other origin stay there.
        """
        unverified = [name for name in names if name in state.objects and not builder.is_unmodified(name)]
        digests = self._bucket.read_digests(unverified)
        foreign = {name for name, digest in digests.items() if not digest and name not in state.manifest.states}
        foreign = {name for name in foreign if not builder.has_bytes(names[name], state.objects[name].etag)}
        for name in (name for name in foreign if not builder.is_auxiliary(names[name])):
            raise FeedsvcError(f"{self._bucket.address}/{name} {_FOREIGN}")
        for name in digests.keys() - foreign:
            state.adopt(name, digests[name])
        return frozenset(foreign)

    def _put_in_waves(self, builder: ObjectBuilder, state: _BucketState, paths: Sequence[str]) -> Iterator[int]:
        """Put the objects of these paths, one of the `_waves` after the other; unchanged ones are only recorded.

        Yield the number of paths done in each step (a chunk of a wave), recorded ones included. `state.put_count` counts puts.
        """
        for wave in _waves(paths):
            processes = self._process_count(len(wave), DEFAULT_PARALLELISM.render_threshold)
            for chunk in map_chunks(builder.build_objects, wave, processes, max_chunk=_CHUNK_SIZE):
                for unchanged in (bucket_object for bucket_object, must_put in chunk if not must_put):
                    state.record(unchanged, state.objects[unchanged.name])
                self._bucket.put([bucket_object for bucket_object, must_put in chunk if must_put], state.add)
                yield len(chunk)
            self._bucket.drain()

    def _remove_unreferenced(self, publication: Publication, state: _BucketState, names: Sequence[str]) -> int:
        """Remove those objects `names` that exist, except image variants to retain; return how many. Update the manifest.

        No documents belong at these names any more. Objects that another build recorded stay, too.
        """
        states = {name: state.manifest.states.get(name, ObjectState()) for name in names if name in state.objects}
        fingerprints = {name: retention_fingerprint(publication, name, known.fingerprint) for name, known in states.items()}
        retained = {name: fingerprint for name, fingerprint in fingerprints.items() if fingerprint}
        for name, fingerprint in retained.items():
            if fingerprint != states[name].fingerprint:
                state.manifest.record(name, states[name]._replace(fingerprint=fingerprint))
        obsolete = [name for name in names if name not in retained]
        nested_owners = state.other_owners(obsolete)
        existing = [name for name in obsolete if name in state.objects and name not in nested_owners]
        self._bucket.remove(existing)
        for name in existing:
            del state.objects[name]
        state.manifest.remove(obsolete)
        state.manifest.finish()
        return len(existing)


class _BucketState:
    """The state of a bucket: objects by name, manifest, and `put_count`, the number of objects put since its last reset."""

    def __init__(self, open_manifest: Callable[..., BucketManifest], listed: Mapping[str, StoredObject], clock_skew: int) -> None:
        """Read the manifest of a bucket with the objects `listed`. Other builds have objects below `nested_prefixes`.

        `open_manifest` takes `listed` and a prefix, by default that of this build, and returns the BucketManifest there. Clocks
        of the storage's servers may differ by `clock_skew` seconds.
        """
        self.manifest, self.put_count, self._clock_skew = open_manifest(listed), 0, clock_skew
        self.objects = {name: stored for name, stored in listed.items() if not is_part(name)}
        self.nested_prefixes = tuple(sorted(nested_prefixes(self.objects)))
        self._nested_names = cache(lambda prefix: open_manifest(listed, prefix).states.keys())

    def other_owners(self, names: Iterable[str]) -> dict[str, str]:
        """Return name -> prefix of the other build, for those of `names` that a build to a folder below recorded."""
        candidates = ((name, prefix) for name in names for prefix in self.nested_prefixes if name.startswith(prefix))
        return {name: prefix for name, prefix in candidates if name.removeprefix(prefix) in self._nested_names(prefix)}

    def add(self, bucket_object: BucketObject, stored: StoredObject) -> None:
        """Count and record an object that was put."""
        self.put_count += 1
        self.objects[bucket_object.name] = stored
        self.record(bucket_object, stored)

    def record(self, bucket_object: BucketObject, stored: StoredObject) -> None:
        """Record the state of an object that the bucket has."""
        state = ObjectState(bucket_object.fingerprint, stored.etag, bucket_object.digest, stored.time)
        self.manifest.record(bucket_object.name, state)

    def adopt(self, name: str, digest: str) -> None:
        """Record an object with `digest`, the digest in its metadata.

        If the object was copied onto itself, record the digest "" (unknown): the copy may have changed headers.
        """
        stored, recorded = self.objects[name], self.manifest.states.get(name, ObjectState())
        is_copied = recorded.etag == stored.etag and recorded.is_replaced(stored, self._clock_skew)
        self.manifest.record(name, ObjectState("", stored.etag, "" if is_copied else digest, stored.time))


def _waves(paths: Sequence[str]) -> Iterator[list[str]]:
    """Yield the paths in waves: documents before documents that link to them, and archives before the newest feeds."""
    for _, wave in groupby(sorted(paths, key=_wave_key), key=_wave_key):
        yield [*wave]


def _wave_key(path: str) -> tuple[int, bool]:
    place = place_of(path)
    return write_order_key(path)[0], isinstance(place, FeedAt) and not place.period
