"""A publication as objects of a bucket: what a tree is to a folder.

Each object is put whole, with its headers, and only if bytes or headers changed. What a feed names is there before the feed
is; what goes, goes last. However a build ends, the next one lists what there is and does what is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from typing import Final, Self

from feedsvc.content.folder.baseline import Origin
from feedsvc.errors import FeedsvcError
from feedsvc.export.former_images import stays
from feedsvc.export.hosts import BUCKET
from feedsvc.export.layout import SELECTIONS, file_name, files_beside, last_named, may_be_ours
from feedsvc.export.progress import MANY, PIECE_TO_CHECK, TO_CHECK, TO_MAKE, Built, Progress, silent
from feedsvc.export.s3.client import Bucket
from feedsvc.export.s3.manifest import Inventory, is_part, nested
from feedsvc.export.s3.objects import Note, Object, Packer, Seen
from feedsvc.publication.fingerprints import Imprints, common
from feedsvc.publication.publication import Publication
from feedsvc.routes import FeedAt, place_of
from feedsvc.support.process_pool import at_hand, spread

_PIECE: Final = 16  # paths, whose bytes pass from process to process
_ANOTHERS: Final = "was put there by the build to {other} and would be overwritten; build one of the two to another bucket"
_FOREIGN: Final = "was not put there by feedsvc and would be overwritten; move it away or build to another prefix"


class Upload:
    """A prefix that is this process's to write, from entering to leaving. Each method raises FeedsvcError."""

    def __init__(self, address: str, *, only: str = "", coding: str = "", processes: int | None = None) -> None:
        """`only` is one of SELECTIONS; `coding` one of CODINGS, that documents are put in, or "".

        `processes` work at once where there is much to do, None is one to a processor.
        """
        self._bucket = Bucket(address)
        self.out = self._bucket.address
        self._paths, self._is_wanted = SELECTIONS[only]
        self._coding = coding
        self._processes = processes or at_hand()
        self._imprints: Imprints | None = None
        self._known: _Known | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open between two calls."""

    def whole(self, publication: Publication, progress: Progress = silent, origin: Origin | None = None) -> Built:  # noqa: ARG002
        """Every document of a publication that is wanted, and no other."""
        with self._looked(anew=True) as known:
            paths = list(self._paths(publication, BUCKET))
            packer = self._packer(publication, known, every=True)
            stale = self._stale(packer, known, paths)
            names = set(map(file_name, paths))
            self._recover(known, names)
            gone = [name for name in known.inventory.notes if name not in names]
            written = self._write(packer, known, stale, progress)
            return Built(written=written, unchanged=len(paths) - written, removed=self._clear(publication, known, gone))

    def sign(self, publication: Publication, name: str) -> None:
        """A bucket is looked through each time, and remembers no edition."""

    def advice(self, publication: Publication) -> Iterable[str]:  # noqa: ARG002
        """A bucket reads no files that are for a host."""
        return ()

    def update(self, publication: Publication, paths: Iterable[str]) -> Built:
        """The documents at these paths as the publication has them, beside what this process knows to be there."""
        named = tuple(paths)
        named += tuple(files_beside(publication, named, self._known.inventory.notes, BUCKET)) if self._known else ()
        wanted = [path for path in named if self._is_wanted(place_of(path))]
        # With other settings, any former address may lead elsewhere.
        if len(wanted) > MANY or self._known is None or self._known.inventory.common != self._common(publication):
            return self.whole(publication)
        with self._looked(anew=False) as known:
            packer = self._packer(publication, known)
            stale = packer.stale(wanted)
            here = [path for path in stale if packer.holds(path)]
            gone = sorted((set(map(file_name, stale)) - set(map(file_name, here))) & known.inventory.notes.keys())
            written = self._write(packer, known, here, silent)
            removed = self._clear(publication, known, gone)
        return Built(written=written, unchanged=len(wanted) - len(gone) - written, removed=removed)

    @contextmanager
    def _looked(self, *, anew: bool) -> Iterator[_Known]:
        """What is known of the bucket; after any fault nothing is, and it is looked at anew. No connection outlasts it."""
        known, self._known = self._known, None
        if anew or known is None:
            listed = self._bucket.listed()
            known = _Known(self._bucket, listed)
        try:
            yield known
            self._known = known
        finally:
            self._bucket.rest()

    def _packer(self, publication: Publication, known: _Known, *, every: bool = False) -> Packer:
        catalog = publication.catalog
        known.inventory.begin(self._common(publication))
        self._imprints = self._imprints.after(catalog, every=every) if self._imprints else Imprints(catalog, every=every)
        return Packer(publication, self._imprints, known.inventory.notes, known.listed, self._coding)

    def _common(self, publication: Publication) -> str:
        return f"{common(publication.catalog)}-{self._coding}"

    def _stale(self, packer: Packer, known: _Known, paths: Sequence[str]) -> list[str]:
        processes = self._at_once(len(known.inventory.notes), TO_CHECK)
        if processes > 1:
            packer.imprints.ahead(processes)
        return [path for stale in spread(packer.stale, paths, processes, most=PIECE_TO_CHECK) for path in stale]

    def _at_once(self, count: int, least: int) -> int:
        """How many processes; no connection is open where there is more than one."""
        if count < least:
            return 1
        self._bucket.rest()
        return self._processes

    def _write(self, packer: Packer, known: _Known, paths: Sequence[str], progress: Progress) -> int:
        """How many were put."""
        names = {file_name(path): path for path in paths}
        for name, below in known.others(names).items():
            raise FeedsvcError(f"{self.out}/{name} {_ANOTHERS.format(other=f'{self.out}/{below}'.rstrip('/'))}")
        for name in self._recognize(packer, known, names):
            del names[name]
        known.inventory.claim(names)
        for _ in progress(self._sent(packer, known, [*names.values()]), len(names)):
            known.inventory.flush()
        put, known.put = known.put, 0
        return put

    def _recover(self, known: _Known, wanted: Collection[str]) -> None:
        """Where notes were lost, nothing but its mark tells that an object was put by an earlier build and does not belong."""
        if not known.inventory.is_lost:
            return
        unknown = (name for name in known.listed if name not in wanted and name not in known.inventory.notes)
        unknown = (name for name in unknown if not name.startswith(known.nested))
        for name, mark in self._bucket.marks([*filter(may_be_ours, unknown)]).items():
            if mark:
                known.recognize(name, mark)

    def _recognize(self, packer: Packer, known: _Known, names: Mapping[str, str]) -> frozenset[str]:
        """Before anything is put: what nobody noted tells by its mark whether it is ours.

        An object that is not ours is nobody's to overwrite, unless it has the same bytes anyway. The names of those that stay:
        who has a page for what is missing already keeps it.
        """
        unclear = [name for name in names if name in known.listed and not packer.stands(name)]
        marks = self._bucket.marks(unclear)
        theirs = {name for name, mark in marks.items() if not mark and name not in known.inventory.notes}
        theirs = {name for name in theirs if not packer.has_bytes(names[name], known.listed[name].tag)}
        for name in (name for name in theirs if not packer.is_beside_documents(names[name])):
            raise FeedsvcError(f"{self._bucket.address}/{name} {_FOREIGN}")
        for name in marks.keys() - theirs:
            known.recognize(name, marks[name])
        return frozenset(theirs)

    def _sent(self, packer: Packer, known: _Known, paths: Sequence[str]) -> Iterator[int]:
        """How many are done with each step; all that belongs to one wave is there before the next one is begun."""
        for wave in _waves(paths):
            processes = self._at_once(len(wave), TO_MAKE)
            for made in spread(packer.make, wave, processes, most=_PIECE):
                for one in (one for one, lacks in made if not lacks):
                    known.note(one, known.listed[one.name])
                self._bucket.put([one for one, lacks in made if lacks], known.has)
                yield len(made)
            self._bucket.drain()

    def _clear(self, publication: Publication, known: _Known, unnamed: Sequence[str]) -> int:
        """Remove objects that nothing names any more, but for former copies of pictures; return how many."""
        notes = {name: known.inventory.notes.get(name, Note()) for name in unnamed if name in known.listed}
        former = {name: made for name, note in notes.items() if (made := stays(publication, name, note.imprint))}
        for name, made in former.items():
            if made != notes[name].imprint:
                known.inventory.note(name, notes[name]._replace(imprint=made))
        gone = [name for name in unnamed if name not in former]
        others = known.others(gone)
        here = [name for name in gone if name in known.listed and name not in others]
        self._bucket.remove(here)
        for name in here:
            del known.listed[name]
        known.inventory.forget(gone)
        known.inventory.end()
        return len(here)


class _Known:
    """What a bucket lists, by name, and what was noted of it; how many objects were put since somebody asked."""

    def __init__(self, bucket: Bucket, listed: Mapping[str, Seen]) -> None:
        """`nested` is where other builds put theirs."""
        self.inventory, self.put = Inventory(bucket, listed), 0
        self.listed = {name: seen for name, seen in listed.items() if not is_part(name)}
        self.nested = tuple(sorted(nested(self.listed)))
        self._noted = cache(lambda below: Inventory(bucket, listed, below).notes.keys())

    def others(self, names: Iterable[str]) -> dict[str, str]:
        """Which of these names another build noted as its own -> where it puts what is its own."""
        below = ((name, one) for name in names for one in self.nested if name.startswith(one))
        return {name: one for name, one in below if name.removeprefix(one) in self._noted(one)}

    def has(self, one: Object, seen: Seen) -> None:
        self.put += 1
        self.listed[one.name] = seen
        self.note(one, seen)

    def note(self, one: Object, seen: Seen) -> None:
        self.inventory.note(one.name, Note(one.imprint, seen.tag, one.mark, seen.time))

    def recognize(self, name: str, mark: str) -> None:
        """Of an object that was put anew by others its mark tells nothing: who copies it onto itself may change its headers."""
        seen, noted = self.listed[name], self.inventory.notes.get(name, Note())
        is_copied = noted.tag == seen.tag and noted.is_moved(seen)
        self.inventory.note(name, Note("", seen.tag, "" if is_copied else mark, seen.time))


def _waves(paths: Sequence[str]) -> Iterator[list[str]]:
    """What readers follow before what names it: of feeds, the archives before those that lead to them."""
    for _, wave in groupby(sorted(paths, key=_wave), key=_wave):
        yield [*wave]


def _wave(path: str) -> tuple[int, bool]:
    place = place_of(path)
    return last_named(path)[0], isinstance(place, FeedAt) and not place.period
