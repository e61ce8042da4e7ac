"""A folder or link that is replaced between the check of a path and the opening of the file reveals no file outside it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from tests.helpers.newsrooms import write
from tests.leaks.links import SECRET, fetcher, write_newsroom

_SWAP_PROGRAM: Final = """
import os, sys, time
place, real, link = sys.argv[1:]
end = time.monotonic() + 60
print("ready", flush=True)
while time.monotonic() < end:
    os.rename(place, real); os.rename(link, place)
    os.rename(place, link); os.rename(real, place)
"""


@contextmanager
def swapping_with_link(folder: Path, target: str | Path) -> Iterator[None]:
    """Alternate between the folder and a link to `target` until the block ends."""
    moved_folder, moved_link = folder.parent.parent / "spare-real", folder.parent / ".spare-link"
    moved_link.symlink_to(target)
    process = subprocess.Popen([sys.executable, "-c", _SWAP_PROGRAM, folder, moved_folder, moved_link], stdout=subprocess.PIPE)
    assert process.stdout
    try:
        assert process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        process.communicate()


def repeat(function: Callable[[], bytes | None], seconds: float = 1) -> set[bytes | None]:
    """Call the function for some seconds; return all its results.

    A function that checks the real path and then opens the file returned bytes from outside within 0.007 s in each of 12 runs.
    """
    deadline, results = time.monotonic() + seconds, set[bytes | None]()
    while time.monotonic() < deadline:
        results.add(function())
    return results


def test_folder_swapped_for_a_link_during_a_request_serves_no_draft(tmp_path: Path) -> None:
    files = {"media/sub/x.txt": "first", "elsewhere/x.txt": SECRET}
    root = write_newsroom(tmp_path / "content", "enclosures: [{src: media/sub/x.txt}]\n", files=files)
    fetch = fetcher(root)
    assert fetch("/media/sub/x.txt").body == b"first"
    with swapping_with_link(root / "media/sub", "../elsewhere"):
        bodies = repeat(lambda: fetch("/media/sub/x.txt").body)
    assert {body for body in bodies if body and SECRET.encode() in body} == set()
    assert b"first" in bodies


def test_folder_swapped_for_a_link_during_a_scan_reveals_no_file_outside_the_content_folder(tmp_path: Path) -> None:
    write(tmp_path / "outside", {"x.yaml": f"title: {SECRET}\n"})
    root = write_newsroom(tmp_path / "content", files={"articles/sub/x.yaml": "title: first\n"})

    def read() -> bytes | None:
        data = safe_read.read_file(root, "articles/sub/x.yaml")
        return data if isinstance(data, bytes) else None

    with swapping_with_link(root / "articles/sub", tmp_path / "outside"):
        bodies = repeat(read)
    assert bodies <= {b"title: first\n", None}
    assert b"title: first\n" in bodies


def test_link_retargeted_during_a_read_reveals_no_file_outside_the_content_folder(tmp_path: Path) -> None:
    """The link points into the content folder when it is checked, and elsewhere when it is opened."""
    write(tmp_path / "outside", {"x.yaml": f"title: {SECRET}\n"})
    root = write_newsroom(tmp_path / "content", files={"drafts/x.yaml": "title: first\n"})
    code = (
        "import os, sys, time\nplace, good, bad = sys.argv[1:]\nend = time.monotonic() + 60\nprint('ready', flush=True)\n"
        "while time.monotonic() < end:\n  for target in (bad, good):\n"
        "    os.symlink(target, place + '-new'); os.rename(place + '-new', place)\n"
    )
    link_file = root / "articles/x.yaml"
    link_file.symlink_to("../drafts/x.yaml")
    process = subprocess.Popen(
        [sys.executable, "-c", code, link_file, "../drafts/x.yaml", tmp_path / "outside/x.yaml"], stdout=subprocess.PIPE
    )
    assert process.stdout
    try:
        assert process.stdout.readline() == b"ready\n"

        def read() -> bytes | None:
            data = safe_read.read_file(root, "articles/x.yaml")
            return data if isinstance(data, bytes) else None

        assert repeat(read) <= {b"title: first\n", None}
    finally:
        process.kill()
        process.communicate()
