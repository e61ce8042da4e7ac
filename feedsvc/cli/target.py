"""Target of a build: a folder, or a prefix of a bucket."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

from feedsvc.content.folder import Baseline
from feedsvc.errors import FeedsvcError
from feedsvc.export import HOSTING_ANY, HOSTING_NGINX, BuildResult, Prefetch, Progress, StaticTree
from feedsvc.publication import Publication

_URL_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_MISTYPED_BUCKET: Final = re.compile("s3:/*", re.IGNORECASE)
_DEFAULT_CODINGS: Final = (("gzip",), ())  # `file_codings` without --coding, with and without gzip
_BUCKET_PREFIX: Final = "s3://"


class Target(Protocol):
    """Common methods of StaticTree (a folder) and Bucket (a prefix of a bucket), whose docstrings describe them."""

    @property
    def out(self) -> Path | str: ...

    def build(self, publication: Publication, progress: Progress = ..., baseline: Baseline | None = ...) -> BuildResult: ...

    def mark_complete(self, publication: Publication, name: str) -> None: ...

    def update(self, publication: Publication, paths: Iterable[str]) -> BuildResult: ...

    def advice(self, publication: Publication) -> Iterable[str]: ...


def open_target(
    out: str,
    content: Path,
    *,
    only: str,
    file_codings: tuple[str, ...],
    object_coding: str,
    processes: int | None,
    trees: Path,
    prefetch: Prefetch | None = None,
    host: str = HOSTING_ANY,
) -> AbstractContextManager[Target]:
    """Return the target of a build, to be used in a with statement.

    Raises FeedsvcError if nothing can be built there: if `out` is a content folder, contains the folder `content` or is inside
    it, if an option does not fit the target, or if a package for buckets is missing.

    `out` is a folder or s3://BUCKET/PREFIX. `only` names a selection of documents, "" for all. `file_codings` are the codings
    of compressed copies in a folder, `object_coding` is the coding of the objects in a bucket, "" for none. `trees` is the folder
    for the trees of buckets. `prefetch` is a comparison of the folder with its manifest that was just started, or None. `host` is
    the value of --hosting. At most `processes` work at once, None for one per processor.
    """
    _reject_mistyped_bucket(out)
    if _URL_SCHEME.match(out):
        if host not in (HOSTING_ANY, HOSTING_NGINX):
            raise FeedsvcError(
                f"--hosting {host} is for folders only; in a bucket, there are objects at former addresses; omit --hosting"
            )
        if file_codings not in _DEFAULT_CODINGS:
            raise FeedsvcError(
                "--coding is for folders only, because an object has one coding; omit --coding, or use --gzip-only"
            )
        return _open_bucket(out, trees, only=only, coding=object_coding, processes=processes)
    if object_coding:
        raise FeedsvcError(
            "--gzip-only is for s3:// addresses only; in a folder, each file has a compressed copy; omit --gzip-only"
        )
    folder = Path(out)
    if (folder / "site.yaml").exists():
        raise FeedsvcError(f"{folder} is a content folder; name the output folder before it: feedsvc build OUT {folder}")
    if _overlaps(folder, content):
        raise FeedsvcError(
            f"{folder}: the output folder and the content folder {content} must not contain each other; give another folder"
        )
    return StaticTree(folder, selection=only, codings=file_codings, processes=processes, prefetch=prefetch, host=host)


def _reject_mistyped_bucket(out: str) -> None:
    """Raise FeedsvcError for a mistyped address of a bucket, such as s3:/name: the build would create a folder of that name."""
    match = _MISTYPED_BUCKET.match(out)
    if match and not out.startswith(_BUCKET_PREFIX):
        address = f"{_BUCKET_PREFIX}{out[match.end() :] or 'BUCKET/PREFIX'}"
        raise FeedsvcError(f"{out}: the address of a bucket is {address}; for a folder of this name, give ./{out}")


def _open_bucket(out: str, trees: Path, *, only: str, coding: str, processes: int | None) -> AbstractContextManager[Target]:
    if not out.startswith(_BUCKET_PREFIX):
        raise FeedsvcError(f"{out}: feedsvc cannot build there; give a folder, or {_BUCKET_PREFIX}BUCKET/PREFIX")
    try:
        bucket = import_module("feedsvc.export.bucket").Bucket  # imported only here: its library may not be installed
    except ImportError:
        raise FeedsvcError(f"{_BUCKET_PREFIX} needs the package obstore; install it with: pip install 'feedsvc[s3]'") from None
    target: AbstractContextManager[Target] = bucket(out, trees, selection=only, coding=coding, processes=processes)
    return target


def _overlaps(out: Path, content: Path) -> bool:
    out_path, content_path = out.resolve(), content.resolve()
    return out_path.is_relative_to(content_path) or content_path.is_relative_to(out_path)
