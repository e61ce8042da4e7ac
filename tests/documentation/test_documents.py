"""Test every document: its commands and make targets exist, and its links lead to files and headings that exist."""

from __future__ import annotations

import os
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import click

from feedsvc.cli import main
from tests import ROOT
from tests.documentation.mkdocs_navigation import navigation

DOCUMENTS: Final = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "tests/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCE: Final = re.compile(r"^```(\w*).*\n((?s:.*?))^```$", re.MULTILINE)
CODE: Final = re.compile(r"`+[^`]*`+")
LINK: Final = re.compile(r"\]\(([^)\s]+)\)|^\[[^]]+\]: (\S+)$", re.MULTILINE)
COMMAND: Final = re.compile(r"(\S+/)?(feedsvc|make) ")
# Files of examples that a command would read before anything else.
MISSING_FILES: Final = {"/etc/feedsvc.toml": os.devnull}
OPERATORS: Final = frozenset({"|", ">", "&&", ";"})
TARGETS: Final = frozenset(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


def command_lines(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of feedsvc or make in the blocks of a document."""
    for language, block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines() if language in ("sh", "") else ():
            if COMMAND.match(line):
                words = [MISSING_FILES.get(word, word) for word in shlex.split(line, comments=True)]
                yield words[: next((index for index, word in enumerate(words) if word in OPERATORS), None)]


def anchors_of(text: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a document."""
    counts: Counter[str] = Counter()
    anchors = set()
    for heading in re.findall(r"^#{1,6} (.+)$", FENCE.sub("", text), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        anchors.add(f"{slug}-{counts[slug]}" if counts[slug] else slug)
        counts[slug] += 1
    return anchors


def missing_commands(text: str) -> Iterator[str]:
    """Yield a message for each command of a document that does not exist, or not with these options."""
    for words in command_lines(text):
        program, name, *arguments = words
        if program == "make":
            fault = "" if name in TARGETS else "no such target"
        else:
            fault = "" if name in ("--help", "--version") else command_fault(name, arguments)
        if fault:
            yield f"{shlex.join(words)}: {fault}"


def command_fault(name: str, arguments: list[str]) -> str:
    """Return what is wrong with a command of feedsvc; "" if it exists and takes the arguments."""
    command = main.get_command(click.Context(main), name)
    if isinstance(command, click.Group):
        command = command.get_command(click.Context(command), arguments[0] if arguments else "")
        arguments = arguments[1:]
    if command is None:
        return "no such command"
    try:
        command.make_context(name, arguments)
    except click.ClickException as error:
        return error.format_message()
    return ""


def test_every_command_of_the_documents_exists_with_its_options() -> None:
    found = ((document, message) for document in DOCUMENTS for message in missing_commands(document.read_text("utf-8")))
    assert [f"{name_of(document)}: {message}" for document, message in found] == []


def broken_links(document: Path) -> Iterator[str]:
    """Yield a message for each link of the document to a file or heading that does not exist."""
    text = document.read_text("utf-8")
    for link in (match[1] or match[2] for match in LINK.finditer(CODE.sub("", FENCE.sub("", text)))):
        path, _, anchor = link.partition("#")
        if not re.match(r"[a-z]+:", link):
            target = document.parent / path if path else document
            if not target.exists():
                yield f"{name_of(document)}: no file {link}"
            elif anchor and anchor not in anchors_of(target.read_text("utf-8")):
                yield f"{name_of(document)}: no heading {link}"


def test_commands_of_all_documents_have_the_folder_of_the_tutorial() -> None:
    """A reader of two documents must not look for a second folder. Other folders have absolute paths, as /srv/newsroom."""
    documents = [document for document in DOCUMENTS if document.name != "CHANGELOG.md"]
    words = [word for document in documents for line in command_lines(document.read_text("utf-8")) for word in line]
    assert words.count("content") > 50
    assert "newsroom" not in words
    paths = [path for document in documents for path in re.findall(r"(?<![\w/.$^-])newsroom/\S*", document.read_text("utf-8"))]
    assert paths == []


def test_every_link_of_the_documents_leads_to_a_file_and_a_heading() -> None:
    assert [message for document in DOCUMENTS for message in broken_links(document)] == []


def misplaced_list_items(document: Path) -> Iterator[str]:
    """Yield the lines at which MkDocs needs an empty line before a list, or four spaces before an item of a nested one."""
    lines = FENCE.sub("", document.read_text("utf-8")).splitlines()
    items = re.compile(r"\s*(-|\d+\.) ")
    starts = [line for before, line in pairwise(lines) if items.match(line) and not re.match(r"$|\s|- |\d+\. ", before)]
    yield from (f"{name_of(document)}: {line}" for line in (*starts, *(line for line in lines if re.match(r" {1,3}- ", line))))


def test_lists_of_the_documents_look_the_same_on_github_and_on_the_site() -> None:
    assert [line for document in DOCUMENTS for line in misplaced_list_items(document)] == []


def test_the_index_of_the_documents_links_to_every_page_of_the_navigation() -> None:
    index = (ROOT / "docs/README.md").read_text("utf-8")
    pages = [page for page in navigation() if not page.startswith("project/") and page != "README.md"]
    assert len(pages) > 20
    assert [page for page in pages if f"({page})" not in index] == []
