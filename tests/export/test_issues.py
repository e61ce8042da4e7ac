"""Issues of digest feeds in static trees: the same documents as on the server, also after an issue closes or is emptied."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.catalog import build_catalog
from feedsvc.content.folder import load_content
from feedsvc.export import StaticTree, hosts
from feedsvc.export.aliases import former_paths, target_path
from feedsvc.export.nginx import configuration
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from tests.helpers.trees import contents
from tests.publication.test_issues import NOW, publish, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "digests")


def build(publication: Publication, out: Path, host: str = "any") -> None:
    with StaticTree(out, host=host, processes=1) as tree:
        tree.build(publication)


def test_a_tree_has_the_documents_of_the_server_and_a_notice_for_an_issue_without_articles(root: Path, out: Path) -> None:
    publication = publish(root)
    build(publication, out)
    for path in publication.paths_with_redirects():
        document = publication.resolve(path)
        if path.startswith("/feeds/") and isinstance(document, Document):
            file = out / (f"{path[1:]}index.html" if path.endswith("/") else path[1:])
            assert file.read_bytes() == document.body, path
    assert (out / "feeds/daily/2026-01-03/index.html").is_file()
    notice = (out / "feeds/daily/2026-01-06/410.html").read_bytes()
    assert b"These articles are no longer available." in notice
    assert (out / "feeds/daily/2026-01-06/index.html").read_bytes() == notice


def test_issues_of_a_renamed_digest_redirect_on_every_host(root: Path, out: Path) -> None:
    publication = publish(root)
    build(publication, out)
    page = (out / "feeds/morning/2026-01-03/index.html").read_text()
    assert 'content="0; url=/feeds/daily/2026-01-03/"' in page
    assert (out / "feeds/morning/2026-01-06/index.html").read_bytes() == (out / "feeds/daily/2026-01-06/410.html").read_bytes()
    former = [path for path in former_paths(publication.catalog) if path.startswith("/feeds/morning/2026-01-")]
    assert {target_path(publication, path) for path in former} == {
        f"/feeds/daily/2026-01-{day}/" for day in ("03", "04", "06", "13")
    }
    assert '"/feeds/morning/2026-01-03" "/feeds/daily/2026-01-03";' in configuration(publication.catalog)
    netlify, others = (hosts.render_redirects(publication.catalog, hosts.HOSTS[name]).splitlines() for name in ("netlify", "any"))
    assert "/feeds/morning/:date/ /feeds/daily/:date/ 301" in others
    assert "/feeds/daily/2026-01-06/ /feeds/daily/2026-01-06/410.html 410!" in netlify


def test_nginx_answers_404_at_the_former_address_of_an_issue_that_is_hidden_until_its_withdrawal(root: Path) -> None:
    file = root / "articles/gone.yaml"
    file.write_text(file.read_text().replace("2026-01-09", "2026-01-30"))
    publication = publish(root)
    assert publication.resolve("/feeds/daily/2026-01-06/") is None
    assert publication.resolve("/feeds/morning/2026-01-06/") is None
    assert "/feeds/morning/2026-01-06" not in configuration(publication.catalog)


def test_a_tree_that_is_updated_equals_one_that_is_built_anew(root: Path, out: Path, tmp_path: Path) -> None:
    edits = (
        ("second", "title: second", "title: Other"),
        ("arabic", "summary: كتب.", "summary: كتب.\nstatus: withdrawn\nwithdrawn: {date: 2026-01-19}"),
        ("gone", "status: withdrawn\nwithdrawn: {date: 2026-01-09, notice: It was wrong.}", ""),
        ("first", "2026-01-02T12", "2026-01-19T12"),
    )
    publication = Publication(build_catalog(load_content(root), datetime(2026, 1, 13, tzinfo=UTC)))
    with StaticTree(out, processes=1) as tree:
        tree.build(publication)
        for number, (stem, old, new) in enumerate((("", "", ""), *edits)):
            if stem:
                file = root / f"articles/{stem}.yaml"
                assert old in file.read_text()
                file.write_text(file.read_text().replace(old, new))
                before = {article.slug: article for article in publication.catalog.content.articles}
                content = load_content(root)
                changed = [article for article in content.articles if article != before[article.slug]]
                removed = [before[article.slug] for article in changed]
            else:
                content, changed, removed = publication.catalog.content, [], []
            catalog = publication.catalog.apply_changes(content, NOW, removed=removed, added=changed)
            following = publication.next_edition(catalog)
            tree.update(following, following.changed_since(publication))
            publication = following
            fresh = tmp_path / f"fresh{number}"
            build(publish(root), fresh)
            assert contents(out) == contents(fresh), stem
