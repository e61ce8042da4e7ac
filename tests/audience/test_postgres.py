"""What the tests do on a machine where no PostgreSQL answers."""

import pytest

from tests.audience import postgres


@pytest.mark.parametrize(("all_of_them", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_without_a_database_they_are_skipped_or_fail_with_a_line_that_helps(
    all_of_them: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "URL", "postgresql://postgres@127.0.0.1:1/postgres")
    monkeypatch.setenv("FEEDSVC_TEST_REQUIRE_ALL", all_of_them)
    with pytest.raises(outcome, match="pg_ctlcluster"), postgres.schema():
        pass
