"""Command line of the soak test, `make soak`: it runs for 20 minutes, or for as many seconds as the first argument."""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.soak.figures import growth_messages
from tests.soak.run import Report, soak

_DEFAULT_SECONDS: Final = 1200.0


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _print_report(report: Report) -> None:
    _print(f"{report.actions} actions, {report.states} states of the folder; responses: {dict(sorted(report.responses.items()))}")
    for trend in report.trends:
        unit, name = (2**20, "MB of memory") if trend.name == "memory" else (1, trend.name)
        initial, final, maximum, slope = (value / unit for value in (trend.initial, trend.final, trend.maximum, trend.slope))
        _print(
            f"{name}: {initial:.1f} after the warm-up, {final:.1f} at the end, {maximum:.1f} at the most; {slope:+.1f} an hour"
        )


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else _DEFAULT_SECONDS
    seed = sys.argv[2] if len(sys.argv) > 2 else secrets.token_hex(4)
    _print(f"seed {seed}, {seconds:.0f} seconds")
    with tempfile.TemporaryDirectory(prefix="feedsvc-soak-") as home:
        report = soak(Path(home), seconds, seed, _print)
    _print_report(report)
    messages = growth_messages(report.trends)
    _print(
        "\n".join(messages)
        or "no growth of memory, files or threads; every response was of an edition; the final state equals that of a fresh start"
    )
    sys.exit(1 if messages else 0)


if __name__ == "__main__":
    main()
