"""Conflicts: which of two files with the same id, slug or alias is published."""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.folder.conflicts import resolve_conflicts
from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.media.files import MediaFolder
from feedsvc.content.reading.article import ParseResult, parse_article
from feedsvc.content.reading.context import References
from feedsvc.model import Site
from tests.broken_files.case import HEAD
from tests.conftest import Newsroom
from tests.content.folder.loading import article_text
from tests.helpers.newsrooms import write

ID = "id: tag:news.example,2026:{}\n"
COPY = ID.format("second-summit") + "aliases: [xi-lee]\n"


def winners_and_losers(newsroom: Newsroom, files: Mapping[str, str]) -> tuple[set[str], list[str]]:
    """Return the paths of the published articles, and the paths of the files with errors."""
    content = load_content(newsroom({f"articles/{path}": HEAD + lines for path, lines in files.items()}))
    return {article.path.removeprefix("articles/") for article in content.articles}, [
        problem.path.removeprefix("articles/") for problem in content.errors
    ]


@pytest.mark.parametrize(
    ("winner", "loser"),
    [
        ("second-summit.yaml", "a.yaml"),
        ("second-summit.yaml", "second-summit copy.yaml"),
        ("second-summit.yaml", "copy-of-second-summit.yaml"),
        ("second-summit.yaml", "summit.yaml"),
        ("second-summit.yaml", "0/second-summit-2.md"),
        ("2026/second-summit.yaml", "old/second-summit.yaml"),
        ("summit.yaml", "0.yaml"),
        ("b.yaml", "aa.yaml"),
        ("a.yaml", "b.yaml"),
    ],
)
def test_the_original_wins_a_conflict_with_its_copy(newsroom: Newsroom, winner: str, loser: str) -> None:
    text = {path: (f"---\n{COPY}---\n" if path.endswith(".md") else COPY) for path in (winner, loser)}
    files = {f"articles/{path}": lines.replace("id:", f"{HEAD}id:", 1) for path, lines in text.items()}
    content = load_content(newsroom(files))
    assert [article.path for article in content.articles] == [f"articles/{winner}"]
    assert {problem.path for problem in content.errors} == {f"articles/{loser}"}


def test_a_copy_with_a_shorter_name_loses_id_and_aliases(newsroom: Newsroom) -> None:
    """The shorter name won the alias while the longer won the id, so that neither was published."""
    assert winners_and_losers(newsroom, {"second-summit.yaml": COPY, "s.yaml": COPY}) == (
        {"second-summit.yaml"},
        ["s.yaml", "s.yaml"],
    )


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"b.yaml": "slug: a\n" + ID.format("b"), "a.yaml": ID.format("a")}, {"a.yaml"}),
        ({"bb.yaml": "slug: x\n", "c.yaml": "slug: x\n"}, {"c.yaml"}),
        ({"b.yaml": "slug: x\n", "a.yaml": "slug: x\n"}, {"a.yaml"}),
        ({"a.yaml": "aliases: [long-name]\n", "long-name.yaml": ""}, {"long-name.yaml"}),
        ({"a.yaml": "aliases: [x]\n", "x-y.yaml": "slug: z\naliases: [x]\n"}, {"a.yaml"}),
        ({"a.yaml": "aliases: [a]\n", "b.yaml": "aliases: [c]\n"}, {"a.yaml", "b.yaml"}),
        # Each would win one of two aliases, but only one file may lose.
        ({"a.yaml": "slug: q\naliases: [a, b]\n", "b.yaml": "slug: r\naliases: [a, b]\n"}, {"b.yaml"}),
        # An article that has lost its slug does not win its alias against the third.
        ({"a.yaml": "slug: x\naliases: [p]\n", "x.yaml": "", "long.yaml": "aliases: [p]\n"}, {"x.yaml", "long.yaml"}),
        # An id does not conflict with a slug or an alias.
        ({"a.yaml": "id: urn:b\n", "b.yaml": "aliases: ['urn']\n"}, {"a.yaml", "b.yaml"}),
        # Aliases with the names of keys.
        ({"a.yaml": "aliases: [id, slug]\n", "b.yaml": ""}, {"a.yaml", "b.yaml"}),
    ],
)
def test_an_id_slug_or_alias_belongs_to_one_article(newsroom: Newsroom, files: Mapping[str, str], expected: set[str]) -> None:
    paths, losers = winners_and_losers(newsroom, files)
    assert paths == expected
    assert set(losers) == files.keys() - expected


