"""python -m tests.fuzz SEEDS [libFuzzer's options]: look at ever new files, grown from the seeds, until the time is over.

A file that fails is kept in tests/fuzz/seeds/, where the tests look at it from then on.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

try:
    import atheris
except ImportError:
    sys.exit("atheris is missing: make fuzz installs it")

with atheris.instrument_imports(include=["feedsvc.content"]):
    from tests.fuzz.target import look


def main() -> None:
    seeds = Path(__file__).with_name("seeds")
    with tempfile.TemporaryDirectory() as grown:
        options = ["-max_len=4096", "-timeout=10", f"-artifact_prefix={seeds}/", *sys.argv[1:]]
        atheris.Setup([sys.argv[0], *options, grown, str(seeds)], look)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
