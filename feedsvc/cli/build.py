"""Command feedsvc build."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from feedsvc.cli import import_cli_module
from feedsvc.cli.config import BuildConfig
from feedsvc.cli.options import PATH_TYPE, base_url_option, content_argument, report_errors, state_folder, state_option
from feedsvc.cli.variables import command, option
from feedsvc.content.scan import start_scan
from feedsvc.support.clock import wall_clock
from feedsvc.support.compression import CODINGS

SELECTIONS = ("feeds",)  # as in feedsvc.export.layout, whose import takes longer than parsing a command line
HOSTS = ("any", "netlify", "nginx")  # as in feedsvc.export.hosts
_MANIFEST_NAME = ".feedsvc-build.journal"  # as in feedsvc.export.layout
_LARGE_MANIFEST_SIZE = 2_000_000  # bytes
_ONLY_HELP = "Write nothing but these; whatever else an earlier build wrote is removed."
_CODING_HELP = "Write .br or .zst, too, beside each file that it makes smaller; repeatable."
_GZIP = "gzip"
_NGINX_HELP = "Write what nginx has to know of the tree beside its files: former addresses and the next scheduled change."
_HOSTING_HELP = (
    "What serves OUT: a host that knows files alone (any), where pages and copies of feeds stand at former addresses; one that "
    "reads Netlify's own _redirects; nginx, which finds them itself. nginx with --nginx, else any."
)
_GZIP_ONLY_HELP = (
    "Put documents into a bucket compressed, whether or not a reader asked for that; for who has a CDN that undoes it."
)


@command()
@click.argument("out", type=click.Path())
@content_argument
@base_url_option
@state_option
@option("--skip-broken", is_flag=True, help="Leave broken files out, or as they last were, instead of writing nothing.")
@option("--watch", is_flag=True, help="Stay, and keep OUT in step with every save and every scheduled change.")
@option("--only", type=click.Choice(SELECTIONS), help=_ONLY_HELP)
@option("--coding", "codings", type=click.Choice([one for one in CODINGS if one != _GZIP]), multiple=True, help=_CODING_HELP)
@option("--nginx", type=PATH_TYPE, metavar="FILE", help=_NGINX_HELP)
@option("--hosting", type=click.Choice(HOSTS), help=_HOSTING_HELP)
@option("--no-gzip", is_flag=True, help="Write no .gz beside each file that it would make smaller.")
@option("--gzip-only", is_flag=True, help=_GZIP_ONLY_HELP)
@option(
    "--processes", type=click.IntRange(min=1), help="Work in so many processes; as many as there are processors if not given."
)
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
    codings: tuple[str, ...],
    nginx: Path | None,
    hosting: str | None,
    no_gzip: bool,
    gzip_only: bool,
    processes: int | None,
) -> None:
    """Write the documents of CONTENT (./content) as files into OUT, each with a .gz beside it that servers can send.

    OUT may be s3://BUCKET/PREFIX: then they become objects there, with their headers and without a .gz.

    Only files whose bytes changed are written; files of an earlier build that no longer belong are removed; others stay.
    What was made from the same as last time is not made at all.

    \b
    Examples:
      feedsvc build public
      feedsvc build public newsroom --base-url https://example.org/news
      feedsvc build public newsroom --watch
      feedsvc build feeds newsroom --only feeds
      feedsvc build public newsroom --coding br --coding zstd --nginx feedsvc-tree.conf
      feedsvc build public newsroom --hosting netlify
      feedsvc build s3://news-example newsroom
    """
    plan = BuildConfig(
        out=out,
        content=content,
        base_url=base_url,
        state_folder=state_folder(content, state),
        skip_broken=skip_broken,
        watch=watch,
        only=only or "",
        file_codings=(*codings, *(() if no_gzip else (_GZIP,))),
        object_coding=_GZIP if gzip_only else "",
        nginx_file=nginx,
        hosting=hosting or ("nginx" if nginx else "any"),
        processes=processes,
    )
    look = start_scan(content)  # in another process if there are many files, while this one imports the modules
    newsroom = import_cli_module("content_folder").open_content_folder(content, base_url, plan.state_folder, scan=look)
    ahead = _prefetch_tree(plan)
    with ahead or nullcontext():  # ends the prefetch in any case; usually it has ended before, with its result
        newsroom.start_first_read(wall_clock(), lambda: import_cli_module("build_runner").preload())
        import_cli_module("build_runner").build(plan, newsroom, ahead)


def _prefetch_tree(plan: BuildConfig) -> AbstractContextManager[Any] | None:
    """Start a prefetch (`prefetch_tree`) if the tree's manifest is large and several processes are allowed, else return None."""
    try:
        size = (Path(plan.out) / _MANIFEST_NAME).stat().st_size
    except OSError:
        size = 0
    are_many = size >= _LARGE_MANIFEST_SIZE and plan.processes != 1
    return import_cli_module("build_runner").prefetch_tree(Path(plan.out)) if are_many else None
