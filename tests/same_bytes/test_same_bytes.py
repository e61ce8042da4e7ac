"""Test that the same content gives the same bytes for any machine, time, locale and order on disk, served or built."""

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
from feedsvc.publication.document import UNCOUNTED_READS, Document, FileResource
from tests import ROOT
from tests.helpers import former_files, newsrooms
from tests.helpers.newsrooms import NOW
from tests.helpers.trees import contents

OTHER_ENVIRONMENT: Final = {
    "TZ": "Pacific/Kiritimati",
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "4711",
}


def digests(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in contents(folder).items()}


def build(content: Path, out: Path, **variables: str) -> dict[str, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-m", "feedsvc", "build", str(out), str(content)]
    subprocess.run(command, check=True, env=environment, cwd=content.parent, capture_output=True)
    return digests(out)


def test_builds_in_different_environments_write_the_same_bytes(tmp_path: Path) -> None:
    newsroom = newsrooms.write_sample(tmp_path / "here")
    copied_newsroom = tmp_path / "there"
    # Written in reverse order, with other modification times and permissions: the build must not depend on them.
    for file in sorted((file for file in newsroom.rglob("*") if file.is_file()), reverse=True):
        copy = copied_newsroom / file.relative_to(newsroom)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
        os.utime(copy, (0, 0))
    first = build(newsroom, tmp_path / "out1", TZ="America/St_Johns", LANG="C.UTF-8", PYTHONHASHSEED="1")
    second = build(copied_newsroom, tmp_path / "out2", **OTHER_ENVIRONMENT)
    assert first == second
    assert len(first) > 80


def test_documents_do_not_depend_on_the_clock(tmp_path: Path) -> None:
    root = newsrooms.write_sample(tmp_path)
    early, late = newsrooms.load_publication(root, NOW), newsrooms.load_publication(root, NOW + timedelta(hours=11, minutes=59))
    assert list(early.paths()) == list(late.paths())
    for path in early.paths():
        assert early.resolve(path) == late.resolve(path)


def test_documents_do_not_depend_on_the_order_of_requests(tmp_path: Path) -> None:
    root = newsrooms.write_sample(tmp_path)
    publication, other_publication = newsrooms.load_publication(root), newsrooms.load_publication(root)
    paths = list(publication.paths())
    forwards = {path: publication.resolve(path) for path in paths}
    backwards = {path: other_publication.resolve(path) for path in reversed(paths)}
    assert forwards == backwards


def test_static_tree_has_the_bytes_of_the_server(tmp_path: Path) -> None:
    """Only /subscribe/ has no form in a tree, because no program answers it there."""
    publication = newsrooms.load_publication(newsrooms.write_sample(tmp_path / "content"))
    out = tmp_path / "out"
    export.build(publication, out)
    expected = {}
    error_pages = {"/404.html": publication.not_found_page, "/articles/gone/410.html": publication.resolve("/articles/gone/")}
    for path in (*publication.paths(), *error_pages):
        response = error_pages.get(path) or publication.resolve(path)
        if path == "/subscribe/":
            response = publication.render(path, has_forms=False)
        match response:
            case Document():
                assert response.status == (200 if path not in error_pages else int(path[-8:-5]))
                data = response.body
            case FileResource():
                data = Path(response.location).read_bytes()
            case _:
                raise AssertionError(path)
        expected[export.file_name(path)] = hashlib.sha256(data).hexdigest()
        if isinstance(response, Document) and response.encode("gzip"):
            expected[f"{export.file_name(path)}.gz"] = hashlib.sha256(response.encode("gzip")).hexdigest()
    expected["views.json"] = hashlib.sha256(UNCOUNTED_READS.body).hexdigest()  # the server may count reads
    former_documents = {
        name: (document.body, document.encode("gzip")) for name, document in former_files.documents(publication).items()
    }
    former_documents |= {name: (body, None) for name, body in former_files.for_hosts(publication).items()}
    for name, (body, gzip_copy) in former_documents.items():
        expected[name] = hashlib.sha256(body).hexdigest()
        expected |= {f"{name}.gz": hashlib.sha256(gzip_copy).hexdigest()} if gzip_copy else {}
    assert digests(out) == expected
