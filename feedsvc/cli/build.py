"""feedsvc build"""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from feedsvc import collector
from feedsvc.cli.beside import Beside
from feedsvc.cli.options import FOLDER, base_url_option, content_argument, folder, plainly, state_folder, state_option
from feedsvc.cli.target import Target, target
from feedsvc.console import bar, log, next_change, tell
from feedsvc.content.renditions import Renditions
from feedsvc.errors import ContentError, FeedsvcError
from feedsvc.export import SELECTIONS, TWINS, Built
from feedsvc.live import Live
from feedsvc.publication import Publication
from feedsvc.watch import Watcher

_ONLY = "Write nothing but these; whatever else an earlier build wrote is removed."
_CODING = "Write .br or .zst, too, beside each file that it makes smaller; repeatable."
_GZIP = "gzip"
_NGINX = "Write what nginx has to know of the tree beside its files: former addresses and the next scheduled change."
_GZIP_ONLY = "Put documents into a bucket compressed, whether or not a reader asked for that; for who has a CDN that undoes it."
_AGAIN = 5.0  # seconds until a tree that could not be written is tried again


@click.command()
@click.argument("out", type=click.Path())
@content_argument
@base_url_option
@state_option
@click.option("--skip-broken", is_flag=True, help="Leave broken files out, or as they last were, instead of writing nothing.")
@click.option("--watch", is_flag=True, help="Stay, and keep OUT in step with every save and every scheduled change.")
@click.option("--only", type=click.Choice([one for one in SELECTIONS if one]), help=_ONLY)
@click.option("--coding", "codings", type=click.Choice([one for one in TWINS if one != _GZIP]), multiple=True, help=_CODING)
@click.option("--nginx", type=FOLDER, metavar="FILE", help=_NGINX)
@click.option("--no-gzip", is_flag=True, help="Write no .gz beside each file that it would make smaller.")
@click.option("--gzip-only", is_flag=True, help=_GZIP_ONLY)
@click.option(
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
      feedsvc build s3://news-example newsroom
    """
    beside = Beside(nginx, out=out, content=content)
    home = state_folder(content, state)
    newsroom = folder(content, base_url, home)
    live = Live(newsroom, None, renditions=Renditions(home / "pictures"))
    collector.settle()
    collector.keep(live)
    read = live.edition.content
    if read.errors and not skip_broken:
        raise ContentError("nothing was written; mend the files above, or leave them out with --skip-broken", read.problems)
    tell(read.problems)
    twins = (*codings, *(() if no_gzip else (_GZIP,)))
    with target(out, content, only=only or "", twins=twins, coding=_GZIP if gzip_only else "", processes=processes) as tree:
        publication = live.edition.publication
        _say(tree.out, tree.whole(publication, bar, newsroom.origin))
        tree.sign(publication, newsroom.state)
        beside(publication)
        if watch:
            written = _Following(content, live, tree, publication, beside).run()
            if written is live.edition.publication:
                tree.sign(written, newsroom.state)
        else:
            click.echo(f"feedsvc: {next_change(publication.next_change, read)}", err=True)


class _Following:
    """Writes each edition into the tree, the newest where several came meanwhile, until SIGTERM or SIGINT."""

    def __init__(self, content: Path, live: Live, tree: Target, written: Publication, beside: Beside) -> None:
        self._live, self._tree, self._written, self._beside = live, tree, written, beside
        self._told = ""
        self._news = threading.Event()
        self._stopping = False
        self._watcher = Watcher(content, live, [log, lambda *_: self._news.set()])

    def run(self) -> Publication:
        """What is in the tree at the end."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        signal.signal(signal.SIGHUP, lambda *_: self._watcher.look())
        self._watcher.start()
        click.echo(f"feedsvc: keeping {self._tree.out} in step", err=True)
        pause = None
        while not self._stopping:
            self._news.wait(pause)
            self._news.clear()
            pause = None if self._stopping or self._follow() else _AGAIN
        self._watcher.stop()
        return self._written

    def _stop(self, *_: object) -> None:
        self._stopping = True
        self._news.set()

    def _follow(self) -> bool:
        publication = self._live.edition.publication
        if publication is self._written:
            return True
        try:
            built = self._tree.update(publication, publication.changed_since(self._written))
            self._beside(publication)
        except FeedsvcError as error:
            if str(error) != self._told:
                click.echo(f"feedsvc: {error}; tried again every {_AGAIN:.0f} seconds", err=True)
            self._told = str(error)
            return False
        self._written, self._told = publication, ""
        _say(self._tree.out, built)
        return True


def _say(out: Path | str, built: Built) -> None:
    click.echo(f"feedsvc: {out}: {built.written} files written, {built.unchanged} unchanged, {built.removed} removed", err=True)
