"""The navigation and the footer of site.yaml on pages, the menus without them, and the links to files of root/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from feedsvc.publication.publication import Publication
from tests.conftest import SETTINGS, Newsroom
from tests.helpers.newsrooms import article, load_publication, picture, text_of

PAGES = {
    "pages/about.md": "---\ntitle: About us\norder: 2\naliases: [who]\n---\n",
    "pages/imprint.md": "---\ntitle: Imprint\norder: 1\n---\n",
    "pages/team.md": "---\ntitle: Team\nnavigation: header\n---\n",
    "pages/seoul.md": "---\ntitle: 서울\nlanguage: ko\nnavigation: none\n---\n",
    "pages/draft.md": "---\ntitle: Draft\nstatus: draft\n---\n",
}
Link = tuple[str, str]


def html(publication: Publication, path: str = "/") -> str:
    return text_of(publication, path)


def links(text: str) -> list[Link]:
    return re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>([^<]*)</a>', text)


def header(text: str) -> list[Link]:
    return links(text[text.index("<nav") : text.index("</nav>")])


def footer(text: str) -> list[Link]:
    return links(text[text.index("<footer>") :])


def write(newsroom: Newsroom, site: str = "", **files: str) -> Path:
    return newsroom({**PAGES, "site.yaml": SETTINGS["site.yaml"] + site, **article("one", category="sport"), **files})


def test_without_keys_the_menu_has_the_categories_and_the_footer_the_pages(newsroom: Newsroom) -> None:
    page = html(load_publication(write(newsroom)))
    sections = [("/category/asia/", "Asia"), ("/category/sport/", "Sport"), ("/team/", "Team")]
    assert header(page) == [*sections, ("/subscribe/", "Subscribe")]
    assert footer(page) == [
        ("/imprint/", "Imprint"),
        ("/about/", "About us"),
        ("/archive/", "Archive"),
        ("/tags/", "All topics"),
        ("/subscribe/", "Feeds"),
    ]


def test_a_section_with_a_former_id_is_in_the_menu_once(newsroom: Newsroom) -> None:
    categories = "sport:\n  title: Sport\n  aliases: [games]\nasia:\n  title: Asia\n"
    page = html(load_publication(write(newsroom, **{"categories.yaml": categories})))
    assert header(page)[:3] == [("/category/asia/", "Asia"), ("/category/sport/", "Sport"), ("/team/", "Team")]


def test_site_yaml_says_which_links_the_menus_have(newsroom: Newsroom) -> None:
    site = """\
navigation:
  - sport
  - {to: who, title: Who we are}
  - seoul
  - {to: /articles/one/?a=b#c, title: The one}
  - {to: https://shop.example/a, title: Shop}
  - /tags/
  - /category/asia/
  - nowhere
  - draft
footer:
  text: Since <1998>.
  links: [imprint, /subscribe/, {to: mailto:a@news.example, title: Mail}]
"""
    page = html(load_publication(write(newsroom, site)))
    assert header(page) == [
        ("/category/sport/", "Sport"),
        ("/about/", "Who we are"),
        ("/seoul/", "서울"),
        ("/articles/one/?a=b#c", "The one"),
        ("https://shop.example/a", "Shop"),
        ("/tags/", "All topics"),
        ("/category/asia/", "Asia"),
        ("/subscribe/", "Subscribe"),
    ]
    assert '<a href="/seoul/" lang="ko" dir="ltr">' in page
    assert footer(page) == [("/imprint/", "Imprint"), ("/subscribe/", "Subscribe"), ("mailto:a@news.example", "Mail")]
    assert "<p>Since &lt;1998&gt;.</p>" in page


def test_a_page_in_the_navigation_is_not_in_the_footer_by_itself(newsroom: Newsroom) -> None:
    page = html(load_publication(write(newsroom, "navigation: [asia, about]\n")))
    assert ("/about/", "About us") in header(page)
    assert footer(page) == [
        ("/imprint/", "Imprint"),
        ("/archive/", "Archive"),
        ("/tags/", "All topics"),
        ("/subscribe/", "Feeds"),
    ]


@pytest.mark.parametrize("part", ["nav", "footer"])
def test_the_link_to_the_page_itself_is_marked(newsroom: Newsroom, part: str) -> None:
    publication = load_publication(write(newsroom))
    path = {"nav": "/team/", "footer": "/imprint/"}[part]
    assert f'<a href="{path}" aria-current="page">' in html(publication, path)
    assert f'<a href="{path}">' in html(publication, "/about/")


def test_links_are_below_the_path_of_base_url(newsroom: Newsroom) -> None:
    site = "navigation: [about, /subscribe/, {to: /x?y, title: X}]\n"
    root = write(newsroom, site)
    (root / "site.yaml").write_text((root / "site.yaml").read_text().replace("news.example\n", "news.example/daily\n", 1))
    page = html(load_publication(root))
    hrefs = [href for href, _ in header(page)]
    assert hrefs == ["/daily/about/", "/daily/subscribe/", "/daily/x?y", "/daily/subscribe/"]


def test_blocks_of_the_front_page_are_in_the_order_of_the_navigation(newsroom: Newsroom) -> None:
    articles = {
        path: text
        for number in range(12)
        for path, text in article(f"a{number}", category="asia" if number % 2 else "sport").items()
    }
    order = {}
    for site in ("", "navigation: [sport, about, asia]\n", "navigation: [sport, asia]\nhome: {sections: [asia, sport]}\n"):
        page = html(load_publication(newsroom({**PAGES, **articles, "site.yaml": SETTINGS["site.yaml"] + site})))
        order[site] = re.findall(r'<section class="block[^"]*">\s*<h2><a href="/category/(\w+)/', page)
    assert [*order.values()] == [["asia", "sport"], ["sport", "asia"], ["asia", "sport"]]


@pytest.mark.parametrize(
    ("keys", "icon"),
    [
        ("", ""),
        ("logo: media/logo.png\n", "/media/logo.png"),
        ("logo: media/logo.png\n+", "/favicon.ico"),
        ("logo: media/logo.png\nicon: media/icon.png\n+", "/media/icon.png"),
    ],
)
def test_the_icon_is_that_of_site_yaml_or_the_favicon_in_root_or_the_logo(newsroom: Newsroom, keys: str, icon: str) -> None:
    favicon = {"root/favicon.ico": b"x", "root/apple-touch-icon.png": b"x", "root/manifest.webmanifest": b"{}"}
    files = {"media/logo.png": picture(64, 64, "PNG"), "media/icon.png": picture(64, 64, "PNG")}
    root = newsroom({**files, **(favicon if "+" in keys else {}), "site.yaml": SETTINGS["site.yaml"] + keys.replace("+", "")})
    page = html(load_publication(root))
    assert re.findall(r'<link rel="icon" href="([^"]*)">', page) == ([icon] if icon else [])
    has_files = '<link rel="manifest" type="application/manifest+json" href="/manifest.webmanifest">' in page
    assert has_files == ("+" in keys)
    assert ('<link rel="apple-touch-icon" type="image/png" href="/apple-touch-icon.png">' in page) == has_files


def test_sections_on_the_not_found_page_are_those_of_the_menu_without_its_other_links(newsroom: Newsroom) -> None:
    site = "navigation:\n  - {to: /, title: Start}\n  - seoul\n  - sport\n  - {to: /archive/, title: Older}\n"
    page = load_publication(write(newsroom, site)).not_found_page.body.decode()
    assert links(page[page.index('<ul class="topics">') : page.index("</main>")]) == [("/category/sport/", "Sport")]
