"""feedsvc serve"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from feedsvc import hang_reports
from feedsvc.audience.address import networks
from feedsvc.audience.bucket import USUAL
from feedsvc.cli.modules import module
from feedsvc.cli.options import (
    base_url_option,
    content_argument,
    database_option,
    plainly,
    purge_option,
    state_folder,
    state_option,
)
from feedsvc.cli.plan import Plan
from feedsvc.content.looking import looking
from feedsvc.web.access import FORMATS
from feedsvc.web.server import listen
from feedsvc.web.station import Station
from feedsvc.web.workers import Workers


@click.command()
@content_argument
@click.option("--host", default="127.0.0.1", show_default=True, envvar="FEEDSVC_HOST", help="The address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), envvar="FEEDSVC_PORT", help="0 takes a free one."
)
@click.option(
    "--threads",
    default=4,
    show_default=True,
    type=click.IntRange(1, 256),
    envvar="FEEDSVC_THREADS",
    help="Threads of each worker.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    envvar="FEEDSVC_WORKERS",
    help="Processes that serve together, one for each core; each holds all articles.",
)
@click.option(
    "--trusted-proxy",
    "proxies",
    metavar="ADDRESS",
    multiple=True,
    envvar="FEEDSVC_TRUSTED_PROXY",
    help="A reverse proxy (address or network) whose X-Forwarded-For is believed; repeatable.",
)
@click.option(
    "--limit-polls",
    "polls",
    metavar="N",
    type=click.IntRange(0, 100_000),
    envvar="FEEDSVC_LIMIT_POLLS",
    help=f"Whole copies of one feed that a client may have in an hour, 0 for any; by default {USUAL}, behind a proxy any.",
)
@click.option(
    "--open-status",
    "opened",
    metavar="ADDRESS",
    multiple=True,
    envvar="FEEDSVC_OPEN_STATUS",
    help="An address or network that may read /status and /metrics, too; repeatable.",
)
@base_url_option
@state_option
@database_option
@purge_option("the changed addresses")
@click.option(
    "--announce/--no-announce",
    default=True,
    envvar="FEEDSVC_ANNOUNCE",
    help="Tell the hubs of site.yaml; not from a copy of a site.",
)
@click.option(
    "--no-last-modified",
    is_flag=True,
    envvar="FEEDSVC_NO_LAST_MODIFIED",
    help="Send entity tags alone: servers that share no state folder agree on these, not on dates.",
)
@click.option(
    "--access-log", type=click.Choice(tuple(FORMATS)), envvar="FEEDSVC_ACCESS_LOG", help="One line to stdout for each answer."
)
@click.option("--preview", is_flag=True, envvar="FEEDSVC_PREVIEW", help="Show drafts and problems, on this machine only.")
@click.option("--preview-anywhere", is_flag=True, envvar="FEEDSVC_PREVIEW_ANYWHERE", help="Let others reach the preview.")
@plainly
def serve(
    *,
    content: Path,
    host: str,
    port: int,
    threads: int,
    workers: int,
    proxies: tuple[str, ...],
    polls: int | None,
    opened: tuple[str, ...],
    base_url: str,
    state: Path | None,
    database: str,
    purge: tuple[str, ...],
    announce: bool,
    no_last_modified: bool,
    access_log: str | None,
    preview: bool,
    preview_anywhere: bool,
) -> None:
    """Serve the feeds and pages of CONTENT (./content).

    \b
    Examples:
      feedsvc serve
      feedsvc serve newsroom --port 8080 --base-url http://127.0.0.1:8080
      feedsvc serve newsroom --preview
      feedsvc serve newsroom --workers 2
      FEEDSVC_PORT=8080 feedsvc serve newsroom
    """
    if preview:
        if workers > 1:
            click.echo("feedsvc: a preview is one process; --workers is for readers", err=True)
        module("previewing").preview(  # readers need not wait for what editors use
            content, host=host, port=port, threads=threads, base_url=base_url, state=state, anywhere=preview_anywhere
        )
        return
    plan = Plan(
        content=content,
        host=host,
        port=port,
        threads=threads,
        trusted=networks(proxies),
        polls=polls,
        opened=networks(opened, "--open-status"),
        base_url=base_url,
        home=state_folder(content, state),
        database=database,
        purge=purge,
        announce=announce,
        dated=not no_last_modified,
        access_log=access_log or "",
    )
    if workers == 1:
        look = looking(content)  # at many files, while what serves them is read
        module("serving").serve(plan, look)
    else:
        _serve_together(plan, workers)


def _serve_together(plan: Plan, workers: int) -> None:
    # The address is had, or not, before any worker has to read the folder.
    listening = listen(plan.host, plan.port)
    serving = module("serving")

    @plainly
    def serve_one(station: Station) -> None:
        serving.serve_as(station, plan, listening)

    together = Workers(
        workers,
        serve_one,
        say=lambda line: click.echo(line, err=True),
        leaving=listening.close,
        explain=partial(hang_reports.explanation, plan.home),
    )
    sys.exit(together.run())
