"""A publication in a bucket: the same bytes as a tree's, the server's headers, only what changed, feeds last, deletions after."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc import export
from feedsvc.errors import FeedsvcError
from feedsvc.export import MANIFEST_FILE, BuildResult, aliases, file_name
from feedsvc.export.s3.client import BucketClient
from feedsvc.export.s3.upload import Upload
from feedsvc.publication.document import Document
from feedsvc.web.media_files import MediaResponder
from feedsvc.web.open_files import OpenFiles
from feedsvc.web.responses import respond
from tests.export.s3.moto import Shelf
from tests.helpers import newsrooms

NEWS = "daily"  # the prefix


def build(content: Path, shelf: Shelf, *, only: str = "", coding: str = "", processes: int = 1, **sizes: int) -> BuildResult:
    with Upload(f"s3://{shelf.name}/{NEWS}/", selection=only, coding=coding, processes=processes, **sizes) as upload:
        return upload.build(newsrooms.load_publication(content))


def files(out: Path) -> dict[str, bytes]:
    """A tree's, without twins and what only other hosts read."""
    others = (".feedsvc", "_redirects", "_headers")
    found = (file for file in out.rglob("*") if file.is_file() and not file.name.startswith(others) and file.suffix != ".gz")
    return {str(file.relative_to(out)): file.read_bytes() for file in found}


def names(shelf: Shelf) -> set[str]:
    below = (key.removeprefix(f"{NEWS}/") for key in shelf.all_keys() if key.startswith(f"{NEWS}/"))
    return {name for name in below if not name.startswith(MANIFEST_FILE)}


def objects(shelf: Shelf) -> dict[str, bytes]:
    return {name: shelf.get(f"{NEWS}/{name}")["Body"] for name in names(shelf)}


def changed(shelf: Shelf) -> list[str]:
    """The names that were put since the shelf listened, in order; without the inventory."""
    put = [one.key.removeprefix(f"{NEWS}/") for one in shelf.asked("PUT")]
    return [name for name in put if not name.startswith(MANIFEST_FILE)]


def save(content: Path, old: str = "December text.", new: str = "Another text.", file: str = "december.yaml") -> None:
    path = content / "articles" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def drop_older(content: Path) -> None:
    (content / "articles/older.yaml").unlink()
    save(content, "/articles/older/", "/", "rich.yaml")


def test_a_bucket_holds_what_a_tree_holds_and_each_object_was_put_once(content: Path, shelf: Shelf, tmp_path: Path) -> None:
    built = build(content, shelf)
    export.build(newsrooms.load_publication(content), tmp_path / "out")
    assert objects(shelf) == files(tmp_path / "out")
    assert built == BuildResult(written=len(names(shelf)), unchanged=0, removed=0)
    assert sorted(changed(shelf)) == sorted(names(shelf))


def test_the_headers_of_an_object_are_those_that_the_live_server_sends(content: Path, shelf: Shelf) -> None:
    build(content, shelf)
    publication, now = newsrooms.load_publication(content), datetime(2026, 3, 1, 12, tzinfo=UTC)
    for path in publication.paths():
        found, request = publication.resolve(path), ("HEAD", {})
        assert found
        if isinstance(found, Document):
            sent = dict(respond(found, request, now, None).headers)
        else:
            response = MediaResponder(lambda *_: None, OpenFiles(8)).respond(found, request, now, None)
            assert response
            sent = dict(response.headers)
        got = shelf.get(f"{NEWS}/{file_name(path)}")
        assert (got["ContentType"], got["CacheControl"]) == (sent["Content-Type"], sent["Cache-Control"]), path
        assert "ContentEncoding" not in got


def test_the_page_for_what_is_missing_is_kept_no_longer_than_the_live_server_s(content: Path, shelf: Shelf) -> None:
    build(content, shelf)
    publication = newsrooms.load_publication(content)
    sent = dict(respond(publication.not_found_page(), ("GET", {}), datetime(2026, 3, 1, 12, tzinfo=UTC), None).headers)
    assert shelf.get(f"{NEWS}/404.html")["CacheControl"] == sent["Cache-Control"] == "public, max-age=10"


