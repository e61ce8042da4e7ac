"""docs/performance.md: what a run found, and how it was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.curves import Curve, draw
from bench.table import Row, markdown

_MEANT: Final = 100_000  # articles
_HOW: Final = Path(__file__).with_name("how.md")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a run found. `command` ran it, `largest` is its largest number of articles."""

    command: str
    largest: int
    facts: Mapping[str, str]
    rows: Sequence[Row]
    curves: Sequence[Curve]
    profiles: Mapping[str, str]


def write(file: Path, found: Found) -> None:
    """The document, and its pictures in a folder of its name."""
    pictures = file.with_suffix("")
    pictures.mkdir(parents=True, exist_ok=True)
    for curve in found.curves:
        draw(curve, pictures / f"{curve.name}.svg")
    file.write_text(text(found, pictures.name), "utf-8")


def text(found: Found, pictures: str) -> str:
    """`pictures` is the folder beside the document."""
    told = "".join(f"- {name}: {value}\n" for name, value in found.facts.items())
    shown = "".join(f"![{curve.title}]({pictures}/{curve.name}.svg)\n" for curve in found.curves)
    missed = "".join(f"### {what}\n\n{top}\n" for what, top in found.profiles.items())
    smaller = (
        "" if found.largest >= _MEANT else f"The goals are for {_MEANT:,} articles; this run had {found.largest:,} at most.\n"
    )
    parts = [f"# Performance\n\nMade by `{found.command}`; nothing is changed by hand.\n{smaller}", markdown(found.rows)]
    parts += [f"## The machine\n\n{told}", _HOW.read_text("utf-8")]
    parts += [f"## From few articles to many\n\n{shown}"] if shown else []
    parts += [f"## Where the time goes in rows that missed\n\n{missed}"] if missed else []
    return "\n".join(parts).rstrip() + "\n"
