"""An upload puts the bytes of the static tree with the headers of the live server: only changed objects, feeds last."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from feedsvc import export
from feedsvc.errors import FeedsvcError
from feedsvc.export import MANIFEST_FILE, BuildResult, file_name
from feedsvc.publication.document import Document
from feedsvc.web.media_files import MediaResponder
from feedsvc.web.responses import respond
from tests.export.s3.moto import Bucket, Storage
from tests.export.s3.uploads import (
    PREFIX,
    build,
    delete_older_article,
    object_bodies,
    object_names,
    save,
    target,
    tree_files,
    uploaded_names,
)
from tests.helpers import newsrooms


class Site(NamedTuple):
    """A bucket after the first build of the sample, for tests that only read."""

    content: Path
    bucket: Bucket
    result: BuildResult


@pytest.fixture(scope="module")
def site(storage: Storage, tmp_path_factory: pytest.TempPathFactory) -> Site:
    content, bucket = newsrooms.write_sample(tmp_path_factory.mktemp("site")), storage.create_bucket()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in storage.variables.items():
            patch.setenv(name, value)
        return Site(content, bucket, build(content, bucket))


def test_bucket_equals_the_static_tree_and_each_object_is_uploaded_once_feeds_after_what_they_link_to(
    site: Site, tmp_path: Path
) -> None:
    content, bucket, result = site
    publication = newsrooms.load_publication(content)
    export.build(publication, tmp_path / "out")
    assert object_bodies(bucket) == tree_files(tmp_path / "out")
    assert result == BuildResult(written=len(object_names(bucket)), unchanged=0, removed=0)
    names = uploaded_names(bucket)
    assert sorted(names) == sorted(object_names(bucket))
    linked = [names.index(file_name(path)) for path in publication.paths() if path.startswith(("/articles/", "/media/"))]
    newest_feeds = [
        names.index(file_name(path))
        for path in publication.paths()
        if re.match(r"(?!.*/archive/).*/feed\.(rss|atom|json)$", path)
    ]
    assert max(linked) < min(newest_feeds), "a killed build leaves no feed with a link to nothing"


def test_objects_have_the_media_type_of_the_live_server_and_five_minutes(site: Site) -> None:
    publication, now = newsrooms.load_publication(site.content), datetime(2026, 3, 1, 12, tzinfo=UTC)
    responder = MediaResponder(lambda *_: None)
    for path in publication.paths():
        resource, request = publication.resolve(path), ("HEAD", {})
        assert resource
        live = (
            respond(resource, request, now, None)
            if isinstance(resource, Document)
            else responder.respond(resource, request, now, None)
        )
        assert live
        stored = site.bucket.get(f"{PREFIX}/{file_name(path)}")
        expected = (dict(live.headers)["Content-Type"], "public, max-age=300")
        assert (stored["ContentType"], stored["CacheControl"]) == expected, path
        assert "ContentEncoding" not in stored
    missing = dict(respond(publication.not_found_page, ("GET", {}), now, None).headers)
    assert site.bucket.get(f"{PREFIX}/404.html")["CacheControl"] == missing["Cache-Control"] == "public, max-age=10"


def test_one_save_uploads_only_documents_that_contain_the_article(small_content: Path, bucket: Bucket, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(small_content, bucket)
    export.build(newsrooms.load_publication(small_content), out)
    before = tree_files(out)
    save(small_content)
    bucket.clear_requests()
    result = build(small_content, bucket)
    export.build(newsrooms.load_publication(small_content), out)
    assert object_bodies(bucket) == tree_files(out)
    names = uploaded_names(bucket)
    assert sorted(names) == sorted(name for name, body in tree_files(out).items() if before.get(name) != body)
    assert result.written == len(names)
    assert len(bucket.requests("PUT")) == result.written + 2, "the manifest is written before and after the other objects"


def test_foreign_object_at_the_key_of_a_document_stops_the_build_before_any_upload(small_content: Path, bucket: Bucket) -> None:
    bucket.put(f"{PREFIX}/feed.rss", b"my own feed")
    bucket.clear_requests()
    with pytest.raises(FeedsvcError, match=rf"s3://{bucket.name}/daily/feed.rss was not put there by the build to"):
        build(small_content, bucket)
    assert bucket.requests("PUT", "POST", "DELETE") == []
    assert bucket.get(f"{PREFIX}/feed.rss")["Body"] == b"my own feed"


def test_address_with_a_key_above_1024_bytes_is_named_and_the_rest_is_uploaded(
    small_content: Path, bucket: Bucket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folders = "/".join(letter * 240 for letter in "abcd")
    path = f"media/{folders}/{'e' * 80}.txt"
    newsrooms.write(small_content, {path: "text"} | newsrooms.article("long", enclosures=f"[{{src: {path}}}]"))
    result = build(small_content, bucket)
    warning = f"feedsvc: /{path} is not uploaded: its key has 1,060 bytes, and S3 allows 1,024; give it a shorter name"
    assert [record.getMessage()[: len(warning)] for record in caplog.records if "not uploaded" in record.getMessage()] == [
        warning
    ]
    assert result.written > 20
    assert bucket.get(f"{PREFIX}/articles/long/index.html")["Body"]


def test_404_page_of_the_operator_is_not_overwritten(small_content: Path, bucket: Bucket) -> None:
    bucket.put(f"{PREFIX}/404.html", b"Nothing here")
    first = build(small_content, bucket)
    assert build(small_content, bucket) == BuildResult(written=0, unchanged=first.written + first.unchanged, removed=0)
    assert bucket.get(f"{PREFIX}/404.html")["Body"] == b"Nothing here"


def test_gzip_coding_compresses_documents_and_no_media(small_content: Path, bucket: Bucket) -> None:
    plain_result = build(small_content, bucket)
    bodies = object_bodies(bucket)
    gzip_result = build(small_content, bucket, coding="gzip")
    assert 0 < gzip_result.written < plain_result.written
    stored = bucket.get(f"{PREFIX}/feed.rss")
    assert (stored["ContentEncoding"], gzip.decompress(stored["Body"])) == ("gzip", bodies["feed.rss"])
    assert "ContentEncoding" not in bucket.get(f"{PREFIX}/media/lead.jpg")
    assert build(small_content, bucket, coding="gzip").written == 0
    assert build(small_content, bucket).written == gzip_result.written
    assert object_bodies(bucket) == bodies


def test_large_file_is_uploaded_in_parts_and_not_again(small_content: Path, bucket: Bucket) -> None:
    sound = b"\xff\xfb" + bytes(17 * 1024 * 1024)
    (small_content / "media/talk.mp3").write_bytes(sound)
    build(small_content, bucket)
    assert "-" in bucket.get(f"{PREFIX}/media/talk.mp3")["ETag"], "the ETag of a multipart upload is no digest of the bytes"
    assert bucket.get(f"{PREFIX}/media/talk.mp3")["Body"] == sound
    assert bucket.get(f"{PREFIX}/media/talk.mp3")["ContentType"] == "audio/mpeg"
    (small_content / "media/talk.mp3").touch()
    bucket.clear_requests()
    assert build(small_content, bucket).written == 0
    assert uploaded_names(bucket) == []


def test_upload_of_feeds_alone_has_feeds_and_their_stylesheet(small_content: Path, bucket: Bucket) -> None:
    bucket.put(f"{PREFIX}/index.html", b"a site made by another program")
    build(small_content, bucket, only="feeds")
    names = {name.rpartition("/")[2] for name in object_names(bucket)}
    well_known = {"rss.xml", "index.xml", "feed.xml", "atom.xml"}
    assert names == {"index.html", "feed.rss", "feed.atom", "feed.json", "feeds.opml", "feed.css", *well_known}
    assert bucket.get(f"{PREFIX}/index.html")["Body"] == b"a site made by another program"


def test_update_uploads_changes_and_deletes_outdated_objects(small_content: Path, bucket: Bucket, tmp_path: Path) -> None:
    before = newsrooms.load_publication(small_content)
    with target(small_content, bucket) as upload:
        upload.build(before)
        names_before = object_names(bucket)
        delete_older_article(small_content)
        save(small_content)
        save(small_content, "body: January text.", "body: January text.\nstatus: withdrawn", "january.yaml")
        bucket.clear_requests()
        after = newsrooms.load_publication(small_content)
        result = upload.update(after, after.changed_since(before))
        assert bucket.requests("GET") == [], "the upload knows the objects"
        new_names = object_names(bucket) - names_before
        assert {request.key for request in bucket.requests("HEAD")} == {
            f"{PREFIX}/{name}" for name in (*new_names, MANIFEST_FILE)
        }, "whether there are other objects is asked for new names only"
        assert upload.update(after, after.changed_since(before)).written == 0
    assert (result.removed, result.written) == (len(names_before - object_names(bucket)), len(uploaded_names(bucket)))
    export.build(after, tmp_path / "out")
    assert object_bodies(bucket) == tree_files(tmp_path / "out")


def test_update_after_an_error_checks_all_objects(small_content: Path, bucket: Bucket, tmp_path: Path) -> None:
    publication = newsrooms.load_publication(small_content)

    progress_calls: list[int] = []

    def fail(steps: Iterable[int], total: int) -> Iterable[int]:
        progress_calls.append(total)
        if len(progress_calls) == 2:  # the tree is built, and the upload begins
            raise FeedsvcError("no more")
        return steps

    with target(small_content, bucket) as upload:
        upload.build(publication)
        save(small_content)
        after = newsrooms.load_publication(small_content)
        with pytest.raises(FeedsvcError, match="no more"):
            upload.build(after, fail)
        upload.update(after, ["/feed.rss"])
    export.build(after, tmp_path / "out")
    assert object_bodies(bucket) == tree_files(tmp_path / "out")


def test_media_file_replaced_with_a_link_to_a_draft_is_not_uploaded(small_content: Path, bucket: Bucket) -> None:
    """The path was a regular file when the content folder was read."""
    publication = newsrooms.load_publication(small_content)
    (small_content / "articles/draft.yaml").write_text("title: zqunpublished\nstatus: draft\n")
    (small_content / "media/talk.mp3").unlink()
    (small_content / "media/talk.mp3").symlink_to("../articles/draft.yaml")
    with target(small_content, bucket) as upload, pytest.raises(FeedsvcError, match=r"cannot be read .*build again"):
        upload.build(publication)
    assert not any(b"zqunpublished" in body for body in object_bodies(bucket).values())
