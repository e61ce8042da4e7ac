"""Where a build goes: a folder, or a prefix of a bucket."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

from feedsvc.content.folder.baseline import Origin
from feedsvc.errors import FeedsvcError
from feedsvc.export import Built, Progress, Tree
from feedsvc.export.hosts import ANY, NGINX
from feedsvc.export.prefetch import Look
from feedsvc.publication.publication import Publication

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NEARLY: Final = re.compile("s3:/*", re.IGNORECASE)
_USUAL: Final = (("gzip",), ())  # the twins of who asks for none, or wants none
_BUCKET: Final = "s3://"


class Target(Protocol):
    """What a tree and an upload have in common."""

    @property
    def out(self) -> Path | str: ...

    def whole(self, publication: Publication, progress: Progress = ..., origin: Origin | None = ...) -> Built: ...

    def sign(self, publication: Publication, name: str) -> None: ...

    def update(self, publication: Publication, paths: Iterable[str]) -> Built: ...

    def advice(self, publication: Publication) -> Iterable[str]: ...


def target(
    out: str,
    content: Path,
    *,
    only: str,
    twins: tuple[str, ...],
    coding: str,
    processes: int | None,
    ahead: Look | None = None,
    host: str = ANY,
) -> AbstractContextManager[Target]:
    """`twins` are the codings that a folder holds each file in, too, `coding` the only one of a bucket.

    `ahead` is a look at the folder that was begun just now.

    Raises FeedsvcError where nothing can be built.
    """
    _refuse_nearly(out)
    if _SCHEME.match(out):
        if host not in (ANY, NGINX):
            raise FeedsvcError(
                f"--hosting {host} is for folders; a bucket has objects at former addresses, and no file that it reads"
            )
        if twins not in _USUAL:
            raise FeedsvcError("--coding is for folders; an object has one coding only, none or, by --gzip-only, gzip")
        return _bucket(out, only, coding, processes)
    if coding:
        raise FeedsvcError("--gzip-only is for s3:// addresses; in a folder each file has a compressed twin beside it")
    folder = Path(out)
    if (folder / "site.yaml").exists():
        raise FeedsvcError(f"{folder} is a newsroom itself; write: feedsvc build OUT {folder}")
    if _overlaps(folder, content):
        raise FeedsvcError(f"{folder} and {content} lie in one another; build into a folder of its own")
    return Tree(folder, only=only, codings=twins, processes=processes, ahead=ahead, host=host)


def _refuse_nearly(out: str) -> None:
    """A folder of such a name would be made for whoever mistyped a bucket's."""
    found = _NEARLY.match(out)
    if found and not out.startswith(_BUCKET):
        meant = f"{_BUCKET}{out[found.end() :] or 'BUCKET/PREFIX'}"
        raise FeedsvcError(f"{out}: a bucket is written {meant}; a folder of that name is ./{out}")


def _bucket(out: str, only: str, coding: str, processes: int | None) -> AbstractContextManager[Target]:
    if not out.startswith(_BUCKET):
        raise FeedsvcError(f"{out}: a build goes to a folder or to {_BUCKET}BUCKET/PREFIX")
    try:
        # Read where it is wanted: its libraries take longer to read than a small build takes, and may not be there.
        upload = import_module("feedsvc.export.s3.upload").Upload
    except ImportError:
        raise FeedsvcError(f"{_BUCKET} needs s3fs; install it with: pip install 'feedsvc[s3]'") from None
    made: AbstractContextManager[Target] = upload(out, only=only, coding=coding, processes=processes)
    return made


def _overlaps(out: Path, content: Path) -> bool:
    one, other = out.resolve(), content.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)
