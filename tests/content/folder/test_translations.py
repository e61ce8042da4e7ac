"""Two articles of one work in the same language: which one is published, and what the other file's problem says."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from random import Random
from typing import Final

import pytest

from feedsvc.content.folder.conflicts import resolve_conflicts
from feedsvc.content.folder.folder import ContentFolder, ContentSnapshot, load_content
from feedsvc.content.folder.translations import find_conflicts
from feedsvc.content.store import ContentStore
from feedsvc.model import Article
from tests.content.folder.test_conflicts import read_articles
from tests.helpers import newsrooms

SITE: Final = "title: News\nbase_url: https://news.example\nid_domain: news.example\n"


def text(stem: str, original: str = "", language: str = "", further: str = "", day: int = 2) -> str:
    """Return the text of an article file; `original` is the stem in the id of the article that it translates."""
    keys = {"translation_of": original and f"tag:news.example,2026:{original}", "language": language}
    lines = "".join(f"{key}: {value}\n" for key, value in keys.items() if value)
    return f"id: tag:news.example,2026:{stem}\npublished: 2026-01-{day:02}\ntitle: {stem}\n{lines}{further}"


def stems(articles: tuple[Article, ...]) -> set[str]:
    return {PurePosixPath(article.path).stem for article in articles}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # The original wins, even if it is a draft or published later.
        ({"a": text("a", day=9), "b": text("b", "a")}, {"a"}),
        ({"a": text("a", further="status: draft\n"), "b": text("b", "a")}, {"a"}),
        # A draft loses, then the later article, then the higher path.
        ({"a": text("a"), "b": text("b", "a", "ko", "status: draft\n"), "c": text("c", "a", "ko", day=9)}, {"a", "c"}),
        ({"a": text("a"), "b": text("b", "a", "ko", day=9), "c": text("c", "a", "ko")}, {"a", "c"}),
        ({"a": text("a"), "b": text("b", "a", "ko"), "c": text("c", "a", "ko")}, {"a", "b"}),
        # A chain, a cycle, and an original that does not exist.
        ({"a": text("a"), "b": text("b", "a", "ko"), "c": text("c", "b")}, {"a", "b"}),
        ({"a": text("a", "b"), "b": text("b", "a")}, {"a"}),
        ({"b": text("b", "x", "ko"), "c": text("c", "x", "ko")}, {"b"}),
        # A withdrawn article leaves its language to another one.
        ({"a": text("a"), "b": text("b", "a", "ko", "status: withdrawn\n"), "c": text("c", "a", "ko")}, {"a", "b", "c"}),
        ({"a": text("a"), "b": text("b", "a", "ko"), "c": text("c", "a", "ko-KR"), "d": text("d", "a", "ja")}, set("abcd")),
    ],
)
def test_a_language_of_a_work_belongs_to_one_article(files: Mapping[str, str], expected: set[str]) -> None:
    for order in itertools.permutations(files.items()):
        articles, problems = resolve_conflicts(read_articles(dict(order)))
        assert stems(articles) == expected
        assert {PurePosixPath(problem.path).stem for problem in problems} == files.keys() - expected


def test_an_article_that_lost_its_id_has_no_language() -> None:
    files = {"a": text("a"), "b-copy": text("b", "a", "ko"), "b": text("b", "a", "ko")}
    articles, problems = resolve_conflicts(read_articles(files))
    assert stems(articles) == {"a", "b"}
    assert [problem.message for problem in problems] == ["id: 'tag:news.example,2026:b' is already the id of articles/b.yaml:1"]


def test_the_problem_is_at_the_line_of_translation_of_and_names_the_other_file() -> None:
    files = {"a": text("a"), "b": text("b", "a", "ko"), "c": text("c", "a", "ko")}
    _, problems = resolve_conflicts(read_articles(files))
    assert [str(problem) for problem in problems] == [
        (
            "articles/c.yaml:4:17: translation_of: 'ko' is already the language of articles/b.yaml:4; "
            "write language: and this article's own, or delete this line"
        )
    ]


def test_a_last_valid_version_loses_if_it_makes_others_conflict() -> None:
    """The version "m" would join the works of "a" and "x"; both have a translation into Korean."""
    files = {"a": text("a"), "x": text("x", "m", "fr"), "m": text("m", "a", "ja")}
    files |= {"b": text("b", "a", "ko"), "y": text("y", "x", "ko")}
    articles = [result.article for result in read_articles(files) if result.article]
    assert {loser.path for loser, _ in find_conflicts(articles)} == {"articles/y.yaml"}
    assert {loser.path for loser, _ in find_conflicts(articles, {"articles/m.yaml"})} == {"articles/m.yaml"}


def read(folder: ContentFolder) -> ContentSnapshot:
    return folder.read(now=datetime.now(UTC)).content


def test_a_translation_that_loses_is_not_published_and_keeps_its_last_valid_version(tmp_path: Path) -> None:
    files = {"articles/a.yaml": text("a"), "articles/b.yaml": text("b", "a", "ko")}
    root = newsrooms.write(tmp_path / "content", {"site.yaml": SITE, **files})
    folder = ContentFolder(root)
    assert read(folder).problems == ()

    newsrooms.write(root, {"articles/b.yaml": text("b", "a"), "articles/c.yaml": text("c", "a")})
    content = read(folder)
    assert [problem.path for problem in content.problems] == ["articles/b.yaml", "articles/c.yaml"]
    assert {article.path: article.language for article in content.articles} == {"articles/a.yaml": "", "articles/b.yaml": "ko"}
    assert content.last_valid_paths == {"articles/b.yaml"}

    newsrooms.write(root, {"articles/b.yaml": text("b", "a", "ja"), "articles/c.yaml": text("c", "a", "ko")})
    content = read(folder)
    assert content.problems == ()
    assert {article.path: article.language for article in content.articles} == {
        "articles/a.yaml": "",
        "articles/b.yaml": "ja",
        "articles/c.yaml": "ko",
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("have_errors", [False, True])
def test_a_folder_after_random_saves_has_the_problems_of_a_folder_read_from_the_start(
    tmp_path: Path, seed: int, *, have_errors: bool
) -> None:
    """A new folder knows no last valid version of a file with an error, so the problems of others may differ there."""
    random, names = Random(seed), "abcdef"
    root = newsrooms.write(tmp_path / "content", {"site.yaml": SITE, "articles/a.yaml": text("a")})
    folder, problem_counts = ContentFolder(root, store=ContentStore(tmp_path / "articles.sqlite")), set[int]()
    for _ in range(25):
        for name in random.sample(names, random.choice((1, 1, 1, 2, 4))):
            file = root / f"articles/{name}.yaml"
            if random.random() < 0.2:
                file.unlink(missing_ok=True)
                continue
            original, language = random.choice(f"{names}x  ").strip(), random.choice(("", "ko", "ko", "ja"))
            error = "nonsense: 1\n" if have_errors else ""
            further = random.choice(("", "", "status: draft\n", "status: withdrawn\n", error))
            further += random.choice(("", "", "slug: b\n", "aliases: [a]\n", "aliases: [c, x]\n"))
            id_ = random.choice((name, name, name, name, "a"))
            file.write_text(text(id_, original if original != id_ else "", language, further, random.randrange(1, 9)))
        content, fresh = read(folder), load_content(root)
        folder.save()
        restarted = read(ContentFolder(root, store=ContentStore(tmp_path / "articles.sqlite")))
        assert (restarted.problems, {*restarted.articles}) == (content.problems, {*content.articles})
        assert have_errors or content.problems == fresh.problems
        assert find_conflicts(content.articles) == []
        assert len({article.id for article in content.articles}) == len(content.articles)
        by_path = {article.path: article for article in content.articles}
        assert have_errors or by_path == {**by_path, **{article.path: article for article in fresh.articles}}
        problem_counts.add(len(content.problems))
    assert len(problem_counts) > 2
