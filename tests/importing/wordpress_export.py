"""Generator of exports in the shape of WordPress's, WXR 1.0 to 1.2, written from scratch for tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

SITE: Final = "https://paper.example"
NO_DATE: Final = "0000-00-00 00:00:00"
END: Final = "</channel>\n</rss>\n"


def cdata(text: str) -> str:
    """Return a section of CDATA, split where the text contains its delimiter, as WordPress does since 3.0."""
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


@dataclass(frozen=True, kw_only=True, slots=True)
class WxrItem:
    """An item. `terms` holds (taxonomy, nicename, name), `meta` holds (key, value); `gmt` is "" for a WXR without it."""

    number: int
    title: str = "A title"
    content: str = "<p>Text</p>"
    excerpt: str = ""
    slug: str = "a-title"
    link: str = ""
    guid: str = ""
    author: str = "anna"
    date: str = "2020-03-04 10:00:00"
    gmt: str = "2020-03-04 09:00:00"
    pub_date: str = "Wed, 04 Mar 2020 09:00:00 +0000"
    modified: str = ""
    modified_gmt: str = ""
    status: str = "publish"
    post_type: str = "post"
    password: str = ""
    parent: int = 0
    position: int = 0
    is_sticky: bool = False
    attachment_url: str = ""
    terms: Sequence[tuple[str, str, str]] = ()
    meta: Sequence[tuple[str, str]] = ()
    comments: int = 0


def item_xml(item: WxrItem, version: str = "1.2", site: str = SITE) -> str:
    """Return an item as WordPress writes it; titles are plain text before WXR 1.2 and CDATA in it."""
    title = cdata(item.title) if version == "1.2" else escape(item.title, quote=False)
    guid = item.guid or f"{site.replace('https', 'http')}/?p={item.number}"
    value = cdata if version == "1.2" else escape
    lines = [
        "\t<item>",
        f"\t\t<title>{title}</title>",
        f"\t\t<link>{escape(item.link or f'{site}/{item.slug}/')}</link>",
        f"\t\t<pubDate>{item.pub_date}</pubDate>",
        f"\t\t<dc:creator>{cdata(item.author)}</dc:creator>",
        *_old_terms(item, version),
        f'\t\t<guid isPermaLink="false">{escape(guid)}</guid>',
        "\t\t<description></description>",
        f"\t\t<content:encoded>{cdata(item.content)}</content:encoded>",
        f"\t\t<excerpt:encoded>{cdata(item.excerpt)}</excerpt:encoded>",
        f"\t\t<wp:post_id>{item.number}</wp:post_id>",
        f"\t\t<wp:post_date>{value(item.date)}</wp:post_date>",
        f"\t\t<wp:post_date_gmt>{value(item.gmt)}</wp:post_date_gmt>",
        *([f"\t\t<wp:post_modified>{cdata(item.modified)}</wp:post_modified>"] if item.modified else []),
        *([f"\t\t<wp:post_modified_gmt>{cdata(item.modified_gmt)}</wp:post_modified_gmt>"] if item.modified_gmt else []),
        "\t\t<wp:comment_status>open</wp:comment_status>",
        f"\t\t<wp:post_name>{value(item.slug)}</wp:post_name>",
        f"\t\t<wp:status>{value(item.status)}</wp:status>",
        f"\t\t<wp:post_parent>{item.parent}</wp:post_parent>",
        f"\t\t<wp:menu_order>{item.position}</wp:menu_order>",
        f"\t\t<wp:post_type>{value(item.post_type)}</wp:post_type>",
        f"\t\t<wp:post_password>{value(item.password)}</wp:post_password>",
        *([f"\t\t<wp:is_sticky>{int(item.is_sticky)}</wp:is_sticky>"] if version != "1.0" else []),
        *([f"\t\t<wp:attachment_url>{value(item.attachment_url)}</wp:attachment_url>"] if item.attachment_url else []),
        *_terms(item, version),
        *(_meta_xml(key, text, value) for key, text in item.meta),
        *(_comment_xml(number) for number in range(item.comments)),
        "\t</item>",
    ]
    return "\n".join(lines) + "\n"


def _old_terms(item: WxrItem, version: str) -> Iterator[str]:
    """Yield the terms as WXR 1.0 writes them: once with the name alone, once with nicename; tags are "tag"."""
    if version == "1.0":
        for taxonomy, nicename, name in item.terms:
            old = {"post_tag": "tag"}.get(taxonomy, taxonomy)
            domain = ' domain="tag"' if old == "tag" else ""
            yield f"\t\t<category{domain}>{cdata(name)}</category>"
            yield f'\t\t<category domain="{old}" nicename="{nicename}">{cdata(name)}</category>'


def _terms(item: WxrItem, version: str) -> Iterator[str]:
    if version != "1.0":
        for taxonomy, nicename, name in item.terms:
            yield f'\t\t<category domain="{taxonomy}" nicename="{nicename}">{cdata(name)}</category>'


def _meta_xml(key: str, text: str, value: object) -> str:
    assert callable(value)
    name = f"\t\t\t<wp:meta_key>{value(key)}</wp:meta_key>"
    return f"\t\t<wp:postmeta>\n{name}\n\t\t\t<wp:meta_value>{cdata(text)}</wp:meta_value>\n\t\t</wp:postmeta>"


def _comment_xml(number: int) -> str:
    text = f"<wp:comment_id>{number}</wp:comment_id><wp:comment_content>{cdata('Well said')}</wp:comment_content>"
    return f"\t\t<wp:comment>{text}</wp:comment>"


def head_xml(version: str = "1.2", site: str = SITE, extra: str = "") -> str:
    """Return everything before the items: authors, categories ("World" with "Europe" below it) and a tag."""
    names = "http://wordpress.org/export"
    author = (
        f"\t<wp:author><wp:author_id>2</wp:author_id><wp:author_login>{cdata('anna')}</wp:author_login>"
        f"<wp:author_email>{cdata('anna@paper.example')}</wp:author_email>"
        f"<wp:author_display_name>{cdata('Anna Ångström')}</wp:author_display_name></wp:author>\n"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<!-- This is a WordPress eXtended RSS file. -->\n'
        f'<rss version="2.0"\n\txmlns:excerpt="{names}/{version}/excerpt/"\n'
        '\txmlns:content="http://purl.org/rss/1.0/modules/content/"\n\txmlns:dc="http://purl.org/dc/elements/1.1/"\n'
        f'\txmlns:wp="{names}/{version}/"\n>\n<channel>\n\t<title>The Paper</title>\n\t<link>{site}</link>\n'
        "\t<description>News &amp; views</description>\n\t<language>en-GB</language>\n"
        f"\t<wp:wxr_version>{version}</wp:wxr_version>\n\t<wp:base_site_url>{site}</wp:base_site_url>\n"
        f"\t<wp:base_blog_url>{site}</wp:base_blog_url>\n{author if version != '1.0' else ''}"
        f"\t<wp:category><wp:category_nicename>world</wp:category_nicename><wp:category_parent></wp:category_parent>"
        f"<wp:cat_name>{cdata('World')}</wp:cat_name></wp:category>\n"
        f"\t<wp:category><wp:category_nicename>europe</wp:category_nicename><wp:category_parent>world</wp:category_parent>"
        f"<wp:cat_name>{cdata('Europe &amp; Asia')}</wp:cat_name>"
        f"<wp:category_description>{cdata('All of <b>it</b>')}</wp:category_description></wp:category>\n"
        f"\t<wp:tag><wp:tag_slug>r-d</wp:tag_slug><wp:tag_name>{cdata('R&amp;D')}</wp:tag_name></wp:tag>\n{extra}"
    )


def export_xml(items: Iterable[WxrItem], version: str = "1.2", site: str = SITE, extra: str = "") -> str:
    """Return an export."""
    return head_xml(version, site, extra) + "".join(item_xml(item, version, site) for item in items) + END


def write_export(path: Path, *items: WxrItem, version: str = "1.2", site: str = SITE, extra: str = "") -> Path:
    """Write an export and return its path."""
    path.write_text(export_xml(items, version, site, extra), "utf-8")
    return path


def attachment(number: int, name: str = "", **values: object) -> WxrItem:
    """Return an attachment whose file is NAME below the folder of uploads."""
    address = f"{SITE}/wp-content/uploads/2020/03/{name or f'{number}.jpg'}"
    return WxrItem(number=number, post_type="attachment", status="inherit", attachment_url=address, **values)  # type: ignore[arg-type]
