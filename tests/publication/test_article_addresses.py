"""Aliases of an article may be full former addresses; they lead to it while it is public."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import ContentFolder, load_content, open_content_folder
from feedsvc.publication.document import Document, Redirect
from feedsvc.publication.publication import Publication
from tests.web.newsroom import NEXT_CHANGE, NOON, write_newsroom

ALIASES = {
    "bay": "[/2019/05/bus-14/, '/?p=71', '/index.php?b=2&a=1', /old.html, /feed.xml, /caf%C3%A9/]",
    "fish": "[/fish-old, /articles/bay/]",
    "later": "[/later-old/]",
    "brief": "[/brief-old/]",
    "unfinished": "[/draft-old/]",
    "recalled": "[/recalled-old/, '/?p=9']",
}


def with_aliases(root: Path, **aliases: str) -> Path:
    for stem, value in aliases.items():
        file = next(path for path in (root / "articles").rglob(f"{stem}.*"))
        lines = [line for line in file.read_text().splitlines(keepends=True) if not line.startswith("aliases:")]
        at = 1 if lines[0] == "---\n" else 0
        file.write_text("".join((*lines[:at], f"aliases: {value}\n", *lines[at:])))
    return root


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    root = write_newsroom(tmp_path_factory.mktemp("aliases") / "content", with_scheduled=True)
    (root / "redirects.yaml").write_text(
        "exact: {/chain/: /2019/05/bus-14/, /later-old/*: gone, /draft-old/*: /articles/fish/}\n"
    )
    content = load_content(with_aliases(root, **ALIASES))
    assert content.errors == ()
    return Publication(build_catalog(content, NOON))


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        *[("/2019/05/bus-14/", "bay"), ("/2019/05/bus-14", "bay"), ("/2019/05/bus-14/index.html", "bay"), ("/old.html", "bay")],
        *[("/feed.xml", "bay"), ("/café/", "bay"), ("/fish-old/", "fish"), ("/chain/", "bay"), ("/brief-old/", "brief")],
        ("/recalled-old/", "recalled"),
    ],
)
def test_former_address_redirects_to_its_article(publication: Publication, path: str, slug: str) -> None:
    assert publication.resolve(path) == Redirect(target=f"/articles/{slug}/")


def test_document_comes_first_and_a_withdrawn_article_answers_410(publication: Publication) -> None:
    document = publication.resolve("/articles/bay/")
    assert isinstance(document, Document)
    assert document.status == 200
    withdrawn = publication.resolve("/articles/recalled/")
    assert isinstance(withdrawn, Document)
    assert withdrawn.status == 410


@pytest.mark.parametrize("path", ["/later-old/", "/draft-old/", "/2019/05/", "/2019/05/bus-14/x/"])
def test_former_address_of_what_is_not_public_is_404(publication: Publication, path: str) -> None:
    assert publication.resolve(path) is None


@pytest.mark.parametrize(
    ("path", "query", "slug"),
    [
        *[
            ("/", "p=71", "bay"),
            ("/", "utm=1&p=71&x=2", "bay"),
            ("/index.php", "a=1&b=2", "bay"),
            ("/index.php", "b=2&a=1&c=3", "bay"),
        ],
        ("/", "p=9", "recalled"),
    ],
)
def test_former_address_with_a_query_redirects(publication: Publication, path: str, query: str, slug: str) -> None:
    assert publication.resolve_query(path, query) == Redirect(target=f"/articles/{slug}/")


@pytest.mark.parametrize(("path", "query"), [("/", "p=7"), ("/", ""), ("/index.php", "a=1"), ("/x/", "p=71"), ("/", "q=p=71")])
def test_other_queries_have_no_effect(publication: Publication, path: str, query: str) -> None:
    assert publication.resolve_query(path, query) is None


def test_former_address_follows_the_article_through_its_scheduled_changes(tmp_path: Path) -> None:
    root = with_aliases(write_newsroom(tmp_path / "content", with_scheduled=True), **ALIASES)
    before = Publication(build_catalog(load_content(root), NEXT_CHANGE - timedelta(seconds=1)))
    now = before.next_edition(before.catalog.apply_changes(before.catalog.content, NEXT_CHANGE))
    assert (before.resolve("/later-old/"), now.resolve("/brief-old/")) == (None, None)
    assert now.resolve("/later-old/") == Redirect(target="/articles/later/")
    assert {"/later-old/", "/brief-old/"} <= now.changed_since(before)
    assert "/2019/05/bus-14/" not in now.changed_since(before)


@pytest.mark.parametrize(
    ("alias", "message"),
    [
        ("/a/*", "has a *; write the address in full, or such a rule into redirects.yaml"),
        ("/", "cannot be a former address"),
        ("/private/x/feed.rss", "cannot be a former address"),
        ("/a//b/", "has an empty segment"),
        (f"/{'x' * 2000}/", "at most 2,000 are allowed"),
        ("https://old.example/a/", "cannot stand in an address"),
        ("a/b", "cannot stand in an address"),
    ],
)
def test_impossible_alias_is_an_error_with_its_line(tmp_path: Path, alias: str, message: str) -> None:
    root = with_aliases(write_newsroom(tmp_path / "content"), bay=f"[old-bay, '{alias}']")
    (problem,) = load_content(root).errors
    assert message in f"{problem.message}; {problem.hint}"
    assert "bay" in problem.path


def test_two_articles_with_one_address_are_a_problem_and_both_stay_public(tmp_path: Path) -> None:
    root = with_aliases(write_newsroom(tmp_path / "content"), bay="[old, /2019/bay/]", fish="[/x/, /2019/bay]")
    folder = ContentFolder(root)
    content = folder.read().content
    (problem,) = content.errors
    paths = {article.slug: article.path for article in content.articles}
    assert (problem.path, problem.line) == (paths["fish"], 1)
    assert problem.message == f"aliases: '/2019/bay/' is already the alias of {paths['bay']}:1, so it does not lead here"
    publication = Publication(build_catalog(content, NOON))
    assert publication.resolve("/2019/bay/") == Redirect(target="/articles/bay/")
    for path in ("/articles/bay/", "/articles/fish/"):
        assert isinstance(publication.resolve(path), Document)
    with_aliases(root, bay="[old]")
    change = folder.read()
    after = publication.next_edition(
        publication.catalog.apply_changes(change.content, NOON, removed=change.removed, added=change.added)
    )
    assert change.content.errors == ()
    assert after.resolve("/2019/bay/") == Redirect(target="/articles/fish/")
    assert "/2019/bay/" in after.changed_since(publication)


def test_rule_of_redirects_yaml_comes_before_an_alias_and_is_a_problem_with_both_lines(tmp_path: Path) -> None:
    root = with_aliases(write_newsroom(tmp_path / "content"), bay="[/x/, '/?p=1']")
    (root / "redirects.yaml").write_text("# Ours\nexact:\n  /x: /articles/fish/\n  /y/: /articles/fish/\n  /?p=1: gone\n")
    content = load_content(root)
    path = next(article.path for article in content.articles if article.slug == "bay")
    assert {(problem.path, problem.message) for problem in content.errors} == {
        (path, "aliases: '/x/' is already the address of redirects.yaml:3, so it does not lead here"),
        (path, "aliases: '/?p=1' is already the address of redirects.yaml:5, so it does not lead here"),
    }
    publication = Publication(build_catalog(content, NOON))
    assert publication.resolve("/x/") == Redirect(target="/articles/fish/")
    assert isinstance(publication.resolve("/articles/bay/"), Document)
    gone = publication.resolve_query("/", "p=1")
    assert isinstance(gone, Document)
    assert gone.status == 410


def test_aliases_hold_after_a_restart_and_in_the_last_valid_version(tmp_path: Path) -> None:
    root, state = with_aliases(write_newsroom(tmp_path / "content"), bay="[/x/, '/?p=1']"), tmp_path / "state"
    state.mkdir()
    folder = open_content_folder(root, "", state)
    folder.read()
    folder.save()
    for text in ("", "title: [\n"):
        if text:
            (root / "articles/bay.yaml").write_text(text)
        publication = Publication(build_catalog(open_content_folder(root, "", state).read().content, NOON))
        assert publication.resolve("/x/") == Redirect(target="/articles/bay/")
        assert publication.resolve_query("/", "p=1") == Redirect(target="/articles/bay/")


def test_random_edits_give_the_addresses_of_a_new_reading_and_are_changed_paths(tmp_path: Path) -> None:
    root, random = write_newsroom(tmp_path / "content", with_scheduled=True), Random(11)
    names, addresses = ("bay", "clock", "dance", "echo", "fish"), [f"/old-{number}/" for number in range(6)]
    folder = ContentFolder(root)
    publication = Publication(build_catalog(folder.read().content, NOON))
    for step in range(40):
        before = publication
        chosen = random.sample(addresses, random.randrange(4))
        with_aliases(root, **{random.choice(names): f"[{', '.join(chosen)}]"})
        article = root / "articles" / f"{random.choice(names)}.yaml"
        text = article.read_text()
        if random.random() < 0.3:
            article.write_text(text.replace("status: draft\n", "") if "status: draft" in text else f"{text}status: draft\n")
        change = folder.read()
        catalog = before.catalog.apply_changes(change.content, NOON, removed=change.removed, added=change.added)
        publication = before.next_edition(catalog)
        new = load_content(root)
        found = {address: one.slug for address, one in change.content.addresses.articles.items()}
        assert found == {address: one.slug for address, one in new.addresses.articles.items()}, step
        assert change.content.errors == new.errors, step
        different = {path for path in addresses if before.redirect_target(path) != publication.redirect_target(path)}
        assert different <= publication.changed_since(before), step
