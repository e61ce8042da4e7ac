"""Real feed readers get one feed and then another at its address: they show as unread what `check --against-feed` predicts."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from feedsvc.editing.reader_rules import READER_RULES, shown_as_changed, shown_as_new
from feedsvc.importing.feed_document import title_text
from feedsvc.importing.feed_reader import parse_feed
from tests.cli.command_line import run_feedsvc
from tests.helpers.document_server import Document, document_server
from tests.helpers.running_server import serving
from tests.importing.feed_source import samples
from tests.readers.tool import require
from tests.subscribers.feed_versions import pairs
from tests.subscribers.table import SUBSCRIBERS
from tests.subscribers.unread import mark_read

RULES = {rule.name: rule for rule in READER_RULES}


def test_every_program_of_the_tests_has_a_rule() -> None:
    assert {rule.name for rule in READER_RULES if rule.is_run_by_tests} == set(SUBSCRIBERS)


def predicted(name: str, former: bytes, current: bytes) -> Counter[str]:
    documents = [parse_feed(data, "feed", address="http://127.0.0.1/feed") for data in (former, current)]
    items = [*shown_as_new(RULES[name], *documents), *shown_as_changed(RULES[name], *documents)]
    return Counter(title_text(item.title, item.title_form) for item in items)


@pytest.mark.parametrize("name", list(SUBSCRIBERS))
def test_prediction_is_what_the_program_shows_as_unread(name: str, tmp_path: Path) -> None:
    subscriber = SUBSCRIBERS[name]
    require(subscriber)
    feeds = pairs(("rdf", *subscriber.formats))
    with document_server() as server, subscriber.open_program(tmp_path) as program:
        for feed, (media_type, former, _) in feeds.items():
            server.documents[f"/{feed}"] = Document(body=former, headers={"Content-Type": media_type})
            program.subscribe(feed, f"{server.url}/{feed}")
        program.refresh(0)
        unread = mark_read(program, feeds)
        for feed, (media_type, _, current) in feeds.items():
            server.documents[f"/{feed}"] = Document(body=current, headers={"Content-Type": media_type})
        program.refresh(120)
        actual = {feed: unread(feed) for feed in feeds}
    assert actual == {feed: predicted(name, former, current) for feed, (_, former, current) in feeds.items()}


# The feed of samples.BLOGGER as Blogger itself serves it, in both formats.
BLOGGER_ENTRY = re.search(r"<entry><id>[^<]*post-2<.*?</entry>", samples.BLOGGER, re.DOTALL)[0]  # type: ignore[index]
BLOGGER_FEEDS = {
    "": f'<feed xmlns="http://www.w3.org/2005/Atom"><id>tag:blogger.com,1999:blog-7</id><title>Quay</title>{BLOGGER_ENTRY}</feed>',
    "?alt=rss": """<rss version="2.0"><channel><title>Quay</title><link>http://quay.example/</link><description/><item>
<guid isPermaLink="false">tag:blogger.com,1999:blog-7.post-2</guid><pubDate>Sun, 28 Nov 2010 16:21:00 +0000</pubDate>
<title>The ferry</title><description>&lt;p&gt;It sails.&lt;/p&gt;</description>
<link>http://quay.example/2010/11/the-ferry.html</link></item></channel></rss>""",
}


@pytest.mark.parametrize("name", ["newsboat", "reader"])
def test_subscribers_of_blogger_see_nothing_as_new_after_the_move(name: str, tmp_path: Path) -> None:
    require(SUBSCRIBERS[name])
    (tmp_path / "blog.xml").write_text(samples.BLOGGER, "utf-8")
    assert run_feedsvc("import", "blog.xml", "n", cwd=tmp_path).returncode == 0
    feeds = {f"{number}": f"/feeds/posts/default{query}" for number, query in enumerate(("", "?alt=rss"))}
    with SUBSCRIBERS[name].open_program(tmp_path) as program:
        with document_server() as former:
            for number, path in feeds.items():
                former.documents[path] = Document(body=BLOGGER_FEEDS[path[20:]].encode())
                program.subscribe(number, f"{former.url}{path}")
            program.refresh(0)
            unread = mark_read(program, feeds)
            assert [item.title for number in feeds for item in program.items(number)] == ["The ferry"] * 2
        options = ("--port", former.url.rpartition(":")[2], "--base-url", former.url)
        with serving(tmp_path / "n", tmp_path / "state", *options):
            program.refresh(120)
            assert {number: unread(number) for number in feeds} == {number: Counter() for number in feeds}
            assert [item.link for number in feeds for item in program.items(number)] == [f"{former.url}/articles/the-ferry/"] * 2
