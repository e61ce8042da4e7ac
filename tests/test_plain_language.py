"""Rules of language that a program can check: first words of docstrings, names of modules and of public classes."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import pytest

from tests.test_architecture import MODULES

# A docstring starts with a verb or with the standard name of what it describes.
FORBIDDEN_FIRST_WORDS: Final = frozenset(
    [
        "And",
        "As",
        "At",
        "But",
        "By",
        "For",
        "From",
        "Here",
        "How",
        "If",
        "In",
        "Indeed",
        "Is",
        "It",
        "Its",
        "Nobody",
        "None",
        "Nothing",
        "Of",
        "On",
        "Once",
        "Or",
        "Somebody",
        "That",
        "There",
        "These",
        "This",
        "Those",
        "Though",
        "To",
        "Until",
        "What",
        "Whatever",
        "When",
        "Whenever",
        "Where",
        "Wherever",
        "Whether",
        "Which",
        "While",
        "Who",
        "Whoever",
        "Whom",
        "Whose",
        "Why",
        "With",
        "Without",
    ]
)
# Metaphors and participles are no names of modules.
FORBIDDEN_MODULE_NAMES: Final = frozenset(
    [
        "asked",
        "bell",
        "beside",
        "board",
        "chores",
        "compiled",
        "described",
        "desk",
        "difference",
        "disk",
        "door",
        "expected",
        "fetching",
        "found",
        "frame",
        "grounds",
        "held",
        "imprint",
        "jumps",
        "kept",
        "later",
        "ledger",
        "listening",
        "looking",
        "looks",
        "made",
        "making",
        "moved",
        "narrowing",
        "notes",
        "offered",
        "ordered",
        "outcome",
        "outdated",
        "parts",
        "patient",
        "pauses",
        "person",
        "picture",
        "places",
        "prose",
        "quick",
        "reach",
        "repeated",
        "room",
        "rounds",
        "samples",
        "second",
        "seen",
        "selection",
        "shapes",
        "shelf",
        "sized",
        "spelling",
        "spreading",
        "stamp_of",
        "standing",
        "station",
        "stood",
        "stray",
        "survey",
        "tally",
        "thorough",
        "told",
        "totals_of",
        "troubles",
        "turn",
        "unrest",
        "wanted_files",
        "whole",
        "written",
    ]
)


def docstrings() -> Iterator[tuple[str, str]]:
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node)
                if text:
                    yield f"{name}.{getattr(node, 'name', '')}", text


def test_no_docstring_begins_with_a_relative_clause_or_a_pronoun() -> None:
    wrong = [f"{name}: {text.splitlines()[0]}" for name, text in docstrings() if text.split()[0] in FORBIDDEN_FIRST_WORDS]
    assert wrong == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_has_the_name_of_what_it_holds(name: str) -> None:
    assert name.rpartition(".")[2] not in FORBIDDEN_MODULE_NAMES


def test_a_public_class_has_a_name_of_its_own() -> None:
    modules = defaultdict(list)
    for name, tree in MODULES.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules[node.name].append(name)
    assert {name: found for name, found in modules.items() if len(found) > 1} == {}
