"""The .gz beside a file: what a web server sends instead, so it is never another document and never older."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.export import COMPRESSED_SUFFIXES, MANIFEST_FILE, BuildResult, StaticTree
from feedsvc.support.compression import compress
from tests.helpers import newsrooms


def build(content: Path, out: Path, *codings: str, packing: bool = True, only: str = "") -> BuildResult:
    with StaticTree(out, codings=codings or (("gzip",) if packing else ()), selection=only) as tree:
        return tree.build(newsrooms.load_publication(content))


def twins(out: Path) -> list[Path]:
    return sorted(out.rglob("*.gz"))


def check(out: Path) -> None:
    for twin in twins(out):
        own = twin.with_suffix("")
        assert gzip.decompress(twin.read_bytes()) == own.read_bytes()
        assert twin.read_bytes()[4:8] == bytes(4), "no time inside"
        assert twin.stat().st_mtime_ns == own.stat().st_mtime_ns
        assert twin.stat().st_size < own.stat().st_size


def test_a_twin_is_its_file_and_of_the_same_time(content: Path, out: Path) -> None:
    build(content, out)
    assert {"index.html.gz", "feed.rss.gz"} <= {twin.name for twin in twins(out)}
    assert not list((out / "media").rglob("*.gz"))
    check(out)


def test_an_edit_moves_both(content: Path, out: Path) -> None:
    build(content, out)
    file = content / "articles/december.yaml"
    file.write_text(file.read_text().replace("December text.", "Another text."))
    assert build(content, out).written
    check(out)
    assert b"Another text." in gzip.decompress((out / "articles/december/index.html.gz").read_bytes())


@pytest.mark.parametrize("harm", [lambda twin: twin.unlink(), lambda twin: twin.write_bytes(b"?"), os.utime])
def test_a_twin_that_was_harmed_is_mended_and_its_file_left_alone(content: Path, out: Path, harm: object) -> None:
    build(content, out)
    time = (out / "feed.rss").stat().st_mtime_ns
    harm(out / "feed.rss.gz")
    assert build(content, out).written == 0
    assert (out / "feed.rss").stat().st_mtime_ns == time
    check(out)


def test_without_twins_those_of_an_earlier_build_go_and_come_back(content: Path, out: Path) -> None:
    build(content, out)
    before = len(twins(out))
    assert build(content, out, packing=False).written == 0
    assert twins(out) == []
    build(content, out)
    assert len(twins(out)) == before
    check(out)


def test_a_file_that_goes_takes_its_twin_and_its_folder_along(content: Path, out: Path) -> None:
    build(content, out)
    (content / "articles/older.yaml").unlink()
    file = content / "articles/rich.yaml"
    file.write_text(file.read_text().replace("/articles/older/", "/"))
    assert build(content, out).removed == 1
    assert not (out / "articles/older").exists()
    assert "articles/older/" not in (out / MANIFEST_FILE).read_text()


def test_a_foreign_twin_stops_the_build_before_anything_is_written(content: Path, out: Path) -> None:
    newsrooms.write(out, {"index.html.gz": "my own"})
    with pytest.raises(FeedsvcError, match=r"index.html.gz was not written by feedsvc .* or build with --no-gzip"):
        build(content, out)
    assert not (out / "index.html").exists()
    build(content, out, packing=False)
    assert (out / "index.html.gz").read_text() == "my own"


def test_a_foreign_twin_of_the_same_bytes_is_taken_up(content: Path, out: Path) -> None:
    build(content, out)
    (out / MANIFEST_FILE).unlink()
    assert build(content, out).written == 0
    build(content, out, packing=False)
    assert twins(out) == []


def test_a_foreign_twin_that_is_in_nobodys_way_stays(content: Path, out: Path) -> None:
    build(content, out)
    [picture, *_] = sorted((out / "media").rglob("*.png"))
    beside = picture.with_name(f"{picture.name}.gz")
    beside.write_text("my own")
    os.utime(picture, (1, 1))
    (out / MANIFEST_FILE).unlink()
    assert build(content, out).written == 0
    assert build(content, out, packing=False).written == 0
    assert beside.read_text() == "my own"


def test_only_feeds_are_written_with_what_they_need(content: Path, out: Path) -> None:
    newsrooms.write(out, {"index.html": "a site made by another program"})
    build(content, out, only="feeds")
    names = {file.name.removesuffix(".gz") for file in out.rglob("*") if file.is_file()}
    assert names - {MANIFEST_FILE, ".feedsvc-build.lock"} == {
        "index.html", "feed.rss", "feed.atom", "feed.json", "feeds.opml", "feed.css",
        "rss.xml", "index.xml", "feed.xml", "atom.xml",
    }  # fmt: skip
    assert (out / "index.html").read_text() == "a site made by another program"
    assert build(content, out, only="feeds").written == 0


def test_who_wants_only_feeds_from_now_on_keeps_no_pages_that_nobody_renews(content: Path, out: Path) -> None:
    first = build(content, out)
    feeds = build(content, out, only="feeds")
    assert (feeds.written, feeds.removed) == (0, first.written - feeds.unchanged)
    assert not (out / "articles").exists()
    assert not (out / "_redirects").exists()
    assert build(content, out).written == feeds.removed


def test_a_twin_in_each_coding_that_is_asked_for(content: Path, out: Path) -> None:
    build(content, out, "br", "zstd", "gzip")
    own = out / "feed.rss"
    for coding, end in COMPRESSED_SUFFIXES.items():
        twin = out / f"feed.rss{end}"
        assert twin.read_bytes() == compress(own.read_bytes(), coding)
        assert twin.stat().st_mtime_ns == own.stat().st_mtime_ns
    (out / "feed.rss.zst").write_bytes(b"?")
    assert build(content, out, "br", "zstd", "gzip").written == 0
    assert (out / "feed.rss.zst").read_bytes() == compress(own.read_bytes(), "zstd")


def test_twins_of_a_coding_that_is_asked_for_no_more_go(content: Path, out: Path) -> None:
    build(content, out)
    files = {file for file in out.rglob("*") if file.is_file()}
    assert build(content, out, "br", "zstd", "gzip").written == 0
    assert build(content, out).written == 0
    assert {file for file in out.rglob("*") if file.is_file()} == files
    check(out)


def test_a_change_of_coding_leaves_no_twin_of_the_other_one_behind(content: Path, out: Path) -> None:
    """Servers went on to send them, with the words of the time."""
    for codings, end in ((("br",), ".br"), (("gzip",), ".gz"), (("br",), ".br"), (("zstd",), ".zst")):
        build(content, out, *codings)
        assert {file.suffix for file in out.rglob("*") if file.suffix in (".br", ".zst", ".gz")} == {end}
    check(out)


def test_a_foreign_twin_of_another_coding_stops_the_build(content: Path, out: Path) -> None:
    newsrooms.write(out, {"index.html.br": "my own"})
    with pytest.raises(FeedsvcError, match=r"index.html.br was not written by feedsvc .* or build without --coding br"):
        build(content, out, "br")
    build(content, out)
    assert (out / "index.html.br").read_text() == "my own"


def test_sizes_of_twins_outlive_the_list_that_they_stand_in(content: Path, out: Path) -> None:
    build(content, out, "br", "zstd")
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}
    (content / "articles/older.yaml").unlink()
    file = content / "articles/rich.yaml"
    file.write_text(file.read_text().replace("/articles/older/", "/"))
    build(content, out, "br", "zstd")
    assert not (out / "articles/older").exists()
    assert {twin.suffix for twin in before if twin.name.startswith("feed.rss.")} == {".br", ".zst"}
    assert build(content, out, "br", "zstd").written == 0
