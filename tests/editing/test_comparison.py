"""The command `feedsvc check --against` warns of changes since a revision that affect subscribers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.cli.command_line import run_feedsvc
from tests.editing.repository import commit, compare_problems, compare_with_revision, edit, feed_changes


def test_unchanged_content_has_no_warnings(root: Path) -> None:
    assert (compare_problems(root), feed_changes(root)) == ([], {})


WARNINGS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "an id changed": (
        "articles/a.yaml",
        "2026:a\n",
        "2026:other\n",
        (
            "articles/a.yaml:1:5: warning: id: 'tag:news.example,2026:other' was 'tag:news.example,2026:a' at HEAD; "
            "readers would show the article a second time; put back id: tag:news.example,2026:a"
        ),
    ),
    "an id deleted, whose default is another": (
        "articles/a.yaml",
        "id: tag:news.example,2026:a\ntitle: A bridge\npublished: 2026",
        "title: A bridge\npublished: 2025",
        (
            "articles/a.yaml:1:1: warning: id: 'tag:news.example,2025:a' was 'tag:news.example,2026:a' at HEAD; "
            "readers would show the article a second time; write id: tag:news.example,2026:a"
        ),
    ),
    "a guid added": (
        "articles/a.yaml",
        "2026:a\n",
        "2026:a\nguid: '7'\n",
        (
            "articles/a.yaml:2:7: warning: guid: '7' was 'tag:news.example,2026:a' at HEAD; "
            "readers of RSS would show the article a second time; delete guid:"
        ),
    ),
    "a slug changed": (
        "articles/a.yaml",
        "slug: a",
        "slug: new",
        "articles/a.yaml:7:7: warning: slug: 'a' led to this article at HEAD and would no longer; write aliases: [a]",
    ),
    "a slug deleted beside an alias": (
        "articles/a.yaml",
        "slug: a",
        "slug: new\naliases: [x]",
        "articles/a.yaml:7:7: warning: slug: 'a' led to this article at HEAD and would no longer; write aliases: [x, a]",
    ),
    "an alias deleted": (
        "articles/b.yaml",
        "aliases: [bee]",
        "",
        "articles/b.yaml:1:1: warning: aliases: 'bee' led to this article at HEAD and would no longer; write aliases: [bee]",
    ),
    "a date moved": (
        "articles/a.yaml",
        "2026-01-02T09:30:00+05:30",
        "2026-01-02T10:30:00+05:30",
        (
            "articles/a.yaml:3:12: warning: published: was 2026-01-02T09:30:00+05:30 at HEAD; the article would change its "
            "place in every feed; put back published: 2026-01-02T09:30:00+05:30; "
            "a change that readers should see is dated by updated:"
        ),
    ),
    "a withdrawn article came back": (
        "articles/taken.yaml",
        "status: withdrawn",
        "status: published",
        (
            "articles/taken.yaml:4:9: warning: status: the article was withdrawn at HEAD and is back; many readers will not "
            "show it again; write status: withdrawn, and publish a new article with an id of its own"
        ),
    ),
    "a public article became a draft": (
        "articles/a.yaml",
        "status: published",
        "status: draft",
        (
            "articles/a.yaml:8:9: warning: status: the article was public at HEAD and is a draft now; "
            "feed readers keep their copy; to withdraw it with a notice, keep the file and write status: withdrawn"
        ),
    ),
    "a category renamed without alias": (
        "categories.yaml",
        "sport:",
        "sports:",
        (
            "categories.yaml:1:1: warning: the category 'sport' was there at HEAD; its feeds would be gone; "
            "write aliases: [sport] below the category that takes its place"
        ),
    ),
    "an author deleted": (
        "authors.yaml",
        "ritesh-nambiar:\n  name: Ritesh Nambiar\n",
        "",
        (
            "authors.yaml:1:1: warning: the author 'ritesh-nambiar' was there at HEAD; its feeds would be gone; "
            "write aliases: [ritesh-nambiar] below the author that takes its place"
        ),
    ),
    "another domain in the ids": (
        "site.yaml",
        "id_domain: news.example",
        "id_domain: other.example",
        (
            "site.yaml:3:12: warning: id_domain: 'other.example' was 'news.example' at HEAD; all feeds, and articles without id, "
            "get new ids; write id_domain: news.example"
        ),
    ),
    "another year in the feeds' ids": (
        "site.yaml",
        "timezone",
        "since: 2021-02-03\ntimezone",
        (
            "site.yaml:4:8: warning: since: 2021-02-03 was 2000-01-01 at HEAD; the year is in every feed's id; "
            "write since: 2000-01-01"
        ),
    ),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_change_that_affects_subscribers_has_one_warning(root: Path, name: str) -> None:
    path, old, new, sentence = WARNINGS[name]
    edit(root, path, old, new)
    assert [line for line in compare_problems(root) if "published: was" not in line or "date" in name] == [sentence]


@pytest.mark.parametrize("path", ["draft", "later", "taken"])
def test_changes_of_articles_that_were_not_public_have_no_warning(root: Path, path: str) -> None:
    edit(root, f"articles/{path}.yaml", f"2026:{path}", "2026:other")
    assert compare_problems(root) == []
    (root / f"articles/{path}.yaml").unlink()
    assert compare_problems(root) == []


def test_renamed_file_with_id_and_slug_has_no_warning(root: Path) -> None:
    (root / "articles/2026").mkdir()
    (root / "articles/a.yaml").rename(root / "articles/2026/bridge.yaml")
    assert (compare_problems(root), feed_changes(root)) == ([], {})


def test_renamed_file_without_id_is_recognized_by_its_content(root: Path) -> None:
    (root / "articles/plain.yaml").rename(root / "articles/simple.yaml")
    assert compare_problems(root) == [
        (
            "articles/simple.yaml:1:1: warning: id: 'tag:news.example,2026:simple' was 'tag:news.example,2026:plain' at HEAD; "
            "readers would show the article a second time; write id: tag:news.example,2026:plain"
        ),
        (
            "articles/simple.yaml:1:1: warning: slug: 'plain' led to this article at HEAD and would no longer; "
            "write aliases: [plain]"
        ),
    ]


def test_two_files_that_swap_names_have_no_warning(root: Path) -> None:
    edit(root, "articles/b.yaml", "aliases", "slug: b\naliases")
    commit(root.parent)
    (root / "articles/a.yaml").rename(root / "articles/c.yaml")
    (root / "articles/b.yaml").rename(root / "articles/a.yaml")
    (root / "articles/c.yaml").rename(root / "articles/b.yaml")
    assert (compare_problems(root), feed_changes(root)) == ([], {})


def test_file_that_is_broken_now_has_no_comparison_warning(root: Path) -> None:
    edit(root, "articles/a.yaml", "title:", "titel:")
    (root / "categories.yaml").write_text("asia: {title: Asia}\nsport: [\n")
    assert (compare_problems(root), "site" in feed_changes(root)) == ([], False)


def test_file_that_was_broken_in_the_revision_is_listed_as_not_compared(root: Path) -> None:
    edit(root, "articles/a.yaml", "title:", "titel:")
    commit(root.parent)
    edit(root, "articles/a.yaml", "titel:", "title:")
    assert compare_with_revision(root).invalid_paths == ("articles/a.yaml",)
    assert "articles/a.yaml had a problem then and is not compared" in run_feedsvc("check", root, "--against", "HEAD").stdout


def test_new_ids_of_stamp_have_no_warning(root: Path) -> None:
    assert run_feedsvc("stamp", root).stdout == "articles/plain.yaml: id: tag:news.example,2026:plain\n"
    assert (compare_problems(root), feed_changes(root)) == ([], {})


def test_slug_reused_by_another_article_is_reported_with_its_file(root: Path) -> None:
    edit(root, "articles/a.yaml", "slug: a", "slug: new")
    edit(root, "articles/b.yaml", "aliases: [bee]", "aliases: [bee, a]")
    assert compare_problems(root) == [
        (
            "articles/a.yaml:7:7: warning: slug: 'a' led to this article at HEAD and would no longer; "
            "take 'a' out of articles/b.yaml, then write aliases: [a]"
        )
    ]


@pytest.mark.parametrize("name", ["no", "2026", "1.0", "null"])
def test_hint_quotes_names_that_are_yaml_keywords(root: Path, name: str) -> None:
    edit(root, "articles/a.yaml", "slug: a", f'slug: "{name}"')
    edit(root, "categories.yaml", "sport:", f'"{name}":')
    commit(root.parent)
    edit(root, "articles/a.yaml", f'slug: "{name}"', "slug: new")
    edit(root, "categories.yaml", f'"{name}":', "sport:")
    article, category = compare_problems(root)
    assert article.endswith(f'; write aliases: ["{name}"]')
    assert f'; write aliases: ["{name}"] below the category' in category
    edit(root, "articles/a.yaml", "slug: new", f'slug: new\naliases: ["{name}"]')
    edit(root, "categories.yaml", "  title: Sport", f'  title: Sport\n  aliases: ["{name}"]')
    assert compare_problems(root) == []


def test_aliases_of_tags_that_lead_nowhere_have_a_warning(root: Path) -> None:
    (root / "tags.yaml").write_text("bridges: {title: Bridges, aliases: [spans, viaducts]}\n")
    commit(root.parent)
    assert (compare_problems(root), feed_changes(root)) == ([], {})
    edit(root, "tags.yaml", "[spans, viaducts]", "[viaducts]")
    sentence = (
        "tags.yaml:1:1: warning: the alias 'spans' of the tag 'bridges' was there at HEAD; its feeds would be gone; "
        "write aliases: [spans] below the tag that takes its place"
    )
    assert compare_problems(root) == [sentence]
    (root / "tags.yaml").write_text("bridges: {aliases: [spans, viaducts]}\n")
    assert compare_problems(root) == []
    assert set(feed_changes(root)) == {"site", "category/asia", "author/mina-park", "tag/bridges"}
    (root / "tags.yaml").write_text("bridges: [\n")
    assert compare_problems(root) == []


def test_old_address_that_leads_nowhere_any_more_has_a_warning(root: Path) -> None:
    file = root / "redirects.yaml"
    file.write_text("exact: {/old/a/: /articles/a/, /b/: gone, /?p=1: /articles/a/, /c/: /articles/a/}\n")
    commit(root.parent)
    assert compare_problems(root) == []
    file.write_text("exact: {/b: gone, /old/*: /articles/*}\n")
    assert compare_problems(root) == [
        f"redirects.yaml:1:1: warning: the address '{address}' led to '/articles/a/' at HEAD and would no longer; "
        f"write {address}: gone, or its target again"
        for address in ("/?p=1", "/c/")
    ]
    file.write_text("exact: [\n")
    assert compare_problems(root) == []


def test_a_tag_renamed_with_an_alias_has_no_warning(root: Path) -> None:
    edit(root, "articles/a.yaml", "tags: [bridges]", "tags: [Crossings]")
    (root / "tags.yaml").write_text("crossings: {aliases: [bridges]}\n")
    assert compare_problems(root) == []
    assert "ended" not in [change for changes in feed_changes(root).values() for change in changes]


def test_slug_and_category_that_redirects_yaml_redirects_have_no_warning(root: Path) -> None:
    edit(root, "articles/a.yaml", "slug: a", "slug: new")
    edit(root, "articles/a.yaml", "category: asia", "category: east")
    edit(root, "categories.yaml", "asia:", "east:")
    assert len(compare_problems(root)) == 2
    feeds = ", ".join(f"/category/asia/feed.{suffix}: /category/east/feed.{suffix}" for suffix in ("rss", "atom", "json"))
    (root / "redirects.yaml").write_text(f"exact: {{/articles/a/: /articles/new/, {feeds}}}\n")
    assert compare_problems(root) == []
    assert feed_changes(root)["category/asia"] == feed_changes(root)["site"]
    (root / "redirects.yaml").write_text("exact: {/articles/*: gone, /category/*: gone}\n")
    assert len(compare_problems(root)) == 2
    assert feed_changes(root)["category/asia"] == ["ended"]


def test_static_page_that_was_renamed_or_removed_without_an_alias_has_a_warning(root: Path) -> None:
    (root / "pages").mkdir()
    (root / "pages/about.md").write_text("---\ntitle: About us\naliases: [who]\n---\nText.\n")
    (root / "pages/team.md").write_text("---\ntitle: Team\n---\nText.\n")
    commit(root.parent)
    (root / "pages/about.md").rename(root / "pages/contact.md")
    (root / "pages/team.md").unlink()
    assert compare_problems(root) == [
        "pages/contact.md:1:1: warning: slug: 'about' led to this page at HEAD and would no longer; write aliases: [who, about]",
        (
            "pages/team.md:1:1: warning: the page 'Team' was public at HEAD and is gone; 'team' would lead nowhere; "
            "write aliases: [team] in the page that takes its place, or rules of redirects.yaml"
        ),
    ]
    edit(root, "pages/contact.md", "[who]", "[who, about]")
    (root / "redirects.yaml").write_text("exact: {/team/: /contact/}\n")
    assert compare_problems(root) == []


def test_full_former_address_that_an_article_does_not_name_any_more_has_a_warning(root: Path) -> None:
    file = root / "articles/a.yaml"
    text = file.read_text()
    file.write_text(f"{text}aliases: [/2019/05/a/, '/?p=1', /kept/]\n")
    commit(root.parent)
    file.write_text(f"{text}aliases: [/kept/]\n")
    (root / "redirects.yaml").write_text("exact: {/?p=1: /articles/a/}\n")
    (warning,) = compare_problems(root)
    assert warning == (
        "articles/a.yaml:1:1: warning: the address '/2019/05/a/' led to this article at HEAD and would no longer; "
        'write "/2019/05/a/" into aliases again, or a rule into redirects.yaml'
    )
