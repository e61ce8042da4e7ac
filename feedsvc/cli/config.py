"""Parsed configuration of a build from the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildConfig:
    """Configuration of `build`. `out` is a folder or the address of a bucket.

    `only` is the selection of documents to write, "" for all. `file_codings` are the codings of the compressed copies of files in
    a folder. `object_coding` is the coding of objects in a bucket, "" for none. `nginx_file` None means that no file for nginx is
    written, `processes` None one process per processor. `hosting` is a value of --hosting. `base_url` "" means that of site.yaml.
    """

    out: str
    content: Path
    base_url: str
    state_folder: Path
    skip_broken: bool
    watch: bool
    only: str
    file_codings: tuple[str, ...]
    object_coding: str
    nginx_file: Path | None
    hosting: str
    processes: int | None
