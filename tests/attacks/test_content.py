"""Hostile texts of editors' files do not run scripts or add headers in the responses of a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

import html5lib
import pytest
from lxml import etree

from feedsvc.content.folder.folder import load_content
from tests.helpers.http_client import ask, exchange_bytes
from tests.helpers.newsrooms import picture, write, yaml_string
from tests.helpers.running_server import ServerProcess

SCRIPT: Final = "<script>alert(1)</script>"
BREAKOUT_TEXTS: Final = (
    SCRIPT,
    '"><script>alert(1)</script>',
    "</title><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    '" onload="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "javascript:alert(1)",
    "--><svg onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "{{ 7 * 191 }}{% raw %}${1337}",
)
HEADER_SPLITTING_TEXTS: Final = (
    "a\r\nSet-Cookie: evil=1",
    "a\nX-Evil: 1",
    "a\u2028X-Evil: 1",
    "a\x85X-Evil: 1",
    "a\r\n\r\nHTTP/1.1 200 OK",
)

MARKDOWN: Final = "\n\n".join(
    [
        *BREAKOUT_TEXTS,
        "[a](javascript:alert(1)) [b](JaVaScRiPt&colon;alert(1)) [c](data:text/html,<script>alert(1)</script>)",
        "[d](vbscript:x) [e](\tjavascript:alert(1)) [f](java\nscript:alert(1)) <javascript:alert(1)>",
        "![a](javascript:alert(1)) ![b](data:image/svg+xml,<svg onload=alert(1)>)",
        "<img src=https://a.example/x onerror=alert(1)>",
        '<svg><script>alert(1)</script></svg> <iframe src="//evil.example"></iframe>',
        '<a href="https://a.example" onclick="alert(1)" style="position:fixed">a</a>',
        "<form action=//evil.example><button>b</button>",
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
        '<base href="//evil.example/"> <meta http-equiv="refresh" content="0;url=//evil.example">',
        "<link rel=stylesheet href=//evil.example>",
        "<details open ontoggle=alert(1)> <template><script>alert(1)</script></template>",
        "<noscript><p title='</noscript><img src=https://a.example/x.png onerror=alert(1)>'>",
    ]
)


def _article(name: str, **keys: str) -> dict[str, str | bytes]:
    all_keys = {"id": f"tag:news.example,2026:{name}", "published": "2026-01-02", "category": "c", "author": "mina"} | keys
    lines = [
        f"{key}: {value if key in ('published', 'tags', 'image', 'sources') else yaml_string(value)}\n"
        for key, value in all_keys.items()
    ]
    return {f"articles/{name}.yaml": "".join(lines)}


def _files() -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {
        "site.yaml": "title: {}\nbase_url: https://news.example\nid_domain: news.example\ndescription: {}\n".format(
            yaml_string(f"Site {SCRIPT}"), yaml_string(BREAKOUT_TEXTS[1])
        ),
        "categories.yaml": f"c: {{title: {yaml_string(BREAKOUT_TEXTS[2])}, description: {yaml_string(BREAKOUT_TEXTS[3])}}}\n",
        "authors.yaml": f"mina: {{name: {yaml_string(BREAKOUT_TEXTS[4] + SCRIPT)}, bio: {yaml_string(BREAKOUT_TEXTS[1])}}}\n",
        "media/evil.svg": f'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">{SCRIPT}</svg>',
        'media/"><script>alert(1)<script>.png': picture(400, 300, "PNG"),
        **_article("markdown", title="Markdown", body=MARKDOWN),
        **_article("drawn", title="Drawn", body="![A drawing](media/evil.svg)"),
    }
    for number, text in enumerate(BREAKOUT_TEXTS):
        value = yaml_string(text)
        files |= _article(
            f"breakout-{number}",
            title=text,
            summary=text,
            tags=f"[{yaml_string(text)}]",
            body=f"{text}\n\n    {text}\n\n`{text}`",
            image=f"{{src: 'media/\"><script>alert(1)<script>.png', alt: {value}, caption: {value}, credit: {value}}}",
            sources=f"[{{name: {yaml_string(text)}}}]",
        )
    for number, text in enumerate(HEADER_SPLITTING_TEXTS):
        files |= _article(f"split-{number}", title=f"Split {text}", tags=f"[{yaml_string(text)}]", body="a")
    return files


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("evil")
    content = write(folder / "content", _files())
    snapshot = load_content(content)
    rejected_paths = {f"articles/split-{n}.yaml" for n in range(len(HEADER_SPLITTING_TEXTS))} | {"articles/drawn.yaml"}
    assert {problem.path for problem in snapshot.errors} <= rejected_paths, snapshot.errors
    assert any("media/evil.svg" in problem.message and "onload" in problem.message for problem in snapshot.errors)
    running = ServerProcess(content, folder / "state")
    yield running
    running.terminate()
    assert running.wait() == 0
    assert "Traceback" not in running.stderr


def addresses(server: ServerProcess) -> list[str]:
    """Return the paths of every page and feed in the sitemaps of the server."""
    maps = etree.fromstring(ask(server.url, "/sitemap.xml").body)
    pages = [str(location.text).removeprefix("https://news.example") for location in maps.iter("{*}loc")]
    sub_sitemaps = [page for page in pages if page.endswith(".xml")]
    for sub in sub_sitemaps:
        pages += [
            str(location.text).removeprefix("https://news.example")
            for location in etree.fromstring(ask(server.url, sub).body).iter("{*}loc")
        ]
    return [
        *pages,
        "/subscribe/",
        "/feeds.opml",
        *(f"{page}feed.{form}" for page in ("/", "/category/c/", "/author/mina/") for form in ("rss", "atom", "json")),
    ]


_URL_ATTRIBUTES: Final = ("href", "src", "srcset", "action", "formaction", "poster", "cite", "data", "background", "ping")
# The bar of a month in the archive, which has nothing of an article.
_OWN_PICTURE: Final = re.compile(
    rb'<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><path d="M0 0H[0-9.]+V1H0"/></svg>'
)
_FORBIDDEN_ELEMENTS: Final = ("script", "iframe", "object", "embed", "base", "form", "svg", "math", "template")


def assert_harmless(html: str | bytes, own_scripts: frozenset[str] = frozenset()) -> None:
    """Parse HTML as browsers do; check that it contains no script, no script URL and no form or refresh to another site."""
    for element in html5lib.parse(html, namespaceHTMLElements=False).iter():
        if not isinstance(element.tag, str):
            continue
        name = element.tag.rpartition("}")[2]
        source = element.get("src") or ("" if element.get("type") != "application/ld+json" else "ld")
        assert (
            name not in _FORBIDDEN_ELEMENTS
            or (name == "script" and source in own_scripts)
            or (name == "form" and "/" in own_scripts)
        ), (name, source)
        for attribute, value in element.attrib.items():
            assert not attribute.lower().startswith("on"), (name, attribute, value)
            if attribute.lower().rpartition("}")[2] not in _URL_ATTRIBUTES:
                continue
            assert (
                not value.strip()
                .lower()
                .replace("\t", "")
                .replace("\n", "")
                .startswith(("javascript:", "vbscript:", "data:text"))
            )
        if name == "meta":
            assert (element.get("http-equiv") or "").lower() != "refresh"


def scripts(server: ServerProcess) -> frozenset[str]:
    """Return the scripts of pages without texts of editors, which are the product's own."""
    sources = {"ld", "/"}
    for path in ("/nothing", "/subscribe/", "/articles/markdown/"):
        tree = html5lib.parse(ask(server.url, path).body, namespaceHTMLElements=False)
        sources |= {str(element.get("src")) for element in tree.iter("script") if str(element.get("src")).startswith("/static/")}
    return frozenset(sources)


