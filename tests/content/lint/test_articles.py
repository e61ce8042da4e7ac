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

NO_SUMMARY = "no summary; feeds and search engines would show the beginning of the body; write summary: and a sentence"
NO_TEXT = (
    "no text; readers get a headline that leads to nothing more; "
    "write body: and the text, or status: draft until it is written"
)  # fmt: skip
NO_ALT = "image: no alt; readers who cannot see the picture get no description; write alt: and what it shows"
NO_CREDIT = "image: no credit; news partners ask for one; write credit: and whose picture it is"
NO_NOTICE = (
    "no notice; readers are not told why the article was withdrawn; "
    "write withdrawn: and below it notice: with a sentence for them"
)  # fmt: skip
QUOTE = "title: has one quotation mark, at its {}, which readers see; write both, or none"
LONG_SUMMARY = "summary: has 301 characters; readers expect at most 300; move the rest into the body"
LONG_TITLE = "title: has 121 characters; readers and search engines cut at about 120; write a shorter one"
LATER = "published: lies more than a year ahead, and readers do not see the article before that day; correct the year, or move "
SELF_LINK = "link: is the address of this article, so its page would show only the summary; "
RENAME = "slug: '{}' is not the file's name '{}', so the file is hard to find by its address; rename it to {}.yaml"


@pytest.mark.parametrize(
    ("replaced", "text", "lines"),
    [
        ("", "image: {src: media/p.png, alt: x, credit: y}\nslug: a\nbody: '[me](/articles/a/)'\n", []),
        ("summary: One.\n", "body: Text.\n", [f"2:1: {NO_SUMMARY}"]),
        ("summary: One.", "body: Text.\nsummary:", [f"6:1: {NO_SUMMARY}"]),
        ("summary: One.\n", "", [f"2:8: {NO_TEXT}"]),
        ("summary: One.\n", "body: '<!-- soon -->'\n", [f"5:7: {NO_TEXT}"]),
        ("summary: One.\n", "link: https://x.example/a\n", [f"2:1: {NO_SUMMARY}"]),
        ("summary: One.\n", "image: {src: media/p.png, alt: x, credit: y}\n", [f"2:1: {NO_SUMMARY}"]),
        ("summary: One.\n", "enclosures: [{src: media/p.png}]\n", [f"2:1: {NO_SUMMARY}"]),
        ("One.", "é" * 300, []),
        ("One.", "é" * 301, [f"5:10: {LONG_SUMMARY}"]),
        ("title: A", f"title: {'二' * 120}", []),
        ("title: A", f"title: {'二' * 121}", [f"2:8: {LONG_TITLE}"]),
        ("", "image: {src: media/p.png, alt: x}\n", [f"6:1: {NO_CREDIT}"]),
        ("", "image: {src: media/p.png, credit: x}\n", [f"6:1: {NO_ALT}"]),
        ("", "image: {src: media/p.png, alt: ''}\n", [f"6:1: {NO_ALT}", f"6:1: {NO_CREDIT}"]),
        (
            "",
            "image: {src: https://x.example/p.png, type: image/png, width: 5, height: 5}\n",
            [f"6:1: {NO_ALT}", f"6:1: {NO_CREDIT}"],
        ),
        ("title: A", 'title: Night buses return"', [f"2:8: {QUOTE.format('end')}"]),
        ("title: A", "title: '\"Night buses return'", [f"2:8: {QUOTE.format('beginning')}"]),
        ("title: A", 'title: Say "night" now', []),
        ("title: A", 'title: A screen of 27"', []),
        (
            "",
            "corrections: [{date: 2026-03-05, text: x}]\n",
            ["6:22: corrections: lies in the future, but is shown already; write today's date"],
        ),
        ("", "corrections: [{date: 2026-03-01, text: x}]\n", []),
        (
            "",
            "link: https://news.example/articles/a\n",
            [f"6:7: {SELF_LINK}delete it; link: is for articles on another site"],
        ),
        ("", "link: https://news.example/articles/b/c/\n", []),
        ("2026-01-02", "2027-01-02", []),
        ("2026-01-02", "2062-01-02", [f"3:12: {LATER}the file to articles/2062/"]),
        ("", "slug: b\naliases: [a]\n", []),
        ("", "slug: b\n", [f"6:7: {RENAME.format('b', 'a', 'b')}"]),
        (
            "[mina-park, ritesh-nambiar]",
            "mina-park",
            ["authors.yaml:3:1: ritesh-nambiar: no article names this author; delete the entry, or name it in an article"],
        ),
        ("summary: One.\n", "status: draft\nslug: zz\nbody: '[x](/articles/none/)'\n", []),
        (
            "summary: One.\n",
            "status: withdrawn\nwithdrawn: {notice: It was wrong.}\nslug: zz\nbody: '[x](/articles/none/)'\n",
            [],
        ),
        ("", "status: withdrawn\n", [f"6:9: {NO_NOTICE}"]),
        ("", "status: withdrawn\nwithdrawn: {date: 2026-02-01}\n", [f"6:9: {NO_NOTICE}"]),
    ],
)
def test_warnings_of_an_article(newsroom: Newsroom, replaced: str, text: str, lines: list[str]) -> None:
    """`text` replaces a part of a valid article, or stands at its end."""
    article = VALID_ARTICLE.replace(replaced, text) if replaced else VALID_ARTICLE + text
    found = [line.removeprefix("articles/a.yaml:") for line in warnings_of_article(newsroom, article)]
    assert [line.replace(" warning: ", " ", 1) for line in found] == lines


