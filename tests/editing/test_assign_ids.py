"""The command `feedsvc stamp` inserts an id and changes nothing else in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.folder.folder import load_content
from feedsvc.editing import article_files
from feedsvc.errors import Problem
from tests.cli.command_line import run_feedsvc
from tests.conftest import Newsroom

ID: Final = "tag:news.example,2026:a"
LAYOUTS: Final = {
    "plain": (b"title: A\npublished: 2026-01-02\n", b"id: %s\ntitle: A\npublished: 2026-01-02\n"),
    "comments": (
        b"# yaml-language-server: $schema=x\n\n# Mine\ntitle: A # yes\npublished: 2026-01-02",
        b"# yaml-language-server: $schema=x\n\n# Mine\nid: %s\ntitle: A # yes\npublished: 2026-01-02",
    ),
    "Windows line ends": (b"title: A\r\npublished: 2026-01-02\r\n", b"id: %s\r\ntitle: A\r\npublished: 2026-01-02\r\n"),
    "old Macintosh line ends": (b"title: A\rpublished: 2026-01-02\r", b"id: %s\rtitle: A\rpublished: 2026-01-02\r"),
    "mixed line ends": (b"# x\n\ntitle: A\r\npublished: 2026-01-02\n", b"# x\n\nid: %s\r\ntitle: A\r\npublished: 2026-01-02\n"),
    "a byte order mark": (
        b"\xef\xbb\xbftitle: A\npublished: 2026-01-02\n",
        b"\xef\xbb\xbfid: %s\ntitle: A\npublished: 2026-01-02\n",
    ),
    "two byte order marks": (
        b"\xef\xbb\xbf\xef\xbb\xbftitle: A\npublished: 2026-01-02\n",
        b"\xef\xbb\xbf\xef\xbb\xbfid: %s\ntitle: A\npublished: 2026-01-02\n",
    ),
    "a directive": (
        b"%%YAML 1.1\n--- # begins\ntitle: A\npublished: 2026-01-02\n...\n",
        b"%%YAML 1.1\n--- # begins\nid: %s\ntitle: A\npublished: 2026-01-02\n...\n",
    ),
    "indented keys": (b"  title: A\n  published: 2026-01-02\n", b"  id: %s\n  title: A\n  published: 2026-01-02\n"),
    "braces": (b"{title: A, published: 2026-01-02}", b'{id: "%s", title: A, published: 2026-01-02}'),
    "braces over several lines": (
        b"{\n  # Mine\n  title: A,\n  published: 2026-01-02\n}\n",
        b'{\n  # Mine\n  id: "%s", title: A,\n  published: 2026-01-02\n}\n',
    ),
    "JSON": (b'{"title":"A","published":"2026-01-02"}', b'{id: "%s", "title":"A","published":"2026-01-02"}'),
    "explicit keys": (b"? title\n: A\n? published\n: 2026-01-02\n", b"id: %s\n? title\n: A\n? published\n: 2026-01-02\n"),
    "explicit keys in braces": (b"{? title : A, published: 2026-01-02}", b'{? id: "%s", title : A, published: 2026-01-02}'),
    "a tag before the keys": (
        b"--- !!map\ntitle: A\npublished: 2026-01-02\n",
        b"--- !!map\nid: %s\ntitle: A\npublished: 2026-01-02\n",
    ),
    "an anchor": (b"&x title: &y A\npublished: 2026-01-02\n", b"id: %s\n&x title: &y A\npublished: 2026-01-02\n"),
    "an id without value": (
        b"title: A\nid:   # to come\npublished: 2026-01-02\n",
        b"title: A\nid: %s   # to come\npublished: 2026-01-02\n",
    ),
    "an id that is null": (b"title: A\nid: ~\npublished: 2026-01-02\n", b"title: A\nid: %s\npublished: 2026-01-02\n"),
    "an id that is null in JSON": (
        b'{"id":null,"title":"A","published":"2026-01-02"}',
        b'{"id":"%s","title":"A","published":"2026-01-02"}',
    ),
}


def assign_all_ids(root: Path) -> tuple[list[article_files.IdAssignment], list[Problem]]:
    assignments, problems = article_files.plan_assignments(root, load_content(root))
    for assignment in assignments:
        assert article_files.apply_assignment(root, assignment) is None
    return assignments, problems


@pytest.mark.parametrize("layout", LAYOUTS)
def test_id_is_inserted_and_every_other_byte_is_unchanged(newsroom: Newsroom, layout: str) -> None:
    before, after = (text.replace(b"%%", b"%") for text in LAYOUTS[layout])
    root = newsroom({"articles/a.yaml": before})
    articles = load_content(root).articles
    assign_all_ids(root)
    assert (root / "articles/a.yaml").read_bytes() == after.replace(b"%s", ID.encode())
    assert load_content(root).articles == articles
    assert assign_all_ids(root)[0] == []


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_id_is_inserted_before_the_other_keys_of_a_markdown_file(newsroom: Newsroom, end: bytes) -> None:
    lines = [
        b"\xef\xbb\xbf---",
        b"# Mine",
        b"title: '\xf0\x9f\x8e\x89'",
        b"published: 2026-01-02",
        b"---",
        b"id: body",
        b"",
        b"title: A",
    ]
    root = newsroom({"articles/a.md": end.join(lines)})
    assign_all_ids(root)
    assert (root / "articles/a.md").read_bytes() == end.join([*lines[:2], b"id: " + ID.encode(), *lines[2:]])


@pytest.mark.parametrize("stem", ["100% sure", "a#b", "정상", "e\u0301", "a: b", "q?&=+", "-", "'", '"', "[x]", "a,b"])
@pytest.mark.parametrize("text", ["title: A\npublished: 2026-01-02\nslug: a\n", "{title: A, published: 2026-01-02, slug: a}\n"])
def test_id_of_any_file_name_is_read_back(newsroom: Newsroom, stem: str, text: str) -> None:
    root = newsroom({f"articles/{stem}.yaml": text})
    content = load_content(root)
    assert len(assign_all_ids(root)[0]) == 1
    (root / f"articles/{stem}.yaml").rename(root / "articles/renamed.yaml")
    assert [article.id for article in load_content(root).articles] == [article.id for article in content.articles]


@pytest.mark.parametrize("name", ["a.yml", "a.YAML", "a.markdown", "a.MD"])
def test_id_is_inserted_into_a_file_with_an_unusual_suffix(newsroom: Newsroom, name: str) -> None:
    mark = "" if name.lower().endswith("ml") else "---\n"
    root = newsroom({f"articles/{name}": f"{mark}title: A\npublished: 2026-01-02\n{mark}"})
    assert run_feedsvc("stamp", root).returncode == 0
    assert (root / "articles" / name).read_text() == f"{mark}id: {ID}\ntitle: A\npublished: 2026-01-02\n{mark}"


def test_drafts_scheduled_and_withdrawn_articles_get_an_id(newsroom: Newsroom) -> None:
    root = newsroom(
        {
            "articles/draft.yaml": "title: A\npublished: 2026-01-02\nstatus: draft\n",
            "articles/scheduled.yaml": "title: A\npublished: 2100-01-02\n",
            "articles/withdrawn.yaml": "title: A\npublished: 2026-01-02\nstatus: withdrawn\n",
        }
    )
    assert [assignment.id for assignment in assign_all_ids(root)[0]] == [
        "tag:news.example,2026:draft",
        "tag:news.example,2100:scheduled",
        "tag:news.example,2026:withdrawn",
    ]


def test_broken_and_conflicting_files_are_reported_and_unchanged(newsroom: Newsroom) -> None:
    copy = "title: A\npublished: 2026-01-02\nslug: b\n"
    files = {
        "articles/a.yaml": "title: A\npublished: 2026-01-02\n",
        "articles/broken.yaml": "title: [\n",
        "articles/latin.yaml": b"title: caf\xe9\npublished: 2026-01-02\n",
        "articles/x/a.yaml": copy,
        "articles/empty.md": "---\n---\n",
        "articles/none.md": "",
    }
    root = newsroom(files)
    result = run_feedsvc("stamp", root)
    assert result.returncode == 1
    assert result.stdout == f"articles/a.yaml: id: {ID}\n"
    lines = result.stderr.splitlines()
    assert [line.partition(":")[0] for line in lines] == [*sorted(set(files) - {"articles/a.yaml"}), "feedsvc"]
    assert "is already the id of articles/a.yaml" in lines[-2]
    assert lines[-1] == "feedsvc: 1 article got an id; 5 problems"
    assert (root / "articles/x/a.yaml").read_text() == copy


def test_dry_run_writes_nothing(newsroom: Newsroom) -> None:
    text = "title: A\npublished: 2026-01-02\n"
    root = newsroom({"articles/a.yaml": text})
    result = run_feedsvc("stamp", root, "--dry-run")
    assert (result.returncode, result.stdout, result.stderr) == (
        0,
        f"articles/a.yaml: id: {ID}\n",
        "feedsvc: 1 article would get an id; 0 problems\n",
    )
    assert (root / "articles/a.yaml").read_text() == text
