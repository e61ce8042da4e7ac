"""Old addresses of redirects.yaml in a bucket: answers to plain requests, and what docs/deploy says that no object answers."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

import pytest

from feedsvc.export import file_name
from tests import ROOT
from tests.export.s3.moto import Bucket, Storage
from tests.export.s3.uploads import PREFIX, build, object_names, target
from tests.helpers import newsrooms

RULES = """\
exact:
  /2019/05/rich/: /articles/rich/
  /about.html: /category/asia/
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


@pytest.fixture
def rules(content: Path) -> Path:
    """Return a content folder with rules."""
    (content / "redirects.yaml").write_text(RULES)
    return content


@pytest.fixture(scope="module")
def site(storage: Storage, tmp_path_factory: pytest.TempPathFactory) -> Bucket:
    """Return a bucket with a site that has rules, for tests that only read it."""
    content = newsrooms.write_sample(tmp_path_factory.mktemp("rules"))
    (content / "redirects.yaml").write_text(RULES)
    bucket = storage.create_bucket()
    bucket.allow_reading()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in storage.variables.items():
            patch.setenv(name, value)
        build(content, bucket)
    return bucket


def get(storage: Storage, bucket: Bucket, path: str) -> Answer:
    """Request an address as a server does that adds `index.html`, without credentials and without following anything."""
    try:
        with urllib.request.urlopen(f"{storage.url}/{bucket.name}/{PREFIX}/{file_name(path)}") as response:
            return Answer(response.status, response.headers["Content-Type"], response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers["Content-Type"], error.read())


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/2019/05/rich/", "/daily/articles/rich/"),
        ("/about.html", "/daily/category/asia/"),
        ("/shop/", "https://shop.example.org/"),
    ],
)
def test_former_address_answers_with_a_page_that_redirects(storage: Storage, site: Bucket, path: str, target: str) -> None:
    answer = get(storage, site, path)
    assert (answer.status, answer.media_type) == (200, "text/html; charset=utf-8")
    assert REFRESH + target.encode() + b'">' in answer.body
    assert b"noindex" in answer.body


def test_former_address_of_a_feed_answers_with_the_feed(storage: Storage, site: Bucket) -> None:
    assert get(storage, site, "/feeds/all.xml") == get(storage, site, "/feed.rss")
    assert get(storage, site, "/feeds/all.xml").media_type == "application/rss+xml; charset=utf-8"


@pytest.mark.parametrize("path", ["/comments/feed/", "/blog/rich/"])
def test_address_that_is_gone_or_that_no_object_can_answer_is_missing(storage: Storage, site: Bucket, path: str) -> None:
    assert get(storage, site, path).status == 404


def test_address_with_a_query_answers_with_the_front_page(storage: Storage, site: Bucket) -> None:
    assert get(storage, site, "/").status == 200
    assert not any("?" in name for name in object_names(site))


def test_build_counts_the_rules_that_a_bucket_cannot_answer(rules: Path, bucket: Bucket) -> None:
    with target(rules, bucket) as upload:
        (sentence,) = upload.advice(newsrooms.load_publication(rules))
    assert "no files for /?p=1 and 1 more of redirects.yaml" in sentence


def test_deleted_rule_has_no_object_after_the_next_build(rules: Path, storage: Storage, bucket: Bucket) -> None:
    bucket.allow_reading()
    build(rules, bucket)
    assert get(storage, bucket, "/2019/05/rich/").status == 200
    (rules / "redirects.yaml").write_text(RULES.replace("  /2019/05/rich/: /articles/rich/\n", ""))
    build(rules, bucket)
    assert get(storage, bucket, "/2019/05/rich/").status == 404
    assert get(storage, bucket, "/about.html").status == 200


def test_document_says_what_a_bucket_cannot_answer() -> None:
    text = (ROOT / "docs/deploy/object-storage.md").read_text("utf-8")
    section = text.partition("## Old addresses of redirects.yaml\n")[2].partition("\n## ")[0]
    for statement in ("a page that redirects", "a copy", "gone`", "404", "with a query", "a `*`"):
        assert statement in section, statement
