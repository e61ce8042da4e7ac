"""A static tree has complete files, a build writes only changed files, and never changes foreign files."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

import pytest
from PIL import Image

from feedsvc import export
from feedsvc.errors import FeedsvcError
from feedsvc.export import MANIFEST_FILE, BuildResult
from feedsvc.export.file_writer import write_bytes
from feedsvc.publication.document import Document, FileResource
from tests.helpers import newsrooms, trees
from tests.helpers.marked_images import jpeg


def build(content: Path, out: Path) -> BuildResult:
    return export.build(newsrooms.load_publication(content), out)


def files(out: Path) -> set[str]:
    """Return the names of all files except the .gz files, which exist only beside their files."""
    return {str(file.relative_to(out)) for file in trees.files(out) if file.suffix != ".gz"}


def test_second_build_writes_nothing(content: Path, out: Path) -> None:
    first = build(content, out)
    assert first.written == len(files(out))
    for file in out.rglob("*.rss"):
        os.utime(file, (1, 1))
    assert build(content, out) == BuildResult(written=0, unchanged=first.written, removed=0)
    assert {file.stat().st_mtime for file in out.rglob("*.rss")} == {1}


def test_one_save_rewrites_only_documents_that_contain_the_article(content: Path, out: Path) -> None:
    build(content, out)
    file = content / "articles/december.yaml"
    file.write_text(file.read_text().replace("December text.", "Another text."))
    before = {path: (out / path).stat().st_mtime_ns for path in files(out)}
    result = build(content, out)
    changed_names = {path for path in files(out) if (out / path).stat().st_mtime_ns != before[path]}
    listings = ("", "category/asia/", "author/ritesh/", "language/en/", "tag/한국/")
    expected = {f"{listing}archive/2025-12/feed.{suffix}" for listing in listings for suffix in ("rss", "atom", "json")}
    # The first 280 characters of an article are its summary on pages of older articles and of the month.
    pages = {f"{listing}archive/2025/index.html" for listing in listings} | {"archive/2025/12/index.html"}
    # The summary is also on pages of newer articles that link to it; in January the link to the previous article has no summary.
    related = {f"articles/{slug}/index.html" for slug in ("elsewhere", "older", "korean")}
    former = {
        f"{listing}archive/2025-12/feed.{suffix}"
        for listing in ("category/east/", "author/rn/")
        for suffix in ("rss", "atom", "json")
    }
    assert changed_names == expected | former | pages | related | {"articles/december/index.html"}
    assert result.written == len(changed_names)


def test_a_tree_is_built_as_a_site_without_combinations(content: Path, out: Path) -> None:
    """No program would answer the form on /subscribe/."""
    publication = newsrooms.load_publication(content)
    served = publication.resolve("/subscribe/")
    assert isinstance(served, Document)
    assert b"<form" in served.body
    export.build(publication, out)
    page = (out / "subscribe/index.html").read_bytes()
    assert b"<form" not in page
    newsrooms.disable_combinations(content)
    without = newsrooms.load_publication(content)
    assert not without.catalog.site.feed.combinations
    served_without = without.resolve("/subscribe/")
    assert isinstance(served_without, Document)
    assert served_without.body == page


def test_files_of_a_deleted_article_are_removed_with_their_folder(content: Path, out: Path) -> None:
    build(content, out)
    (content / "articles/older.yaml").unlink()
    file = content / "articles/rich.yaml"
    file.write_text(file.read_text().replace("/articles/older/", "/"))
    result = build(content, out)
    assert result.removed == newsrooms.OLDER_FILE_COUNT
    assert not (out / "articles/older").exists()


def test_foreign_files_are_not_changed(content: Path, out: Path) -> None:
    foreign = newsrooms.write(out, {"CNAME": "news.example\n", "articles/older/notes.txt": "mine"})
    build(content, foreign)
    (content / "articles/older.yaml").unlink()
    build(content, out)
    assert (out / "CNAME").read_text() == "news.example\n"
    assert (out / "articles/older/notes.txt").read_text() == "mine"


def test_foreign_file_at_the_path_of_a_document_stops_the_build_before_any_write(content: Path, out: Path) -> None:
    newsrooms.write(out, {"index.html": "my own front page"})
    with pytest.raises(FeedsvcError, match=r"index.html was not written by feedsvc and would be overwritten"):
        build(content, out)
    assert files(out) == {"index.html"}
    assert (out / "index.html").read_text() == "my own front page"


def test_tree_without_manifest_is_adopted(content: Path, out: Path) -> None:
    first = build(content, out)
    (out / MANIFEST_FILE).unlink()
    assert build(content, out) == BuildResult(written=0, unchanged=first.written, removed=0)


def test_forged_manifest_deletes_no_file_outside_the_tree(content: Path, out: Path, tmp_path: Path) -> None:
    build(content, out)
    victim = tmp_path / "victim.txt"
    victim.write_text("keep me")
    (out / MANIFEST_FILE).write_text("+ ../victim.txt\n- 1 2 0 ../victim.txt\n- 1 2 -1 a/../../victim.txt\n+ /etc/hostname\n")
    build(content, out)
    assert victim.read_text() == "keep me"


DAMAGED_MANIFESTS = (
    *("", "[]", "{", "12 1 x", "abc 1 2 3", "+ \n- \n= \n", "\x00", "+ a\x00b\n", "\udcff"),
    *(f"ab 3 4 5 {name}\n.\n" for name in ("n" * 5000, f"a/{'n' * 256}", "é" * 128, "n/" * 2100 + "n")),
)


@pytest.mark.parametrize("damage", DAMAGED_MANIFESTS)
def test_damaged_manifest_does_not_stop_a_build(content: Path, out: Path, damage: str) -> None:
    build(content, out)
    (out / MANIFEST_FILE).write_bytes(damage.encode("utf-8", "surrogateescape"))
    assert build(content, out).written == 0
    assert build(content, out).written == 0


@pytest.mark.parametrize("path", [".feedsvc-new-123", "articles/rich/.feedsvc-new-abc123"])
def test_temporary_files_of_a_killed_build_are_deleted(content: Path, out: Path, path: str) -> None:
    build(content, out)
    with (out / MANIFEST_FILE).open("a") as manifest:
        manifest.write("+ articles/another/index.html\n- articles/ri")
    (out / path).write_text("half")
    assert build(content, out).written == 0
    assert not (out / path).exists()
    assert "another" not in (out / MANIFEST_FILE).read_text()


def test_second_concurrent_build_is_refused(content: Path, out: Path) -> None:
    out.mkdir()
    with (out / ".feedsvc-build.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(FeedsvcError, match="another build is writing"):
            build(content, out)


def test_document_that_cannot_be_written_keeps_its_old_file(content: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(content, out)
    old = (out / "feed.rss").read_bytes()
    file = content / "articles/rich.yaml"
    file.write_text(file.read_text().replace("R&D at", "D&R at"))

    def no_space(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(out / "feed.rss"))

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(FeedsvcError, match="No space left on device"):
        build(content, out)
    assert (out / "feed.rss").read_bytes() == old
    assert not list(out.rglob(".feedsvc-new-*"))


def test_folder_at_the_path_of_a_document_is_an_error(content: Path, out: Path) -> None:
    (out / "feed.rss").mkdir(parents=True)
    with pytest.raises(FeedsvcError, match=r"feed.rss is a folder where a file belongs; move it away"):
        build(content, out)
    assert files(out) == set()


def test_folder_at_the_name_of_a_compressed_file_is_an_error(content: Path, out: Path) -> None:
    (out / "feed.rss.gz").mkdir(parents=True)
    with pytest.raises(FeedsvcError, match=r"feed.rss.gz was not written by feedsvc and would be overwritten; move it away"):
        build(content, out)


def test_link_in_the_tree_that_leaves_it_is_an_error(content: Path, out: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    out.mkdir()
    (out / "articles").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FeedsvcError, match=r"is a link that leaves"):
        build(content, out)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_media_file_with_a_name_of_255_bytes_remains_after_a_killed_build(content: Path, out: Path) -> None:
    """The name of a compressed file beside it would be too long."""
    name = f"media/{'a' * 251}.mp3"
    (content / name).write_bytes(b"sound")
    file = content / "articles/rich.yaml"
    file.write_text(file.read_text().replace("media/talk.mp3", name))
    build(content, out)
    for manifest_lines in ([f"+ {name}"], []):
        lines = [line for line in (out / MANIFEST_FILE).read_text().splitlines() if name not in line and line != "."]
        (out / MANIFEST_FILE).write_text("\n".join([*lines, *manifest_lines, ""]))
        build(content, out)
        assert (out / name).read_bytes() == b"sound"
    file.unlink()
    (out / MANIFEST_FILE).write_text((out / MANIFEST_FILE).read_text() + f"+ {name}\n")
    build(content, out)
    assert not (out / name).exists()


def test_media_and_static_files_are_written_before_pages(tmp_path: Path) -> None:
    """Before the fix, a client that read the tree during a build got pages without images."""
    out = tmp_path / "out"
    export.build(newsrooms.load_publication(newsrooms.write_sample(tmp_path / "content")), out, processes=1)
    ctime_by_name = {file.relative_to(out).as_posix(): file.stat().st_ctime_ns for file in out.rglob("*") if file.is_file()}
    files = [
        ctime
        for name, ctime in ctime_by_name.items()
        if name.startswith(("media/", "static/", "sized/")) and not name.endswith(".gz")
    ]
    pages = [ctime for name, ctime in ctime_by_name.items() if name.endswith("/index.html")]
    assert len(files) > 3
    assert max(files) <= min(pages)


def test_image_saved_while_it_is_copied_is_an_error(tmp_path: Path) -> None:
    path = tmp_path.resolve() / "a.jpg"
    path.write_bytes(jpeg((2400, 1800), draw=lambda size: Image.effect_noise(size, 80).convert("RGB")))
    assert path.stat().st_size > 1024 * 1024, "more than is read at once"
    resource = FileResource(path="/media/a.jpg", location=str(path), media_type="image/jpeg", length=1, is_cleaned=True)
    read_end, write_end = os.pipe()  # the copy blocks while the pipe is full
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)

    def save() -> None:
        os.read(read_end, 1000)
        path.write_bytes(jpeg((30, 20)))
        while os.read(read_end, 65_536):
            pass

    editor = threading.Thread(target=save)
    editor.start()
    try:
        with pytest.raises(FeedsvcError, match="was written to while it was copied; build again"):
            write_bytes(write_end, resource)
    finally:
        os.close(write_end)
        editor.join()
        os.close(read_end)
