"""Faults that exports of real newsrooms showed: each test is named after what an editor or a subscriber would have seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from feedsvc.importing.source import SourceAuthor, SourceRedirect, SourceTerm, TermKind
from feedsvc.importing.writer import FolderMedia, TermMapping, format_text
from tests.importing.writer.memory_source import OLD, SITE, articles, files, former_addresses, load, post, run_import, what
from tests.importing.writer.test_pages_of_import import page


def test_link_to_a_page_of_a_pdf_does_not_end_every_import_with_a_traceback(tmp_path: Path) -> None:
    uploads = tmp_path / "uploads"
    (uploads / "2020/03").mkdir(parents=True)
    (uploads / "2020/03/r.pdf").write_bytes(b"%PDF-1.4\n")
    links = "".join(f'<p><a href="/wp-content/uploads/2020/03/r.pdf{end}">r</a></p>' for end in ("", "#page=3"))
    report = run_import(tmp_path / "newsroom", post(1, body=links), media=lambda hosts: FolderMedia(uploads, hosts))
    assert (report.files.kept, report.files.total) == (1, 1)
    text = (tmp_path / "newsroom/articles/2020/01/title-1.md").read_text("utf-8")
    assert text.count("(media/2020/03/r.pdf)") == 2


def test_feed_of_a_site_below_a_path_with_a_front_page_leads_to_the_feed(tmp_path: Path) -> None:
    address = f"{OLD}/blog"
    site = replace(SITE, address=address)
    front_page = page(1, "home", address=f"{address}/", other_addresses=())
    run_import(tmp_path, front_page, post(2, address=f"{address}/title-2/"), site=site, base_url=OLD)
    rules = former_addresses(tmp_path)
    assert rules["/blog/feed/"] == "/feed.rss"
    assert rules["/blog/"] == "/"
    before = files(tmp_path)
    run_import(tmp_path, front_page, post(2, address=f"{address}/title-2/"), site=site, base_url=OLD)
    assert files(tmp_path) == before


def test_former_address_of_one_post_does_not_take_the_present_one_of_another(tmp_path: Path) -> None:
    monday = post(1, address=f"{OLD}/live-monday/", other_addresses=("/live/",))
    tuesday = post(2, address=f"{OLD}/live/", other_addresses=(), body=f'<p><a href="{OLD}/live/">this</a></p>')
    run_import(tmp_path, monday, tuesday)
    assert former_addresses(tmp_path)["/live/"] == "/articles/live/"
    assert "[this](/articles/live/)" in (tmp_path / "articles/2020/01/live.md").read_text("utf-8")


@pytest.mark.parametrize("login", ["j.doe", "j-doe"])
def test_author_with_a_new_id_by_the_map_is_at_the_former_address_too(tmp_path: Path, login: str) -> None:
    site = replace(SITE, authors=(SourceAuthor(login, "Jane Doe"),))
    run_import(tmp_path, post(1, authors=(login,)), site=site, mapping=TermMapping(authors={login: "jane-doe"}))
    assert "j-doe" in load(tmp_path).authors["jane-doe"].aliases


def test_articles_keep_their_author_if_two_have_one_name_and_the_order_of_posts_changes(tmp_path: Path) -> None:
    site = replace(SITE, authors=(SourceAuthor("anna@old", "Anna Berg"), SourceAuthor("anna@new", "Anna Berg")))
    posts = post(1, authors=("anna@old",)), post(2, authors=("anna@new",))
    run_import(tmp_path, *posts, site=site)
    for items in (posts[::-1], posts[1:], posts[:1]):
        assert run_import(tmp_path, *items, site=site).changed == []


def test_pictures_that_were_not_to_be_fetched_are_in_the_report(tmp_path: Path) -> None:
    item = post(1, body=f'<p><img src="{OLD}/a.jpg"></p>')
    for is_dry_run in (True, False):
        report = run_import(tmp_path, item, is_dry_run=is_dry_run)
        assert "pictures: 0 of 1 kept" in format_text(report)
        assert "files: 0 of 1 kept" in format_text(report)
        assert "1 file: they stay at their addresses, because of --no-media" in format_text(report)


def test_page_below_another_one_with_a_name_in_another_script_has_a_readable_name(tmp_path: Path) -> None:
    address = f"{OLD}/%D0%BE-%D0%BD%D0%B0%D1%81/%D0%BA%D0%BE%D0%BC%D0%B0%D0%BD%D0%B4%D0%B0/"
    run_import(tmp_path, page(address=address))
    assert [file.name for file in (tmp_path / "pages").iterdir()] == ["о-нас-команда.md"]


@pytest.mark.parametrize("text", [None, ""])
def test_redirects_that_an_editor_deleted_with_their_file_stay_deleted(tmp_path: Path, text: str | None) -> None:
    site = replace(SITE, redirects=(SourceRedirect("/promo/", "https://one.example/"),))
    run_import(tmp_path, post(1), site=site)
    file = tmp_path / "redirects.yaml"
    file.unlink()
    if text is not None:
        file.write_text(text)
    assert run_import(tmp_path, post(1), site=site).redirects == {}
    assert file.exists() == (text is not None)


@pytest.mark.parametrize("is_edited", [False, True])
def test_redirect_that_changed_at_the_source_changes_unless_an_editor_changed_it(tmp_path: Path, is_edited: bool) -> None:
    def import_with(target: str) -> None:
        run_import(tmp_path, post(1), site=replace(SITE, redirects=(SourceRedirect("/promo/", target),)))

    import_with("https://one.example/")
    if is_edited:
        file = tmp_path / "redirects.yaml"
        file.write_text(file.read_text("utf-8").replace("https://one.example/", "https://own.example/"), "utf-8")
    import_with("https://two.example/")
    assert former_addresses(tmp_path)["/promo/"] == ("https://own.example/" if is_edited else "https://two.example/")


def test_redirects_of_a_file_that_an_editor_changed_are_listed(tmp_path: Path) -> None:
    site = replace(SITE, redirects=(SourceRedirect("/promo/", "https://one.example/"),))
    run_import(tmp_path, post(1), site=site)
    file = tmp_path / "redirects.yaml"
    text = f"# Ours\n{file.read_text('utf-8')}"
    file.write_text(text, "utf-8")
    assert what(run_import(tmp_path, post(1), site=site)) == []
    redirects = (SourceRedirect("/promo/", "https://two.example/"), SourceRedirect("/new/", "https://x.example/"))
    for _ in range(2):
        report = run_import(tmp_path, post(1), site=replace(SITE, redirects=redirects))
        assert what(report) == ["/promo/: https://two.example/", "/new/: https://x.example/"]
        assert "the file was changed here, so it stays" in report.omissions[0].reason
        assert file.read_text("utf-8") == text


def test_map_of_a_later_import_moves_the_former_feeds_of_a_category(tmp_path: Path) -> None:
    terms = (SourceTerm(TermKind.CATEGORY, "world", "World"), SourceTerm(TermKind.CATEGORY, "europe", "Europe", parent="world"))
    site = replace(SITE, terms=terms)
    run_import(tmp_path, post(1, categories=("europe",)), site=site)
    assert former_addresses(tmp_path)["/category/world/europe/feed/"] == "/category/europe/feed.rss"
    run_import(tmp_path, post(1, categories=("europe",)), site=site, mapping=TermMapping(categories={"europe": "eu"}))
    assert next(iter(articles(tmp_path).values())).categories == ("eu",)
    assert former_addresses(tmp_path)["/category/world/europe/feed/"] == "/category/eu/feed.rss"
