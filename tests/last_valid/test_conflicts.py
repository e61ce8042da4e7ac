"""An article file that takes the id of another file while the folder is watched, and the saves after that."""

from __future__ import annotations

from pathlib import Path

from feedsvc.content.folder.folder import ContentFolder, load_content
from tests.helpers import newsrooms

SITE = "title: News\nbase_url: https://news.example\nid_domain: news.example\n"


def article_text(title: str, id_: str) -> str:
    return f"id: tag:news.example,2026:{id_}\ntitle: {title}\npublished: 2026-01-02\nbody: Words.\n"


def test_an_id_conflict_is_reported_until_the_other_files_are_deleted(tmp_path: Path) -> None:
    root = newsrooms.write(
        tmp_path / "content", {"site.yaml": SITE, "articles/long-harbour.yaml": article_text("First", "harbour")}
    )
    folder = ContentFolder(root)
    assert folder.read().content.problems == ()

    newsrooms.write(root, {"articles/harbour.yaml": article_text("Second", "harbour")})
    problems = folder.read().content.problems
    assert [problem.path for problem in problems] == ["articles/long-harbour.yaml"]

    newsrooms.write(root, {"articles/bridge.yaml": article_text("Third", "harbour")})
    assert folder.read().content.problems == load_content(root).problems

    (root / "articles/harbour.yaml").unlink()
    (root / "articles/bridge.yaml").unlink()
    content = folder.read().content
    assert content.problems == ()
    assert [article.title for article in content.articles] == ["First"]


def test_the_id_of_a_last_valid_version_may_be_claimed_by_a_new_file(tmp_path: Path) -> None:
    """Both were published, because the last valid version in place of a file that lost a conflict was not compared again."""
    root = newsrooms.write(
        tmp_path / "content",
        {"site.yaml": SITE, "articles/a.yaml": article_text("A", "a"), "articles/b.yaml": article_text("B", "b")},
    )
    folder = ContentFolder(root)
    assert folder.read().content.problems == ()

    newsrooms.write(root, {"articles/b.yaml": article_text("B", "a")})
    content = folder.read().content
    assert sorted(article.id[-1] for article in content.articles) == ["a", "b"]

    newsrooms.write(root, {"articles/c.yaml": article_text("C", "b")})
    content = folder.read().content
    assert sorted((article.path[9:], article.id[-1]) for article in content.articles) == [("a.yaml", "a"), ("c.yaml", "b")]
    assert [problem.path for problem in content.problems] == ["articles/b.yaml"]
