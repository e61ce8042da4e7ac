"""Command line of the comparison of trees, `make trees`: its status is 1 if a file differs, 2 after an error."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests import ROOT
from tests.trees.building import NEWSROOMS, BuildError, build, content_folder, former_program
from tests.trees.comparison import RECORD, differences, digests

_DIFF_LINES: Final = 20


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.trees", description="Compare the trees of a commit and of these files."
    )
    parser.add_argument("content", nargs="*", help=f"folders, or {' and '.join(NEWSROOMS)}, which are the default")
    parser.add_argument("--commit", help="commit to compare with; the default is the one that last wrote the digests")
    parser.add_argument(
        "--diff", type=int, nargs="?", const=_DIFF_LINES, default=0, metavar="LINES", help="lines to show of a change"
    )
    parser.add_argument("--write", action="store_true", help="compare nothing; write the digests of the recorded newsrooms")
    return parser.parse_args()


def _recording_commit() -> str:
    command = ["git", "log", "-1", "--format=%h", "--", str(RECORD)]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def _write_digests(home: Path) -> None:
    trees = {name: build(content_folder(name, home), home / f"{name}-tree") for name in NEWSROOMS}
    RECORD.write_text(json.dumps({name: digests(tree) for name, tree in trees.items()}, indent=2) + "\n")


def _count_differences(name: str, commit: str, diff_lines: int, home: Path) -> int:
    """Print the files that differ in the trees of a content folder, and return their number."""
    content = content_folder(name, home)
    before = build(content, home / "before", former_program(commit, home / "program"))
    after = build(content, home / "after")
    count = sum(before.get(file) != after.get(file) for file in before.keys() | after.keys())
    sys.stdout.writelines(f"{line}\n" for line in differences(before, after, diff_lines))
    sys.stdout.write(f"{name}: {count} files differ from {commit}, which has {len(before)}\n")
    return count


def main() -> int:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="feedsvc-trees-") as home:
        if arguments.write:
            _write_digests(Path(home))
            return 0
        commit = arguments.commit or _recording_commit()
        counts = [
            _count_differences(name, commit, arguments.diff, Path(home, str(number)))
            for number, name in enumerate(arguments.content or NEWSROOMS)
        ]
        return int(any(counts))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BuildError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
