"""What an editor's file may hold to harm readers or the server: each is rendered by a real server, and nothing of it works."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

import html5lib
import pytest
from lxml import etree
from PIL import Image

from feedsvc.content.folder.folder import load_content
from tests.helpers.http_client import ask, exchange_bytes
from tests.helpers.newsrooms import picture, write, yaml_string
from tests.helpers.running_server import ServerProcess

SCRIPT: Final = "<script>alert(1)</script>"
BREAKOUTS: Final = (
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
SPLIT: Final = ("a\r\nSet-Cookie: evil=1", "a\nX-Evil: 1", "a\u2028X-Evil: 1", "a\x85X-Evil: 1", "a\r\n\r\nHTTP/1.1 200 OK")

MARKDOWN: Final = "\n\n".join(
    [
        *BREAKOUTS,
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
    facts = {"id": f"tag:news.example,2026:{name}", "published": "2026-01-02", "category": "c", "author": "mina"} | keys
    lines = [
        f"{key}: {value if key in ('published', 'tags', 'image', 'sources') else yaml_string(value)}\n"
        for key, value in facts.items()
    ]
    return {f"articles/{name}.yaml": "".join(lines)}


def _files() -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {
        "site.yaml": "title: {}\nbase_url: https://news.example\nid_domain: news.example\ndescription: {}\n".format(
            yaml_string(f"Site {SCRIPT}"), yaml_string(BREAKOUTS[1])
        ),
        "categories.yaml": f"c: {{title: {yaml_string(BREAKOUTS[2])}, description: {yaml_string(BREAKOUTS[3])}}}\n",
        "authors.yaml": f"mina: {{name: {yaml_string(BREAKOUTS[4] + SCRIPT)}, bio: {yaml_string(BREAKOUTS[1])}}}\n",
        "media/evil.svg": f'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">{SCRIPT}</svg>',
        'media/"><script>alert(1)<script>.png': picture(400, 300, "PNG"),
        **_article("markdown", title="Markdown", body=MARKDOWN),
        **_article("drawn", title="Drawn", body="![A drawing](media/evil.svg)"),
    }
    for number, evil in enumerate(BREAKOUTS):
        words = yaml_string(evil)
        files |= _article(
            f"breakout-{number}",
            title=evil,
            summary=evil,
            tags=f"[{yaml_string(evil)}]",
            body=f"{evil}\n\n    {evil}\n\n`{evil}`",
            image=f"{{src: 'media/\"><script>alert(1)<script>.png', alt: {words}, caption: {words}, credit: {words}}}",
            sources=f"[{{name: {yaml_string(evil)}}}]",
        )
    for number, evil in enumerate(SPLIT):
        files |= _article(f"split-{number}", title=f"Split {evil}", tags=f"[{yaml_string(evil)}]", body="a")
    return files


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("evil")
    content = write(folder / "content", _files())
    said = load_content(content)
    refused = {f"articles/split-{n}.yaml" for n in range(len(SPLIT))} | {"articles/drawn.yaml"}
    assert {problem.path for problem in said.errors} <= refused, said.errors
    assert any("media/evil.svg" in problem.message and "onload" in problem.message for problem in said.errors)
    one = ServerProcess(content, folder / "state")
    yield one
    one.terminate()
    assert one.wait() == 0
    assert "Traceback" not in one.stderr


def addresses(server: ServerProcess) -> list[str]:
    """Every page and feed that the server tells of itself."""
    maps = etree.fromstring(ask(server.url, "/sitemap.xml").body)
    pages = [str(found.text).removeprefix("https://news.example") for found in maps.iter("{*}loc")]
    subs = [p for p in pages if p.endswith(".xml")]
    for sub in subs:
        pages += [
            str(f.text).removeprefix("https://news.example") for f in etree.fromstring(ask(server.url, sub).body).iter("{*}loc")
        ]
    return [
        *pages,
        "/subscribe/",
        "/feeds.opml",
        *(f"{page}feed.{form}" for page in ("/", "/category/c/", "/author/mina/") for form in ("rss", "atom", "json")),
    ]


_LEADS: Final = ("href", "src", "srcset", "action", "formaction", "poster", "cite", "data", "background", "ping")
_RUNS: Final = ("script", "iframe", "object", "embed", "base", "form", "svg", "math", "template")


def assert_harmless(html: str | bytes, ours: frozenset[str] = frozenset()) -> None:
    """Parsed as browsers do: nothing runs, leads to a script, or is sent elsewhere."""
    for element in html5lib.parse(html, namespaceHTMLElements=False).iter():
        if not isinstance(element.tag, str):
            continue
        name = element.tag.rpartition("}")[2]
        source = element.get("src") or ("" if element.get("type") != "application/ld+json" else "ld")
        assert name not in _RUNS or (name == "script" and source in ours) or (name == "form" and "/" in ours), (name, source)
        for attribute, value in element.attrib.items():
            assert not attribute.lower().startswith("on"), (name, attribute, value)
            if attribute.lower().rpartition("}")[2] not in _LEADS:
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
    """What the product's own pages load, seen where nobody wrote anything: the page for what is missing."""
    found = {"ld", "/"}
    for path in ("/nothing", "/subscribe/", "/articles/markdown/"):
        tree = html5lib.parse(ask(server.url, path).body, namespaceHTMLElements=False)
        found |= {str(one.get("src")) for one in tree.iter("script") if str(one.get("src")).startswith("/static/")}
    return frozenset(found)


