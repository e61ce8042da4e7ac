"""python -m bench"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from bench import needs
from bench.curves import curves
from bench.document import Found, write
from bench.lab import QUICK, Lab, Sizes
from bench.machine import machine
from bench.product import compiled
from bench.profiles import profile
from bench.rows import GROUPS
from bench.running import BenchError
from bench.table import Row, markdown


def main() -> int:
    """0 when every figure was had, whether good or not; 1 where something is missing or broke."""
    asked = _arguments()
    groups = [*(asked.only or GROUPS), *(["curves"] if asked.curves else []), *(["profile"] if asked.profile else [])]
    if lacking := list(needs.missing(groups)):
        print(*lacking, sep="\n", file=sys.stderr)
        return 1
    # As Ctrl-C does it: servers end with the run, and articles get their own titles back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        lab = Lab(home=Path(home), keep=asked.keep or Path(home), sizes=_sizes(asked), say=_say)
        lab.keep.mkdir(parents=True, exist_ok=True)
        return _run(asked, lab)


def _run(asked: argparse.Namespace, lab: Lab) -> int:
    facts = machine()
    compiled()
    rows, failed = _rows(asked.only or list(GROUPS), lab)
    if lab.sizes.all != Sizes().all:
        rows = [row.without_goal_of_other_sizes() for row in rows]
    print(markdown(rows))
    command = " ".join(("python -m bench", *_without_paths(sys.argv[1:])))
    found = Found(command=command, largest=lab.sizes.large, facts=facts, rows=rows, curves=[], profiles={})
    _keep(asked, found)
    if asked.curves:
        found = replace(found, curves=curves(lab))
        _keep(asked, found)
    if asked.profile:
        _keep(asked, replace(found, profiles=_profiles(lab, rows)))
    return 1 if failed else 0


def _keep(asked: argparse.Namespace, found: Found) -> None:
    """What is found so far: an hour's figures outlive whatever comes after them."""
    if asked.json:
        asked.json.write_text(_json(found), "utf-8")
    if asked.write:
        write(asked.write, found)


def _json(found: Found) -> str:
    plain = {"machine": found.facts, "rows": [row.plain() for row in found.rows], "curves": [asdict(one) for one in found.curves]}
    return json.dumps(plain, indent=1) + "\n"


def _rows(names: list[str], lab: Lab) -> tuple[list[Row], bool]:
    """One group that breaks takes no other with it."""
    rows: list[Row] = []
    failed = False
    for name in names:
        _say(name)
        try:
            rows += GROUPS[name](lab)
        except (BenchError, OSError, subprocess.CalledProcessError) as error:
            failed = True
            rows.append(Row(what=name, ours=None, note=str(error).replace("\n", " ")[:500]))
    return rows, failed


def _profiles(lab: Lab, rows: list[Row]) -> dict[str, str]:
    return {row.what: profile(lab, row) for row in rows if row.verdict == "missed" and row.again}


def _sizes(asked: argparse.Namespace) -> Sizes:
    sizes = QUICK if asked.quick else Sizes()
    if asked.sizes:
        small, middle, large = asked.sizes
        sizes = replace(sizes, small=small, middle=middle, large=large)
    curve = tuple(number for number in sizes.curve if number <= sizes.large)
    return replace(sizes, curve=curve or sizes.all)


def _without_paths(words: list[str]) -> list[str]:
    """What of a command is worth telling: no folder of this machine."""
    return [word for place, word in enumerate(words) if "/" not in word and not (word in _PATHS or words[place - 1] in _PATHS)]


_PATHS = ("--keep", "--json", "--write")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure feedsvc against its competitors.")
    parser.add_argument("--quick", action="store_true", help="small sizes, few repetitions: minutes instead of an hour")
    parser.add_argument("--only", action="append", choices=list(GROUPS), help="this group of rows; repeatable")
    parser.add_argument("--sizes", type=_three, metavar="SMALL,MIDDLE,LARGE", help="other numbers of articles")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the corpora here for the next run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, too")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table, its explanation and pictures here")
    parser.add_argument("--curves", action="store_true", help="measure cost against the number of articles, too")
    parser.add_argument("--profile", action="store_true", help="run rows that missed once more, under py-spy")
    return parser.parse_args()


def _three(text: str) -> tuple[int, int, int]:
    small, middle, large = map(int, text.split(","))
    return small, middle, large


if __name__ == "__main__":
    sys.exit(main())
