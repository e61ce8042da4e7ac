"""The JSON Schemas for text editors: they accept all files that `check` accepts, and reject what a schema can detect."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.reading.files import known_names
from feedsvc.content.schema import dates, field_types
from feedsvc.content.schema.json_schema import SCHEMA_NAMES, Json
from feedsvc.editing.newsroom import build_schema_of
from feedsvc.uris import is_slug
from tests import ROOT
from tests.broken_files import sites
from tests.broken_files.case import Case
from tests.broken_files.texts import UNINDENTED_LINES
from tests.conftest import Newsroom
from tests.content.reading.test_any_input import no_deadline
from tests.content.reading.test_problems import FOLDER_CASES
from tests.helpers import newsrooms
from tests.helpers.programs import require_program

SAMPLE: Final = ROOT / "content"
FILES: Final = {
    "site.yaml": "site",
    "authors.yaml": "authors",
    "categories.yaml": "categories",
    "tags.yaml": "tags",
    "feeds.yaml": "feeds",
    "redirects.yaml": "redirects",
}

# Reason -> cases that no schema can detect; the schemas must reject all other cases.
UNDETECTABLE: Final = {
    "bytes and characters, which are checked before a schema is applied": (
        *("not utf-8", "not utf-8 after a byte order mark", "utf-16", "lone surrogate in utf-8", "control character"),
        *("utf-16 without a byte order mark", "picture with the name of an article"),
        *("control characters in one line", "control character as escape", "lone surrogate as escape", "noncharacter"),
        *("replacement character", "site not in UTF-8"),
    ),
    "no YAML, or YAML that the text editor marks without a schema": (
        *("very deep nesting", "python tag", "tag on a list", "two documents", "markdown in yaml", "duplicate anchor"),
        *("undefined alias", "duplicate key", "duplicate key in image", "list as key", "tab", "tab before a key"),
        *("key indented too far", "key without colon", "first line without colon"),
        *(*(f"{sign} for the colon of the first line" for sign in (";", "=", "：")), "semicolon for a colon in the middle"),
        *("key without colon below another one", "indented first line", "indented first key of a Markdown file"),
        *("body line without indentation", *(f"{name} without indentation below body" for name in UNINDENTED_LINES)),
        *("text without indentation below its key", "text that begins beside its key", "words between two keys"),
        *("open bracket at the end", "unclosed bracket", "hashtag in brackets", "hashtag in brackets behind others"),
        *("superfluous comma", "list entries with different indentation", "syntax error in categories", "colon in title"),
        *("colon in the title of a Markdown file, in its first line", "colon in a title below a comment"),
        *("text that starts with an asterisk",),
        *("text with ampersand", "text with exclamation mark", "text with at sign", "text with backtick", "text with per cent"),
        *("apostrophe in single quotes", "apostrophe in a list", "unresolved merge conflict"),
        *("unresolved merge conflict below a text", "unresolved merge conflict in Markdown"),
        *("text after quotes", "text with bracket", "unclosed quote", "unclosed quote that a later line closes"),
        *("unclosed quote in braces", "backslash", "text after a block indicator", "site with invalid YAML"),
        *("all crawlers without quotes",),
        *("same author id twice", "no-break space after a colon", "no space after a colon in an image", "text in asterisks"),
        *("no space after the first colon", "no space after the last colon", "no space after a colon below a comment"),
        *("no space after a colon in a list", "a time in the second line of a text"),
    ),
    "a text that is not finished, or was cut to a key of the schema": (
        *("body of a new article at 6:3", "body of a new article at 5:1"),
        "text in braces that ends at a comma before 3:40: 'credit' has no value",
    ),
    "the structure of a Markdown file": (
        *("markdown without front matter", "empty markdown", "unclosed front matter", "body in front matter"),
    ),
    "the name of the file": (*("line break in name", "file name without letters"),),
    "the existence and content of other files": (
        *("missing lead image", "lead image in another letter case", "misspelled lead image", "missing enclosure"),
        *("missing enclosure with a name like that of a picture", "missing image in body"),
        *("missing image in body with blank", "missing image written with an entity", "NUL character in a path"),
        *("damaged image", "ending of another image format", "folder as enclosure", "missing avatar", "missing logo"),
        *("missing image of a feed",),
    ),
    "an id, slug, alias or language of an article or author": (
        *("same id twice", "same slug twice", "same file name twice", "same file name with two suffixes", "same alias twice"),
        *("alias equal to a slug", "id equal to a generated id", "two translations into one language"),
        *("translation into the language of its original", "translation of itself", "alias of another author"),
        *("alias of another tag",),
    ),
    "a comparison of two dates": ("expires before published",),
    "a comparison of two selections or tags": ("feed that leaves out all that it selects", "tag twice in a feed"),
    "a number that JSON does not have": ("infinite amount",),
    "a comparison of two lists": ("permitted and prohibited", "crawler in both lists"),
}


class Parser(yaml.CSafeLoader):
    """YAML 1.1 as the YAML extension of VS Code reads it with the option for it: dates stay text, and keys are text."""

    yaml_implicit_resolvers: Final = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:bool":
                key.tag, key.value = "tag:yaml.org,2002:str", "true"
        return super().construct_mapping(node, deep)


def load(path: str, data: bytes) -> Any:
    """Return the value of a file; of a Markdown article, that of its front matter."""
    text = data.decode("utf-8-sig")
    if path.endswith(".md"):
        text = re.split(r"^(?:---|\.\.\.)\s*$", text, maxsplit=2, flags=re.MULTILINE)[1]
    return yaml.load(text, Parser)


def schema_name(path: str) -> str | None:
    """Return the name of the schema for a path, None if there is none."""
    if path.startswith("articles/") and path.endswith((".yaml", ".md")):
        return "article"
    return FILES.get(path)


def is_rejected(root: Path, path: str, data: bytes) -> bool:
    """Return whether a schema rejects a file; False for files that are no YAML, which the text editor marks without a schema."""
    name = schema_name(path)
    if not name:
        return False
    try:
        value = load(path, data)
    except (yaml.YAMLError, ValueError, IndexError, RecursionError):
        return False
    schema = build_schema_of(name, root) if name in ("article", "feeds") else schema_of_any_folder(name)
    return not jsonschema.Draft7Validator(schema).is_valid(value)


@cache
def schema_of_any_folder(name: str) -> Json:
    """Return a schema on which the names of a folder have no effect; nearly every case has files of three such schemas."""
    return build_schema_of(name)


ALL_CASES: Final = (*FOLDER_CASES, *sites.CASES)


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: case.name)
def test_a_schema_rejects_every_broken_file_with_a_detectable_problem(newsroom: Newsroom, case: Case) -> None:
    root = newsroom(case.files)
    rejected = [path for path, data in files_below(root) if is_rejected(root, path, data)]
    reasons = [reason for reason, names in UNDETECTABLE.items() if case.name in names]
    assert bool(rejected) != bool(reasons), f"{case.name}: rejected {rejected}; {reasons}"


def test_every_undetectable_case_is_listed_once_and_exists() -> None:
    names = list(chain.from_iterable(UNDETECTABLE.values()))
    assert len(names) == len(set(names))
    assert set(names) <= {case.name for case in ALL_CASES}


def files_below(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every file below a folder."""
    for file in sorted(root.rglob("*")):
        if file.is_file():
            yield file.relative_to(root).as_posix(), file.read_bytes()


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_every_schema_is_valid_by_draft_7(name: str) -> None:
    for root in (None, SAMPLE):
        jsonschema.Draft7Validator.check_schema(build_schema_of(name, root))


