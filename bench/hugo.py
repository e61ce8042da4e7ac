"""Run Hugo in its fastest configuration for each comparison: without kinds, pages or templates that the row does not need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench import corpus
from bench.measure import Cost, measure_command
from bench.process import ServerProcess, run_server
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
