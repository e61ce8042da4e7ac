"""Use a running PostgreSQL: each test gets its own schema or database, which is removed afterwards."""

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
    """A schema of the database; `url` selects it, through another port if one is given."""

    name: str

    @property
    def host(self) -> str:
        return urlsplit(URL).hostname or "127.0.0.1"

    @property
    def port(self) -> int:
        return urlsplit(URL).port or 5432

    def url(self, port: int = 0) -> str:
        split = urlsplit(URL)
        host = split.netloc.rpartition(":")[0] if split.port else split.netloc
        return f"postgresql://{host}:{port or self.port}{split.path}?options=-csearch_path%3D{self.name}"

    def run(self, statement: str) -> None:
        _run(statement)


def _run(statement: str) -> None:
    with psycopg.connect(URL, autocommit=True) as connection:
        connection.execute(statement.encode())


def _run_or_skip(statement: str) -> None:
    """Run a statement. If PostgreSQL does not answer, skip the test, or fail if all tests are required."""
    try:
        _run(statement)
    except psycopg.OperationalError as error:
        if os.environ.get("FEEDSVC_TEST_REQUIRE_ALL") == "1":
            pytest.fail(f"{HINT}: {error}")
        pytest.skip(HINT)


def _random_name() -> str:
    return f"feedsvc_test_{secrets.token_hex(6)}"


@contextlib.contextmanager
def schema() -> Iterator[Schema]:
    """Create a schema until the block ends and yield it."""
    new_schema = Schema(_random_name())
    _run_or_skip(f"CREATE SCHEMA {new_schema.name}")
    try:
        yield new_schema
    finally:
        new_schema.run(f"DROP SCHEMA {new_schema.name} CASCADE")


@contextlib.contextmanager
def database() -> Iterator[str]:
    """Create a database until the block ends and yield its URL."""
    name = _random_name()
    _run_or_skip(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(URL)._replace(path=f"/{name}").geturl()
    finally:
        _run(f"DROP DATABASE {name} WITH (FORCE)")
