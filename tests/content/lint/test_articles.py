"""Warnings of `check` about articles: their positions, their advice, and no warning for valid articles."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.folder.folder import load_content
from feedsvc.content.lint.articles import lint_content
from tests.broken_files.case import PNG, Files
from tests.conftest import SETTINGS, Newsroom
from tests.content.reading.test_any_input import no_deadline
from tests.helpers import newsrooms
from tests.helpers.newsrooms import picture

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
VALID_ARTICLE: Final = (
    "id: tag:news.example,2026:x\ntitle: A\npublished: 2026-01-02\nauthors: [mina-park, ritesh-nambiar]\nsummary: One.\n"
)


def warnings(root: Path, now: datetime = NOW) -> list[str]:
    """Return the warnings about a content folder without errors."""
    content = load_content(root)
    assert not content.errors
    return [str(problem) for problem in lint_content(content, root, now)]


def warnings_of_article(newsroom: Newsroom, text: str, path: str = "articles/a.yaml", **files: str | bytes) -> list[str]:
    """Return the warnings about a folder with this article."""
    return warnings(newsroom({"media/p.png": PNG, path: text, **files}))


def test_a_valid_article_has_no_warning(newsroom: Newsroom) -> None:
    assert (
        warnings_of_article(
            newsroom, VALID_ARTICLE + "image: {src: media/p.png, alt: x, credit: y}\nslug: a\nbody: '[me](/articles/a/)'\n"
        )
        == []
    )


@pytest.mark.parametrize("image_format", ["jpeg", "png", "gif"])
@pytest.mark.parametrize(("missing_bytes", "appended_bytes"), [(0, b""), (0, b"\0" * 9), (300, b"")])
def test_a_truncated_image_has_a_warning(
    newsroom: Newsroom, image_format: str, missing_bytes: int, appended_bytes: bytes
) -> None:
    path, data = f"media/p.{image_format}", picture(900, 700, image_format.upper())
    files = {path: data[: len(data) - missing_bytes] + appended_bytes}
    lines = warnings_of_article(newsroom, VALID_ARTICLE + f"image: {{src: {path}, alt: x, credit: y}}\n", **files)
    expected = f"articles/a.yaml:6:14: warning: '{path}' is cut off; readers see a part of it; save it again"
    assert lines == ([expected] if missing_bytes else [])


def test_a_missing_summary_has_a_warning(newsroom: Newsroom) -> None:
    assert warnings_of_article(newsroom, VALID_ARTICLE.replace("summary: One.\n", "")) == [
        (
            "articles/a.yaml:2:1: warning: no summary; feeds and search engines would show the beginning of the body; "
            "write summary: and a sentence"
        )
    ]


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        (
            "body: |\n  Write here, in Markdown.\n",
            [("7:3: warning: body: still says 'Write here, in Markdown.'; write the text, or status: draft until it is written")],
        ),
        ("status: draft\nbody: Write here, in Markdown.\n", []),
        (
            "corrections: [{date: 2026-03-05, text: x}]\n",
            ["6:22: warning: corrections: lies in the future, but is shown already; write today's date"],
        ),
        ("corrections: [{date: 2026-03-01, text: x}]\n", []),
        (
            "link: https://news.example/articles/a\n",
            [
                (
                    "6:7: warning: link: leads to this very article, whose page would show a summary only; "
                    "delete it; it is for articles that live elsewhere"
                )
            ],
        ),
        ("link: https://news.example/articles/b/c/\n", []),
    ],
)
def test_template_text_future_corrections_and_links_to_the_article_itself_have_warnings(
    newsroom: Newsroom, keys: str, lines: list[str]
) -> None:
    assert warnings_of_article(newsroom, VALID_ARTICLE + keys) == [f"articles/a.yaml:{line}" for line in lines]


@pytest.mark.parametrize(("length", "count"), [(300, 0), (301, 1)])
def test_a_summary_of_more_than_300_characters_has_a_warning(newsroom: Newsroom, length: int, count: int) -> None:
    lines = warnings_of_article(newsroom, VALID_ARTICLE.replace("One.", "é" * length))
    assert [line.partition(";")[0] for line in lines] == [
        f"articles/a.yaml:5:10: warning: summary: has {length} characters"
    ] * count


@pytest.mark.parametrize(("length", "count"), [(120, 0), (121, 1)])
def test_a_title_of_more_than_120_characters_has_a_warning(newsroom: Newsroom, length: int, count: int) -> None:
    lines = warnings_of_article(newsroom, VALID_ARTICLE.replace("title: A", f"title: {'二' * length}"))
    assert [line.partition(";")[0] for line in lines] == [f"articles/a.yaml:2:8: warning: title: has {length} characters"] * count


@pytest.mark.parametrize(
    ("keys", "missing"),
    [
        ("alt: x, credit: y", []),
        ("alt: x", ["credit"]),
        ("credit: x", ["alt"]),
        ("caption: x", ["alt", "credit"]),
        ("alt: ''", ["alt", "credit"]),
    ],
)
def test_an_image_without_alt_or_credit_has_warnings(newsroom: Newsroom, keys: str, missing: list[str]) -> None:
    lines = warnings_of_article(newsroom, VALID_ARTICLE + f"image: {{src: media/p.png, {keys}}}\n")
    assert [line.partition(";")[0] for line in lines] == [f"articles/a.yaml:6:1: warning: image: no {name}" for name in missing]


def test_an_update_date_in_the_future_has_a_warning(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": VALID_ARTICLE + "updated: 2026-03-01T18:00:00+05:30\n"})
    assert warnings(root) == [
        (
            "articles/a.yaml:6:10: warning: updated: lies in the future; until then the article counts as never updated; "
            "write when it was changed"
        )
    ]
    assert warnings(root, datetime(2026, 3, 1, 12, 30, tzinfo=UTC)) == []


def test_an_update_date_of_a_scheduled_article_has_no_warning(newsroom: Newsroom) -> None:
    assert warnings_of_article(newsroom, VALID_ARTICLE.replace("2026-01-02", "2031-01-02")) == []
    assert warnings_of_article(newsroom, VALID_ARTICLE.replace("2026-01-02", "2031-01-02") + "updated: 2026-01-02\n") == []


def test_a_slug_that_differs_from_the_file_name_has_a_warning(newsroom: Newsroom) -> None:
    assert warnings_of_article(newsroom, VALID_ARTICLE + "slug: b\n", "articles/x/a.yaml") == [
        (
            "articles/x/a.yaml:6:7: warning: the file's name is 'a' and its slug 'b'; who looks for one will not find the other; "
            "rename it to b.yaml"
        )
    ]


def test_a_file_name_that_is_no_slug_has_a_warning(newsroom: Newsroom) -> None:
    (line,) = warnings_of_article(newsroom, VALID_ARTICLE, "articles/Über uns.yaml")
    assert line.startswith("articles/Über uns.yaml:1:1: warning: the file's name is 'Über uns' and its slug 'über-uns';")


def test_an_author_without_articles_has_a_warning(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": VALID_ARTICLE.replace("[mina-park, ritesh-nambiar]", "mina-park")})
    assert warnings(root) == [
        "authors.yaml:3:1: warning: ritesh-nambiar: no article names this author; delete the entry, or name it in an article"
    ]


def test_an_author_of_a_draft_or_by_an_alias_has_no_warning(newsroom: Newsroom) -> None:
    authors = "mina: {name: Mina, aliases: [m, mm]}\nlee: {name: Lee}\n"
    text = VALID_ARTICLE.replace("[mina-park, ritesh-nambiar]", "m")
    draft = VALID_ARTICLE.replace("[mina-park, ritesh-nambiar]", "lee").replace(":x", ":y") + "status: draft\n"
    assert warnings(newsroom({"authors.yaml": authors, "articles/a.yaml": text, "articles/b.yaml": draft})) == []


def test_authors_have_no_warning_while_an_article_is_broken(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": "title: no\nauthor: mina-park\n"})
    content = load_content(root)
    assert content.errors
    assert lint_content(content, root, NOW) == ()


LINKS: Final[Files] = {
    "articles/other.yaml": VALID_ARTICLE.replace(":x", ":other") + "aliases: [former]\n",
    "articles/draft.yaml": VALID_ARTICLE.replace(":x", ":draft") + "status: draft\n",
    "articles/later.yaml": VALID_ARTICLE.replace(":x", ":later").replace("2026-01-02", "2031-01-01"),
    "articles/gone.yaml": VALID_ARTICLE.replace(":x", ":gone") + "expires: 2026-02-01\n",
}


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("/articles/other/", ""),
        ("/articles/former/", ""),
        ("articles/other", ""),
        ("https://news.example/articles/other/#top", ""),
        ("/articles/gone/", ""),
        ("https://elsewhere.example/articles/othre/", ""),
        ("/category/asia/", ""),
        ("/articles/othre/", "body: a link to 'othre', but no article has this slug; did you mean 'other'?"),
        ("/articles/%C3%BCber/", "body: a link to 'über', but no article has this slug"),
        ("articles/zzzzzz", "body: a link to 'zzzzzz', but no article has this slug"),
        (
            "https://news.example/articles/othre/?a#b",
            "body: a link to 'othre', but no article has this slug; did you mean 'other'?",
        ),
        ("/articles/draft/", "body: a link to 'draft', which is not public yet; see articles/draft.yaml"),
        ("/articles/later/", "body: a link to 'later', which is not public yet; see articles/later.yaml"),
        ("http://news.example/", "'http://news.example/' is this very site, without https; write /"),
        (
            "http://news.example/category/asia/?x=1",
            "'http://news.example/category/asia/?x=1' is this very site, without https; write /category/asia/",
        ),
        ("http://other.example/", ""),
    ],
)
def test_broken_and_insecure_links_have_warnings(newsroom: Newsroom, link: str, message: str) -> None:
    text = f"{VALID_ARTICLE}body: |\n  Text.\n\n  See [this]({link}) now.\n"
    expected = [f"articles/a.yaml:9:14: warning: {message}"] if message else []
    assert warnings(newsroom({**LINKS, "articles/a.yaml": text})) == expected


def test_a_broken_link_in_a_markdown_file_has_its_position(newsroom: Newsroom) -> None:
    text = f"---\n{VALID_ARTICLE}---\nSee [it](/articles/othre/).\n"
    assert warnings(newsroom({**LINKS, "articles/a.md": text})) == [
        "articles/a.md:8:10: warning: body: a link to 'othre', but no article has this slug; did you mean 'other'?"
    ]


def test_a_key_of_a_markdown_file_has_its_position(newsroom: Newsroom) -> None:
    assert [
        line[:24] for line in warnings_of_article(newsroom, f"---\n{VALID_ARTICLE}slug: b\n---\nText\n", "articles/a.md")
    ] == ["articles/a.md:7:7: warni"]


def test_a_link_to_an_article_scheduled_for_the_same_moment_has_no_warning(newsroom: Newsroom) -> None:
    text = VALID_ARTICLE.replace("2026-01-02", "2031-01-01") + "body: '[it](/articles/later/)'\n"
    assert warnings(newsroom({**LINKS, "articles/a.yaml": text})) == []


def test_a_link_to_a_broken_article_has_no_warning(newsroom: Newsroom) -> None:
    root = newsroom(
        {"articles/a.yaml": VALID_ARTICLE + "body: '[it](/articles/broken/)'\n", "articles/broken.yaml": "title: no\n"}
    )
    assert lint_content(load_content(root), root, NOW) == ()


def test_links_of_a_site_below_a_path_and_of_a_site_without_https(newsroom: Newsroom) -> None:
    site = "title: A\nbase_url: {}\nid_domain: news.example\n"
    text = VALID_ARTICLE + "link: http://news.example/daily/x\nbody: '[it](/articles/b/)'\n"
    root = newsroom({"site.yaml": site.format("https://news.example/daily"), "articles/a.yaml": text})
    assert warnings(root) == [
        "articles/a.yaml:6:7: warning: 'http://news.example/daily/x' is this very site, without https; write /x",
        "articles/a.yaml:7:13: warning: body: a link to 'b', but no article has this slug",
    ]
    root = newsroom({"site.yaml": site.format("http://news.example/daily"), "articles/a.yaml": text})
    assert len(warnings(root)) == 1


def test_drafts_and_withdrawn_articles_have_no_warnings(newsroom: Newsroom) -> None:
    for status in ("draft", "withdrawn"):
        text = VALID_ARTICLE.replace("summary: One.\n", "") + f"status: {status}\nslug: zz\nbody: '[x](/articles/none/)'\n"
        assert warnings_of_article(newsroom, text) == []


def test_warnings_about_deleted_files_are_at_line_one(newsroom: Newsroom) -> None:
    root = newsroom(
        {
            "articles/a.yaml": VALID_ARTICLE + "slug: b\nbody: '[x](/articles/none/)'\n",
            "authors.yaml": "lee: {name: Lee}\nmina-park: {name: M}\nritesh-nambiar: {name: R}\n",
        }
    )
    content = load_content(root)
    (root / "articles/a.yaml").unlink()
    (root / "authors.yaml").write_text("- x\n")
    assert [(problem.path, problem.line) for problem in lint_content(content, root, NOW)] == [
        ("articles/a.yaml", 1),
        ("articles/a.yaml", 1),
        ("authors.yaml", 1),
    ]


def test_at_most_a_hundred_broken_links_are_reported(newsroom: Newsroom) -> None:
    links = " ".join(f"[x](/articles/none-{number}/)" for number in range(3000))
    assert len(warnings_of_article(newsroom, f"{VALID_ARTICLE}body: |\n  {links}\n")) == 100


def test_a_remote_image_without_alt_and_credit_has_warnings(newsroom: Newsroom) -> None:
    remote_image = "image: {src: https://x.example/p.png, type: image/png, width: 5, height: 5}\n"
    assert len(warnings_of_article(newsroom, VALID_ARTICLE + remote_image, **{"media/q.jpg": picture()})) == 2


@no_deadline
@given(
    st.text(max_size=200),
    st.sampled_from(["articles/a.yaml", "articles/a.md", "articles/정 상.yaml"]),
    st.lists(
        st.sampled_from(
            ["[a](/articles/", "%", "é/)", "http://news.example", "&amp;", "<a href='/articles/x", "'>", "\n", "`", "é"]
        )
    ),
)
def test_warnings_of_any_article_are_inside_its_file(title: str, path: str, parts: list[str]) -> None:
    front = yaml.safe_dump({"title": f"A{title}", "published": "2026-01-02", "id": "tag:news.example,2026:a"})
    body = "".join(parts)
    text = f"---\n{front}---\n{body}" if path.endswith(".md") else front + yaml.safe_dump({"body": body})
    with tempfile.TemporaryDirectory() as folder:
        root = newsrooms.write(Path(folder), SETTINGS)
        (root / "articles").mkdir()
        (root / path).write_text(text, "utf-8")
        content = load_content(root)
        problems = lint_content(content, root, NOW)
        lines = text.count("\n") + 1
        assert all(1 <= problem.line <= lines and problem.severity == "warning" for problem in problems if problem.path == path)
        assert not content.articles or any("no summary" in problem.message for problem in problems)


def test_suggestions_for_many_broken_links_are_limited(newsroom: Newsroom) -> None:
    aliases = [f"name-{number}" for number in range(500)]
    links = " ".join(f"[x](/articles/name-{number}x/)" for number in range(90))
    root = newsroom({"articles/a.yaml": f"{VALID_ARTICLE}aliases: {aliases}\nbody: '{links}'\n"})
    has_suggestion = ["did you mean 'name-" in line for line in warnings(root)]
    assert len(has_suggestion) == 90
    assert 0 < sum(has_suggestion) < 90


@pytest.mark.parametrize(
    ("body", "position", "name", "hint"),
    [
        ("a\n\n```\n<iframe>\n```\n\nb <iframe src=x></iframe>", "12:3", "iframe", "write a link to what it shows"),
        ("a\n\n<div>\n<form>\n</form>\n</div>", "9:1", "form", "write a link to a page that has it"),
        ("a[^1]\n\n[^1]: b <font color=red>c</font>", "8:9", "font", "leave looks to the theme"),
        ("a <script>b</script>", "6:3", "script", "write a link to a page that has it"),
        ("write to <your name>", "6:10", "your", "write Markdown"),
    ],
)
def test_removed_html_has_a_warning_with_its_position(newsroom: Newsroom, body: str, position: str, name: str, hint: str) -> None:
    head = "---\nid: tag:news.example,2026:a\ntitle: A\npublished: 2026-01-02\n---\n"
    lines = [warning for warning in warnings(newsroom({"articles/a.md": head + body})) if "is taken out" in warning]
    assert len(lines) == 1
    assert lines[0].startswith(f"articles/a.md:{position}: warning: body: <{name}> is taken out; ")
    assert hint in lines[0]


def test_allowed_html_has_no_warning(newsroom: Newsroom) -> None:
    head = "---\nid: tag:news.example,2026:a\ntitle: A\npublished: 2026-01-02\n---\n"
    body = "a <b>b</b> <!-- c --> `<iframe>` &lt;iframe&gt; <https://x.example>\n\n<figure><img src='https://x.example/a.png'></figure>"
    assert not [warning for warning in warnings(newsroom({"articles/a.md": head + body})) if "is taken out" in warning]


def article_with_tags(tags: str, stem: str) -> dict[str, str]:
    keys = VALID_ARTICLE.replace("tag:news.example,2026:x", f"tag:news.example,2026:{stem}")
    return {f"articles/{stem}.yaml": f"{keys}tags: {tags}\n"}


def test_tags_that_differ_only_in_punctuation_have_a_warning(newsroom: Newsroom) -> None:
    files = (
        article_with_tags("[St. Louis, C++]", "a")
        | article_with_tags("[C, St Louis]", "b")
        | article_with_tags("ST. LOUIS", "c")
        | article_with_tags("St. Louis", "d")
    )
    assert warnings(newsroom(files)) == [
        (
            "articles/b.yaml:6:11: warning: tags: 'St Louis' (articles/b.yaml) and 'St. Louis' (articles/a.yaml and 2 more) "
            "are one tag, with one page and feed at /tag/st-louis/; "
            "write 'St. Louis' everywhere; two tags must differ in a letter, a digit or one of + # & @"
        )
    ]


def test_spellings_of_a_tag_are_compared_with_the_most_used_spelling(newsroom: Newsroom) -> None:
    files = (
        article_with_tags("C++", "a")
        | article_with_tags("C plus plus", "b")
        | article_with_tags("C++", "c")
        | article_with_tags("'C: ++'", "d")
    )
    lines = warnings(newsroom(files))
    assert [line.partition(" are one tag")[0] for line in lines] == [
        "articles/b.yaml:6:7: warning: tags: 'C plus plus' (articles/b.yaml) and 'C++' (articles/a.yaml and 1 more)",
        "articles/d.yaml:6:7: warning: tags: 'C: ++' (articles/d.yaml) and 'C++' (articles/a.yaml and 1 more)",
    ]


@pytest.mark.parametrize(
    "spellings",
    [
        ("C", "C++", "'C#'", ".NET", "net", "R&D", "R D", "Café", "Cafe"),
        ("China", "CHINA", "china"),
        ("South Korea", "south-korea", "South_Korea"),
        ("'#metoo'", "metoo"),
        ("R&D", "R & D", "Ｒ＆Ｄ"),
    ],
    ids=["punctuation", "case", "spaces", "hashtag", "character widths"],
)
def test_different_tags_and_equivalent_spellings_have_no_warning(newsroom: Newsroom, spellings: tuple[str, ...]) -> None:
    files = {path: text for n, title in enumerate(spellings) for path, text in article_with_tags(title, f"a{n}").items()}
    assert warnings(newsroom(files)) == []


def test_tags_of_drafts_have_no_warning(newsroom: Newsroom) -> None:
    files = article_with_tags("St. Louis", "a") | article_with_tags("St Louis\nstatus: draft", "b")
    assert warnings(newsroom(files)) == []
