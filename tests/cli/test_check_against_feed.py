"""The option --against-feed of `feedsvc check`: output, formats and exit status."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.command_line import run_feedsvc
from tests.conftest import Newsroom
from tests.editing.test_former_feeds import articles, catalog_of, feed_of
from tests.helpers.document_server import Document, document_server
from tests.helpers.running_server import command, environment


@pytest.fixture
def root(newsroom: Newsroom, tmp_path: Path) -> Path:
    """Return a folder, beside which old.xml has its feed as it was before the id of an article was changed."""
    root = newsroom({**articles(2, 1), "authors.yaml": "{}\n"})
    (tmp_path / "same.xml").write_bytes(feed_of(catalog_of(root), "rss"))
    (tmp_path / "old.xml").write_bytes(feed_of(catalog_of(root), "rss").replace(b"2026:2", b"2026:two"))
    return root


def test_feed_without_differences_passes(root: Path, tmp_path: Path) -> None:
    result = run_feedsvc("check", root, "--against-feed", tmp_path / "same.xml")
    assert (result.returncode, result.stdout.splitlines()) == (
        0,
        [f"{tmp_path}/same.xml, RSS feed of 2 entries, against the feed of site:", "0 of 2 entries are shown again as new"],
    )


def test_entry_that_comes_up_again_fails_and_is_named_with_its_reason(root: Path, tmp_path: Path) -> None:
    result = run_feedsvc("check", root, "--against-feed", tmp_path / "old.xml")
    assert result.returncode == 1
    reason = "its id was 'tag:news.example,2026:two' and is 'tag:news.example,2026:2'"
    assert result.stdout.splitlines() == [
        f"{tmp_path}/old.xml, RSS feed of 2 entries, against the feed of site:",
        f"  + Story 2 (in newsboat, miniflux, rss2email, feed2exec, sfeed, reader, NetNewsWire, FreshRSS: {reason})",
        "1 of 2 entries is shown again as new",
    ]


def test_last_line_on_the_terminal_begins_with_the_verdict(root: Path, tmp_path: Path) -> None:
    (root / "articles" / "broken.yaml").write_text("title: no\n")
    arguments = ("check", root, "--against-feed", tmp_path / "old.xml")
    result = subprocess.run(
        command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(), check=False
    )
    lines = result.stdout.splitlines()
    assert lines[-1] == "1 of 2 entries is shown again as new"
    counts = next(index for index, line in enumerate(lines) if line.startswith("feedsvc: 2 valid articles, "))
    assert counts < next(index for index, line in enumerate(lines) if "against the feed of site" in line)


def test_entry_with_another_id_and_title_is_one_line(root: Path, tmp_path: Path) -> None:
    old = (tmp_path / "old.xml").read_bytes().replace(b"<title>Story 2</title>", b"<title>Tale 2</title>")
    (tmp_path / "old.xml").write_bytes(old)
    _, *entries = run_feedsvc("check", root, "--against-feed", tmp_path / "old.xml").stdout.splitlines()
    (entry,) = [line for line in entries if line.startswith("  + ")]
    assert entry.startswith("  + Story 2 (in newsboat")
    assert "sfeed" in entry


def test_entry_that_vanishes_fails_only_with_strict(root: Path, tmp_path: Path) -> None:
    (root / "articles" / "story-1.yaml").unlink()
    arguments = ("check", root, "--against-feed", tmp_path / "same.xml")
    result = run_feedsvc(*arguments)
    assert (result.returncode, "; 1 gone" in result.stdout) == (0, True)
    assert run_feedsvc(*arguments, "--strict").returncode == 1


def test_json_has_every_entry_with_readers_and_reason(root: Path, tmp_path: Path) -> None:
    result = run_feedsvc("check", root, "--format", "json", "--against-feed", tmp_path / "old.xml")
    [former] = json.loads(result.stdout)["former_feeds"]
    assert (former["feed"], former["format"], former["new"], former["gone"], former["changed"]) == ("site", "RSS", 1, 0, 0)
    assert former["changes"][0] == {
        "change": "new",
        "id": "tag:news.example,2026:2",
        "title": "Story 2",
        "readers": ["newsboat", "miniflux", "rss2email", "feed2exec", "sfeed", "reader", "NetNewsWire", "FreshRSS"],
        "reason": "its id was 'tag:news.example,2026:two' and is 'tag:news.example,2026:2'",
        "severity": "error",
    }


def test_former_feed_is_fetched_from_an_address_that_redirects(root: Path, tmp_path: Path) -> None:
    with document_server() as server:
        server.documents["/feed/"] = Document(status=301, headers={"Location": "/real"})
        server.documents["/real"] = Document(body=(tmp_path / "same.xml").read_bytes())
        result = run_feedsvc("check", root, "--against-feed", f"{server.url}/feed/")
        assert result.returncode == 0
        assert result.stdout.startswith(f"{server.url}/real, RSS feed of 2 entries")
        assert "0 of 2 entries are shown again as new" in result.stdout
        elsewhere = f"http://localhost.localdomain.invalid:{server.url.rpartition(':')[2]}/feed/"
        assert run_feedsvc("check", root, "--against-feed", elsewhere).returncode == 2


def test_broken_site_yaml_keeps_the_keys_of_json(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "site.yaml").write_text("title: [\n")
    result = run_feedsvc("check", tmp_path / "content", "--format", "json", "--against-feed", tmp_path / "old.xml")
    assert result.returncode == 1
    assert json.loads(result.stdout)["former_feeds"] == []
    assert "nothing was compared, because site.yaml has errors" in result.stderr


def test_error_in_feeds_yaml_is_printed_if_the_listing_of_a_former_feed_is_missing(root: Path, tmp_path: Path) -> None:
    (root / "feeds.yaml").write_text("world: {title: World, include: {all: true}, entires: 2}\n")
    result = run_feedsvc("check", root, "--against-feed", f"custom/world={tmp_path}/same.xml")
    assert (result.returncode, result.stdout) == (2, "")
    assert "feeds.yaml:1:45: error: unknown key 'entires'; did you mean 'entries'?" in result.stderr
    assert "it belongs to custom/world, which has no feed here" in result.stderr
