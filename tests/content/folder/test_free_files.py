"""Files of pages/ and root/: problems with lines, last valid versions, names that several files claim, and what is not served."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import ContentFolder, load_content, open_content_folder
from feedsvc.content.folder.root_files import ROOT_FOLDER
from tests.conftest import Newsroom
from tests.helpers.newsrooms import picture, write

ABOUT = "---\ntitle: About us\n---\nWe *write*.\n"


def problems(root: Path) -> list[str]:
    return [str(problem) for problem in load_content(root).problems]


def test_every_key_of_a_page_is_read(newsroom: Newsroom) -> None:
    text = """\
---
title: Über uns
description: Who writes here
language: de
updated: 2026-01-02
navigation: header
order: 3
slug: uns
aliases: [wir, uns]
status: draft
---
![](media/p.jpg)
"""
    content = load_content(newsroom({"pages/about.md": text, "media/p.jpg": picture()}))
    assert not content.problems
    page = content.pages["uns"]
    assert content.pages == {"uns": page, "wir": page}
    assert (page.path, page.title, page.description, page.language) == ("pages/about.md", "Über uns", "Who writes here", "de")
    assert (page.menu, page.order, page.is_draft, page.media) == ("header", 3, True, ("media/p.jpg",))
    assert page.updated is not None
    assert page.updated.isoformat() == "2026-01-01T18:30:00+00:00"
    assert set(content.media) == {"media/p.jpg"}


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("about.md", "We write.", "pages/about.md:1:1: a Markdown page begins with a line '---'"),
        ("about.md", "---\n---\n", "pages/about.md:1:1: there are no keys between the two '---'; a page needs at least title:"),
        ("about.md", "---\ntitel: A\n---\n", "pages/about.md:2:1: unknown key 'titel'; did you mean 'title'?"),
        ("about.md", "---\ntitle: A\nnavigation: top\n---\n", "pages/about.md:3:13: navigation: expected 'header'"),
        ("about.md", "---\ntitle: A\n---\n\n![](media/x.jpg)\n", "pages/about.md:5:5: body: no file 'media/x.jpg'"),
        ("tags.md", "---\ntitle: A\n---\n", "pages/tags.md:2:1: /tags/ is an address of the site's own"),
        ("a.md", "---\ntitle: A\nslug: subscribe\n---\n", "pages/a.md:3:7: slug: /subscribe/ is an address of the site's own"),
        ("a.md", "---\ntitle: A\naliases: [b, feed]\n---\n", "pages/a.md:3:14: aliases: /feed/ is an address of the site's own"),
        ("a/b.md", "---\ntitle: A\n---\n", "pages/a/b.md:1:1: pages lie in pages/ itself"),
        ("a.html", "<p>A", "pages/a.html:1:1: pages end in .md"),
    ],
)
def test_a_fault_of_a_page_has_file_and_line(newsroom: Newsroom, path: str, text: str, expected: str) -> None:
    found = problems(newsroom({f"pages/{path}": text}))
    assert [line for line in found if line.startswith(expected)], found


def test_a_name_belongs_to_the_first_page_and_a_slug_comes_before_a_former_one(newsroom: Newsroom) -> None:
    root = newsroom(
        {
            "pages/a.md": "---\ntitle: A\naliases: [c]\n---\n",
            "pages/b.md": "---\ntitle: B\n---\n",
            "pages/b2.md": "---\ntitle: B2\nslug: b\n---\n",
            "pages/c.md": "---\ntitle: C\n---\n",
        }
    )
    content = load_content(root)
    assert {name: page.title for name, page in content.pages.items()} == {"b": "B", "c": "C"}
    assert [str(problem).partition(";")[0] for problem in content.problems] == [
        "pages/a.md:3:11: alias: 'c' is already the slug of pages/c.md:1",
        "pages/b2.md:3:7: slug: 'b' is already the slug of pages/b.md:1",
    ]


@pytest.mark.parametrize(
    ("winner", "loser"),
    [
        ({"about.md": ABOUT}, {"a-draft.md": ABOUT.replace("---\nWe", "slug: about\nstatus: draft\n---\nWe")}),
        ({"about.md": ABOUT}, {"about copy.md": ABOUT.replace("---\nWe", "slug: about\n---\nWe")}),
        ({"about.md": ABOUT}, {"a copy.md": ABOUT.replace("---\nWe", "slug: about\n---\nWe")}),
        (
            {"us.md": ABOUT.replace("---\nWe", "slug: about\n---\nWe")},
            {"about.md": ABOUT.replace("---\nWe", "status: draft\n---\nWe")},
        ),
    ],
)
def test_a_draft_or_a_copy_does_not_take_the_address_of_a_published_page(
    newsroom: Newsroom, winner: dict[str, str], loser: dict[str, str]
) -> None:
    """The file that came first by path had the name."""
    folder = ContentFolder(newsroom({f"pages/{name}": text for name, text in {**winner, **loser}.items()}))
    content = folder.read().content
    assert [page.path for page in content.pages.values()] == [f"pages/{name}" for name in winner]
    assert [problem.path for problem in content.errors] == [f"pages/{name}" for name in loser]


def test_a_page_that_loses_its_address_does_not_return_to_a_text_before_its_last_one(newsroom: Newsroom) -> None:
    """A running server showed the page at its former address, with the text that it had there."""
    root = newsroom({"pages/us.md": ABOUT.replace("---\nWe", "slug: old\n---\nWe")})
    folder = ContentFolder(root)
    assert list(folder.read().content.pages) == ["old"]
    write(root, {"pages/us.md": ABOUT.replace("---\nWe", "slug: about\n---\nWe")})
    assert list(folder.read(["pages/us.md"]).content.pages) == ["about"]
    write(root, {"pages/about.md": ABOUT})
    for _ in range(2):
        pages = folder.read(["pages/about.md"]).content.pages
        assert {name: page.path for name, page in pages.items()} == {"about": "pages/about.md"}


def test_a_broken_page_stays_as_it_was_also_after_a_restart(tmp_path: Path, newsroom: Newsroom) -> None:
    root, state = newsroom({"pages/about.md": ABOUT}), tmp_path / "state"
    folder = open_content_folder(root, "", state)
    folder.read()
    folder.save()
    write(root, {"pages/about.md": "---\ntitle: [\n---\nBroken.\n"})
    for reader in (folder, open_content_folder(root, "", state)):
        content = reader.read(["pages/about.md"] if reader is folder else None).content
        assert [problem.path for problem in content.errors] == ["pages/about.md"]
        assert (content.pages["about"].title, content.pages["about"].markdown) == ("About us", "We *write*.\n")
        assert "pages/about.md" in content.last_valid_paths
    (root / "pages/about.md").unlink()
    assert not folder.read(["pages/about.md"]).content.pages


def test_a_page_that_is_saved_during_a_start_is_shown_as_it_was(tmp_path: Path, newsroom: Newsroom) -> None:
    """The page was missing until its file had been unchanged for a moment."""
    root, state = newsroom({"pages/about.md": ABOUT}), tmp_path / "state"
    folder = open_content_folder(root, "", state)
    folder.read()
    folder.save()
    write(root, {"pages/about.md": ABOUT.replace("*write*", "*read*")})
    folder = open_content_folder(root, "", state)
    change = folder.read(None, datetime.now(UTC), timedelta(seconds=5))
    assert "pages/about.md" in change.waiting_files
    assert change.content.pages["about"].markdown == "We *write*.\n"
    assert folder.read(change.waiting_files).content.pages["about"].markdown == "We *read*.\n"


def test_a_page_whose_picture_appears_is_valid_then(newsroom: Newsroom) -> None:
    root = newsroom({"pages/about.md": "---\ntitle: A\n---\n![](media/p.jpg)\n"})
    folder = ContentFolder(root)
    assert not folder.read().content.pages
    write(root, {"media/p.jpg": picture()})
    content = folder.read(["media/p.jpg"]).content
    assert not content.errors
    assert set(content.media) == {"media/p.jpg"}


def test_root_files_are_read_as_they_are_with_those_of_well_known(newsroom: Newsroom) -> None:
    files = {"root/ads.txt": b"a\r\n\xff", "root/.well-known/security.txt": b"Contact:", "root/app/data.json": b"{}"}
    content = load_content(newsroom({**files, "root/.DS_Store": "x", "root/.ads.txt.swp": "x"}))
    assert not content.problems
    assert content.root_files == {path.removeprefix("root/"): data for path, data in files.items()}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("robots.txt", "/robots.txt is an address of the site's own; write its rules in site.yaml, below robots: and crawlers:"),
        ("feed.rss", "/feed.rss is an address of the site's own"),
        ("sitemap-2026-01.xml", "/sitemap-2026-01.xml is an address of the site's own"),
        ("category/asia.txt", "/category/asia.txt is an address of the site's own"),
        ("status", "/status is an address of the site's own"),
        ("404.html", "/404.html is an address of the site's own"),
        ("app/index.html", "/app/index.html is an address of the site's own; write a page in pages/"),
        ("about", "/about/ is the address of a page; rename one of the two"),
        ("old", "/old/ is the address of a page; rename one of the two"),
        ("ads.txt.gz", "names that end in .br, .gz, .zst belong to compressed copies; move it to media/"),
        (".htpasswd", "names that begin with a dot are not served, except .well-known"),
        (".well-known/.htaccess", "names that begin with a dot are not served, except .well-known"),
        ("app/.env", "names that begin with a dot are not served, except .well-known"),
        ("big.bin", "the file is larger than 1 MiB, the most that is served from root/"),
    ],
)
def test_a_file_that_must_not_be_at_the_root_is_a_problem_and_is_not_served(newsroom: Newsroom, name: str, expected: str) -> None:
    data = b"x" * (2**20 + 1 if name == "big.bin" else 1)
    root = newsroom({f"root/{name}": data, "pages/about.md": ABOUT.replace("---\nWe", "aliases: [old]\n---\nWe")})
    content = load_content(root)
    assert not content.root_files
    assert [str(problem).startswith(f"root/{name}:1:1: {expected}") for problem in content.problems] == [True], content.problems
    assert all(problem.severity == "error" for problem in content.problems)


def test_a_link_out_of_root_is_a_problem_and_is_not_served(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom({"root/ads.txt": "x", "articles/draft.yaml": "title: A\npublished: 2026-01-02\nstatus: draft\n"})
    write(tmp_path, {"secret.txt": "secret", "folder/secret.txt": "secret"})
    (root / ROOT_FOLDER / "a.txt").symlink_to("../articles/draft.yaml")
    (root / ROOT_FOLDER / "b.txt").symlink_to(tmp_path / "secret.txt")
    (root / ROOT_FOLDER / "c").symlink_to(tmp_path / "folder")
    (root / ROOT_FOLDER / "d.txt").symlink_to("ads.txt")
    content = load_content(root)
    assert content.root_files == {"ads.txt": b"x", "d.txt": b"x"}
    assert [problem.path for problem in content.errors] == ["root/a.txt", "root/b.txt", "root/c"]


def test_a_root_file_that_a_page_replaces_at_once_leaves_no_problem(newsroom: Newsroom) -> None:
    root = newsroom({"root/about": "We write."})
    folder = ContentFolder(root)
    assert [*folder.read().content.root_files] == ["about"]
    (root / "root/about").unlink()
    write(root, {"pages/about.md": ABOUT})
    content = folder.read().content
    assert ([*content.pages], [*content.root_files], content.problems) == (["about"], [], ())
