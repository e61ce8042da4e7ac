"""The command `feedsvc build`: options, problems and messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc import export
from feedsvc.cli import build
from feedsvc.export import hosts
from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms


def test_build_offers_every_selection() -> None:
    assert (*build.SELECTIONS,) == tuple(filter(None, export.SELECTIONS))


def test_build_offers_every_kind_of_host() -> None:
    assert {*build.HOSTS, hosts.HOSTING_BUCKET} == {*hosts.HOSTS}


def test_build_reports_an_image_without_variants_once(tmp_path: Path) -> None:
    """The second build once reported this twice: from the state folder and from a new attempt."""
    photo = newsrooms.picture(800, 600)
    article = "title: Photo\npublished: 2026-02-01\nimage: {src: media/photo.jpg}\n"
    files = {**newsrooms.SITE, "articles/photo.yaml": article, "media/photo.jpg": photo[: len(photo) // 2]}
    content = newsrooms.write(tmp_path / "content", files | {"media/logo.png": newsrooms.picture(image_format="PNG")})
    for _ in range(2):
        stderr = run_feedsvc("build", tmp_path / "public", content, "--state", tmp_path / "state").stderr
        assert stderr.count("'media/photo.jpg' cannot be made narrower") == 1, stderr


def test_build_with_problems_writes_nothing(broken_content: Path, tmp_path: Path) -> None:
    result = run_feedsvc("build", tmp_path / "out", broken_content)
    assert result.returncode == 1
    assert "articles/broken.yaml:1:8: error: title:" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("feedsvc: error: nothing was written, because files have errors; ")
    assert not (tmp_path / "out").exists()


def test_build_skip_broken_builds_without_broken_files(broken_content: Path, tmp_path: Path) -> None:
    result = run_feedsvc("build", tmp_path / "out", broken_content, "--skip-broken")
    assert result.returncode == 0
    assert "articles/broken.yaml:1:8: error: title:" in result.stderr
    assert (tmp_path / "out/articles/rich/index.html").exists()
    assert not (tmp_path / "out/articles/broken").exists()


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ((), "; their compressed copies (.gz) are not counted"),
        (("--coding", "br"), "; their compressed copies (.br, .gz) are not counted"),
        (("--no-gzip",), ""),
    ],
    ids=["gzip", "br", "none"],
)
def test_build_counts_the_files_that_the_folder_shows_without_compressed_copies(
    content: Path, tmp_path: Path, options: tuple[str, ...], note: str
) -> None:
    out = tmp_path / "out"
    result = run_feedsvc("build", out, content, *options)
    paths = [path for path in out.rglob("*") if path.is_file() and not path.name.startswith(".")]
    count = sum(path.suffix not in (".gz", ".br") for path in paths)
    assert f"feedsvc: {out}: {count} files written, 0 unchanged, 0 removed{note}\n" in result.stderr
    assert (count == len(paths)) == (not note)


def test_build_does_not_schedule_the_removal_from_the_news_sitemap(tmp_path: Path) -> None:
    """A news sitemap lists articles for 48 hours; their removal changes no feed and no page."""
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    content = newsrooms.write(
        tmp_path / "c",
        {"site.yaml": "title: T\nbase_url: https://t.example\n", **newsrooms.article("a", f"{an_hour_ago:%Y-%m-%dT%H:%M:%SZ}")},
    )
    assert run_feedsvc("build", tmp_path / "out", content).stderr.splitlines()[-1] == "feedsvc: no change is scheduled"


@pytest.mark.parametrize("key", ["published", "expires", "updated"])
def test_build_prints_the_time_of_the_next_scheduled_change(content: Path, tmp_path: Path, key: str) -> None:
    newsrooms.write(content, newsrooms.article("far", **{key: "2100-01-01T00:00:00Z"}))
    assert run_feedsvc("build", tmp_path / "out", content).stderr.splitlines()[-1] == (
        "feedsvc: the next scheduled change is at 2100-01-01 09:00:00+09:00; build again then"
    )


@pytest.mark.parametrize("out", ["content/public", "."])
def test_build_into_the_content_folder_is_refused(content: Path, out: str) -> None:
    result = run_feedsvc("build", out, "content", cwd=content.parent)
    assert result.returncode == 2
    assert "must not contain each other" in result.stderr


def test_base_url_variable_replaces_the_base_url_of_the_site(content: Path, tmp_path: Path) -> None:
    result = run_feedsvc("build", tmp_path / "out", content, FEEDSVC_BASE_URL="https://other.example/x")
    assert result.returncode == 0, result.stderr
    feed = (tmp_path / "out/feed.atom").read_text()
    assert "https://other.example/x/articles/rich/" in feed
    assert "news.example/daily" not in feed
    assert "tag:news.example,2026:rich" in feed


def test_build_with_swapped_arguments_writes_nothing_into_the_content_folder(content: Path) -> None:
    paths_before = sorted(content.rglob("*"))
    (content.parent / "public").mkdir()  # as after an earlier build
    for out in ("public", "site"):
        result = run_feedsvc("build", "content", out, cwd=content.parent)
        assert result.returncode == 2
        sentence = f"content is a content folder, and {out} is none; name the output folder first: feedsvc build {out} content"
        assert result.stderr == f"feedsvc: error: {sentence}\n"
    result = run_feedsvc("build", "content", cwd=content.parent)
    assert result.returncode == 2
    sentence = "content is a content folder; name the output folder before it: feedsvc build OUT content"
    assert result.stderr == f"feedsvc: error: {sentence}\n"
    assert sorted(content.rglob("*")) == paths_before


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("nowhere/x.conf", "--nginx {0}/nowhere/x.conf: the folder {0}/nowhere does not exist; create it, or give another file"),
        ("desk", "--nginx {0}/desk: this is a folder; give a file, such as {0}/desk/feedsvc-tree.conf\n"),
        (
            "public/x.conf",
            "--nginx {0}/public/x.conf: the file must not be in {0}/public, because all files there are public; give a file",
        ),
        (
            "content/x.conf",
            "--nginx {0}/content/x.conf: the file must not be in {0}/content, because feedsvc build writes nothing into",
        ),
    ],
)
def test_unusable_nginx_file_is_reported_before_the_build(content: Path, tmp_path: Path, file: str, sentence: str) -> None:
    (tmp_path / "desk").mkdir()
    result = run_feedsvc("build", tmp_path / "public", content, "--nginx", tmp_path / file, "--state", tmp_path / "state")
    assert result.returncode == 2
    assert result.stderr.startswith(f"feedsvc: error: {sentence.format(tmp_path)}"), result.stderr
    assert not (tmp_path / "public").exists()
    assert not (tmp_path / "content/x.conf").exists()
