"""Content folder at a git revision, written to a temporary folder. Only git objects are read, so git runs no filter programs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from shutil import which
from typing import IO, Final, NamedTuple

from feedsvc.content.folder import first_steps_hint
from feedsvc.content.media import IMAGE_TYPES, MEDIA_PREFIX, media_type
from feedsvc.content.reading.files import SETTINGS_FILES, SITE_FILE
from feedsvc.content.reading.page import PAGES_FOLDER
from feedsvc.content.scan import ARTICLES_FOLDER as ARTICLES
from feedsvc.errors import FeedsvcError

_REQUIRED_PATHS: Final = (*SETTINGS_FILES, f"{ARTICLES}/", f"{PAGES_FOLDER}/", MEDIA_PREFIX)
_SYMLINK_MODE: Final = "120000"
_SUBMODULE_MODE: Final = "160000"
_LFS_POINTER_PREFIX: Final = b"version https://git-lfs.github.com/spec/"
# Set inside a hook, where they may refer to another folder.
_HOOK_VARIABLES: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX", "GIT_INDEX_FILE")


class _Blob(NamedTuple):
    """File in git: mode (octal digits), object name, size in bytes (0 if unknown), and path relative to the content folder."""

    mode: str
    object_name: str
    size: int
    path: str


def checkout_revision(content: Path, revision: str, target: Path) -> None:
    """Write the files that feeds and static pages need into the folder `target`, as the repository of `content` has them.

    `revision` names the commit. The files are the settings files, articles/, pages/ and media/; if a symbolic link is among
    them, all files of the content folder. Media above 1,024 bytes that are no images become sparse files of the same length. A
    media file that is a git-lfs pointer is copied from the current folder if that has it. Raises FeedsvcError if git, the
    repository, the revision or the folder in the revision does not exist, if the folder has no site.yaml there, or if a file
    cannot be read or written.
    """
    if not revision or revision.startswith("-") or not revision.isprintable():
        raise FeedsvcError(f"'{revision}' is not a revision; give a branch, a tag or a commit, such as main or HEAD~1")
    if not content.is_dir():
        raise FeedsvcError(f"there is no folder {content}; {first_steps_hint(content)}")
    git = _Git(content)
    prefix = git.run_line("rev-parse", "--show-prefix", error_message=f"{content} is not in a git repository").rstrip("/")
    missing_message = f"the git repository has no revision '{revision}'; {_missing_revision_hint(git)}"
    commit = git.run_line("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", error_message=missing_message)
    absent_message = f"{content} is not in the revision '{revision}'"
    tree = git.run_line("rev-parse", "--verify", "--quiet", f"{commit}:{prefix}", error_message=absent_message)
    blobs = [
        blob
        for blob in _parse_tree_listing(git.run("ls-tree", "-r", "-z", "-l", "--full-tree", tree, error_message=absent_message))
        if _is_safe(blob)
    ]
    if all(blob.path != SITE_FILE for blob in blobs):
        raise FeedsvcError(f"{absent_message}: there is no {SITE_FILE} in it")
    try:
        _write_blobs(git, content, _select_blobs(blobs), target)
    except OSError as error:
        raise FeedsvcError(f"the revision '{revision}' cannot be written to a temporary folder ({error.strerror})") from None


class _Git:
    def __init__(self, folder: Path) -> None:
        self._program = which("git") or ""
        if not self._program:
            raise FeedsvcError("--against needs the program git, which is not installed; install it")
        self._folder = folder
        self._environment = {key: value for key, value in os.environ.items() if key not in _HOOK_VARIABLES} | {"LC_ALL": "C"}

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - full path, separate arguments, no shell
            [self._program, *arguments],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, error_message: str) -> bytes:
        with self.start(*arguments) as child:
            out, stderr = child.communicate()
        if child.returncode:
            reason = stderr.decode(errors="replace").partition("\n")[0].removeprefix("fatal: ")
            raise FeedsvcError(f"{error_message} (git: {reason})" if reason else error_message)
        return out

    def run_line(self, *arguments: str, error_message: str) -> str:
        return os.fsdecode(self.run(*arguments, error_message=error_message).removesuffix(b"\n"))


def _missing_revision_hint(git: _Git) -> str:
    """Return a hint on the likely reason why a revision is missing: no commit, a shallow clone, or a revision not fetched.

    Raises FeedsvcError if git fails.
    """
    if not git.run_line("rev-list", "--all", "--max-count=1", error_message="git cannot list its commits"):
        return "nothing is committed yet"
    error_message = "git cannot tell whether the clone is shallow"
    if git.run_line("rev-parse", "--is-shallow-repository", error_message=error_message) == "true":
        return "this is a shallow clone: run git fetch --unshallow (in a workflow: fetch-depth: 0)"
    return "if it is in another repository, fetch it first"


def _parse_tree_listing(listing: bytes) -> Iterator[_Blob]:
    for row in listing.split(b"\0"):
        fields, _, path = row.partition(b"\t")
        if path:
            mode, _, name, size = fields.decode("ascii").split()
            yield _Blob(mode, name, int(size) if size.isdigit() else 0, os.fsdecode(path))


def _is_safe(blob: _Blob) -> bool:
    """Return False for a submodule, whose files are elsewhere, and for a path with "..", "." or an empty name; else True.

    Only a forged tree has such paths.
    """
    return blob.mode != _SUBMODULE_MODE and {"", ".", ".."}.isdisjoint(blob.path.split("/"))


def _select_blobs(blobs: list[_Blob]) -> list[_Blob]:
    """Return the blobs that feeds and static pages depend on; all blobs if a symbolic link may lead to others."""
    required = [blob for blob in blobs if blob.path.startswith(_REQUIRED_PATHS)]
    return blobs if any(blob.mode == _SYMLINK_MODE for blob in required) else required


def _write_blobs(git: _Git, content: Path, blobs: Iterable[_Blob], target: Path) -> None:
    # Links last, so that nothing is written through one.
    sorted_blobs = sorted(blobs, key=lambda blob: blob.mode == _SYMLINK_MODE)
    with git.start("cat-file", "--batch") as child:
        assert child.stdin and child.stdout  # noqa: S101, PT018 - both are pipes
        for blob in sorted_blobs:
            file = target / blob.path
            file.parent.mkdir(parents=True, exist_ok=True)
            if blob.mode == _SYMLINK_MODE:
                _write_symlink(target, file, _read_blob(child.stdin, child.stdout, blob))
            elif _is_size_sufficient(blob):
                _write_sparse_file(file, blob.size)
            else:
                data = _read_blob(child.stdin, child.stdout, blob)
                file.write_bytes(_resolve_lfs_pointer(content / blob.path, data) if blob.path.startswith(MEDIA_PREFIX) else data)
        child.stdin.close()


def _read_blob(stdin: IO[bytes], stdout: IO[bytes], blob: _Blob) -> bytes:
    stdin.write(f"{blob.object_name}\n".encode())
    stdin.flush()
    header = stdout.readline().split()
    if len(header) != 3:  # noqa: PLR2004 - name, type, size; two words are an error
        raise FeedsvcError(f"git cannot read {blob.path} in that revision; fetch the whole revision first")
    data = stdout.read(int(header[2]) + 1)
    return data[:-1]


def _is_size_sufficient(blob: _Blob) -> bool:
    """Return True if feeds need only the length of a file: it is in media/, no image, and has more than 1,024 bytes.

    A smaller file may be a git-lfs pointer.
    """
    kind = media_type(blob.path)
    return blob.path.startswith(MEDIA_PREFIX) and kind not in IMAGE_TYPES and blob.size > 1024  # noqa: PLR2004 - limit of git-lfs


def _write_sparse_file(file: Path, size: int) -> None:
    with file.open("wb") as sparse_file:
        sparse_file.truncate(size)


def _resolve_lfs_pointer(current_file: Path, data: bytes) -> bytes:
    """Return the bytes of `current_file` if it exists and `data` is a git-lfs pointer, else `data`."""
    return current_file.read_bytes() if data.startswith(_LFS_POINTER_PREFIX) and current_file.is_file() else data


def _write_symlink(target_folder: Path, file: Path, target: bytes) -> None:
    """Create the symbolic link `file` to `target`, unless `file` exists or its folder is outside `target_folder`.

    Links that lead out of the content folder are created, too, but not followed when content is read.
    """
    if not os.path.lexists(file) and file.parent.resolve().is_relative_to(target_folder.resolve()):
        os.symlink(target, os.fsencode(file))
