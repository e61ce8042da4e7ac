"""Hugo in its best configuration for each comparison: no kinds, pages or templates that the row does not ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench import corpus
from bench.measure import Cost, cost
from bench.running import Running, running
from bench.web import free_port

INSTALL: Final = "apt-get install hugo"
FEED: Final = "/index.xml"
_CONFIGURATION: Final = """baseURL: {base}/
title: Bench News
disableKinds: [robotsTXT, '404', section, taxonomy{without}]
taxonomies: {{category: categories, author: authors, tag: tags}}
services: {{rss: {{limit: 50}}}}
outputs: {{home: [{html}RSS], term: [{html}RSS], page: [{page}]}}
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


def site(folder: Path, count: int, *, pages: bool) -> None:
    """A folder for Hugo: feeds alone, or feeds, sitemap and a bare one-line page for each article and list."""
    layouts = folder / "layouts" / "_default"
    layouts.mkdir(parents=True)
    (layouts / "rss.xml").write_text(_RSS)
    (layouts / "list.html").write_text(_LIST)
    (layouts / "single.html").write_text(_SINGLE)
    html, page, without = ("HTML, ", "HTML", "") if pages else ("", "", ", sitemap")
    text = _CONFIGURATION.format(base=corpus.BASE, html=html, page=page, without=without)
    (folder / "hugo.yaml").write_text(text)
    corpus.write(folder / "content" / "posts", count, ".md", corpus.as_hugo)


def build(folder: Path, out: Path, log: Path) -> Cost:
    """A build into a folder that is not there yet, without a cache."""
    return cost(["hugo", "--quiet", "--noBuildLock", "--ignoreCache", "--destination", str(out)], log, folder=folder)


@contextmanager
def serving(folder: Path, log: Path) -> Iterator[Running]:
    """`hugo server`, once it answers. Without fast render: with it, feeds are not made again after a save."""
    port = free_port()
    words = ["hugo", "server", "--bind", "127.0.0.1", "--port", str(port), "--disableLiveReload", "--disableFastRender"]
    with running(words, log=log, port=port, folder=folder) as one:
        one.serves(FEED)
        yield one
