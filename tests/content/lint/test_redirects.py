"""`check` warns of rules in redirects.yaml that lead nowhere, are never reached, or match addresses of documents."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.content.lint import lint_content, redirects
from feedsvc.pages.theme import EXTRA_STYLESHEET, Theme
from feedsvc.publication.old_addresses import redirect_target
from tests.web.newsroom import SVG, write_newsroom

NOW = datetime(2026, 3, 1, 14, tzinfo=UTC)


def warnings(tmp_path: Path, text: str) -> list[str]:
    root = write_newsroom(tmp_path / "content", with_scheduled=True)
    (root / "theme/static").mkdir(parents=True, exist_ok=True)
    (root / "theme/extra.css").write_text("p {}")
    (root / "theme/static/logo.svg").write_bytes(SVG)
    (root / "redirects.yaml").write_text(text)
    content = load_content(root)
    assert content.errors == ()
    return [str(problem) for problem in lint_content(content, root, NOW) if problem.path == "redirects.yaml"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("/a/: /articles/fisch/", "2:8: warning: no article has the slug 'fisch'; did you mean 'fish'?"),
        ("/a/: /articles/brief/", "2:8: warning: the article 'brief' has expired, so this rule answers 404; write gone"),
        ("/a/: /category/busines/feed.rss", "2:8: warning: there is no category 'busines'; did you mean 'business'?"),
        ("/a/: /tag/harbours/", "2:8: warning: there is no tag 'harbours'; write gone"),
        ("/a/: /x/y/", "2:8: warning: '/x/y/' has the form of no address of this site; write one like /articles/a-title/"),
        ("/a/: /abuot/", "2:8: warning: '/abuot/' is the address of no page and of no file in root/; did you mean 'about'?"),
        (
            "/about/: /articles/fish/",
            "2:3: warning: '/about/' is the address of a document, so this rule is never reached; delete the rule, or",
        ),
        ("/a/: /media/orphan.png", "2:8: warning: nothing public refers to media/orphan.png, so it has no address"),
        ("/subscribe/: /about/", "2:3: warning: '/subscribe/' is the address of a document, so this rule is never reached"),
        ("/status: /about/", "2:3: warning: '/status/' is the address of a document, so this rule is never reached"),
        ("/articles/fish: gone", "2:3: warning: '/articles/fish/' is the address of a document, so this rule is never reached"),
        ("/tags: gone", "2:3: warning: '/tags/' is the address of a document, so this rule is never reached"),
        ("/media/photo.png: gone", "2:3: warning: '/media/photo.png' is the address of a file, so this rule is never reached"),
        ("/static/site.css: gone", "2:3: warning: '/static/site.css' is the address of a file, so this rule is never reached"),
        ("/static/extra.css: gone", "2:3: warning: '/static/extra.css' is the address of a file, so this rule is never reached"),
        ("/static/logo.svg: gone", "2:3: warning: '/static/logo.svg' is the address of a file, so this rule is never reached"),
        ("/private/a/feed.rss: gone", "2:3: warning: '/private/a/feed.rss' is below /private/, which has private feeds only, so"),
        ("/category/business/feed.rss: gone", "2:3: warning: '/category/business/feed.rss' is the address of a document"),
    ],
)
def test_exact_rule_without_effect_is_a_warning(tmp_path: Path, rule: str, expected: str) -> None:
    (warning,) = warnings(tmp_path, f"exact:\n  {rule}\n")
    assert warning.startswith(f"redirects.yaml:{expected}")


@pytest.mark.parametrize(
    "rule",
    [
        "/a/: /articles/someday/",
        "/a/: /articles/unfinished/",
        "/a/: /articles/recalled/",
        "/a/: /articles/old-echo/",
        "/a/: /category/economy/",
        "/a/: /author/m-park/feed.json",
        "/a/: /tag/bridges/feed.atom",
        "/a/: /tags/",
        "/a/: /media/talk.mp3",
        "/a/: https://other.example/",
        "/feed.xml: /feed.atom",
        "/category/economy/feed.xml: /feed.atom",
        "/articles/old-echo/: /articles/fish/",
        "/?p=1: /articles/fish/",
        "/media/draft.pdf: /media/talk.mp3",
        "/media/old.png: /media/photo.png",
        "/static/old.css: gone",
        "/language/en/: /articles/fish/",
    ],
)
def test_exact_rule_with_an_effect_now_or_later_is_none(tmp_path: Path, rule: str) -> None:
    assert warnings(tmp_path, f"exact:\n  {rule}\n") == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("/*: /articles/*", "2:3: warning: '/*' also matches addresses like /articles/.../, but a document"),
        ("/category/*: /tag/*", "2:3: warning: '/category/*' also matches addresses like /category/.../, but a"),
        ("/blog/*: /posts/all/*", "2:12: warning: '/posts/all/*' has the form of no address of this site"),
        ("/blog/*: /articles/fisch/", "2:12: warning: no article has the slug 'fisch'; did you mean 'fish'?"),
    ],
)
def test_rule_with_an_asterisk_that_matches_documents_or_leads_nowhere_is_a_warning(
    tmp_path: Path, rule: str, expected: str
) -> None:
    (warning,) = warnings(tmp_path, f"exact:\n  {rule}\n")
    assert warning.startswith(f"redirects.yaml:{expected}")


@pytest.mark.parametrize("old", ["/tag/spans/", "/tag/unused/", "/tag/spans/feed.rss", "/former-about/"])
def test_rule_at_a_former_or_unused_name_of_a_tag_or_page_is_not_said_to_be_never_reached(tmp_path: Path, old: str) -> None:
    root = write_newsroom(tmp_path / "content")
    (root / "tags.yaml").write_text("bridges:\n  aliases: [spans]\nunused:\n  title: Unused\n")
    (root / "pages").mkdir(exist_ok=True)
    (root / "pages/about.md").write_text("---\ntitle: About\naliases: [former-about]\n---\nText\n")
    (root / "redirects.yaml").write_text(f"exact:\n  {old}: /articles/fish/\n")
    assert [str(one) for one in lint_content(load_content(root), root, NOW) if one.path == "redirects.yaml"] == []
    assert redirect_target(build_catalog(load_content(root), NOW), old) == "/articles/fish/"


def test_names_of_static_files_are_those_of_the_product() -> None:
    assert {f"static/{name}" for name in Theme({}).static} == {*redirects._PRODUCT_FILES}
    assert redirects._EXTRA_STYLESHEET == EXTRA_STYLESHEET


def test_target_that_is_an_old_address_itself_is_a_warning_unless_it_is_a_document(tmp_path: Path) -> None:
    rules = "exact:\n  /a/: /b\n  /b/: /articles/fish/\n  /c/: /articles/bay/\n  /articles/bay/: gone\n"
    first, second = warnings(tmp_path, rules)
    assert (
        first
        == "redirects.yaml:2:8: warning: '/b' is an old address itself, and leads to '/articles/fish/'; write /articles/fish/"
    )
    assert second.startswith("redirects.yaml:5:3: warning: '/articles/bay/' is the address of a document")


def test_rule_with_an_asterisk_for_missing_addresses_is_none(tmp_path: Path) -> None:
    text = """\
exact:
  /blog/*: /articles/*
  /category/business/page/*: /category/business/
  /page/*: /
  /wp-content/uploads/*: /media/*
  /2014/05/page/*: /archive/2014/05/
  /spam/*: gone
  /far/*: https://far.example/*
"""
    assert warnings(tmp_path, text) == []


def test_rule_to_a_page_that_is_a_draft_is_a_warning_that_says_so(tmp_path: Path) -> None:
    """An import makes a draft of a former front page, and old addresses lead to it."""
    root = write_newsroom(tmp_path / "content")
    (root / "pages").mkdir(exist_ok=True)
    (root / "pages/home.md").write_text("---\ntitle: Home\nstatus: draft\n---\nText.\n")
    (root / "redirects.yaml").write_text("exact:\n  /?p=7: /home/\n")
    (problem,) = (one for one in lint_content(load_content(root), root, NOW) if one.path == "redirects.yaml")
    assert "the page at '/home/' is a draft, so this rule answers 404" in str(problem)
