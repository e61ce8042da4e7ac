"""python -m tests.fuzz [libFuzzer's options]: read new files derived from the seeds until the time is over.

A file that fails is saved in tests/fuzz/seeds/, so that the tests read it from then on.
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
    from tests.fuzz.target import check_file


def main() -> None:
    seeds = Path(__file__).with_name("seeds")
    with tempfile.TemporaryDirectory() as corpus:
        options = ["-max_len=4096", "-timeout=10", f"-artifact_prefix={seeds}/", *sys.argv[1:]]
        atheris.Setup([sys.argv[0], *options, corpus, str(seeds)], check_file)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