def test_the_messages_about_three_files_with_one_id_refer_to_the_winner(newsroom: Newsroom) -> None:
    text = f"# by hand\n{HEAD}{ID.format('a')}"
    content = load_content(newsroom({f"articles/{name}.yaml": text for name in ("a", "b", "c")}))
    hint = "change this line, or delete it to get an id from the file's name"
    assert [str(problem) for problem in content.errors] == [
        f"articles/{name}.yaml:4:5: id: 'tag:news.example,2026:a' is already the id of articles/a.yaml:4; {hint}"
        for name in ("b", "c")
    ]


def test_a_slug_from_a_file_name_is_reported_at_line_one(newsroom: Newsroom) -> None:
    text = f"---\n{HEAD}" + "id: tag:news.example,2026:{}\n---\n"
    content = load_content(newsroom({"articles/x/a.md": text.format(1), "articles/y/a.md": text.format(2)}))
    (problem,) = content.errors
    assert str(problem) == (
        "articles/y/a.md:1:1: slug: 'a' is already the slug of articles/x/a.md:1;"
        " give this article a slug of its own, or rename the file"
    )


def test_a_file_name_in_another_unicode_normalization_form_matches_the_id(newsroom: Newsroom) -> None:
    files = {"cafe\u0301.yaml": ID.format("caf%C3%A9"), "b.yaml": ID.format("caf%C3%A9")}
    assert winners_and_losers(newsroom, files) == ({"cafe\u0301.yaml"}, ["b.yaml"])


NAMES = st.sampled_from(["a", "b", "ab", "x/a", "x/ab", "a-b"])
TEXTS = st.builds(
    lambda id_, slug, aliases: "".join(
        (ID.format(id_) if id_ else "", f"slug: {slug}\n" if slug else "", f"aliases: [{', '.join(aliases)}]\n")
    ),
    st.sampled_from(["", "a", "b", "ab"]),
    st.sampled_from(["", "a", "b", "ab", "q"]),
    st.lists(st.sampled_from(["a", "b", "q", "r", "s"]), max_size=3),
)


@given(st.dictionaries(NAMES, TEXTS, min_size=2), st.randoms(use_true_random=False))
def test_the_winners_do_not_depend_on_the_order_of_the_files(files: Mapping[str, str], order: random.Random) -> None:
    results = read_articles_with_head(files)
    shuffled = order.sample(results, len(results))
    winners, problems = resolve_conflicts(results)
    winners_of_shuffled, problems_of_shuffled = resolve_conflicts(shuffled)
    assert {article.path for article in winners} == {article.path for article in winners_of_shuffled}
    assert problems == problems_of_shuffled
    assert {problem.path for problem in problems}.isdisjoint({article.path for article in winners})
    assert {problem.path for problem in problems} | {article.path for article in winners} == {
        f"articles/{name}.yaml" for name in files
    }
    addresses = [address for article in winners for address in (article.slug, *article.aliases)]
    assert len(addresses) == len(set(addresses))
    assert len({article.id for article in winners}) == len(winners)


def winners(files: Mapping[str, str], last_paths: Collection[str] = ()) -> set[str]:
    """Return the names of the files whose articles have no lost claim."""
    articles, _ = resolve_conflicts(read_articles_with_head(files), {f"articles/{name}.yaml" for name in last_paths})
    return {PurePosixPath(article.path).stem for article in articles}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # "a" loses its id to "bb". If the claims to "x" were resolved first, "long" would lose against "a", too.
        ({"a": f"{ID.format('bb')}slug: x\n", "bb": ID.format("bb"), "long": "slug: x\n"}, {"bb", "long"}),
        ({"a": f"{ID.format('bb')}aliases: [x]\n", "bb": ID.format("bb"), "long": "aliases: [x]\n"}, {"bb", "long"}),
        # "a" loses its slug to "bb". If the claims to the former slug were resolved first, "long" would lose against "a", too.
        ({"a": "slug: bb\naliases: [x]\n", "bb": "", "long": "aliases: [x]\n"}, {"bb", "long"}),
        # A slug goes before a former slug, even if the file's name ends the former slug.
        ({"x": "slug: y\naliases: [x]\n", "long": "slug: x\n"}, {"long"}),
    ],
)
def test_ids_are_resolved_before_slugs_and_slugs_before_former_slugs(files: Mapping[str, str], expected: set[str]) -> None:
    for order in itertools.permutations(files.items()):
        assert winners(dict(order)) == expected


