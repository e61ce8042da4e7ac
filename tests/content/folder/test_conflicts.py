"""Who keeps an id, a slug or a former slug that two files claim."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

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

ID = "id: tag:news.example,2026:{}\n"
COPIED = ID.format("second-summit") + "aliases: [xi-lee]\n"


def kept_and_aside(newsroom: Newsroom, files: Mapping[str, str]) -> tuple[set[str], list[str]]:
    content = load_content(newsroom({f"articles/{path}": HEAD + rest for path, rest in files.items()}))
    return {article.path.removeprefix("articles/") for article in content.articles}, [
        p.path.removeprefix("articles/") for p in content.errors
    ]


@pytest.mark.parametrize(
    ("kept", "aside"),
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
def test_a_copied_file_never_takes_the_original_down(newsroom: Newsroom, kept: str, aside: str) -> None:
    text = {path: (f"---\n{COPIED}---\n" if path.endswith(".md") else COPIED) for path in (kept, aside)}
    files = {f"articles/{path}": rest.replace("id:", f"{HEAD}id:", 1) for path, rest in text.items()}
    content = load_content(newsroom(files))
    assert [article.path for article in content.articles] == [f"articles/{kept}"]
    assert {problem.path for problem in content.errors} == {f"articles/{aside}"}


def test_a_copy_with_a_shorter_name_loses_its_former_slugs_too_and_takes_nothing_down(newsroom: Newsroom) -> None:
    """The shorter stem once won the former slug while the longer won the id: both were gone."""
    assert kept_and_aside(newsroom, {"second-summit.yaml": COPIED, "s.yaml": COPIED}) == (
        {"second-summit.yaml"},
        ["s.yaml", "s.yaml"],
    )


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        ({"b.yaml": "slug: a\n" + ID.format("b"), "a.yaml": ID.format("a")}, {"a.yaml"}),
        ({"bb.yaml": "slug: x\n", "c.yaml": "slug: x\n"}, {"c.yaml"}),
        ({"b.yaml": "slug: x\n", "a.yaml": "slug: x\n"}, {"a.yaml"}),
        ({"a.yaml": "aliases: [long-name]\n", "long-name.yaml": ""}, {"long-name.yaml"}),
        ({"a.yaml": "aliases: [x]\n", "x-y.yaml": "slug: z\naliases: [x]\n"}, {"a.yaml"}),
        ({"a.yaml": "aliases: [a]\n", "b.yaml": "aliases: [c]\n"}, {"a.yaml", "b.yaml"}),
        # Each would win one of two former slugs; still only one is set aside.
        ({"a.yaml": "slug: q\naliases: [a, b]\n", "b.yaml": "slug: r\naliases: [a, b]\n"}, {"b.yaml"}),
        # The one that has lost its slug does not hold its former slug against the third.
        ({"a.yaml": "slug: x\naliases: [p]\n", "x.yaml": "", "long.yaml": "aliases: [p]\n"}, {"x.yaml", "long.yaml"}),
        # An id is no address, and an address no id.
        ({"a.yaml": "id: urn:b\n", "b.yaml": "aliases: ['urn']\n"}, {"a.yaml", "b.yaml"}),
        # A former slug named as a key is.
        ({"a.yaml": "aliases: [id, slug]\n", "b.yaml": ""}, {"a.yaml", "b.yaml"}),
    ],
)
def test_an_address_has_one_article(newsroom: Newsroom, files: Mapping[str, str], kept: set[str]) -> None:
    paths, losers = kept_and_aside(newsroom, files)
    assert paths == kept
    assert set(losers) == files.keys() - kept


def test_three_files_with_one_id_name_the_one_that_stays(newsroom: Newsroom) -> None:
    text = f"# by hand\n{HEAD}{ID.format('a')}"
    content = load_content(newsroom({f"articles/{name}.yaml": text for name in ("a", "b", "c")}))
    hint = "change this line, or delete it to get an id from the file's name"
    assert [str(problem) for problem in content.errors] == [
        f"articles/{name}.yaml:4:5: id: 'tag:news.example,2026:a' is already the id of articles/a.yaml:4; {hint}"
        for name in ("b", "c")
    ]


def test_a_slug_from_the_name_of_a_markdown_file_is_not_said_to_stand_in_a_line(newsroom: Newsroom) -> None:
    text = f"---\n{HEAD}" + "id: tag:news.example,2026:{}\n---\n"
    content = load_content(newsroom({"articles/x/a.md": text.format(1), "articles/y/a.md": text.format(2)}))
    (problem,) = content.errors
    assert str(problem) == (
        "articles/y/a.md:1:1: slug: 'a' is already the slug of articles/x/a.md:1;"
        " give this article a slug of its own, or rename the file"
    )


def test_a_name_in_another_unicode_form_ends_the_id_all_the_same(newsroom: Newsroom) -> None:
    files = {"cafe\u0301.yaml": ID.format("caf%C3%A9"), "b.yaml": ID.format("caf%C3%A9")}
    assert kept_and_aside(newsroom, files) == ({"cafe\u0301.yaml"}, ["b.yaml"])


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
def test_the_same_stay_whatever_the_order_on_disk(files: Mapping[str, str], order: random.Random) -> None:
    readings = _read(files)
    shuffled = order.sample(readings, len(readings))
    kept, problems = resolve_conflicts(readings)
    again, same = resolve_conflicts(shuffled)
    assert {article.path for article in kept} == {article.path for article in again}
    assert problems == same
    assert {p.path for p in problems}.isdisjoint({article.path for article in kept})
    assert {p.path for p in problems} | {article.path for article in kept} == {f"articles/{name}.yaml" for name in files}
    addresses = [address for article in kept for address in (article.slug, *article.aliases)]
    assert len(addresses) == len(set(addresses))
    assert len({article.id for article in kept}) == len(kept)


def _read(files: Mapping[str, str]) -> list[ParseResult]:
    site = Site(title="A", description="", base_url="https://a.example", id_domain="a.example", since=date(2000, 1, 1))
    known = References(site=site, media=MediaFolder(Path()), categories={}, authors={})
    return [parse_article(f"articles/{name}.yaml", (HEAD + rest).encode(), known) for name, rest in files.items()]


def test_a_draft_takes_no_published_article_down(newsroom: Newsroom) -> None:
    published = "id: tag:news.example,2026:summit\ntitle: A\npublished: 2026-01-02\n"
    root = newsroom({"articles/07-summit.yaml": published, "articles/drafts/summit.yaml": f"{published}status: draft\n"})
    content = load_content(root)
    assert [article.path for article in content.articles] == ["articles/07-summit.yaml"]
    assert {problem.path for problem in content.errors} == {"articles/drafts/summit.yaml"}


def test_a_copy_that_is_read_a_second_time_unchanged_stays_aside(newsroom: Newsroom) -> None:
    root = newsroom({"articles/a.yaml": HEAD + "id: tag:news.example,2026:a\n"})
    folder = ContentFolder(root)
    folder.read(now=datetime.now(UTC))
    shutil.copy(root / "articles/a.yaml", root / "articles/copy-of-a.yaml")
    # Files that young are read again at every look.
    for _ in range(3):
        read = folder.read(now=datetime.now(UTC)).content
        assert [article.path for article in read.articles] == ["articles/a.yaml"]