def test_no_page_and_no_feed_contains_a_script_from_an_article(server: ServerProcess) -> None:
    own_scripts, page_count = scripts(server), 0
    for path in addresses(server):
        response = ask(server.url, quote(path, safe="/%"))
        assert response.status == 200, path
        if response["Content-Type"].startswith("text/html"):
            assert_harmless(_OWN_PICTURE.sub(b"", response.body), own_scripts)
            assert b"1337}" not in response.body or b"{{ 7 * 191 }}" in response.body  # no template in an article was rendered
            page_count += 1
        elif "json" not in response["Content-Type"]:
            for html in html_texts(response.body):
                assert_harmless(html)
    assert page_count > len(BREAKOUT_TEXTS)


def html_texts(xml: bytes) -> list[str]:
    """Return the texts of a feed that clients render as HTML. Titles and channel descriptions are plain text."""
    root = etree.fromstring(xml)
    rss = [*root.iter("{*}encoded"), *root.iterfind("channel/item/description")]
    return [
        element.text or "" for element in (*rss, *(element for element in root.iter("{*}*") if element.get("type") == "html"))
    ]


def test_no_text_of_an_article_adds_a_header(server: ServerProcess) -> None:
    for path in addresses(server):
        response = exchange_bytes(
            server.url, f"GET {quote(path, safe='/%')} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        )
        head = response.partition(b"\r\n\r\n")[0].decode("latin-1").lower()
        assert "evil" not in head, path
        assert all(line.partition(":")[0].strip().isascii() for line in head.split("\r\n"))


@pytest.mark.parametrize(
    "evil_url",
    [
        "https://hub.example/\\r\\nX-Evil: 1",
        "https://hub.example/>; rel=evil",
        'https://hub.example/\\"',
        "https://hub.example/\\u2028",
    ],
)
@pytest.mark.parametrize("key", ["hubs", "base_url", "logo"])
def test_header_splitting_url_in_settings_is_refused_or_encoded(tmp_path: Path, key: str, evil_url: str) -> None:
    yaml_value = f'["{evil_url}"]' if key == "hubs" else f'"{evil_url}"'
    site = {"title": "A", "base_url": "https://news.example", key: yaml_value}
    content = write(tmp_path / "content", {"site.yaml": "".join(f"{name}: {value}\n" for name, value in site.items())})
    try:
        server = ServerProcess(content, tmp_path / "state")
    except AssertionError as refused:
        assert "Traceback" not in str(refused)  # noqa: PT017 - refused or encoded: both are correct
        return
    try:
        head = exchange_bytes(server.url, b"GET /feed.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").partition(
            b"\r\n\r\n"
        )[0]
        assert not any(line.lower().startswith(b"x-evil") for line in head.split(b"\r\n"))
        assert b">; rel=evil" not in head
    finally:
        server.kill()


def test_svg_with_a_script_is_not_served(server: ServerProcess) -> None:
    assert ask(server.url, "/media/evil.svg").status == 404
    assert ask(server.url, "/articles/drawn/").status == 404
