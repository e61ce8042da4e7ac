"""A content folder as git remembers it, written out beside the real one. git is asked for objects only: no filter runs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from shutil import which
from typing import IO, Final, NamedTuple

from feedsvc.content.folder.articles import FOLDER as ARTICLES
from feedsvc.content.media.files import FOLDER, PICTURES, TYPES
from feedsvc.content.reading import settings
from feedsvc.errors import FeedsvcError

_READ: Final = (settings.SITE, settings.CATEGORIES, settings.AUTHORS, f"{ARTICLES}/", FOLDER)
_LINK: Final = "120000"
_MODULE: Final = "160000"
_POINTER: Final = b"version https://git-lfs.github.com/spec/"
# Set inside a hook, where they mean another folder than the content's.
_FOREIGN: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX", "GIT_INDEX_FILE")


class _Blob(NamedTuple):
    """A file in git: its mode, object name, size in bytes and path below the content folder."""

    mode: str
    name: str
    size: int
    path: str


def write_out(content: Path, revision: str, into: Path) -> None:
    """Write what feeds are made of, as the repository that holds `content` has it at a revision.

    Media that are no pictures come out as empty space of the right length; a picture that git-lfs keeps elsewhere is
    taken from the folder as it is. Raises FeedsvcError if there is no git, no repository, no such revision or no such
    folder in it.
    """
    if not revision or revision.startswith("-") or not revision.isprintable():
        raise FeedsvcError(f"'{revision}' is no revision; give a branch, a tag or a commit, like main or HEAD~1")
    if not content.is_dir():
        raise FeedsvcError(f"no folder {content}")
    git = _Git(content)
    inside = git.line("rev-parse", "--show-prefix", failing=f"{content} lies in no git repository").rstrip("/")
    missing = f"git knows no revision '{revision}' here; {_why(git)}"
    commit = git.line("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", failing=missing)
    absent = f"{content} is not in the revision '{revision}'"
    tree = git.line("rev-parse", "--verify", "--quiet", f"{commit}:{inside}", failing=absent)
    blobs = [
        blob for blob in _blobs(git.run("ls-tree", "-r", "-z", "-l", "--full-tree", tree, failing=absent)) if _is_sound(blob)
    ]
    if all(blob.path != settings.SITE for blob in blobs):
        raise FeedsvcError(f"{absent}: there is no {settings.SITE} in it")
    try:
        _write(git, content, _read(blobs), into)
    except OSError as error:
        raise FeedsvcError(f"the revision '{revision}' cannot be written to a temporary folder ({error.strerror})") from None


class _Git:
    def __init__(self, folder: Path) -> None:
        self._program = which("git") or ""
        if not self._program:
            raise FeedsvcError("comparing needs the program git, which is not here; install it")
        self._folder = folder
        self._variables = {key: value for key, value in os.environ.items() if key not in _FOREIGN} | {"LC_ALL": "C"}

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - a program by its full path, arguments apart, no shell
            [self._program, *arguments],
            cwd=self._folder,
            env=self._variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, failing: str) -> bytes:
        with self.start(*arguments) as child:
            out, said = child.communicate()
        if child.returncode:
            reason = said.decode(errors="replace").partition("\n")[0].removeprefix("fatal: ")
            raise FeedsvcError(f"{failing} (git: {reason})" if reason else failing)
        return out

    def line(self, *arguments: str, failing: str) -> str:
        return os.fsdecode(self.run(*arguments, failing=failing).removesuffix(b"\n"))


def _why(git: _Git) -> str:
    """What a missing revision mostly comes of."""
    if not git.line("rev-list", "--all", "--max-count=1", failing="git cannot list its commits"):
        return "nothing is committed yet"
    if git.line("rev-parse", "--is-shallow-repository", failing="git cannot tell how much it holds") == "true":
        return "this is a shallow clone: git fetch --unshallow (in a workflow, fetch-depth: 0)"
    return "if it lies elsewhere, fetch it first"


def _blobs(listed: bytes) -> Iterator[_Blob]:
    for row in listed.split(b"\0"):
        facts, _, path = row.partition(b"\t")
        if path:
            mode, _, name, size = facts.decode("ascii").split()
            yield _Blob(mode, name, int(size) if size.isdigit() else 0, os.fsdecode(path))


def _is_sound(blob: _Blob) -> bool:
    """A submodule's files lie elsewhere; a path that climbs can only come from a forged tree."""
    return blob.mode != _MODULE and {"", ".", ".."}.isdisjoint(blob.path.split("/"))


def _read(blobs: list[_Blob]) -> list[_Blob]:
    """What feeds are made of; where a link may lead elsewhere in the folder, everything."""
    read = [blob for blob in blobs if blob.path.startswith(_READ)]
    return blobs if any(blob.mode == _LINK for blob in read) else read


def _write(git: _Git, content: Path, blobs: Iterable[_Blob], into: Path) -> None:
    # Links last: nothing is ever written through one.
    ordered = sorted(blobs, key=lambda blob: blob.mode == _LINK)
    with git.start("cat-file", "--batch") as child:
        assert child.stdin and child.stdout  # noqa: S101, PT018 - both are pipes
        for blob in ordered:
            file = into / blob.path
            file.parent.mkdir(parents=True, exist_ok=True)
            if blob.mode == _LINK:
                _link(into, file, _data(child.stdin, child.stdout, blob))
            elif _needs_no_bytes(blob):
                _hollow(file, blob.size)
            else:
                data = _data(child.stdin, child.stdout, blob)
                file.write_bytes(_behind(content / blob.path, data) if blob.path.startswith(FOLDER) else data)
        child.stdin.close()


def _data(asked: IO[bytes], told: IO[bytes], blob: _Blob) -> bytes:
    asked.write(f"{blob.name}\n".encode())
    asked.flush()
    head = told.readline().split()
    if len(head) != 3:  # noqa: PLR2004 - name, type, size; two words are a complaint
        raise FeedsvcError(f"git cannot read {blob.path} in that revision; fetch it whole first")
    data = told.read(int(head[2]) + 1)
    return data[:-1]


def _needs_no_bytes(blob: _Blob) -> bool:
    """Of a recording or a paper feeds tell the length alone; a small file may be a pointer to a large one."""
    kind = TYPES.get(PurePosixPath(blob.path).suffix.lower(), "")
    return blob.path.startswith(FOLDER) and kind not in PICTURES and blob.size > 1024  # noqa: PLR2004 - git-lfs's own limit


def _hollow(file: Path, size: int) -> None:
    with file.open("wb") as made:
        made.truncate(size)


def _behind(now: Path, data: bytes) -> bytes:
    """What a git-lfs pointer points to, as far as the folder holds it."""
    return now.read_bytes() if data.startswith(_POINTER) and now.is_file() else data


def _link(into: Path, file: Path, target: bytes) -> None:
    """A link within the folder; any other is not followed anyway."""
    if not os.path.lexists(file) and file.parent.resolve().is_relative_to(into.resolve()):
        os.symlink(target, os.fsencode(file))
