"""feedsvc build"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from feedsvc.cli.config import BuildPlan
from feedsvc.cli.lazy_import import module
from feedsvc.cli.options import FOLDER, base_url_option, content_argument, plainly, state_folder, state_option
from feedsvc.cli.variables import command, option
from feedsvc.content.folder.prefetch import looking
from feedsvc.support.clock import wall_clock
from feedsvc.support.compression import CODINGS

SELECTIONS = ("feeds",)  # as in feedsvc.export.layout, which takes longer to read than a command line
HOSTS = ("any", "netlify", "nginx")  # as in feedsvc.export.hosts
_LIST = ".feedsvc-build.journal"  # as there, too
_MANY = 2_000_000  # bytes of it
_ONLY = "Write nothing but these; whatever else an earlier build wrote is removed."
_CODING = "Write .br or .zst, too, beside each file that it makes smaller; repeatable."
_GZIP = "gzip"
_NGINX = "Write what nginx has to know of the tree beside its files: former addresses and the next scheduled change."
_HOSTING = (
    "What serves OUT: a host that knows files alone (any), where pages and copies of feeds stand at former addresses; one that "
    "reads Netlify's own _redirects; nginx, which finds them itself. nginx with --nginx, else any."
)
_GZIP_ONLY = "Put documents into a bucket compressed, whether or not a reader asked for that; for who has a CDN that undoes it."


@command()
@click.argument("out", type=click.Path())
@content_argument
@base_url_option
@state_option
@option("--skip-broken", is_flag=True, help="Leave broken files out, or as they last were, instead of writing nothing.")
@option("--watch", is_flag=True, help="Stay, and keep OUT in step with every save and every scheduled change.")
@option("--only", type=click.Choice(SELECTIONS), help=_ONLY)
@option("--coding", "codings", type=click.Choice([one for one in CODINGS if one != _GZIP]), multiple=True, help=_CODING)
@option("--nginx", type=FOLDER, metavar="FILE", help=_NGINX)
@option("--hosting", type=click.Choice(HOSTS), help=_HOSTING)
@option("--no-gzip", is_flag=True, help="Write no .gz beside each file that it would make smaller.")
@option("--gzip-only", is_flag=True, help=_GZIP_ONLY)
@option(
    "--processes", type=click.IntRange(min=1), help="Work in so many processes; as many as there are processors if not given."
)
@plainly
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
    plan = BuildPlan(
        out=out,
        content=content,
        base_url=base_url,
        home=state_folder(content, state),
        skip_broken=skip_broken,
        watch=watch,
        only=only or "",
        twins=(*codings, *(() if no_gzip else (_GZIP,))),
        coding=_GZIP if gzip_only else "",
        nginx=nginx,
        host=hosting or ("nginx" if nginx else "any"),
        processes=processes,
    )
    look = looking(content)  # at many files, while what reads them is read itself
    newsroom = module("content_folder").folder(content, base_url, plan.home, look=look)
    ahead = _looking_at_tree(plan)
    with ahead or nullcontext():  # however this ends; most often the look ends sooner, with its answer
        newsroom.begin(wall_clock(), lambda: module("build_runner").prepare())
        module("build_runner").build(plan, newsroom, ahead)


def _looking_at_tree(plan: BuildPlan) -> AbstractContextManager[Any] | None:
    """At one of many files, too, if more than one process may be at work."""
    try:
        size = (Path(plan.out) / _LIST).stat().st_size
    except OSError:
        size = 0
    are_many = size >= _MANY and plan.processes != 1
    return module("build_runner").looking_at(Path(plan.out)) if are_many else None
