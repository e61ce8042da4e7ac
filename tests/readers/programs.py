"""Readers that are programs of their own: feedsmith and the JSON Feed schema under node, rss under ruby.

One process reads any number of documents: they go in joined by NUL, which neither XML nor JSON may hold, and
come back as one JSON list of {"result": ...} or {"error": ...}.
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests import ROOT
from tests.readers.result import ReadFeed, UnreadableError, feed_from

_NODE = ROOT / "tests/node"
_SECONDS = 120


def _answers(command: Sequence[str | Path], documents: Sequence[bytes]) -> list[dict[str, Any]]:
    """RuntimeError: the program itself failed."""
    if not documents:
        return []
    done = subprocess.run(command, input=b"\0".join(documents), capture_output=True, timeout=_SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    if len(answers) != len(documents):
        raise RuntimeError(f"{command[0]} saw {len(answers)} documents instead of {len(documents)}: one holds a NUL")
    return answers


def _results(name: str, answers: Sequence[dict[str, Any]]) -> list[Any]:
    refused = [f"document {number}: {one['error']}" for number, one in enumerate(answers, 1) if "error" in one]
    if refused:
        raise UnreadableError(f"{name}: " + "; ".join(refused))
    return [one["result"] for one in answers]


def feedsmith(documents: Sequence[bytes], fmt: str) -> list[ReadFeed]:
    """RSS, Atom and JSON Feed."""
    answers = _answers(("node", _NODE / "feedsmith.mjs", fmt), documents)
    return [feed_from(told) for told in _results("feedsmith", answers)]


def ruby_rss(documents: Sequence[bytes], fmt: str) -> list[ReadFeed]:
    """RSS and Atom, with the library's validation on."""
    answers = _answers(("ruby", Path(__file__).with_name("ruby_rss.rb"), fmt), documents)
    return [feed_from(told) for told in _results("ruby-rss", answers)]


def json_feed_schema(documents: Sequence[bytes]) -> list[list[str]]:
    """What the published JSON Feed schema objects to in each document."""
    answers = _answers(("node", _NODE / "jsonfeed_schema.mjs", "json"), documents)
    return _results("jsonfeed-schema", answers)


@cache
def has_node_package(name: str) -> bool:
    return shutil.which("node") is not None and (_NODE / "node_modules" / name).is_dir()


@cache
def has_ruby_rss() -> bool:
    if shutil.which("ruby") is None:
        return False
    return subprocess.run(("ruby", "-rrss", "-e", ""), capture_output=True, check=False).returncode == 0
