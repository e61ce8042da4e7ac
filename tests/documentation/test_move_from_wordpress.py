"""Follow docs/moving.md with a small export of WordPress, and check the newsroom after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests import ROOT
from tests.documentation.document_steps import NOT_RUN, User, sections
from tests.helpers.newsrooms import picture

STEPS: Final = ("Save what there is", "Look first", "Import", "Check", "Go on working on both sites", "Switch")
SECTIONS: Final = sections((ROOT / "docs/moving.md").read_text("utf-8"))
EXPORT: Final = """<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel>
<title>Harbour News</title><link>https://harbour.example</link>
<language>en-US</language><wp:wxr_version>1.2</wp:wxr_version>
<wp:base_site_url>https://harbour.example</wp:base_site_url><wp:base_blog_url>https://harbour.example</wp:base_blog_url>
<wp:author><wp:author_id>1</wp:author_id><wp:author_login>admin</wp:author_login>
<wp:author_email>mina@harbour.example</wp:author_email><wp:author_display_name>Mina Park</wp:author_display_name></wp:author>
<wp:category><wp:term_id>1</wp:term_id><wp:category_nicename>uncategorized</wp:category_nicename>
<wp:category_parent></wp:category_parent><wp:cat_name>Uncategorized</wp:cat_name></wp:category>
<wp:category><wp:term_id>2</wp:term_id><wp:category_nicename>city</wp:category_nicename>
<wp:category_parent></wp:category_parent><wp:cat_name>City</wp:cat_name></wp:category>
{items}
</channel></rss>
"""
ITEM: Final = """<item><title>{title}</title><link>https://harbour.example/{path}</link>
<pubDate>Fri, 03 Jan 2020 09:30:00 +0000</pubDate><dc:creator>admin</dc:creator>
<guid isPermaLink="false">http://harbour.example/?p={number}</guid><description></description>
<content:encoded><![CDATA[{body}]]></content:encoded><excerpt:encoded><![CDATA[{summary}]]></excerpt:encoded>
<wp:post_id>{number}</wp:post_id><wp:post_date>2020-01-03 09:30:00</wp:post_date>
<wp:post_date_gmt>2020-01-03 09:30:00</wp:post_date_gmt><wp:comment_status>closed</wp:comment_status>
<wp:post_name>{name}</wp:post_name><wp:status>{status}</wp:status><wp:post_parent>0</wp:post_parent>
<wp:menu_order>0</wp:menu_order><wp:post_type>{kind}</wp:post_type><wp:post_password></wp:post_password>
<wp:is_sticky>0</wp:is_sticky>{rest}</item>
"""
NIGHT_BUSES: Final = """<!-- wp:paragraph -->
<p>Bus 14 runs <em>again</em> at night, as before <a href="https://harbour.example/2020/01/03/pier/">the pier</a> closed.</p>
<!-- /wp:paragraph -->"""
UNCATEGORIZED: Final = '<category domain="category" nicename="uncategorized"><![CDATA[Uncategorized]]></category>'
THUMBNAIL: Final = (
    "<wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key><wp:meta_value><![CDATA[4]]></wp:meta_value></wp:postmeta>"
)
ATTACHMENT: Final = (
    "<wp:attachment_url>https://harbour.example/wp-content/uploads/2020/01/bus.jpg</wp:attachment_url>"
    "<wp:postmeta><wp:meta_key>_wp_attachment_image_alt</wp:meta_key><wp:meta_value>A bus at night</wp:meta_value></wp:postmeta>"
)


FEED: Final = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Harbour News</title><link>https://harbour.example</link>
<description>News of the harbour</description>
<item><title>Night buses return</title><link>https://harbour.example/2020/01/03/night-buses/</link>
<pubDate>Fri, 03 Jan 2020 09:30:00 +0000</pubDate><guid isPermaLink="false">http://harbour.example/?p=1</guid>
<description>Night buses return.</description></item>
<item><title>The pier is closed</title><link>https://harbour.example/2020/01/03/pier/</link>
<pubDate>Fri, 03 Jan 2020 09:30:00 +0000</pubDate><guid isPermaLink="false">http://harbour.example/?p=2</guid>
<description>The pier is closed.</description></item>
</channel></rss>
"""


def item(number: int, name: str, title: str, body: str, *, kind: str = "post", rest: str = "") -> str:
    path = f"{name}/" if kind == "page" else f"2020/01/03/{name}/"
    status = "inherit" if kind == "attachment" else "publish"
    facts = {"summary": f"{title}.", "body": body, "kind": kind, "rest": rest, "path": path, "status": status}
    return ITEM.format(number=number, name=name, title=title, **facts)


def export(*items: str) -> str:
    return EXPORT.format(items="".join(items))


OLD_ITEMS: Final = (
    item(1, "night-buses", "Night buses return", NIGHT_BUSES, rest=UNCATEGORIZED + THUMBNAIL),
    item(2, "pier", "The pier is closed", "<p>Until May.</p>", rest=UNCATEGORIZED),
    item(3, "about", "About us", "<p>We write.</p>", kind="page"),
    item(4, "bus", "bus", "", kind="attachment", rest=ATTACHMENT),
)
NEW_ITEM: Final = item(5, "ferry", "A new ferry", "<p>It is fast.</p>", rest=UNCATEGORIZED)


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    (folder / "uploads/2020/01").mkdir(parents=True)
    (folder / "uploads/2020/01/bus.jpg").write_bytes(picture(1200, 800))
    (folder / "export.xml").write_text(export(*OLD_ITEMS), "utf-8")
    (folder / "old-feed.xml").write_text(FEED, "utf-8")
    user = User(home, folder)
    yield user
    user.stop()


@pytest.mark.slow
def test_document_leads_to_a_newsroom(user: User) -> None:
    for heading in STEPS:
        if heading == "Go on working on both sites":
            (user.folder / "export.xml").write_text(export(*OLD_ITEMS, NEW_ITEM), "utf-8")
        for block in SECTIONS[heading]:
            if not block.comment.startswith(NOT_RUN):
                user.follow(block)
    assert "  /?p=3: /about/\n" in (user.folder / "content/redirects.yaml").read_text("utf-8")
    assert (user.folder / "content/media/2020/01/bus.jpg").is_file()
    assert "mina@harbour.example" not in (user.folder / "content/authors.yaml").read_text("utf-8")