def test_a_second_build_lists_and_puts_nothing(content: Path, shelf: Shelf) -> None:
    first = build(content, shelf)
    shelf.listen()
    assert build(content, shelf) == BuildResult(written=0, unchanged=first.written, removed=0)
    assert shelf.asked("PUT", "POST", "DELETE", "HEAD") == []
    listed, *read = shelf.asked("GET")
    assert (listed.key, "list-type=2" in listed.query) == ("", True)
    assert {one.key.rpartition("/")[0] for one in read} == {f"{NEWS}/{MANIFEST_FILE}"}


def test_one_save_puts_only_the_documents_it_belongs_to(content: Path, shelf: Shelf, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(content, shelf)
    export.build(newsrooms.load_publication(content), out)
    before = files(out)
    save(content)
    shelf.listen()
    built = build(content, shelf)
    export.build(newsrooms.load_publication(content), out)
    assert objects(shelf) == files(out)
    assert sorted(changed(shelf)) == sorted(name for name, body in files(out).items() if before.get(name) != body)
    assert built.written == len(changed(shelf))
    assert len(shelf.asked("PUT")) == built.written + 1, "what was learnt is noted by one request"


def test_everything_that_a_feed_names_is_there_before_the_feed_and_archives_before_those_that_lead_to_them(
    content: Path, shelf: Shelf
) -> None:
    build(content, shelf)
    # What stands at former addresses is named nowhere.
    former = {*map(file_name, aliases.former_paths(newsrooms.load_publication(content).catalog))}
    put = [name for name in changed(shelf) if name not in former]
    feeds = [name for name in put if re.search(r"feed\.(?:rss|atom|json)$", name)]
    current, archives = [name for name in feeds if "archive/" not in name], [name for name in feeds if "archive/" in name]
    named = [name for name in put if name.startswith(("media/", "static/")) or name.endswith("index.html")]
    named.remove("subscribe/index.html")
    assert current
    assert max(map(put.index, named)) < min(map(put.index, archives))
    assert max(map(put.index, archives)) < min(map(put.index, current))
    assert max(map(put.index, current)) < min(put.index("feeds.opml"), put.index("sitemap.xml"))
    assert max(put.index(name) for name in put if name.startswith("media/")) < put.index("articles/rich/index.html")


def test_what_no_longer_belongs_goes_after_the_last_feed_and_leaves_no_name(content: Path, shelf: Shelf) -> None:
    build(content, shelf)
    drop_older(content)
    shelf.listen()
    assert build(content, shelf).removed == 1
    assert "articles/older/index.html" not in names(shelf)
    asked = shelf.asked("PUT", "POST")
    removing = next(index for index, one in enumerate(asked) if one.method == "POST")
    assert all(MANIFEST_FILE in one.key for one in asked[removing:] if one.method == "PUT")
    parts = [key for key in shelf.all_keys() if MANIFEST_FILE in key]
    assert len(parts) == 1
    assert b"articles/older" not in gzip.decompress(shelf.get(parts[0])["Body"])


def test_objects_of_other_origin_are_left_alone(content: Path, shelf: Shelf) -> None:
    shelf.put(f"{NEWS}/articles/older/notes.txt", b"mine")
    shelf.put("daily-mail/index.html", b"mine")
    shelf.put("index.html", b"mine")
    build(content, shelf)
    drop_older(content)
    build(content, shelf)
    for key in (f"{NEWS}/articles/older/notes.txt", "daily-mail/index.html", "index.html"):
        assert shelf.get(key)["Body"] == b"mine"


def test_an_object_of_other_origin_in_the_way_stops_the_build_before_anything_is_put(content: Path, shelf: Shelf) -> None:
    shelf.put(f"{NEWS}/feed.rss", b"my own feed")
    shelf.listen()
    with pytest.raises(FeedsvcError, match=rf"s3://{shelf.name}/daily/feed.rss was not put there by feedsvc"):
        build(content, shelf)
    assert shelf.asked("PUT", "POST", "DELETE") == []
    assert shelf.get(f"{NEWS}/feed.rss")["Body"] == b"my own feed"


def test_who_has_a_page_for_what_is_missing_keeps_it(content: Path, shelf: Shelf) -> None:
    shelf.put(f"{NEWS}/404.html", b"Nothing here")
    first = build(content, shelf)
    assert build(content, shelf) == BuildResult(written=0, unchanged=first.written + first.unchanged, removed=0)
    assert shelf.get(f"{NEWS}/404.html")["Body"] == b"Nothing here"


def test_what_somebody_copied_there_is_taken_up_and_gets_its_headers(content: Path, shelf: Shelf, tmp_path: Path) -> None:
    export.build(newsrooms.load_publication(content), tmp_path / "out")
    for name, body in files(tmp_path / "out").items():
        shelf.put(f"{NEWS}/{name}", body)
    build(content, shelf)
    assert shelf.get(f"{NEWS}/feed.rss")["ContentType"] == "application/rss+xml; charset=utf-8"
    (content / "articles/older.yaml").unlink()
    save(content, "/articles/older/", "/", "rich.yaml")
    assert build(content, shelf).removed == 1


def test_a_bucket_that_lost_its_inventory_is_taken_up_again(content: Path, shelf: Shelf) -> None:
    first = build(content, shelf)
    for key in shelf.all_keys():
        if MANIFEST_FILE in key:
            shelf.remove(key)
    shelf.listen()
    assert build(content, shelf) == BuildResult(written=0, unchanged=first.written, removed=0)
    assert changed(shelf) == []
    drop_older(content)
    assert build(content, shelf).removed == 1


def lose_notes(shelf: Shelf, below: str = NEWS) -> None:
    for key in shelf.all_keys():
        if key.startswith(f"{below}/{MANIFEST_FILE}"):
            shelf.remove(key)


def test_a_withdrawn_page_goes_from_a_bucket_whose_notes_were_deleted(content: Path, shelf: Shelf, tmp_path: Path) -> None:
    build(content, shelf)
    lose_notes(shelf)
    save(content, "body: January text.", "body: January text.\nstatus: withdrawn", "january.yaml")
    drop_older(content)
    there = names(shelf)
    assert build(content, shelf).removed == len(there - names(shelf)) >= 1
    assert b"withdrawn" in shelf.get(f"{NEWS}/articles/january/index.html")["Body"]
    assert b"January text." not in shelf.get(f"{NEWS}/articles/january/index.html")["Body"]
    export.build(newsrooms.load_publication(content), tmp_path / "out")
    assert objects(shelf) == files(tmp_path / "out")
    shelf.listen()
    assert build(content, shelf).written == 0
    assert shelf.asked("PUT", "POST", "HEAD") == []


def test_of_notes_that_were_deleted_in_part_nothing_stays_public_either(content: Path, shelf: Shelf) -> None:
    build(content, shelf)
    save(content)
    build(content, shelf)
    shelf.remove(min(key for key in shelf.all_keys() if MANIFEST_FILE in key))
    drop_older(content)
    assert build(content, shelf).removed == 1
    assert "articles/older/index.html" not in names(shelf)


def test_what_others_put_stays_where_notes_were_deleted(content: Path, shelf: Shelf) -> None:
    others = [f"{NEWS}/articles/of-others/index.html", f"{NEWS}/media/of-others.mp3", f"{NEWS}/notes.txt", "daily-mail/feed.rss"]
    for key in others:
        shelf.put(key, b"mine")
    build(content, shelf)
    lose_notes(shelf)
    shelf.listen()
    assert build(content, shelf).removed == 0
    assert {shelf.get(key)["Body"] for key in others} == {b"mine"}
    assert f"{NEWS}/notes.txt" not in {one.key for one in shelf.asked("HEAD")}, "no build puts anything there"


def tagged(folder: Path, tag: str) -> Path:
    keys = {"articles/one.yaml": {"tags": f"[{tag}]"}, "articles/two.yaml": {}}
    for name, more in keys.items():
        newsrooms.write(folder, {**newsrooms.SITE, **newsrooms.article(Path(name).stem, **more)})
    return folder


def test_a_site_that_lies_inside_another_keeps_its_pages_and_who_builds_the_outer_one_is_told(
    content: Path, shelf: Shelf, tmp_path: Path
) -> None:
    inner = f"{NEWS}/tag/media"
    with Upload(f"s3://{shelf.name}/{inner}") as upload:
        upload.build(newsrooms.load_publication(content))
    body = shelf.get(f"{inner}/feed.rss")["Body"]
    outer = tagged(tmp_path / "outer", "media")
    with pytest.raises(
        FeedsvcError, match=rf"/tag/media/\S+ was put there by the build to s3://{shelf.name}/{inner} and would be overwritten; b"
    ):
        build(outer, shelf)
    assert not names(shelf) - {name for name in names(shelf) if name.startswith("tag/media/")}, "nothing was put"
    assert shelf.get(f"{inner}/feed.rss")["Body"] == body


@pytest.mark.parametrize("lost", [False, True])
def test_what_no_longer_belongs_to_an_outer_site_and_is_an_inner_one_s_by_now_stays(
    content: Path, shelf: Shelf, tmp_path: Path, *, lost: bool
) -> None:
    outer, inner = tagged(tmp_path / "outer", "media"), f"{NEWS}/tag/media"
    build(outer, shelf)
    with Upload(f"s3://{shelf.name}/{inner}") as upload:
        upload.build(newsrooms.load_publication(content))
        theirs = {key for key in shelf.all_keys() if key.startswith(inner)}
        if lost:
            lose_notes(shelf)
        build(tagged(outer, "sport"), shelf)
        assert {key for key in shelf.all_keys() if key.startswith(inner)} == theirs
        assert upload.build(newsrooms.load_publication(content)).written == 0


@pytest.mark.parametrize(
    "damage",
    [b"{", gzip.compress(b"[]", mtime=0), gzip.compress(b'{"common": 1, "notes": {"a": 7}}', mtime=0)],
    ids=["no archive", "a list", "a text for a number"],
)
def test_a_damaged_inventory_is_no_hindrance(content: Path, shelf: Shelf, damage: bytes) -> None:
    first = build(content, shelf)
    for key in shelf.all_keys():
        if MANIFEST_FILE in key:
            shelf.put(key, damage)
    assert build(content, shelf) == BuildResult(written=0, unchanged=first.written, removed=0)
    shelf.listen()
    assert build(content, shelf).written == 0
    assert shelf.asked("PUT", "HEAD") == []


@pytest.mark.parametrize("harm", ["put", "remove"])
def test_what_somebody_else_changed_or_removed_is_put_again_whatever_was_noted(content: Path, shelf: Shelf, harm: str) -> None:
    build(content, shelf)
    body = shelf.get(f"{NEWS}/feed.rss")["Body"]
    getattr(shelf, harm)(f"{NEWS}/feed.rss")
    shelf.listen()
    assert build(content, shelf).written == 1
    assert changed(shelf) == ["feed.rss"]
    assert shelf.get(f"{NEWS}/feed.rss")["Body"] == body


def test_the_same_bytes_with_other_headers_are_put_again(content: Path, shelf: Shelf) -> None:
    build(content, shelf)
    shelf.put(f"{NEWS}/feed.rss", shelf.get(f"{NEWS}/feed.rss")["Body"], ContentType="text/plain")
    # The entity tag is that of the bytes, so the list shows no difference; an inventory that is lost makes it look.
    for key in shelf.all_keys():
        if MANIFEST_FILE in key:
            shelf.remove(key)
    assert build(content, shelf).written == 1
    assert shelf.get(f"{NEWS}/feed.rss")["ContentType"] == "application/rss+xml; charset=utf-8"


@pytest.mark.parametrize("metadata", [{}, {"feedsvc": ""}])
def test_headers_that_somebody_changed_in_place_are_put_right(content: Path, shelf: Shelf, metadata: dict[str, str]) -> None:
    first = build(content, shelf)
    before = shelf.get(f"{NEWS}/feed.rss")
    time.sleep(2.1)  # the storage tells seconds
    kept = {name: before["Metadata"][name] for name in metadata}
    shelf.copy_onto_itself(f"{NEWS}/feed.rss", ContentType="text/plain", Metadata=kept)
    assert shelf.get(f"{NEWS}/feed.rss")["ContentType"] == "text/plain"
    shelf.listen()
    assert build(content, shelf, clock_skew=0) == BuildResult(written=1, unchanged=first.written - 1, removed=0)
    assert changed(shelf) == ["feed.rss"]
    after = shelf.get(f"{NEWS}/feed.rss")
    assert [after[name] for name in ("ContentType", "Metadata", "Body")] == [
        before[name] for name in ("ContentType", "Metadata", "Body")
    ]
    shelf.listen()
    assert build(content, shelf, clock_skew=0).written == 0
    assert shelf.asked("PUT", "HEAD") == []


def test_with_a_coding_documents_are_put_compressed_and_media_as_they_are(content: Path, shelf: Shelf) -> None:
    plain = build(content, shelf)
    bodies = objects(shelf)
    coded = build(content, shelf, coding="gzip")
    assert 0 < coded.written < plain.written
    got = shelf.get(f"{NEWS}/feed.rss")
    assert (got["ContentEncoding"], gzip.decompress(got["Body"])) == ("gzip", bodies["feed.rss"])
    assert "ContentEncoding" not in shelf.get(f"{NEWS}/media/lead.jpg")
    assert build(content, shelf, coding="gzip").written == 0
    assert build(content, shelf).written == coded.written
    assert objects(shelf) == bodies


def test_a_large_file_is_put_in_parts_and_stays(content: Path, shelf: Shelf) -> None:
    sound = b"\xff\xfb" + bytes(17 * 1024 * 1024)
    (content / "media/talk.mp3").write_bytes(sound)
    build(content, shelf)
    assert "-" in shelf.get(f"{NEWS}/media/talk.mp3")["ETag"], "nobody can tell its bytes by this entity tag"
    assert shelf.get(f"{NEWS}/media/talk.mp3")["Body"] == sound
    assert shelf.get(f"{NEWS}/media/talk.mp3")["ContentType"] == "audio/mpeg"
    (content / "media/talk.mp3").touch()
    shelf.listen()
    assert build(content, shelf).written == 0
    assert changed(shelf) == []


def test_only_feeds_are_put_with_what_they_need(content: Path, shelf: Shelf) -> None:
    shelf.put(f"{NEWS}/index.html", b"a site made by another program")
    build(content, shelf, only="feeds")
    assert {name.rpartition("/")[2] for name in names(shelf)} == {
        "index.html", "feed.rss", "feed.atom", "feed.json", "feeds.opml", "feed.css",
        "rss.xml", "index.xml", "feed.xml", "atom.xml",
    }  # fmt: skip
    assert shelf.get(f"{NEWS}/index.html")["Body"] == b"a site made by another program"


def test_many_notes_are_put_together_again(content: Path, shelf: Shelf) -> None:
    build(content, shelf, max_parts=1, flush_size=10)
    assert sum(MANIFEST_FILE in key for key in shelf.all_keys()) == 1
    save(content)
    build(content, shelf, max_parts=2)
    assert sum(MANIFEST_FILE in key for key in shelf.all_keys()) == 2
    shelf.listen()
    assert build(content, shelf).written == 0
    assert shelf.asked("PUT", "HEAD") == []


def test_two_builds_at_once_find_out_and_the_next_one_mends_it(content: Path, shelf: Shelf, tmp_path: Path) -> None:
    other = newsrooms.write_sample(tmp_path / "other")
    save(other, new="Of another build.")
    build(content, shelf)
    save(content)

    def meanwhile(done: Iterable[int], _: int) -> Iterable[int]:
        build(other, shelf)
        return done

    with (
        Upload(f"s3://{shelf.name}/{NEWS}") as upload,
        pytest.raises(FeedsvcError, match=rf"another build is writing s3://{shelf.name}/daily; wait for it to end"),
    ):
        upload.build(newsrooms.load_publication(content), meanwhile)
    build(content, shelf)
    export.build(newsrooms.load_publication(content), tmp_path / "out")
    assert objects(shelf) == files(tmp_path / "out")


def test_a_part_whose_answer_was_lost_is_known_again(shelf: Shelf) -> None:
    bucket = BucketClient(f"s3://{shelf.name}")
    assert bucket.create("part", b"1")
    assert not bucket.create("part", b"2")
    bucket.close_connections()
    assert shelf.get("part")["Body"] == b"1"


def test_an_edition_puts_its_changes_and_removes_what_has_gone(content: Path, shelf: Shelf, tmp_path: Path) -> None:
    before = newsrooms.load_publication(content)
    with Upload(f"s3://{shelf.name}/{NEWS}") as upload:
        upload.build(before)
        there = names(shelf)
        drop_older(content)
        save(content)
        save(content, "body: January text.", "body: January text.\nstatus: withdrawn", "january.yaml")
        shelf.listen()
        after = newsrooms.load_publication(content)
        built = upload.update(after, after.changed_since(before))
        assert shelf.asked("GET", "HEAD") == [], "it knows what is there"
        assert upload.update(after, after.changed_since(before)).written == 0
    assert (built.removed, built.written) == (len(there - names(shelf)), len(changed(shelf)))
    export.build(after, tmp_path / "out")
    assert objects(shelf) == files(tmp_path / "out")


def test_after_a_fault_an_edition_looks_at_all_of_it_again(content: Path, shelf: Shelf, tmp_path: Path) -> None:
    publication = newsrooms.load_publication(content)

    def broken(done: Iterable[int], _: int) -> Iterable[int]:
        raise FeedsvcError("no more")

    with Upload(f"s3://{shelf.name}/{NEWS}") as upload:
        upload.build(publication)
        save(content)
        after = newsrooms.load_publication(content)
        with pytest.raises(FeedsvcError, match="no more"):
            upload.build(after, broken)
        upload.update(after, ["/feed.rss"])
    export.build(after, tmp_path / "out")
    assert objects(shelf) == files(tmp_path / "out")


def test_several_processes_put_the_same(shelf: Shelf, tmp_path: Path) -> None:
    content = newsrooms.write(tmp_path / "many", newsrooms.SITE)
    for number in range(250):
        newsrooms.write(content, newsrooms.article(f"a{number}", f"2026-01-{number % 28 + 1:02}"))
    steps: list[int] = []

    def counted(done: Iterable[int], _: int) -> Iterable[int]:
        steps.extend(done)
        return steps

    with Upload(f"s3://{shelf.name}/{NEWS}", processes=2) as upload:
        built = upload.build(newsrooms.load_publication(content), counted)
    export.build(newsrooms.load_publication(content), tmp_path / "out")
    assert objects(shelf) == files(tmp_path / "out")
    assert sum(steps) == built.written == len(names(shelf))


def test_an_inventory_is_small_and_for_nobody_else(content: Path, shelf: Shelf) -> None:
    build(content, shelf)
    [first, *_] = [key for key in shelf.all_keys() if MANIFEST_FILE in key]
    got = shelf.get(first)
    assert (got["CacheControl"], got["ContentType"]) == ("private, no-store", "application/gzip")
    assert set(json.loads(gzip.decompress(got["Body"]))) == {"is_whole", "common", "notes"}
    assert hashlib.md5(got["Body"]).hexdigest() == got["ETag"].strip('"')


def test_a_medium_that_becomes_a_link_to_a_draft_is_put_into_no_bucket(content: Path, shelf: Shelf) -> None:
    """It was a file when the folder was read."""
    publication = newsrooms.load_publication(content)
    (content / "articles/draft.yaml").write_text("title: zqunpublished\nstatus: draft\n")
    (content / "media/talk.mp3").unlink()
    (content / "media/talk.mp3").symlink_to("../articles/draft.yaml")
    with Upload(f"s3://{shelf.name}/{NEWS}/") as upload, pytest.raises(FeedsvcError, match=r"cannot be read .*build again"):
        upload.build(publication)
    assert not any(b"zqunpublished" in body for body in objects(shelf).values())
