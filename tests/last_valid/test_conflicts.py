"""A file that takes another's id over while a newsroom is followed, and the saves that come after."""

from __future__ import annotations

from pathlib import Path

from feedsvc.content.folder.folder import ContentFolder, load_content
from tests.helpers import newsrooms

SITE = "title: News\nbase_url: https://news.example\nid_domain: news.example\n"


def article(title: str, id_: str) -> str:
    return f"id: tag:news.example,2026:{id_}\ntitle: {title}\npublished: 2026-01-02\nbody: Words.\n"


def test_who_lost_an_id_is_told_of_after_other_saves_and_comes_back_once_the_other_goes(tmp_path: Path) -> None:
    root = newsrooms.write(tmp_path / "content", {"site.yaml": SITE, "articles/long-harbour.yaml": article("First", "harbour")})
    folder = ContentFolder(root)
    assert folder.read().content.problems == ()

    newsrooms.write(root, {"articles/harbour.yaml": article("Second", "harbour")})
    told = folder.read().content.problems
    assert [problem.path for problem in told] == ["articles/long-harbour.yaml"]

    newsrooms.write(root, {"articles/bridge.yaml": article("Third", "harbour")})
    assert folder.read().content.problems == load_content(root).problems

    (root / "articles/harbour.yaml").unlink()
    (root / "articles/bridge.yaml").unlink()
    content = folder.read().content
    assert content.problems == ()
    assert [one.title for one in content.articles] == ["First"]
