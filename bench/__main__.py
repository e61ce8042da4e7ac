"""Command line of the benchmark: `python -m bench`."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from bench import needs
from bench.curves import curves
from bench.document import Results, write
from bench.machine import machine_facts
from bench.process import BenchError
from bench.product import compile_modules
from bench.profiles import profile
from bench.rows import GROUPS
from bench.run import QUICK, Run, Sizes
from bench.table import Row, markdown_table


def main() -> int:
    """Return the exit status: 0 if every figure was measured, 1 if a requirement is missing or a group failed."""
    arguments = _parse_arguments()
    groups = [*(arguments.only or GROUPS), *(["curves"] if arguments.curves else []), *(["profile"] if arguments.profile else [])]
    if problems := list(needs.find_missing(groups)):
        print(*problems, sep="\n", file=sys.stderr)
        return 1
    # Exit by an exception, as for Ctrl-C, so that servers are stopped and saved articles are restored.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        run = Run(
            home=Path(home), corpora=arguments.keep or Path(home), sizes=_choose_sizes(arguments), report_progress=_print_progress
        )
        run.corpora.mkdir(parents=True, exist_ok=True)
        return _run(arguments, run)


def _run(arguments: argparse.Namespace, run: Run) -> int:
    facts = machine_facts()
    compile_modules()
    command = " ".join(("python -m bench", *_arguments_without_paths(sys.argv[1:])))
    results = Results(command=command, largest=run.sizes.large, facts=facts, rows=[], curves=[], profiles={})
    has_failures = False
    for name in arguments.only or GROUPS:
        rows, is_complete = _measure_group(name, run)
        has_failures = has_failures or not is_complete
        results = replace(results, rows=[*results.rows, *rows])
        _write_results(arguments, results)
    print(markdown_table(results.rows))
    if arguments.curves:
        results = replace(results, curves=curves(run))
        _write_results(arguments, results)
    if arguments.profile:
        _write_results(arguments, replace(results, profiles=_profiles(run, results.rows)))
    return 1 if has_failures else 0


def _write_results(arguments: argparse.Namespace, results: Results) -> None:
    """Write the results measured so far, so that an hour of figures survives a failure of a later step."""
    if arguments.json:
        arguments.json.write_text(_format_json(results), "utf-8")
    if arguments.write:
        write(arguments.write, results)


def _format_json(results: Results) -> str:
    document = {
        "machine": results.facts,
        "rows": [row.to_json() for row in results.rows],
        "curves": [asdict(curve) for curve in results.curves],
    }
    return json.dumps(document, indent=1) + "\n"


def _measure_group(name: str, run: Run) -> tuple[list[Row], bool]:
    """Return the rows of a group, and whether all were measured; if not, a row with the error message is among them."""
    _print_progress(name)
    rows: list[Row] = []
    is_complete = True
    try:
        rows += GROUPS[name](run)
    except (BenchError, OSError, subprocess.CalledProcessError) as error:
        is_complete = False
        rows.append(Row(name=name, value=None, note=str(error).replace("\n", " ")[:500]))
    if run.sizes.all != Sizes().all:
        rows = [row.without_size_dependent_goal() for row in rows]
    return rows, is_complete


def _profiles(run: Run, rows: Sequence[Row]) -> dict[str, str]:
    return {row.name: profile(run, row) for row in rows if row.verdict == "missed" and row.repeat}


def _choose_sizes(arguments: argparse.Namespace) -> Sizes:
    sizes = QUICK if arguments.quick else Sizes()
    if arguments.sizes:
        small, middle, large = arguments.sizes
        sizes = replace(sizes, small=small, middle=middle, large=large, huge=large)
    if arguments.repetitions:
        sizes = replace(sizes, repetitions=arguments.repetitions)
    curve = tuple(number for number in sizes.curve if number <= sizes.large)
    return replace(sizes, curve=curve or sizes.all)


def _arguments_without_paths(arguments: list[str]) -> list[str]:
    """Leave paths of this machine and the options that take them out of the recorded command."""
    return [
        argument
        for index, argument in enumerate(arguments)
        if "/" not in argument and not (argument in _PATHS or arguments[index - 1] in _PATHS)
    ]


_PATHS = ("--keep", "--json", "--write")


def _print_progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure feedsvc against its competitors.")
    parser.add_argument(
        "--quick", action="store_true", help="small numbers of articles and few repetitions: minutes instead of an hour"
    )
    parser.add_argument("--only", action="append", choices=list(GROUPS), help="measure only this group of rows; repeatable")
    parser.add_argument(
        "--sizes", type=_parse_sizes, metavar="SMALL,MIDDLE,LARGE", help="numbers of articles to use instead of the defaults"
    )
    parser.add_argument(
        "--repetitions", type=int, metavar="NUMBER", help="measure this often, and take the median, instead of the default"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="store the generated articles in this folder and reuse them in the next run"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file as JSON")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="write the table, the method and the diagrams to this Markdown file"
    )
    parser.add_argument("--curves", action="store_true", help="also measure the cost for several numbers of articles")
    parser.add_argument("--profile", action="store_true", help="repeat the rows that missed their goal under py-spy")
    return parser.parse_args()


def _parse_sizes(text: str) -> tuple[int, int, int]:
    small, middle, large = map(int, text.split(","))
    return small, middle, large


if __name__ == "__main__":
    sys.exit(main())
