"""Write the generated articles as an export of WordPress, and measure pelican-import with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

from bench import corpus
from bench.measure import Cost, measure_command

_NAMESPACES: Final = (
    'xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/"'
)
_PELICAN_IMPORT: Final = "from pelican.tools.pelican_import import main; main()"
PANDOC: Final = "apt-get install pandoc"


def write_export(file: Path, count: int) -> None:
    """Write an export with the `count` newest articles as posts, HTML in place of their Markdown."""
    with file.open("w", encoding="utf-8") as output:
        output.writelines(_lines(count))


def _lines(count: int) -> Iterator[str]:
    yield f'<?xml version="1.0" encoding="UTF-8" ?>\n<rss version="2.0" {_NAMESPACES}>\n<channel>\n<title>Bench News</title>\n'
    yield f"<link>{corpus.BASE_URL}</link>\n<language>en</language>\n<wp:wxr_version>1.2</wp:wxr_version>\n"
    yield f"<wp:base_site_url>{corpus.BASE_URL}</wp:base_site_url>\n<wp:base_blog_url>{corpus.BASE_URL}</wp:base_blog_url>\n"
    for number in range(count):
        yield from _item(number + 1, corpus.make_article(number))
    yield "</channel>\n</rss>\n"


def _item(number: int, article: corpus.Article) -> Iterator[str]:
    moment, address = article.published, f"{corpus.BASE_URL}/{article.path}/"
    yield f"<item>\n<title><![CDATA[{escape(article.title)}]]></title>\n<link>{address}</link>\n"
    yield f"<pubDate>{moment:%a, %d %b %Y %H:%M:%S} +0000</pubDate>\n<dc:creator><![CDATA[{article.author}]]></dc:creator>\n"
    yield f'<guid isPermaLink="false">{corpus.BASE_URL}/?p={number}</guid>\n<description></description>\n'
    yield f"<content:encoded><![CDATA[{_to_html(article.body)}]]></content:encoded>\n"
    yield f"<excerpt:encoded><![CDATA[{escape(article.summary)}]]></excerpt:encoded>\n<wp:post_id>{number}</wp:post_id>\n"
    for name in ("post_date", "post_date_gmt"):
        yield f"<wp:{name}><![CDATA[{moment:%Y-%m-%d %H:%M:%S}]]></wp:{name}>\n"
    for name, value in (("post_name", article.slug), ("status", "publish"), ("post_type", "post"), ("post_password", "")):
        yield f"<wp:{name}><![CDATA[{value}]]></wp:{name}>\n"
    yield "<wp:post_parent>0</wp:post_parent>\n<wp:menu_order>0</wp:menu_order>\n<wp:is_sticky>0</wp:is_sticky>\n"
    for domain, names in (("category", (article.category,)), ("post_tag", article.tags)):
        for name in names:
            yield f'<category domain="{domain}" nicename="{name}"><![CDATA[{name}]]></category>\n'
    yield "</item>\n"


def _to_html(markdown: str) -> str:
    from markdown import markdown as to_html  # type: ignore[import-untyped]  # noqa: PLC0415 - only this group needs it; the package has no types

    return str(to_html(markdown)).replace("]]>", "]]&gt;")


def import_by_pelican(export: Path, out: Path, log: Path) -> Cost:
    """Measure pelican-import, which writes Markdown by one process of pandoc for each post."""
    out.mkdir()
    return measure_command(
        [sys.executable, "-c", _PELICAN_IMPORT, "--wpfile", "-m", "markdown", "-o", str(out), str(export)], log
    )
