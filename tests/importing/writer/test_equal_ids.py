"""Authors and categories whose names at the source give one id: each keeps its own name and description."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from feedsvc.importing.source import SourceAuthor, SourceTerm, TermKind
from feedsvc.importing.writer import TermMapping
from tests.importing.writer.memory_source import SITE, load, post, run_import

AUTHORS = (SourceAuthor("jo.doe", "Jo Doe"), SourceAuthor("jo-doe", "Joanna Doe"))


def test_two_authors_whose_logins_give_one_id_keep_their_own_names(tmp_path: Path) -> None:
    site = replace(SITE, authors=AUTHORS)
    run_import(tmp_path, post(1, authors=("jo.doe",)), post(2, authors=("jo-doe",)), site=site)
    content = load(tmp_path)
    names = {article.title: content.authors[article.authors[0]].name for article in content.articles}
    assert names == {"Title 1": "Jo Doe", "Title 2": "Joanna Doe"}


def test_author_keeps_the_name_if_another_one_with_the_login_of_the_id_wrote_nothing(tmp_path: Path) -> None:
    run_import(tmp_path, post(1, authors=("jo.doe",)), site=replace(SITE, authors=AUTHORS))
    assert load(tmp_path).authors["jo-doe"].name == "Jo Doe"


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
