"""Fingerprint of what all documents share: equal in every process, and different with another version of a library."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Final

import pytest

from feedsvc.publication import dependencies
from tests import ROOT
from tests.helpers import newsrooms

PROGRAM: Final = """
import sys
from pathlib import Path
from feedsvc.feeds.digest import FeedDigests
from feedsvc.publication.dependencies import site_fingerprint
from tests.helpers import newsrooms
publication = newsrooms.load_publication(Path(sys.argv[1]))
print(site_fingerprint(publication.catalog))
print(*FeedDigests().compute(publication.catalog).items(), sep="\\n")
"""


@pytest.mark.slow
def test_two_processes_compute_the_same_fingerprint_and_digests_of_feeds(tmp_path: Path) -> None:
    content = newsrooms.write_sample(tmp_path)
    outputs = []
    for seed, zone in (("1", "UTC"), ("4711", "Asia/Seoul")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", PROGRAM, str(content)]
        outputs.append(subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout)
    assert outputs[0] == outputs[1]
    assert len(outputs[0].splitlines()) > 20


@pytest.mark.parametrize("library", ["brotli", "deflate", "jinja2", "lxml"])
def test_another_version_of_a_library_changes_the_code_fingerprint(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    """Otherwise a tree would keep .gz files of the former version beside new ones."""
    before, version = dependencies.code_fingerprint(), metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "another" if name == library else version(name))
    assert dependencies.code_fingerprint.__wrapped__() != before
