"""Media that a browser would run as a part of the site are problems, for the server and for a tree alike."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.cache.store import ParseCache
from feedsvc.content.file_signature import signature_of
from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.media.files import MediaFolder
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
_PIXEL: Final = "data:image/png;base64,iVBORw0KGgo="


def _problems(folder: Path, name: str, data: str | bytes) -> list[str]:
    """Return what is said of an article with this enclosure."""
    article = newsrooms.article("a", enclosures=f"[{{src: 'media/{name}', type: application/octet-stream}}]")
    newsrooms.write(folder, {**newsrooms.SITE, **article})
    file = folder / "media" / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return [str(problem) for problem in load_content(folder).problems]


def _svg(inside: str, attributes: str = "") -> str:
    return f'<svg xmlns="{_SVG}" xmlns:xlink="{_XLINK}"{attributes}>\n{inside}\n</svg>'


@pytest.mark.parametrize(
    ("inside", "what"),
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
def test_an_svg_that_is_more_than_a_drawing_is_named_with_its_line_and_what_to_do(tmp_path: Path, inside: str, what: str) -> None:
    said = _problems(tmp_path, "drawing.svg", _svg(inside))
    assert len(said) == 1
    assert "articles/a.yaml:" in said[0]
    assert f"'media/drawing.svg' {what}" in said[0]
    assert "save the picture as PNG" in said[0]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (f'<!DOCTYPE svg [<!ENTITY a "&#60;script/>">]><svg xmlns="{_SVG}">&a;</svg>', "declares an entity in line 1"),
        ('<html xmlns="http://www.w3.org/1999/xhtml"/>', "begins with <html> and not with <svg> in line 1"),
        ("<svg>\n<g></svg>", "is no sound SVG: mismatched tag in line 2"),
        ("no picture", "is no sound SVG"),
        (_svg("<script/>").encode("utf-16"), "holds the element <script> in line 2"),
        (b'<?xml version="1.0" encoding="x-nothing"?><svg/>', "is in an encoding that is not known"),
        (b"<svg>" + b" " * 5_000_000, "has more than 5 MB"),
    ],
    ids=["entity", "page", "unsound", "text", "utf-16", "encoding", "large"],
)
def test_a_file_that_is_called_svg_and_is_none_is_named(tmp_path: Path, data: str | bytes, what: str) -> None:
    said = _problems(tmp_path, "drawing.svg", data)
    assert len(said) == 1
    assert f"'media/drawing.svg' {what}" in said[0]


@pytest.mark.parametrize(
    "data",
    [
        _svg("<path d='M0 0'/>"),
        "<svg/>",
        _DOCTYPE + _svg("<title>x</title>"),
        _svg(f"<g id='a'/><use xlink:href='#a'/><image href='{_PIXEL}'/><path fill='url(#a)' clip-path='url( \"#a\")'/>"),
        _svg("<style>.a{fill:url(#b)}</style><path class='a' style='fill:red'/>"),
        _svg(f"<metadata><r:RDF xmlns:r='{_RDF}'><r:li r:resource='https://x.example/'/></r:RDF></metadata>"),
        _svg("<g id='image(1)' class='src (2)'/><style>/* a\\b */</style>"),
        _svg("<text>Read script:alert(1) and url(x)</text><animate attributeName='opacity' values='0;1'/>"),
    ],
)
def test_a_drawing_is_no_problem(tmp_path: Path, data: str) -> None:
    assert _problems(tmp_path, "drawing.svg", data) == []


@pytest.mark.parametrize(
    "name",
    [
        "a.html",
        "a.HTM",
        "a.xhtml",
        "a.shtml",
        "a.mhtml",
        "a.js",
        "a.mjs",
        "a.xml",
        "a.svgz",
        "a.php",
        "a.pht",
        ".htaccess",
        "a.kml",
        "a",
    ],
)
def test_a_file_that_a_host_would_send_as_a_page_or_script_is_named(tmp_path: Path, name: str) -> None:
    said = _problems(tmp_path, name, "\ufeff \n<!doctype html><script>alert(1)</script>")
    assert len(said) == 1
    assert f"'media/{name}' is something that browsers or web servers run" in said[0]
    assert "put it into a .zip" in said[0]


@pytest.mark.parametrize("name", ["a.html.gz", "a.JS.gz", "a.svg.gz", "a.html.br", "a.xml.zst"])
def test_a_page_that_a_host_would_unpack_is_named(tmp_path: Path, name: str) -> None:
    said = _problems(tmp_path, name, "\x1f packed")
    assert len(said) == 1
    assert f"'media/{name}' is something that browsers or web servers run" in said[0]


@pytest.mark.parametrize(
    "name", ["a.csv.gz", "node.js.pdf", "a.tar.gz", "a.pdf", "a.txt", "a.csv", "a.mp3", "a.json", "a.gpx", "a"]
)
def test_other_files_are_no_problem_whatever_they_hold(tmp_path: Path, name: str) -> None:
    assert _problems(tmp_path, name, "track, <b>and</b> more") == []


def test_an_svg_that_becomes_a_program_while_its_article_stays_is_neither_served_nor_built(tmp_path: Path) -> None:
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


def test_a_build_goes_on_after_a_file_was_deleted_that_an_article_still_names(tmp_path: Path) -> None:
    assert _problems(tmp_path, "notes.txt", "notes") == []
    live = Live(ContentFolder(tmp_path), None)
    build(live.edition.publication, tmp_path / "out")
    assert (tmp_path / "out/media/notes.txt").exists()
    (tmp_path / "media/notes.txt").unlink()
    live.reload()
    build(live.edition.publication, tmp_path / "out")
    assert (tmp_path / "out/articles/a/index.html").exists()
    assert not (tmp_path / "out/media/notes.txt").exists()


def test_a_start_reads_no_drawing_that_was_looked_through_before(tmp_path: Path) -> None:
    newsrooms.write(tmp_path, {"media/a.svg": _svg("<script/>"), "media/a.html": "<p>"})
    known, again = MediaFolder(tmp_path), MediaFolder(tmp_path)
    for name in ("a.svg", "a.html"):
        with pytest.raises(ValueError, match="browsers"):
            known.file(f"media/{name}")
        again.trust(f"media/{name}", signature_of((tmp_path / "media" / name).stat()))
    assert again.file("media/a.svg").type == "image/svg+xml"  # its stamp says that it was no program
    (tmp_path / "media/a.svg").write_text(_svg("<script>1</script>"))
    again.refresh()
    with pytest.raises(ValueError, match="<script>"):
        again.file("media/a.svg")


def test_an_svg_is_looked_through_again_after_a_restart_if_it_changed_meanwhile(tmp_path: Path) -> None:
    assert _problems(tmp_path / "content", "drawing.svg", _svg("")) == []
    records = tmp_path / "state" / "articles.sqlite"
    Live(ContentFolder(tmp_path / "content", cache=ParseCache(records)), None)
    (tmp_path / "content/media/drawing.svg").write_text(_svg("<script/>"))
    live = Live(ContentFolder(tmp_path / "content", cache=ParseCache(records)), None)
    assert any("<script>" in str(problem) for problem in live.edition.content.problems)
    assert live.edition.publication.resolve("/media/drawing.svg") is None


def test_hours_are_not_spent_on_styles_of_spaces_and_slashes(tmp_path: Path) -> None:
    assert _problems(tmp_path, "drawing.svg", _svg(f"<style>{'url( ' * 200_000}</style><g a='url({' ' * 1_000_000}#a)'/>"))
