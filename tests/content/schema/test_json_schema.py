"""The JSON Schemas that text editors get: they accept what `check` accepts, and refuse what a schema can see."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.reading.settings import known_names
from feedsvc.content.schema import dates, field_types, models
from feedsvc.content.schema.descriptions import KEY_DESCRIPTIONS
from feedsvc.content.schema.json_schema import SCHEMA_NAMES
from feedsvc.editing.schema_files import build_schema_of
from feedsvc.uris import is_slug
from tests import ROOT
from tests.broken_files import sites
from tests.broken_files.case import Case
from tests.conftest import Newsroom
from tests.content.reading.test_any_input import modest
from tests.content.reading.test_problems import IN_THE_FOLDER
from tests.helpers import newsrooms
from tests.helpers.programs import require_program

SAMPLE: Final = ROOT / "content"
FILES: Final = {"site.yaml": "site", "authors.yaml": "authors", "categories.yaml": "categories"}

# What no schema can see, by the reason; everything else in the tables of broken files must be refused.
UNSEEN: Final = {
    "bytes and characters, which are read before any schema": (
        *("not utf-8", "not utf-8 after a byte order mark", "utf-16", "lone surrogate in utf-8", "control character"),
        *("control characters in one line", "control character as escape", "lone surrogate as escape", "noncharacter"),
        *("replacement character", "site not in UTF-8"),
    ),
    "no YAML, or YAML that the text editor marks by itself": (
        *("very deep nesting", "python tag", "tag on a list", "two documents", "markdown in yaml", "duplicate anchor"),
        *("undefined alias", "duplicate key", "duplicate key in image", "list as key", "tab", "tab before a key"),
        *("key indented too far", "key without colon", "line at the margin", "bracket that nothing follows", "unclosed bracket"),
        *("comma too many", "dash out of line", "syntax in categories", "colon in title", "text with star"),
        *("text with ampersand", "text with exclamation mark", "text with at sign", "text with backtick", "text with per cent"),
        *("apostrophe in single quotes", "apostrophe in a list", "unresolved merge conflict"),
        *("unresolved merge conflict below a text", "unresolved merge conflict in Markdown"),
        *("text after quotes", "text with bracket", "unclosed quote", "backslash", "word after bar", "site without YAML"),
        *("two authors of one id", "no-break space after a colon", "no space after a colon in a picture", "text with stars"),
        *("no space after the first colon", "no space after the last colon", "no space after a colon below a comment"),
        *("no space after a colon in a list", "a time in the second line of a text"),
    ),
    "a Markdown file's own form": (
        *("markdown without front matter", "empty markdown", "open front matter", "body in front matter"),
    ),
    "the file's own name": (*("yml", "YAML in capitals", "markdown ending", "line break in name", "file name without letters"),),
    "other files: whether they are there and what they hold": (
        *(
            "missing lead image",
            "lead image in another letter case",
            "misspelled lead image",
            "missing enclosure",
            "missing image in body",
        ),
        *("missing image in body with blank", "missing image written with an entity", "zero byte in reference"),
        *("damaged picture", "wrong ending", "folder as enclosure", "missing avatar", "missing logo"),
    ),
    "what another article or entry has claimed": (
        *("one id", "one slug", "one file name", "one alias", "alias of a slug", "id by file name", "alias of another author"),
    ),
    "one date compared with another": ("expires before published",),
}


class Parser(yaml.CSafeLoader):
    """YAML 1.1 as VS Code's plug-in reads it when told so: dates stay text."""

    yaml_implicit_resolvers: Final = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def parsed(path: str, data: bytes) -> Any:
    """A file's value; a Markdown article's is its first YAML document."""
    text = data.decode("utf-8-sig")
    if path.endswith(".md"):
        text = re.split(r"^(?:---|\.\.\.)\s*$", text, maxsplit=2, flags=re.MULTILINE)[1]
    return yaml.load(text, Parser)


def kind(path: str) -> str | None:
    if path.startswith("articles/") and path.endswith((".yaml", ".md")):
        return "article"
    return FILES.get(path)


def refused(root: Path, path: str, data: bytes) -> bool:
    """Whether the text editor would mark a file; a file that is no YAML at all is marked without any schema."""
    name = kind(path)
    if not name:
        return False
    try:
        value = parsed(path, data)
    except (yaml.YAMLError, ValueError, IndexError, RecursionError):
        return False
    return not jsonschema.Draft7Validator(build_schema_of(name, root)).is_valid(value)


EVERY: Final = (*IN_THE_FOLDER, *sites.CASES)


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_a_broken_file_is_refused_wherever_a_schema_can_see_it(newsroom: Newsroom, case: Case) -> None:
    root = newsroom(case.files)
    marked = [path for path, data in written(root) if refused(root, path, data)]
    unseen = [reason for reason, names in UNSEEN.items() if case.name in names]
    assert bool(marked) != bool(unseen), f"{case.name}: marked {marked}; {unseen}"


