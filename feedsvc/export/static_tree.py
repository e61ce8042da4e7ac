"""A publication as files in a folder.

Each file is written whole or not at all, and only if its bytes changed. A list of what was written, kept in the tree,
tells a later build which files are its own to remove, and what each was made from: while that is the same, it is not made.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Self

from feedsvc.content.folder.baseline import Origin
from feedsvc.errors import FeedsvcError
from feedsvc.export.file_table import Note
from feedsvc.export.file_writer import Files
from feedsvc.export.former_images import stays
from feedsvc.export.hosts import ANY, HOSTS, HostFiles, advice
from feedsvc.export.incremental import Signed, differing, is_still, signed
from feedsvc.export.layout import (
    COPIED,
    LOCK,
    SELECTIONS,
    TWINS,
    file_name,
    files_beside,
    former_paths,
    is_beside,
    is_feed,
    last_named,
    path_at,
)
from feedsvc.export.manifest import Journal
from feedsvc.export.ownership import Guard
from feedsvc.export.prefetch import Look, known
from feedsvc.export.progress import MANY, PIECE, PIECE_TO_CHECK, TO_CHECK, TO_MAKE, Built, Progress, silent
from feedsvc.export.renderer import Maker
from feedsvc.publication.fingerprints import Imprints, common
from feedsvc.publication.publication import Publication
from feedsvc.routes import place_of
from feedsvc.support.process_pool import at_hand, spread

# What is in the tree is whole, whatever stopped a build.
_ROOM: Final = "make room on its disk: the next build does what is left to do"
_RIGHTS: Final = "see that it may be written to, or build into another folder"
_ADVICE: Final = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), _ROOM),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), _RIGHTS),
}


def build(publication: Publication, out: Path, progress: Progress = silent, *, processes: int = 1) -> Built:
    """Make the tree hold exactly the publication's documents, beside files of other origin.

    Raises FeedsvcError if the folder cannot be written, another build is at work in it, or a file of other origin stands
    where a document belongs.
    """
    with Tree(out, processes=processes) as tree:
        return tree.whole(publication, progress)


class Tree:
    """A static tree, locked by this process from entering to leaving. Each method raises as `build` does."""

    def __init__(
        self,
        out: Path,
        *,
        only: str = "",
        codings: Iterable[str] = ("gzip",),
        processes: int | None = None,
        ahead: Look | None = None,
        host: str = ANY,
    ) -> None:
        """`only` is one of SELECTIONS, `host` one of HOSTS.

        A twin in each of the `codings` is put beside each file that it makes smaller.
        At most `processes` work at once; None stands for one per processor. `ahead` is a look at the folder that was begun
        just now.
        """
        self.out, self._codings = out, tuple(coding for coding in TWINS if coding in codings)
        self._only, (self._paths, self._is_wanted) = only, SELECTIONS[only]
        self._host_name, self._host = host, HOSTS[host]
        self._host_files = HostFiles(self._host)
        self._processes = processes or at_hand()
        self._held = ExitStack()
        self._imprints: Imprints | None = None
        self._ahead = ahead
        self._spoilt: frozenset[str] | None = None

    def __enter__(self) -> Self:
        with _plainly(self.out), ExitStack() as held:
            root = held.enter_context(_only_build(self.out))
            self._files = Files(root, codings=self._codings)
            found, self._ahead = known(self._ahead, root) if self._ahead else None, None
            self._journal = Journal(root, found and found.told)
            self._spoilt = found and found.spoilt
            self._guard = Guard(self.out, self._files, self._journal, self._codings)
            held.callback(self._journal.close)
            held.callback(self._files.sweep)
            self._files.sweep(() if self._journal.ended else self._journal.notes)
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with _plainly(self.out):
            self._held.close()

    def whole(self, publication: Publication, progress: Progress = silent, origin: Origin | None = None) -> Built:
        """Write every document of a publication that is wanted, and remove all others.

        If the tree was signed with the `origin` of what is published, only what differs from that is looked into.
        """
        with _plainly(self.out):
            doubtful = self._doubtful(publication, origin) if origin else None
            if doubtful is not None:
                maker = self._maker(publication)
                stale = self._stale(maker, doubtful)
                if len(stale) <= MANY:
                    written, removed = self._follow(maker, stale)
                    return Built(written=written, unchanged=len(self._journal.notes) - written, removed=removed)
            maker = self._maker(publication, every=True)
            paths = [path for path in self._paths(publication, self._host) if not self._is_left(maker, path)]
            stale = self._stale(maker, paths)
            names = set(map(file_name, paths))
            gone = [name for name in self._journal.notes if name not in names]
            self._guard.refuse_links(gone)
            written = self._write(maker, stale, progress)
            removed = self._clear(publication, gone)
            self._journal.settle()
        return Built(written=written, unchanged=len(paths) - written, removed=removed)

    def update(self, publication: Publication, paths: Iterable[str]) -> Built:
        """Write the documents at these paths as the publication has them, and remove those that it does not have."""
        named = tuple(paths)
        named += tuple(files_beside(publication, named, self._journal.notes, self._host))
        wanted = [path for path in named if self._is_wanted(place_of(path))]
        # With other settings, any former address may lead elsewhere.
        if len(wanted) > MANY or self._journal.common != self._common(publication):
            return self.whole(publication)
        with _plainly(self.out):
            maker = self._maker(publication)
            written, removed = self._follow(maker, maker.stale(wanted))
        return Built(written=written, unchanged=len(wanted) - removed - written, removed=removed)

    def sign(self, publication: Publication, name: str) -> None:
        """Record the name of the state that the complete tree was made from. Call it after `whole` or `update`."""
        with _plainly(self.out):
            if name and not is_still(signed(self._journal.edition), self._whole_of(name), publication):
                self._journal.sign(str(Signed(self._whole_of(name), publication.catalog.now)))

    def advice(self, publication: Publication) -> Iterable[str]:
        """Return sentences on what the host will not read of the tree."""
        return () if self._only else advice(publication.catalog, self._host)

    def _whole_of(self, state: str) -> str:
        """Return the name that a tree of that state is signed with; it differs with the selection and the host."""
        if not state:
            return ""
        return "-".join((state, *filter(None, (self._only, self._host_name if self._host_name != ANY else ""))))

    def _doubtful(self, publication: Publication, origin: Origin) -> list[str] | None:
        """Return the paths whose files may differ from their notes or be made from something else; None if all may.

        Files that are copied are always among them: only the files themselves tell that they changed.
        """
        if not self._journal.ended or self._journal.common != self._common(publication):
            return None
        found = differing(publication, origin, signed(self._journal.edition), self._whole_of(origin.name))
        if found is None:
            return None
        notes = self._journal.notes
        spoilt = self._files.spoilt(notes) if self._spoilt is None else self._spoilt
        copied = (name for name in notes if name.startswith(COPIED))
        unsure = map(path_at, {*notes.unmade(), *notes.keys() & spoilt, *copied})
        beside = files_beside(publication, [*found], notes, self._host)
        # A file of other origin that stood at one of them may have been taken away.
        absent = (path for path in former_paths(publication, self._host) if file_name(path) not in notes)
        # Pictures are checked only where their files are not current: a picture that cannot be sent has none.
        paths = {*found, *beside, *publication.file_paths(every=True), *unsure, *absent}
        return [path for path in paths if self._is_wanted(place_of(path))]

    def _is_left(self, maker: Maker, path: str) -> bool:
        """Return whether a file of other origin keeps the place of the page for missing documents, or of a former address."""
        name = file_name(path)
        if name in self._journal.notes or not maker.is_beside_documents(path):
            return False
        return self._guard.is_taken(maker, path, name)

    def _follow(self, maker: Maker, paths: Iterable[str]) -> tuple[int, int]:
        """Write and remove the files at these paths; return how many of each.

        Documents come before the feeds that name them; sitemaps and lists of feeds come last.
        """
        wanted = sorted((path for path in paths if not self._is_left(maker, path)), key=last_named)
        cut = next((index for index, path in enumerate(wanted) if is_beside(path)), len(wanted))
        gone: list[str] = []
        written = sum(self._renew(maker, part, gone) for part in (wanted[:cut], wanted[cut:]))
        return written, self._clear(maker.publication, gone)

    def _renew(self, maker: Maker, paths: list[str], gone: list[str]) -> int:
        here = [path for path in paths if maker.holds(path)]
        away = set(map(file_name, paths)) - set(map(file_name, here))
        gone += sorted(away & self._journal.notes.keys())
        return self._write(maker, here, silent)

    def _maker(self, publication: Publication, *, every: bool = False) -> Maker:
        self._journal.begin(self._common(publication))
        catalog = publication.catalog
        self._imprints = self._imprints.after(catalog, every=every) if self._imprints else Imprints(catalog, every=every)
        self._spoilt = None  # what was seen before the first time is not true for ever
        files = {path: data for path, data in self._host_files.of(catalog).items() if self._is_wanted(place_of(path))}
        return Maker(publication, self._imprints, self._host, files, files=self._files, notes=self._journal.notes)

    def _common(self, publication: Publication) -> str:
        """Return what stands for all that every file is made from, and for the codings if they are not the usual ones."""
        own = "" if self._codings == ("gzip",) else f"-{'-'.join(self._codings) or 'plain'}"
        return f"{common(publication.catalog)}{own}"

    def _stale(self, maker: Maker, paths: Sequence[str]) -> list[str]:
        """Return the paths whose files are not current, in the same order."""
        if self._processes > 1 and len(paths) >= TO_CHECK:
            maker.imprints.ahead(self._processes)  # for the processes that make them, too, whether or not anything is compared
        made = len(self._journal.notes) - len(list(self._journal.notes.unmade()))
        processes = self._processes if min(made, len(paths)) >= TO_CHECK else 1
        found = {path for stale in spread(maker.stale, paths, processes, most=PIECE_TO_CHECK) for path in stale}
        return [path for path in paths if path in found]

    def _write(self, maker: Maker, paths: list[str], progress: Progress) -> int:
        """Write the files at these paths; return how many changed."""
        names = {path: file_name(path) for path in paths}
        self._guard.refuse_links(names.values())
        self._journal.claim(names.values(), self._codings, alone=self._guard.refuse(maker, names))
        written: list[bool] = []
        for _ in progress(self._made(maker, paths, written), len(paths)):
            pass
        return sum(written)

    def _clear(self, publication: Publication, unnamed: Sequence[str]) -> int:
        """Remove files that nothing names any more, but for former copies of pictures; return how many."""
        self._guard.refuse_links(unnamed)
        notes = {name: note for name in unnamed if (note := self._journal.notes.get(name)) and note.size >= 0}
        former = {name: made for name, note in notes.items() if (made := stays(publication, name, note.imprint))}
        self._journal.note((name, notes[name]._replace(imprint=made)) for name, made in former.items())
        gone = [name for name in unnamed if name not in former]
        removed = sum(self._remove(name) for name in gone)
        self._journal.forget(gone)
        self._journal.end()
        return removed

    def _made(self, maker: Maker, paths: list[str], written: list[bool]) -> Iterator[int]:
        """Make the files piece by piece, and yield how many are done with each.

        All that feeds name is there before the first feed is begun, and all feeds before what names them.
        """
        processes = self._processes if len(paths) >= TO_MAKE else 1
        first = next((index for index, path in enumerate(paths) if is_feed(path)), len(paths))
        end = next((index for index, path in enumerate(paths[first:], first) if not is_feed(path)), len(paths))
        for part in (paths[:first], paths[first:end], paths[end:]):
            for made in spread(maker.make, part, processes, most=PIECE):
                self._journal.note((name, note) for name, note, _ in made)
                written += [is_new for _, _, is_new in made]
                yield len(made)

    def _remove(self, name: str) -> bool:
        note = self._journal.notes.get(name, Note())
        for end, size in zip(TWINS.values(), note.packed, strict=True):
            if size:
                self._files.remove(name + end)
        return self._files.remove(name)


@contextmanager
def _plainly(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename
        what = f"{out / place if place else out} cannot be written ({error.strerror})"
        advice = _ADVICE.get(error.errno or 0, "")
        raise FeedsvcError(f"{what}; {advice}" if advice else what) from None


@contextmanager
def _only_build(out: Path) -> Iterator[int]:
    """Lock the folder and give its descriptor. Raises FeedsvcError if another build has the lock."""
    out.mkdir(parents=True, exist_ok=True)
    root = os.open(out, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with open(out / LOCK, "ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FeedsvcError(f"another build is writing {out}; wait for it to end") from None
            yield root
    finally:
        os.close(root)
