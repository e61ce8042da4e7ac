"""A PostgreSQL that runs already; every test gets a schema or a database of its own and leaves nothing behind."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import pytest

URL = os.environ.get("FEEDSVC_TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
HINT = "PostgreSQL does not answer: pg_ctlcluster 15 main start (or whichever pg_lsclusters shows)"


@dataclass(frozen=True)
class Schema:
    """A place in the database; `url` leads there, by another port if one is given."""

    name: str

    @property
    def host(self) -> str:
        return urlsplit(URL).hostname or "127.0.0.1"

    @property
    def port(self) -> int:
        return urlsplit(URL).port or 5432

    def url(self, port: int = 0) -> str:
        split = urlsplit(URL)
        place = split.netloc.rpartition(":")[0] if split.port else split.netloc
        return f"postgresql://{place}:{port or self.port}{split.path}?options=-csearch_path%3D{self.name}"

    def run(self, statement: str) -> None:
        _run(statement)


def _run(statement: str) -> None:
    with psycopg.connect(URL, autocommit=True) as connection:
        connection.execute(statement.encode())


def _begun(statement: str) -> None:
    """The first statement of a test, which is skipped, or fails where all are required, if nobody answers."""
    try:
        _run(statement)
    except psycopg.OperationalError as error:
        if os.environ.get("FEEDSVC_TEST_REQUIRE_ALL") == "1":
            pytest.fail(f"{HINT}: {error}")
        pytest.skip(HINT)


def _name() -> str:
    return f"feedsvc_test_{secrets.token_hex(6)}"


@contextlib.contextmanager
def schema() -> Iterator[Schema]:
    made = Schema(_name())
    _begun(f"CREATE SCHEMA {made.name}")
    try:
        yield made
    finally:
        made.run(f"DROP SCHEMA {made.name} CASCADE")


@contextlib.contextmanager
def database() -> Iterator[str]:
    """The address of a database of its own, for programs that fill one."""
    name = _name()
    _begun(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(URL)._replace(path=f"/{name}").geturl()
    finally:
        _run(f"DROP DATABASE {name} WITH (FORCE)")
