"""`make soak`: twenty minutes of it, or as many seconds as the first argument says."""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.soak.figures import growing
from tests.soak.run import Report, soak

_USUAL: Final = 1200.0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _tell(report: Report) -> None:
    _say(f"{report.doings} doings, {report.states} states of the folder; answers: {dict(sorted(report.answers.items()))}")
    for one in report.trends:
        unit, name = (2**20, "MB of memory") if one.name == "memory" else (1, one.name)
        early, late, most, slope = (each / unit for each in (one.early, one.late, one.most, one.slope))
        _say(f"{name}: {early:.1f} after the warm-up, {late:.1f} at the end, {most:.1f} at the most; {slope:+.1f} an hour")


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else _USUAL
    seed = sys.argv[2] if len(sys.argv) > 2 else secrets.token_hex(4)
    _say(f"seed {seed}, {seconds:.0f} seconds")
    with tempfile.TemporaryDirectory(prefix="feedsvc-soak-") as home:
        report = soak(Path(home), seconds, seed, _say)
    _tell(report)
    found = growing(report.trends)
    _say(
        "\n".join(found)
        or "flat: memory, files and threads; no answer failed or was of no edition; at the end all as after a fresh start"
    )
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
