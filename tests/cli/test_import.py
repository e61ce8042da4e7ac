"""The command `feedsvc import`: exports and feeds become newsrooms, and errors are one sentence."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.cli.command_line import run_feedsvc
from tests.helpers.http_client import SECONDS
from tests.helpers.running_server import command
from tests.importing.feed_source import samples
from tests.importing.wordpress_export import export_xml

FEED: Final = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>Harbour News</title><link>https://harbour.example/</link><description>News</description><language>en</language>
<item><title>{title}</title><link>https://harbour.example/2020/night-buses/</link><guid isPermaLink="false">https://harbour.example/?p=1</guid>
<pubDate>Fri, 03 Jan 2020 09:30:00 +0100</pubDate><description>Buses run again.</description>
<content:encoded>&lt;p&gt;Night buses run again.&lt;/p&gt;</content:encoded></item>
<item><title>Pier</title><link>https://harbour.example/2020/pier/</link><guid>https://harbour.example/2020/pier/</guid>
<pubDate>Sat, 04 Jan 2020 09:30:00 +0100</pubDate><description>The pier is open.</description>
<content:encoded>&lt;p&gt;The pier is open again.&lt;/p&gt;</content:encoded></item>
</channel></rss>
"""
ARTICLE: Final = "newsroom/articles/2020/01/night-buses.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "feed.xml").write_text(FEED.format(title="Night buses"), "utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_feedsvc("import", *arguments, cwd=folder)


def test_feed_becomes_a_newsroom_that_check_and_build_accept(folder: Path) -> None:
    result = run(folder, "feed.xml", "newsroom")
    assert result.returncode == 0, result.stderr
    assert "ids: 2 of 2 kept" in result.stdout
    assert "next: feedsvc check newsroom" in result.stderr
    check = run_feedsvc("check", "newsroom", cwd=folder)
    assert (check.returncode, check.stdout) == (0, ""), check.stdout
    build = run_feedsvc("build", "public", "newsroom", cwd=folder, FEEDSVC_STATE=str(folder / "state"))
    assert build.returncode == 0, build.stderr
    assert (folder / "newsroom/.gitignore").is_file()
    assert (folder / "newsroom/.feedsvc/schema/article.json").is_file()


def test_posts_of_a_file_of_blogger_that_names_no_host_keep_their_addresses(folder: Path) -> None:
    (folder / "feed.atom").write_text(samples.BLOGGER_TAKEOUT, "utf-8")
    assert run(folder, "feed.atom", "newsroom", "--base-url", "https://quay.example").returncode == 0
    assert 'aliases: ["/2022/12/ferry.html"]\n' in (folder / "newsroom/articles/2022/12/ferry.md").read_text("utf-8")
    assert "  /p/about.html: /about/\n" in (folder / "newsroom/redirects.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    "source", [export_xml([]), "<rss><channel><title>Harbour</title><link>https://harbour.example/</link></channel></rss>"]
)
def test_source_without_a_post_is_a_warning_and_fails(folder: Path, source: str) -> None:
    (folder / "empty.xml").write_text(source, "utf-8")
    result = run(folder, "empty.xml", "newsroom")
    assert result.returncode == 1
    assert ": the source is not imported: it has no post and no page; check that it is the file" in result.stderr
    assert "Traceback" not in result.stderr


def test_empty_source_is_named_as_empty_and_not_as_one_without_address(folder: Path) -> None:
    (folder / "feed.atom").write_text('<feed xmlns="http://www.w3.org/2005/Atom"><title>Quay</title></feed>', "utf-8")
    result = run(folder, "feed.atom", "newsroom")
    assert (result.returncode, "Quay: it has no post and no page; check that it is the file" in result.stderr) == (2, True)


def test_unknown_kind_of_files_is_an_error_with_the_known_ones(folder: Path) -> None:
    result = run(folder, "feed.xml", "newsroom", "--keep-remote", "audio,films")
    assert result.returncode == 2
    assert "--keep-remote films: the kinds are application, audio, image, video" in result.stderr
    assert run(folder, "feed.xml", "newsroom", "--keep-remote", "audio,video").returncode == 0


def test_report_is_written_to_a_file_and_printed_as_json(folder: Path) -> None:
    assert run(folder, "feed.xml", "newsroom", "--dry-run", "--report", "report.txt").returncode == 0
    assert "/2020/night-buses/" in (folder / "report.txt").read_text("utf-8")
    result = run(folder, "feed.xml", "newsroom", "--json", "--report", "report.json")
    report = json.loads(result.stdout)
    assert report == json.loads((folder / "report.json").read_text("utf-8"))
    assert report["ids"] == {"kept": 2, "total": 2}
    assert result.stderr.endswith("next: feedsvc check newsroom\n")


def test_file_that_changed_here_and_in_the_feed_stays_and_is_listed_with_status_1(folder: Path) -> None:
    assert run(folder, "feed.xml", "newsroom").returncode == 0
    file = folder / ARTICLE
    file.write_text(file.read_text("utf-8").replace('title: "Night buses"', "title: Mine"), "utf-8")
    (folder / "feed.xml").write_text(FEED.format(title="Theirs"), "utf-8")
    for _ in range(2):
        result = run(folder, "feed.xml", "newsroom")
        assert result.returncode == 1
        assert "so they stay; merge them with git (1):\n  articles/2020/01/night-buses.md\n" in result.stdout
        assert "title: Mine\n" in file.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("none.xml", "newsroom"), "there is no file or folder none.xml"),
        (("text.txt", "newsroom"), "text.txt"),
        (("feed.xml", "newsroom", "--report", "report.pdf"), "has no known format"),
        (("feed.xml", "newsroom", "--since", "yesterday"), "--since: 'yesterday' is not a date"),
        (("feed.xml", "newsroom", "--map", "none.yaml"), "--map none.yaml cannot be read"),
        (("feed.xml", "newsroom", "--map", "wrong.yaml"), "no key 'category'; did you mean 'categories'?"),
        (("feed.xml", "newsroom", "--media-from", "none"), "--media-from: there is no folder none"),
        (("feed.xml", "feed.xml"), "feed.xml is not a folder"),
        (("http://127.0.0.1:1/feed", "newsroom"), "127.0.0.1"),
    ],
)
def test_error_is_one_sentence_and_nothing_is_written(folder: Path, arguments: tuple[str, ...], sentence: str) -> None:
    (folder / "text.txt").write_text("hello", "utf-8")
    (folder / "wrong.yaml").write_text("category: {a: b}\n", "utf-8")
    result = run(folder, *arguments)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / "newsroom").exists()


def test_two_imports_at_once_give_the_folder_of_one(folder: Path) -> None:
    processes = [
        subprocess.Popen(command("import", "feed.xml", "newsroom"), cwd=folder, stdout=subprocess.PIPE) for _ in range(3)
    ]
    assert [process.wait(SECONDS) for process in processes] == [0, 0, 0]
    for process in processes:
        assert process.stdout
        process.stdout.close()
    assert sorted(file.name for file in (folder / "newsroom/articles").rglob("*.md")) == ["night-buses.md", "pier.md"]


def test_import_works_in_the_locale_c(folder: Path) -> None:
    (folder / "feed.xml").write_text(FEED.format(title="Nächte 日本"), "utf-8")
    result = run_feedsvc("import", "feed.xml", "newsroom", "--report", "r.txt", cwd=folder, LC_ALL="C", PYTHONUTF8="0")
    assert result.returncode == 0, result.stderr
    assert "Nächte 日本" in (folder / ARTICLE).read_text("utf-8")
