"""A theme adds a stylesheet and replaces blocks of all pages, each alone, without copies of whole templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from feedsvc.cli import main
from tests.documentation.reference.templates import block_templates, variables_of_block
from tests.helpers import newsrooms
from tests.helpers.newsrooms import text_of
from tests.pages.theme_problems import theme_problems

BLOCK_FOLDER = "theme/templates/blocks"
LINK = re.compile(r'<link rel="stylesheet" href="([^"]+)">')


def write_theme(root: Path, files: Mapping[str, str | bytes]) -> Path:
    return newsrooms.write(newsrooms.write_sample(root), files)


def test_extra_stylesheet_is_loaded_after_the_built_in_one_with_a_version(tmp_path: Path) -> None:
    text = "body { color: teal }\n"
    publication = newsrooms.load_publication(write_theme(tmp_path, {"theme/extra.css": text}))
    for path in ("/", "/articles/rich/", "/subscribe/"):
        first, second = LINK.findall(text_of(publication, path))
        assert re.fullmatch(r"/daily/static/site\.css\?v=[0-9a-f]{8}", first)
        assert re.fullmatch(r"/daily/static/extra\.css\?v=[0-9a-f]{8}", second)
    assert text_of(publication, "/static/extra.css") == text
    assert "/static/extra.css" in set(publication.paths())
    assert theme_problems(tmp_path) == []


def test_the_address_of_the_extra_stylesheet_changes_with_its_text(tmp_path: Path) -> None:
    links = {
        tuple(LINK.findall(text_of(newsrooms.load_publication(write_theme(tmp_path / name, {"theme/extra.css": name})), "/")))
        for name in ("a{}", "b{}")
    }
    assert len(links) == 2
    assert len({first for first, _ in links}) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a{}\n\n  @import url(https://fonts.example/a.css);", "3:3: @import of https://fonts.example/a.css"),
        ('@import "//cdn.example/a.css" screen;', "1:1: @import of //cdn.example/a.css"),
        ("/* x\n*/@IMPORT/**/url( 'http://a.example/b.css' )", "2:3: @import of http://a.example/b.css"),
        ("@import 'data:text/css,a{}'", "1:1: @import of data:text/css,a{}"),
        ("é" * 70_000, "1:1: the stylesheet is larger than 128 KiB"),
        (b"a{}\xff", "1:1: the file is not UTF-8"),
    ],
)
def test_extra_stylesheet_that_pages_cannot_load_is_an_error_with_its_line(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    [problem] = theme_problems(write_theme(tmp_path, {"theme/extra.css": text}))
    assert problem.startswith(f"theme/extra.css:{message}")


@pytest.mark.parametrize(
    "text",
    [
        '@import "fonts.css";',
        "@import url(/daily/static/fonts.css);",
        "/* @import url(https://a.example/b.css); */",
        'a::after { content: "/*" } /* @import "//a.example" */',
        "a { background: url(https://a.example/b.png) }",
        "/* never closed",
    ],
)
def test_extra_stylesheet_may_import_files_of_the_theme_and_show_pictures_of_other_hosts(tmp_path: Path, text: str) -> None:
    assert theme_problems(write_theme(tmp_path, {"theme/extra.css": text})) == []


def test_two_files_of_a_theme_with_the_same_address_are_an_error(tmp_path: Path) -> None:
    root = write_theme(tmp_path, {"theme/extra.css": "a{}", "theme/static/extra.css": "b{}"})
    assert theme_problems(root) == [
        "theme/static/extra.css:1:1: theme/extra.css has the same address, /static/extra.css; give this file another name"
    ]


def test_a_file_of_a_theme_that_is_called_extra_css_stays_where_it_was(tmp_path: Path) -> None:
    """The extra stylesheet got its address after themes could have a static file of that name."""
    root = write_theme(tmp_path, {"theme/static/extra.css": "b{}"})
    assert theme_problems(root) == []
    assert text_of(newsrooms.load_publication(root), "/static/extra.css") == "b{}"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("head", "</script><own></head>"),
        ("header", '<body><own><main id="text"'),
        ("before_article", '<main id="text"><own><article class="article"'),
        ("after_article", "</article><own>"),
        ("footer", "</main><own></body>"),
    ],
)
def test_block_replaces_its_part_of_each_page_and_no_other(tmp_path: Path, name: str, place: str) -> None:
    root = write_theme(tmp_path / "themed", {f"{BLOCK_FOLDER}/{name}.html": "<own>"})
    plain = text_of(newsrooms.load_publication(newsrooms.write_sample(tmp_path / "plain")), "/articles/older/")
    assert theme_problems(root) == []
    themed = text_of(newsrooms.load_publication(root), "/articles/older/")
    assert place in themed.replace("\n", "")
    parts = {"header": ('<header class="masthead">', "</header>"), "footer": ("<footer>", "</footer>")}
    for other, (first, last) in parts.items():
        part = plain[plain.index(first) : plain.index(last, plain.index(first))]
        assert (part in themed) == (other != name)


def test_block_adds_to_the_built_in_part(tmp_path: Path) -> None:
    root = write_theme(tmp_path, {f"{BLOCK_FOLDER}/footer.html": "<p>Printed in Seoul</p>\n{{ bottom() }}"})
    page = text_of(newsrooms.load_publication(root), "/")
    own, built_in = "<p>Printed in Seoul</p>\n", page[page.index("<footer>") :]
    assert page.count(own + built_in) == 1
    assert re.match(r"<footer>\n<ul>(\n<li>.*</li>)+\n</ul>\n<p>© 2026 The Daily</p>\n</footer>\n", built_in)


def test_article_blocks_know_the_article(tmp_path: Path) -> None:
    files = {
        f"{BLOCK_FOLDER}/before_article.html": "<own>{{ article.title }}</own>",
        f"{BLOCK_FOLDER}/after_article.html": "<own>{{ published.machine }}</own>",
    }
    publication = newsrooms.load_publication(write_theme(tmp_path, files))
    for slug, title, moment in (
        ("older", "Older", "2026-02-01"),
        ("korean", "한국어 기사", "2026-02-19"),
    ):
        assert re.findall("<own>(.*?)</own>", text_of(publication, f"/articles/{slug}/")) == [title, moment]
    assert "<own>" not in text_of(publication, "/")


@pytest.mark.parametrize("name", sorted(block_templates()))
def test_block_may_use_every_variable_that_the_reference_lists_for_it(tmp_path: Path, name: str) -> None:
    text = "".join(f"{{% if {variable} %}}{{% endif %}}" for variable in sorted(variables_of_block(name)))
    assert theme_problems(write_theme(tmp_path, {f"theme/templates/{name}": f"{text}<i>x</i>"})) == []


@pytest.mark.parametrize("name", ["head", "header", "before_article", "after_article", "footer"])
def test_block_that_fails_is_reported_with_its_line(tmp_path: Path, name: str) -> None:
    root = write_theme(tmp_path, {f"{BLOCK_FOLDER}/{name}.html": "<p>\n{{ nonesuch }}"})
    result = CliRunner().invoke(main, ["check", str(root)])
    assert result.exit_code == 1
    assert f"{BLOCK_FOLDER}/{name}.html:2:1: error: this cannot make a page ('nonesuch' is undefined)" in result.stdout


def test_block_beside_a_base_template_without_it_is_an_error(tmp_path: Path) -> None:
    base = "<title>{{ head.title }}</title>{% block main %}{% endblock %}"
    files = {"theme/templates/base.html": base, f"{BLOCK_FOLDER}/footer.html": "x", f"{BLOCK_FOLDER}/after_article.html": "y"}
    expected = (
        f"{BLOCK_FOLDER}/footer.html:1:1: base.html of the theme does not include this; "
        'write {% include "blocks/footer.html" %} '
        "into base.html of the theme, as the product's own has it"
    )
    assert theme_problems(write_theme(tmp_path, files)) == [expected]


def test_blocks_in_the_wrong_folder_are_an_error_that_names_the_right_one(tmp_path: Path) -> None:
    assert theme_problems(write_theme(tmp_path, {"theme/blocks/footer.html": "x"})) == [
        "theme/blocks/footer.html:1:1: a theme holds templates/, static/ and extra.css only; move it to theme/templates/blocks/"
    ]


def test_template_that_extends_a_page_keeps_the_blocks_of_the_theme(tmp_path: Path) -> None:
    message = '{% extends "base.html" %}\n{% block main %}<h1>{{ title }}</h1>{% endblock %}\n'
    files = {"theme/templates/message.html": message, f"{BLOCK_FOLDER}/footer.html": "<own>"}
    page = newsrooms.load_publication(write_theme(tmp_path, files)).not_found_page.body.decode()
    assert "<h1>Nothing is here</h1></main>\n<own>" in page
