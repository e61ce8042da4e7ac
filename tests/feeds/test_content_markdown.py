"""source:markdown: which items have it, and that it shows the same as their HTML."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedsvc.content.markdown.render import plain_text, render
from feedsvc.feeds.content_markdown import _escape, _paragraph
from feedsvc.importing.markup import to_plain_text
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.routes import FeedAt, ListingRef, path_of
from tests.helpers import newsrooms
from tests.helpers.newsrooms import article, picture
from tests.validators import objections

NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
BASE: Final = "https://t.example"
_SITE_LISTING: Final = ListingRef()
MARKDOWN: Final = "{http://source.scripting.com/}markdown"
ENCODED: Final = "{http://purl.org/rss/1.0/modules/content/}encoded"
RICH: Final = {
    "image": "{src: media/a.jpg, alt: 'A *lab* [1]', caption: '1. The lab', credit: R & D, "
    "credit_url: 'https://c.example/?a=1&lt;=2'}",
    "sources": "[{name: Yonhap_News_, url: 'https://y.example/(1)'}, {name: A <caller>}]",
    "corrections": "[{date: 2026-01-03, text: It is *12* & not <10.}, {date: 2026-01-04, text: Twice.}]",
    "enclosures": "[{src: media/a.mp3, title: 'The [talk]'}]",
    "body": '"First *part* with [a link](/articles/b/) & ~one~.\\n\\n![in](media/wide.png)\\n"',
}
SITE: Final = f"title: T\nbase_url: {BASE}\nid_domain: t.example\nfeed: {{markdown: true}}\n"
FILES: Final[dict[str, str | bytes]] = {
    "media/a.jpg": picture(1600, 900),
    "media/wide.png": picture(1600, 90, "PNG"),
    "media/a.mp3": b"mp3",
}


def rss_document(root: Path, articles: dict[str, str | bytes], site: str = SITE, listing: ListingRef = _SITE_LISTING) -> bytes:
    files = {"site.yaml": site, **FILES, **articles}
    publication = Publication(newsrooms.load_catalog(newsrooms.write(root, files), NOW))
    document = publication.resolve(path_of(FeedAt(listing, "rss")))
    assert isinstance(document, Document)
    assert objections(document.body, "rss", f"{BASE}{document.path}", now=NOW) == []
    return document.body


def markdown_of(document: bytes) -> str | None:
    return etree.fromstring(document).findtext(f"channel/item/{MARKDOWN}")


def test_the_markdown_has_all_parts_of_the_html(tmp_path: Path) -> None:
    document = rss_document(tmp_path, article("a", **RICH))
    markdown = markdown_of(document) or ""
    encoded = etree.fromstring(document).findtext(f"channel/item/{ENCODED}") or ""
    rendered = render(markdown, base_url=BASE, page=f"{BASE}/articles/a/").html
    assert to_plain_text(rendered) == to_plain_text(encoded)
    pictures = [address for address in rendered.split('"') if "/sized/" in address]
    assert pictures == [address for address in encoded.split('"') if "/sized/" in address]
    assert len(pictures) == 2
    lines = markdown.splitlines()
    assert lines[:3] == [
        f"![A \\*lab\\* \\[1\\]](<{pictures[0]}>)",
        "",
        "1\\. The lab [R & D](<https://c.example/?a=1&amp;lt;=2>)",
    ]
    assert "First *part* with [a link](https://t.example/articles/b/) & \\~one\\~." in markdown
    assert lines[-9:-1] == [
        "**Sources:** [Yonhap\\_News\\_](<https://y.example/(1)>), A \\<caller\\>",
        "",
        "**Correction, Sat, 03 Jan 2026:** It is \\*12\\* & not \\<10.",
        "",
        "**Correction, Sun, 04 Jan 2026:** Twice.",
        "",
        "**Attachments:**",
        "",
    ]
    assert lines[-1].startswith("- [The \\[talk\\]](<https://t.example/media/a.mp3>) (audio/mpeg, ")


def test_a_bare_link_gets_its_title_but_an_address_in_code_stays_as_it_is(tmp_path: Path) -> None:
    """The title replaced the address also in a fence, and in a code span of several lines."""
    link = "https://o.example/a"
    fence = f"```` html\n```\n\n<{link}>\n\n```\n````"
    text = f"{link}\n\n{fence}\n\n- {link}\n\n`a\n<{link}>\nb`\n\nSee\n<{link}>\n\n~~~ sh\n<{link}>\n~~~\n\n{link}"
    files = article("a", embeds=f"[{{url: '{link}', title: Over there}}]", body=json.dumps(text))
    markdown = markdown_of(rss_document(tmp_path, files)) or ""
    title = f"[Over there](<{link}>)"
    assert markdown.startswith(f"{title}\n\n")
    assert markdown.endswith(f"\n\n{title}")
    assert markdown.count("Over there") == 2
    rendered = render(markdown, base_url=BASE, page=f"{BASE}/articles/a/").html
    assert rendered.count(f"&lt;{link}&gt;") == 3


@pytest.mark.parametrize(
    "link",
    [
        "https://o.example/gr\u00f6\u00dfe_x*y",
        "https://O.example/A(b)c",
        "https://o.example/[a]?x=1&amp=2",
        "www.o.example/\u00fc",
    ],
)
def test_a_bare_link_gets_its_title_however_its_address_is_written(tmp_path: Path, link: str) -> None:
    embed = link if link.startswith("http") else f"http://{link}"
    files = article("a", embeds=f"[{{url: '{embed}', title: Over there}}]", body=json.dumps(f"{link}\n\nSee {link}\n\nEnd."))
    document = rss_document(tmp_path, files)
    markdown = markdown_of(document) or ""
    assert (markdown.startswith("[Over there](<http"), markdown.count("Over there")) == (True, 1)
    encoded = etree.fromstring(document).findtext(f"channel/item/{ENCODED}") or ""
    rendered = render(markdown, base_url=BASE, page=f"{BASE}/articles/a/").html
    assert to_plain_text(rendered) == to_plain_text(encoded)


def test_the_namespace_is_declared_only_if_an_item_has_markdown(tmp_path: Path) -> None:
    with_text = rss_document(tmp_path / "a", article("a"))
    assert b' xmlns:source="http://source.scripting.com/"' in with_text
    assert b"<source:markdown><![CDATA[Text of a.]]></source:markdown>" in with_text
    assert b"source" not in rss_document(tmp_path / "b", article("a", body="''", summary="Short."))
    assert b"source" not in rss_document(tmp_path / "c", article("a"), SITE.replace("true", "false"))


def test_feeds_of_summaries_and_withdrawn_articles_have_no_markdown(tmp_path: Path) -> None:
    site = SITE.replace("markdown: true", "markdown: true, content: summary")
    assert b"source" not in rss_document(tmp_path / "a", article("a", enclosures="[{src: media/a.mp3}]"), site)
    assert b"source" not in rss_document(tmp_path / "b", article("a", status="withdrawn"))


@pytest.mark.parametrize("body", ["A ]]> b & <b>c</b>.", "`]]>`", "A\\\\*b"])
def test_markdown_survives_in_xml(tmp_path: Path, body: str) -> None:
    markdown = markdown_of(rss_document(tmp_path, article("a", body=f'"{body}"'))) or ""
    assert render(markdown, base_url=BASE, page=BASE).html == render(body.replace("\\\\", "\\"), base_url=BASE, page=BASE).html


def test_comments_in_the_text_do_not_reach_the_feed(tmp_path: Path) -> None:
    body = '"Text.\\n\\n<!-- zqnote -->\\n\\n[//]: # (zqnote)\\n"'
    document = rss_document(tmp_path, article("a", body=body))
    assert markdown_of(document) == "Text."
    assert b"zqnote" not in document


_LINES: Final = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=12)


@given(_LINES.map(lambda text: " ".join(text.split())))
def test_plain_text_is_escaped(text: str) -> None:
    html = render(f"{_paragraph(_escape(text))}\n\nx", base_url=BASE, page=BASE).html
    assert plain_text(html).removesuffix("x").strip() == text.strip()
    assert plain_text(render(f"**{_escape('a')}:** {_escape(text)}", base_url=BASE, page=BASE).html) == f"a: {text}".strip()
