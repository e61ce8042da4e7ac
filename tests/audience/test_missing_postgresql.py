"""Tests that need PostgreSQL are skipped or fail if it does not answer."""

import pytest

from tests.audience import postgres


@pytest.mark.parametrize(("require_all", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_missing_postgresql_skips_or_fails_with_a_hint(
    require_all: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "URL", "postgresql://postgres@127.0.0.1:1/postgres")
    monkeypatch.setenv("FEEDSVC_TEST_REQUIRE_ALL", require_all)
    with pytest.raises(outcome, match="pg_ctlcluster"), postgres.schema():
        pass
