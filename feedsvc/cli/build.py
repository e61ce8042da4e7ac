"""Command feedsvc build."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from feedsvc.cli import import_cli_module
from feedsvc.cli.config import BuildConfig
from feedsvc.cli.options import (
    PATH_TYPE,
    base_url_option,
    content_argument,
    log_options,
    report_errors,
    state_folder,
    state_option,
)
from feedsvc.cli.settings import IntRange, WordChoice, command, option
from feedsvc.errors import FeedsvcError
from feedsvc.support.compression import CODINGS
from feedsvc.support.process_pool import available_processors

SELECTIONS = ("feeds",)  # as in feedsvc.export.layout, whose import takes longer than parsing a command line
HOSTS = ("any", "netlify", "nginx")  # as in feedsvc.export.hosts
_SITE_FILE = "site.yaml"  # as in feedsvc.content.reading
_MANIFEST_NAME = ".feedsvc-build.journal"  # as in feedsvc.export.layout
_LARGE_MANIFEST_SIZE = 2_000_000  # bytes
_ONLY_HELP = "Write only these documents; other files that an earlier build wrote are removed."
_CODING_HELP = "Also write a .br or .zst copy of each file that becomes smaller. Repeat the option for both."
_GZIP = "gzip"
_NGINX_HELP = "Write a file for nginx to include, with the former addresses of the site."
_HOSTING_HELP = (
    "Server of OUT. any: it serves only files, so files are written at former addresses, too. netlify: it reads redirects from "
    "_redirects. nginx: it reads them from the file of --nginx. The default is nginx with --nginx, else any."
)
_GZIP_ONLY_HELP = (
    "Upload documents gzip-compressed, with Content-Encoding: gzip. Use it only behind a CDN that decompresses them for clients "
    "without gzip."
)


@command()
@click.argument("out", type=click.Path())
@content_argument
@base_url_option
@state_option
@option(
    "--skip-broken",
    is_flag=True,
    help="Build even if files have errors. A file with an error appears in its last valid version, or not at all.",
)
@option("--watch", is_flag=True, help="Keep running, and update OUT after each change of CONTENT and at each scheduled change.")
@option("--only", type=WordChoice(SELECTIONS), help=_ONLY_HELP)
@option("--coding", type=WordChoice([name for name in CODINGS if name != _GZIP]), multiple=True, help=_CODING_HELP)
@option("--nginx", type=PATH_TYPE, metavar="FILE", help=_NGINX_HELP)
@option("--hosting", type=WordChoice(HOSTS), help=_HOSTING_HELP)
@option("--no-gzip", is_flag=True, help="Write no .gz copies of files.")
@option("--gzip-only", is_flag=True, help=_GZIP_ONLY_HELP)
@option("--processes", type=IntRange(min=1), help="Number of processes. The default is the number of processors.")
@log_options
@report_errors
def build(
    *,
    out: str,
    content: Path,
    base_url: str,
    state: Path | None,
    skip_broken: bool,
    watch: bool,
    only: str | None,
    coding: tuple[str, ...],
    nginx: Path | None,
    hosting: str | None,
    no_gzip: bool,
    gzip_only: bool,
    processes: int | None,
) -> None:
    """Write the documents of CONTENT (./content) as files into the folder OUT.

    Files that become smaller also get a gzip-compressed copy (.gz), which servers can send. OUT may also be a bucket,
    s3://BUCKET/PREFIX: documents become objects with their HTTP headers, and there are no .gz copies.

    Only documents that depend on a change are rendered, and only files whose bytes changed are written. Files of an earlier
    build that are no longer needed are removed. Other files in OUT are not touched.

    \b
    Examples:
      feedsvc build public
      feedsvc build public content --base-url https://example.org/news
      feedsvc build public content --watch
      feedsvc build feeds content --only feeds
      feedsvc build public content --coding br --coding zstd --nginx feedsvc-tree.conf
      feedsvc build public content --hosting netlify
      feedsvc build s3://news-example content
    """
    _reject_swapped_folders(out, content)
    config = BuildConfig(
        out=out,
        content=content,
        base_url=base_url,
        state_folder=state_folder(content, state),
        skip_broken=skip_broken,
        watch=watch,
        only=only or "",
        file_codings=(*coding, *(() if no_gzip else (_GZIP,))),
        object_coding=_GZIP if gzip_only else "",
        nginx_file=nginx,
        hosting=hosting or ("nginx" if nginx else "any"),
        processes=processes,
    )
    newsroom = import_cli_module("content_folder").open_content_folder(content, base_url, config.state_folder)
    prefetch = _prefetch_tree(config)
    with prefetch or nullcontext():  # ends the prefetch even after an error; usually it has ended before, with its result
        import_cli_module("build_runner").build(config, newsroom, prefetch)


def _reject_swapped_folders(out: str, content: Path) -> None:
    """Raise FeedsvcError if `out` is a content folder and `content` is none: the user probably wrote CONTENT before OUT."""
    if (Path(out) / _SITE_FILE).exists() and not (content / _SITE_FILE).exists():
        raise FeedsvcError(
            f"{out} is a content folder, and {content} is none; name the output folder first: feedsvc build {content} {out}"
        )


def _prefetch_tree(config: BuildConfig) -> AbstractContextManager[Any] | None:
    """Start to compare the tree in OUT with its manifest, and return this prefetch: a context manager that ends it at its exit.

    Return None if the manifest is missing or smaller than 2 MB, if only one process or processor may work, and for a bucket.
    """
    try:
        size = (Path(config.out) / _MANIFEST_NAME).stat().st_size
    except OSError:
        size = 0
    is_useful = size >= _LARGE_MANIFEST_SIZE and config.processes != 1 and available_processors() > 1
    return import_cli_module("build_runner").prefetch_tree(Path(config.out)) if is_useful else None