def test_an_article_that_has_lost_a_claim_is_resolved_after_all_others_and_gets_a_problem_for_each_claim() -> None:
    files = {"x": ID.format("bb"), "bb": ID.format("bb"), "long": "slug: x\n"}
    for order in itertools.permutations(files.items()):
        _, problems = resolve_conflicts(read_articles_with_head(dict(order)))
        assert [(problem.path, problem.message) for problem in problems] == [
            ("articles/x.yaml", "slug: 'x' is already the slug of articles/long.yaml:3"),
            ("articles/x.yaml", "id: 'tag:news.example,2026:bb' is already the id of articles/bb.yaml:3"),
        ]


@pytest.mark.parametrize("claim", [ID.format("a"), "slug: a\n", "aliases: [q]\n"])
def test_articles_of_last_paths_are_resolved_after_all_others(claim: str) -> None:
    files = {"a": claim, "long": claim}
    assert (winners(files), winners(files, ["a"]), winners(files, ["long"])) == ({"a"}, {"long"}, {"a"})
    assert winners(files, ["a", "long"]) == {"a"}


def read_articles_with_head(files: Mapping[str, str]) -> list[ParseResult]:
    """Parse articles by the stem of their file; each has a valid title and date, and these lines."""
    return read_articles({name: HEAD + lines for name, lines in files.items()})


def read_articles(files: Mapping[str, str]) -> list[ParseResult]:
    """Parse article files by their stem."""
    site = Site(title="A", description="", base_url="https://a.example", id_domain="a.example", since=date(2000, 1, 1))
    references = References(site=site, media=MediaFolder(Path()), categories={}, authors={})
    return [parse_article(f"articles/{name}.yaml", text.encode(), references) for name, text in files.items()]


def test_a_draft_does_not_win_against_a_published_article(newsroom: Newsroom) -> None:
    published = "id: tag:news.example,2026:summit\ntitle: A\npublished: 2026-01-02\n"
    root = newsroom({"articles/07-summit.yaml": published, "articles/drafts/summit.yaml": f"{published}status: draft\n"})
    content = load_content(root)
    assert [article.path for article in content.articles] == ["articles/07-summit.yaml"]
    assert {problem.path for problem in content.errors} == {"articles/drafts/summit.yaml"}


def test_a_copy_that_is_read_again_unchanged_still_loses(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": HEAD + "id: tag:news.example,2026:a\n"})
    folder = ContentFolder(root)
    folder.read(now=datetime.now(UTC))
    shutil.copy(root / "articles/a.yaml", root / "articles/copy-of-a.yaml")
    # Recently changed files are read again at every scan.
    for _ in range(3):
        snapshot = folder.read(now=datetime.now(UTC)).content
        assert [article.path for article in snapshot.articles] == ["articles/a.yaml"]


def test_a_valid_article_with_a_former_slug_is_published_although_a_last_valid_version_has_that_slug(newsroom: Newsroom) -> None:
    """Before the fix, the article was missing, and no message said so."""
    root = newsroom({"articles/old.yaml": article_text("old"), "articles/story.yaml": article_text("story")})
    folder = ContentFolder(root)
    folder.read()
    copy, successor = article_text("story", "slug: old\n"), article_text("new", "aliases: [old]\n")
    write(root, {"articles/old.yaml": copy, "articles/new.yaml": successor})
    content = folder.read().content
    assert {article.path for article in content.articles} == {"articles/new.yaml", "articles/story.yaml"}
    assert [problem.path for problem in content.problems] == ["articles/old.yaml"]
