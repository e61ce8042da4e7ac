"""Fixtures of the tests of tokens. Tests with `open_store` run on the file of a state folder, a SQLite URL and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from feedsvc.access import Token, new_token, open_token_store, token_digest
from feedsvc.access.store import TokenStore
from tests.audience.postgres import schema

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
OpenStore = Callable[[], TokenStore]


def make_token(name: str = "alice", feed: str = "members", **values: Any) -> Token:
    """Return the record of a new random token."""
    return Token(digest=token_digest(new_token()) or b"", name=name, feed=feed, created_at=NOON, **values)


@pytest.fixture(params=["file", "sqlite-url", "postgresql"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    """Return a function that opens another store on the same tokens, as another process does."""
    with ExitStack() as stack:
        database = ""
        if request.param == "sqlite-url":
            database = f"sqlite:///{tmp_path / 'other' / 'data.sqlite'}"
            (tmp_path / "other").mkdir()
        elif request.param == "postgresql":
            database = stack.enter_context(schema()).url()
        yield lambda: stack.enter_context(closing(open_token_store(tmp_path / "state", database)))
