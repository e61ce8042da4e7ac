"""Parts of pages that `show` in site.yaml leaves out."""

from __future__ import annotations

from pathlib import Path

from feedsvc.publication.document import Document
from tests.helpers import newsrooms


def _pages(root: Path, show: str) -> dict[str, str]:
    """Return the HTML of the sample's pages by path, with `show` as the value of that key in site.yaml."""
    newsrooms.write_sample(root)
    site = root / "site.yaml"
    site.write_text(f"{site.read_text()}\nshow: {show}\n")
    publication = newsrooms.load_publication(root)
    documents = {path: publication.resolve(path) for path in publication.paths() if path.endswith("/")}
    return {path: document.body.decode() for path, document in documents.items() if isinstance(document, Document)}


def test_without_share_articles_have_no_links_to_share_them(tmp_path: Path) -> None:
    assert any('class="share"' in page for page in _pages(tmp_path / "a", "{share: true}").values())
    pages = _pages(tmp_path / "b", "{share: false}")
    assert not any('class="share"' in page or "linkedin" in page for page in pages.values())


def test_without_dates_articles_and_lists_show_none(tmp_path: Path) -> None:
    pages = _pages(tmp_path, "{dates: false}")
    articles = [page for path, page in pages.items() if path.startswith("/articles/")]
    assert len(articles) > 3
    for page in (*articles, pages["/"]):
        assert "<time" not in page


def test_without_views_an_article_has_no_place_for_the_number_and_is_counted(tmp_path: Path) -> None:
    page = _pages(tmp_path, "{views: false}")["/articles/rich/"]
    assert 'class="views"' not in page
    assert '<span data-views="/daily/articles/rich/views" hidden></span>' in page
