"""Content folder at a git revision, written to a temporary folder.

`git archive` runs with attributes that switch off those of the repository, so git leaves out no file and runs no filter program.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Final

from feedsvc.content.folder import first_steps_hint
from feedsvc.content.media import IMAGE_TYPES, MEDIA_PREFIX, media_type
from feedsvc.content.reading.files import SITE_FILE
from feedsvc.errors import FeedsvcError

_LFS_POINTER_PREFIX: Final = b"version https://git-lfs.github.com/spec/"
_MAX_LFS_POINTER: Final = 1024  # bytes
# Files of a repository without objects of its own, whose attributes win over those of a revision.
_CONFIG: Final = "[core]\nrepositoryformatversion = 1\nbare = true\n[extensions]\nobjectFormat = {}\n"
_NO_ATTRIBUTES: Final = "* !export-ignore !export-subst !ident !text !eol !filter !working-tree-encoding\n"
# Set inside a hook, where they may refer to another folder.
_HOOK_VARIABLES: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX", "GIT_INDEX_FILE")


def checkout_revision(content: Path, revision: str, target: Path) -> None:
    """Write the files of the content folder into the folder `target`, as the repository of `content` has them.

    `revision` names the commit. Media above 1,024 bytes that are no images become sparse files of the same length. A media file
    that is a git-lfs pointer is copied from the current folder if that has it. Raises FeedsvcError if git, the repository, the
    revision or the folder in the revision does not exist, if the folder has no site.yaml there, or if a file cannot be read or
    written.
    """
    if not revision or revision.startswith("-") or not revision.isprintable():
        raise FeedsvcError(f"'{revision}' is not a revision; give a branch, a tag or a commit, such as main or HEAD~1")
    if not content.is_dir():
        raise FeedsvcError(f"there is no folder {content}; {first_steps_hint(content)}")
    git = _Git(content)
    prefix = git.run("rev-parse", "--show-prefix", error_message=f"{content} is not in a git repository").rstrip("/")
    missing_message = f"the git repository has no revision '{revision}'; {_missing_revision_hint(git)}"
    commit = git.run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", error_message=missing_message)
    absent_message = f"{content} is not in the revision '{revision}'"
    tree = git.run("rev-parse", "--verify", "--quiet", f"{commit}:{prefix}", error_message=absent_message)
    try:
        with git.archive(tree) as archive:
            _write_files(archive, content, target)
    except OSError as error:
        raise FeedsvcError(f"the revision '{revision}' cannot be written to a temporary folder ({error.strerror})") from None
    if not (target / SITE_FILE).exists():
        raise FeedsvcError(f"{absent_message}: there is no {SITE_FILE} in it")


class _Git:
    def __init__(self, folder: Path) -> None:
        self._program = which("git") or ""
        if not self._program:
            raise FeedsvcError("--against needs the program git, which is not installed; install it")
        self._folder = folder
        self._environment = {key: value for key, value in os.environ.items() if key not in _HOOK_VARIABLES} | {"LC_ALL": "C"}

    def _start(self, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - full path, separate arguments, no shell
            [self._program, *arguments],
            cwd=self._folder,
            env=self._environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, error_message: str) -> str:
        """Return the output of a git command without its line break. Raises FeedsvcError if git fails."""
        with self._start(*arguments) as child:
            out, stderr = child.communicate()
        if child.returncode:
            reason = stderr.decode(errors="replace").partition("\n")[0].removeprefix("fatal: ")
            raise FeedsvcError(f"{error_message} (git: {reason})" if reason else error_message)
        return os.fsdecode(out.removesuffix(b"\n"))

    @contextmanager
    def archive(self, tree: str) -> Iterator[tarfile.TarFile]:
        """Yield the archive of a tree, to be read once, in order. Raises FeedsvcError if git cannot read an object of it."""
        message = "git cannot read that revision; fetch the whole revision first"
        objects = self.run("rev-parse", "--path-format=absolute", "--git-path", "objects", error_message=message)
        object_format = self.run("rev-parse", "--show-object-format", error_message=message)
        with TemporaryDirectory(prefix="feedsvc-") as folder:
            files = {"HEAD": "ref: refs/heads/none\n", "config": _CONFIG.format(object_format), "info/attributes": _NO_ATTRIBUTES}
            for name, text in files.items():
                (Path(folder) / name).parent.mkdir(exist_ok=True)
                (Path(folder) / name).write_text(text, "utf-8")
            (Path(folder) / "refs").mkdir()
            with self._start("archive", tree, GIT_DIR=folder, GIT_OBJECT_DIRECTORY=objects) as child:
                try:
                    with tarfile.open(fileobj=child.stdout, mode="r|", encoding="utf-8", errors="surrogateescape") as archive:
                        yield archive
                    child.communicate()  # git writes blocks after the last file, too
                except tarfile.TarError:
                    raise FeedsvcError(message) from None
            if child.returncode:
                raise FeedsvcError(message)


def _missing_revision_hint(git: _Git) -> str:
    """Return a hint on the likely reason why a revision is missing: no commit, a shallow clone, or a revision not fetched.

    Raises FeedsvcError if git fails.
    """
    if not git.run("rev-list", "--all", "--max-count=1", error_message="git cannot list its commits"):
        return "nothing is committed yet"
    error_message = "git cannot tell whether the clone is shallow"
    if git.run("rev-parse", "--is-shallow-repository", error_message=error_message) == "true":
        return "this is a shallow clone: run git fetch --unshallow (in a workflow: fetch-depth: 0)"
    return "if it is in another repository, fetch it first"


def _write_files(archive: tarfile.TarFile, content: Path, target: Path) -> None:
    """Write the files of an archive, and then its symbolic links, so that nothing is written through one.

    Links that lead out of the folder are created, too, but not followed when content is read.
    """
    links = []
    for member in archive:
        file = target / member.name
        if member.issym():
            links.append((file, member.linkname))
        elif member.isdir():
            file.mkdir(parents=True, exist_ok=True)
        elif member.name.startswith(MEDIA_PREFIX) and _is_size_sufficient(member):
            with file.open("wb") as sparse_file:
                sparse_file.truncate(member.size)
        elif source := archive.extractfile(member):
            data, current_file = source.read(), content / member.name
            is_pointer = member.name.startswith(MEDIA_PREFIX) and data.startswith(_LFS_POINTER_PREFIX) and current_file.is_file()
            file.write_bytes(current_file.read_bytes() if is_pointer else data)
    for file, link_target in links:
        if not os.path.lexists(file) and file.parent.resolve().is_relative_to(target.resolve()):
            file.symlink_to(link_target)


def _is_size_sufficient(member: tarfile.TarInfo) -> bool:
    """Return whether feeds need only the length of a media file: it is no image, and no git-lfs pointer by its size."""
    return media_type(member.name) not in IMAGE_TYPES and member.size > _MAX_LFS_POINTER
