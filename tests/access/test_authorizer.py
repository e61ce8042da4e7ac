"""Authorizer: an outage of the store refuses requests at once, raises an alert, and ends by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from feedsvc.access import AccessDecision, Outcome, Token, TokenAuthorizer, new_token, open_token_store, token_digest
from feedsvc.access.store import TokenStore
from feedsvc.errors import UnavailableError
from feedsvc.support.alerts import Alerts
from tests.access.conftest import NOON, make_token
from tests.audience.postgres import Schema, schema
from tests.audience.read_only_files import read_only
from tests.audience.relay import run_relay
from tests.audience.waiting import wait_until


@contextmanager
def authorizer_of(store: TokenStore, alerts: Alerts) -> Iterator[TokenAuthorizer]:
    with closing(store), closing(TokenAuthorizer(lambda: store, alerts, lambda: True)) as authorizer:
        yield authorizer


def add(store: TokenStore, **values: object) -> tuple[str, Token]:
    text = new_token()
    token = replace(make_token(), digest=token_digest(text), **values)
    store.add(token)
    return text, token


def test_outcomes(tmp_path: Path) -> None:
    store, alerts = open_token_store(tmp_path), Alerts()
    text, _ = add(store, hourly_limit=1)
    expired, _ = add(store, name="bob", expires_at=NOON)
    with authorizer_of(store, alerts) as authorizer:
        assert authorizer.admit(text, NOON) == AccessDecision(outcome=Outcome.ADMITTED, name="alice", feed="members")
        assert authorizer.admit(text, NOON).outcome is Outcome.LIMITED
        assert authorizer.admit(text, NOON).retry_after == 3600
        assert authorizer.admit(expired, NOON).outcome is Outcome.ENDED
        for wrong in (new_token(), "", "x", text.upper(), f"{text}.", f"{text} "):
            assert authorizer.admit(wrong, NOON) == AccessDecision(outcome=Outcome.UNKNOWN)
        store.revoke("alice", NOON)
        assert authorizer.admit(text, NOON + timedelta(hours=1)).outcome is Outcome.ENDED
    assert alerts.active == {}


def test_an_outage_of_postgresql_refuses_at_once_and_ends_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    with schema() as postgres, run_relay(postgres.host, postgres.port) as relay:
        store, alerts = open_token_store(Path("/nowhere"), postgres.url(relay.port)), Alerts()
        text, _ = add(store)
        with authorizer_of(store, alerts) as authorizer:
            assert authorizer.admit(text, NOON).outcome is Outcome.ADMITTED
            relay.disconnect()
            wait_until(lambda: authorizer.admit(text, NOON).outcome is Outcome.UNAVAILABLE)
            start = time.monotonic()
            for _ in range(100):
                assert authorizer.admit(text, NOON).outcome is Outcome.UNAVAILABLE
            assert time.monotonic() - start < 20  # an attempt to connect each time would take minutes
            assert "the database of tokens cannot be used: postgresql://" in alerts.active["tokens"]
            relay.reopen()
            wait_until(lambda: authorizer.admit(text, NOON).outcome is Outcome.ADMITTED)
            assert alerts.active == {}
    assert text not in caplog.text


def test_a_table_that_is_gone_is_an_outage(tmp_path: Path) -> None:
    postgres: Schema
    with schema() as postgres:
        store = open_token_store(tmp_path, postgres.url())
        text, _ = add(store)
        assert store.fetch(token_digest(text) or b"", NOON)
        postgres.run(f"DROP TABLE {postgres.name}.feedsvc_tokens")
        with authorizer_of(store, Alerts()) as authorizer:
            assert authorizer.admit(text, NOON).outcome is Outcome.UNAVAILABLE


def test_a_damaged_file_raises_an_alert_without_a_request_and_stays_until_a_backup_is_back(tmp_path: Path) -> None:
    store, alerts = open_token_store(tmp_path), Alerts()
    text, _ = add(store)
    file = tmp_path / "tokens.sqlite"
    backup = file.read_bytes()
    file.write_bytes(backup[:5000])
    with authorizer_of(store, alerts) as authorizer:
        wait_until(lambda: "put a backup in its place" in alerts.active.get("tokens", ""))
        assert authorizer.admit(text, NOON).outcome is Outcome.UNAVAILABLE
        assert file.read_bytes() == backup[:5000]
        (tmp_path / "copy").write_bytes(backup)
        (tmp_path / "copy").rename(file)
        wait_until(lambda: authorizer.admit(text, NOON).outcome is Outcome.ADMITTED)
        assert alerts.active == {}


def test_a_database_that_can_only_be_read_is_an_outage_that_says_what_to_grant() -> None:
    with schema() as postgres:
        store = open_token_store(Path("/nowhere"), postgres.url())
        add(store)
        store.close()
        role = postgres.name.replace("test", "role")
        grant = f"GRANT USAGE ON SCHEMA {postgres.name} TO {role}; GRANT SELECT ON {postgres.name}.feedsvc_tokens TO {role}"
        postgres.run(f"CREATE ROLE {role} LOGIN; {grant}")
        try:
            with closing(open_token_store(Path("/nowhere"), postgres.url().replace("//postgres@", f"//{role}@"))) as reader:
                for _ in "12":
                    with pytest.raises(UnavailableError, match="GRANT SELECT, INSERT, UPDATE ON feedsvc_tokens"):
                        reader.check()
                postgres.run(f"GRANT UPDATE ON {postgres.name}.feedsvc_tokens TO {role}")
                reader.check()
        finally:
            postgres.run(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_file_that_can_only_be_read_stays_an_outage_until_it_can_be_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, alerts = open_token_store(tmp_path / "state"), Alerts()
    text, _ = add(store)
    store.close()
    with ExitStack() as stack:
        # Before the thread opens the file, since a connection of root could write later, too.
        permissions = stack.enter_context(ExitStack())
        permissions.enter_context(read_only(tmp_path / "state" / "tokens.sqlite"))
        authorizer = stack.enter_context(authorizer_of(store, alerts))
        for _ in range(5):
            assert authorizer.admit(text, NOON).outcome is Outcome.UNAVAILABLE
            time.sleep(0.7)
        assert "give feedsvc the permission to write in that folder" in alerts.active["tokens"]
        permissions.close()
        wait_until(lambda: authorizer.admit(text, NOON).outcome is Outcome.ADMITTED)
        assert alerts.active == {}
    assert caplog.text.count("can be used again") == 1
    assert not list(tmp_path.rglob("*damaged*"))
