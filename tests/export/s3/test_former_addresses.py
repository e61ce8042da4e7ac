"""Old addresses of redirects.yaml in a bucket: answers to plain requests, and what docs/deploy says that no object answers."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import NamedTuple

import pytest

from feedsvc.export import file_name
from tests import ROOT
from tests.export.s3.moto import Bucket, Storage
from tests.export.s3.uploads import PREFIX, object_names, target, write_small_newsroom
from tests.helpers import newsrooms

RULES = """\
exact:
  /2019/05/rich/: /articles/rich/
  /about.html: /
  /feeds/all.xml: /feed.rss
  /shop/: https://shop.example.org/
  /comments/feed/: gone
  /?p=1: /articles/rich/
  /blog/*: /articles/*
"""
REFRESH = b'<meta http-equiv="refresh" content="0; url='


class Answer(NamedTuple):
    status: int
    media_type: str
    body: bytes


@pytest.fixture(scope="module")
def site(storage: Storage, tmp_path_factory: pytest.TempPathFactory) -> Bucket:
    """Return a bucket with a site that has rules."""
    content = write_small_newsroom(tmp_path_factory.mktemp("rules"))
    (content / "redirects.yaml").write_text(RULES)
    bucket = storage.create_bucket()
    bucket.allow_reading()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in storage.variables.items():
            patch.setenv(name, value)
        with target(content, bucket) as upload:
            publication = newsrooms.load_publication(content)
            upload.build(publication)
            (sentence,) = upload.advice(publication)
    assert "no files for /?p=1 and 1 more of redirects.yaml" in sentence
    return bucket


def get(storage: Storage, bucket: Bucket, path: str) -> Answer:
    """Request an address as a server does that adds `index.html`, without credentials and without following anything."""
    try:
        with urllib.request.urlopen(f"{storage.url}/{bucket.name}/{PREFIX}/{file_name(path)}") as response:
            return Answer(response.status, response.headers["Content-Type"], response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers["Content-Type"], error.read())


def test_former_addresses_answer_with_a_page_that_redirects_or_the_feed(storage: Storage, site: Bucket) -> None:
    targets = {"/2019/05/rich/": "/daily/articles/rich/", "/about.html": "/daily/", "/shop/": "https://shop.example.org/"}
    for path, place in targets.items():
        answer = get(storage, site, path)
        assert (answer.status, answer.media_type) == (200, "text/html; charset=utf-8")
        assert REFRESH + place.encode() + b'">' in answer.body
        assert b"noindex" in answer.body
    assert get(storage, site, "/feeds/all.xml") == get(storage, site, "/feed.rss")
    assert get(storage, site, "/feeds/all.xml").media_type == "application/rss+xml; charset=utf-8"


def test_address_that_is_gone_or_that_no_object_can_answer_is_missing(storage: Storage, site: Bucket) -> None:
    assert [get(storage, site, path).status for path in ("/comments/feed/", "/blog/rich/", "/")] == [404, 404, 200]
    assert not any("?" in name for name in object_names(site))


def test_document_says_what_a_bucket_cannot_answer() -> None:
    text = (ROOT / "docs/deploy/object-storage.md").read_text("utf-8")
    section = text.partition("## Old addresses of redirects.yaml\n")[2].partition("\n## ")[0]
    for statement in ("a page that redirects", "a copy", "gone`", "404", "with a query", "a `*`"):
        assert statement in section, statement
