"""The log of --verbose tells what became of each saved file."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import ContentFolder
from tests.helpers.newsrooms import SITE, article, write

A: str = "articles/a.yaml"


def test_each_saved_file_has_one_line_that_says_what_became_of_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = write(tmp_path, {**SITE, **article("a"), **article("b")})
    folder = ContentFolder(root)
    folder.read()
    text = str(article("a")[A])
    saves: list[tuple[Callable[[], object], str]] = [
        (lambda: write(root, {A: f"{text}\n"}), "articles/a.yaml: read, valid"),
        (lambda: write(root, {A: "title: ["}), "articles/a.yaml: read, 1 error; its last valid version is shown"),
        (lambda: write(root, {"articles/new.yaml": "title: ["}), "articles/new.yaml: read, 1 error; it is not shown"),
        ((root / "articles/new.yaml").unlink, "articles/new.yaml: deleted"),
        (lambda: write(root, {"articles/copy.yaml": article("b")["articles/b.yaml"]}), "articles/copy.yaml: read, set aside ("),
    ]
    for save, line in saves:
        with caplog.at_level(logging.DEBUG, "feedsvc.content.folder"):
            caplog.clear()
            save()
            folder.read(["articles"])
        (message,) = caplog.messages
        assert message.startswith(line)


def test_a_file_that_is_being_written_is_said_to_wait(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = write(tmp_path, {**SITE, **article("a")})
    folder = ContentFolder(root)
    folder.read()
    write(root, {A: f"{article('a')[A]!s}\n"})
    with caplog.at_level(logging.DEBUG, "feedsvc.content.folder"):
        for _ in range(2):
            folder.read([A], datetime.now(UTC), timedelta(minutes=1))
    assert caplog.messages == ["articles/a.yaml: waiting, because it changed a moment ago"]
