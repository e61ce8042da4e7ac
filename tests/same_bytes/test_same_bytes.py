"""Same content, same bytes: whatever the machine, the moment, the locale or the order on disk; served or built."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

from feedsvc import export
from feedsvc.publication.document import Document, FileResource
from feedsvc.support.compression import compress
from tests import ROOT
from tests.helpers import former_files, newsrooms
from tests.helpers.newsrooms import NOW
from tests.helpers.trees import contents

ELSEWHERE: Final = {
    "TZ": "Pacific/Kiritimati",
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "4711",
}


def tree(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in contents(folder).items()}


def built(content: Path, out: Path, **variables: str) -> dict[str, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-m", "feedsvc", "build", str(out), str(content)]
    subprocess.run(command, check=True, env=environment, cwd=content.parent, capture_output=True)
    return tree(out)


def test_two_processes_in_different_worlds_write_the_same_bytes(tmp_path: Path) -> None:
    here = newsrooms.write_sample(tmp_path / "here")
    there = tmp_path / "there"
    # Written in the opposite order, at other times, with other rights: nothing of that may show.
    for file in sorted((file for file in here.rglob("*") if file.is_file()), reverse=True):
        copy = there / file.relative_to(here)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
        os.utime(copy, (0, 0))
    first = built(here, tmp_path / "out1", TZ="America/St_Johns", LANG="C.UTF-8", PYTHONHASHSEED="1")
    second = built(there, tmp_path / "out2", **ELSEWHERE)
    assert first == second
    assert len(first) > 80


def test_the_clock_is_in_no_document(tmp_path: Path) -> None:
    root = newsrooms.write_sample(tmp_path)
    early, late = newsrooms.load_publication(root, NOW), newsrooms.load_publication(root, NOW + timedelta(hours=11, minutes=59))
    assert list(early.paths()) == list(late.paths())
    for path in early.paths():
        assert early.resolve(path) == late.resolve(path)


def test_the_order_of_asking_is_in_no_document(tmp_path: Path) -> None:
    root = newsrooms.write_sample(tmp_path)
    one, other = newsrooms.load_publication(root), newsrooms.load_publication(root)
    paths = list(one.paths())
    forwards = {path: one.resolve(path) for path in paths}
    backwards = {path: other.resolve(path) for path in reversed(paths)}
    assert forwards == backwards


def test_the_static_tree_holds_what_the_server_answers(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(newsrooms.write_sample(tmp_path / "content"))
    out = tmp_path / "out"
    export.build(publication, out)
    answered = {}
    beside = {"/404.html": publication.not_found_page(), "/articles/gone/410.html": publication.resolve("/articles/gone/")}
    for path in (*publication.paths(), *beside):
        found = beside.get(path) or publication.resolve(path)
        match found:
            case Document():
                assert found.status == (200 if path not in beside else int(path[-8:-5]))
                data = found.body
            case FileResource():
                data = Path(found.location).read_bytes()
            case _:
                raise AssertionError(path)
        answered[export.file_name(path)] = hashlib.sha256(data).hexdigest()
        if isinstance(found, Document) and found.encode("gzip"):
            answered[f"{export.file_name(path)}.gz"] = hashlib.sha256(found.encode("gzip")).hexdigest()
    made = {name: (one.body, one.encode("gzip")) for name, one in former_files.documents(publication).items()}
    made |= {name: (body, compress(body, "gzip")) for name, body in former_files.for_hosts(publication).items()}
    for name, (body, twin) in made.items():
        answered[name] = hashlib.sha256(body).hexdigest()
        answered |= {f"{name}.gz": hashlib.sha256(twin).hexdigest()} if twin else {}
    assert tree(out) == answered
