"""feedsvc build"""

from __future__ import annotations

from pathlib import Path

import click

from feedsvc import export
from feedsvc.catalog import catalog
from feedsvc.cli.options import FOLDER, base_url_option, content_argument, newsroom, plainly, state_folder, state_option
from feedsvc.console import bar, next_change, tell
from feedsvc.content.renditions import Renditions
from feedsvc.errors import ContentError, FeedsvcError
from feedsvc.live import wall_clock
from feedsvc.publication import Publication


@click.command()
@click.argument("out", type=FOLDER)
@content_argument
@base_url_option
@state_option
@click.option("--skip-broken", is_flag=True, help="Leave broken files out instead of writing nothing.")
@plainly
def build(*, out: Path, content: Path, base_url: str, state: Path | None, skip_broken: bool) -> None:
    """Write the documents of CONTENT (./content) as files into OUT.

    Only files whose bytes changed are written; files of an earlier build that no longer belong are removed; others stay.

    \b
    Examples:
      feedsvc build public
      feedsvc build public newsroom --base-url https://example.org/news
    """
    read = newsroom(content, base_url)
    if read.errors and not skip_broken:
        raise ContentError("nothing was written; mend the files above, or leave them out with --skip-broken", read.problems)
    tell(read.problems)
    if (out / "site.yaml").exists():
        raise FeedsvcError(f"{out} is a newsroom itself; write: feedsvc build OUT {out}")
    if _overlaps(out, content):
        raise FeedsvcError(f"{out} and {content} lie in one another; build into a folder of its own")
    renditions = Renditions(state_folder(content, state) / "pictures")
    publication = Publication(catalog(read, wall_clock()), renditions=renditions)
    built = export.build(publication, out, bar)
    click.echo(f"feedsvc: {out}: {built.written} files written, {built.unchanged} unchanged, {built.removed} removed", err=True)
    click.echo(f"feedsvc: {next_change(publication.next_change, read)}", err=True)


def _overlaps(out: Path, content: Path) -> bool:
    one, other = out.resolve(), content.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)
