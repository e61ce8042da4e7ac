"""Run Hugo: bare pages or feeds only, in its fastest configuration, and a site whose pages have the same parts as feedsvc's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench import corpus
from bench.measure import Cost, measure_command
from bench.process import ServerProcess, run_server
from bench.web import free_port

INSTALL: Final = "apt-get install hugo"
# Names of the two kinds of sites in the column "beside".
SAME_PARTS: Final = "Hugo, same parts"
BARE_PAGES: Final = "Hugo, bare pages"
FEED: Final = "/index.xml"
_CONFIGURATION: Final = """baseURL: {base}/
title: Bench News
disableKinds: [robotsTXT, '404', section, taxonomy{without}]
taxonomies: {{category: categories, author: authors, tag: tags}}
services: {{rss: {{limit: 50}}}}
outputs: {{home: [{html}RSS], term: [{html}RSS], page: [{page}]}}
"""
_NEWSROOM_LAYOUTS: Final = Path(__file__).with_name("hugo_layouts")
_NEWSROOM_CONFIGURATION: Final = f"""baseURL: {corpus.BASE_URL}/
title: Bench News
params: {{description: News of a coast that does not exist.}}
disableKinds: [section]
enableRobotsTXT: true
capitalizeListTitles: false
pagination: {{pagerSize: 50, disableAliases: true}}
permalinks: {{page: {{posts: "/articles/:filename/"}}}}
taxonomies: {{category: categories, author: authors, tag: tags, month: months}}
mediaTypes:
  application/atom+xml: {{suffixes: [atom]}}
  application/feed+json: {{suffixes: [json]}}
  text/x-opml: {{suffixes: [opml]}}
outputFormats:
  RSS: {{mediaType: application/rss+xml, baseName: feed}}
  Atom: {{mediaType: application/atom+xml, baseName: feed}}
  JSONFeed: {{mediaType: application/feed+json, baseName: feed, isPlainText: true}}
  OPML: {{mediaType: text/x-opml, baseName: feeds}}
outputs: {{home: [HTML, RSS, Atom, JSONFeed, OPML], term: [HTML, RSS, Atom, JSONFeed], taxonomy: [HTML], page: [HTML]}}
"""
_RSS: Final = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>{{ .Title }}</title>
<link>{{ .Permalink }}</link><description>{{ .Title }}</description>
{{- $pages := .Pages }}{{ if .IsHome }}{{ $pages = .Site.RegularPages }}{{ end }}
{{- range first 50 $pages }}
<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link><guid>{{ .Permalink }}</guid>
<pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" }}</pubDate><description>{{ .Summary }}</description>
<content:encoded>{{ printf "<![CDATA[%s]]>" .Content | safeHTML }}</content:encoded></item>
{{- end }}
</channel></rss>
"""
_LIST: Final = (
    "<!doctype html><title>{{ .Title }}</title>{{ $pages := .Pages }}{{ if .IsHome }}{{ $pages = .Site.RegularPages }}{{ end }}"
    "{{ range first 50 $pages }}<a href={{ .RelPermalink }}>{{ .Title }}</a>{{ end }}\n"
)
_SINGLE: Final = "<!doctype html><title>{{ .Title }}</title>{{ .Content }}\n"


def write_site(folder: Path, count: int, *, pages: bool) -> None:
    """Write a Hugo site: feeds only, or feeds, a sitemap and a one-line page for each article and list."""
    layouts = folder / "layouts" / "_default"
    layouts.mkdir(parents=True)
    (layouts / "rss.xml").write_text(_RSS)
    (layouts / "list.html").write_text(_LIST)
    (layouts / "single.html").write_text(_SINGLE)
    html, page, without = ("HTML, ", "HTML", "") if pages else ("", "", ", sitemap")
    text = _CONFIGURATION.format(base=corpus.BASE_URL, html=html, page=page, without=without)
    (folder / "hugo.yaml").write_text(text)
    corpus.write_articles(folder / "content" / "posts", count, ".md", corpus.as_hugo)


def write_newsroom(folder: Path, count: int) -> None:
    """Write a Hugo site whose pages have the same parts as feedsvc's, with the same lists, feeds, archive and sitemap."""
    shutil.copytree(_NEWSROOM_LAYOUTS, folder / "layouts")
    (folder / "hugo.yaml").write_text(_NEWSROOM_CONFIGURATION)
    content = folder / "content"
    corpus.write_articles(content / "posts", count, ".md", _as_article_with_month)
    _write_term_titles(content / "categories", {f"section-{number}": f"Section {number}" for number in range(corpus.CATEGORIES)})
    _write_term_titles(content / "authors", {f"author-{number}": f"Author Number {number}" for number in range(corpus.AUTHORS)})
    months = {corpus.publication_date(number).replace(day=1) for number in range(count)}
    _write_term_titles(content / "months", {f"{month:%Y-%m}": f"{month:%B %Y}" for month in months})
    (content / "tags").mkdir()
    (content / "tags" / "_index.md").write_text("---\ntitle: All topics\n---\n")
    # The pages of months have no feeds.
    (content / "months" / "_index.md").write_text("---\ntitle: Archive\ncascade: {outputs: [HTML]}\n---\n")
    for name in ("authors", "categories"):
        (content / name / "_index.md").write_text("---\nbuild: {render: never}\n---\n")
    (content / "subscribe.md").write_text("---\ntitle: Subscribe\nlayout: subscribe\nbuild: {list: never}\n---\n")


def _as_article_with_month(article: corpus.Article) -> str:
    return corpus.as_hugo(article).replace("---\n", f'---\nmonths: ["{article.published:%Y-%m}"]\n', 1)


def _write_term_titles(folder: Path, titles: Mapping[str, str]) -> None:
    for name, title in titles.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "_index.md").write_text(f"---\ntitle: {title}\n---\n")


def build(folder: Path, out: Path, log: Path) -> Cost:
    """Measure a build into a new folder, without a cache."""
    return measure_command(["hugo", "--quiet", "--noBuildLock", "--ignoreCache", "--destination", str(out)], log, folder=folder)


@contextmanager
def serving(folder: Path, log: Path) -> Iterator[ServerProcess]:
    """Run `hugo server` until the block ends; it is ready at the start of the block.

    Fast render is off, because with it Hugo does not update the feeds after a save.
    """
    port = free_port()
    words = ["hugo", "server", "--bind", "127.0.0.1", "--port", str(port), "--disableLiveReload", "--disableFastRender"]
    with run_server(words, log=log, port=port, folder=folder) as server:
        server.wait_for_response(FEED)
        yield server
