"""The .gz, .br and .zst files beside a file: a web server sends them instead, so each has the same content and mtime."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.export import COMPRESSED_SUFFIXES, MANIFEST_FILE, BuildResult, StaticTree
from feedsvc.support.compression import CODINGS, compress
from tests.helpers import newsrooms


def build(content: Path, out: Path, *codings: str, compressing: bool = True, only: str = "") -> BuildResult:
    with StaticTree(out, codings=codings or (("gzip",) if compressing else ()), selection=only) as tree:
        return tree.build(newsrooms.load_publication(content))


def gzip_files(out: Path) -> list[Path]:
    return sorted(out.rglob("*.gz"))


def assert_gzip_files_match(out: Path) -> None:
    for gzip_file in gzip_files(out):
        plain_file = gzip_file.with_suffix("")
        assert gzip.decompress(gzip_file.read_bytes()) == plain_file.read_bytes()
        assert gzip_file.read_bytes()[4:8] == bytes(4), "the gzip header has no mtime"
        assert gzip_file.stat().st_mtime_ns == plain_file.stat().st_mtime_ns
        assert gzip_file.stat().st_size < plain_file.stat().st_size


def test_gzip_file_has_the_content_and_mtime_of_its_file(content: Path, out: Path) -> None:
    build(content, out)
    assert {"index.html.gz", "feed.rss.gz"} <= {gzip_file.name for gzip_file in gzip_files(out)}
    assert not list((out / "media").rglob("*.gz"))
    assert_gzip_files_match(out)


def test_files_that_only_the_host_reads_have_no_compressed_variants(content: Path, out: Path) -> None:
    build(content, out, *CODINGS)
    assert {file.name for file in (*out.glob("_headers*"), *out.glob("_redirects*"))} == {"_headers", "_redirects"}
    assert (out / "index.html.br").exists()


def test_edit_changes_the_file_and_its_gzip_file(content: Path, out: Path) -> None:
    build(content, out)
    file = content / "articles/december.yaml"
    file.write_text(file.read_text().replace("December text.", "Another text."))
    assert build(content, out).written
    assert_gzip_files_match(out)
    assert b"Another text." in gzip.decompress((out / "articles/december/index.html.gz").read_bytes())


@pytest.mark.parametrize(
    "damage", [lambda gzip_file: gzip_file.unlink(), lambda gzip_file: gzip_file.write_bytes(b"?"), os.utime]
)
def test_damaged_gzip_file_is_rewritten_and_its_file_is_unchanged(content: Path, out: Path, damage: object) -> None:
    build(content, out)
    mtime = (out / "feed.rss").stat().st_mtime_ns
    damage(out / "feed.rss.gz")
    assert build(content, out).written == 0
    assert (out / "feed.rss").stat().st_mtime_ns == mtime
    assert_gzip_files_match(out)


def test_build_without_compression_removes_gzip_files_of_earlier_builds(content: Path, out: Path) -> None:
    build(content, out)
    before = len(gzip_files(out))
    assert build(content, out, compressing=False).written == 0
    assert gzip_files(out) == []
    build(content, out)
    assert len(gzip_files(out)) == before
    assert_gzip_files_match(out)


def test_removed_file_is_removed_with_its_gzip_file_and_its_folder(content: Path, out: Path) -> None:
    build(content, out)
    (content / "articles/older.yaml").unlink()
    file = content / "articles/rich.yaml"
    file.write_text(file.read_text().replace("/articles/older/", "/"))
    assert build(content, out).removed == newsrooms.OLDER_FILE_COUNT
    assert not (out / "articles/older").exists()
    assert "articles/older/" not in (out / MANIFEST_FILE).read_text()


def test_foreign_gzip_file_stops_the_build_before_any_write(content: Path, out: Path) -> None:
    newsrooms.write(out, {"index.html.gz": "my own"})
    with pytest.raises(FeedsvcError, match=r"index.html.gz was not written by feedsvc .* or build with --no-gzip"):
        build(content, out)
    assert not (out / "index.html").exists()
    build(content, out, compressing=False)
    assert (out / "index.html.gz").read_text() == "my own"


def test_foreign_gzip_file_with_equal_bytes_is_adopted(content: Path, out: Path) -> None:
    build(content, out)
    (out / MANIFEST_FILE).unlink()
    assert build(content, out).written == 0
    build(content, out, compressing=False)
    assert gzip_files(out) == []


def test_foreign_gzip_file_beside_a_media_file_is_not_removed(content: Path, out: Path) -> None:
    build(content, out)
    [image, *_] = sorted((out / "media").rglob("*.png"))
    foreign_file = image.with_name(f"{image.name}.gz")
    foreign_file.write_text("my own")
    os.utime(image, (1, 1))
    (out / MANIFEST_FILE).unlink()
    assert build(content, out).written == 0
    assert build(content, out, compressing=False).written == 0
    assert foreign_file.read_text() == "my own"


def test_build_of_feeds_alone_writes_feeds_and_their_stylesheet(content: Path, out: Path) -> None:
    newsrooms.write(out, {"index.html": "a site made by another program"})
    build(content, out, only="feeds")
    names = {file.name.removesuffix(".gz") for file in out.rglob("*") if file.is_file()}
    assert names - {MANIFEST_FILE, ".feedsvc-build.lock"} == {
        "index.html", "feed.rss", "feed.atom", "feed.json", "feeds.opml", "feed.css",
        "rss.xml", "index.xml", "feed.xml", "atom.xml",
    }  # fmt: skip
    assert (out / "index.html").read_text() == "a site made by another program"
    assert build(content, out, only="feeds").written == 0


def test_build_of_feeds_alone_removes_pages_of_earlier_builds(content: Path, out: Path) -> None:
    first = build(content, out)
    feeds = build(content, out, only="feeds")
    assert (feeds.written, feeds.removed) == (0, first.written - feeds.unchanged)
    assert not (out / "articles").exists()
    assert not (out / "_redirects").exists()
    assert build(content, out).written == feeds.removed


def test_each_requested_coding_has_a_compressed_file(content: Path, out: Path) -> None:
    build(content, out, "br", "zstd", "gzip")
    plain_file = out / "feed.rss"
    for coding, suffix in COMPRESSED_SUFFIXES.items():
        compressed_file = out / f"feed.rss{suffix}"
        assert compressed_file.read_bytes() == compress(plain_file.read_bytes(), coding)
        assert compressed_file.stat().st_mtime_ns == plain_file.stat().st_mtime_ns
    (out / "feed.rss.zst").write_bytes(b"?")
    assert build(content, out, "br", "zstd", "gzip").written == 0
    assert (out / "feed.rss.zst").read_bytes() == compress(plain_file.read_bytes(), "zstd")


def test_change_of_coding_removes_compressed_files_of_the_other_coding(content: Path, out: Path) -> None:
    """Before the fix, servers continued to send the old files with outdated content."""
    for codings, suffix in ((("br",), ".br"), (("gzip",), ".gz"), (("br",), ".br"), (("zstd",), ".zst")):
        build(content, out, *codings)
        assert {file.suffix for file in out.rglob("*") if file.suffix in (".br", ".zst", ".gz")} == {suffix}
    assert_gzip_files_match(out)


def test_foreign_brotli_file_stops_the_build(content: Path, out: Path) -> None:
    newsrooms.write(out, {"index.html.br": "my own"})
    with pytest.raises(FeedsvcError, match=r"index.html.br was not written by feedsvc .* or build without --coding br"):
        build(content, out, "br")
    build(content, out)
    assert (out / "index.html.br").read_text() == "my own"
