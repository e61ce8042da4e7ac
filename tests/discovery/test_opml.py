"""Descriptions of listings in the OPML document and on the page with all feeds."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from feedsvc.publication.document import Document
from tests.helpers import newsrooms


def test_feeds_opml_and_the_subscribe_page_show_the_descriptions_of_listings_that_have_one(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(newsrooms.write_sample(tmp_path))
    opml, page = publication.resolve("/feeds.opml"), publication.resolve("/subscribe/")
    assert isinstance(opml, Document)
    assert isinstance(page, Document)
    outlines = etree.fromstring(opml.body).iter("outline")
    descriptions = {outline.get("text"): outline.get("description") for outline in outlines if outline.get("xmlUrl")}
    assert descriptions == {
        "The Daily & Co": "News of a <small> country",
        "Asia & Pacific": "From the East",
        "Money": None,
        "Nothing yet": None,
        "Ritesh Nambiar": None,
        "刘佳": "Writes from Beijing",
        "English": None,
        "한국어": None,
        "R&D": None,
        "한국": None,
    }
    for text in ("<p>From the East</p>", "<p>Writes from Beijing</p>", "<p>News of a &lt;small&gt; country</p>"):
        assert text in page.body.decode()
