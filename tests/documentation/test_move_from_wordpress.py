"""Follow docs/moving.md with a small export of WordPress, and check the newsroom after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from feedsvc.editing.reader_rules import READER_RULES
from tests import ROOT
from tests.documentation.document_steps import NOT_RUN, User, sections
from tests.helpers.newsrooms import picture
from tests.importing.wordpress_export import WxrItem, item_xml

STEPS: Final = ("Save what there is", "Look first", "Import", "Check", "Go on working on both sites", "Switch")
DOCUMENT: Final = (ROOT / "docs/moving.md").read_text("utf-8")
SECTIONS: Final = sections(DOCUMENT)
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
NIGHT_BUSES: Final = """<!-- wp:paragraph -->
<p>Bus 14 runs <em>again</em> at night, as before <a href="https://harbour.example/2020/01/03/pier/">the pier</a> closed.</p>
<!-- /wp:paragraph -->"""
UPLOADS: Final = "https://harbour.example/wp-content/uploads"


def item(number: int, slug: str, title: str, content: str, **values: Any) -> WxrItem:
    link = f"https://harbour.example/{'' if 'post_type' in values else '2020/01/03/'}{slug}/"
    terms = () if "post_type" in values else (("category", "uncategorized", "Uncategorized"),)
    values |= {"date": "2020-01-03 09:30:00", "gmt": "2020-01-03 09:30:00", "pub_date": "Fri, 03 Jan 2020 09:30:00 +0000"}
    values |= {"title": title, "slug": slug, "content": content, "excerpt": f"{title}.", "author": "admin"}
    return WxrItem(number=number, link=link, terms=terms, **values)


def export(*items: WxrItem) -> str:
    return EXPORT.format(items="".join(item_xml(one, site="https://harbour.example") for one in items))


OLD_ITEMS: Final = (
    item(1, "night-buses", "Night buses return", NIGHT_BUSES, meta=[("_thumbnail_id", "4")]),
    item(2, "pier", "The pier is closed", "<p>Until May.</p>"),
    item(3, "about", "About us", "<p>We write.</p>", post_type="page"),
    item(
        *(4, "bus", "bus", ""),
        post_type="attachment",
        status="inherit",
        attachment_url=f"{UPLOADS}/2020/01/bus.jpg",
        meta=[("_wp_attachment_image_alt", "A bus at night")],
    ),
)
NEW_ITEM: Final = item(5, "ferry", "A new ferry", "<p>It is fast.</p>")


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


def test_table_of_rules_of_readers_is_that_of_the_program() -> None:
    rows = [f"| {rule.name} | {rule.fields} | {rule.effect.value} |" for rule in READER_RULES]
    assert "\n".join(rows) in DOCUMENT
