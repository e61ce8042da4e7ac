"""Issues of digest feeds appear in their second in every document, and no cache is told to keep a document past it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import create_app
from tests.helpers.http_client import call
from tests.helpers.newsrooms import article, write
from tests.scheduled.test_fake_clock import expected_contents, served_contents
from tests.web.conftest import FakeClock

SECOND: Final = timedelta(seconds=1)
FILES: Final = {
    "site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\ntimezone: Europe/Berlin\n",
    "feeds.yaml": """
        daily: {title: Day, include: {all: true}, digest: {every: day, at: "02:30"}, max_age: 4d}
        weekly: {title: Week, include: {all: true}, digest: {every: week, on: sunday, at: 18:00}}
        """,
}
# The clocks of Berlin skip 02:30 on 29 March 2026.
CLOSINGS: Final = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in ("2026-03-28T01:30", "2026-03-29T01:30", "2026-03-29T16:00", "2026-03-30T00:30")
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = write(tmp_path / "content", FILES)
    for day in range(25, 30):
        end = {"expires": f"2026-04-0{day - 24}T12:00:00"} if day % 2 else {}
        write(folder, article(f"a{day}", f"2026-03-{day}T09:00:00", summary="S.", **end))
    return folder


def test_an_issue_appears_in_its_second_in_every_document_also_if_the_clock_is_set_back(root: Path) -> None:
    live = Live(ContentFolder(root), LastModifiedStore(None), FakeClock(CLOSINGS[0] - SECOND))
    moments = [moment for closing in CLOSINGS for moment in (closing - SECOND, closing)]
    for moment in (*moments, *reversed(moments), CLOSINGS[-1] + timedelta(days=5)):
        assert served_contents(live, moment) == expected_contents(root, moment), moment
    for moment in moments[::2]:
        assert expected_contents(root, moment) != expected_contents(root, moment + SECOND)


def test_a_prepared_edition_with_an_issue_equals_a_newly_built_one(root: Path) -> None:
    live = Live(ContentFolder(root), LastModifiedStore(None), FakeClock(CLOSINGS[0] - SECOND))
    for closing in CLOSINGS:
        live.prepare_next_edition(closing - 2 * SECOND)
        assert served_contents(live, closing) == expected_contents(root, closing)


def test_no_response_may_be_kept_past_the_moment_at_which_an_issue_closes(root: Path) -> None:
    clock = FakeClock(CLOSINGS[2] - timedelta(seconds=90))
    app = create_app(Live(ContentFolder(root), LastModifiedStore(None), clock))
    for path, seconds in (("feed.atom", 89), ("", 89), ("2026-03-29/", 10)):
        assert f"max-age={seconds}" in call(app, f"/feeds/weekly/{path}").headers["cache-control"]
    assert call(app, "/feeds/weekly/2026-03-29/").status == 404
    clock.now = CLOSINGS[2]
    assert call(app, "/feeds/weekly/2026-03-29/").status == 200
    assert b"/feeds/weekly/2026-03-29/" in call(app, "/feeds/weekly/feed.atom").body
