"""Run the tests that failed beside others once more, one at a time, with the same seed: `python -m tests.rerun`.

`make test` runs it after failures, because a busy machine, such as one of a hosted CI, may be their cause. A test that passes now
is named, and has a fault all the same: it depends on how soon something happens. Many failures have another cause; they stand.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import pytest

MAX_FAILURES: Final = 5  # of eleven thousand tests
_LAST_FAILED: Final = Path(".pytest_cache/v/cache/lastfailed")  # written by pytest: an object with the ids as keys


def rerun() -> int:
    """Run the tests that failed in the last run of pytest in this folder. Return pytest's status, 1 if there were too many."""
    failed = [*json.loads(_LAST_FAILED.read_bytes())] if _LAST_FAILED.is_file() else []
    if not failed or len(failed) > MAX_FAILURES:
        return int(pytest.ExitCode.TESTS_FAILED)
    sys.stdout.write(f"\n{len(failed)} failed beside other tests; running them again, one at a time.\n\n")
    sys.stdout.flush()
    status = pytest.main(["--randomly-seed=last", *failed])
    if status == pytest.ExitCode.OK:
        sys.stdout.write("\nThese tests failed beside others, and passed alone. Make them independent of time:\n")
        sys.stdout.writelines(f"  {test}\n" for test in failed)
    return int(status)


if __name__ == "__main__":
    sys.exit(rerun())
