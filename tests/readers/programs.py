"""Readers that are separate programs: feedsmith and the JSON Feed schema on node, rss on ruby.

One process reads any number of documents. Its input is the documents joined by NUL, which neither XML nor JSON may contain; its
output is a JSON list of {"result": ...} or {"error": ...}.
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests import ROOT
from tests.readers.result import ParsedFeed, UnreadableError, build_feed

_NODE = ROOT / "tests/node"
_TIMEOUT = 120


def _run(command: Sequence[str | Path], documents: Sequence[bytes]) -> list[dict[str, Any]]:
    """Run the program on the documents. Raises RuntimeError if it fails."""
    if not documents:
        return []
    result = subprocess.run(command, input=b"\0".join(documents), capture_output=True, timeout=_TIMEOUT, check=False)
    if result.returncode:
        raise RuntimeError(f"{command[0]} ended with {result.returncode}: {result.stderr.decode(errors='replace')}")
    responses: list[dict[str, Any]] = json.loads(result.stdout)
    if len(responses) != len(documents):
        raise RuntimeError(f"{command[0]} saw {len(responses)} documents instead of {len(documents)}: one holds a NUL")
    return responses


def _results(name: str, responses: Sequence[dict[str, Any]]) -> list[Any]:
    errors = [f"document {number}: {response['error']}" for number, response in enumerate(responses, 1) if "error" in response]
    if errors:
        raise UnreadableError(f"{name}: " + "; ".join(errors))
    return [response["result"] for response in responses]


def feedsmith(documents: Sequence[bytes], fmt: str) -> list[ParsedFeed]:
    """Read RSS, Atom or JSON Feed."""
    responses = _run(("node", _NODE / "feedsmith.mjs", fmt), documents)
    return [build_feed(data) for data in _results("feedsmith", responses)]


def ruby_rss(documents: Sequence[bytes], fmt: str) -> list[ParsedFeed]:
    """Read RSS or Atom with the library's validation."""
    responses = _run(("ruby", Path(__file__).with_name("ruby_rss.rb"), fmt), documents)
    return [build_feed(data) for data in _results("ruby-rss", responses)]


def json_feed_schema(documents: Sequence[bytes]) -> list[list[str]]:
    """Return the errors of the published JSON Feed schema for each document."""
    responses = _run(("node", _NODE / "jsonfeed_schema.mjs", "json"), documents)
    return _results("jsonfeed-schema", responses)


@cache
def has_node_package(name: str) -> bool:
    return shutil.which("node") is not None and (_NODE / "node_modules" / name).is_dir()


@cache
def has_ruby_rss() -> bool:
    if shutil.which("ruby") is None:
        return False
    return subprocess.run(("ruby", "-rrss", "-e", ""), capture_output=True, check=False).returncode == 0