@pytest.mark.parametrize(
    ("path", "text", "start"),
    [
        ("articles/2031/01/a.yaml", VALID_ARTICLE.replace("2026-01-02", "2031-01-02"), ""),
        ("articles/x/a.yaml", f"{VALID_ARTICLE}slug: b\n", "6:7: warning: slug: 'b' is not the file's name 'a',"),
        ("articles/Über uns.yaml", VALID_ARTICLE, "1:1: warning: slug: 'über-uns' is not the file's name 'Über uns',"),
        ("articles/a.md", f"---\n{VALID_ARTICLE}slug: b\n---\nText\n", "7:7: warning: slug: "),
    ],
)
def test_warnings_of_an_article_with_another_path(newsroom: Newsroom, path: str, text: str, start: str) -> None:
    found = warnings_of_article(newsroom, text, path)
    assert [line[: len(path) + 1 + len(start)] for line in found] == ([f"{path}:{start}"] if start else [])


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


def test_an_update_date_in_the_future_has_a_warning(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": VALID_ARTICLE + "updated: 2026-03-01T18:00:00+05:30\n"})
    hint = "until then the article counts as never updated; write when it was changed"
    assert warnings(root) == [f"articles/a.yaml:6:10: warning: updated: lies in the future; {hint}"]
    assert warnings(root, datetime(2026, 3, 1, 12, 30, tzinfo=UTC)) == []
    scheduled = VALID_ARTICLE.replace("2026-01-02", "2027-01-02") + "updated: 2026-01-02\n"
    assert warnings_of_article(newsroom, scheduled) == []


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
    found = [(problem.path, problem.line) for problem in lint_content(content, root, NOW)]
    assert found == [*[("articles/a.yaml", 1)] * 2, ("authors.yaml", 1)]


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
        assert not content.articles or {"no-summary", "no-text"} & {problem.rule for problem in problems}


TRANSLATION = VALID_ARTICLE.replace(":x\n", ":y\n") + "language: ko\ntranslation_of: {}\n"
WRITE_ID = "write the id of the article that this one translates"


@pytest.mark.parametrize(
    ("original", "files", "hint"),
    [
        ("tag:news.example,2026:x", {"articles/x.yaml": VALID_ARTICLE}, ""),
        ("tag:news.example,2026:x", {"articles/x.yaml": VALID_ARTICLE + "status: draft\n"}, ""),
        ("tag:news.example,2026:nobody", {}, WRITE_ID),
        ("tag:news.example,2026:story", {"articles/story.yaml": VALID_ARTICLE}, "write tag:news.example,2026:x"),
        ("story", {"articles/story.yaml": VALID_ARTICLE}, "write tag:news.example,2026:x"),
        ("y", {"articles/story.yaml": VALID_ARTICLE}, WRITE_ID),
        ("nobody", {}, WRITE_ID),
    ],
)
def test_the_original_of_a_translation_exists(
    newsroom: Newsroom, original: str, files: dict[str, str | bytes], hint: str
) -> None:
    expected = f"articles/y.yaml:7:17: warning: translation_of: no article has the id '{original}'; {hint}"
    lines = warnings_of_article(newsroom, TRANSLATION.format(original), "articles/y.yaml", **files)
    assert lines == ([expected] if hint else [])


def test_the_original_of_a_translation_may_be_a_file_with_an_error(newsroom: Newsroom) -> None:
    text = TRANSLATION.format("tag:news.example,2026:broken")
    root = newsroom({"articles/y.yaml": text, "articles/broken.yaml": "title: [\n"})
    content = load_content(root)
    assert [problem.path for problem in content.errors] == ["articles/broken.yaml"]
    assert lint_content(content, root, NOW) == ()