def test_every_case_that_a_schema_cannot_see_is_one_of_the_tables() -> None:
    named = list(chain.from_iterable(UNSEEN.values()))
    assert len(named) == len(set(named))
    assert set(named) <= {case.name for case in EVERY}


def written(root: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(root.rglob("*")):
        if file.is_file():
            yield file.relative_to(root).as_posix(), file.read_bytes()


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_each_is_a_schema_of_its_draft(name: str) -> None:
    for root in (None, SAMPLE):
        jsonschema.Draft7Validator.check_schema(build_schema_of(name, root))


def test_the_sample_newsroom_is_accepted() -> None:
    files = [(path, data) for path, data in written(SAMPLE) if kind(path)]
    assert len(files) > 30
    for path, data in files:
        errors = [
            error.message
            for error in jsonschema.Draft7Validator(build_schema_of(kind(path) or "", SAMPLE)).iter_errors(parsed(path, data))
        ]
        assert not errors, f"{path}: {errors}"


def test_a_newsroom_with_every_key_is_accepted(tmp_path: Path) -> None:
    newsrooms.write_sample(tmp_path)
    assert [path for path, data in written(tmp_path) if refused(tmp_path, path, data)] == []


def models_of(value: Any) -> Iterator[dict[str, Any]]:
    """Every part of a schema that has keys of its own and closes the list of them."""
    if isinstance(value, dict):
        if value.get("additionalProperties") is False:
            yield value
        for inner in value.values():
            yield from models_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from models_of(inner)


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_every_key_says_what_it_means_with_an_example_that_is_accepted(name: str) -> None:
    parts = list(models_of(build_schema_of(name)))
    assert parts
    for part in parts:
        for key, told in part["properties"].items():
            assert told.get("description"), f"{name}: {key}"
            for example in told["examples"]:
                jsonschema.Draft7Validator(told).validate(example)


def test_every_key_that_is_described_exists() -> None:
    for model, keys in KEY_DESCRIPTIONS.items():
        assert list(keys) == list(getattr(models, model).model_fields)


def test_a_newsrooms_authors_and_categories_are_offered_with_their_former_ids(newsroom: Newsroom) -> None:
    root = newsroom({"authors.yaml": "mina: {name: Mina, aliases: [m]}\nlee: {nmae: Lee}\n"})
    offered = build_schema_of("article", root)["properties"]
    assert offered["author"]["anyOf"][0]["enum"] == ["mina", "lee", "m"]
    assert offered["authors"]["anyOf"][1]["items"]["enum"] == ["mina", "lee", "m"]
    assert offered["category"]["anyOf"][0]["enum"] == ["asia", "sport"]
    assert "enum" not in build_schema_of("article")["properties"]["author"]["anyOf"][0]


@pytest.mark.parametrize("broken", ["", "- a\n", "a: [", "x: 5\n", "\x00"])
def test_a_broken_authors_yaml_keeps_nobody_from_a_schema(newsroom: Newsroom, broken: str) -> None:
    root = newsroom({"authors.yaml": broken})
    jsonschema.Draft7Validator.check_schema(build_schema_of("article", root))
    assert known_names(root, "authors.yaml") in ([], ["x"])


def accepts(name: str, key: str, value: Any) -> bool:
    return jsonschema.Draft7Validator(build_schema_of(name)["properties"][key]).is_valid(value)


@modest
@given(
    st.dates().map(str)
    | st.datetimes().map(str)
    | st.text(max_size=12)
    | st.from_regex(
        r"\A\s*[0-9]{3,5}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{2}(:[0-9]{2})?([zZ]|[+-][0-9]{2}:?[0-9]{2})?)?\Z"
    )
)
def test_no_date_that_check_accepts_is_refused(text: str) -> None:
    try:
        dates.parse_instant(text, dates.UTC)
    except ValueError:
        return
    assert accepts("article", "published", text)


@modest
@given(st.text(min_size=1, max_size=6))
def test_no_slug_that_check_accepts_is_refused(text: str) -> None:
    if is_slug(text):
        assert accepts("article", "slug", text)


@modest
@given(st.text(max_size=5).map(lambda text: f"tag:x.example,2026:{text}") | st.from_regex(field_types.URI))
def test_no_id_that_check_accepts_is_refused(text: str) -> None:
    if field_types.URI.fullmatch(text) and (not text.startswith("tag:") or field_types.TAG_URI.fullmatch(text)):
        assert accepts("article", "id", text)


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from (value for key, value in schema.items() if key == "pattern" and isinstance(value, str))
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from patterns(part)


def test_the_programs_of_text_editors_read_every_pattern() -> None:
    node = require_program("node", "apt-get install nodejs")
    written = sorted({pattern for name in SCHEMA_NAMES for pattern in patterns(build_schema_of(name))})
    assert written
    script = "for (const one of JSON.parse(require('fs').readFileSync(0))) { new RegExp(one); new RegExp(one, 'u') }"
    done = subprocess.run([node, "-e", script], input=json.dumps(written), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
