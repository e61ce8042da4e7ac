"""Media files that a browser or web server would run are problems, and are neither served nor built."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.store import ContentStore
from feedsvc.export import build
from feedsvc.live.live import Live
from tests.helpers import newsrooms

_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DOCTYPE: Final = (
    '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
)
# Browsers give this document the entities of HTML: &commat; is "@" to them, and nothing to a parser that loads no DTD.
_XHTML_DOCTYPE: Final = (
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'
)
_SUBSET: Final = "has an internal subset, [...], in its DOCTYPE in line 1"
_OTHER_DTD: Final = "names a DTD other than that of SVG in line 1"
_PIXEL: Final = "data:image/png;base64,iVBORw0KGgo="


def _problems(folder: Path, name: str, data: str | bytes) -> list[str]:
    """Return the messages about an article with this enclosure."""
    article = newsrooms.article("a", enclosures=f"[{{src: 'media/{name}', type: application/octet-stream}}]")
    newsrooms.write(folder, {**newsrooms.SITE, **article})
    file = folder / "media" / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return [str(problem) for problem in load_content(folder).problems]


def _svg(content: str, attributes: str = "") -> str:
    return f'<svg xmlns="{_SVG}" xmlns:xlink="{_XLINK}"{attributes}>\n{content}\n</svg>'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<script>alert(1)</script>", "holds the element <script> in line 2"),
        ("<g>\n<script href='#a'/></g>", "holds the element <script> in line 3"),
        ("<SCRIPT/>", "holds the element <SCRIPT> in line 2"),
        ("<a:script xmlns:a='http://www.w3.org/2000/svg'/>", "holds the element <script> in line 2"),
        ("<p xmlns='http://www.w3.org/1999/xhtml'/>", "holds the element <p> in line 2"),
        ("<foreignObject/>", "holds the element <foreignObject> in line 2"),
        ("<path onclick='x()'/>", "holds the script of an event, onclick in line 2"),
        ("<path ONLOAD='x()'/>", "holds the script of an event, onload in line 2"),
        ("<a href='javascript:x()'/>", "leads elsewhere by href in line 2"),
        ("<a xlink:href=' java&#10;script:x()'/>", "leads elsewhere by href in line 2"),
        ("<image href='https://elsewhere.example/a.png'/>", "leads elsewhere by href in line 2"),
        ("<use href='other.svg#a'/>", "leads elsewhere by href in line 2"),
        ("<image href='data:image/svg+xml;base64,PHN2Zz4='/>", "leads elsewhere by href in line 2"),
        ("<g xml:base='https://elsewhere.example/'/>", "leads elsewhere by base in line 2"),
        ("<set attributeName='xlink:href' to='javascript:x()'/>", "animates xlink:href in line 2"),
        ("<animate attributeName=' onload' values='x()'/>", "animates onload in line 2"),
        ("<style>@import 'https://elsewhere.example/a.css';</style>", "loads something by its styles in line 2"),
        ("<style>@\\69mport 'https://elsewhere.example/a.css';</style>", "loads something by its styles in line 2"),
        ("<style>@im<g>x</g>port 'https://elsewhere.example/a.css';</style>", "holds <g> inside <style> in line 2"),
        ("<style>a{mask:image-set('https://elsewhere.example/a.png' 1x)}</style>", "loads something by its styles in line 2"),
        (
            "<g style='mask:-webkit-image-set(&quot;https://elsewhere.example/a&quot; 1x)'/>",
            "loads something by its styles in line 2",
        ),
        ("<style><![CDATA[a{fill:url(\n'//elsewhere.example/a')}]]></style>", "loads something by its styles in line 3"),
        ("<path style='fill:u\\72l(//elsewhere.example)'/>", "loads something by its styles in line 2"),
        ("<path fill='url( //elsewhere.example )'/>", "loads something by its styles in line 2"),
        ("<?xml-stylesheet href='a.xsl'?>", "names a style sheet in line 2"),
    ],
)
def test_an_svg_with_active_content_is_reported_with_its_line(tmp_path: Path, content: str, expected: str) -> None:
    messages = _problems(tmp_path, "drawing.svg", _svg(content))
    assert len(messages) == 1
    assert "articles/a.yaml:" in messages[0]
    assert f"'media/drawing.svg' {expected}" in messages[0]
    assert "save the picture as PNG" in messages[0]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (f'<!DOCTYPE svg [<!ENTITY a "&#60;script/>">]><svg xmlns="{_SVG}">&a;</svg>', _SUBSET),
        ('<!DOCTYPE svg SYSTEM "x.dtd" [ %x; <!ATTLIST svg onload CDATA "alert(1)"> ]>' + _svg(""), _SUBSET),
        ('<!DOCTYPE svg [<!ATTLIST svg onload CDATA "alert(1)">]>' + _svg(""), _SUBSET),
        (_DOCTYPE.replace(">\n", "[]>\n").replace("?[]", "?") + _svg(""), _SUBSET.replace("1", "2")),
        ("<!DOCTYPE svg [ ]>" + _svg(""), _SUBSET),
        ('<!DOCTYPE svg SYSTEM "x.dtd">' + _svg(""), _OTHER_DTD),
        ('<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd">' + _svg(""), _OTHER_DTD),
        ('<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "https://www.w3.org.site.example/x.dtd">' + _svg(""), _OTHER_DTD),
        (_XHTML_DOCTYPE + _svg("<style>&commat;import 'https://elsewhere.example/a.css';</style>"), _OTHER_DTD),
        ('<html xmlns="http://www.w3.org/1999/xhtml"/>', "begins with <html> and not with <svg> in line 1"),
        ("<svg>\n<g></svg>", "is no sound SVG: mismatched tag in line 2"),
        ("no picture", "is no sound SVG"),
        (_svg("<script/>").encode("utf-16"), "holds the element <script> in line 2"),
        (b'<?xml version="1.0" encoding="x-nothing"?><svg/>', "is in an encoding that is not known"),
        (b"<svg>" + b" " * 5_000_000, "has more than 5 MB"),
    ],
    ids=[
        *(
            "entity",
            "attribute after a parameter entity",
            "attribute",
            "empty subset",
            "subset with a space",
            "DTD",
            "public id",
            "host",
            "XHTML",
        ),
        *("HTML", "malformed", "text", "utf-16", "encoding", "large"),
    ],
)
def test_a_file_that_is_no_valid_svg_is_reported(tmp_path: Path, data: str | bytes, expected: str) -> None:
    messages = _problems(tmp_path, "drawing.svg", data)
    assert len(messages) == 1
    assert f"'media/drawing.svg' {expected}" in messages[0]


@pytest.mark.parametrize(
    "data",
    [
        _svg("<path d='M0 0'/>"),
        "<svg/>",
        _DOCTYPE + _svg("<title>x</title>"),
        "<!DOCTYPE svg>" + _svg(""),
        _svg(f"<g id='a'/><use xlink:href='#a'/><image href='{_PIXEL}'/><path fill='url(#a)' clip-path='url( \"#a\")'/>"),
        _svg("<style>.a{fill:url(#b)}</style><path class='a' style='fill:red'/>"),
        _svg(f"<metadata><r:RDF xmlns:r='{_RDF}'><r:li r:resource='https://x.example/'/></r:RDF></metadata>"),
        _svg("<g id='image(1)' class='src (2)'/><style>/* a\\b */</style>"),
        _svg("<text>Read script:alert(1) and url(x)</text><animate attributeName='opacity' values='0;1'/>"),
    ],
)
def test_an_svg_without_active_content_is_accepted(tmp_path: Path, data: str) -> None:
    assert _problems(tmp_path, "drawing.svg", data) == []


PAGES_AND_SCRIPTS: Final = (
    "a.html a.HTM a.xhtml a.shtml a.mhtml a.js a.mjs a.xml a.svgz a.php a.pht a.js.php .htaccess "
    "a.ashx a.cfm a.fcgi a.jspf a.pl a.PY .user.ini"
)


@pytest.mark.parametrize("name", PAGES_AND_SCRIPTS.split())
def test_a_file_that_a_web_server_would_send_as_page_or_script_is_reported(tmp_path: Path, name: str) -> None:
    part = name if name.startswith(".") else name[name.rindex(".") :].lower()
    (message,) = _problems(tmp_path, name, "text")
    assert f"'media/{name}' has '{part}' in its name, which browsers or web servers run" in message
    assert "put it into a .zip" in message


@pytest.mark.parametrize(
    ("name", "part", "new_name"),
    [
        ("x.html.en", ".html", "x-html.en"),
        ("x.HTML.en-GB", ".html", "x-HTML.en-GB"),
        ("g.shtml.txt", ".shtml", "g-shtml.txt"),
        ("z.php.foo", ".php", "z-php.foo"),
        ("z.php.", ".php", "z-php."),
        ("a.php.b.html.pdf", ".html", "a-php-b-html.pdf"),
        ("node.js.pdf", ".js", "node-js.pdf"),
        ("page.html.zip", ".html", "page-html.zip"),
        ("a.html.gz", ".html", "a-html.gz"),
        ("a.JS.br", ".js", "a-JS.br"),
        ("a.xml.zst", ".xml", "a-xml.zst"),
        ("a.svg.gz", ".svg", "a-svg.gz"),
        ("a.svg.en", ".svg", "a-svg.en"),
    ],
)
def test_a_file_whose_name_is_that_of_a_page_or_script_before_its_suffix_is_reported(
    tmp_path: Path, name: str, part: str, new_name: str
) -> None:
    (message,) = _problems(tmp_path, name, "text")
    assert f"'media/{name}' has '{part}' in its name, which browsers or web servers run" in message
    assert message.endswith(f"; rename it to '{new_name}'")
    assert _problems(tmp_path, new_name, "text") == []


@pytest.mark.parametrize("name", ["a.kml", "a"])
def test_a_file_of_unknown_type_that_begins_as_a_page_is_reported(tmp_path: Path, name: str) -> None:
    (message,) = _problems(tmp_path, name, "\ufeff \n<!doctype html><script>alert(1)</script>")
    assert f"'media/{name}' begins with '<' as a web page does" in message
    assert "put it into a .zip" in message


OTHER_NAMES: Final = "a.csv.gz report.v2.pdf flag.svg.txt php html.pdf a.tar.gz a.pdf a.txt a.mp3 a.json a.gpx a"


@pytest.mark.parametrize("name", OTHER_NAMES.split())
def test_files_with_other_names_are_accepted_with_any_content(tmp_path: Path, name: str) -> None:
    assert _problems(tmp_path, name, "track, <b>and</b> more") == []


def test_an_svg_that_gets_a_script_while_its_article_stays_is_neither_served_nor_built(tmp_path: Path) -> None:
    assert _problems(tmp_path, "drawing.svg", _svg("")) == []
    live = Live(ContentFolder(tmp_path), None)
    assert live.edition.publication.resolve("/media/drawing.svg") is not None
    (tmp_path / "media/drawing.svg").write_text(_svg("<script/>"))
    live.reload()
    publication = live.edition.publication
    assert publication.resolve("/articles/a/") is not None
    assert publication.resolve("/media/drawing.svg") is None
    build(publication, tmp_path / "out")
    assert (tmp_path / "out/articles/a/index.html").exists()
    assert not (tmp_path / "out/media/drawing.svg").exists()


def test_a_build_continues_after_a_referenced_file_was_deleted(tmp_path: Path) -> None:
    assert _problems(tmp_path, "notes.txt", "notes") == []
    live = Live(ContentFolder(tmp_path), None)
    build(live.edition.publication, tmp_path / "out")
    assert (tmp_path / "out/media/notes.txt").exists()
    (tmp_path / "media/notes.txt").unlink()
    live.reload()
    build(live.edition.publication, tmp_path / "out")
    assert (tmp_path / "out/articles/a/index.html").exists()
    assert not (tmp_path / "out/media/notes.txt").exists()


def test_an_svg_that_changed_before_a_restart_is_scanned_again(tmp_path: Path) -> None:
    assert _problems(tmp_path / "content", "drawing.svg", _svg("")) == []
    cache_file = tmp_path / "state" / "articles.sqlite"
    Live(ContentFolder(tmp_path / "content", store=ContentStore(cache_file)), None)
    (tmp_path / "content/media/drawing.svg").write_text(_svg("<script/>"))
    live = Live(ContentFolder(tmp_path / "content", store=ContentStore(cache_file)), None)
    assert any("<script>" in str(problem) for problem in live.edition.content.problems)
    assert live.edition.publication.resolve("/media/drawing.svg") is None


def test_styles_of_many_spaces_are_scanned_in_linear_time(tmp_path: Path) -> None:
    assert _problems(tmp_path, "drawing.svg", _svg(f"<style>{'url( ' * 200_000}</style><g a='url({' ' * 1_000_000}#a)'/>"))
