"""Property tests: reading never fails, whatever a file contains, and every accepted article is fit for every feed format."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.content.folder.folder import ContentSnapshot, load_content
from feedsvc.errors import ContentError
from tests.content.reading.test_article import SUMMIT
from tests.helpers.content_invariants import assert_article_or_problems, assert_valid_texts_and_dates

no_deadline: Final = settings(deadline=None)
# --- Bytes and text -------------------------------------------------------------------------------------------

ARTICLE_PATHS: Final = st.sampled_from(["articles/a.yaml", "articles/a.md", "articles/정 상.yaml"])
ANY_CHARACTERS: Final = st.characters(categories=["L", "M", "N", "P", "S", "Z", "C"])


@no_deadline
@given(ARTICLE_PATHS, st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode(errors="surrogatepass")))
def test_any_bytes_give_an_article_or_problems(path: str, data: bytes) -> None:
    assert_article_or_problems(path, data)


FRAGMENTS: Final = st.sampled_from(
    [
        *("title", "published", "2026-01-02", "tags", "image", "src", "body", ": ", ":", "- ", "\n", "\n  ", "\t"),
        *("[", "]", "{", "}", ",", "|", ">", "'", '"', "\\", "#", "&a ", "*a", "!", "!!str ", "? ", "<<", "---", "..."),
        *("%", "@", "`", "\r", "\u2028", "\x85", "\ufeff", "~", "no", "1:30"),
    ]
)


@no_deadline
@given(ARTICLE_PATHS, st.lists(FRAGMENTS, max_size=40).map("".join))
def test_any_text_of_yaml_fragments_gives_an_article_or_problems(path: str, text: str) -> None:
    assert_article_or_problems(path, text.encode())
    assert_article_or_problems(path, f"---\n{text}\n---\n{text}".encode())


EDITS: Final = st.tuples(st.floats(0, 1), st.integers(0, 8), FRAGMENTS | st.text(ANY_CHARACTERS, max_size=3))


@no_deadline
@given(st.lists(EDITS, min_size=1, max_size=6))
def test_an_article_after_random_edits_gives_an_article_or_problems(edits: list[tuple[float, int, str]]) -> None:
    text = SUMMIT
    for place, deleted, inserted in edits:
        start = int(place * len(text))
        text = text[:start] + inserted + text[start + deleted :]
    assert_article_or_problems("articles/a.yaml", text.encode(errors="surrogatepass"))


# --- Structures -----------------------------------------------------------------------------------------------

KEYS: Final = st.sampled_from(
    [
        *("id", "title", "published", "updated", "expires", "category", "categories", "author", "authors", "tags", "summary"),
        *("image", "enclosures", "embeds", "sources", "corrections", "language", "translation_of", "link", "slug", "aliases"),
        *("status", "withdrawn", "body"),
        *("src", "alt", "date", "name", "text", "nonsense"),
    ]
)
SCALARS: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dates()
    | st.datetimes()
    | st.text(max_size=20)
    | st.sampled_from(
        ["asia", "mina", "draft", "withdrawn", "2026-01-02", "https://x.example/a.png", "media/a.png", "image/png", "ko"]
    )
)
VALUES: Final = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


YEARS: Final = (datetime(1900, 1, 1), datetime(9998, 1, 1))  # noqa: DTZ001 - hypothesis requires dates without a time zone
VALID_KEYS: Final = {"title": "A", "published": "2026-01-02"}


@no_deadline
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_a_valid_article_with_random_keys_gives_an_article_or_problems(value: dict[str, Any]) -> None:
    assert_article_or_problems("articles/a.yaml", yaml.safe_dump(VALID_KEYS | value).encode())


# --- Free text ------------------------------------------------------------------------------------------------


@no_deadline
@given(
    st.fixed_dictionaries(
        {"title": st.text(), "published": st.dates(date(1900, 1, 1), date(9998, 1, 1)).map(str)},
        optional={
            "summary": st.text(),
            "tags": st.lists(st.text(), max_size=3),
            "slug": st.text(),
            "aliases": st.lists(st.text(), max_size=3),
            "body": st.text(),
            "sources": st.lists(st.fixed_dictionaries({"name": st.text()}, optional={"url": st.text()}), max_size=2),
            "updated": st.datetimes(*YEARS).map(str) | st.text(),
            "link": st.text() | st.builds("https://x.example/{}".format, st.text()),
            "id": st.text() | st.builds("tag:x.example,2026:{}".format, st.text()),
        },
    )
)
def test_any_text_in_the_values_gives_an_article_or_problems(value: dict[str, Any]) -> None:
    article = assert_article_or_problems("articles/a.yaml", yaml.safe_dump(value).encode())
    if article:
        assert article.title == " ".join(value["title"].split())
        assert article.summary == " ".join(value.get("summary", "").split())


# --- Whole folders --------------------------------------------------------------------------------------------

SITE_KEYS: Final = st.sampled_from(
    ["description", "since", "language", "timezone", "logo", "icon", "accent", "copyright", "feed", "hubs", "id_domain"]
)
ENTRY_KEYS: Final = st.sampled_from(["name", "title", "email", "url", "bio", "avatar", "aliases", "description"])
ENTRIES: Final = st.dictionaries(
    st.text(max_size=5),
    st.dictionaries(ENTRY_KEYS, SCALARS | st.lists(st.text(max_size=3), max_size=2), max_size=3) | SCALARS,
    max_size=3,
)


def load(files: Mapping[str, bytes]) -> ContentSnapshot | None:
    """Load a folder with these files; return None if its site.yaml is unusable."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "articles").mkdir()
        for path, data in files.items():
            (root / path).write_bytes(data)
        try:
            return load_content(root)
        except ContentError as error:
            site_error = error
        assert any(problem.path == "site.yaml" and problem.severity == "error" for problem in site_error.problems)
        return None


@no_deadline
@given(
    st.dictionaries(SITE_KEYS, SCALARS | st.dictionaries(st.sampled_from(["entries", "ttl", "content"]), SCALARS), max_size=2),
    ENTRIES,
    ENTRIES,
)
def test_any_values_of_settings_are_loaded_or_reported(
    site: dict[str, Any], authors: dict[str, Any], categories: dict[str, Any]
) -> None:
    content = load(
        {
            "site.yaml": yaml.safe_dump({"title": "A", "base_url": "https://a.example"} | site).encode(),
            "authors.yaml": yaml.safe_dump(authors).encode(),
            "categories.yaml": yaml.safe_dump(categories).encode(),
        }
    )
    if content:
        assert_valid_texts_and_dates((content.site, content.authors, content.categories, content.problems))


@no_deadline
@given(
    st.dictionaries(st.sampled_from(["site.yaml", "authors.yaml", "categories.yaml", "articles/a.yaml"]), st.binary(max_size=60))
)
def test_any_bytes_of_settings_files_are_loaded_or_reported(files: dict[str, bytes]) -> None:
    load({"site.yaml": b"title: A\nbase_url: https://a.example\n"} | files)
