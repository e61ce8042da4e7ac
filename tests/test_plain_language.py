"""Check the language of the code: first words of docstrings, names of modules and of public classes."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import Final

from tests import ROOT
from tests.test_architecture import modules

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


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the node and all statements in it. Expressions, ten times as many nodes, contain no docstrings."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from statements(child)


def docstrings() -> Iterator[tuple[str, str]]:
    """Yield name and text of each docstring of the product, the tests and the benchmark."""
    files = chain.from_iterable(sorted((ROOT / folder).rglob("*.py")) for folder in ("tests", "bench"))
    own_files = (file for file in files if "node_modules" not in file.parts)
    trees = {str(file.relative_to(ROOT)): ast.parse(file.read_text(encoding="utf-8")) for file in own_files}
    for name, tree in {**modules(), **trees}.items():
        for node in statements(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node)
                if text:
                    yield f"{name}.{getattr(node, 'name', '')}", text


def test_docstring_begins_with_no_forbidden_word() -> None:
    violations = [
        f"{name}: {text.splitlines()[0]}" for name, text in docstrings() if text.split()[0].strip(",.:") in FORBIDDEN_FIRST_WORDS
    ]
    assert violations == []


def test_module_name_is_not_forbidden() -> None:
    assert [name for name in modules() if name.rpartition(".")[2] in FORBIDDEN_MODULE_NAMES] == []


def test_public_class_names_are_unique() -> None:
    modules_by_class = defaultdict(list)
    for name, tree in modules().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules_by_class[node.name].append(name)
    assert {name: class_modules for name, class_modules in modules_by_class.items() if len(class_modules) > 1} == {}