def test_the_sample_newsroom_is_valid_by_the_schemas() -> None:
    files = [(path, data) for path, data in files_below(SAMPLE) if schema_name(path)]
    assert len(files) > 30
    for path, data in files:
        errors = [
            error.message
            for error in jsonschema.Draft7Validator(build_schema_of(schema_name(path) or "", SAMPLE)).iter_errors(
                load(path, data)
            )
        ]
        assert not errors, f"{path}: {errors}"


def test_a_newsroom_with_every_key_is_valid_by_the_schemas(tmp_path: Path) -> None:
    newsrooms.write_sample(tmp_path)
    assert [path for path, data in files_below(tmp_path) if is_rejected(tmp_path, path, data)] == []


def object_schemas(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every part of a schema that defines keys and forbids others."""
    if isinstance(value, dict):
        if value.get("additionalProperties") is False:
            yield value
        for inner in value.values():
            yield from object_schemas(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from object_schemas(inner)


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_every_key_has_a_description_and_valid_examples(name: str) -> None:
    parts = list(object_schemas(build_schema_of(name)))
    assert parts
    for part in parts:
        for key, key_schema in part["properties"].items():
            assert key_schema.get("description"), f"{name}: {key}"
            for example in key_schema["examples"]:
                jsonschema.Draft7Validator(key_schema).validate(example)


def test_the_article_schema_lists_the_ids_and_aliases_of_authors_and_categories(newsroom: Newsroom) -> None:
    root = newsroom({"authors.yaml": "mina: {name: Mina, aliases: [m]}\nlee: {nmae: Lee}\n"})
    properties = build_schema_of("article", root)["properties"]
    assert properties["author"]["anyOf"][0]["enum"] == ["mina", "lee", "m"]
    assert properties["authors"]["anyOf"][1]["items"]["enum"] == ["mina", "lee", "m"]
    assert properties["category"]["anyOf"][0]["enum"] == ["asia", "sport"]
    assert "enum" not in build_schema_of("article")["properties"]["author"]["anyOf"][0]


@pytest.mark.parametrize("broken", ["", "- a\n", "a: [", "x: 5\n", "\x00"])
def test_a_broken_authors_yaml_does_not_prevent_a_schema(newsroom: Newsroom, broken: str) -> None:
    root = newsroom({"authors.yaml": broken})
    jsonschema.Draft7Validator.check_schema(build_schema_of("article", root))
    assert known_names(root, "authors.yaml") in ([], ["x"])


def accepts(name: str, key: str, value: Any) -> bool:
    return jsonschema.Draft7Validator(build_schema_of(name)["properties"][key]).is_valid(value)


@no_deadline
@given(
    st.dates().map(str)
    | st.datetimes().map(str)
    | st.text(max_size=12)
    | st.from_regex(
        r"\A\s*[0-9]{3,5}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{2}(:[0-9]{2})?([zZ]|[+-][0-9]{2}:?[0-9]{2})?)?\Z"
    )
)
def test_the_schema_accepts_every_date_that_check_accepts(text: str) -> None:
    try:
        dates.parse_instant(text, dates.UTC)
    except ValueError:
        return
    assert accepts("article", "published", text)


@no_deadline
@given(st.text(min_size=1, max_size=6))
def test_the_schema_accepts_every_slug_that_check_accepts(text: str) -> None:
    if is_slug(text):
        assert accepts("article", "slug", text)


@no_deadline
@given(st.text(max_size=5).map(lambda text: f"tag:x.example,2026:{text}") | st.from_regex(field_types.URI))
def test_the_schema_accepts_every_id_that_check_accepts(text: str) -> None:
    if field_types.URI.fullmatch(text) and (not text.startswith("tag:") or field_types.TAG_URI.fullmatch(text)):
        assert accepts("article", "id", text)


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from (value for key, value in schema.items() if key == "pattern" and isinstance(value, str))
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from patterns(part)


def test_javascript_accepts_every_pattern() -> None:
    node = require_program("node", "apt-get install nodejs")
    all_patterns = sorted({pattern for name in SCHEMA_NAMES for pattern in patterns(build_schema_of(name))})
    assert all_patterns
    script = "for (const pattern of JSON.parse(require('fs').readFileSync(0))) { new RegExp(pattern); new RegExp(pattern, 'u') }"
    result = subprocess.run([node, "-e", script], input=json.dumps(all_patterns), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
