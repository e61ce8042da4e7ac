"""A file is saved in the same step in which another article falls due: the next edition shows both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.document import Document
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.publication.publication import Publication
from tests.helpers.newsrooms import article, load_publication, write
from tests.web.conftest import FakeClock

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
DUE: Final = NOON + timedelta(hours=1)
SECOND: Final = timedelta(seconds=1)
SITE: Final = "title: T\nbase_url: https://t.example\nid_domain: t.example\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = write(tmp_path / "content", {"site.yaml": SITE, **article("old", tags="[sea]"), **article("edited", tags="[sea]")})
    write(folder, article("due", DUE.isoformat(), tags="[sea]"))
    return write(folder, article("ending", expires=DUE.isoformat(), tags="[sea]"))


def bodies(publication: Publication) -> dict[str, bytes | str | None]:
    """Return the body, or else the target, at every path."""
    resources = {path: publication.resolve(path) for path in publication.paths_with_redirects()}
    return {path: getattr(found, "body", None) or getattr(found, "target", None) for path, found in resources.items()}


@pytest.mark.parametrize("paths", [None, frozenset({"articles/edited.yaml"})], ids=["full scan", "one path"])
@pytest.mark.parametrize("is_prepared", [False, True])
def test_one_edition_shows_a_save_and_the_articles_that_time_changed(
    root: Path, paths: frozenset[str] | None, *, is_prepared: bool
) -> None:
    clock = FakeClock(DUE - SECOND)
    live = Live(ContentFolder(root), LastModifiedStore(None), clock)
    before = live.edition
    bodies(before.publication)
    if is_prepared:
        live.prepare_next_edition(clock())
    write(root, article("edited", title="Another title", tags="[sea, land]"))
    clock.now = DUE
    live.reload(paths)
    after = live.edition
    assert after.number == before.number + 1
    assert bodies(after.publication) == bodies(load_publication(root, DUE))
    assert {*after.publication.catalog.visible} == {"due", "edited", "old"}
    changed = after.publication.changed_since(before.publication)
    assert {"/articles/due/", "/articles/edited/", "/articles/ending/", "/tag/sea/feed.rss", "/tag/land/", "/"} <= changed
    assert live.current(DUE) is after.publication


def test_an_article_that_falls_due_while_the_folder_is_read_is_in_the_edition_of_that_reload(root: Path) -> None:
    live = Live(ContentFolder(root), LastModifiedStore(None), FakeClock(NOON))
    moments = iter([DUE - SECOND])
    live.clock = lambda: next(moments, DUE)
    write(root, article("edited", title="Another title", tags="[sea]"))
    live.reload()
    assert live.edition.publication.catalog.now == DUE
    assert bodies(live.edition.publication) == bodies(load_publication(root, DUE))
    assert live.edition.number == 2


def test_a_save_before_the_moment_is_in_the_edition_that_was_prepared_for_it(root: Path) -> None:
    clock = FakeClock(DUE - 3 * SECOND)
    live = Live(ContentFolder(root), LastModifiedStore(None), clock)
    live.prepare_next_edition(clock())
    write(root, article("edited", title="Another title", tags="[sea]"))
    live.reload(frozenset({"articles/edited.yaml"}))
    live.prepare_next_edition(clock())
    clock.now = DUE
    page = live.current(DUE).resolve("/tag/sea/")
    assert isinstance(page, Document)
    assert b"Another title" in page.body
    assert bodies(live.current(DUE)) == bodies(load_publication(root, DUE))


def test_a_folder_in_which_nothing_changed_is_an_edition_only_if_an_article_fell_due(root: Path) -> None:
    clock = FakeClock(NOON)
    live = Live(ContentFolder(root), LastModifiedStore(None), clock)
    clock.now = DUE - SECOND
    live.reload()
    assert live.edition.number == 1
    clock.now = DUE
    live.reload()
    assert live.edition.number == 2
    assert bodies(live.edition.publication) == bodies(load_publication(root, DUE))


def test_status_counts_an_edited_a_new_and_a_deleted_article_once_each(root: Path) -> None:
    live = Live(ContentFolder(root), LastModifiedStore(None), FakeClock(NOON))
    assert live.last_reload.changed_articles == 4
    write(root, article("edited", title="Another title"))
    live.reload()
    assert live.last_reload.changed_articles == 1
    write(root, article("edited", title="A third title"))
    write(root, article("new"))
    (root / "articles/old.yaml").unlink()
    live.reload()
    assert live.last_reload.changed_articles == 3
