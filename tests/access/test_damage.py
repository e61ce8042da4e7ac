"""A damaged file of tokens is set aside, never deleted or replaced, and the tokens stay unavailable until the operator acts."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

import pytest

from feedsvc.access import open_token_store
from feedsvc.access.store import TokenStore
from feedsvc.errors import UnavailableError
from tests import ROOT
from tests.access.conftest import NOON, make_token

TOKENS: Final = tuple(make_token(f"n{number}") for number in range(60))


def fill(state: Path) -> tuple[TokenStore, Path]:
    """Return a store with tokens, one of them revoked, and its file."""
    store = open_token_store(state)
    for token in TOKENS:
        store.add(token)
    store.revoke("n0", NOON)
    return store, state / "tokens.sqlite"


def truncate(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flip(data: bytes) -> bytes:
    return data.replace(TOKENS[1].digest, bytes([TOKENS[1].digest[0] ^ 1]) + TOKENS[1].digest[1:])


DAMAGES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "truncated": truncate,
    "empty": lambda _: b"",
    "short": lambda data: data[:50],
    "another file": lambda _: b"Notes of an operator. " * 500,
    "a digest": flip,
    "a name": lambda data: data.replace(TOKENS[1].digest + b"n1", TOKENS[1].digest + b"m1"),
    "header": lambda data: b"x" + data[1:],
    "version": lambda data: data[:18] + b"\x09\x09" + data[20:],
    "schema": lambda data: data.replace(b"CREATE TABLE feedsvc_tokens", b"CREATE TABLE feedsvc_tokenz"),
    "zeros": lambda data: data[:4096] + bytes(4096) + data[8192:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_stays_and_tokens_are_unavailable_until_a_backup_is_restored(tmp_path: Path, damage: str) -> None:
    store, file = fill(tmp_path)
    backup = file.read_bytes()
    damaged = DAMAGES[damage](backup)
    assert damaged != backup
    file.write_bytes(damaged)
    for other in (store, open_token_store(tmp_path)):  # after a restart, too
        operations: tuple[Callable[[], object], ...] = (
            other.check,
            other.tokens,
            lambda other=other: other.fetch(TOKENS[1].digest, NOON),
            lambda other=other: other.fetch(make_token().digest, NOON),
            lambda other=other: other.add(make_token("new")),
            lambda other=other: other.revoke("n1", NOON),
        )
        for operation in operations:
            with pytest.raises(UnavailableError, match="status 503 until you stop feedsvc"):
                operation()
        other.close()
    assert file.read_bytes() == damaged
    file.unlink()
    (tmp_path / "backup").write_bytes(backup)
    os.rename(tmp_path / "backup", file)
    store.check()
    assert store.fetch(TOKENS[1].digest, NOON) == (TOKENS[1].after_fetch(NOON)[0], 0)
    assert store.fetch(TOKENS[0].digest, NOON) == (replace(TOKENS[0], revoked_at=NOON), 0)


def test_an_operator_can_begin_anew(tmp_path: Path) -> None:
    store, file = fill(tmp_path)
    store.close()
    file.rename(tmp_path / "damaged")
    with closing(open_token_store(tmp_path)) as fresh:
        assert [*fresh.tokens()] == []
        fresh.add(make_token())
        assert len(fresh.tokens()) == 1


def test_a_flipped_byte_never_revives_a_revoked_token_or_changes_a_token(tmp_path: Path) -> None:
    store, file = fill(tmp_path / "state")
    original, random = file.read_bytes(), Random(7)
    expected = {token.digest: token for token in store.tokens()}
    unnoticed = 0
    for _ in range(120):
        data = bytearray(original)
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        for path in file.parent.iterdir():
            path.unlink()
        file.write_bytes(data)
        try:
            fresh = open_token_store(file.parent)
            assert {token.digest: token for token in fresh.tokens()} == expected
            unnoticed += 1
        except UnavailableError:
            continue
    assert unnoticed < 96


def test_a_file_that_is_gone_is_no_empty_one(tmp_path: Path) -> None:
    store, file = fill(tmp_path)
    file.rename(tmp_path / "elsewhere")
    with pytest.raises(UnavailableError, match="the file is gone; put the table feedsvc_tokens back"):
        store.fetch(TOKENS[1].digest, NOON)
    (tmp_path / "elsewhere").rename(file)
    assert store.fetch(TOKENS[1].digest, NOON)


def test_a_row_that_was_changed_by_hand_is_damage(tmp_path: Path) -> None:
    store, file = fill(tmp_path)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE feedsvc_tokens SET revoked = NULL WHERE name = 'n0'")
    with pytest.raises(UnavailableError, match="a row fails its checksum"):
        store.fetch(TOKENS[0].digest, NOON)


def test_a_file_that_cannot_be_written_is_unavailable_but_not_damaged(tmp_path: Path) -> None:
    store, file = fill(tmp_path)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError, match="another program has locked that file; end it or wait"):
            store.fetch(TOKENS[1].digest, NOON)
    assert store.fetch(TOKENS[1].digest, NOON)


_ADD: Final = """
import sys
from pathlib import Path
from tests.access.conftest import make_token
from feedsvc.access import open_token_store
store = open_token_store(Path(sys.argv[1]))
for number in range(100_000):
    store.add(make_token(f"n{number}"))
    print(number, flush=True)
"""


@pytest.mark.parametrize("seed", range(3))
def test_tokens_that_were_added_survive_a_kill_of_the_command(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    process = subprocess.Popen([sys.executable, "-c", _ADD, tmp_path / "state"], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout
    # The first kills are before or while the file is created.
    lines = [process.stdout.readline() for _ in range(random.choice((0, 1, 2, 30)))]
    time.sleep(random.random() * (0.6 if not lines else 0.02))
    process.kill()
    lines += process.stdout.readlines()
    process.wait()
    process.stdout.close()
    confirmed = {f"n{int(line)}" for line in lines if line.endswith("\n")}
    store = open_token_store(tmp_path / "state")
    names = {token.name for token in store.tokens()}
    assert confirmed <= names
    assert len(names - confirmed) <= 1
    store.add(make_token("after"))
    assert not list((tmp_path / "state").glob("*damaged*"))
