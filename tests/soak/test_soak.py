"""Run the soak test for twelve seconds; `make soak` runs it for twenty minutes."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.helpers.seeds import seed_of_run
from tests.soak.figures import growth_messages
from tests.soak.run import soak

SECONDS = 12.0


def test_server_equals_a_fresh_one_and_does_not_grow_after_polls_and_edits(tmp_path: Path) -> None:
    report = soak(tmp_path, SECONDS, f"{seed_of_run()}", sys.stdout.write, speed=3.0)
    assert report.actions >= 10
    assert {"200", "200 br", "200 gzip", "200 zstd", "304", "reads"} <= report.responses.keys()
    # Memory still grows after twelve seconds, while the caches fill.
    assert [line for line in growth_messages(report.trends) if not line.startswith("memory")] == []
