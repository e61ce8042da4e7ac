"""Authors and categories whose names at the source give one id: each keeps its own name and description."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from feedsvc.importing.source import SourceAuthor, SourceTerm, TermKind
from feedsvc.importing.writer import TermMapping
from tests.importing.writer.memory_source import SITE, load, post, run_import

AUTHORS = (SourceAuthor("jo.doe", "Jo Doe"), SourceAuthor("jo-doe", "Joanna Doe"))


def test_two_categories_whose_names_give_one_id_keep_their_own_titles(tmp_path: Path) -> None:
    terms = (
        SourceTerm(TermKind.CATEGORY, "a%20b", "First", "Of the first"),
        SourceTerm(TermKind.CATEGORY, "a-b", "Second"),
    )
    site = replace(SITE, terms=terms)
    run_import(tmp_path, post(1, categories=("a%20b",)), post(2, categories=("a-b",)), site=site)
    content = load(tmp_path)
    titles = {article.title: content.categories[article.categories[0]].title for article in content.articles}
    assert titles == {"Title 1": "First", "Title 2": "Second"}


def test_merged_author_has_the_name_of_the_one_with_the_new_id(tmp_path: Path) -> None:
    mapping = TermMapping(authors={"jo.doe": "jo-doe"})
    run_import(tmp_path, post(1, authors=("jo.doe",)), site=replace(SITE, authors=AUTHORS), mapping=mapping)
    assert load(tmp_path).authors["jo-doe"].name == "Joanna Doe"


def by_title(root: Path) -> dict[str, str]:
    content = load(root)
    return {article.title: content.authors[article.authors[0]].name for article in content.articles}


def test_authors_of_one_id_do_not_change_places_if_a_feed_has_them_in_another_order(tmp_path: Path) -> None:
    """A feed lists its authors in the order of its entries, so a new entry puts its author in front."""
    first, second, third = (post(n, authors=(name,)) for n, name in ((1, "jo.doe"), (2, "jo-doe"), (3, "jo-doe")))
    run_import(tmp_path, first, second, site=replace(SITE, authors=AUTHORS))
    run_import(tmp_path, third, second, first, site=replace(SITE, authors=AUTHORS[::-1]))
    assert by_title(tmp_path) == {"Title 1": "Jo Doe", "Title 2": "Joanna Doe", "Title 3": "Joanna Doe"}


def test_author_keeps_the_id_if_a_map_renames_another_one_of_this_id(tmp_path: Path) -> None:
    posts = (post(1, authors=("jo.doe",)), post(2, authors=("jo-doe",)))
    site = replace(SITE, authors=AUTHORS)
    run_import(tmp_path, *posts, site=site)
    run_import(tmp_path, *posts, site=site, mapping=TermMapping(authors={"jo.doe": "boss"}))
    assert by_title(tmp_path) == {"Title 1": "Jo Doe", "Title 2": "Joanna Doe"}
    run_import(tmp_path, *posts, site=site, mapping=TermMapping())
    assert by_title(tmp_path) == {"Title 1": "Jo Doe", "Title 2": "Joanna Doe"}
    assert "jo-doe" in load(tmp_path).articles[0].authors + load(tmp_path).articles[1].authors


def test_categories_of_one_id_do_not_change_places_with_the_order_of_a_feed(tmp_path: Path) -> None:
    terms = tuple(SourceTerm(TermKind.CATEGORY, name, name, has_id=False) for name in ("Podcast", "podcast"))
    posts = (post(1, categories=("Podcast",)), post(2, categories=("podcast",)))
    run_import(tmp_path, *posts, site=replace(SITE, terms=terms))
    before = {article.title: article.categories for article in load(tmp_path).articles}
    run_import(tmp_path, *posts[::-1], post(3, categories=("podcast",)), site=replace(SITE, terms=terms[::-1]))
    after = {article.title: article.categories for article in load(tmp_path).articles}
    assert {**after, **before} == after
    assert after["Title 3"] == before["Title 2"]


def test_category_that_a_feed_spells_otherwise_keeps_its_id(tmp_path: Path) -> None:
    for name in ("Podcast", "PODCAST"):
        site = replace(SITE, terms=(SourceTerm(TermKind.CATEGORY, name, name, has_id=False),))
        run_import(tmp_path, post(1, categories=(name,)), site=site)
    assert [article.categories for article in load(tmp_path).articles] == [("podcast",)]


def test_author_with_the_name_of_one_who_left_wordpress_has_an_entry_of_her_own(tmp_path: Path) -> None:
    """Logins that are e-mail addresses give no name for an address, so the id is made of the displayed name."""
    for login, number in (("mina@old.example", 1), ("m.park@new.example", 2)):
        site = replace(SITE, authors=(SourceAuthor(login, "Mina Park"),))
        run_import(tmp_path, post(number, authors=(login,)), site=site)
    found = {article.title: article.authors for article in load(tmp_path).articles}
    assert found == {"Title 1": ("mina-park",), "Title 2": ("mina-park-2",)}
