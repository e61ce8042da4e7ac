"""Warnings of `check` about articles: their positions, their advice, and no warning for valid articles."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.folder.folder import load_content
from feedsvc.content.lint.articles import lint_content
from tests.conftest import SETTINGS, Newsroom
from tests.content.lint.checking import NOW, VALID_ARTICLE, warnings, warnings_of_article
from tests.content.reading.test_any_input import no_deadline
from tests.helpers import newsrooms
from tests.helpers.newsrooms import picture


def test_a_valid_article_has_no_warning(newsroom: Newsroom) -> None:
    assert (
        warnings_of_article(
            newsroom, VALID_ARTICLE + "image: {src: media/p.png, alt: x, credit: y}\nslug: a\nbody: '[me](/articles/a/)'\n"
        )
        == []
    )


@pytest.mark.parametrize("image_format", ["jpeg", "png", "gif"])
@pytest.mark.parametrize(("missing_bytes", "appended_bytes"), [(0, b""), (0, b"\0" * 9), (300, b""), (0, b"film" * 40_000)])
def test_a_truncated_image_has_a_warning(
    newsroom: Newsroom, image_format: str, missing_bytes: int, appended_bytes: bytes
) -> None:
    path, data = f"media/p.{image_format}", picture(900, 700, image_format.upper())
    files = {path: data[: len(data) - missing_bytes] + appended_bytes}
    lines = warnings_of_article(newsroom, VALID_ARTICLE + f"image: {{src: {path}, alt: x, credit: y}}\n", **files)
    expected = f"{path}:1:1: warning: '{path}' is cut off; readers see a part of it; save it again"
    assert lines == ([expected] if missing_bytes else [])


def test_a_missing_summary_has_a_warning(newsroom: Newsroom) -> None:
    assert warnings_of_article(newsroom, VALID_ARTICLE.replace("summary: One.\n", "")) == [
        (
            "articles/a.yaml:2:1: warning: no summary; feeds and search engines would show the beginning of the body; "
            "write summary: and a sentence"
        )
    ]


def test_an_empty_summary_has_a_warning_at_its_own_line(newsroom: Newsroom) -> None:
    (line,) = warnings_of_article(newsroom, VALID_ARTICLE.replace("summary: One.\n", "summary:\n"))
    line_number = VALID_ARTICLE.splitlines().index("summary: One.") + 1
    assert line.startswith(f"articles/a.yaml:{line_number}:1: warning: no summary; ")


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
                    "6:7: warning: link: is the address of this article, so its page would show only the summary; "
                    "delete it; link: is for articles on another site"
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


@pytest.mark.parametrize(
    ("title", "end"),
    [('Night buses return"', "end"), ("'\"Night buses return'", "beginning"), ('Say "night" now', ""), ('A screen of 27"', "")],
)
def test_a_single_quotation_mark_at_an_end_of_a_text_has_a_warning(newsroom: Newsroom, title: str, end: str) -> None:
    article = VALID_ARTICLE.replace("title: A", f"title: {title}")
    expected = (
        f"articles/a.yaml:2:8: warning: title: has one quotation mark, at its {end}, which readers see; write both, or none"
    )
    assert warnings_of_article(newsroom, article) == ([expected] if end else [])


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
    assert warnings_of_article(newsroom, VALID_ARTICLE.replace("2026-01-02", "2027-01-02")) == []
    assert warnings_of_article(newsroom, VALID_ARTICLE.replace("2026-01-02", "2027-01-02") + "updated: 2026-01-02\n") == []


def test_a_date_more_than_a_year_ahead_has_a_warning(newsroom: Newsroom) -> None:
    assert warnings_of_article(newsroom, VALID_ARTICLE.replace("2026-01-02", "2062-01-02")) == [
        (
            "articles/a.yaml:3:12: warning: published: lies more than a year ahead, and readers do not see the article before "
            "that day; correct the year, or move the file to articles/2062/"
        )
    ]


def test_a_date_more_than_a_year_ahead_in_the_folder_of_its_year_has_no_warning(newsroom: Newsroom) -> None:
    assert warnings_of_article(newsroom, VALID_ARTICLE.replace("2026-01-02", "2031-01-02"), "articles/2031/01/a.yaml") == []


def test_a_slug_that_differs_from_the_file_name_has_a_warning(newsroom: Newsroom) -> None:
    assert warnings_of_article(newsroom, VALID_ARTICLE + "slug: b\n", "articles/x/a.yaml") == [
        (
            "articles/x/a.yaml:6:7: warning: slug: 'b' is not the file's name 'a', so the file is hard to find by its address; "
            "rename it to b.yaml"
        )
    ]


def test_a_file_name_that_is_no_slug_has_a_warning(newsroom: Newsroom) -> None:
    (line,) = warnings_of_article(newsroom, VALID_ARTICLE, "articles/Über uns.yaml")
    assert line.startswith("articles/Über uns.yaml:1:1: warning: slug: 'über-uns' is not the file's name 'Über uns',")


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


def test_a_key_of_a_markdown_file_has_its_position(newsroom: Newsroom) -> None:
    assert [
        line[:24] for line in warnings_of_article(newsroom, f"---\n{VALID_ARTICLE}slug: b\n---\nText\n", "articles/a.md")
    ] == ["articles/a.md:7:7: warni"]


def test_drafts_and_withdrawn_articles_have_no_warnings(newsroom: Newsroom) -> None:
    for status in ("draft", "withdrawn"):
        text = VALID_ARTICLE.replace("summary: One.\n", "") + f"status: {status}\nslug: zz\nbody: '[x](/articles/none/)'\n"
        notice = "withdrawn: {notice: It was wrong.}\n" if status == "withdrawn" else ""
        assert warnings_of_article(newsroom, text + notice) == []


@pytest.mark.parametrize("lines", ["", "withdrawn: {date: 2026-02-01}\n"])
def test_an_article_that_is_withdrawn_without_a_notice_has_a_warning(newsroom: Newsroom, lines: str) -> None:
    assert warnings_of_article(newsroom, f"{VALID_ARTICLE}status: withdrawn\n{lines}") == [
        (
            "articles/a.yaml:6:9: warning: no notice; readers are not told why the article was withdrawn; "
            "write withdrawn: {notice: ...} with a sentence for them"
        )
    ]


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


TRANSLATION = VALID_ARTICLE.replace(":x\n", ":y\n") + "language: ko\ntranslation_of: tag:news.example,2026:{}\n"
NO_ORIGINAL = "articles/y.yaml:7:17: warning: translation_of: no article has the id 'tag:news.example,2026:{}'; "


@pytest.mark.parametrize(
    ("original", "files", "lines"),
    [
        ("x", {"articles/x.yaml": VALID_ARTICLE}, []),
        ("x", {"articles/x.yaml": VALID_ARTICLE + "status: draft\n"}, []),
        ("nobody", {}, [NO_ORIGINAL.format("nobody") + "write the id of the article that this one translates"]),
        (
            "story",
            {"articles/story.yaml": VALID_ARTICLE},
            [NO_ORIGINAL.format("story") + "write tag:news.example,2026:x"],
        ),
    ],
    ids=["published", "draft", "unknown", "slug"],
)
def test_the_original_of_a_translation_exists(
    newsroom: Newsroom, original: str, files: dict[str, str | bytes], lines: list[str]
) -> None:
    assert warnings_of_article(newsroom, TRANSLATION.format(original), "articles/y.yaml", **files) == lines


@pytest.mark.parametrize(
    ("slug", "hint"),
    [
        ("story", "write tag:news.example,2026:x"),
        ("y", "write the id of the article that this one translates"),
        ("nobody", "write the id of the article that this one translates"),
    ],
)
def test_a_slug_as_the_original_of_a_translation_has_a_warning_with_the_id_to_write(
    newsroom: Newsroom, slug: str, hint: str
) -> None:
    text = TRANSLATION.format("").replace("tag:news.example,2026:\n", f"{slug}\n")
    assert warnings_of_article(newsroom, text, "articles/y.yaml", **{"articles/story.yaml": VALID_ARTICLE}) == [
        f"articles/y.yaml:7:17: warning: translation_of: no article has the id '{slug}'; {hint}"
    ]


def test_the_original_of_a_translation_may_be_a_file_with_an_error(newsroom: Newsroom) -> None:
    root = newsroom({"articles/y.yaml": TRANSLATION.format("broken"), "articles/broken.yaml": "title: [\n"})
    content = load_content(root)
    assert [problem.path for problem in content.errors] == ["articles/broken.yaml"]
    assert lint_content(content, root, NOW) == ()
