"""Templates and static files of a theme replace the built-in ones file by file."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from markupsafe import Markup, escape

from feedsvc.cli import main
from feedsvc.cli.content_folder import load_with_theme_check
from feedsvc.pages.environments import escape_fast
from feedsvc.pages.theme import builtin_environment, builtin_template_names
from feedsvc.publication.document import Document
from tests.helpers import newsrooms
from tests.pages.theme_problems import theme_problems

MESSAGE_TEMPLATE = "theme/templates/message.html"
STYLESHEET_VERSION = re.compile(rb"(?<=site\.css\?v=)[0-9a-f]{8}")
TOO_DEEPLY_NESTED = (
    "{% for i in range(9) %}" * 30 + "{% endfor %}" * 30,
    "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "{% if 1 %}" * 2000 + "{% endif %}" * 2000,
    "{{ 1" + "|string" * 3000 + " }}",
)
CUSTOM_MESSAGE_TEMPLATE = '{% extends "base.html" %}\n{% block main %}<h1 class="ours">{{ title }}</h1>{% endblock %}\n'


def _write_themed_newsroom(root: Path, files: Mapping[str, str | bytes]) -> Path:
    return newsrooms.write(newsrooms.write_sample(root), files)


def _body(root: Path, path: str) -> str:
    return newsrooms.text_of(newsrooms.load_publication(root), path)


def test_template_and_stylesheet_replace_only_the_built_in_files_of_the_same_name(tmp_path: Path) -> None:
    root = _write_themed_newsroom(
        tmp_path, {MESSAGE_TEMPLATE: CUSTOM_MESSAGE_TEMPLATE, "theme/static/site.css": "body { color: teal }\n"}
    )
    plain = newsrooms.load_publication(newsrooms.write_sample(tmp_path / "plain"))
    themed = newsrooms.load_publication(root)
    assert '<h1 class="ours">' in themed.not_found_page.body.decode()
    assert '<h1 class="ours">' in _body(root, "/articles/gone/")
    assert _body(root, "/static/site.css") == "body { color: teal }\n"
    for path in (path for path in plain.paths() if path.endswith("/")):
        before, after = plain.resolve(path), themed.resolve(path)
        assert isinstance(before, Document)
        assert isinstance(after, Document)
        assert STYLESHEET_VERSION.sub(b"", after.body) == STYLESHEET_VERSION.sub(b"", before.body), path
    assert themed.resolve("/static/site.js") == plain.resolve("/static/site.js")


def test_new_static_file_of_a_theme_is_served(tmp_path: Path) -> None:
    root = _write_themed_newsroom(tmp_path, {"theme/static/mark.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>"})
    document = newsrooms.load_publication(root).resolve("/static/mark.svg")
    assert isinstance(document, Document)
    assert document.media_type == "image/svg+xml"
    assert "/static/mark.svg" in set(newsrooms.load_publication(root).paths())


@pytest.mark.parametrize(
    ("path", "text", "line_number", "message_part"),
    [
        (MESSAGE_TEMPLATE, "<p>\n\n{{ title | }}\n", 3, "no template"),
        (MESSAGE_TEMPLATE, "{% extends 'base.html' %}\n{% nonesuch %}\n", 2, "no template"),
        (MESSAGE_TEMPLATE, b"\xff\xfe", 1, "UTF-8"),
        ("theme/static/shop.exe", "x", 1, "no page uses"),
        ("theme/notes.txt", "x", 1, "templates/, static/ and extra.css only; move it there"),
    ],
)
def test_theme_with_an_invalid_file_is_reported_with_its_line_and_not_used(
    tmp_path: Path, path: str, text: str | bytes, line_number: int, message_part: str
) -> None:
    root = _write_themed_newsroom(tmp_path, {path: text, "theme/templates/subscribe.html": "sound"})
    result = CliRunner().invoke(main, ["check", str(root)])
    [message] = [output_line for output_line in result.stdout.splitlines() if output_line.startswith("theme/")]
    assert (result.exit_code, message.startswith(f"{path}:{line_number}:"), message_part in message) == (1, True, True), message
    assert load_with_theme_check(root).theme == {}


@pytest.mark.parametrize(
    "text",
    [
        "{{ nonesuch }}",
        "{{ title | nonesuch }}",
        "{{ title.nonesuch }}",
        "{{ 1 / 0 }}",
        "{% include 'nonesuch.html' %}",
        "{% extends 'message.html' %}",
        "{{ title.__class__.__mro__ }}",
        "{{ title + 1 }}",
        "{{ title() }}",
        "{{ lang.date(1) }}",
        "{{ title|xmlattr }}",
        "{% include 'message.html' %}",
        "",
    ],
)
def test_template_that_fails_while_rendering_is_replaced_with_the_built_in_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    builtin_page = newsrooms.load_publication(newsrooms.write_sample(tmp_path / "plain")).not_found_page
    root = _write_themed_newsroom(tmp_path / "themed", {MESSAGE_TEMPLATE: text})
    with caplog.at_level(logging.WARNING):
        assert newsrooms.load_publication(root).not_found_page.body == builtin_page.body
    assert "theme/templates/message.html:1: this cannot make a page" in caplog.text


def test_error_on_every_article_page_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    failing_template = '{% extends "base.html" %}\n{% block main %}\n{{ article.nonesuch }}\n{% endblock %}\n'
    publication = newsrooms.load_publication(_write_themed_newsroom(tmp_path, {"theme/templates/article.html": failing_template}))
    with caplog.at_level(logging.WARNING):
        pages = [publication.resolve(path) for path in publication.paths() if path.startswith("/articles/")]
    assert len(pages) > 3
    assert [record.getMessage().partition(" ")[0] for record in caplog.records] == ["theme/templates/article.html:3:"]


BLOCK_TEMPLATE = '{%% extends "base.html" %%}\n{%% block main %%}\n%s{%% endblock %%}\n'


@pytest.mark.parametrize(
    ("files", "expected_error"),
    [
        ({"message.html": BLOCK_TEMPLATE % "<p>{{ nope }}"}, "message.html:3:1: this cannot make a page ('nope' is undefined)"),
        ({"message.html": BLOCK_TEMPLATE % "\n{{ 1 / 0 }}"}, "message.html:4:1: this cannot make a page (division by zero)"),
        (
            {"message.html": "{% include 'ad.html' %}"},
            "message.html:1:1: this cannot make a page (there is no template 'ad.html')",
        ),
        ({"message.html": "{% include 'message.html' %}"}, "message.html:1:1: this cannot make a page (it nests too deep"),
        (
            {"message.html": BLOCK_TEMPLATE % "{{ title|random }}"},
            "message.html:3:1: this is no template (No filter named 'random'",
        ),
        ({"message.html": "x" * 200_000}, "message.html:1:1: the template is larger than 128 KiB"),
        ({"article.html": ""}, "article.html:1:1: this cannot make a page (nothing comes of it)"),
        ({"article.html": "{{ previous.title }}"}, "article.html:1:1: this cannot make a page ('None' has no attribute"),
        (
            {"article.html": BLOCK_TEMPLATE % "{{ article.titel }}"},
            "article.html:3:1: this cannot make a page (Article has no field 'titel'; did you mean 'title'?)",
        ),
        (
            {"article.html": BLOCK_TEMPLATE % "{{ article.body }}"},
            "article.html:3:1: this cannot make a page (Article has no field 'body'; its fields are addresses, aliases, auth",
        ),
        (
            {"article.html": '{% extends "base.html" %}\n{% block mian %}{{ body }}{% endblock %}'},
            "article.html:2:1: no page shows the block 'mian', because the extended template has no such block; did you mean",
        ),
        (
            {"ours.html": '{% extends "base.html" %}', "article.html": '{% extends "ours.html" %}{% block x %}{% endblock %}'},
            "article.html:1:1: no page shows the block 'x', because the extended template has no such block; its blocks",
        ),
        ({"base.html": "<p>{{ nope }}"}, "base.html:1:1: this cannot make a page ('nope' is undefined)"),
        ({"parts.html": "{% macro links(a, b) %}{% endmacro %}"}, "parts.html:1:1: this cannot make a page ("),
        (
            {"ad.html": "<p>\n{{ nope }}", "message.html": "{% include 'ad.html' %}"},
            "ad.html:2:1: this cannot make a page ('nope'",
        ),
        ({"artcle.html": "x"}, "artcle.html:1:1: no page uses a template of this name; did you mean 'article.html'?"),
        (
            {"wxyz.html": "x"},
            "wxyz.html:1:1: no page uses a template of this name; the product's own are archive.html, archive_period.html, ",
        ),
        ({"article.html/a.html": "x"}, "article.html/a.html:1:1: no page uses a template of this name; article.html is a file"),
        *(({"message.html": text}, "message.html:1:1: this is no template (it nests deeper") for text in TOO_DEEPLY_NESTED),
    ],
)
def test_template_that_cannot_render_a_page_is_an_error(tmp_path: Path, files: Mapping[str, str], expected_error: str) -> None:
    root = _write_themed_newsroom(tmp_path, {f"theme/templates/{name}": text for name, text in files.items()})
    problems = theme_problems(root)
    assert any(problem.startswith(f"theme/templates/{expected_error}") for problem in problems), problems


@pytest.mark.parametrize(
    "files",
    [
        {"message.html": BLOCK_TEMPLATE % "{% block inner %}{{ title }}{% endblock %}"},
        {
            "ours.html": BLOCK_TEMPLATE % "{% block x %}{% endblock %}",
            "message.html": '{% extends "ours.html" %}{% block x %}y{% endblock %}',
        },
        {"message.html": "{% set one = 'base.html' %}{% extends one %}{% block x %}{% endblock %}"},
        {
            "base.html": "<p>{% block ours %}{% endblock %}",
            "message.html": '{% extends "base.html" %}{% block ours %}y{% endblock %}',
        },
    ],
    ids=["nested", "of a template of the theme", "computed name", "of the theme's own base"],
)
def test_block_that_a_page_shows_is_no_error(tmp_path: Path, files: Mapping[str, str]) -> None:
    root = _write_themed_newsroom(tmp_path, {f"theme/templates/{name}": text for name, text in files.items()})
    assert theme_problems(root) == []


def test_included_custom_template_is_no_error(tmp_path: Path) -> None:
    files = {MESSAGE_TEMPLATE: "<p>{% include 'ads/top.html' %}", "theme/templates/ads/top.html": "<b>{{ title }}</b>"}
    root = _write_themed_newsroom(tmp_path, files)
    assert CliRunner().invoke(main, ["check", str(root)]).exit_code == 0
    assert newsrooms.load_publication(root).not_found_page.body == b"<p><b>Nothing is here</b>"


def test_common_template_expressions_work_in_the_sandbox(tmp_path: Path) -> None:
    lines = _render_in_sandbox(
        tmp_path,
        "{% for a in [1, 2] %}{{ loop.length }}{{ a ~ '<' }}{{ '%s' % '<b>' }}{{ '{}'.format('-') }}{% endfor %}.",
        "{{ ['<', 1]|join(', ') }} {{ [{'a': 1}, {'a': 2}]|join('+', attribute='a') }} {{ 'abc'.replace('b', 'B') }}",
        "{{ [[1], [2]]|map('join')|join }} {{ 'wide'|center(8) }}{{ '-'.join(['x', 'y']) }} {{ '%s' % 20000 }} {{ 2 ** 3 + 1 }}",
        "{% for a in [[1, [2]]] recursive %}{{ loop(a) if a is iterable else a }}{% endfor %} {{ 'a' in 'abc' }}",
        "{% set x %}<i>{% endset %}{{ x }}{{ 'Z'.lower() }}{{ [1] + [2] }}{{ range(3)|sum }}",
    )
    assert lines == [
        "21&lt;&lt;b&gt;-22&lt;&lt;b&gt;-.",
        "&lt;, 1 1+2 aBc",
        "12   wide  x-y 20000 9",
        "12 True",
        "<i>z[1, 2]3",
    ]


def _render_in_sandbox(root: Path, *texts: str) -> list[str]:
    publication = newsrooms.load_publication(_write_themed_newsroom(root, {MESSAGE_TEMPLATE: "\n".join(texts)}))
    return publication.not_found_page.body.decode().split("\n")


def _builtin_source(name: str) -> str:
    environment = builtin_environment()
    assert environment.loader
    return environment.loader.get_source(environment, name)[0]


def test_theme_with_copies_of_the_built_in_templates_changes_no_page(tmp_path: Path) -> None:
    """Built-in templates are rendered with another environment, without the sandbox."""
    files = {f"theme/templates/{name}": _builtin_source(name) for name in builtin_template_names()}
    builtin = newsrooms.load_publication(newsrooms.write_sample(tmp_path / "plain"))
    themed = newsrooms.load_publication(_write_themed_newsroom(tmp_path / "themed", files))
    for path in builtin.paths_with_redirects():
        if path.endswith("/"):
            assert themed.resolve(path) == builtin.resolve(path), path


def test_pages_are_equal_in_any_order_of_rendering(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(newsrooms.write_sample(tmp_path))
    before = {path: publication.render(path) for path in publication.paths() if path.endswith("/")}
    second_publication = newsrooms.load_publication(newsrooms.write_sample(tmp_path / "again"))
    assert {path: second_publication.render(path) for path in reversed(before)} == before


@pytest.mark.parametrize("value", ["plain", "a & b", "<i>", ">", 'say "no"', "it's", Markup("<b>&amp;</b>"), 7, None, True, 1.5])
def test_escape_fast_equals_the_escape_function_of_markupsafe(value: object) -> None:
    assert escape_fast(value) == escape(value)