def test_no_page_and_no_feed_carries_a_script_of_an_editors(server: ServerProcess) -> None:
    ours, seen = scripts(server), 0
    for path in addresses(server):
        got = ask(server.url, quote(path, safe="/%"))
        assert got.status == 200, path
        if got["Content-Type"].startswith("text/html"):
            assert_harmless(got.body, ours)
            assert b"1337}" not in got.body or b"{{ 7 * 191 }}" in got.body  # no template of an editor's was filled in
            seen += 1
        elif "json" not in got["Content-Type"]:
            for text in as_html(got.body):
                assert_harmless(text)
    assert seen > len(BREAKOUTS)


def as_html(xml: bytes) -> list[str]:
    """What readers take for HTML in a feed. Titles and a channel's description are plain text, which may say "<script>"."""
    root = etree.fromstring(xml)
    rss = [*root.iter("{*}encoded"), *root.iterfind("channel/item/description")]
    return [one.text or "" for one in (*rss, *(one for one in root.iter("{*}*") if one.get("type") == "html"))]


def test_no_word_of_an_editor_makes_a_header(server: ServerProcess) -> None:
    for path in addresses(server):
        answer = exchange_bytes(
            server.url, f"GET {quote(path, safe='/%')} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        )
        head = answer.partition(b"\r\n\r\n")[0].decode("latin-1").lower()
        assert "evil" not in head, path
        assert all(line.partition(":")[0].strip().isascii() for line in head.split("\r\n"))


@pytest.mark.parametrize(
    "evil",
    [
        "https://hub.example/\\r\\nX-Evil: 1",
        "https://hub.example/>; rel=evil",
        'https://hub.example/\\"',
        "https://hub.example/\\u2028",
    ],
)
@pytest.mark.parametrize("key", ["hubs", "base_url", "logo"])
def test_an_address_that_would_split_a_header_is_refused_or_spelled_out(tmp_path: Path, key: str, evil: str) -> None:
    value = f'["{evil}"]' if key == "hubs" else f'"{evil}"'
    site = {"title": "A", "base_url": "https://news.example", key: value}
    content = write(tmp_path / "content", {"site.yaml": "".join(f"{name}: {text}\n" for name, text in site.items())})
    try:
        server = ServerProcess(content, tmp_path / "state")
    except AssertionError as refused:
        assert "Traceback" not in str(refused)  # noqa: PT017 - refused or spelled out: both will do
        return
    try:
        head = exchange_bytes(server.url, b"GET /feed.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").partition(
            b"\r\n\r\n"
        )[0]
        assert not any(line.lower().startswith(b"x-evil") for line in head.split(b"\r\n"))
        assert b">; rel=evil" not in head
    finally:
        server.kill()


def test_an_svg_with_a_script_is_not_served(server: ServerProcess) -> None:
    assert ask(server.url, "/media/evil.svg").status == 404
    assert ask(server.url, "/articles/drawn/").status == 404


# --- Files that are larger than they look ------------------------------------------------------------------------


def _bomb_of_pixels() -> bytes:
    """A PNG of a few hundred bytes that claims, and holds, 40,000 x 40,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 40_000, 40_000, 1, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(5001 * 100)))
        + chunk(b"IEND", b"")
    )


def _bomb_of_text() -> bytes:
    """A PNG whose comment unpacks to 200 MB."""
    plain = picture(400, 300, "PNG")
    data = b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    return plain[:33] + chunk + plain[33:]


PICTURES: Final[Mapping[str, bytes]] = {"pixels.png": _bomb_of_pixels(), "text.png": _bomb_of_text()}
YAML: Final[Mapping[str, str]] = {
    "a billion laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)),
    "an alias inside itself": "tags: &a [*a]\n",
    "depth": "tags: " + "[" * 50_000 + "\n",
    "depth of mappings": "tags: " + "{a: " * 20_000 + "\n",
    "merges": "a: &a {k: v}\n" + "".join(f"m{n}: {{<<: [*a, *a, *a]}}\n" for n in range(2000)),
    "python": 'tags: !!python/object/apply:os.system ["touch pwned"]\n',
    "python's names": "tags: !!python/name:os.system\n",
    "a tag of its own": "tags: !evil {a: b}\n",
    "binary": "tags: !!binary aGVsbG8=\n",
    "a long number": f"image: {{width: {'9' * 100_000}}}\n",
    "many anchors": "".join(f"k{n}: &k{n} v\n" for n in range(20_000)),
    "tags without end": f"tags: [{', '.join(f't{n}' for n in range(50_000))}]\n",
    "tags without end, each on a line": "tags:\n" + "".join(f"- t{n}\n" for n in range(50_000)),
    "a tag like a book": f"tags: [{'x' * 300_000}]\n",
    "former names without end": f"aliases: [{', '.join(f'a{n}' for n in range(50_000))}]\n",
    "many keys": "".join(f"k{n}: v\n" for n in range(40_000)),
}


@pytest.mark.parametrize("kind", YAML)
def test_a_file_that_unfolds_or_calls_is_set_aside_and_told(tmp_path: Path, kind: str) -> None:
    body = f"title: A\npublished: 2026-01-02\n{YAML[kind]}"
    content = write(
        tmp_path / "content",
        {
            "site.yaml": "title: A\nbase_url: https://a.example\n",
            "articles/a.yaml": body,
            "articles/b.yaml": "title: B\npublished: 2026-01-02\n",
        },
    )
    read = load_content(content)
    assert [article.slug for article in read.articles] == ["b"]
    assert {problem.path for problem in read.errors} == {"articles/a.yaml"}
    assert not Path("pwned").exists()


# In a process that may take 900 MB of addresses in all.
_READ: Final = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (900_000_000, 900_000_000))
from pathlib import Path
from feedsvc.content.folder.folder import load_content
read = load_content(Path(sys.argv[1]))
print(sorted(article.slug for article in read.articles), [problem.message for problem in read.errors])
"""


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path: Path, name: str) -> None:
    content = write(
        tmp_path / "content",
        {
            "site.yaml": "title: A\nbase_url: https://a.example\n",
            f"media/{name}": PICTURES[name],
            "articles/a.yaml": f"title: A\npublished: 2026-01-02\nimage: {{src: media/{name}, alt: a}}\n",
            "articles/b.yaml": "title: B\npublished: 2026-01-02\n",
        },
    )
    done = subprocess.run([sys.executable, "-c", _READ, content], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "'b'" in done.stdout


# --- Links out of the folder -------------------------------------------------------------------------------------


LINKED: Final = (
    "media/secret.txt",
    "articles/secret.yaml",
    "theme/static/secret.css",
    "theme/templates/page.html",
    "authors.yaml",
)


@pytest.mark.parametrize(
    ("place", "by"), [(place, by) for place in LINKED for by in ("file", "folder") if by == "file" or "/" in place]
)
def test_a_symbolic_link_shows_nothing_from_outside(tmp_path: Path, place: str, by: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    secret = "title: SECRET\npublished: 2026-01-02\nSECRET: {name: SECRET}\n"
    (outside / Path(place).name).write_text(secret)
    content = write(
        tmp_path / "content",
        {
            "site.yaml": "title: A\nbase_url: https://a.example\n",
            "articles/b.yaml": "title: B\npublished: 2026-01-02\nenclosures: [{src: media/secret.txt}]\n",
        },
    )
    target = content / place
    if by == "file":
        target.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(outside / target.name, target)
    else:
        target.parent.parent.mkdir(parents=True, exist_ok=True)
        if target.parent.exists():
            (target.parent / "b.yaml").unlink()
            target.parent.rmdir()
        os.symlink(outside, target.parent, target_is_directory=True)
    server = ServerProcess(content, tmp_path / "state")
    try:
        for path in (
            "/",
            "/feed.rss",
            "/feeds.opml",
            f"/{place}",
            "/media/secret.txt",
            "/static/secret.css",
            "/articles/secret/",
            "/author/SECRET/",
        ):
            assert b"SECRET" not in ask(server.url, path).body, path
    finally:
        server.kill()


def test_the_picture_bombs_are_such() -> None:
    assert len(PICTURES["pixels.png"]) < 10_000
    assert len(PICTURES["text.png"]) < 300_000
    with pytest.raises(Exception, match="exceeds limit"):
        Image.open(io.BytesIO(PICTURES["pixels.png"])).load()
