"""The logo on pages: in the header, and as the picture of pages without one (Open Graph)."""

from __future__ import annotations

from feedsvc.pages import PageLayout, Theme, render_archive, render_article
from tests.conftest import SETTINGS, Newsroom
from tests.helpers.newsrooms import article, load_catalog, picture


def test_all_pages_of_an_edition_show_the_logo_in_one_size_although_its_file_is_replaced_meanwhile(newsroom: Newsroom) -> None:
    site = {"site.yaml": f"{SETTINGS['site.yaml']}logo: media/logo.jpg\n"}
    root = newsroom({**site, "media/logo.jpg": picture(300, 100), **article("one")})
    catalog = load_catalog(root)
    layout = PageLayout(catalog, Theme({}))
    (root / "media/logo.jpg").write_bytes(picture(100, 100))
    for page in (render_article(layout, catalog.visible["one"]), render_archive(layout)):
        text = page.decode()
        assert '<img src="/media/logo.jpg" alt="" width="120" height="40">' in text
        assert '<meta property="og:image:width" content="300">\n<meta property="og:image:height" content="100">' in text
