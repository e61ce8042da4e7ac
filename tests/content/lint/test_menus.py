"""Warnings of `check` about navigation and footer in site.yaml."""

from __future__ import annotations

import pytest

from feedsvc.content.folder.folder import load_content
from tests.conftest import SETTINGS, Newsroom
from tests.content.lint.checking import VALID_ARTICLE, warnings

ADDRESS = "is the address of no page and of no file in root/"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("asia", ""),
        ("about", ""),
        ("who", ""),
        ("/who/", ""),
        ("far-east", ""),
        ("/category/far-east/", ""),
        ("/author/r-nambiar/", ""),
        ("/", ""),
        ("/about/", ""),
        ("/archive/", ""),
        ("/tags/", ""),
        ("/ads.txt", "has no title"),
        ("{to: /archive/, title: Archive}", ""),
        ("{to: /articles/a/, title: A}", ""),
        ("{to: /ads.txt, title: Ads}", ""),
        ("aisa", "there is no section and no page 'aisa', so the menu leaves it out; did you mean 'asia'?"),
        ("abuot", "there is no section and no page 'abuot', so the menu leaves it out; did you mean 'about'?"),
        ("imprint", "there is no section and no page 'imprint', so the menu leaves it out; write pages/imprint.md"),
        ("draft", "pages/draft.md is a draft, so the menu leaves it out"),
        ("/abuot/", f"'/abuot/' {ADDRESS}; did you mean 'about'?"),
        ("/ads.txt/", f"'/ads.txt/' {ADDRESS}; did you mean 'ads.txt'?"),
        ("/draft/", f"'/draft/' {ADDRESS}"),
        ("/x/y/z/", "'/x/y/z/' has the form of no address of this site"),
        ("{to: https://news.example/category/asia/?a=1#b, title: Asia}", ""),
        ("{to: https://news.example/category/aisa/, title: Asia}", "there is no category 'aisa'; did you mean 'asia'?"),
        ("/articles/b/", "no published article has the slug 'b'"),
        ("/category/aisa/", "there is no category 'aisa'; did you mean 'asia'?"),
        ("/author/nobody/", "there is no author 'nobody'"),
        ("/feeds/short/", ""),
        ("/feeds/shrot/", "there is no custom feed 'shrot'; did you mean 'short'?"),
        ("/articles/a/", "'/articles/a/' has no title, so the menu shows the address; write {to: /articles/a/, title: "),
    ],
)
@pytest.mark.parametrize("menu", ["navigation", "footer.links"])
def test_an_entry_of_a_menu_that_leads_nowhere_has_a_warning(newsroom: Newsroom, entry: str, expected: str, menu: str) -> None:
    keys = f"navigation:\n  - {entry}\n" if menu == "navigation" else f"footer:\n  links:\n  - {entry}\n"
    files = {
        "site.yaml": f"{SETTINGS['site.yaml']}{keys}",
        "categories.yaml": "asia:\n  title: Asia\n  aliases: [far-east]\n",
        "authors.yaml": f"{SETTINGS['authors.yaml']}  aliases: [r-nambiar]\n",
        "articles/a.yaml": VALID_ARTICLE,
        "feeds.yaml": "short: {title: Short, include: {all: true}, content: summary}\n",
        "pages/about.md": "---\ntitle: About\naliases: [who]\n---\n",
        "pages/draft.md": "---\ntitle: Draft\nstatus: draft\n---\n",
        "root/ads.txt": "x",
    }
    line, column = (6, 5) if menu == "navigation" else (7, 5)
    found = [text for text in warnings(newsroom(files)) if text.startswith("site.yaml:")]
    assert [text.startswith(f"site.yaml:{line}:{column}: {menu}: {expected}") or expected in text for text in found] == (
        [True] if expected else []
    ), found


def test_a_menu_entry_for_a_file_that_only_a_draft_refers_to_has_a_warning(newsroom: Newsroom) -> None:
    menu = "navigation:\n  - {to: /media/a.pdf, title: Report}\n"
    draft = "title: A\npublished: 2026-01-02\nstatus: draft\nenclosures: [{src: media/a.pdf}]\n"
    root = newsroom({"site.yaml": SETTINGS["site.yaml"] + menu, "articles/a.yaml": VALID_ARTICLE, "articles/b.yaml": draft})
    (root / "media").mkdir()
    (root / "media/a.pdf").write_bytes(b"%PDF")
    message = "navigation: nothing public refers to media/a.pdf, so it has no address; link to it from a page"
    assert warnings(root) == [f"site.yaml:6:5: warning: {message}"]


def test_a_page_and_a_lead_with_accents_are_found_whatever_their_unicode_form(newsroom: Newsroom) -> None:
    keys = "navigation: [/cafe\u0301/]\nhome: {lead: cafe\u0301}\n"
    page, article = "---\ntitle: Café\n---\n", VALID_ARTICLE
    root = newsroom({"site.yaml": SETTINGS["site.yaml"] + keys, "pages/caf\u00e9.md": page, "articles/caf\u00e9.yaml": article})
    assert warnings(root) == []


def test_a_percent_encoded_address_of_a_page_in_a_menu_is_found_and_has_the_title_of_the_page(newsroom: Newsroom) -> None:
    keys = "navigation: [/caf%C3%A9/, {to: '/100%25/?q=%C3%A9', title: A}]\n"
    files = {"pages/caf\u00e9.md": "---\ntitle: Café\n---\n", "articles/a.yaml": VALID_ARTICLE}
    root = newsroom({"site.yaml": SETTINGS["site.yaml"] + keys, **files})
    content = load_content(root)
    assert [entry.target for entry in content.site.navigation or ()] == ["/caf\u00e9/", "/100%25/?q=%C3%A9"]
    assert [line for line in warnings(root) if "caf" in line] == []
